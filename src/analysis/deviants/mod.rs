//! Deviants: what nearly all of a program's functions end, and one does not.
//!
//! Nothing is known of many a library, of native addons and of what a program makes by itself. But where function after
//! function ends what the same call gives, its authors believe that it has to be ended, and the one that forgets it is
//! the mistake (Engler et al., "Bugs as Deviant Behavior", SOSP 2001; that what is done on the way of an exception says
//! the most of it: Weimer and Necula, "Mining Temporal Specifications for Error Detection", TACAS 2005).
//!
//! Takes the facts; gives the calls whose results are used, kept by nobody and not ended. What somebody else may end
//! says nothing, neither for the belief nor against it.

mod results;

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::analysis::facts::{Facts, is_teardown};
use crate::ir::{Call, CallKind, Field, FunctionId, Name, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};

pub(crate) use results::Uses;

/// A call whose result is not ended where others end theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviant {
    pub at: OpRef,
    /// The call in a function of the project that hands its result on.
    pub through: Option<OpRef>,
    pub kind: Deviation,
    /// The method by which the others end it.
    pub ending: Name,
    /// One of the others, where it ends it.
    pub example: OpRef,
    /// How many functions end theirs.
    pub others: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deviation {
    /// On no way.
    Never,
    /// Only as long as this does not throw.
    OnThrow { by: OpRef },
}

/// So many functions make a belief, and for each that does otherwise there are as many.
const BELIEVERS: usize = 3;

/// What is called, as far as its name tells it from others: `fs.open()`, `createQueryRunner()`, `new Stage()`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    of: Option<Name>,
    name: Name,
}

/// What a program does with the results of one kind of call.
#[derive(Debug, Default)]
struct Belief {
    /// The calls with the operations that end what they gave.
    ended: Vec<(OpRef, OpRef)>,
    ended_on_throw: Vec<(OpRef, OpRef)>,
    never: Vec<(OpRef, Option<OpRef>)>,
    on_throw: Vec<(OpRef, OpRef)>,
    returned: Vec<OpRef>,
}

/// The deviants of a program, in its order.
#[must_use]
pub fn deviants(facts: &Facts<'_>) -> Vec<Deviant> {
    let candidates = candidates(facts);
    let names: FxHashSet<&str> = candidates.iter().map(|key| key.name.as_str()).collect();
    let mut beliefs: BTreeMap<Key, Belief> = BTreeMap::new();
    for function in facts.program.functions().filter(|it| !candidates.is_empty() && is_asked(facts, *it)) {
        for (block, index, op) in facts.program.function(function).ops() {
            let Some(call) = op.call() else { continue };
            if !name(facts, function, call).is_some_and(|name| names.contains(name)) {
                continue;
            }
            let at = function.op(block, index);
            let Some(key) = key(facts, function, call) else { continue };
            if candidates.contains(&key) && !is_known(facts, at) {
                beliefs.entry(key).or_default().add(facts, at, None);
            }
        }
    }
    let mut found = Vec::new();
    for belief in beliefs.values_mut() {
        belief.follow_returned(facts);
        belief.judge(facts, &mut found);
    }
    found.sort_by_key(|deviant| deviant.at);
    found
}

impl Belief {
    fn add(&mut self, facts: &Facts<'_>, at: OpRef, through: Option<OpRef>) {
        let uses = Uses::of(facts, at);
        if uses.is_returned && through.is_none() {
            self.returned.push(at);
        }
        if uses.escapes || uses.is_returned || !uses.is_used {
            return;
        }
        let Some(first) = uses.endings.first().copied() else {
            self.never.push((at, through));
            return;
        };
        self.ended.push((at, first));
        if let Some(ending) = uses.ended_on_throw(facts, at) {
            self.ended_on_throw.push((at, ending));
        } else if let Some(by) = uses.interrupted(facts, at) {
            self.on_throw.push((at, by));
        }
    }

    /// What a function of the project hands on has to be ended by whoever calls that.
    fn follow_returned(&mut self, facts: &Facts<'_>) {
        if functions(&self.ended).len() < BELIEVERS {
            return;
        }
        for returned in std::mem::take(&mut self.returned) {
            let Some(name) = facts.program.function(returned.function).name.as_deref() else { continue };
            for (function, at) in calls_by_name(facts, name) {
                if is_asked(facts, function) && facts.called(at) == [returned.function] {
                    self.add(facts, at, Some(returned));
                }
            }
        }
    }

    fn judge(&self, facts: &Facts<'_>, found: &mut Vec<Deviant>) {
        let mut tell = |at: OpRef, through, kind, others: &[(OpRef, OpRef)]| {
            let Some((_, example)) = others.first().copied() else { return };
            let Some(ending) = facts.program.op(example).call().and_then(Call::method_name) else { return };
            let others = functions(others).len();
            found.push(Deviant { at, through, kind, ending: Name::new(ending), example, others });
        };
        if !is_belief(self.never.len(), &self.ended) {
            return;
        }
        for (at, through) in &self.never {
            tell(*at, *through, Deviation::Never, &self.ended);
        }
        // That it has to be ended is shown by now, and that some think of what may throw.
        if functions(&self.ended_on_throw).len() >= BELIEVERS.max(self.on_throw.len() / 2) {
            for (at, by) in &self.on_throw {
                tell(*at, None, Deviation::OnThrow { by: *by }, &self.ended_on_throw);
            }
        }
    }
}

fn is_belief(against: usize, ended: &[(OpRef, OpRef)]) -> bool {
    functions(ended).len() >= BELIEVERS * against.max(1)
}

fn functions(ended: &[(OpRef, OpRef)]) -> FxHashSet<FunctionRef> {
    ended.iter().map(|(at, _)| at.function).collect()
}

/// The kinds of calls whose results some function ends by a method.
fn candidates(facts: &Facts<'_>) -> FxHashSet<Key> {
    let mut makers: BTreeMap<Key, FxHashSet<FunctionRef>> = BTreeMap::new();
    for function in facts.program.functions().filter(|it| is_asked(facts, *it)) {
        let index = facts.program.index(function.file);
        for (_, _, op) in facts.program.function(function).ops() {
            // `x.close()`
            let Some(Operand::Place(Place { root: Root::Variable(id), path })) = op.call().map(|call| &call.callee)
            else {
                continue;
            };
            let ([method], id) = (path.as_slice(), *id) else { continue };
            if !method.name().is_some_and(is_teardown) {
                continue;
            }
            for definition in index.of_variable(id) {
                let at = function.definition(definition);
                let Some(made) = made_by(facts, at, 2) else { continue };
                let Some(call) = facts.program.op(made).call() else { continue };
                if let Some(key) = key(facts, made.function, call) {
                    makers.entry(key).or_default().insert(made.function);
                }
            }
        }
    }
    makers.into_iter().filter(|(_, makers)| makers.len() >= BELIEVERS).map(|(key, _)| key).collect()
}

/// The call whose result an assignment stores.
fn made_by(facts: &Facts<'_>, at: OpRef, depth: u32) -> Option<OpRef> {
    match &facts.program.op(at).kind {
        OpKind::Call(_) => Some(at),
        OpKind::Assign { target, value: Rvalue::Use(Operand::Place(of)) | Rvalue::Await(Operand::Place(of)) }
            if depth > 0 && target.path.is_empty() && of.path.is_empty() =>
        {
            let Root::Temp(temp) = of.root else { return None };
            let index = facts.program.index(at.function.file);
            let [definition] = index.of_temp(at.function.function, temp) else { return None };
            made_by(facts, at.function.definition(definition), depth - 1)
        }
        _ => None,
    }
}

/// The last name of what a call calls.
fn name<'f>(facts: &'f Facts<'_>, function: FunctionRef, call: &'f Call) -> Option<&'f str> {
    let place = call.callee.place()?;
    match (place.path.last(), &place.root) {
        (Some(field), _) => field.name(),
        (None, Root::Variable(id)) => Some(&facts.program.variable(function.variable(*id)).name),
        (None, Root::Global(name)) => Some(name),
        (None, Root::This | Root::Temp(_)) => None,
    }
}

/// What a call is told from others by. A method of one word says too little without what has it.
fn key(facts: &Facts<'_>, function: FunctionRef, call: &Call) -> Option<Key> {
    let place = call.callee.place()?;
    let variable = |root: &Root| match root {
        Root::Variable(id) => Some(facts.program.variable(function.variable(*id)).name.clone()),
        Root::Global(name) => Some(name.clone()),
        Root::This | Root::Temp(_) => None,
    };
    let (name, of) = match place.path.as_slice() {
        [] => (variable(&place.root)?, None),
        [name] => (Name::new(name.name()?), variable(&place.root)),
        [.., of, name] => (Name::new(name.name()?), of.name().map(Name::new)),
    };
    match call.kind {
        CallKind::New => Some(Key { of: Some("new".into()), name }),
        CallKind::Call if says_enough(&name) => Some(Key { of: None, name }),
        CallKind::Call => Some(Key { of: Some(of?), name }),
        _ => None,
    }
}

/// Whether a name is of several words: `createQueryRunner`, `open_file`.
fn says_enough(name: &str) -> bool {
    name.chars().skip(1).zip(name.chars()).any(|(next, before)| {
        before.is_lowercase() && next.is_uppercase() || before == '_' && next.is_alphabetic() && !name.starts_with('_')
    })
}

/// Whether the catalogue says what becomes of a call's result.
fn is_known(facts: &Facts<'_>, at: OpRef) -> bool {
    let values = facts.evaluator.call_values(at);
    values.resources().any(|id| facts.resource(&facts.evaluator.acquisition(id)).is_some())
}

/// Whether what a function does says something: tests end more than they need to.
fn is_asked(facts: &Facts<'_>, function: FunctionRef) -> bool {
    !facts.evaluator.drops_implicitly(function) && facts.is_held_to_account(function)
}

pub(crate) fn calls_by_name<'f>(
    facts: &'f Facts<'_>,
    name: &'f str,
) -> impl Iterator<Item = (FunctionRef, OpRef)> + 'f {
    facts.program.functions().flat_map(move |function| {
        facts.program.function(function).ops().filter_map(move |(block, index, op)| {
            let place = op.call()?.callee.place()?;
            let is_called = match (place.path.last(), &place.root) {
                (Some(field), _) => field.name() == Some(name),
                (None, Root::Variable(id)) => facts.program.variable(function.variable(*id)).name == name,
                _ => false,
            };
            is_called.then(|| (function, function.op(block, index)))
        })
    })
}

/// Whether a field's name is that of a way to end something.
fn is_ending(field: Option<&Field>) -> bool {
    field.and_then(Field::name).is_some_and(is_teardown)
}

/// Whether a place is one of the roots, as a whole or in part.
fn is_of(roots: &[(FunctionId, Root)], function: FunctionRef, place: &Place) -> bool {
    roots.iter().any(|(of, root)| match root {
        Root::Temp(_) => *of == function.function && *root == place.root,
        _ => *root == place.root,
    })
}
