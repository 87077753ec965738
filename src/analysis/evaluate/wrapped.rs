//! Wrapped functions: what a closure calls that was passed to the function that made the closure.
//!
//! `app.get("/", catching(async (request, response) => …))` registers a closure of `catching`, and with it the function
//! that `catching` was given: calling the closure calls that function. The closure's context says which call made it.
//! Likewise, calling `|| async { … }` runs the block.

use rustc_hash::FxHashSet;

use crate::analysis::value::{ContextId, Value, Values};
use crate::ir::{Operand, Terminator};
use crate::linking::FunctionRef;

use super::Evaluator;

/// A wrapper of a wrapper of a wrapper is as deep as real code goes.
const MAX_LAYERS: u32 = 3;

impl Evaluator<'_> {
    /// The functions among (or in) some values, each followed by those that it wraps.
    #[must_use]
    pub fn functions_behind(&self, values: &Values) -> Vec<FunctionRef> {
        let mut found = Vec::new();
        self.collect_behind(values, MAX_LAYERS, &mut found);
        found
    }

    fn collect_behind(&self, values: &Values, layers: u32, found: &mut Vec<FunctionRef>) {
        for (function, context) in self.functions_in(values) {
            for function in [Some(function), self.block_given(function)].into_iter().flatten() {
                if !found.contains(&function) {
                    found.push(function);
                }
            }
            if layers == 0 || context == ContextId::default() {
                continue;
            }
            let mut called = Values::default();
            self.called_parameters(function, function, &mut called);
            if !called.is_empty() {
                self.collect_behind(&self.through(called, context), layers - 1, found);
            }
        }
    }

    /// The async block that is all a closure gives, `|| async { … }`: whoever calls the closure waits for it.
    #[must_use]
    pub fn block_given(&self, closure: FunctionRef) -> Option<FunctionRef> {
        let [block] = self.program.function(closure).blocks.as_slice() else { return None };
        let Terminator::Return(Some(Operand::Function(given))) = &block.terminator else { return None };
        let given = closure.sibling(*given);
        (self.drops_implicitly(closure) && self.is_block_of(given, closure)).then_some(given)
    }

    /// The parameters of the functions around `closure` that it calls, or a function within it.
    fn called_parameters(&self, function: FunctionRef, closure: FunctionRef, called: &mut Values) {
        let mut seen = FxHashSet::default();
        for (_, _, op) in self.program.function(function).ops() {
            let Some(place) = op.call().and_then(|call| call.callee.place()) else { continue };
            let Some(variable) = place.root_variable() else { continue };
            let owner = FunctionRef::new(function.file, self.program.variable(function.variable(variable)).owner);
            if self.is_within(owner, closure) || !seen.insert(place) {
                continue;
            }
            for value in &self.place(function, place) {
                if matches!(value, Value::Parameter { function: of, .. } if !self.is_within(*of, closure)) {
                    called.add(value.clone());
                }
            }
        }
        for child in self.program.children(function) {
            self.called_parameters(child, closure, called);
        }
    }
}
