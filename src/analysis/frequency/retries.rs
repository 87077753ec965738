//! Retries: calls in a loop that repeats only as long as they fail.
//!
//! `loop { match connect().await { Ok(it) => break it, Err(_) => sleep(pause).await } }` yields one connection, however
//! many attempts it took.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::Evaluator;
use crate::ir::{Comparison, Condition, Edges, Function, OpKind, Operand, Root, Rvalue, Terminator};
use crate::linking::OpRef;

/// Methods that say of what was tried whether it is there.
const SAYS_YES: &[&str] = &["is_ok", "is_some"];
const SAYS_NO: &[&str] = &["is_err", "is_none"];

/// Whether the call at `at` is repeated for its failures alone.
pub(super) fn is_retried(evaluator: &Evaluator<'_>, at: OpRef) -> bool {
    let body = evaluator.program.function(at.function);
    if body.block(at.block).loop_depth != 1 || !evaluator.drops_implicitly(at.function) {
        return false;
    }
    let Some(call) = body.block(at.block).ops.get(at.index as usize).and_then(|op| op.call()) else { return false };
    let outcomes = Outcomes::of(body, Root::Temp(call.result));
    body.blocks().any(|(_, block)| {
        let Terminator::Branch { condition, then, otherwise } = &block.terminator else { return false };
        let Some(succeeds) = outcomes.tested(condition) else { return false };
        let (success, failure) = if succeeds { (*then, *otherwise) } else { (*otherwise, *then) };
        let leads_back = |arm| arm == at.block || body.reaches(arm, at.block, crate::ir::BlockId::ENTRY, Edges::Normal);
        leads_back(failure) && !leads_back(success)
    })
}

/// What a function has of a call's result: the result itself, whether it is there, and whether it is not.
struct Outcomes {
    itself: FxHashSet<Root>,
    yes: FxHashSet<Root>,
    no: FxHashSet<Root>,
}

impl Outcomes {
    fn of(body: &Function, result: Root) -> Self {
        let mut outcomes =
            Self { itself: FxHashSet::from_iter([result]), yes: FxHashSet::default(), no: FxHashSet::default() };
        loop {
            let before = outcomes.itself.len() + outcomes.yes.len() + outcomes.no.len();
            for (_, _, op) in body.ops() {
                match &op.kind {
                    OpKind::Assign {
                        target,
                        value: Rvalue::Use(Operand::Place(from)) | Rvalue::Await(Operand::Place(from)),
                    } if target.path.is_empty() && from.path.is_empty() => {
                        for known in [&mut outcomes.itself, &mut outcomes.yes, &mut outcomes.no] {
                            if known.contains(&from.root) {
                                known.insert(target.root.clone());
                            }
                        }
                    }
                    OpKind::Call(call) => {
                        let receiver = call.receiver().filter(|(receiver, _)| receiver.path.is_empty());
                        let Some((receiver, name)) = receiver.zip(call.method_name()) else { continue };
                        if !outcomes.itself.contains(&receiver.0.root) {
                            continue;
                        }
                        let known = if SAYS_YES.contains(&name) {
                            &mut outcomes.yes
                        } else if SAYS_NO.contains(&name) {
                            &mut outcomes.no
                        } else if call.arguments.iter().all(|it| matches!(it.value, Operand::Function(_))) {
                            // `result.inspect_err(|error| …)`, `future.await`.
                            &mut outcomes.itself
                        } else {
                            continue;
                        };
                        known.insert(Root::Temp(call.result));
                    }
                    _ => {}
                }
            }
            if outcomes.itself.len() + outcomes.yes.len() + outcomes.no.len() == before {
                return outcomes;
            }
        }
    }

    /// Whether a condition holds when the call succeeded; `None` where it says nothing of that.
    fn tested(&self, condition: &Condition) -> Option<bool> {
        let has = |known: &FxHashSet<Root>, operand: &Operand| {
            operand.place().is_some_and(|place| place.path.is_empty() && known.contains(&place.root))
        };
        match condition {
            Condition::Truthy(operand) if has(&self.itself, operand) || has(&self.yes, operand) => Some(true),
            Condition::Truthy(operand) if has(&self.no, operand) => Some(false),
            Condition::Compare { comparison: Comparison::Equal, left, right: Operand::Nullish }
                if has(&self.itself, left) =>
            {
                Some(false)
            }
            _ => None,
        }
    }
}
