//! Waits: loops that wait on each turn for something from outside.
//!
//! `loop { let (stream, _) = listener.accept().await?; … }` runs once for every connection, however rarely its function
//! is called. Each branch of a `select!` runs as often as the event that it waits for itself: a signal to reload the
//! configuration does not come more often because another branch accepts connections.

use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::turns::goes_around;
use crate::ir::{BlockId, Function, Op, Terminator};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Span;

use super::Rate;

/// The calls of a function that wait, within loops, for what comes from outside, with how often that comes.
pub(super) type Waits = SmallVec<[(OpRef, Rate); 1]>;

pub(super) fn of(evaluator: &Evaluator<'_>, function: FunctionRef) -> Waits {
    let body = evaluator.program.function(function);
    let mut found = Waits::new();
    for (block, index, op) in body.ops().filter(|(block, ..)| body.block(*block).loop_depth > 0) {
        if op.call().is_none() {
            continue;
        }
        let at = function.op(block, index);
        let runs = evaluator.function_fact(at).and_then(|fact| fact.waits_for);
        found.extend(runs.map(|runs| (at, runs.into())));
    }
    found
}

/// How often an operation is come to by the loops around it that wait, and which wait is the most frequent.
pub(super) fn around(waits: &Waits, body: &Function, at: OpRef) -> Option<(OpRef, Rate)> {
    let around = waits.iter().filter(|(wait, _)| {
        goes_around(body, wait.block, at.block) && !is_of_other_branch(body, *wait, op(body, at).span)
    });
    around.copied().max_by_key(|(_, rate)| *rate)
}

fn op(body: &Function, at: OpRef) -> &Op {
    &body.block(at.block).ops[at.index as usize]
}

/// Whether a wait is what one branch of a fork begins with, and `at` stands in another.
fn is_of_other_branch(body: &Function, wait: OpRef, at: Span) -> bool {
    let block = body.block(wait.block);
    let fork = block.terminator_span;
    if !matches!(block.terminator, Terminator::Fork(_)) || !fork.contains(at) || !fork.contains(op(body, wait).span) {
        return false;
    }
    // What a branch waits for stands right before what it does then.
    own_future(body, wait.block, fork, at).is_some_and(|own| !own.contains(op(body, wait).span))
}

/// Where the future of the branch stands whose handler has the code at `at`.
fn own_future(body: &Function, forking: BlockId, fork: Span, at: Span) -> Option<Span> {
    let begun = || body.block(forking).ops.iter().map(|op| op.span).filter(|span| fork.contains(*span));
    let last = begun().filter(|span| span.end <= at.start).max_by_key(|span| span.start)?;
    begun().filter(|span| span.contains(last)).max_by_key(|span| span.end - span.start)
}
