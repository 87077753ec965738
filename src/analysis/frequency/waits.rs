//! Waits: loops that wait, each time round, for something from outside.
//!
//! `loop { let (stream, _) = listener.accept().await?; … }` goes round for every connection, however seldom the
//! function that has it is called.

use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::turns::goes_around;
use crate::ir::{BlockId, Function};
use crate::linking::FunctionRef;

use super::Rate;

/// The calls of a function that wait, within loops, for what comes from outside, with how often that comes.
pub(super) type Waits = SmallVec<[(BlockId, Rate); 1]>;

pub(super) fn of(evaluator: &Evaluator<'_>, function: FunctionRef) -> Waits {
    let body = evaluator.program.function(function);
    let mut found = Waits::new();
    for (block, index, op) in body.ops().filter(|(block, ..)| body.block(*block).loop_depth > 0) {
        if op.call().is_none() {
            continue;
        }
        let fact = evaluator.function_fact(function.op(block, index));
        found.extend(fact.and_then(|fact| fact.waits_for).map(|runs| (block, runs.into())));
    }
    found
}

/// How often a block is entered by the loops around it that wait.
pub(super) fn rate(waits: &Waits, body: &Function, block: BlockId) -> Option<Rate> {
    waits.iter().filter(|(wait, _)| goes_around(body, *wait, block)).map(|(_, rate)| *rate).max()
}
