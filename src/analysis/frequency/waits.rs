//! Waits: loops that wait, each time round, for something from outside.
//!
//! `loop { let (stream, _) = listener.accept().await?; … }` goes round for every connection, however seldom the
//! function that has it is called.

use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::turns::goes_around;
use crate::ir::Function;
use crate::linking::{FunctionRef, OpRef};

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
    let around = waits.iter().filter(|(wait, _)| goes_around(body, wait.block, at.block)).copied();
    around.max_by_key(|(_, rate)| *rate)
}
