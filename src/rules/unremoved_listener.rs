//! `unremoved-listener`: a callback is added to something that outlives it and never removed, or removed in a way
//! that matches nothing.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::{Effect, Identity};
use crate::analysis::registrations::{
    Addition, Event, Guard, Handler, HandlerId, Life, Likeness, Lingering, PlaceId, Registrations, Removal, guard,
    lingering,
};
use crate::analysis::value::Value;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{Binding, Field, FunctionId};
use crate::linking::{ClassRef, FunctionRef, OpRef};
use crate::source::Location;

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let registrations = facts.registrations();
    let mut told = Vec::new();
    for addition in &registrations.additions {
        if !facts.is_held_to_account(addition.at.function) || registrations.is_removed(addition) {
            continue;
        }
        if let Some(why) = why(facts, registrations, addition) {
            findings.push(finding(facts, addition, &why));
            told.push(addition);
        }
    }
    for addition in registrations.additions.iter().filter(|addition| facts.is_held_to_account(addition.at.function)) {
        let location = facts.location(addition.at);
        let is_told = |finding: &Finding| finding.rule == RuleId::UnremovedListener && finding.location == location;
        if is_left_on_itself(facts, registrations, addition) && !findings.iter().any(is_told) {
            findings.push(left_on_itself(facts, addition));
        }
    }
    let is_end = |function: FunctionRef| facts.program.function(function).name.as_deref().is_some_and(is_teardown);
    for addition in registrations.additions.iter().filter(|addition| facts.is_held_to_account(addition.at.function)) {
        if let Some(by) = registrations.left_at_the_end(addition, is_end) {
            findings.push(finding(facts, addition, &Why::LeftBehind { by }));
        }
    }
    for addition in registrations.additions.iter().filter(|addition| facts.is_held_to_account(addition.at.function)) {
        let location = facts.location(addition.at);
        let is_told = |finding: &Finding| finding.rule == RuleId::UnremovedListener && finding.location == location;
        if let Some(how) = lingering(facts, registrations, addition)
            && !findings.iter().any(is_told)
        {
            findings.push(left_after_the_work(facts, addition, how));
        }
    }
    for removal in registrations.removals.iter().chain(&registrations.lost) {
        let is_told = |addition: &&Addition| removal.is_near(addition) && difference(removal, addition).is_some();
        if removes_nothing(removal) && facts.is_held_to_account(removal.at.function) && !told.iter().any(is_told) {
            findings.push(empty_removal(facts, removal));
        }
    }
    for removal in registrations.removals.iter().filter(|removal| facts.is_held_to_account(removal.at.function)) {
        if let Some(addition) = registrations.meant_for(removal)
            && !told.iter().any(|told| told.at == addition.at)
        {
            findings.push(misnamed_removal(facts, removal, addition));
        }
    }
}

/// Whether an object adds a listener to itself each time it begins anew, and nothing surely takes it away.
fn is_left_on_itself(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> bool {
    let is_on_itself = matches!(&addition.target.place, PlaceId::Field(_, path) if path.is_empty());
    let takes_it = |removal: &Removal| {
        let event = removal.event.as_ref().map_or(Likeness::Sure, |event| event.likeness(&addition.event));
        event == Likeness::Sure
            && removal.target.likeness(&addition.target) == Likeness::Sure
            && Registrations::removes(removal, addition)
    };
    is_on_itself
        && facts.frequencies.lifecycles.reentered.contains(&addition.at.function)
        && addition.deduplicates
        && addition.event.text().is_some()
        && !addition.removes_itself
        && guard(&facts.evaluator, addition.at).is_none()
        && !registrations.removals.iter().any(takes_it)
}

/// Only a note where the very same function is added again: that is no second listener.
fn left_on_itself(facts: &Facts<'_>, addition: &Addition) -> Finding {
    let is_made = matches!(addition.handler.id, HandlerId::Fresh(_) | HandlerId::Written(_));
    let event = addition.event.text().unwrap_or_default();
    let what = if is_made { "adds one more" } else { "finds it there" };
    Finding::new(
        RuleId::UnremovedListener,
        if is_made { Severity::Warning } else { Severity::Note },
        Confidence::Medium,
        facts.location(addition.at),
    )
    .label("added here, never removed")
    .function(facts.program.name_of(addition.at.function))
    .resource(facts.evaluator.catalogue.resource(addition.resource).id.clone())
    .message(format!("the `{event}` listener stays when the element is taken out, and putting it back {what}"))
    .help("remove it where the element is disconnected, or add it in the constructor")
}

/// A listener of one piece of work, which is still there for the next. Only a note where nobody shows that the next is
/// given the same target.
fn left_after_the_work(facts: &Facts<'_>, addition: &Addition, how: Lingering) -> Finding {
    let event = addition.event.text().map_or_else(|| "the".to_owned(), |event| format!("the `{event}`"));
    let target = &addition.target.text;
    let done = if how.settles { "its promise is settled otherwise" } else { "the work is done" };
    let (severity, confidence) =
        if how.is_shown { (Severity::Warning, Confidence::Medium) } else { (Severity::Note, Confidence::Low) };
    let why = if addition.is_once { ": it goes only when its event comes" } else { "" };
    Finding::new(RuleId::UnremovedListener, severity, confidence, facts.location(addition.at))
        .label("added here, and left behind")
        .function(facts.program.name_of(addition.at.function))
        .resource(facts.evaluator.catalogue.resource(addition.resource).id.clone())
        .message(format!("{event} listener stays on `{target}` when {done}{why}"))
        .help("remove it in each of the ways in which the work ends, best in one `finally`")
}

/// Whether a removal is given a function that was made for it, which nothing can have added.
fn removes_nothing(removal: &Removal) -> bool {
    let is_made = |handler: &Handler| matches!(handler.id, HandlerId::Fresh(_) | HandlerId::Written(_));
    removal.is_exact && removal.event.is_some() && removal.handler.as_ref().is_some_and(is_made)
}

/// What makes a registration a leak.
enum Why<'r> {
    /// A removal was meant for it and does nothing.
    Mismatch {
        removal: &'r Removal,
        reason: &'static str,
    },
    /// The method that by its name removes it adds it once more.
    AddedAgain {
        by: OpRef,
    },
    /// The class's teardown method forgets it.
    Forgotten {
        teardown: FunctionRef,
    },
    /// What takes away the others that were added with it leaves it.
    LeftBehind {
        by: FunctionRef,
    },
    /// The lease goes back with the listener on it.
    Leased,
    Repeats(Repetition),
}

/// How often it is added.
enum Repetition {
    Rate(Rate),
    /// By an entry point that runs once for each instance: an effect, a component's start.
    Entry(String),
    /// By the handler of an event.
    Event {
        name: String,
        at: OpRef,
    },
    Calls,
}

fn why<'r>(facts: &Facts<'_>, registrations: &'r Registrations, addition: &Addition) -> Option<Why<'r>> {
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

/// Whether a component's effect or start adds it to what the component is given: that was there before, and is there for
/// the next.
fn is_given(facts: &Facts<'_>, addition: &Addition) -> bool {
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

/// Whether what ends a component's effect or the component has to do with the target.
fn is_ended_with_the_component(facts: &Facts<'_>, addition: &Addition) -> bool {
    let function = addition.at.function;
    let cleanups = facts.evaluator.functions_behind(facts.evaluator.returns(function));
    let class = addition.class.into_iter().flat_map(|class| facts.program.members(class));
    let teardowns = class.filter(|(_, member)| is_teardown(&member.name)).map(|(member, _)| member);
    cleanups.into_iter().chain(teardowns).any(|end| touches(facts, end, &addition.target.place))
}

/// Whether the event is one that a process listens to for its own sake.
fn is_for_the_process(addition: &Addition) -> bool {
    let is_process =
        matches!(&addition.target.place, PlaceId::Global(path) if path.first().is_some_and(|it| it == "process"));
    is_process
        && addition.event.text().is_some_and(|event| {
            event.starts_with("SIG")
                || matches!(event, "uncaughtException" | "unhandledRejection" | "warning" | "message")
        })
}

/// Events that a page sees once; who listens for one of them listens on behalf of the page.
const PAGE_EVENTS: &[&str] = &["load", "DOMContentLoaded", "appinstalled", "beforeinstallprompt"];

fn repetition(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<Repetition> {
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
fn fresh_rate(facts: &Facts<'_>, addition: &Addition, rate: Rate) -> Rate {
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
fn is_made_in(facts: &Facts<'_>, handler: &Handler, function: FunctionRef) -> bool {
    match &handler.id {
        HandlerId::Fresh(_) | HandlerId::Written(_) => true,
        HandlerId::Place(PlaceId::Variable(id, _)) => {
            let owner = FunctionRef::new(id.file, facts.program.variable(*id).owner);
            facts.evaluator.is_within(owner, function)
        }
        _ => false,
    }
}

/// Whether a function by its name is one that is called once.
fn is_start(name: &str) -> bool {
    const WORDS: &[&str] =
        &["init", "setup", "start", "boot", "main", "register", "configure", "listen", "create", "connect"];
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    last == "constructor" || WORDS.iter().any(|word| last.starts_with(word))
}

/// The method that ends the instances of the class and leaves the listener.
fn forgotten(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<FunctionRef> {
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
fn touches(facts: &Facts<'_>, method: FunctionRef, place: &PlaceId) -> bool {
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

/// A removal of the same class or file that is meant for it and differs in one thing.
fn mismatch<'r>(facts: &Facts<'_>, registrations: &'r Registrations, addition: &Addition) -> Option<Why<'r>> {
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
fn difference(removal: &Removal, addition: &Addition) -> Option<&'static str> {
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
fn added_again(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<OpRef> {
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

/// Whether the handler calls the function that adds it: who connects anew when the connection breaks wants it to stay
/// for as long as it holds, and adds the next to another one.
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

fn empty_removal(facts: &Facts<'_>, removal: &Removal) -> Finding {
    let event = removal.event.as_ref().and_then(Event::text).map_or_else(String::new, |event| format!("`{event}` "));
    Finding::new(RuleId::UnremovedListener, Severity::Error, Confidence::High, facts.location(removal.at))
        .label("removes nothing")
        .function(facts.program.name_of(removal.at.function))
        .resource(facts.evaluator.catalogue.resource(removal.resource).id.clone())
        .message(format!(
            "this removes no {event}listener from `{}`: it is given a function made in place, which was never added",
            removal.target.text
        ))
        .help("keep the function that was added in a name or field, and give that to the removal")
}

/// A removal of a function from an event that it was never added for.
fn misnamed_removal(facts: &Facts<'_>, removal: &Removal, addition: &Addition) -> Finding {
    let (named, added) = (removal.event.as_ref().and_then(Event::text), addition.event.text());
    let (named, added) = (named.unwrap_or_default(), added.unwrap_or_default());
    let target = &removal.target.text;
    Finding::new(RuleId::UnremovedListener, Severity::Warning, Confidence::Medium, facts.location(removal.at))
        .label("removes nothing")
        .function(facts.program.name_of(removal.at.function))
        .resource(facts.evaluator.catalogue.resource(removal.resource).id.clone())
        .message(format!(
            "this removes no listener from `{target}`: the function was added for `{added}`, not `{named}`"
        ))
        .help("name the event that the function was added for")
        .trace(vec![TraceStep {
            location: facts.location(addition.at),
            message: format!("the `{added}` listener is added here, and stays"),
        }])
}

fn finding(facts: &Facts<'_>, addition: &Addition, why: &Why<'_>) -> Finding {
    let function = addition.at.function;
    let event = addition.event.text().map_or_else(|| "the".to_owned(), |event| format!("the `{event}`"));
    let target = &addition.target.text;
    let step = |at: OpRef, message: &str| TraceStep { location: facts.location(at), message: message.to_owned() };
    let added = step(addition.at, "the listener is added here");
    let (message, confidence, trace) = match why {
        Why::Mismatch { removal, reason } => (
            format!("{event} listener on `{target}` is never removed: {reason}"),
            Confidence::High,
            vec![added, step(removal.at, &format!("this removes nothing: {reason}"))],
        ),
        Why::AddedAgain { by } => (
            format!("{event} listener on `{target}` is never removed: both halves of the pair add it"),
            Confidence::High,
            vec![added, step(*by, "the same listener is added here as well")],
        ),
        Why::LeftBehind { by } => {
            let name = facts.program.name_of(*by);
            let left = TraceStep {
                location: Location { file: by.file, span: facts.program.function(*by).name_span },
                message: "the others that are added with it are removed here".to_owned(),
            };
            let message = format!("{event} listener stays on `{target}` when `{name}` removes those added with it");
            (message, Confidence::Medium, vec![added, left])
        }
        Why::Leased => (
            format!(
                "{event} listener stays on `{target}` when it is given back, and the next to lease it adds another"
            ),
            Confidence::High,
            vec![added],
        ),
        Why::Forgotten { teardown } => {
            let name_span = facts.program.function(*teardown).name_span;
            let left = TraceStep {
                location: Location { file: teardown.file, span: name_span },
                message: "the instance ends here and the listener stays".to_owned(),
            };
            (
                format!("`{}` leaves {event} listener on `{target}`", facts.program.name_of(*teardown)),
                Confidence::Medium,
                vec![added, left],
            )
        }
        Why::Repeats(repetition) => repeated(facts, addition, repetition, &event, added),
    };
    // The page has one, and it goes with the page.
    let severity = if facts.is_of_mounted_once(addition.at) { Severity::Note } else { Severity::Error };
    Finding::new(RuleId::UnremovedListener, severity, confidence, facts.location(addition.at))
        .label("added here, never removed")
        .function(facts.program.name_of(function))
        .resource(facts.evaluator.catalogue.resource(addition.resource).id.clone())
        .message(message)
        .help(
            "keep the function in a name or field and remove that very function from the same target, with the same \
               flags, when the owner ends",
        )
        .trace(trace)
}

fn repeated(
    facts: &Facts<'_>,
    addition: &Addition,
    repetition: &Repetition,
    event: &str,
    added: TraceStep,
) -> (String, Confidence, Vec<TraceStep>) {
    let chain = facts.frequencies.chain(&facts.evaluator, addition.at.function);
    let mut trace = wording::chain_steps(facts, &chain, Some(addition.at));
    let (often, confidence) = match repetition {
        Repetition::Rate(rate) => {
            let confidence = if chain.entry.is_some() { Confidence::High } else { Confidence::Medium };
            (wording::how_often(facts, &chain, addition.at.function, *rate), confidence)
        }
        Repetition::Entry(label) => (wording::each_time(facts, &chain, addition.at.function, label), Confidence::High),
        Repetition::Event { name, at } => {
            trace.clear();
            trace.push(TraceStep {
                location: facts.location(*at),
                message: format!("`{name}` may come any number of times"),
            });
            (format!("each time `{name}` comes"), Confidence::Medium)
        }
        Repetition::Calls => ("on every call".to_owned(), Confidence::Medium),
    };
    trace.push(added);
    (format!("{event} listener on `{}` is added {often} and never removed", addition.target.text), confidence, trace)
}
