//! Locks that are taken and given back in one statement: `let _ = m.lock()`.
//!
//! Takes the facts; gives the calls whose guard nobody has although something comes after them that it should have
//! guarded. A lock that is taken last waits for whoever has it, and that is what it is for; one that nobody else can have
//! is not.

use crate::analysis::facts::Facts;
use crate::analysis::written;
use crate::catalogue::ResourceId;
use crate::ir::{BlockId, Call, OpKind, Place, Root};
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

/// The guards of locks that a function drops where it takes them.
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
        if goes_on(facts, dropped) || is_own(facts, function, call) {
            found.push(Unguarded { at, guard, dropped });
        }
    }
    found
}

/// The guard that a call gives, if what it is a method of is a lock.
fn guard_taken(facts: &Facts<'_>, at: OpRef, call: &Call) -> Option<ResourceId> {
    let name = call.method_name().filter(|_| call.arguments.is_empty())?;
    if !facts.evaluator.any_method(at.function.file, name).guards_something {
        return None;
    }
    let (lock, _) = call.receiver()?;
    let types = written::types(facts, at.function, &lock);
    let found = std::cell::Cell::new(None);
    let takes = |facts_of: &crate::catalogue::SymbolFacts<'_>| {
        let guard = facts_of
            .guards
            .filter(|guard| facts.evaluator.catalogue.resource(*guard).taken_by.iter().any(|method| method == name));
        found.set(found.get().or(guard));
        guard.is_some()
    };
    types.iter().any(|known| written::mentions(facts, known, &takes)).then(|| found.get())?
}

/// Whether the function does something after an operation, exceptions aside.
fn goes_on(facts: &Facts<'_>, at: OpRef) -> bool {
    let body = facts.program.function(at.function);
    let mut seen = vec![false; body.blocks.len()];
    let mut work: Vec<(BlockId, usize)> = vec![(at.block, at.index as usize + 1)];
    while let Some((id, from)) = work.pop() {
        let block = body.block(id);
        let acts = block.ops.iter().skip(from).any(|op| match &op.kind {
            OpKind::Call(_) => true,
            OpKind::Assign { target, .. } => !target.path.is_empty(),
            _ => false,
        });
        if acts {
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

/// Whether a lock is one that the function has made itself and nobody else may have.
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
