//! `unclosed-client`: a client, file or session is opened and not closed on every path.

use crate::analysis::deviants::{Deviant, Deviation, deviants};
use crate::analysis::dropped_entries::{DroppedEntry, dropped_entries};
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::forgotten_fields::{ForgottenField, forgotten_fields};
use crate::analysis::forgotten_parts::{ForgottenPart, forgotten_parts};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::{Fate, Forgotten, Unsettled, forgotten, unsettled};
use crate::analysis::undisposed::undisposed;
use crate::analysis::unended::unended;
use crate::analysis::value::AcquisitionId;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::source::Location;

use super::undisposed::dropped;
use super::{RuleId, effect_without_cleanup, release, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    release::check(facts, RuleId::UnclosedClient, findings);
    for unsettled in unsettled(&facts.evaluator, &facts.summaries) {
        let function = facts.evaluator.acquisition(unsettled.id).at.function;
        if is_to_be_closed(facts, unsettled.id)
            && facts.is_held_to_account(function)
            && !findings.iter().any(|it| is_about(facts, it, &unsettled))
        {
            findings.push(left_open(facts, &unsettled));
        }
    }
    for obligation in facts.obligations.iter() {
        if !is_to_be_closed(facts, obligation.id)
            || !facts.is_held_to_account(obligation.function)
            || !obligation.at_normal_exit.contains(Fate::ESCAPED)
            || facts.released.contains(&obligation.id)
        {
            continue;
        }
        let solved = facts.solved(obligation.function);
        if let Some(eviction) = forgotten(&facts.evaluator, &solved.effects, obligation.id)
            && facts.rate(eviction.put) > Rate::Once
        {
            findings.push(evicted(facts, obligation, eviction));
        }
    }
    for obligation in unended(facts) {
        let is_told = effect_without_cleanup::is_of_effect(facts, obligation)
            || findings.iter().any(|it| it.location == facts.location(obligation.acquisition.at));
        if !is_told && facts.rate(obligation.acquisition.at) > Rate::Once {
            findings.push(effect_without_cleanup::left(facts, obligation, RuleId::UnclosedClient));
        }
    }
    for forgotten in forgotten_fields(facts) {
        let function = forgotten.obligation.function;
        if is_to_be_closed(facts, forgotten.obligation.id) && facts.is_held_to_account(function) {
            findings.push(emptied(facts, &forgotten));
        }
    }
    for part in forgotten_parts(facts) {
        let is_told = |it: &Finding| it.location == facts.location(part.made.at);
        if !findings.iter().any(is_told) {
            findings.push(left_by_the_end(facts, &part));
        }
    }
    for one in undisposed(facts) {
        if !findings.iter().any(|it| it.location == facts.location(one.at)) {
            findings.push(dropped(facts, &one));
        }
    }
    for deviant in deviants(facts) {
        let at = deviant.at;
        if facts.rate(at) >= Rate::Once && !findings.iter().any(|it| it.location == facts.location(at)) {
            findings.push(deviating(facts, &deviant));
        }
    }
}

/// What sweeps take out of containers and leave open.
pub(super) fn check_sweeps(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for dropped in dropped_entries(facts) {
        if facts.is_held_to_account(dropped.removal.function) {
            findings.push(swept(facts, &dropped));
        }
    }
}

/// A resource that a function does not end, although the other functions of the program do.
fn deviating(facts: &Facts<'_>, deviant: &Deviant) -> Finding {
    let call = wording::callee_text(facts, deviant.at);
    let ending = &deviant.ending;
    // Code that runs once leaves one open, about which the others say nothing.
    let severity = if facts.rate(deviant.at) > Rate::Once { Severity::Warning } else { Severity::Note };
    let (label, message) = match deviant.kind {
        Deviation::Never => (
            "never closed here",
            format!("the result of {call} is never closed, while {} other functions close theirs", deviant.others),
        ),
        Deviation::OnThrow { by } => (
            "stays open when something throws",
            format!("the result of {call} is not closed when {} throws", wording::callee_text(facts, by)),
        ),
    };
    let mut trace = vec![TraceStep { location: facts.location(deviant.at), message: "it is opened here".to_owned() }];
    trace.extend(
        deviant.through.map(|at| TraceStep {
            location: facts.location(at),
            message: "which passes on what this returns".to_owned(),
        }),
    );
    if let Deviation::OnThrow { by } = deviant.kind {
        trace.push(TraceStep {
            location: facts.location(by),
            message: "this may throw, and the function leaves without closing it".to_owned(),
        });
    }
    trace.push(TraceStep {
        location: facts.location(deviant.example),
        message: format!("`{ending}()` is called here, as in most functions that open one"),
    });
    Finding::new(RuleId::UnclosedClient, severity, Confidence::Medium, facts.location(deviant.at))
        .label(label)
        .function(facts.program.name_of(deviant.at.function))
        .resource(call)
        .message(message)
        .help(format!("call `{ending}()` in a `finally`"))
        .trace(trace)
}

/// A resource that a sweep takes out of a container without ending it.
fn swept(facts: &Facts<'_>, dropped: &DroppedEntry<'_>) -> Finding {
    let acquisition = facts.evaluator.acquisition(dropped.id);
    let noun = wording::noun(facts, &acquisition);
    let close = wording::release_name(facts, &acquisition);
    let container = &dropped.container.name;
    Finding::new(RuleId::UnclosedClient, Severity::Warning, Confidence::Medium, facts.location(dropped.removal))
        .label("dropped here, and still open")
        .function(facts.program.name_of(dropped.removal.function))
        .resource(wording::resource_id(facts, &acquisition))
        .message(format!("the {noun} stays open when it is swept out of `{container}`"))
        .help(format!("call {close} on what is taken out"))
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is opened here") },
            TraceStep { location: facts.location(dropped.put), message: format!("`{container}` keeps it") },
            TraceStep {
                location: facts.location(dropped.removal),
                message: "it is taken out here, and nothing refers to it any more".to_owned(),
            },
        ])
}

/// The resource in a field that a method emptied.
fn emptied(facts: &Facts<'_>, forgotten: &ForgottenField<'_>) -> Finding {
    let acquisition = &forgotten.obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    let close = wording::release_name(facts, acquisition);
    let field = &forgotten.field;
    let method = facts.program.name_of(forgotten.emptied.function);
    Finding::new(RuleId::UnclosedClient, Severity::Warning, Confidence::Medium, facts.location(acquisition.at))
        .label(format!("stays open when `{field}` is emptied"))
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("the {noun} is left open when `{method}` empties `this.{field}`"))
        .help(format!("call {close} before the field is emptied, even if the {noun} itself failed"))
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is acquired here") },
            TraceStep {
                location: facts.location(forgotten.emptied),
                message: "the only field that has it is emptied here, and the next call makes another".to_owned(),
            },
        ])
}

/// A resource that the end of its owner leaves open.
fn left_by_the_end(facts: &Facts<'_>, part: &ForgottenPart) -> Finding {
    let acquisition = &part.made;
    let noun = wording::noun(facts, acquisition);
    let close = wording::release_name(facts, acquisition);
    let (field, end) = (&part.field, facts.program.name_of(part.end));
    let name_span = facts.program.function(part.end).name_span;
    Finding::new(RuleId::UnclosedClient, Severity::Warning, Confidence::Medium, facts.location(acquisition.at))
        .label(format!("`{end}` leaves it open"))
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("`{end}` leaves the {noun} in `this.{field}` open"))
        .help(format!("call {close} on `this.{field}` where the instance ends"))
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is made here") },
            TraceStep {
                location: Location { file: part.end.file, span: name_span },
                message: "the instance ends other things here, and not this one".to_owned(),
            },
        ])
}

/// Whether losing a resource is a leak, and one that this rule reports.
fn is_to_be_closed(facts: &Facts<'_>, id: AcquisitionId) -> bool {
    let acquisition = facts.evaluator.acquisition(id);
    facts.resource(&acquisition).is_some_and(|(_, resource)| {
        !resource.collected
            && !resource.of_component
            && matches!(resource.kind, ResourceKind::Pool | ResourceKind::Client | ResourceKind::Handle)
    })
}

fn is_about(facts: &Facts<'_>, finding: &Finding, unsettled: &Unsettled) -> bool {
    finding.rule == RuleId::UnclosedClient
        && finding.location == facts.location(facts.evaluator.acquisition(unsettled.id).at)
}

/// A resource that a container drops by itself, so that nobody closes it.
fn evicted(facts: &Facts<'_>, obligation: &Obligation, eviction: Forgotten) -> Finding {
    let acquisition = &obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    let close = wording::release_name(facts, acquisition);
    Finding::new(RuleId::UnclosedClient, Severity::Warning, Confidence::Medium, facts.location(eviction.container))
        .label("drops entries without closing them")
        .function(facts.program.name_of(obligation.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("the {noun} is left open when the cache that keeps it evicts it"))
        .help(format!("give the cache a function that calls {close} on what it evicts"))
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is acquired here") },
            TraceStep { location: facts.location(eviction.put), message: "only the cache keeps it".to_owned() },
            TraceStep {
                location: facts.location(eviction.container),
                message: "the cache is given no function that closes what it drops".to_owned(),
            },
        ])
}

/// A promise of event callbacks that closes on success and forgets to on failure.
fn left_open(facts: &Facts<'_>, unsettled: &Unsettled) -> Finding {
    let acquisition = facts.evaluator.acquisition(unsettled.id);
    let noun = wording::noun(facts, &acquisition);
    let close = wording::release_name(facts, &acquisition);
    let mut trace = vec![
        TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is opened here") },
        TraceStep {
            location: facts.location(unsettled.resolution),
            message: "where the promise is resolved, it is closed or handed on".to_owned(),
        },
    ];
    trace.extend(unsettled.rejections.iter().map(|at| TraceStep {
        location: facts.location(*at),
        message: "where it is rejected here, it stays open".to_owned(),
    }));
    let ways = match unsettled.rejections.len() {
        1 => "one way".to_owned(),
        count => format!("{count} ways"),
    };
    Finding::new(RuleId::UnclosedClient, Severity::Error, Confidence::High, facts.location(acquisition.at))
        .label("stays open when the promise is rejected")
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, &acquisition))
        .message(format!("the {noun} is left open on {ways} of rejecting its promise"))
        .help(format!("call {close} before each `reject`, best in the one function that all of them call"))
        .trace(trace)
}
