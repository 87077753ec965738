//! Forgotten fields: a method empties the only field that has a resource.
//!
//! Takes the facts; gives the places where a method clears a field (`this.client = undefined`) although it has just
//! worked with the resource in it, and closes it on no path and passes it to nobody. The next call makes another one.
//! Never judges how bad that is.

use crate::analysis::facts::{Facts, Obligation, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::Effect;
use crate::ir::{BlockId, Edges, Field, Function, FunctionKind, OpKind, Operand, Place, Root, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// A field that is emptied while it holds something.
#[derive(Debug)]
pub struct ForgottenField<'f> {
    pub obligation: &'f Obligation,
    pub field: String,
    /// The assignment that empties it.
    pub emptied: OpRef,
}

/// The forgotten fields of the program, in the order of what they held.
pub fn forgotten_fields<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = ForgottenField<'f>> {
    facts.obligations.iter().filter_map(|obligation| {
        // Closing it elsewhere shows that the program knows it must be closed.
        if !facts.released.contains(&obligation.id) {
            return None;
        }
        let (class, field) = facts.holding_field(obligation.id)?;
        let mut methods = facts.program.members(class).map(|(method, _)| method);
        // Even if it is made lazily, it is made again each time the field is empty.
        let is_repeated = |at: &OpRef| facts.rate(*at) != Rate::Once;
        let emptied = methods.find_map(|method| {
            let emptied = emptied_in(facts, method, &field).filter(is_repeated)?;
            (method != obligation.function).then_some(emptied)
        })?;
        Some(ForgottenField { obligation, field, emptied })
    })
}

/// Where a method empties a field after using what is in it.
fn emptied_in(facts: &Facts<'_>, method: FunctionRef, field: &str) -> Option<OpRef> {
    let body = facts.program.function(method);
    let is_handler = body.name.as_deref().is_some_and(|name| name.starts_with("on") || name.starts_with("handle"));
    if !matches!(body.kind, FunctionKind::Method { is_static: false, .. })
        || is_handler
        || lets_go(facts, method, field)
    {
        return None;
    }
    let uses: Vec<BlockId> = body
        .ops()
        .filter(|(_, _, op)| op.call().and_then(|call| call.receiver()).is_some_and(|(it, _)| is_field(&it, field)))
        .map(|(block, ..)| block)
        .collect();
    body.ops()
        .find(|(block, _, op)| {
            matches!(&op.kind, OpKind::Delete { place } if is_field(place, field))
                && uses.iter().any(|used| used != block && body.reaches(*used, *block, *block, Edges::All))
        })
        .map(|(block, index, _)| method.op(block, index))
}

/// Whether a method ends something, passes on what is in the field, or asks for its state: then it may be over already.
fn lets_go(facts: &Facts<'_>, method: FunctionRef, field: &str) -> bool {
    let body = facts.program.function(method);
    let releases = |effect: Effect| matches!(effect, Effect::Release | Effect::Open);
    facts.solved(method).effects.in_order().any(|(_, effect)| releases(effect))
        || body.ops().any(|(_, _, op)| match &op.kind {
            OpKind::Call(call) => {
                call.method_name().is_some_and(is_teardown)
                    || call.arguments.iter().any(|argument| is_operand(&argument.value, field))
            }
            OpKind::Assign { value, .. } => value.operands().into_iter().any(|operand| is_operand(operand, field)),
            _ => false,
        })
        || asks(body, field)
}

/// Whether a condition or result of a function concerns a part of what is in the field.
fn asks(body: &Function, field: &str) -> bool {
    let is_part = |place: &Place| {
        place.root == Root::This && place.path.len() > 1 && place.path.first().and_then(Field::name) == Some(field)
    };
    body.blocks().any(|(_, block)| match &block.terminator {
        Terminator::Branch { condition, .. } => condition.places().any(is_part),
        terminator => terminator.operands().into_iter().any(|operand| is_operand(operand, field)),
    })
}

fn is_operand(operand: &Operand, field: &str) -> bool {
    operand.place().is_some_and(|place| is_field(place, field))
}

fn is_field(place: &Place, field: &str) -> bool {
    place.root == Root::This && place.path.len() == 1 && place.path[0].name() == Some(field)
}
