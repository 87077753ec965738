//! Iteration: calls that run their closure once for each element.
//!
//! `urls.iter().map(|url| fetch(url))` is a loop that is not written as one. Some of these method names are
//! unambiguous; `Option` and `Result` have the others as well, so there the receiver must show that there is more than
//! one element.

use crate::analysis::evaluate::Evaluator;
use crate::ir::{OpKind, Place, Root};
use crate::linking::{FunctionRef, OpRef};

/// Methods that only what gives one thing after another has.
#[rustfmt::skip]
const EACH: &[&str] = &[
    "for_each", "try_for_each", "filter_map", "flat_map", "for_each_concurrent", "try_for_each_concurrent",
    "for_each_with", "for_each_init", "map_while", "map_init", "map_with", "try_filter_map",
];

/// Methods that what may be there has, too.
const EACH_OR_ONE: &[&str] = &["map", "then", "inspect", "fold", "try_fold", "filter", "all", "any", "find_map"];

/// What gives one thing after another: of a collection, a range or a text, or of another such.
#[rustfmt::skip]
const SEVERAL: &[&str] = &[
    "iter", "iter_mut", "into_iter", "par_iter", "par_iter_mut", "into_par_iter", "par_bridge", "drain", "keys", "values",
    "values_mut", "into_keys", "into_values", "chunks", "windows", "lines", "split", "split_whitespace", "enumerate", "zip",
    "chain", "rev", "skip", "step_by", "take_while", "skip_while", "peekable", "fuse", "cycle", "dedup", "sorted", "unique",
];

/// So many adaptors are looked through.
const DEEP: usize = 12;

/// Whether the call at `at` runs what it is given again and again.
pub(super) fn goes_through(evaluator: &Evaluator<'_>, at: OpRef) -> bool {
    let Some(call) = evaluator.program.op(at).call() else { return false };
    match call.method_name() {
        Some(name) if EACH.contains(&name) => true,
        Some(name) if EACH_OR_ONE.contains(&name) => {
            call.receiver().is_some_and(|(receiver, _)| gives_several(evaluator, at.function, receiver))
        }
        _ => false,
    }
}

/// Whether a place is the result of a chain that gives one thing after another.
fn gives_several(evaluator: &Evaluator<'_>, function: FunctionRef, mut place: Place) -> bool {
    let index = evaluator.program.index(function.file);
    for _ in 0..DEEP {
        let (Root::Temp(temp), true) = (&place.root, place.path.is_empty()) else { return false };
        let [definition] = index.of_temp(function.function, *temp) else { return false };
        let OpKind::Call(call) = &evaluator.program.op(function.definition(definition)).kind else { return false };
        let Some(name) = call.method_name() else { return false };
        if SEVERAL.contains(&name) || EACH.contains(&name) {
            return true;
        }
        let Some((receiver, _)) = call.receiver().filter(|_| EACH_OR_ONE.contains(&name)) else { return false };
        place = receiver;
    }
    false
}
