//! Re-entry: code that runs again for the same owner, and overwrites the handle that its earlier run kept.
//!
//! `timer.current = setInterval(poll, ms)` in an effect that depends on `ms`, `socket = connect(id)` in a watcher of
//! `id`: when the owner ends, only the last one is ended. The earlier ones go on, and nothing has their handles any
//! more.

use crate::analysis::facts::{Facts, Obligation, is_teardown};
use crate::analysis::frequency::Rerun;
use crate::analysis::ownership::{Effect, Escape, Identity};
use crate::analysis::registrations::{conditions, guard};
use crate::ir::{Binding, Function, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Location;

/// A handle that is overwritten while it is open.
#[derive(Debug, Clone)]
pub struct Overwritten {
    /// Where it is kept, as the program writes it: `timer.current`.
    pub slot: String,
    /// Where the code says that the function runs again.
    pub by: Location,
}

/// How the next run of a function loses what this run opened. `stoppers` are the functions that end it.
#[must_use]
pub fn overwritten(facts: &Facts<'_>, obligation: &Obligation, stoppers: &[FunctionRef]) -> Option<Overwritten> {
    let at = obligation.acquisition.at;
    let (runner, by) = rerun(facts, at.function)?;
    if stoppers.is_empty() || !is_only_stored(facts, obligation) {
        return None;
    }
    let body = facts.program.function(at.function);
    let slot = slot(facts, obligation, body)?;
    let looks_at_it = |place: &Place| place.root == slot.root;
    let is_guarded = facts.frequencies.memo(&facts.evaluator, at).is_some()
        || guard(&facts.evaluator, at).is_some()
        || conditions(body, at.block).into_iter().any(|condition| condition.places().any(looks_at_it));
    let ends_the_earlier = [runner, at.function].into_iter().any(|function| ends(facts, function, obligation));
    let at_the_end =
        stoppers.iter().all(|stopper| *stopper != runner && is_at_the_end(facts, *stopper, stoppers, MAX_CALLS));
    if is_guarded || ends_the_earlier || !at_the_end {
        return None;
    }
    Some(Overwritten { slot: written(facts, at.function, &slot), by })
}

/// Whether the program shows that a function runs again for the same owner.
#[must_use]
pub fn runs_again(facts: &Facts<'_>, function: FunctionRef) -> bool {
    match facts.frequencies.lifecycles.reruns.get(&function) {
        None => false,
        Some(Rerun::Always { .. }) => true,
        Some(Rerun::When { effect, dependencies }) => may_change(facts, *effect, *dependencies),
    }
}

/// The function that runs again: itself, or what always calls it.
fn rerun(facts: &Facts<'_>, function: FunctionRef) -> Option<(FunctionRef, Location)> {
    let reruns = &facts.frequencies.lifecycles.reruns;
    let told = |function: FunctionRef| match reruns.get(&function)? {
        Rerun::Always { at } => Some((function, *at)),
        Rerun::When { effect, dependencies } => {
            may_change(facts, *effect, *dependencies).then(|| (function, facts.location(*effect)))
        }
    };
    told(function).or_else(|| {
        let mut callers = facts.calls.callers(facts.program, function).iter();
        let (Some(only), None) = (callers.next(), callers.next()) else { return None };
        let is_unconditional = conditions(facts.program.function(only.function), only.block).is_empty();
        told(only.function).filter(|_| is_unconditional)
    })
}

/// Whether an effect runs again: it has no list of dependencies, or one with a prop or a state of its component.
fn may_change(facts: &Facts<'_>, effect: OpRef, dependencies: u32) -> bool {
    let Some(call) = facts.program.op(effect).call() else { return false };
    let Some(list) = call.argument(dependencies as usize) else { return !call.arguments.iter().any(|it| it.spread) };
    let Operand::Place(Place { root: Root::Temp(temp), path }) = list else { return false };
    let index = facts.program.index(effect.function.file);
    path.is_empty()
        && index.of_temp(effect.function.function, *temp).iter().any(|definition| {
            let at = effect.function.sibling(definition.function).definition(definition);
            let OpKind::Assign { value: Rvalue::Array(elements), .. } = &facts.program.op(at).kind else {
                return false;
            };
            elements.iter().any(|element| element.value.place().is_some_and(|it| is_given(facts, effect.function, it)))
        })
}

/// Whether a place is a prop of a component, or the first part of a hook's result: its state.
fn is_given(facts: &Facts<'_>, function: FunctionRef, place: &Place) -> bool {
    let Root::Variable(id) = place.root else { return false };
    let variable = facts.program.variable(function.variable(id));
    if variable.owner != function.function || is_callback(&variable.name) {
        return false;
    }
    if matches!(variable.binding, Binding::Parameter(_)) {
        return place.path.last().is_none_or(|field| !field.name().is_some_and(is_callback));
    }
    place.path.is_empty()
        && facts.program.index(function.file).of_variable(id).iter().any(|definition| {
            let at = function.sibling(definition.function).definition(definition);
            let OpKind::Assign { value: Rvalue::Use(Operand::Place(from)), .. } = &facts.program.op(at).kind else {
                return false;
            };
            match &from.root {
                Root::Variable(props) => {
                    matches!(facts.program.variable(function.variable(*props)).binding, Binding::Parameter(_))
                }
                Root::Temp(_) => from.path.len() == 1 && from.path[0].name() == Some("0"),
                _ => false,
            }
        })
}

/// Names of functions that are passed down, which mostly stay the same: `onClose`, `setValue`.
fn is_callback(name: &str) -> bool {
    ["on", "set", "handle"].iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|first: char| first.is_uppercase()))
    })
}

/// Whether a function ends what it, or its earlier run, opened.
fn ends(facts: &Facts<'_>, function: FunctionRef, obligation: &Obligation) -> bool {
    facts.solved(function).effects.in_order().any(|(identity, effect)| {
        *identity == Identity::Acquired(obligation.id) && matches!(effect, Effect::Release | Effect::PartialRelease)
    })
}

/// Whether it goes only into variables and fields.
fn is_only_stored(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let solved = facts.solved(obligation.function);
    let mut escapes = solved.effects.in_order().filter_map(|(identity, effect)| match effect {
        Effect::Escape(escape) if *identity == Identity::Acquired(obligation.id) => Some(escape),
        _ => None,
    });
    escapes.all(|escape| matches!(escape, Escape::Stored | Escape::Captured))
}

/// The only place outside of the function that keeps it: a variable of the code around, `ref.current`, `this.field`.
fn slot(facts: &Facts<'_>, obligation: &Obligation, body: &Function) -> Option<Place> {
    let function = obligation.acquisition.at.function;
    let mut slots = body.ops().filter_map(|(block, index, op)| match &op.kind {
        OpKind::Assign { target, value } if !matches!(target.root, Root::Temp(_)) => {
            let values = facts.evaluator.rvalue(function.op(block, index), value);
            values.resources().any(|stored| stored == obligation.id).then_some(target)
        }
        _ => None,
    });
    let slot = slots.next()?;
    let is_named = slot.path.iter().all(|field| field.name().is_some());
    let is_outside = match &slot.root {
        Root::Variable(id) => {
            let variable = facts.program.variable(function.variable(*id));
            variable.owner != function.function && slot.path.len() <= 1
        }
        Root::This => slot.path.len() == 1,
        _ => false,
    };
    (is_outside && is_named && slots.all(|other| other == slot)).then(|| slot.clone())
}

/// The maximal number of calls between the end of a component and the end of the handle.
const MAX_CALLS: u32 = 3;

/// Whether a function runs only when the owner ends: it is registered for that, or everything that calls it is.
fn is_at_the_end(facts: &Facts<'_>, function: FunctionRef, stoppers: &[FunctionRef], depth: u32) -> bool {
    let body = facts.program.function(function);
    let is_method = body.class().is_some() && body.name.as_deref().is_some_and(is_teardown);
    let is_registered =
        facts.frequencies.lifecycles.endings.contains_key(&function) || is_last_cleanup(facts, function);
    let callers = facts.calls.callers(facts.program, function);
    depth > 0
        && (is_registered || is_method || !callers.is_empty())
        && !is_handed_on(facts, function)
        && callers
            .iter()
            .all(|call| stoppers.contains(&call.function) && is_at_the_end(facts, call.function, stoppers, depth - 1))
}

/// Whether a function is the cleanup of an effect that never runs again.
fn is_last_cleanup(facts: &Facts<'_>, function: FunctionRef) -> bool {
    let lifecycles = &facts.frequencies.lifecycles;
    lifecycles.effects.keys().any(|effect| {
        !lifecycles.reruns.contains_key(effect)
            && facts.evaluator.functions_behind(facts.evaluator.returns(*effect)).contains(&function)
    })
}

/// Whether a function is passed on as a value, to a button or an emitter, and not only to what runs it at the end.
fn is_handed_on(facts: &Facts<'_>, function: FunctionRef) -> bool {
    let ending = facts.frequencies.lifecycles.endings.get(&function);
    facts.program.module(function.file).functions().any(|(id, body)| {
        let holder = function.sibling(id);
        body.ops().any(|(block, index, op)| {
            let Some(call) = op.call().filter(|_| ending != Some(&holder.op(block, index))) else { return false };
            call.arguments.iter().any(|argument| {
                let given = facts.evaluator.operand(holder, &argument.value);
                facts.evaluator.functions_in(&given).iter().any(|(given, _)| *given == function)
            })
        })
    })
}

/// A place as the program writes it.
fn written(facts: &Facts<'_>, function: FunctionRef, place: &Place) -> String {
    let root = match &place.root {
        Root::Variable(id) => facts.program.module(function.file).name_of(*id).to_string(),
        _ => "this".to_owned(),
    };
    place.path.iter().filter_map(crate::ir::Field::name).fold(root, |text, name| format!("{text}.{name}"))
}
