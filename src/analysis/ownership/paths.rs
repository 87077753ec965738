//! The path that leaks: from the acquisition to an exit, through points where nobody else has the resource.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::analysis::evaluate::Evaluator;
use crate::ir::BlockId;
use crate::linking::FunctionRef;

use super::effects::{Effects, Identity};
use super::flow::{Exit, Fate, Leave, Transfer};
use super::summary::Summaries;

/// One path on which a resource is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakPath {
    /// In order, without the acquisition.
    pub steps: Vec<PathStep>,
    pub end: PathEnd,
}

/// A point where the path branches off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathStep {
    /// This operation throws, and the path goes to a handler.
    Throws { block: BlockId, index: u32 },
}

/// How the path leaves the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathEnd {
    /// By the `return` that ends this block.
    Returns { block: BlockId },
    /// By an exception of this operation.
    Throws { block: BlockId, index: u32 },
    /// By the `throw` (or the rest of an interrupted exception) that ends this block.
    Raises { block: BlockId },
}

/// The kind of exit that a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Normal,
    Exceptional,
    /// A `throw` of the function itself, an exception that it catches and rethrows, or a call that it believes to
    /// throw.
    Raised,
}

impl Wanted {
    fn is(self, exit: Exit, effects: &Effects, block: BlockId, thrown_by: Option<u32>) -> bool {
        let is_believed = |index| effects.ops.get(&(block, index)).is_some_and(|op| op.is_believed);
        match self {
            Self::Normal => exit == Exit::Normal,
            Self::Exceptional => exit == Exit::Exceptional,
            Self::Raised => exit == Exit::Exceptional && thrown_by.is_none_or(is_believed),
        }
    }
}

/// The shortest path on which `identity` is held from its acquisition to an exit of the wanted kind.
#[must_use]
pub fn leak_path(
    evaluator: &Evaluator<'_>,
    summaries: &Summaries,
    function: FunctionRef,
    effects: &Effects,
    identity: &Identity,
    wanted: Wanted,
) -> Option<LeakPath> {
    let transfer = Transfer::new(evaluator, summaries, function, effects);
    let subject = effects.identities.get_index_of(identity)?;
    let mut came_from: FxHashMap<(BlockId, bool), ((BlockId, bool), Option<u32>)> = FxHashMap::default();
    let mut work = VecDeque::from([(BlockId::ENTRY, transfer.foreign[subject])]);
    let mut found = None;
    while let Some((block, held)) = work.pop_front() {
        let mut fates = transfer.start();
        fates[subject] = if held { Fate::HELD } else { Fate::ABSENT };
        transfer.run(block, fates, &mut |leave, thrown_by, fates| {
            if found.is_some() {
                return;
            }
            let is_held = fates[subject].contains(Fate::HELD);
            match leave {
                Leave::To(next) => {
                    let is_settled = fates[subject].intersects(Fate::RELEASED | Fate::ESCAPED) && !is_held;
                    if !is_settled && (next, is_held) != (BlockId::ENTRY, false) {
                        came_from.entry((next, is_held)).or_insert_with(|| {
                            work.push_back((next, is_held));
                            ((block, held), thrown_by)
                        });
                    }
                }
                Leave::Out(exit) if wanted.is(exit, effects, block, thrown_by) && is_held => {
                    let end = match (exit, thrown_by) {
                        (Exit::Normal, _) => PathEnd::Returns { block },
                        (Exit::Exceptional, Some(index)) => PathEnd::Throws { block, index },
                        (Exit::Exceptional, None) => PathEnd::Raises { block },
                    };
                    found = Some(((block, held), end));
                }
                Leave::Out(_) => {}
            }
        });
        if found.is_some() {
            break;
        }
    }
    let (mut at, end) = found?;
    let mut steps = Vec::new();
    while let Some((from, thrown_by)) = came_from.get(&at) {
        // Only steps while it is held are part of the argument.
        if at.1
            && let Some(index) = thrown_by
        {
            steps.push(PathStep::Throws { block: from.0, index: *index });
        }
        if *from == at || steps.len() > 16 {
            break;
        }
        at = *from;
    }
    steps.reverse();
    Some(LeakPath { steps, end })
}
