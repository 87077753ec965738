//! Locks that are taken and released in one statement: `let _ = m.lock()`.
//!
//! Takes the facts; gives the calls whose guard is dropped at once although something follows that it should have
//! guarded. A lock that is taken last is a way to wait for whoever holds it. A lock that nobody else can hold is not
//! reported either.

use std::cell::Cell;

use crate::analysis::facts::Facts;
use crate::analysis::written;
use crate::catalogue::schema::Resource;
use crate::catalogue::{ResourceId, SymbolFacts};
use crate::ir::{BlockId, Call, Edges, OpKind, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};

/// A guard that is dropped in the statement that takes the lock.
#[derive(Debug)]
pub struct Unguarded {
    /// The call that takes the lock.
    pub at: OpRef,
    pub guard: ResourceId,
    /// The drop.
    pub dropped: OpRef,
}

/// The guards of locks that a function drops in the statement that takes them.
#[must_use]
pub fn unguarded(facts: &Facts<'_>, function: FunctionRef) -> Vec<Unguarded> {
    let body = facts.program.function(function);
    let mut found = Vec::new();
    for (block, index, op) in body.ops() {
        let OpKind::Dispose { place: Place { root: Root::Temp(dropped), path } } = &op.kind else { continue };
        let taking = body.ops().find(|(_, _, op)| op.call().is_some_and(|call| call.result == *dropped));
        let (Some((block_of, index_of, call)), true) = (taking, path.is_empty()) else { continue };
        let (at, dropped) = (function.op(block_of, index_of), function.op(block, index));
        let Some(call) = call.call() else { continue };
        let Some(guard) = guard_taken(facts, at, call) else { continue };
        // Taking many permits and giving them back at once waits until others have given back theirs.
        let waits_for_others = !call.arguments.is_empty();
        if waits_for_others {
            continue;
        }
        if goes_on(facts, at, dropped) || is_own(facts, function, call) {
            found.push(Unguarded { at, guard, dropped });
        }
    }
    found
}

/// The guard that a call returns, if its receiver is a lock.
fn guard_taken(facts: &Facts<'_>, at: OpRef, call: &Call) -> Option<ResourceId> {
    let guard = of_lock(facts, at, call, |guard| &guard.taken_by)?;
    // A counted lock can be taken several times at once. `wal.write(&entry)` is a method of what is behind the lock.
    let is_counted = !facts.evaluator.catalogue.resource(guard).lost_by.is_empty();
    (is_counted || call.arguments.is_empty()).then_some(guard)
}

/// The guard that a call keeps from ever being given back: `permit.forget()`.
#[must_use]
pub fn lost(facts: &Facts<'_>, at: OpRef, call: &Call) -> Option<ResourceId> {
    let name = has_to_do_with_guards(facts, at, call)?;
    let (Place { root, path }, _) = call.receiver()?;
    let index = facts.program.index(at.function.file);
    let mut roots = if path.is_empty() { vec![root] } else { Vec::new() };
    let mut seen = 0;
    // Through the variables it has been in since it was taken.
    while let Some(root) = roots.get(seen).cloned() {
        seen += 1;
        let definitions = index.of_root(at.function.function, &root);
        for definition in definitions.iter().filter(|it| it.function == at.function.function) {
            let defining = at.function.definition(definition);
            match &facts.program.op(defining).kind {
                OpKind::Call(call) => {
                    let guard = guard_taken(facts, defining, call)?;
                    let is_lost = facts.evaluator.catalogue.resource(guard).lost_by.iter().any(|it| it == name);
                    return is_lost.then_some(guard);
                }
                OpKind::Assign { value: Rvalue::Use(from) | Rvalue::Await(from), .. } => {
                    let from = from.place().filter(|from| from.path.is_empty() && !roots.contains(&from.root));
                    roots.extend(from.map(|from| from.root.clone()));
                }
                _ => {}
            }
        }
    }
    None
}

/// Whether a call makes up for guards that were lost: `semaphore.add_permits(1)`.
#[must_use]
pub fn makes_up(facts: &Facts<'_>, at: OpRef, call: &Call) -> bool {
    of_lock(facts, at, call, |guard| &guard.made_up_by).is_some()
}

/// The guard of the lock that a call is a method of, if the method is one of those.
fn of_lock(
    facts: &Facts<'_>,
    at: OpRef,
    call: &Call,
    methods: impl Fn(&Resource) -> &Vec<String>,
) -> Option<ResourceId> {
    let name = has_to_do_with_guards(facts, at, call)?;
    let (lock, _) = call.receiver()?;
    let found = Cell::new(None);
    let gives = |type_facts: &SymbolFacts<'_>| {
        let is_method =
            |guard: &ResourceId| methods(facts.evaluator.catalogue.resource(*guard)).iter().any(|it| it == name);
        let guard = type_facts.guards.filter(is_method);
        found.set(found.get().or(guard));
        guard.is_some()
    };
    let types = written::types(facts, at.function, &lock);
    types.iter().any(|known| written::mentions(facts, known, &gives)).then(|| found.get())?
}

/// The name of a call's method, if locks or guards have such a method.
fn has_to_do_with_guards<'c>(facts: &Facts<'_>, at: OpRef, call: &'c Call) -> Option<&'c str> {
    call.method_name().filter(|name| {
        let known = facts.evaluator.any_method(at.function.file, name);
        known.guards_something || known.forgets_something
    })
}

/// Whether the function does something after the lock was released, exceptions aside, that it does not do without
/// having taken it: taking a lock on only one of two paths to the same place is a way to wait.
fn goes_on(facts: &Facts<'_>, taken: OpRef, at: OpRef) -> bool {
    let body = facts.program.function(at.function);
    let is_on_other_ways = |id: BlockId| {
        taken.block != BlockId::ENTRY
            && id != taken.block
            && body.reaches(BlockId::ENTRY, id, taken.block, Edges::Normal)
    };
    let mut seen = vec![false; body.blocks.len()];
    let mut work: Vec<(BlockId, usize)> = vec![(at.block, at.index as usize + 1)];
    while let Some((id, from)) = work.pop() {
        let block = body.block(id);
        let acts = block.ops.iter().skip(from).any(|op| match &op.kind {
            OpKind::Call(_) => true,
            OpKind::Assign { target, .. } => !target.path.is_empty(),
            _ => false,
        });
        if acts && !is_on_other_ways(id) {
            return true;
        }
        for next in block.terminator.successors() {
            if !std::mem::replace(&mut seen[next.index()], true) {
                work.push((next, 0));
            }
        }
    }
    false
}

/// Whether the function has made the lock itself, so that nobody else can hold it.
fn is_own(facts: &Facts<'_>, function: FunctionRef, call: &Call) -> bool {
    let Some((Place { root: Root::Variable(lock), path }, _)) = call.receiver() else { return false };
    let module = facts.program.module(function.file);
    let body = facts.program.function(function);
    let is_given_away = || {
        body.ops().any(|(_, _, op)| match &op.kind {
            OpKind::Call(other) => other
                .arguments
                .iter()
                .any(|argument| argument.value.place().is_some_and(|place| place.as_variable() == Some(lock))),
            _ => false,
        })
    };
    let is_captured = || {
        module.functions().any(|(id, other)| {
            id != function.function && other.mentioned_places().any(|place| place.root == Root::Variable(lock))
        })
    };
    let made_here = facts.program.index(function.file).of_variable(lock);
    path.is_empty()
        && module.variable(lock).owner == function.function
        && matches!(module.variable(lock).binding, crate::ir::Binding::Value)
        && !made_here.is_empty()
        && !is_given_away()
        && !is_captured()
}
