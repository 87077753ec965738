//! Timers that are started again, or that only they themselves stop.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::{Effect, Identity};
use crate::analysis::registrations::{conditions, guard};
use crate::ir::{BlockId, Operand, Place, Root, VariableId};
use crate::linking::{ClassRef, FunctionRef, OpRef};

use super::{Why, stoppers};

/// A timer of a connection that only its own callback stops, when an event of the connection has set a flag: if the
/// connection ends before that, the timer keeps running.
pub(super) fn only_itself<'o>(facts: &Facts<'_>, obligation: &'o Obligation, rate: Rate) -> Option<Why<'o>> {
    let at = obligation.acquisition.at;
    if rate == Rate::Once {
        return None;
    }
    let [callback] = facts.evaluator.functions_in(&facts.evaluator.argument(at, 0))[..] else { return None };
    let callback = callback.0;
    let stoppers = stoppers(facts, obligation.id);
    if stoppers.is_empty() || !stoppers.iter().all(|function| facts.evaluator.is_within(*function, callback)) {
        return None;
    }
    let body = facts.program.function(callback);
    let solved = facts.solved(callback);
    let effects = &solved.effects;
    let mut blocks: Vec<BlockId> = effects
        .ops
        .iter()
        .filter(|(_, op)| op.effects.contains(&(Identity::Acquired(obligation.id), Effect::Release)))
        .map(|((block, _), _)| *block)
        .collect();
    blocks.sort_unstable();
    let mut event = None;
    for block in &blocks {
        let conditions = conditions(body, *block);
        let flags: Vec<VariableId> = conditions
            .iter()
            .flat_map(|condition| condition.places())
            .map(Place::as_variable)
            .collect::<Option<_>>()?;
        event = Some(flags.iter().find_map(|flag| raised_by(facts, callback, *flag))?);
    }
    event.map(|event| Why::OnlyItself { event })
}

/// The event whose handler sets a flag, when it belongs to something the callback works with and does not end it.
fn raised_by(facts: &Facts<'_>, callback: FunctionRef, flag: VariableId) -> Option<String> {
    let registrations = facts.registrations();
    let works_with = |id: VariableId| {
        facts.program.function(callback).mentioned_places().any(|place| place.root == Root::Variable(id))
    };
    let mut event = None;
    for definition in facts.program.index(callback.file).of_variable(flag) {
        let function = callback.sibling(definition.function);
        if facts.evaluator.is_within(function, callback) || facts.evaluator.is_within(callback, function) {
            continue;
        }
        let Some((_, addition)) = registrations.handled_by(facts, function) else { continue };
        // An end that sets the flag stops the timer.
        if !addition.event.fires_again() {
            return None;
        }
        let subject = match &facts.program.op(addition.at).call()?.callee {
            Operand::Place(place) => place.root_variable(),
            _ => None,
        };
        if subject.is_some_and(works_with) {
            event = addition.event.text().map(ToOwned::to_owned);
        }
    }
    event
}

/// A timer in a field that a handler of a recurring event assigns again, while only the instance's end stops it.
pub(super) fn overwritten<'o>(facts: &Facts<'_>, obligation: &'o Obligation) -> Option<Why<'o>> {
    let at = obligation.acquisition.at;
    let (class, field) = facts.holding_field(obligation.id)?;
    let looks_at_it =
        |place: &Place| place.root == Root::This && place.path.first().is_some_and(|it| it.name() == Some(&field));
    let body = facts.program.function(at.function);
    let is_guarded = facts.frequencies.memo(&facts.evaluator, at).is_some()
        || guard(&facts.evaluator, at).is_some()
        || conditions(body, at.block).into_iter().any(|condition| condition.places().any(looks_at_it));
    let solved = facts.solved(at.function);
    let effects = &solved.effects;
    let stops_first = effects
        .in_order()
        .any(|(identity, effect)| *identity == Identity::Acquired(obligation.id) && effect == Effect::Release);
    if is_guarded || stops_first {
        return None;
    }
    let registrations = facts.registrations();
    let stops_on_event =
        stoppers(facts, obligation.id).into_iter().any(|function| registrations.handled_by(facts, function).is_some());
    if stops_on_event {
        return None;
    }
    let (by, event) = starters(facts, class, at.function).into_iter().find_map(|by| {
        let (_, addition) = registrations.handled_by(facts, by.function)?;
        let again = addition.event.fires_again() && !addition.removes_itself;
        again.then(|| (addition.at, addition.event.text().unwrap_or_default().to_owned()))
    })?;
    Some(Why::Overwritten { field, event, by })
}

/// Where the class's own code calls a method.
fn starters(facts: &Facts<'_>, class: ClassRef, method: FunctionRef) -> Vec<OpRef> {
    let mut calls = Vec::new();
    for (id, body) in facts.program.module(class.file).functions() {
        let function = FunctionRef::new(class.file, id);
        if facts.program.this_class(function) != Some(class) {
            continue;
        }
        for (block, index, op) in body.ops() {
            let at = function.op(block, index);
            if op.call().is_some() && facts.called(at).contains(&method) {
                calls.push(at);
            }
        }
    }
    calls
}
