//! Resources that are kept only by a container that drops its entries by itself and tells nobody.

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::value::{AcquisitionId, Value};
use crate::ir::{Call, Field, OpKind, Property, Rvalue};
use crate::linking::OpRef;

use super::effects::{Effect, Effects, Identity};

/// A resource that nobody closes when its container drops it.
#[derive(Debug, Clone, Copy)]
pub struct Forgotten {
    /// Where the container is made.
    pub container: OpRef,
    /// Where the resource is put in.
    pub put: OpRef,
}

/// The container that is the only owner of `id`, as far as the function with these effects shows, and drops it by
/// itself.
#[must_use]
pub fn forgotten(evaluator: &Evaluator<'_>, effects: &Effects, id: AcquisitionId) -> Option<Forgotten> {
    let function = evaluator.acquisition(id).at.function;
    let own = Identity::Acquired(id);
    let mut escapes = effects.ops.iter().filter(|(_, op)| {
        op.effects.iter().any(|(identity, effect)| *identity == own && matches!(effect, Effect::Escape(_)))
    });
    // Other owners may close it.
    let (((block, index), _), None) = (escapes.next()?, escapes.next()) else { return None };
    let put = OpRef { function, block: *block, index: *index };
    let call = evaluator.program.op(put).call()?;
    let is_evicting = evaluator
        .callee(put)
        .targets
        .iter()
        .any(|target| matches!(target, CallTarget::ProductMethod { is_new: true, .. }));
    if !is_evicting {
        return None;
    }
    let receivers = evaluator.receiver_values(put)?;
    let mut containers = receivers.iter().map(|value| match value {
        Value::Product { of, at } => drops_silently(evaluator, call, *of, *at).then_some(*at),
        _ => None,
    });
    let container = containers.next()??;
    containers.next().is_none().then_some(Forgotten { container, put })
}

/// Whether the container that `call` fills drops entries by itself, and its options, which are all written out, contain
/// no function to call then.
fn drops_silently(
    evaluator: &Evaluator<'_>,
    call: &Call,
    of: crate::analysis::value::ExternalId,
    made_at: OpRef,
) -> bool {
    let facts = evaluator.facts(of);
    let Some(eviction) = facts.function.and_then(|fact| fact.evicts.as_ref()) else { return false };
    let options = evaluator.argument(made_at, 0);
    call.method_name().is_some_and(|name| eviction.methods.iter().any(|method| method == name))
        && !options.open
        && !options.is_empty()
        && options.iter().all(|value| match value {
            Value::Object { at, .. } => names_none(evaluator, *at, &eviction.disposers),
            _ => false,
        })
}

/// Whether an object literal is written out and has none of these fields.
fn names_none(evaluator: &Evaluator<'_>, literal: OpRef, names: &[String]) -> bool {
    let OpKind::Assign { value: Rvalue::Object(properties), .. } = &evaluator.program.op(literal).kind else {
        return false;
    };
    properties.iter().all(|property| match property {
        Property::Field { name: Field::Named(field), .. } => !names.iter().any(|name| field == name.as_str()),
        Property::Field { .. } | Property::Spread(_) => false,
    })
}
