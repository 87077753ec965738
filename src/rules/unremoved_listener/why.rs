//! What makes an addition a leak: how often it happens, and that nothing removes it.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::{Effect, Identity};
use crate::analysis::registrations::{
    Addition, Guard, Handler, HandlerId, Life, PlaceId, Registrations, Removal, guard,
};
use crate::analysis::value::Value;
use crate::ir::{Binding, Field, FunctionId};
use crate::linking::{FunctionRef, OpRef};

use super::others::forgotten_on_others;
use super::pairs::{added_again, forgotten, mismatch, touches};

/// What makes a registration a leak.
pub(super) enum Why<'r> {
    /// A removal was meant for it, but removes nothing.
    Mismatch {
        removal: &'r Removal,
        reason: &'static str,
    },
    /// The method that should remove it, judging by its name, adds it once more.
    AddedAgain {
        by: OpRef,
    },
    /// The class's teardown method forgets it.
    Forgotten {
        teardown: FunctionRef,
    },
    /// The same for a listener on a part of a constructor argument, whose lifetime is unknown.
    ForgottenPerhaps {
        teardown: FunctionRef,
    },
    /// The function that removes the others added with it leaves it.
    LeftBehind {
        by: FunctionRef,
    },
    /// The lease goes back with the listener on it.
    Leased,
    Repeats(Repetition),
}

/// How often it is added.
pub(super) enum Repetition {
    Rate(Rate),
    /// By an entry point that runs once per instance: an effect, the setup of a component.
    Entry(String),
    /// By the handler of an event.
    Event {
        name: String,
        at: OpRef,
    },
    Calls,
}

pub(super) fn why<'r>(facts: &Facts<'_>, registrations: &'r Registrations, addition: &Addition) -> Option<Why<'r>> {
    if let Some(mismatch) = mismatch(facts, registrations, addition) {
        return Some(mismatch);
    }
    if let Some(by) = added_again(facts, registrations, addition) {
        return Some(Why::AddedAgain { by });
    }
    if let Life::Leased(id) = addition.target.life {
        let solved = facts.solved(addition.at.function);
        let effects = &solved.effects;
        let goes_back = effects
            .in_order()
            .any(|(identity, effect)| *identity == Identity::Acquired(id) && effect == Effect::Release);
        let repeats = facts.rate(addition.at) != Rate::Once && guard(&facts.evaluator, addition.at).is_none();
        return (goes_back && repeats && !calls_back(facts, addition)).then_some(Why::Leased);
    }
    if let Some(by) = registrations.left_behind(addition) {
        return Some(Why::LeftBehind { by });
    }
    if let Some(teardown) = forgotten_on_others(facts, addition) {
        return Some(Why::ForgottenPerhaps { teardown });
    }
    if addition.target.life == Life::Unknown && !addition.hands_back && is_given(facts, addition) {
        return repetition(facts, registrations, addition)
            .filter(|_| !is_ended_with_the_component(facts, addition))
            .map(Why::Repeats);
    }
    if addition.target.life == Life::Unknown || (addition.hands_back && addition.target.life != Life::Global) {
        return None;
    }
    if addition.target.life == Life::Fetched {
        let teardown = forgotten(facts, registrations, addition)?;
        return (!touches(facts, teardown, &addition.target.place)).then_some(Why::Forgotten { teardown });
    }
    if is_for_the_process(addition) {
        // Somebody has to listen to signals; that they do so more than once needs better evidence than a class.
        return repetition(facts, registrations, addition)
            .filter(|repetition| matches!(repetition, Repetition::Rate(_)))
            .map(Why::Repeats);
    }
    if let Some(repetition) = repetition(facts, registrations, addition) {
        return Some(Why::Repeats(repetition));
    }
    forgotten(facts, registrations, addition).map(|teardown| Why::Forgotten { teardown })
}

/// Whether an effect or the setup of a component adds it to a prop, which outlives the component.
pub(super) fn is_given(facts: &Facts<'_>, addition: &Addition) -> bool {
    let function = addition.at.function;
    let is_effect = facts.frequencies.lifecycles.effects.contains_key(&function);
    let is_ref = |path: &[Field]| path.last().and_then(Field::name) == Some("current");
    match &addition.target.place {
        PlaceId::Field(class, path) => {
            let is_start =
                facts.frequencies.of_function(function) == Rate::PerInstance && addition.class == Some(*class);
            let is_prop = path.len() > 1 && path[0].name() == Some("props");
            is_start && is_prop && !is_ref(path)
        }
        PlaceId::Variable(id, path) => {
            let variable = facts.program.variable(*id);
            let owner = FunctionRef::new(id.file, variable.owner);
            let is_prop = matches!(variable.binding, Binding::Parameter(_)) && !path.is_empty();
            is_effect && is_prop && owner != function && !is_ref(path) && facts.evaluator.is_within(function, owner)
        }
        _ => false,
    }
}

/// Whether the cleanup of an effect or of a component uses the target.
fn is_ended_with_the_component(facts: &Facts<'_>, addition: &Addition) -> bool {
    let function = addition.at.function;
    let cleanups = facts.evaluator.functions_behind(facts.evaluator.returns(function));
    let class = addition.class.into_iter().flat_map(|class| facts.program.members(class));
    let teardowns = class.filter(|(_, member)| is_teardown(&member.name)).map(|(member, _)| member);
    cleanups.into_iter().chain(teardowns).any(|end| touches(facts, end, &addition.target.place))
}

/// Whether a process listens to the event for its own sake.
fn is_for_the_process(addition: &Addition) -> bool {
    let is_process =
        matches!(&addition.target.place, PlaceId::Global(path) if path.first().is_some_and(|it| it == "process"));
    is_process
        && addition.event.text().is_some_and(|event| {
            event.starts_with("SIG")
                || matches!(event, "uncaughtException" | "unhandledRejection" | "warning" | "message")
        })
}

/// Events that a page sees once; their listeners act on behalf of the page.
const PAGE_EVENTS: &[&str] = &["load", "DOMContentLoaded", "appinstalled", "beforeinstallprompt"];

pub(super) fn repetition(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<Repetition> {
    let guard = guard(&facts.evaluator, addition.at);
    if guard == Some(Guard::Process) {
        return None;
    }
    let rate = fresh_rate(facts, addition, facts.rate(addition.at));
    let rate = match (guard, addition.class) {
        (Some(Guard::Instance), Some(class)) => rate.min(facts.frequencies.of_class(class)),
        _ => rate,
    };
    if rate > Rate::PerInstance {
        return Some(Repetition::Rate(rate));
    }
    if guard.is_some() {
        return None;
    }
    if rate == Rate::PerInstance {
        let comes_once = addition.event.text().is_some_and(|event| PAGE_EVENTS.contains(&event));
        let label = facts.frequencies.chain(&facts.evaluator, addition.at.function).entry.map(|(label, _)| label);
        return (!comes_once).then(|| label.map_or(Repetition::Rate(rate), Repetition::Entry));
    }
    let name = facts.program.name_of(addition.at.function);
    if rate == Rate::PerCall && addition.target.life == Life::Shared && !is_start(&name) {
        return Some(Repetition::Calls);
    }
    let (handler, by) = registrations.handled_by(facts, addition.at.function)?;
    let event = by.event.text().filter(|_| by.event.fires_again())?;
    let is_new_each_time = !addition.deduplicates || is_made_in(facts, &addition.handler, handler);
    let may_repeat = !by.removes_itself && by.at != addition.at && rate != Rate::Never;
    (may_repeat && is_new_each_time).then(|| Repetition::Event { name: event.to_owned(), at: by.at })
}

/// Where adding the same function again does nothing, only making the function anew counts.
pub(super) fn fresh_rate(facts: &Facts<'_>, addition: &Addition, rate: Rate) -> Rate {
    if !addition.deduplicates {
        return rate;
    }
    match &addition.handler.id {
        HandlerId::Place(PlaceId::Variable(id, _)) => {
            let owner = facts.program.variable(*id).owner;
            if owner == FunctionId::INITIALISER {
                return Rate::Once;
            }
            let owner = FunctionRef::new(id.file, owner);
            let made = facts.frequencies.of_function(owner);
            if owner == addition.at.function || made == Rate::Never { rate } else { rate.min(made.max(Rate::Once)) }
        }
        HandlerId::Place(PlaceId::Field(class, _)) => match facts.frequencies.of_class(*class) {
            Rate::Never => rate,
            made => rate.min(made),
        },
        HandlerId::Place(PlaceId::External(_)) => Rate::Once,
        HandlerId::Place(PlaceId::Global(path)) if path.len() > 1 => Rate::Once,
        _ => rate,
    }
}

/// Whether a function makes the callback itself, so that each run adds another.
pub(super) fn is_made_in(facts: &Facts<'_>, handler: &Handler, function: FunctionRef) -> bool {
    match &handler.id {
        HandlerId::Fresh(_) | HandlerId::Written(_) => true,
        HandlerId::Place(PlaceId::Variable(id, _)) => {
            let owner = FunctionRef::new(id.file, facts.program.variable(*id).owner);
            facts.evaluator.is_within(owner, function)
        }
        _ => false,
    }
}

/// Whether a function is called once, judging by its name.
pub(super) fn is_start(name: &str) -> bool {
    const WORDS: &[&str] =
        &["init", "setup", "start", "boot", "main", "register", "configure", "listen", "create", "connect"];
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    last == "constructor" || WORDS.iter().any(|word| last.starts_with(word))
}

/// Whether the handler calls the function that adds it: a handler that reconnects is meant to stay for as long as the
/// connection holds, and is added to the next connection then.
fn calls_back(facts: &Facts<'_>, addition: &Addition) -> bool {
    let adder = addition.at.function;
    addition.handler.values.iter().any(|value| {
        let Value::Function { function, .. } = value else { return false };
        facts
            .program
            .function(*function)
            .ops()
            .any(|(block, index, op)| op.call().is_some() && facts.called(function.op(block, index)).contains(&adder))
    })
}
