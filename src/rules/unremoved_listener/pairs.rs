//! Pairs: removals that were meant for an addition and do not take it away, and ends that forget it.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::registrations::{Addition, HandlerId, Likeness, PlaceId, Registrations, Removal};
use crate::analysis::value::Value;
use crate::linking::{ClassRef, FunctionRef, OpRef};

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

/// Whether a method does anything with a place: what it calls there may end the listener as well.
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

/// Whether a method surely ends its instance: it says so, or it removes other listeners.
pub(super) fn is_an_end(
    facts: &Facts<'_>,
    registrations: &Registrations,
    class: ClassRef,
    teardown: FunctionRef,
) -> bool {
    let name = facts.program.function(teardown).name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let says_so =
        ["destroy", "dispose", "unmount", "disconnectedcallback", "teardown"].iter().any(|word| name.contains(word));
    says_so
        || registrations
            .removals
            .iter()
            .any(|removal| removal.class == Some(class) && facts.evaluator.is_within(removal.at.function, teardown))
}

/// A removal of the same class or file that is meant for it and differs in one thing.
pub(super) fn mismatch<'r>(
    facts: &Facts<'_>,
    registrations: &'r Registrations,
    addition: &Addition,
) -> Option<Why<'r>> {
    addition.event.text()?;
    if let Some(removal) = registrations.lost.iter().find(|removal| Registrations::removes(removal, addition)) {
        let (reason, _) = wording::lost_cleanup(facts, facts.lost_cleanup(removal.at.function)?);
        return Some(Why::Mismatch { removal, reason });
    }
    // What a helper takes away of its own making is about what it added.
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
        let reason = difference(removal, addition)?;
        // Another addition may be the one it is for.
        let is_taken = registrations
            .additions
            .iter()
            .any(|other| other.at != addition.at && Registrations::removes(removal, other));
        (!is_taken).then_some(Why::Mismatch { removal, reason })
    })
}

/// The one thing in which a removal differs from an addition.
pub(super) fn difference(removal: &Removal, addition: &Addition) -> Option<&'static str> {
    let handler = removal.handler.as_ref()?;
    let event = removal.event.as_ref()?;
    event.text()?;
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
        (Likeness::No, Likeness::Sure, Likeness::Sure) if is_named && handler.id == addition.handler.id => {
            Some("it names another event")
        }
        _ => None,
    }
}

/// Another addition of the same by a method whose name says that it removes, or of what such a method adds.
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
