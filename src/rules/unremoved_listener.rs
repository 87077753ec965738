//! `unremoved-listener`: a callback is added to something that outlives it and never removed, or removed in a way
//! that matches nothing.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::registrations::{Addition, Capture, HandlerId, Registrations, Removal, same_target};
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::linking::FunctionRef;

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let registrations = facts.registrations();
    for addition in &registrations.additions {
        if !facts.is_held_to_account(addition.at.function) || addition.removes_itself {
            continue;
        }
        if registrations.removals_of(addition).next().is_some() {
            continue;
        }
        if let Some(why) = why(facts, registrations, addition) {
            findings.push(finding(facts, addition, &why));
        }
    }
}

/// What makes a registration a leak.
enum Why<'r> {
    /// A removal was meant for it and does nothing.
    Mismatch {
        removal: &'r Removal,
        reason: &'static str,
    },
    /// The class's teardown method forgets it.
    Forgotten {
        teardown: FunctionRef,
    },
    Repeats(Rate),
}

fn why<'r>(facts: &Facts<'_>, registrations: &'r Registrations, addition: &Addition) -> Option<Why<'r>> {
    if let Some(mismatch) = mismatch(registrations, addition) {
        return Some(mismatch);
    }
    if !(addition.target.is_global || addition.target.is_module_level) {
        return None;
    }
    // A removal whose target, event and handler cannot be told apart from this one may be the one.
    let rate = facts.rate(addition.at);
    if rate >= Rate::PerInstance {
        return Some(Why::Repeats(rate));
    }
    if !addition.target.is_global {
        return None;
    }
    let class = addition.class?;
    let teardown = facts.teardown(class)?;
    let is_in_teardown = facts.program.function(addition.at.function).name.as_deref().is_some_and(is_teardown);
    (!is_in_teardown && facts.frequencies.of_class(class) != Rate::Once).then_some(Why::Forgotten { teardown })
}

/// A removal of the same event, by the same class or in the same file, that differs in one thing.
fn mismatch<'r>(registrations: &'r Registrations, addition: &Addition) -> Option<Why<'r>> {
    let event = addition.event.as_ref()?;
    let near = |removal: &&Removal| {
        removal.at.function.file == addition.at.function.file
            && removal.class == addition.class
            && removal.event.as_ref() == Some(event)
    };
    registrations.removals.iter().filter(near).find_map(|removal| {
        let handler = removal.handler.as_ref()?;
        let same_handler = *handler == addition.handler;
        let same_target = same_target(&removal.target, &addition.target);
        let reason = match (same_target, same_handler) {
            (true, true) => match (removal.capture, addition.capture) {
                (Capture::Is(a), Capture::Is(b)) if a != b => "the capture flags differ",
                _ => return None,
            },
            (true, false) => match (handler, &addition.handler) {
                (HandlerId::Fresh(_), HandlerId::Fresh(_)) => "it is given another function than was added",
                (HandlerId::Fresh(removed), HandlerId::Place(_)) if removed.is_some() => {
                    "it is given a function made in place, which was never added"
                }
                (HandlerId::Place(_), HandlerId::Fresh(Some(_))) => {
                    "the function that was added was made in place, so nothing can name it"
                }
                _ => return None,
            },
            (false, true) if !matches!(addition.handler, HandlerId::Unknown | HandlerId::Fresh(_)) => {
                "it is called on another target"
            }
            (false, _) => return None,
        };
        // Another addition may be the one it is for.
        let is_taken = registrations
            .additions
            .iter()
            .any(|other| other.at != addition.at && Registrations::removes(removal, other));
        (!is_taken).then_some(Why::Mismatch { removal, reason })
    })
}

fn finding(facts: &Facts<'_>, addition: &Addition, why: &Why<'_>) -> Finding {
    let function = addition.at.function;
    let event = addition.event.as_ref().map_or_else(|| "the".to_owned(), |event| format!("the `{event}`"));
    let target = &addition.target.text;
    let added = TraceStep { location: facts.location(addition.at), message: "the listener is added here".to_owned() };
    let (message, confidence, trace) = match why {
        Why::Mismatch { removal, reason } => (
            format!("{event} listener on `{target}` is never removed: {reason}"),
            Confidence::High,
            vec![
                added,
                TraceStep { location: facts.location(removal.at), message: format!("this removes nothing: {reason}") },
            ],
        ),
        Why::Forgotten { teardown } => (
            format!("`{}` leaves {event} listener on `{target}`", facts.program.name_of(*teardown)),
            Confidence::Medium,
            vec![
                added,
                TraceStep {
                    location: crate::source::Location {
                        file: teardown.file,
                        span: facts.program.function(*teardown).name_span,
                    },
                    message: "the instance ends here and the listener stays".to_owned(),
                },
            ],
        ),
        Why::Repeats(rate) => {
            let chain = facts.frequencies.chain(&facts.evaluator, function);
            let mut trace = wording::chain_steps(facts, &chain);
            trace.push(added);
            (
                format!("{event} listener on `{target}` is added {} and never removed", wording::rate_text(*rate)),
                if chain.entry.is_some() { Confidence::High } else { Confidence::Medium },
                trace,
            )
        }
    };
    Finding {
        rule: RuleId::UnremovedListener,
        severity: Severity::Error,
        confidence,
        location: facts.location(addition.at),
        label: "added here, never removed".to_owned(),
        function: facts.program.name_of(function),
        resource: facts.evaluator.catalogue.resource(addition.resource).id.clone(),
        message,
        help: "keep the function in a name or field and remove that very function from the same target, with the same \
               flags, when the owner ends"
            .to_owned(),
        trace,
    }
}
