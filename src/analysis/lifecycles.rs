//! Lifecycles: what ends a component's effects, and what was meant to but never does.
//!
//! An async effect returns its cleanup in a promise, and nobody calls that. A hook that registers a cleanup works while
//! its component is being set up, but not after an `await`.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::Evaluator;
use crate::analysis::frequency::Lifecycles;
use crate::analysis::registrations::conditions;
use crate::ir::{BlockId, Function, FunctionKind, Op, OpKind, Rvalue};
use crate::linking::{FunctionRef, OpRef};

/// Why a function that was meant to end something never runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostCleanup {
    /// The effect that returns it is async; it is registered here.
    OfPromise { effect: OpRef },
    /// The hook that was given it is called here, after an `await`.
    AfterAwait { hook: OpRef },
}

/// The functions that were meant to end something and never run.
#[must_use]
pub(super) fn lost_cleanups(evaluator: &Evaluator<'_>, lifecycles: &Lifecycles) -> FxHashMap<FunctionRef, LostCleanup> {
    let mut lost = FxHashMap::default();
    for (&function, &effect) in &lifecycles.effects {
        if evaluator.program.function(function).is_async {
            for cleanup in evaluator.functions_behind(evaluator.returns(function)) {
                if evaluator.is_within(cleanup, function) {
                    lost.insert(cleanup, LostCleanup::OfPromise { effect });
                }
            }
        }
    }
    for (&cleanup, &hook) in &lifecycles.endings {
        if evaluator.is_within(cleanup, hook.function) && is_after_await(evaluator, hook) {
            lost.insert(cleanup, LostCleanup::AfterAwait { hook });
        }
    }
    lost
}

/// Whether a hook is called only after an `await` of its function. A hook that is given its component
/// (`onUnmounted(stop, instance)`), or is called on a condition (`if (getCurrentScope())`), works.
fn is_after_await(evaluator: &Evaluator<'_>, at: OpRef) -> bool {
    let body = evaluator.program.function(at.function);
    // The script of a component keeps its instance across an `await`.
    let is_script = body.kind == FunctionKind::ModuleInitialiser || body.name_span.range().is_empty();
    let is_told = evaluator.program.op(at).call().is_some_and(|call| call.arguments.len() > 1);
    body.is_async && !is_script && !is_told && waits_before(body, at) && conditions(body, at.block).is_empty()
}

/// Whether every path to an operation passes an `await`.
fn waits_before(body: &Function, at: OpRef) -> bool {
    let waits = |block: BlockId, upto: usize| body.block(block).ops[..upto].iter().any(waits);
    let (mut seen, mut work) = (FxHashSet::default(), vec![BlockId::ENTRY]);
    while let Some(id) = work.pop() {
        let block = body.block(id);
        if id == at.block && !waits(id, at.index as usize) {
            return false;
        }
        if seen.insert(id) && !waits(id, block.ops.len()) {
            work.extend(block.terminator.successors());
            work.extend(block.unwind);
        }
    }
    true
}

fn waits(op: &Op) -> bool {
    match &op.kind {
        OpKind::Call(call) => call.awaited,
        OpKind::Assign { value: Rvalue::Await(_), .. } => true,
        _ => false,
    }
}
