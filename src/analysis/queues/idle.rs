//! Idle ends: receivers that are kept and never received from.
//!
//! When the receiver is dropped, sending fails and nothing grows. A receiver that is only kept to keep the channel open
//! accumulates everything that is ever sent.

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::turns::goes_around;
use crate::ir::{Function, FunctionKind, OpKind, Operand, Place, Rvalue};
use crate::linking::OpRef;

use super::Queue;

/// Where a receiver is kept although nothing receives from it.
#[must_use]
pub fn kept_idle(facts: &Facts<'_>, queue: &Queue) -> Option<OpRef> {
    let is_filled = !queue.sends.is_empty() || !queue.told.is_empty();
    if !is_filled || !queue.receives.is_empty() || queue.escapes {
        return None;
    }
    in_field(facts, queue).or_else(|| in_variable(facts, queue))
}

/// In a field that no code reads.
fn in_field(facts: &Facts<'_>, queue: &Queue) -> Option<OpRef> {
    let (at, field) = queue.kept.as_ref()?;
    let program = facts.program;
    let reads = |body: &Function| {
        !matches!(body.kind, FunctionKind::Constructor { .. })
            && body.mentioned_places().any(|place| place.path.iter().any(|it| it.name() == Some(field)))
    };
    let mut functions = program.functions().filter(|it| facts.evaluator.drops_implicitly(*it));
    let is_read = functions.any(|function| reads(program.function(function)));
    (!is_read).then_some(*at)
}

/// In a variable that is not mentioned again, below which the same function goes on sending, or which `main` has.
fn in_variable(facts: &Facts<'_>, queue: &Queue) -> Option<OpRef> {
    let function = queue.at.function;
    let body = facts.program.function(function);
    let pair = Place::temp(facts.program.op(queue.at).call()?.result).named("1");
    let (at, variable) = body.ops().find_map(|(block, index, op)| match &op.kind {
        OpKind::Assign { target, value: Rvalue::Use(Operand::Place(from)) } if *from == pair => {
            Some((function.op(block, index), target.as_variable()?))
        }
        _ => None,
    })?;
    let module = facts.program.module(function.file);
    let is_mentioned = module.functions().any(|(id, body)| {
        body.ops().any(|(block, index, op)| {
            function.sibling(id).op(block, index) != at
                && !matches!(op.kind, OpKind::Dispose { .. })
                && op.places().into_iter().any(|place| place.root_variable() == Some(variable))
        })
    });
    if is_mentioned {
        return None;
    }
    let goes_on = queue.sends.iter().any(|send| {
        let is_below = send.function == function && body.block(send.block).loop_depth > 0;
        is_below && !goes_around(body, queue.at.block, send.block)
    });
    let chain = facts.frequencies.chain(&facts.evaluator, function);
    let is_of_program = chain.runs_once && chain.calls.is_empty() && facts.rate(queue.at) == Rate::Once;
    let waits = body.ops().any(|(_, _, op)| op.call().is_some_and(|call| call.suspends));
    (goes_on || is_of_program && waits).then_some(at)
}
