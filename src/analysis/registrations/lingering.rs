//! Lingering: listeners of one piece of work, on something that outlives it, which stay when the work is done.
//!
//! `new Promise((resolve, reject) => { res.once("drain", resolve); res.once("error", reject); })` leaves one of the two
//! behind each time, and `signal.addEventListener("abort", stop, { once: true })` goes only when somebody aborts. A
//! listener belongs to one piece of work if it settles the promise of the call that adds it, or works on something that
//! only that call has.

use rustc_hash::FxHashSet;

use crate::analysis::deviants::Uses;
use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::late_timers::raced_by;
use crate::ir::{Binding, BlockId, Edges, FunctionId, FunctionKind, OpKind, Place, Root, Temp, VariableId};
use crate::linking::{FunctionRef, VariableRef};

use super::{Addition, HandlerId, Life, PlaceId, Registrations};

/// How a listener outlives the work that it was added for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lingering {
    /// Whether the program shows that the next piece of work uses the same target.
    pub is_shown: bool,
    /// Whether its work is to settle the promise of the call.
    pub settles: bool,
}

/// Whether an added listener stays when its piece of work is done.
#[must_use]
pub fn lingering(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<Lingering> {
    let goes_otherwise = addition.removes_itself && !addition.is_once
        || addition.hands_back
        || addition.inner.is_some() && !(addition.is_last && is_in_a_loop(facts, addition))
        || registrations.removals.iter().any(|removal| Registrations::removes(removal, addition));
    if goes_otherwise || facts.rate(addition.at) == Rate::Never || raises(facts, addition) {
        return None;
    }
    let outlives = outlives(facts, addition)?;
    let promise = settled(facts, addition);
    let settles = promise.is_some_and(|promise| {
        is_settled_elsewhere(facts, registrations, addition, promise)
            || raced_by(facts, addition.at.function, promise).is_some()
    });
    let is_work = settles || addition.is_last && is_of_one_call(facts, addition);
    (is_work || addition.is_last && is_in_a_loop(facts, addition))
        .then_some(Lingering { is_shown: outlives == Outlives::Shown, settles })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outlives {
    Shown,
    /// Whoever gives it may give it again.
    Perhaps,
}

/// Whether the target is there before and after the call.
fn outlives(facts: &Facts<'_>, addition: &Addition) -> Option<Outlives> {
    let function = addition.at.function;
    let name = facts.program.function(function).name.as_deref().unwrap_or_default();
    let is_of_one_life = is_teardown(name) || starts(name);
    if addition.target.life != Life::Unknown {
        let is_shared = matches!(addition.target.life, Life::Global | Life::Module | Life::Shared | Life::Fetched);
        return (is_shared && !is_of_one_life && facts.rate(addition.at) != Rate::Once).then_some(Outlives::Shown);
    }
    match &addition.target.place {
        PlaceId::Field(_, path) if !path.is_empty() => {
            let is_method = !matches!(
                facts.program.function(function).kind,
                FunctionKind::Constructor { .. } | FunctionKind::InstanceInitialiser { .. }
            );
            let first = path[0].name().unwrap_or_default();
            (is_method && !is_of_one_life && !fills(facts, function, first)).then_some(Outlives::Shown)
        }
        PlaceId::Variable(id, _) => {
            let variable = facts.program.variable(*id);
            let is_parameter = matches!(variable.binding, Binding::Parameter(_));
            let owner = FunctionRef::new(id.file, variable.owner);
            if owner == function {
                return (is_parameter && addition.is_last).then_some(Outlives::Perhaps);
            }
            let is_captured = variable.owner != FunctionId::INITIALISER && facts.evaluator.is_within(function, owner);
            (is_captured && is_called_again(facts, function)).then_some(Outlives::Shown)
        }
        _ => None,
    }
}

/// Whether a function of this name is called once in the life of the object it works on.
fn starts(name: &str) -> bool {
    const WORDS: &[&str] =
        &["init", "setup", "start", "boot", "main", "listen", "connect", "open", "ready", "launch", "spawn", "attach"];
    let lower = name.trim_start_matches(['_', '#']).to_ascii_lowercase();
    WORDS.iter().any(|word| lower.starts_with(word)) || lower.contains("ready") || lower.contains("exit")
}

/// Whether a function puts something new into a field of its instance.
fn fills(facts: &Facts<'_>, function: FunctionRef, field: &str) -> bool {
    facts.program.function(function).ops().any(|(_, _, op)| {
        matches!(&op.kind, OpKind::Assign { target, .. }
            if target.root == Root::This && target.path.first().and_then(|it| it.name()) == Some(field))
    })
}

/// Whether a nested function is called several times in the function around it.
fn is_called_again(facts: &Facts<'_>, function: FunctionRef) -> bool {
    let mut calls = 0;
    for (id, body) in facts.program.module(function.file).functions() {
        let caller = FunctionRef::new(function.file, id);
        for (block, index, op) in body.ops() {
            let is_by_name =
                op.call().and_then(|call| call.callee.place()).is_some_and(|it| it.as_variable().is_some());
            if is_by_name && facts.called(caller.op(block, index)).contains(&function) {
                calls += if body.block(block).loop_depth > 0 { 2 } else { 1 };
            }
        }
    }
    calls > 1
}

/// The promise of the adding function that the handler settles.
fn settled(facts: &Facts<'_>, addition: &Addition) -> Option<Temp> {
    let adder = addition.at.function;
    let promise_of = |id: VariableRef| {
        let variable = facts.program.variable(id);
        match variable.binding {
            Binding::Settle { promise, .. } if id.file == adder.file && variable.owner == adder.function => {
                Some(promise)
            }
            _ => None,
        }
    };
    if let HandlerId::Place(PlaceId::Variable(id, path)) = &addition.handler.id
        && path.is_empty()
        && let Some(promise) = promise_of(*id)
    {
        return Some(promise);
    }
    addition.handler.functions().filter(|it| facts.evaluator.is_within(*it, adder)).find_map(|handler| {
        facts.program.function(handler).ops().find_map(|(_, _, op)| {
            let id = op.call()?.callee.place()?.as_variable()?;
            promise_of(handler.variable(id))
        })
    })
}

/// Whether something other than the handler settles the promise while the target is still there.
fn is_settled_elsewhere(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition, promise: Temp) -> bool {
    let adder = addition.at.function;
    let body = facts.program.function(adder);
    let handlers: Vec<FunctionRef> = addition.handler.functions().collect();
    let settles = |function: FunctionRef, place: &Place| {
        place.as_variable().is_some_and(|id| {
            let variable = facts.program.variable(function.variable(id));
            variable.owner == adder.function
                && matches!(variable.binding, Binding::Settle { promise: of, .. } if of == promise)
        })
    };
    // Ending the target ends its listeners.
    let is_its_end = |other: &Addition| {
        !addition.is_last
            && other.event.text().is_some_and(|event| ENDS.contains(&event))
            && other.target.likeness(&addition.target) != super::Likeness::No
    };
    let mut work = vec![adder];
    while let Some(function) = work.pop() {
        if handlers.contains(&function) {
            continue;
        }
        let is_end =
            function != adder && registrations.handled_by(facts, function).is_some_and(|(_, other)| is_its_end(other));
        for (block, index, op) in facts.program.function(function).ops() {
            let at = function.op(block, index);
            if at == addition.at || is_end || !op.places().into_iter().any(|place| settles(function, place)) {
                continue;
            }
            // The other branch of the condition that adds it.
            let is_on_the_way = function != adder
                || block == addition.at.block
                || body.reaches(addition.at.block, block, BlockId::NOWHERE, Edges::Normal)
                || body.reaches(block, addition.at.block, BlockId::NOWHERE, Edges::Normal);
            let is_end_here = registrations.additions.iter().any(|other| other.at == at && is_its_end(other));
            if is_on_the_way && !is_end_here {
                return true;
            }
        }
        work.extend(facts.program.children(function));
    }
    false
}

/// Events after which no other event of the same target comes.
pub(super) const ENDS: &[&str] = &["end", "close", "finish", "exit", "error", "destroy", "disconnect"];

/// Whether the function triggers the event itself when it is done: `controller.abort()`.
fn raises(facts: &Facts<'_>, addition: &Addition) -> bool {
    let PlaceId::Variable(target, _) = &addition.target.place else { return false };
    let raises_here = |function: FunctionRef| {
        facts.program.function(function).ops().any(|(_, _, op)| {
            let Some((receiver, method)) = op.call().and_then(crate::ir::Call::receiver) else { return false };
            method.name() == addition.event.text()
                && receiver.root_variable().is_some_and(|id| function.variable(id) == *target)
        })
    };
    raises_here(addition.at.function) || facts.program.children(addition.at.function).any(raises_here)
}

/// Whether the handler uses something that only its call has, and the call awaits something and returns.
fn is_of_one_call(facts: &Facts<'_>, addition: &Addition) -> bool {
    let at = addition.at;
    let body = facts.program.function(at.function);
    let waits = body.ops().any(|(block, index, op)| {
        let between = at.function.op(block, index);
        let is_after = if block == at.block {
            between.index > at.index
        } else {
            body.reaches(at.block, block, BlockId::NOWHERE, Edges::Normal)
        };
        op.call().is_some_and(|call| call.awaited) && is_after
    });
    if !body.is_async || !waits {
        return false;
    }
    let mut captured: FxHashSet<VariableId> = FxHashSet::default();
    for handler in addition.handler.functions() {
        for place in facts.program.function(handler).mentioned_places() {
            let own = place.root_variable().filter(|id| {
                let variable = facts.program.variable(handler.variable(*id));
                variable.owner == at.function.function && variable.binding == Binding::Value
            });
            captured.extend(own);
        }
    }
    !captured.is_empty()
        && captured.into_iter().all(|id| {
            let uses = Uses::of_root(facts, at.function, Root::Variable(id));
            !uses.escapes && !uses.is_returned
        })
}

/// Whether it is added on each turn of a loop, to a target from before the loop.
fn is_in_a_loop(facts: &Facts<'_>, addition: &Addition) -> bool {
    let is_made_here = matches!(
        addition.handler.id,
        HandlerId::Written(_) | HandlerId::Fresh(_) | HandlerId::Place(PlaceId::Variable(..))
    );
    is_made_here && facts.program.loop_depth(addition.at.function, addition.at.block) > 0
}
