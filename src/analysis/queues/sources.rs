//! Sources: whether what an operation brings comes from outside the program.
//!
//! A program that tells itself what to do, by a channel of commands or a stream of its own, sets its own pace. A socket, a
//! subscription, or a queue that is fed by one, has the pace of others.

use crate::analysis::facts::Facts;
use crate::analysis::value::{AcquiredKind, Value};
use crate::catalogue::schema::{QueueEnd, Waiting};
use crate::ir::{Name, OpKind, Operand, Place, Root, Rvalue, TypeRef, TypeRoot};
use crate::linking::{FunctionRef, OpRef, VariableRef};
use crate::source::FileId;

use super::feeds::feeds_through;

/// How the receiving ends of channels are called, whoever makes them: `broadcast::Receiver`, `ReceiverStream`.
const CHANNEL: &str = "Receiver";

/// How many variables and calls an end is followed through to where its type is written.
const MAX_STEPS: u32 = 4;

/// Whether what the operation at `at` brings comes from outside.
pub(super) fn is_outside(facts: &Facts<'_>, at: OpRef, queues: u32) -> bool {
    // What comes out of a queue comes from where that is filled.
    let mut through = facts.queues_taken_from(at).peekable();
    if through.peek().is_some() {
        return queues > 0 && through.any(|queue| !feeds_through(facts, queue, queues - 1).is_empty());
    }
    let Some((receiver, _)) = facts.program.op(at).call().and_then(|call| call.receiver()) else { return true };
    let is_end = facts.evaluator.function_fact(at).is_some_and(|fact| fact.end == Some(QueueEnd::Receiver));
    let values = facts.evaluator.place(at.function, &receiver);
    let is_inside = values.iter().any(|value| match value {
        // The catalogue says of what makes it that people do it, or that it is a list of the program's own.
        Value::Product { of, .. } => {
            let waiting = facts.evaluator.facts(*of).function.and_then(|fact| fact.waiting);
            matches!(waiting, Some(Waiting::People | Waiting::Turn)) || facts.evaluator.is_end(*of)
        }
        Value::This { .. } => is_end,
        Value::Resource(id) => is_end && matches!(facts.evaluator.acquisition(*id).kind, AcquiredKind::Instance(_)),
        _ => false,
    });
    !(is_inside || is_end && is_typed_as_channel(facts, at.function, &receiver, MAX_STEPS))
}

/// Whether the written type of a variable or field, or of the collection it was taken out of, is that of a channel's end.
fn is_typed_as_channel(facts: &Facts<'_>, function: FunctionRef, place: &Place, steps: u32) -> bool {
    let of_type = |file: FileId, written: &TypeRef| names_channel(facts, file, written);
    let is_written = match (place.split_last(), &place.root) {
        (None, Root::Variable(id)) => {
            let variable = facts.program.variable(function.variable(*id));
            variable.annotation.as_ref().is_some_and(|written| of_type(function.file, written))
        }
        (Some((base, field)), _) => facts.evaluator.place(function, &base).iter().any(|value| {
            let class = match value {
                Value::This { class, path } if path.is_empty() => *class,
                Value::Resource(id) => match facts.evaluator.acquisition(*id).kind {
                    AcquiredKind::Instance(class) => class,
                    AcquiredKind::Catalogued(_) => return false,
                },
                _ => return false,
            };
            let mut types = facts.program.class(class).field_types.iter();
            types.any(|(name, written)| field.name() == Some(name) && of_type(class.file, written))
        }),
        _ => false,
    };
    let Some(steps) = steps.checked_sub(1).filter(|_| !is_written && place.path.is_empty()) else { return is_written };
    let index = facts.program.index(function.file);
    let definitions = match place.root {
        Root::Variable(id) => index.of_variable(id),
        Root::Temp(temp) => index.of_temp(function.function, temp),
        Root::This | Root::Global(_) => return false,
    };
    definitions.iter().any(|definition| {
        let function = function.sibling(definition.function);
        let from = match &facts.program.op(function.op(definition.block, definition.index as usize)).kind {
            OpKind::Assign { value: Rvalue::Use(Operand::Place(from)), .. } => Some(from.clone()),
            OpKind::Call(call) => call.receiver().map(|(receiver, _)| receiver),
            _ => None,
        };
        from.is_some_and(|from| is_typed_as_channel(facts, function, &from, steps))
    })
}

fn names_channel(facts: &Facts<'_>, file: FileId, written: &TypeRef) -> bool {
    let TypeRef::Named { root, path, arguments } = written else { return false };
    let is_it = |name: &Name| name.contains(CHANNEL);
    let name = match (path.last(), root) {
        (Some(last), _) => is_it(last),
        (None, TypeRoot::Global(name)) => is_it(name),
        (None, TypeRoot::Variable(id)) => is_it(&facts.program.variable(VariableRef { file, variable: *id }).name),
        (None, TypeRoot::Module(_)) => false,
    };
    name || arguments.iter().any(|argument| names_channel(facts, file, argument))
}
