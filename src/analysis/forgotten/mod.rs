//! Forgotten values: what is kept from ever being dropped, and what takes such values back.
//!
//! Takes the facts; gives the calls that keep something from being dropped although it has memory or a resource of its
//! own and nobody takes it back. Most uses of these functions have a good reason nearby: a pointer that was taken
//! before, a raw pointer that comes back elsewhere, a table that has the value from then on. Never judges how often
//! they run.

mod elsewhere;

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::locks;
use crate::analysis::value::{AcquiredKind, AcquisitionId};
use crate::analysis::written;
use crate::catalogue::ResourceId;
use crate::catalogue::schema::{Forgets, FunctionFact, ResourceKind, Shared};
use crate::ir::{Binding, Call, Collections, Function, FunctionId, OpKind, Operand, Root, Rvalue, VariableId};
use crate::linking::{FunctionRef, OpRef};
use crate::source::FileId;

use elsewhere::{is_given, is_held_elsewhere, leaves_program, names_of};

/// A call that keeps a value from ever being dropped.
#[derive(Debug)]
pub struct Forgotten {
    pub at: OpRef,
    pub what: What,
}

/// What is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Memory, for as long as the program runs.
    Leaked,
    /// Something that has memory of its own.
    Memory,
    /// Memory behind a pointer that nobody takes back.
    Pointer,
    /// A resource, which is never released.
    Resource(AcquisitionId),
    /// A guard that is never given back to what it was taken from.
    Permit(ResourceId),
}

/// The forgotten values of the program, in its order.
#[must_use]
pub fn forgotten(facts: &Facts<'_>) -> Vec<Forgotten> {
    let mut taken_back = TakenBack::default();
    let mut found = Vec::new();
    // What is forgotten is what would have been dropped.
    for function in facts.program.relevant_functions().filter(|it| facts.evaluator.drops_implicitly(*it)) {
        for (block, index, op) in facts.program.function(function).ops() {
            let at = function.op(block, index);
            let Some(call) = op.call() else { continue };
            if locks::makes_up(facts, at, call) {
                taken_back.permits.insert(function.file);
            }
            if let Some(guard) = locks::lost(facts, at, call) {
                found.push(Forgotten { at, what: What::Permit(guard) });
                continue;
            }
            let Some(fact) = fact_of(facts, at, call) else { continue };
            if fact.reclaims {
                taken_back.add(function.file, fact);
            }
            let forgets = fact.forgets.filter(|_| facts.is_held_to_account(function) && !is_passed_on(facts, at));
            let what = forgets.and_then(|forgets| match forgets {
                Forgets::ForGood => (!is_put_into_table(facts, at)).then_some(What::Leaked),
                Forgets::IfOwned => owned(facts, at, call),
                Forgets::AsPointer => (!leaves_program(facts, at, call)).then_some(What::Pointer),
            });
            found.extend(what.map(|what| Forgotten { at, what }));
        }
    }
    found.retain(|it| !taken_back.has(facts, it));
    found
}

/// The facts about the callee of a call, whether written `CString::into_raw(x)` or `x.into_raw()`.
fn fact_of<'f>(facts: &'f Facts<'_>, at: OpRef, call: &Call) -> Option<&'f FunctionFact> {
    let by_type = || {
        let name = call.method_name()?;
        let is_looked_for = facts.evaluator.any_method(at.function.file, name).forgets_something;
        is_looked_for.then(|| written::method_fact(facts, at.function, &call.receiver()?.0, name))?
    };
    facts.evaluator.function_fact(at).or_else(by_type)
}

/// What takes forgotten values back.
#[derive(Default)]
struct TakenBack {
    /// Files with such a function, and the kind of memory, if known.
    memory: FxHashSet<(FileId, Option<String>)>,
    /// Files that make up for forgotten guards.
    permits: FxHashSet<FileId>,
}

impl TakenBack {
    fn add(&mut self, file: FileId, fact: &FunctionFact) {
        self.memory.insert((file, fact.memory.clone()));
    }

    /// Types do not show where a raw pointer goes: any function that takes its kind back may take back this one,
    /// wherever it is. A leak is mostly intended: it is taken back in the same file, if at all.
    fn has(&self, facts: &Facts<'_>, forgotten: &Forgotten) -> bool {
        let file = forgotten.at.function.file;
        let call = facts.program.op(forgotten.at).call();
        let fact = call.and_then(|call| fact_of(facts, forgotten.at, call));
        let kind = fact.and_then(|fact| fact.memory.as_ref());
        let is_kind = |other: &Option<String>| kind.is_none() || other.is_none() || other.as_ref() == kind;
        match forgotten.what {
            What::Leaked => self.memory.iter().any(|(at, other)| *at == file && is_kind(other)),
            What::Pointer => self.memory.iter().any(|(_, other)| is_kind(other)),
            What::Memory | What::Resource(_) => self.memory.iter().any(|(at, _)| *at == file),
            What::Permit(_) => self.permits.iter().any(|at| facts.is_same_crate(*at, file)),
        }
    }
}

/// Whether the function has the name of its callee: then its callers decide to leak.
fn is_passed_on(facts: &Facts<'_>, at: OpRef) -> bool {
    let name = facts.program.function(at.function).name.as_deref();
    name.is_some() && facts.program.op(at).call().and_then(|call| call.method_name()) == name
}

/// Whether a function puts what it leaks into a table, from which it is reused the next time: how far that grows is
/// another rule's question.
fn is_put_into_table(facts: &Facts<'_>, at: OpRef) -> bool {
    let body = facts.program.function(at.function);
    let collections = Collections::of(facts.program.module(at.function.file).language);
    let Some(leaked) = facts.program.op(at).call().map(|call| call.result) else { return false };
    let mut names = names_of(facts, at.function, Root::Temp(leaked));
    // `SymbolPtr::new(Box::leak(bytes))`: a wrapper of the leaked value stands for it.
    let wrapped = body.ops().filter_map(|(_, _, op)| op.call()).find(|call| {
        call.arguments.len() == 1 && call.receiver().is_none_or(|(of, _)| of.path.is_empty()) && is_given(call, &names)
    });
    names.extend(wrapped.map(|call| names_of(facts, at.function, Root::Temp(call.result))).into_iter().flatten());
    // `insert`, `insert_hashed_nocheck`.
    let fills =
        |call: &Call| call.method_name().is_some_and(|name| collections.fills(name) || name.starts_with("insert"));
    // `INSTANCE.set(leaked)`: a static has one, and refuses the next.
    let sets = |call: &Call| {
        let cell = call.receiver().filter(|(cell, _)| cell.path.is_empty()).and_then(|(cell, _)| cell.as_variable());
        let is_static = |id| facts.program.variable(at.function.variable(id)).owner == FunctionId::INITIALISER;
        call.method_name() == Some("set") && cell.is_some_and(is_static)
    };
    body.ops().filter_map(|(_, _, op)| op.call()).any(|call| (fills(call) || sets(call)) && is_given(call, &names))
}

/// What is lost with a forgotten value, if it belongs to the function and nothing else refers to it.
fn owned(facts: &Facts<'_>, at: OpRef, call: &Call) -> Option<What> {
    let Operand::Place(place) = call.argument(0)? else { return None };
    if !place.path.is_empty() {
        return None;
    }
    let index = facts.program.index(at.function.file);
    let variable = match place.root {
        Root::Variable(id) if is_plain_local(facts, at.function, id) => Some(id),
        Root::Temp(_) => None,
        _ => return None,
    };
    let names = match &variable {
        Some(id) => {
            // A value is often named only after it is unwrapped: `let x = make()?`.
            let mut names = vec![Root::Variable(*id)];
            for definition in index.of_variable(*id) {
                let defining = at.function.definition(definition);
                if let OpKind::Assign { value: Rvalue::Use(from) | Rvalue::Await(from), .. } =
                    &facts.program.op(defining).kind
                {
                    names.extend(from.place().filter(|from| from.path.is_empty()).map(|from| from.root.clone()));
                }
            }
            names
        }
        None => vec![place.root.clone()],
    };
    if is_held_elsewhere(facts, at, call, &names) {
        return None;
    }
    let lost = facts.evaluator.place(at.function, place);
    let resource = lost.resources().find(|id| {
        let acquisition = facts.evaluator.acquisition(*id);
        acquisition.at.function == at.function && is_missed(facts, acquisition.kind)
    });
    if let Some(resource) = resource {
        return Some(What::Resource(resource));
    }
    names.iter().any(|name| is_allocated(facts, at.function, name)).then_some(What::Memory)
}

/// Whether it matters that something is never dropped. Tasks run on, a process has its own rule, and something of which
/// a program has one may live to its end.
fn is_missed(facts: &Facts<'_>, kind: AcquiredKind) -> bool {
    let AcquiredKind::Catalogued(id) = kind else { return false };
    let resource = facts.evaluator.catalogue.resource(id);
    resource.shared != Shared::Process
        && !matches!(resource.kind, ResourceKind::Task | ResourceKind::Process | ResourceKind::Stateless)
}

/// A variable of the function that is no parameter and that no closure sees.
fn is_plain_local(facts: &Facts<'_>, function: FunctionRef, id: VariableId) -> bool {
    let module = facts.program.module(function.file);
    let variable = module.variable(id);
    let is_seen_by = |other: &Function| other.mentioned_places().any(|it| it.root == Root::Variable(id));
    variable.owner == function.function
        && variable.binding == Binding::Value
        && !module.functions().any(|(other_id, other)| other_id != function.function && is_seen_by(other))
}

/// Whether the value of some variables is made of memory of its own.
fn is_allocated(facts: &Facts<'_>, function: FunctionRef, name: &Root) -> bool {
    let index = facts.program.index(function.file);
    let definitions = index.of_root(function.function, name);
    definitions.iter().any(|definition| {
        let at = function.definition(definition);
        let targets = &facts.evaluator.callee(at).targets;
        facts.program.op(at).call().is_some()
            && targets.iter().any(|target| match target {
                CallTarget::External(id) => facts.evaluator.facts(*id).function.is_some_and(|fact| fact.allocates),
                _ => false,
            })
    })
}
