//! Loss: code that only runs when its predecessor is gone.
//!
//! `if session.is_closed() { *session = connect().await? }` makes a session as often as one is lost, however often it
//! runs.

use crate::analysis::evaluate::Evaluator;
use crate::ir::{Block, BlockId, Condition, Edges, Function, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// Methods that say of a thing that it cannot be used any more.
#[rustfmt::skip]
const GONE: &[&str] = &[
    "is_closed", "is_invalid", "is_disconnected", "is_dead", "is_broken", "is_terminated", "is_expired", "has_expired",
    "has_broken",
];

/// Methods that say of a thing that it can.
const THERE: &[&str] = &["is_valid", "is_connected", "is_alive", "is_open"];

/// A test by which what there was is gone, and where it leads then and otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss {
    tested: BlockId,
    lost: BlockId,
    kept: BlockId,
}

/// The tests of a function.
pub(super) fn of(evaluator: &Evaluator<'_>, function: FunctionRef) -> Vec<Loss> {
    if !evaluator.drops_implicitly(function) {
        return Vec::new();
    }
    let of_block = |(tested, block): (BlockId, &Block)| {
        let Terminator::Branch { condition: Condition::Truthy(said), then, otherwise } = &block.terminator else {
            return None;
        };
        let name = asked(evaluator, function, said)?;
        let (lost, kept) = match (GONE.contains(&name), THERE.contains(&name)) {
            (true, _) => (*then, *otherwise),
            (_, true) => (*otherwise, *then),
            _ => return None,
        };
        Some(Loss { tested, lost, kept })
    };
    evaluator.program.function(function).blocks().filter_map(of_block).collect()
}

/// Whether an operation is done only after a loss.
pub(super) fn leads_to(body: &Function, losses: &[Loss], at: OpRef) -> bool {
    losses.iter().any(|loss| {
        let leads_here = |from: BlockId| from == at.block || body.reaches(from, at.block, loss.tested, Edges::Normal);
        leads_here(loss.lost) && !leads_here(loss.kept)
    })
}

/// The method whose result an operand is.
fn asked<'p>(evaluator: &Evaluator<'p>, function: FunctionRef, said: &Operand) -> Option<&'p str> {
    let mut root = said.place().filter(|place| place.path.is_empty())?.root.clone();
    // `.await` gives the same.
    for _ in 0..3 {
        let Root::Temp(temp) = root else { return None };
        let [definition] = evaluator.program.index(function.file).of_temp(function.function, temp) else { return None };
        match &evaluator.program.op(function.definition(definition)).kind {
            OpKind::Call(call) => return call.method_name(),
            OpKind::Assign {
                value:
                    Rvalue::Use(Operand::Place(Place { root: of, path }))
                    | Rvalue::Await(Operand::Place(Place { root: of, path })),
                ..
            } if path.is_empty() => root = of.clone(),
            _ => return None,
        }
    }
    None
}
