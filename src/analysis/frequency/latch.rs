//! Latches: a flag that lets a call happen once, however often its function runs.
//!
//! `if (started) return; started = true; start();` and `if (!ready) { ready = open(); register(); }`. The result of the
//! call need not be kept: it is enough that the call is not repeated. A function that also resets its flag lets one
//! call happen at a time, which does not limit their number.

use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::ir::{BlockId, Comparison, Condition, Edges, Function, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::memo::{self, Memo};

/// The flags of a function: by the block that tests one, the flag and the arm on which it is not set.
#[derive(Debug, Default)]
pub(super) struct Latches {
    tests: SmallVec<[(BlockId, BlockId, BlockId, Place); 2]>,
}

impl Latches {
    pub(super) fn of(evaluator: &Evaluator<'_>, function: FunctionRef) -> Self {
        let body = evaluator.program.function(function);
        let mut latches = Self::default();
        for (block, content) in body.blocks() {
            let Terminator::Branch { condition, then, otherwise } = &content.terminator else { continue };
            let Some((place, is_set_arm)) = tested(condition) else { continue };
            let Some(flag) = flag(evaluator, function, place) else { continue };
            let (set, unset) = if is_set_arm { (*then, *otherwise) } else { (*otherwise, *then) };
            if is_latched(body, block, set, unset, &flag) {
                latches.tests.push((block, set, unset, flag));
            }
        }
        latches
    }

    /// The latch that a call is behind, as what it is kept by.
    pub(super) fn of_call(&self, evaluator: &Evaluator<'_>, at: OpRef) -> Option<Memo> {
        let body = evaluator.program.function(at.function);
        self.tests.iter().find_map(|(block, set, unset, flag)| {
            let is_behind =
                body.reaches(*unset, at.block, *block, Edges::All) && !body.reaches(*set, at.block, *block, Edges::All);
            is_behind.then(|| Memo {
                lifetime: memo::lifetime(evaluator, at.function, flag),
                slot: flag.clone(),
                keyed: false,
            })
        })
    }
}

/// The place that a condition tests as a whole, and whether the first arm is the one on which it is set.
fn tested(condition: &Condition) -> Option<(&Place, bool)> {
    match condition {
        Condition::Truthy(operand) => Some((operand.place()?, true)),
        Condition::Compare { comparison: Comparison::Equal, left, right } => match (left, right) {
            (Operand::Place(place), Operand::Nullish | Operand::Boolean(false))
            | (Operand::Nullish | Operand::Boolean(false), Operand::Place(place)) => Some((place, false)),
            (Operand::Place(place), Operand::Boolean(true)) | (Operand::Boolean(true), Operand::Place(place)) => {
                Some((place, true))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The flag behind a tested place: a variable or field that outlives the function and that no caller passes.
fn flag(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place) -> Option<Place> {
    match &place.root {
        Root::Temp(temp) if place.path.is_empty() => {
            let index = evaluator.program.index(function.file);
            let [definition] = index.of_temp(function.function, *temp) else { return None };
            let op = &evaluator.program.function(function).block(definition.block).ops[definition.index as usize];
            match &op.kind {
                OpKind::Assign { value: Rvalue::Use(Operand::Place(read)), .. } if read != place => {
                    flag(evaluator, function, read)
                }
                _ => None,
            }
        }
        Root::Variable(id) => {
            let variable = evaluator.program.variable(function.variable(*id));
            let is_passed = matches!(variable.binding, crate::ir::Binding::Parameter(_));
            (!is_passed && evaluator.outlives(function, place)).then(|| place.clone())
        }
        Root::This if !place.path.is_empty() => Some(place.clone()),
        _ => None,
    }
}

/// Whether the function sets the flag on the arm on which it was not set, and nowhere takes it back.
fn is_latched(body: &Function, block: BlockId, set: BlockId, unset: BlockId, flag: &Place) -> bool {
    let mut is_set = false;
    for (at, _, op) in body.ops() {
        match &op.kind {
            OpKind::Assign { target, value } if target == flag => {
                if is_empty(value) {
                    return false;
                }
                is_set |= body.reaches(unset, at, block, Edges::All) && !body.reaches(set, at, block, Edges::All);
            }
            OpKind::Delete { place } if place == flag => return false,
            _ => {}
        }
    }
    is_set
}

fn is_empty(value: &Rvalue) -> bool {
    match value {
        Rvalue::Use(Operand::Nullish | Operand::Boolean(false)) => true,
        Rvalue::Use(Operand::Number(number)) => *number == 0.0,
        // What is counted or computed is no flag.
        Rvalue::Compute(_) => true,
        _ => false,
    }
}
