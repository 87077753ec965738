//! Closures as carriers: which resources a function value mentions, and what it would do to them.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::value::{Value, Values};
use crate::ir::{Operand, Place, Root};
use crate::linking::FunctionRef;

use super::effects::{Identity, identities};
use super::summary::{ExitFates, Interest, Summaries};

/// Reads what function values capture.
pub(super) struct Captures<'e, 'p> {
    evaluator: &'e Evaluator<'p>,
}

impl<'e, 'p> Captures<'e, 'p> {
    pub(super) fn new(evaluator: &'e Evaluator<'p>) -> Self {
        Self { evaluator }
    }

    /// The effects of calling the functions among (or in) some values.
    pub(super) fn effects_of(
        &self,
        summaries: &Summaries,
        interest: Interest,
        values: &Values,
    ) -> Vec<(Identity, ExitFates)> {
        let mut found = Vec::new();
        for (function, context) in self.evaluator.functions_in(values) {
            for (identity, fates) in &summaries.get(self.evaluator, function, interest).summary.effects {
                let value = match identity {
                    Identity::Acquired(id) => Value::Resource(*id),
                    Identity::Parameter { function, index, path } => {
                        Value::Parameter { function: *function, index: *index, path: path.clone() }
                    }
                };
                let seen = self.evaluator.through(Values::one(value), context);
                found.extend(identities(&seen).map(|identity| (identity, *fates)));
            }
        }
        found
    }

    /// The resources that the functions among (or in) some values mention and may keep alive.
    pub(super) fn mentions_of(&self, values: &Values) -> SmallVec<[Identity; 2]> {
        let mut found: SmallVec<[Identity; 2]> = SmallVec::new();
        for (function, context) in self.evaluator.functions_in(values) {
            let mentioned = self.evaluator.mentions(function, || {
                let mut mentioned = Values::default();
                self.mentioned(function, function, 0, &mut mentioned);
                mentioned
            });
            if mentioned.is_empty() {
                continue;
            }
            let seen = self.evaluator.through(Values::clone(mentioned), context);
            for identity in identities(&seen) {
                if !found.contains(&identity) {
                    found.push(identity);
                }
            }
        }
        found
    }

    /// The resources in the variables that `outer` captures; looks into nested functions.
    fn mentioned(&self, function: FunctionRef, outer: FunctionRef, depth: u32, found: &mut Values) {
        let program = self.evaluator.program;
        let owned = &program.function(outer).owned_captures;
        let mut seen = FxHashSet::default();
        for place in program.function(function).mentioned_places() {
            let Root::Variable(id) = place.root else { continue };
            let variable = function.variable(id);
            let owner = FunctionRef::new(function.file, program.variable(variable).owner);
            let is_captured = match owned {
                Some(owned) => owned.contains(&id),
                None => !self.evaluator.is_within(owner, outer),
            };
            if is_captured && owner.function != crate::ir::FunctionId::INITIALISER && seen.insert(id) {
                for value in self.evaluator.variable(variable) {
                    if value.acquisition().is_some() || matches!(value, Value::Parameter { .. }) {
                        found.add(value.clone());
                    }
                }
            }
        }
        if depth < 4 {
            for child in program.children(function) {
                self.mentioned(child, outer, depth + 1, found);
            }
        }
    }
}

impl crate::ir::Function {
    /// Every place its operations and terminators mention.
    pub(crate) fn mentioned_places(&self) -> impl Iterator<Item = &Place> {
        self.blocks.iter().flat_map(|block| {
            let ops = block.ops.iter().flat_map(|op| op.places());
            ops.chain(block.terminator.operands().into_iter().filter_map(Operand::place))
        })
    }
}
