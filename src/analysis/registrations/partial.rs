//! Partial: listeners that are removed on some of the ways in which a promise is settled, and stay on another.
//!
//! `const onPong = () => { bus.off("pong", onPong); resolve(); }` beside `setTimeout(() => resolve(null), 5000)` shows
//! that the bus lives on and that the listener has to go. Each time that nobody answers, one more stays.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::settlements::Promised;
use crate::ir::{Binding, BlockId, Edges, OpKind, Place, Root};
use crate::linking::{FunctionRef, OpRef};

use super::{Addition, HandlerId, Life, Likeness, PlaceId, Registrations};

/// How a listener stays behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partial {
    /// The call that settles the promise and leaves the listener.
    pub way: OpRef,
    /// Whether the program shows that the target lives on.
    pub is_shown: bool,
}

/// The path on which an addition's promise is settled without a removal, if other paths remove it.
#[must_use]
pub fn partial(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<Partial> {
    let by = addition.at.function;
    if addition.removes_itself && !addition.is_once
        || addition.hands_back
        || addition.inner.is_some()
        || facts.rate(addition.at) == Rate::Never
    {
        return None;
    }
    let is_shown = lives_on(facts, addition)?;
    let removals: Vec<OpRef> = registrations
        .removals
        .iter()
        .filter(|removal| Registrations::removes(removal, addition))
        // Removing all listeners at the end of the target says nothing of this piece of work.
        .filter(|removal| removal.handler.is_some() || facts.evaluator.is_within(removal.at.function, by))
        .map(|removal| removal.at)
        .collect();
    // A removal outside the callbacks covers all paths.
    let is_in_a_callback = |at: &OpRef| at.function != by && facts.evaluator.is_within(at.function, by);
    if removals.is_empty() || !removals.iter().all(is_in_a_callback) {
        return None;
    }
    let handlers: Vec<FunctionRef> = addition.handler.functions().collect();
    let promised = settled(facts, addition, &handlers)?;
    let body = facts.program.function(by);
    promised
        .ways(facts)
        .into_iter()
        .find(|way| {
            let is_after = way.function != by
                || way.block == addition.at.block && way.index > addition.at.index
                || way.block != addition.at.block
                    && body.reaches(addition.at.block, way.block, BlockId::NOWHERE, Edges::Normal);
            let goes_with_its_event = addition.is_once && handlers.contains(&way.function);
            is_after
                && !goes_with_its_event
                && !is_end(facts, registrations, addition, way.function)
                && !promised.passes(facts, *way, &removals)
        })
        .map(|way| Partial { way, is_shown })
}

/// The promise that the handler settles.
fn settled(facts: &Facts<'_>, addition: &Addition, handlers: &[FunctionRef]) -> Option<Promised> {
    let by = addition.at.function;
    if let HandlerId::Place(PlaceId::Variable(id, path)) = &addition.handler.id
        && path.is_empty()
        && id.file == by.file
        && let Some(promised) = Promised::settled_by(facts, by, by, &Place::variable(id.variable))
    {
        return Some(promised);
    }
    handlers.iter().find_map(|handler| Promised::settled_in(facts, by, *handler))
}

/// Whether a target exists before and after the call: `Some(false)` if whoever passes it may pass it again.
fn lives_on(facts: &Facts<'_>, addition: &Addition) -> Option<bool> {
    match addition.target.life {
        Life::Unknown => {}
        Life::Leased(_) => return None,
        _ => return Some(true),
    }
    match &addition.target.place {
        PlaceId::Field(_, path) => {
            let first = path.first().and_then(|field| field.name());
            let is_filled_here = facts.program.function(addition.at.function).ops().any(|(_, _, op)| {
                matches!(&op.kind, OpKind::Assign { target, .. }
                    if target.root == Root::This && first.is_some()
                        && target.path.first().and_then(|field| field.name()) == first)
            });
            (!is_filled_here).then_some(true)
        }
        PlaceId::Variable(id, _) => {
            let variable = facts.program.variable(*id);
            let is_own = FunctionRef::new(id.file, variable.owner) == addition.at.function;
            (!is_own || matches!(variable.binding, Binding::Parameter(_))).then_some(false)
        }
        _ => None,
    }
}

/// Whether the target ends on this path: in the handler of its error or end event, or of a promise that it started.
fn is_end(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition, function: FunctionRef) -> bool {
    let of_its_end = registrations.handled_by(facts, function).is_some_and(|(_, other)| {
        other.event.text().is_some_and(|event| super::lingering::ENDS.contains(&event))
            && other.target.likeness(&addition.target) != Likeness::No
    });
    of_its_end || ends_the_target(facts, addition, function)
}

/// Whether a function calls a method that ends the target: `socket.destroy()`.
fn ends_the_target(facts: &Facts<'_>, addition: &Addition, function: FunctionRef) -> bool {
    facts.program.function(function).ops().any(|(_, _, op)| {
        let Some((receiver, method)) = op.call().and_then(crate::ir::Call::receiver) else { return false };
        method.name().is_some_and(ends) && PlaceId::of(&facts.evaluator, function, &receiver) == addition.target.place
    })
}

fn ends(name: &str) -> bool {
    is_teardown(name) && !name.to_ascii_lowercase().contains("listener")
}
