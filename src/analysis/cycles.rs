//! Cycles: values that hold themselves through counted references.
//!
//! Takes the facts; gives the operations that close such a cycle, if no code of the program takes anything out of the
//! fields that it leads through. A `Weak` reference holds nothing, so it breaks a cycle. Never judges how often a cycle
//! is made.

use rustc_hash::FxHashMap;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::written::{self, Known};
use crate::ir::{
    Binding, Call, CallHolds, Collections, Cycle, Field, Function, Holder, Holding, Name, OpKind, Operand, Place, Root,
    Rvalue, Slot, TypeRef, counted,
};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Language;

/// Something that keeps itself alive.
#[derive(Debug)]
pub struct Held {
    /// The operation that closes the cycle.
    pub at: OpRef,
    /// The name of what is held.
    pub name: Option<Name>,
    /// The fields it leads through.
    pub fields: Vec<Name>,
}

/// The cycles that functions of the program make, in its order.
#[must_use]
pub fn cycles(facts: &Facts<'_>) -> Vec<Held> {
    let mut summaries = Summaries { facts, known: FxHashMap::default() };
    let mut found = Vec::new();
    for function in facts.program.relevant_functions() {
        let module = facts.program.module(function.file);
        let body = facts.program.function(function);
        if module.language != Language::Rust
            || !facts.is_held_to_account(function)
            || !counted::names_counted(module, body)
        {
            continue;
        }
        let holding =
            Holding::of(module, body, |block, index, call| summaries.call(OpRef { function, block, index }, call, 1));
        for cycle in holding.cycles() {
            if is_shared_throughout(facts, function, &holding, &cycle) && !is_broken(facts, function, &holding, &cycle)
            {
                let at = OpRef { function, block: cycle.at.0, index: cycle.at.1 };
                found.push(Held { at, name: name_of(facts, function, &holding, &cycle), fields: cycle.fields });
                // One cycle per function is enough: the others lead through it as well.
                break;
            }
        }
    }
    found
}

/// What functions of the project do with their arguments, computed once.
struct Summaries<'f, 'p> {
    facts: &'f Facts<'p>,
    known: FxHashMap<FunctionRef, Vec<(Slot, Slot, Option<Name>)>>,
}

impl Summaries<'_, '_> {
    fn call(&mut self, at: OpRef, call: &Call, depth: u32) -> CallHolds {
        let mut holds = CallHolds::default();
        let callee = self.facts.evaluator.callee(at);
        // The project's own code is read, instead of judged by its name.
        if callee.functions().next().is_none()
            && call.method_name().is_some_and(stores)
            && call.receiver().is_some_and(|(place, _)| !place.path.is_empty())
        {
            let field = call.receiver().and_then(|(place, _)| place.path.last()?.name().map(Name::new));
            let arguments = (0..).take(call.arguments.len());
            holds.holds.extend(arguments.map(|index| (Slot::Receiver, Slot::Argument(index), field.clone())));
            return holds;
        }
        for target in &callee.targets {
            match target {
                CallTarget::External(id) => {
                    let fact = self.facts.evaluator.facts(*id).function;
                    holds.result_is = holds.result_is.or(fact.and_then(|fact| fact.returns));
                }
                CallTarget::Function { function, .. } if depth > 0 => {
                    holds.holds.extend(self.of(*function, depth - 1));
                }
                _ => {}
            }
        }
        holds
    }

    /// Which of a function's parameters, its `this` and its result hold which others after it has returned.
    fn of(&mut self, function: FunctionRef, depth: u32) -> Vec<(Slot, Slot, Option<Name>)> {
        if let Some(known) = self.known.get(&function) {
            return known.clone();
        }
        let module = self.facts.program.module(function.file);
        let body = self.facts.program.function(function);
        let holding =
            Holding::of(module, body, |block, index, call| self.call(OpRef { function, block, index }, call, depth));
        let parameters = (0u32..)
            .zip(&body.parameters)
            .map(|(index, parameter)| (Slot::Argument(index), Holder::Root(Root::Variable(parameter.variable))));
        let slots: Vec<(Slot, usize)> = [(Slot::Receiver, Holder::Root(Root::This)), (Slot::Result, Holder::Returned)]
            .into_iter()
            .chain(parameters)
            .filter_map(|(slot, holder)| Some((slot, holding.number_of(&holder)?)))
            .collect();
        let mut found = Vec::new();
        for (owner, from) in &slots {
            for (held, to) in slots.iter().filter(|(held, to)| held != owner && to != from && *held != Slot::Result) {
                if let Some(path) = holding.path(*from, *to) {
                    let field = path.iter().find_map(|index| holding.edges[*index].field.clone());
                    found.push((*owner, *held, field));
                }
            }
        }
        self.known.insert(function, found.clone());
        found
    }
}

/// Methods that keep their arguments in their receiver.
fn stores(name: &str) -> bool {
    const MORE: &[&str] = &["push", "push_back", "push_front", "set", "replace", "store", "add"];
    Collections::of(Language::Rust).fills(name) || MORE.contains(&name)
}

/// Whether all parts of the cycle that need more than one reference are held by counted ones.
fn is_shared_throughout(facts: &Facts<'_>, function: FunctionRef, holding: &Holding, cycle: &Cycle) -> bool {
    let is_shared = |holder: &Holder| match holder {
        Holder::Root(Root::This) => {
            let written = facts.program.function(function).this_type.as_ref();
            written.is_some_and(|written| is_counted(facts, function, written, 4))
        }
        Holder::Root(root) => {
            let known = written::types(facts, function, &Place::new(root.clone()));
            known.iter().any(|known| match known {
                Known::Written { file, scope, written } => {
                    is_counted(facts, FunctionRef::new(*file, *scope), written, 4)
                }
                Known::Made(id) => {
                    let made = facts.evaluator.external_name(*id);
                    made.path.len() > 1 && counted::is_counted(&made.path[made.path.len() - 2])
                }
            })
        }
        Holder::Closure(_) | Holder::Returned => false,
    };
    cycle.shared.iter().all(|number| holding.names(*number).any(is_shared))
}

/// Whether a written type is a counted reference, or an alias of one.
fn is_counted(facts: &Facts<'_>, scope: FunctionRef, written: &TypeRef, depth: u32) -> bool {
    let (TypeRef::Named { root, path, arguments }, Some(depth)) = (written, depth.checked_sub(1)) else { return false };
    match facts.program.module(scope.file).type_name(root, path).map(Name::as_str) {
        Some(name) if counted::is_counted(name) => true,
        // What may be there, or not.
        Some("Option") => arguments.first().is_some_and(|inner| is_counted(facts, scope, inner, depth)),
        _ => written::alias(facts, scope.file, root, path)
            .is_some_and(|(file, behind)| is_counted(facts, FunctionRef::new(file, scope.function), behind, depth)),
    }
}

/// Whether some code takes out what the cycle leads through: out of a field of that name anywhere in the program, or
/// out of a variable of the function itself.
fn is_broken(facts: &Facts<'_>, function: FunctionRef, holding: &Holding, cycle: &Cycle) -> bool {
    let module = facts.program.module(function.file);
    let locals: Vec<&Root> = cycle
        .shared
        .iter()
        .flat_map(|number| holding.names(*number))
        .filter_map(|holder| if let Holder::Root(root @ Root::Variable(_)) = holder { Some(root) } else { None })
        .collect();
    let of_locals = cycle.fields.is_empty()
        && module.functions().any(|(_, other)| takes_out(other, &|place| locals.contains(&&place.root)));
    let of_fields = || {
        let is_field = |place: &Place| {
            let last = place.path.iter().rev().find_map(Field::name);
            last.is_some_and(|last| cycle.fields.iter().any(|field| field == last))
        };
        facts
            .program
            .modules()
            .filter(|module| module.language == Language::Rust)
            .any(|module| module.functions().any(|(_, other)| takes_out(other, &is_field)))
    };
    of_locals || of_fields()
}

/// Whether a function takes something out of a place.
fn takes_out(function: &Function, is_it: &dyn Fn(&Place) -> bool) -> bool {
    let collections = Collections::of(Language::Rust);
    function.ops().any(|(_, _, op)| match &op.kind {
        OpKind::Call(call) => {
            let by_method = call.receiver().is_some_and(|(place, _)| is_it(&place))
                && call.method_name().is_some_and(|name| name != "replace" && collections.empties(name));
            let by_function = call.method_name().is_some_and(|name| collections.takes(name))
                && call.arguments.iter().filter_map(|it| it.value.place()).any(is_it);
            by_method || by_function
        }
        OpKind::Assign { target, value: Rvalue::Use(Operand::Nullish) } => is_it(target) || is_it(&behind(target)),
        OpKind::Delete { place } => is_it(place),
        _ => false,
    })
}

/// What a written reference refers to, judging by its name.
fn behind(target: &Place) -> Place {
    match target.split_last() {
        Some((place, last)) if last.name() == Some("*") => place,
        _ => target.clone(),
    }
}

/// The name of what is held in the code.
fn name_of(facts: &Facts<'_>, function: FunctionRef, holding: &Holding, cycle: &Cycle) -> Option<Name> {
    let module = facts.program.module(function.file);
    let names = cycle.shared.iter().flat_map(|number| holding.names(*number));
    let mut named = names.filter_map(|holder| match holder {
        Holder::Root(Root::Variable(id)) => Some((*id, module.variable(*id))),
        _ => None,
    });
    let first = named.next();
    let first = named.fold(first, |first, other| first.filter(|it| it.0 < other.0).or(Some(other)));
    let first = first.filter(|(_, variable)| !matches!(variable.binding, Binding::Import(_)));
    first.map(|(_, variable)| variable.name.clone()).or_else(|| Some(Name::new("self")))
}
