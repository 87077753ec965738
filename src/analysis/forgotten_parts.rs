//! Forgotten parts: fields that the end of an instance leaves open.
//!
//! `destroy()` clears the timer of its own class but does not mention the store in `this.storage`, which has a timer of
//! its own. Takes the facts; gives the fields that a class leaves open when it ends others. Never judges how bad that
//! is.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::products::ends_whole;
use crate::analysis::value::{AcquiredKind, Acquisition};
use crate::catalogue::schema::ResourceKind;
use crate::ir::{Call, FunctionKind, Name, Place, Root};
use crate::linking::{ClassRef, FunctionRef};

/// A field that is left open.
#[derive(Debug)]
pub struct ForgottenPart {
    pub made: Acquisition,
    pub field: Name,
    /// The method that ends the instance.
    pub end: FunctionRef,
}

/// The end of an instance is followed through this many calls.
const MAX_DEPTH: u32 = 3;

/// The forgotten parts of the program, in its order.
#[must_use]
pub fn forgotten_parts(facts: &Facts<'_>) -> Vec<ForgottenPart> {
    let mut found = Vec::new();
    for class in facts.program.classes() {
        let Some(end) = end(facts, class) else { continue };
        if facts.evaluator.drops_implicitly(end)
            || !facts.is_held_to_account(end)
            || facts.frequencies.of_class(class) <= Rate::Once
            || !ends_something(facts, end)
        {
            continue;
        }
        for field in facts.program.index(class.file).fields_of(class.class) {
            for id in facts.evaluator.class_field(class, field).resources() {
                let made = facts.evaluator.acquisition(id);
                let is_own = facts.program.this_class(made.at.function) == Some(class);
                let is_left = is_own
                    && made.at.function != end
                    && !facts.released.contains(&id)
                    && has_to_end(facts, &made)
                    && !is_known_to_end(facts, class, field)
                    && !facts.any_reached(end, MAX_DEPTH, &|function| mentions(facts, function, field));
                if is_left {
                    found.push(ForgottenPart { made, field: field.clone(), end });
                }
            }
        }
    }
    found
}

/// The method that ends the whole instance, judging by its name.
fn end(facts: &Facts<'_>, class: ClassRef) -> Option<FunctionRef> {
    let mut members = facts.program.members(class);
    members.find(|(_, member)| !member.is_static && ends_whole(&member.name)).map(|(function, _)| function)
}

/// Whether a call ends what is in a field of the instance.
fn ends_field(facts: &Facts<'_>, function: FunctionRef, call: &Call) -> bool {
    let is_field = |place: &Place| place.root == Root::This && !place.path.is_empty();
    let by_method =
        call.receiver().is_some_and(|(receiver, method)| method.name().is_some_and(is_teardown) && is_field(&receiver));
    let name = call.callee.place().and_then(|place| match &place.root {
        Root::Global(name) if place.path.is_empty() => Some(name.as_str()),
        Root::Variable(id) if place.path.is_empty() => {
            Some(facts.program.variable(function.variable(*id)).name.as_str())
        }
        _ => None,
    });
    let by_function = name.is_some_and(|name| is_teardown(name) || name.starts_with("clear"))
        && call.arguments.iter().filter_map(|argument| argument.value.place()).any(is_field);
    by_method || by_function
}

fn ends_something(facts: &Facts<'_>, end: FunctionRef) -> bool {
    facts.program.function(end).ops().filter_map(|(_, _, op)| op.call()).any(|call| ends_field(facts, end, call))
}

/// Whether an object that a class made holds something that one of its methods, or the library, ends.
fn has_to_end(facts: &Facts<'_>, made: &Acquisition) -> bool {
    match made.kind {
        AcquiredKind::Instance(class) => facts
            .teardown(class)
            .is_some_and(|teardown| facts.solved(teardown).summary.releases_own_fields || stops_a_timer(facts, class)),
        AcquiredKind::Catalogued(_) => facts.resource(made).is_some_and(|(_, resource)| {
            !resource.collected
                && matches!(resource.kind, ResourceKind::Pool | ResourceKind::Client | ResourceKind::Handle)
        }),
    }
}

/// Whether the constructor of a class starts a timer.
fn stops_a_timer(facts: &Facts<'_>, class: ClassRef) -> bool {
    facts.obligations.iter().any(|obligation| {
        let at = obligation.acquisition.at;
        let begins = matches!(
            facts.program.function(at.function).kind,
            FunctionKind::Constructor { .. } | FunctionKind::InstanceInitialiser { .. }
        );
        facts.kind(&obligation.acquisition) == ResourceKind::Timer
            && begins
            && facts.released.contains(&obligation.id)
            && facts.program.this_class(at.function) == Some(class)
    })
}

/// Whether anything in the file of the class ends what is in a field of this name.
fn is_known_to_end(facts: &Facts<'_>, class: ClassRef, field: &Name) -> bool {
    facts.program.module(class.file).functions().any(|(id, body)| {
        let of = facts.program.this_class(FunctionRef::new(class.file, id));
        body.ops().filter_map(|(_, _, op)| op.call()).any(|call| {
            call.receiver().is_some_and(|(receiver, method)| {
                let is_it = receiver.path.iter().any(|it| it.name() == Some(field.as_str()));
                let is_anothers = receiver.root == Root::This && of != Some(class);
                is_it && !is_anothers && method.name().is_some_and(is_teardown)
            })
        })
    })
}

/// Whether a function mentions a field of its instance, or all fields.
fn mentions(facts: &Facts<'_>, function: FunctionRef, field: &Name) -> bool {
    let is_it = |place: &Place| {
        let is_whole = place.root == Root::This && place.path.first().is_none_or(|first| first.name().is_none());
        is_whole || place.path.iter().any(|it| it.name() == Some(field.as_str()))
    };
    facts.program.function(function).mentioned_places().any(is_it)
}
