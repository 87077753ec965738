//! Pairs: removals that were meant for an addition and do not remove it, and ends that forget it.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::registrations::{Addition, Event, Handler, HandlerId, Likeness, PlaceId, Registrations, Removal};
use crate::analysis::value::Value;
use crate::ir::{Binding, FunctionId, Operand, Place};
use crate::linking::{ClassRef, FunctionRef, OpRef, VariableRef};

use super::super::wording;
use super::why::{Why, fresh_rate};

/// The method that ends the instances of the class and leaves the listener.
pub(super) fn forgotten(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<FunctionRef> {
    let class = addition.class?;
    let teardown = facts.teardown(class)?;
    let name = facts.program.function(addition.at.function).name.as_deref();
    if name.is_some_and(is_teardown) || facts.frequencies.of_class(class) <= Rate::Once {
        return None;
    }
    if fresh_rate(facts, addition, Rate::PerCall) <= Rate::Once || facts.evaluator.is_static(addition.at.function) {
        return None;
    }
    (is_an_end(facts, registrations, class, teardown)).then_some(teardown)
}

/// Whether a method uses a place: what it calls there may end the listener as well.
pub(super) fn touches(facts: &Facts<'_>, method: FunctionRef, place: &PlaceId) -> bool {
    let body = facts.program.function(method);
    body.mentioned_places().any(|mentioned| {
        let mut path = mentioned.clone();
        loop {
            if PlaceId::of(&facts.evaluator, method, &path) == *place {
                return true;
            }
            if path.path.pop().is_none() {
                return false;
            }
        }
    })
}

/// Whether a method surely ends its instance: its name says so, or it removes other listeners.
fn is_an_end(facts: &Facts<'_>, registrations: &Registrations, class: ClassRef, teardown: FunctionRef) -> bool {
    let name = facts.program.function(teardown).name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let says_so =
        ["destroy", "dispose", "unmount", "disconnectedcallback", "teardown"].iter().any(|word| name.contains(word));
    says_so
        || registrations
            .removals
            .iter()
            .any(|removal| removal.class == Some(class) && facts.evaluator.is_within(removal.at.function, teardown))
}

/// A removal in the same class or file that is meant for it and differs in one thing.
pub(super) fn mismatch<'r>(
    facts: &Facts<'_>,
    registrations: &'r Registrations,
    addition: &Addition,
) -> Option<Why<'r>> {
    if addition.event == Event::Unknown {
        return None;
    }
    if let Some(removal) = registrations.lost.iter().find(|removal| Registrations::removes(removal, addition)) {
        let (reason, _) = wording::lost_cleanup(facts, facts.lost_cleanup(removal.at.function)?);
        return Some(Why::Mismatch { removal, reason });
    }
    // A helper's removal of a function of its own is about what the helper added.
    let is_its_own = |removal: &&Removal| {
        removal.handler.iter().flat_map(|handler| handler.values.iter()).all(|value| match value {
            Value::Function { function, .. } => facts.evaluator.is_within(*function, removal.at.function),
            _ => true,
        })
    };
    let near = registrations.removals.iter().filter(|removal| removal.is_near(addition));
    near.filter(|removal| {
        !matches!(removal.handler.as_ref().map(|it| &it.id), Some(HandlerId::Written(_))) || is_its_own(removal)
    })
    .find_map(|removal| {
        let reason = difference(removal, addition).or_else(|| other_function(facts, removal, addition))?;
        // Another addition may be the one it is for.
        let is_of = |other: &Addition| removal.event.as_ref().map(|event| event.likeness(&other.event));
        let is_surely = is_of(addition) == Some(Likeness::Sure);
        let is_taken = registrations.additions.iter().any(|other| {
            let is_as_sure = !is_surely || is_of(other) == Some(Likeness::Sure);
            other.at != addition.at && is_as_sure && Registrations::removes(removal, other)
        });
        (!is_taken).then_some(Why::Mismatch { removal, reason })
    })
}

/// The one thing in which a removal differs from an addition.
pub(super) fn difference(removal: &Removal, addition: &Addition) -> Option<&'static str> {
    let handler = removal.handler.as_ref()?;
    let event = removal.event.as_ref().filter(|event| **event != Event::Unknown)?;
    let same_event = event.likeness(&addition.event);
    let same_target = removal.target_likeness(addition);
    let same_handler = handler.likeness(&addition.handler);
    let is_named = matches!((&handler.id, &addition.handler.id), (HandlerId::Place(_), HandlerId::Place(_)));
    match (same_event, same_target, same_handler) {
        (Likeness::Sure, Likeness::Sure, Likeness::Sure) if !removal.capture.agrees(addition.capture) => {
            Some("the capture flags differ")
        }
        (Likeness::Sure, Likeness::Sure, Likeness::No) => match (&handler.id, &addition.handler.id) {
            (HandlerId::Fresh(_) | HandlerId::Written(_), _) => {
                Some("it is given a function made in place, which was never added")
            }
            (HandlerId::Place(_), HandlerId::Fresh(Some(_)) | HandlerId::Written(_))
                if removal.at.function != addition.at.function =>
            {
                Some("the function that was added was made in place, so nothing can name it")
            }
            _ if addition.handler.is_made_of(handler) => Some("what was added is what a call made of this function"),
            _ if handler.is_made_of(&addition.handler) => {
                Some("this is what a call made of the function that was added")
            }
            _ => None,
        },
        (Likeness::Sure, Likeness::No, Likeness::Sure) if is_named => Some("it is called on another target"),
        (Likeness::No, Likeness::Sure, Likeness::Sure)
            if is_named && handler.id == addition.handler.id && event.text().and(addition.event.text()).is_some() =>
        {
            Some("it names another event")
        }
        _ => None,
    }
}

/// Why a removal of one function of the adder removes nothing, if another one of them was added and this one never was:
/// `req.on("close", onClose)` and `req.removeListener("close", cleanup)`.
fn other_function(facts: &Facts<'_>, removal: &Removal, addition: &Addition) -> Option<&'static str> {
    let (
        HandlerId::Place(PlaceId::Variable(given, given_path)),
        HandlerId::Place(PlaceId::Variable(added, added_path)),
    ) = (&removal.handler.as_ref()?.id, &addition.handler.id)
    else {
        return None;
    };
    let is_same_event = removal.event.as_ref()?.likeness(&addition.event) == Likeness::Sure;
    let is_same_target = removal.target_likeness(addition) == Likeness::Sure;
    let is_of_the_adder = |id: VariableRef| {
        let variable = facts.program.variable(id);
        id.file == addition.at.function.file
            && variable.owner == addition.at.function.function
            && variable.owner != FunctionId::INITIALISER
            && matches!(variable.binding, Binding::Value | Binding::Function(_))
    };
    let is_function = |handler: &Handler| handler.functions().count() == 1;
    let are_two = given != added && given_path.is_empty() && added_path.is_empty();
    if !are_two || !is_same_event || !is_same_target || !is_of_the_adder(*given) || !is_of_the_adder(*added) {
        return None;
    }
    if !removal.handler.as_ref().is_some_and(is_function) || !is_function(&addition.handler) {
        return None;
    }
    // If it is passed anywhere else, it may have been added there.
    let module = facts.program.module(given.file);
    let is_given_elsewhere = module.functions().any(|(id, body)| {
        let function = FunctionRef::new(given.file, id);
        body.ops().any(|(block, index, op)| {
            let is_it = |argument: &Operand| argument.place().and_then(Place::as_variable) == Some(given.variable);
            function.op(block, index) != removal.at
                && op.call().is_some_and(|call| call.arguments.iter().any(|argument| is_it(&argument.value)))
        })
    });
    (!is_given_elsewhere).then_some("it is given another function than the one that was added")
}

/// Another addition of the same, by a method that is named like a removal, or of the result of such a method.
pub(super) fn added_again(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<OpRef> {
    let removes = |at: OpRef| {
        let name = facts.program.function(at.function).name.as_deref().unwrap_or_default().to_ascii_lowercase();
        ["remove", "unbind", "detach", "unsubscribe", "unregister"].iter().any(|word| name.starts_with(word))
    };
    if !matches!(addition.handler.id, HandlerId::Place(_)) {
        return None;
    }
    registrations
        .additions
        .iter()
        .find(|other| {
            other.at.function != addition.at.function
                && other.handler.id == addition.handler.id
                && other.event == addition.event
                && other.event.text().is_some()
                && other.target.likeness(&addition.target) == Likeness::Sure
                && (removes(other.at) != removes(addition.at))
        })
        .map(|other| other.at)
}
