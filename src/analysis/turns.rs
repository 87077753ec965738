//! Turns: which loops go on for as long as the process does.
//!
//! A loop over a list ends with it, and so may any other loop, as far as is known. A loop that waits on every turn for
//! somebody outside or for the clock (`listener.accept()`, `interval.tick()`) has no end of its own.

use crate::analysis::facts::Facts;
use crate::catalogue::schema::{FunctionFact, Runs, Waiting};
use crate::ir::{BlockId, Edges, Function, OpKind, Rvalue};
use crate::linking::OpRef;

/// Whether two blocks are in one loop.
#[must_use]
pub fn goes_around(body: &Function, one: BlockId, other: BlockId) -> bool {
    one == other && body.block(one).loop_depth > 0
        || body.reaches(one, other, other, Edges::Normal) && body.reaches(other, one, one, Edges::Normal)
}

/// Whether a block is in a loop over a list.
#[must_use]
pub fn is_over_list(body: &Function, block: BlockId) -> bool {
    let depth = body.block(block).loop_depth;
    body.blocks().any(|(other, content)| {
        content.loop_depth >= depth
            && content.ops.iter().any(|op| matches!(&op.kind, OpKind::Assign { value: Rvalue::ElementOf(_), .. }))
            && goes_around(body, other, block)
    })
}

/// Whether an operation is in a loop that waits for something from outside.
#[must_use]
pub fn is_unending(facts: &Facts<'_>, at: OpRef) -> bool {
    any_call_of_loop(facts, at, |call| facts.evaluator.function_fact(call).is_some_and(is_from_outside))
}

/// Whether `test` holds of a call in the loop around an operation.
fn any_call_of_loop(facts: &Facts<'_>, at: OpRef, test: impl Fn(OpRef) -> bool) -> bool {
    let body = facts.program.function(at.function);
    body.block(at.block).loop_depth > 0
        && body.ops().any(|(block, index, op)| {
            op.call().is_some() && goes_around(body, block, at.block) && test(at.function.op(block, index))
        })
}

fn is_from_outside(fact: &FunctionFact) -> bool {
    fact.comes_from_outside || fact.waits_for.is_some_and(|runs| runs != Runs::PerMessage)
}

/// The maximal depth of calls in which a question to a person is searched.
const MAX_DEPTH: u32 = 5;

/// Whether an operation is in a loop that asks a person on each turn: it has few turns, however long they take.
#[must_use]
pub fn is_answered_by_people(facts: &Facts<'_>, at: OpRef) -> bool {
    any_call_of_loop(facts, at, |call| asks(facts, call, MAX_DEPTH))
}

fn asks(facts: &Facts<'_>, at: OpRef, depth: u32) -> bool {
    let waiting = facts.evaluator.function_fact(at).and_then(|fact| fact.waiting);
    waiting == Some(Waiting::People)
        || depth > 0 && {
            let given = facts.program.op(at).call().map_or(0, |call| u32::try_from(call.arguments.len()).unwrap_or(0));
            let callbacks = (0..given).flat_map(|index| {
                let values = facts.evaluator.argument(at, index);
                facts.evaluator.functions_in(&values).into_iter().map(|(function, _)| function).collect::<Vec<_>>()
            });
            facts.called(at).into_iter().chain(callbacks).any(|function| {
                let body = facts.program.function(function);
                body.ops()
                    .any(|(block, index, op)| op.call().is_some() && asks(facts, function.op(block, index), depth - 1))
            })
        }
}

/// Whether an operation, or a call on the way to its function, is in a loop that waits for something from outside.
#[must_use]
pub fn repeats_without_end(facts: &Facts<'_>, at: OpRef) -> bool {
    let chain = facts.frequencies.chain(&facts.evaluator, at.function);
    std::iter::once(at).chain(chain.calls).any(|call| is_unending(facts, call))
}
