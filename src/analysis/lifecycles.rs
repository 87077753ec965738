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

/// Why a function that was meant to end something is never run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostCleanup {
    /// The effect that returns it, registered here, is async.
    OfPromise { effect: OpRef },
    /// The hook that was given it was called here, after something was waited for.
    AfterAwait { hook: OpRef },
}

/// The functions that were meant to end something and are never run.
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

/// Whether a hook is called when its function has waited for something on all ways to it. One that is told whose it is
/// (`onUnmounted(stop, instance)`), or is called on a condition (`if (getCurrentScope())`), is heard.
fn is_after_await(evaluator: &Evaluator<'_>, at: OpRef) -> bool {
    let body = evaluator.program.function(at.function);
    // The script of a component keeps its instance while it waits.
    let is_script = body.kind == FunctionKind::ModuleInitialiser || body.name_span.range().is_empty();
    let is_told = evaluator.program.op(at).call().is_some_and(|call| call.arguments.len() > 1);
    body.is_async && !is_script && !is_told && waits_before(body, at) && conditions(body, at.block).is_empty()
}

/// Whether every way to an operation waits for something.
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
