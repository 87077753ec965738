//! Helpers: functions of the project whose promise only a timer settles, and the races that they take part in.
//!
//! `Promise.race([work, this.timeout(30_000)])` is the race of two promises as well as one that writes the second in place,
//! and the timer goes on just so. The helper may be right for all others that wait for it: what is told is told of the race.

use rustc_hash::FxHashMap;

use crate::analysis::facts::Facts;
use crate::ir::{Binding, OpKind, Operand, Place, Root, Rvalue, Temp, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::{Late, LateTimer, is, is_asked, same_as, watched};

/// The calls whose promise takes part in a race, and is settled by nothing but a timer.
pub(super) fn raced(facts: &Facts<'_>) -> Vec<LateTimer> {
    let mut known: FxHashMap<FunctionRef, Option<OpRef>> = FxHashMap::default();
    let mut found = Vec::new();
    let takes_first = |id| facts.evaluator.facts(id).function.is_some_and(|fact| fact.takes_first);
    for by in facts.calls.of_externals(takes_first).into_iter().filter(|by| is_asked(facts, *by)) {
        let Some(given) = facts.program.op(by).call().and_then(|call| call.argument(0)?.place()) else { continue };
        for element in elements(facts, by.function, given) {
            let Some(at) = made_by(facts, by.function, &element) else { continue };
            let [helper] = facts.called(at)[..] else { continue };
            let timer = *known.entry(helper).or_insert_with(|| timer_of(facts, helper));
            found.extend(timer.map(|timer| LateTimer { at, why: Late::RacedHelper { by, timer }, repeats: false }));
        }
    }
    found
}

/// The elements of a list that is written out in the function.
fn elements(facts: &Facts<'_>, function: FunctionRef, list: &Place) -> Vec<Place> {
    let Place { root: Root::Temp(list), path } = list else { return Vec::new() };
    let definitions = facts.program.index(function.file).of_temp(function.function, *list);
    let ([definition], true) = (definitions, path.is_empty()) else { return Vec::new() };
    match &facts.program.op(function.definition(definition)).kind {
        OpKind::Assign { value: Rvalue::Array(elements), .. } => {
            elements.iter().filter_map(|element| element.value.place().cloned()).collect()
        }
        _ => Vec::new(),
    }
}

/// The call that gave what a place holds, in the function, where nothing else has to do with that.
fn made_by(facts: &Facts<'_>, function: FunctionRef, place: &Place) -> Option<OpRef> {
    let definitions = facts.program.index(function.file).of_root(function.function, &place.root);
    let ([definition], true) = (definitions, place.path.is_empty()) else { return None };
    let is_named = matches!(place.root, Root::Variable(_));
    let at = function.definition(definition);
    match &facts.program.op(at).kind {
        // Whoever calls this one races what the function around made, as often as they like.
        _ if at.function != function => None,
        OpKind::Call(_) => Some(at),
        OpKind::Assign { target, value: Rvalue::Use(Operand::Place(of)) }
            if is_named && target.path.is_empty() && matches!(of.root, Root::Temp(_)) =>
        {
            made_by(facts, function, of)
        }
        _ => None,
    }
}

/// The timer that alone settles the promise which a function gives.
fn timer_of(facts: &Facts<'_>, function: FunctionRef) -> Option<OpRef> {
    let body = facts.program.function(function);
    let mut timers = body.ops().filter_map(|(block, index, op)| {
        let (call, at) = (op.call()?, function.op(block, index));
        let is_free = call.callee.place().is_some_and(|place| place.path.len() <= 1);
        let is_timer = !call.arguments.is_empty() && is_free && is(facts, at, |fact| fact.delays.is_some());
        is_timer.then(|| watched(facts, at, call)).flatten().map(|promise| (at, promise))
    });
    let (timer, promise) = timers.next()?;
    (gives_nothing_else(facts, function, promise) && rejects(facts, function, promise)).then_some(timer)
}

/// Whether the function rejects its promise: `sleep()` only goes by, and captures nothing.
fn rejects(facts: &Facts<'_>, function: FunctionRef, promise: Temp) -> bool {
    let rejects = |by: FunctionRef, place: &Place| {
        place.as_variable().is_some_and(|id| {
            let variable = facts.program.variable(by.variable(id));
            variable.owner == function.function
                && matches!(variable.binding, Binding::Settle { rejects: true, promise: of } if of == promise)
        })
    };
    let mut work = vec![function];
    while let Some(by) = work.pop() {
        if facts.program.function(by).mentioned_places().any(|place| rejects(by, place)) {
            return true;
        }
        work.extend(facts.program.index(by.file).children(by.function).iter().map(|child| by.sibling(*child)));
    }
    false
}

/// Whether a promise is all that a function gives.
fn gives_nothing_else(facts: &Facts<'_>, function: FunctionRef, promise: Temp) -> bool {
    let body = facts.program.function(function);
    let names = same_as(body, promise);
    let mut given = body.blocks().filter_map(|(_, block)| match &block.terminator {
        Terminator::Return(operand) => Some(operand),
        _ => None,
    });
    let is_it = |operand: &Option<Operand>| {
        let place = operand.as_ref().and_then(Operand::place);
        place.is_some_and(|place| place.path.is_empty() && names.contains(&place.root))
    };
    let first = given.next();
    first.is_some_and(is_it) && given.all(is_it)
}
