//! The call graph: which functions of the program each call may run, and the calls each function is run by.
//!
//! Takes the evaluator's callees; gives edges in program order. A call of a class runs its constructor and its field
//! initialisers. Calls of unknown code and of callbacks have no edge. Calls of what libraries export are kept by what they
//! call, so that nobody has to look at all calls for a few.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::value::ExternalId;
use crate::ir::OpKind;
use crate::linking::{FunctionRef, OpRef, Program};

/// The calls between the functions of a program.
#[derive(Debug)]
pub struct CallGraph {
    /// By the called function's number.
    callers: Vec<Vec<OpRef>>,
    /// By what a library exports: the calls of it.
    of_externals: IndexMap<ExternalId, Vec<OpRef>, FxBuildHasher>,
}

impl CallGraph {
    /// Resolves every call of the program.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>) -> Self {
        let program = evaluator.program;
        let mut callers = vec![Vec::new(); program.numbers().functions()];
        let mut of_externals: IndexMap<ExternalId, Vec<OpRef>, FxBuildHasher> = IndexMap::default();
        for function in program.relevant_functions() {
            for (block, index, op) in program.function(function).ops() {
                if !matches!(op.kind, OpKind::Call(_)) {
                    continue;
                }
                let at = function.op(block, index);
                for target in &evaluator.callee(at).targets {
                    if let CallTarget::External(id) = target {
                        of_externals.entry(*id).or_default().push(at);
                    }
                    for called in run_by(program, target) {
                        callers[program.numbers().function(called)].push(at);
                    }
                }
            }
        }
        Self { callers, of_externals }
    }

    /// The calls that may run a function, in program order.
    #[must_use]
    pub fn callers(&self, program: &Program, function: FunctionRef) -> &[OpRef] {
        &self.callers[program.numbers().function(function)]
    }

    /// The calls that may be of one of the exports of libraries for which `is` holds, in program order.
    #[must_use]
    pub fn of_externals(&self, is: impl Fn(ExternalId) -> bool) -> Vec<OpRef> {
        let of = self.of_externals.iter().filter(|(id, _)| is(**id));
        let mut calls: Vec<OpRef> = of.flat_map(|(_, calls)| calls).copied().collect();
        calls.sort_unstable();
        calls.dedup();
        calls
    }
}

/// The functions of the program that a call of `target` runs.
#[must_use]
pub fn run_by(program: &Program, target: &CallTarget) -> SmallVec<[FunctionRef; 2]> {
    match target {
        CallTarget::Function { function, .. } => smallvec::smallvec![*function],
        CallTarget::Construct(class) => {
            let body = program.class(*class);
            let parts = [body.instance_initialiser, body.constructor];
            parts.into_iter().flatten().map(|function| FunctionRef::new(class.file, function)).collect()
        }
        _ => SmallVec::new(),
    }
}
