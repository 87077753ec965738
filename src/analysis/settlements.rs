//! Settlements: where the promise of a function is settled, and what else happens on the way there.
//!
//! The executor of `new Promise((resolve, reject) => …)` is control flow of the function around it, and `resolve` and
//! `reject` are variables of that function, which callbacks call. What must happen whenever the promise is settled
//! (remove a listener, clear a timer) must happen on each path to a settlement.

use crate::analysis::facts::Facts;
use crate::analysis::value::Value;
use crate::ir::{Binding, BlockId, Edges, Field, Function, Place, Temp};
use crate::linking::{FunctionRef, OpRef};

/// The maximal depth of helpers (`const done = () => { cleanup(); resolve(); }`) that are searched for what happens on
/// a path.
const MAX_HELPERS: u32 = 3;

/// A promise that a function makes and settles itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promised {
    pub by: FunctionRef,
    promise: Temp,
}

impl Promised {
    /// The promise of `by` that a place of `function` settles.
    #[must_use]
    pub fn settled_by(facts: &Facts<'_>, by: FunctionRef, function: FunctionRef, place: &Place) -> Option<Self> {
        let variable = function.variable(place.as_variable()?);
        match facts.program.variable(variable).binding {
            Binding::Settle { promise, .. }
                if variable.file == by.file && facts.program.variable(variable).owner == by.function =>
            {
                Some(Self { by, promise })
            }
            _ => None,
        }
    }

    /// The promise that a callback of `by` settles.
    #[must_use]
    pub fn settled_in(facts: &Facts<'_>, by: FunctionRef, callback: FunctionRef) -> Option<Self> {
        if !facts.evaluator.is_within(callback, by) {
            return None;
        }
        let mut calls = facts.program.function(callback).ops().filter_map(|(_, _, op)| op.call()?.callee.place());
        calls.find_map(|place| Self::settled_by(facts, by, callback, place))
    }

    /// The calls that settle it.
    #[must_use]
    pub fn ways(self, facts: &Facts<'_>) -> Vec<OpRef> {
        let mut ways = Vec::new();
        for function in facts.program.with_nested(self.by) {
            ways.extend(facts.program.function(function).ops().filter_map(|(block, index, op)| {
                let settled = Self::settled_by(facts, self.by, function, op.call()?.callee.place()?);
                (settled == Some(self)).then(|| function.op(block, index))
            }));
        }
        ways
    }

    /// Whether one of some operations of the function and its callbacks is on the path to a call that settles the
    /// promise: before or after it, or in a function of theirs that is called there.
    #[must_use]
    pub fn passes(self, facts: &Facts<'_>, way: OpRef, by: &[OpRef]) -> bool {
        let holds = |function: FunctionRef| by.iter().any(|at| at.function == function);
        let mut helpers: Vec<FunctionRef> =
            facts.program.with_nested(self.by).into_iter().filter(|it| holds(*it)).collect();
        for _ in 0..MAX_HELPERS {
            let more: Vec<FunctionRef> = facts
                .program
                .with_nested(self.by)
                .into_iter()
                .filter(|function| !helpers.contains(function))
                .filter(|function| calls_any(facts, *function, &helpers).next().is_some())
                .collect();
            helpers.extend(more);
        }
        self.is_on_the_way(facts, way, by, &helpers, MAX_HELPERS)
    }

    fn is_on_the_way(self, facts: &Facts<'_>, way: OpRef, by: &[OpRef], helpers: &[FunctionRef], depth: u32) -> bool {
        let body = facts.program.function(way.function);
        let here = by.iter().copied().filter(|at| at.function == way.function);
        let through: Vec<OpRef> = calls_any(facts, way.function, helpers).collect();
        if here.chain(through).any(|at| are_connected(body, at.block, way.block)) {
            return true;
        }
        // A nested callback runs after the callback around it.
        let parent = facts.program.function(way.function).parent.map(|parent| way.function.sibling(parent));
        if let Some(parent) = parent.filter(|parent| way.function != self.by && *parent != self.by)
            && (by.iter().any(|at| at.function == parent) || calls_any(facts, parent, helpers).next().is_some())
        {
            return true;
        }
        // A function that is only called by others is on their paths.
        let callers: Vec<OpRef> = facts
            .program
            .with_nested(self.by)
            .into_iter()
            .filter(|caller| *caller != way.function)
            .flat_map(|caller| calls_any(facts, caller, &[way.function]).collect::<Vec<_>>())
            .collect();
        way.function != self.by
            && depth > 0
            && !callers.is_empty()
            && callers.into_iter().all(|caller| self.is_on_the_way(facts, caller, by, helpers, depth - 1))
    }
}

/// Whether one of two blocks can be reached from the other.
fn are_connected(body: &Function, one: BlockId, other: BlockId) -> bool {
    one == other
        || body.reaches(one, other, BlockId::NOWHERE, Edges::All)
        || body.reaches(other, one, BlockId::NOWHERE, Edges::All)
}

/// The calls of a function that may be of one of some others.
fn calls_any<'f>(
    facts: &'f Facts<'_>,
    function: FunctionRef,
    of: &'f [FunctionRef],
) -> impl Iterator<Item = OpRef> + 'f {
    let ops = facts.program.function(function).ops();
    ops.filter(move |_| !of.is_empty()).filter_map(move |(block, index, op)| {
        let at = function.op(block, index);
        let call = op.call()?;
        // `done.call(this)` runs it as well.
        let (receiver, method) = call.receiver().unzip();
        let is_indirect = method.and_then(Field::name).is_some_and(|name| matches!(name, "call" | "apply"));
        let run = receiver.filter(|_| is_indirect).map(|receiver| facts.evaluator.place(function, &receiver));
        let is_run = |value: &Value| matches!(value, Value::Function { function, .. } if of.contains(function));
        let is_of =
            facts.called(at).iter().any(|called| of.contains(called)) || run.is_some_and(|run| run.iter().any(is_run));
        is_of.then_some(at)
    })
}
