//! Slots: where a function keeps what its calls give, beyond its own run.
//!
//! Worked out backwards, once for all calls of a function: from the places that outlive it, through local names, object
//! literals and calls that take a value as an argument (wrappers), to the results of calls.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::ir::{Field, Op, OpKind, Operand, Place, Root, Rvalue, Temp};
use crate::linking::FunctionRef;

use super::memo::{Memo, lifetime};

/// The slots of a function, by the variable or temporary that reaches them.
#[derive(Debug, Default)]
pub(super) struct Slots {
    by_root: FxHashMap<Root, SmallVec<[Memo; 1]>>,
}

/// Definitions precede uses in all but loops; a second round follows what a loop brings round.
const ROUNDS: usize = 2;

impl Slots {
    pub(super) fn of(evaluator: &Evaluator<'_>, function: FunctionRef) -> Self {
        let body = evaluator.program.function(function);
        let mut slots = Self::default();
        for _ in 0..ROUNDS {
            for (_, block) in body.blocks().collect::<Vec<_>>().into_iter().rev() {
                for op in block.ops.iter().rev() {
                    slots.op(evaluator, function, op);
                }
            }
            if slots.by_root.is_empty() {
                break;
            }
        }
        slots
    }

    /// Where a temporary is kept.
    pub(super) fn of_temp(&self, temp: Temp) -> &[Memo] {
        self.by_root.get(&Root::Temp(temp)).map_or(&[], SmallVec::as_slice)
    }

    fn op(&mut self, evaluator: &Evaluator<'_>, function: FunctionRef, op: &Op) {
        match &op.kind {
            OpKind::Assign { target, value } => {
                if matches!(value, Rvalue::Compute(_) | Rvalue::Caught) {
                    return;
                }
                let mut kept = self.behind(target);
                if evaluator.outlives(function, target) {
                    let keyed = target.path.contains(&Field::Computed);
                    kept.insert(0, slot(evaluator, function, target, keyed));
                }
                self.add(value.operands(), &kept);
            }
            OpKind::Call(call) => {
                let stores = evaluator.is_storing(call).then(|| call.receiver()).flatten();
                let kept: SmallVec<[Memo; 1]> = match stores {
                    Some((holder, _)) if evaluator.holder_outlives(function, &holder) => {
                        smallvec::smallvec![slot(evaluator, function, &holder, true)]
                    }
                    _ => self.of_temp(call.result).iter().cloned().collect(),
                };
                self.add(call.arguments.iter().map(|argument| &argument.value), &kept);
            }
            _ => {}
        }
    }

    /// The slots that a local name leads to.
    fn behind(&self, target: &Place) -> SmallVec<[Memo; 1]> {
        let is_name = matches!(target.root, Root::Variable(_) | Root::Temp(_)) && target.path.is_empty();
        let known = is_name.then(|| self.by_root.get(&target.root)).flatten();
        known.cloned().unwrap_or_default()
    }

    fn add<'o>(&mut self, operands: impl IntoIterator<Item = &'o Operand>, kept: &[Memo]) {
        if kept.is_empty() {
            return;
        }
        for place in operands.into_iter().filter_map(Operand::place) {
            if matches!(place.root, Root::This | Root::Global(_)) {
                continue;
            }
            let known = self.by_root.entry(place.root.clone()).or_default();
            for memo in kept {
                if !known.contains(memo) {
                    known.push(memo.clone());
                }
            }
        }
    }
}

fn slot(evaluator: &Evaluator<'_>, function: FunctionRef, target: &Place, keyed: bool) -> Memo {
    let slot = Place {
        root: target.root.clone(),
        path: target.path.iter().take_while(|field| **field != Field::Computed).cloned().collect(),
    };
    Memo { lifetime: lifetime(evaluator, function, target), slot, keyed }
}
