//! Guards: conditions that let an addition happen once, however often the function runs.

use crate::analysis::evaluate::Evaluator;
use crate::ir::{BlockId, Call, Condition, Edges, Function, OpKind, Operand, Place, Root, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// What a guard limits an operation to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    Process,
    Instance,
}

/// Methods that ask what was added already.
const COUNTS: &[&str] = &["listenerCount", "listeners", "rawListeners", "eventNames", "hasListeners", "hasListener"];

/// The guard of an operation: a flag that its function sets, a set its function adds to, a count of listeners.
#[must_use]
pub fn guard(evaluator: &Evaluator<'_>, at: OpRef) -> Option<Guard> {
    let body = evaluator.program.function(at.function);
    conditions(body, at.block)
        .into_iter()
        .flat_map(|condition| condition.places().cloned().collect::<Vec<_>>())
        .find_map(|place| of_place(evaluator, at.function, &place, 3))
}

/// The conditions that decide whether a block is reached.
#[must_use]
pub fn conditions(body: &Function, to: BlockId) -> Vec<&Condition> {
    body.blocks()
        .filter_map(|(block, content)| match &content.terminator {
            Terminator::Branch { condition, then, otherwise } if block != to => {
                (body.reaches(*then, to, block, Edges::Normal) != body.reaches(*otherwise, to, block, Edges::Normal))
                    .then_some(condition)
            }
            _ => None,
        })
        .collect()
}

fn of_place(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, depth: u32) -> Option<Guard> {
    if is_set(evaluator, function, place) {
        let is_field = place.root == Root::This && !evaluator.is_static(function);
        return Some(if is_field { Guard::Instance } else { Guard::Process });
    }
    if depth == 0 {
        return None;
    }
    // A temporary stands for what it was computed from.
    let index = evaluator.program.index(function.file);
    let definitions = match &place.root {
        Root::Temp(temp) => index.of_temp(function.function, *temp),
        Root::Variable(id) if evaluator.program.variable(function.variable(*id)).owner == function.function => {
            index.of_variable(*id)
        }
        _ => return None,
    };
    definitions.iter().filter(|definition| definition.function == function.function).find_map(|definition| {
        let op = &evaluator.program.function(function).block(definition.block).ops[definition.index as usize];
        match &op.kind {
            OpKind::Assign { value, .. } => value
                .operands()
                .into_iter()
                .filter_map(Operand::place)
                .find_map(|place| of_place(evaluator, function, place, depth - 1)),
            OpKind::Call(call) => of_call(evaluator, function, call, depth),
            _ => None,
        }
    })
}

fn of_call(evaluator: &Evaluator<'_>, function: FunctionRef, call: &Call, depth: u32) -> Option<Guard> {
    let (receiver, field) = call.receiver()?;
    if field.name().is_some_and(|name| COUNTS.contains(&name)) {
        return Some(Guard::Process);
    }
    let is_filled = evaluator.holder_outlives(function, &receiver)
        && evaluator.program.function(function).ops().any(|(_, _, op)| {
            op.call().is_some_and(|other| {
                evaluator.is_storing(other) && other.receiver().is_some_and(|(holder, _)| holder == receiver)
            })
        });
    if is_filled {
        return Some(Guard::Process);
    }
    of_place(evaluator, function, &receiver, depth - 1)
}

/// Whether the function itself assigns a place that outlives it.
fn is_set(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place) -> bool {
    if matches!(place.root, Root::Temp(_)) {
        return false;
    }
    evaluator.program.function(function).ops().any(|(_, _, op)| match &op.kind {
        OpKind::Assign { target, .. } | OpKind::Delete { place: target } => {
            target == place && (evaluator.outlives(function, target) || !target.path.is_empty())
        }
        _ => false,
    })
}
