//! Listeners of an instance on something of others: a part of a constructor argument, or a signal.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::registrations::{Addition, Event, Life, PlaceId};
use crate::ir::{Binding, Field, FunctionKind, Name, OpKind, Operand, Root, Rvalue};
use crate::linking::{ClassRef, FunctionRef};

/// The method that ends the instances of a class, if an instance listens to something of others for its own purposes,
/// and its end leaves the listener there.
pub(super) fn forgotten_on_others(facts: &Facts<'_>, addition: &Addition) -> Option<FunctionRef> {
    let class = addition.class?;
    let teardown = facts.teardown(class)?;
    if addition.hands_back
        || addition.inner.is_some()
        || facts.evaluator.is_static(addition.at.function)
        || facts.frequencies.of_class(class) <= Rate::Once
        || !works_on_the_instance(facts, addition)
        || facts.program.function(addition.at.function).name.as_deref().is_some_and(is_teardown)
    {
        return None;
    }
    let is_anothers = match (&addition.target.life, &addition.target.place) {
        (Life::Unknown, place) => is_given(facts, addition, class, place),
        _ => false,
    };
    (is_anothers && !is_ended_by(facts, teardown, &addition.target.place)).then_some(teardown)
}

/// Whether a target is a part of a constructor argument, or a signal that was one.
fn is_given(facts: &Facts<'_>, addition: &Addition, class: ClassRef, place: &PlaceId) -> bool {
    // Its last event ends the listener as well.
    let is_end = !addition.is_last && addition.event.text().is_some() && !addition.event.fires_again();
    if is_end || addition.event == Event::Unknown {
        return false;
    }
    match place {
        PlaceId::Variable(id, path) => {
            let variable = facts.program.variable(*id);
            let owner = FunctionRef::new(id.file, variable.owner);
            matches!(variable.binding, Binding::Parameter(_))
                && owner == addition.at.function
                && matches!(facts.program.function(owner).kind, FunctionKind::Constructor { .. })
                && (addition.is_last || !path.is_empty() && path.iter().all(|field| field.name().is_some()))
        }
        PlaceId::Field(of, path) => {
            let [first, _, ..] = path.as_slice() else { return false };
            *of == class && is_filled_by_the_caller(facts, class, first)
        }
        _ => false,
    }
}

/// Whether a field only ever holds a constructor argument.
fn is_filled_by_the_caller(facts: &Facts<'_>, class: ClassRef, field: &Field) -> bool {
    let Some(name) = field.name() else { return false };
    let name = Name::new(name);
    let mut definitions = facts.program.of_field(class, &name).peekable();
    definitions.peek().is_some()
        && definitions.all(|(file, definition)| {
            let function = FunctionRef::new(file, definition.function);
            let OpKind::Assign { value: Rvalue::Use(Operand::Place(value)), .. } =
                &facts.program.op(function.definition(&definition)).kind
            else {
                return false;
            };
            let is_parameter = value.as_variable().is_some_and(|id| {
                matches!(facts.program.variable(function.variable(id)).binding, Binding::Parameter(_))
            });
            is_parameter && matches!(facts.program.function(function).kind, FunctionKind::Constructor { .. })
        })
}

/// Whether the listener uses the instance that added it.
fn works_on_the_instance(facts: &Facts<'_>, addition: &Addition) -> bool {
    addition
        .handler
        .functions()
        .any(|handler| facts.program.function(handler).mentioned_places().any(|place| place.root == Root::This))
}

/// Whether a method ends the target, or passes it to somebody who may.
fn is_ended_by(facts: &Facts<'_>, teardown: FunctionRef, target: &PlaceId) -> bool {
    let is_target = |place: &crate::ir::Place| PlaceId::of(&facts.evaluator, teardown, place) == *target;
    facts.program.function(teardown).ops().filter_map(|(_, _, op)| op.call()).any(|call| {
        let is_receiver = call.receiver().is_some_and(|(receiver, method)| {
            let ends = method.name().is_some_and(|name| is_teardown(name) || name.starts_with("remove"));
            ends && is_target(&receiver)
        });
        is_receiver || call.arguments.iter().filter_map(|argument| argument.value.place()).any(is_target)
    })
}
