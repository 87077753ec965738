//! Reach: which functions of the project a call may run, and what they call in turn.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::linking::{FunctionRef, OpRef};

impl Facts<'_> {
    /// The functions of the project that a call may call.
    #[must_use]
    pub fn called(&self, at: OpRef) -> Vec<FunctionRef> {
        let callee = self.evaluator.callee(at);
        callee
            .targets
            .iter()
            .filter_map(|target| match target {
                CallTarget::Function { function, .. } => Some(*function),
                _ => None,
            })
            .collect()
    }

    /// Whether `test` holds of a function, of one written within it, or of one that these call, `depth` calls deep.
    pub fn any_reached(&self, from: FunctionRef, depth: u32, test: &dyn Fn(FunctionRef) -> bool) -> bool {
        let mut seen = FxHashSet::default();
        let mut level = vec![from];
        for calls in 0..=depth {
            let mut next = Vec::new();
            for function in level.into_iter().flat_map(|function| self.program.with_nested(function)) {
                if !seen.insert(function) {
                    continue;
                }
                if test(function) {
                    return true;
                }
                if calls < depth {
                    let ops = self.program.function(function).ops().filter(|(_, _, op)| op.call().is_some());
                    next.extend(ops.flat_map(|(block, index, _)| self.called(function.op(block, index))));
                }
            }
            level = next;
        }
        false
    }
}
