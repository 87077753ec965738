//! The findings of `unremoved-listener`, in words.

use crate::analysis::facts::Facts;
use crate::analysis::registrations::{Addition, Event, HandlerId, Lingering, Partial, Removal};
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::linking::OpRef;
use crate::source::Location;

use super::super::{RuleId, wording};
use super::why::{Repetition, Why};

/// A note if the very same function is added again: that is no second listener.
pub(super) fn left_on_itself(facts: &Facts<'_>, addition: &Addition) -> Finding {
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

/// A note: it is removed by its event, even if the component is gone by then.
pub(super) fn waiting(facts: &Facts<'_>, addition: &Addition) -> Finding {
    let event = addition.event.text().unwrap_or_default();
    Finding::new(RuleId::UnremovedListener, Severity::Note, Confidence::Medium, facts.location(addition.at))
        .label("added for one event, not removed before it comes")
        .function(facts.program.name_of(addition.at.function))
        .resource(facts.evaluator.catalogue.resource(addition.resource).id.clone())
        .message(format!("the `{event}` listener waits for its event even if the component is gone by then"))
        .help("remove it in the function that the effect returns")
}

/// A listener of one piece of work that is still there for the next. A note if nothing shows that the next uses the
/// same target.
pub(super) fn left_after_the_work(facts: &Facts<'_>, addition: &Addition, how: Lingering) -> Finding {
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
        .help("remove it on every path on which the work ends, best in one `finally`")
}

/// A listener that is removed on some of the ways in which its promise is settled. A note if nothing shows that the
/// target lives on.
pub(super) fn left_on_a_way(facts: &Facts<'_>, addition: &Addition, how: Partial) -> Finding {
    let event = addition.event.text().map_or_else(|| "the".to_owned(), |event| format!("the `{event}`"));
    let (severity, confidence) =
        if how.is_shown { (Severity::Warning, Confidence::Medium) } else { (Severity::Note, Confidence::Medium) };
    let step = |at: OpRef, message: &str| TraceStep { location: facts.location(at), message: message.to_owned() };
    Finding::new(RuleId::UnremovedListener, severity, confidence, facts.location(addition.at))
        .label("added here, removed on some paths only")
        .function(facts.program.name_of(addition.at.function))
        .resource(facts.evaluator.catalogue.resource(addition.resource).id.clone())
        .message(format!(
            "{event} listener stays on `{}` when its promise is settled by something else than its event",
            addition.target.text
        ))
        .help("remove it on every path on which the work ends, best in one `finally`")
        .trace(vec![
            step(addition.at, "the listener is added here"),
            step(how.way, "the promise is settled here, and the listener stays"),
        ])
}

pub(super) fn empty_removal(facts: &Facts<'_>, removal: &Removal) -> Finding {
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
pub(super) fn misnamed_removal(facts: &Facts<'_>, removal: &Removal, addition: &Addition) -> Finding {
    let (named, added) = (removal.event.as_ref().and_then(Event::text), addition.event.text());
    let (named, added) = (named.unwrap_or_default(), added.unwrap_or_default());
    let target = &removal.target.text;
    // A listener that its event removes is gone in most cases.
    let severity = if addition.is_once { Severity::Note } else { Severity::Warning };
    Finding::new(RuleId::UnremovedListener, severity, Confidence::Medium, facts.location(removal.at))
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

pub(super) fn finding(facts: &Facts<'_>, addition: &Addition, why: &Why<'_>) -> Finding {
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
        Why::Forgotten { teardown } | Why::ForgottenPerhaps { teardown } => {
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
    // A page has only one, which goes with the page.
    let is_perhaps = matches!(why, Why::ForgottenPerhaps { .. }) || facts.is_of_mounted_once(addition.at);
    let severity = if is_perhaps { Severity::Note } else { Severity::Error };
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

pub(super) fn repeated(
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
