//! Sources: whether what an operation receives comes from outside the program.
//!
//! A program that sends commands to itself, through a channel or a stream of its own, sets its own pace. For a socket,
//! a subscription, or a queue that is fed by one, others set the pace.

use crate::analysis::facts::Facts;
use crate::analysis::value::{AcquiredKind, Value};
use crate::catalogue::schema::{QueueEnd, Waiting};
use crate::ir::{OpKind, Operand, Place, Rvalue, TypeRef};
use crate::linking::{FunctionRef, OpRef};
use crate::source::FileId;

use super::feeds::feeds_through;

/// Names of the types of receiving ends: `broadcast::Receiver`, `ReceiverStream`.
const CHANNEL: &str = "Receiver";

/// The maximal number of variables and calls from an end to the place where its type is written.
const MAX_STEPS: u32 = 4;

/// Whether what the operation at `at` receives comes from outside.
pub(super) fn is_outside(facts: &Facts<'_>, at: OpRef, queues: u32) -> bool {
    // Items of a queue come from where it is filled.
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
    let written = facts.evaluator.written_type(function, place);
    let is_written = written.is_some_and(|(file, _, written)| names_channel(facts, file, written));
    let Some(steps) = steps.checked_sub(1).filter(|_| !is_written && place.path.is_empty()) else { return is_written };
    let index = facts.program.index(function.file);
    let definitions = index.of_root(function.function, &place.root);
    definitions.iter().any(|definition| {
        let at = function.definition(definition);
        let from = match &facts.program.op(at).kind {
            OpKind::Assign { value: Rvalue::Use(Operand::Place(from)), .. } => Some(from.clone()),
            OpKind::Call(call) => call.receiver().map(|(receiver, _)| receiver),
            _ => None,
        };
        from.is_some_and(|from| is_typed_as_channel(facts, at.function, &from, steps))
    })
}

fn names_channel(facts: &Facts<'_>, file: FileId, written: &TypeRef) -> bool {
    let TypeRef::Named { root, path, arguments } = written else { return false };
    let name = facts.program.module(file).type_name(root, path).is_some_and(|name| name.contains(CHANNEL));
    name || arguments.iter().any(|argument| names_channel(facts, file, argument))
}
