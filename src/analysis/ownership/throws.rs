//! Whether a function may throw at its caller.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::analysis::call_graph::run_by;
use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::catalogue::schema::FunctionFact;
use crate::ir::{BlockId, Call, OpKind, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// Answers, remembered.
#[derive(Debug, Default, Clone)]
pub(super) struct Throws {
    /// `None` while the question is open: a cycle throws only if something else in it does.
    known: RefCell<FxHashMap<FunctionRef, Option<bool>>>,
}

impl Throws {
    /// Whether an exception may leave the function: one it throws, a rejection it awaits, or one of what it calls.
    #[must_use]
    pub(super) fn of(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> bool {
        if let Some(known) = self.known.borrow().get(&function) {
            return known.unwrap_or(false);
        }
        self.known.borrow_mut().insert(function, None);
        let throws = self.escapes(evaluator, function);
        self.known.borrow_mut().insert(function, Some(throws));
        throws
    }

    /// Whether a call of a function of the project throws at the call itself. An async function never throws at its
    /// caller, only where its result is awaited.
    #[must_use]
    pub(super) fn at_call(&self, evaluator: &Evaluator<'_>, call: &Call, function: FunctionRef) -> bool {
        call.awaited || (!evaluator.program.function(function).is_async && self.of(evaluator, function))
    }

    fn escapes(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> bool {
        let body = evaluator.program.function(function);
        let mut seen = vec![false; body.blocks.len()];
        let mut work = vec![BlockId::ENTRY];
        while let Some(id) = work.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            let block = body.block(id);
            let mut raises = matches!(block.terminator, Terminator::Throw(_) | Terminator::Resume);
            let mut ends = false;
            for (index, op) in block.ops.iter().enumerate() {
                let at = function.op(id, index);
                match &op.kind {
                    OpKind::Dispose { .. } if evaluator.drops_implicitly(function) => {}
                    OpKind::Assign { value: Rvalue::Await(_), .. } | OpKind::Dispose { .. } => raises = true,
                    OpKind::Call(call) => {
                        raises = raises || self.call(evaluator, at, call);
                        ends = exits(evaluator, at);
                    }
                    _ => {}
                }
                if ends {
                    break;
                }
            }
            if raises {
                match block.unwind {
                    Some(handler) => work.push(handler),
                    None => return true,
                }
            }
            if !ends {
                work.extend(block.terminator.successors());
            }
        }
        false
    }

    fn call(&self, evaluator: &Evaluator<'_>, at: OpRef, call: &Call) -> bool {
        if call.awaited {
            return true;
        }
        let callee = evaluator.callee(at);
        callee.targets.iter().any(|target| {
            fact(evaluator, target).is_some_and(|fact| fact.fails)
                || run_by(evaluator.program, target).into_iter().any(|function| self.at_call(evaluator, call, function))
        })
    }
}

/// Whether a call ends the process.
fn exits(evaluator: &Evaluator<'_>, at: OpRef) -> bool {
    evaluator.callee(at).targets.iter().any(|target| fact(evaluator, target).is_some_and(|fact| fact.exits))
}

fn fact<'e>(evaluator: &'e Evaluator<'_>, target: &CallTarget) -> Option<&'e FunctionFact> {
    match target {
        CallTarget::External(id) => evaluator.facts(*id).function,
        _ => None,
    }
}
