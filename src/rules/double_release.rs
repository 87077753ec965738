//! `double-release`: a resource is released a second time.

use crate::analysis::facts::Facts;
use crate::analysis::twice::{Twice, twice};
use crate::findings::{Confidence, Finding, Severity, TraceStep};

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for twice in twice(facts) {
        if facts.is_held_to_account(twice.first.function) {
            findings.push(finding(facts, &twice));
        }
    }
}

fn finding(facts: &Facts<'_>, twice: &Twice<'_>) -> Finding {
    let acquisition = &twice.obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    let consequence = facts.resource(acquisition).map_or("", |(_, resource)| resource.released_twice.as_str());
    let (first, second) = (wording::callee_text(facts, twice.first), wording::callee_text(facts, twice.second));
    let when =
        twice.thrown_by.map_or_else(String::new, |at| format!(" when {} throws", wording::callee_text(facts, at)));
    let mut trace = vec![
        TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is acquired here") },
        TraceStep { location: facts.location(twice.first), message: format!("{first} ends it here") },
    ];
    trace.extend(twice.thrown_by.map(|at| TraceStep {
        location: facts.location(at),
        message: "this may throw after the first release".to_owned(),
    }));
    trace.push(TraceStep {
        location: facts.location(twice.second),
        message: "it is ended a second time here".to_owned(),
    });
    let (severity, confidence) = match twice.thrown_by {
        Some(_) => (Severity::Warning, Confidence::Medium),
        None => (Severity::Error, Confidence::High),
    };
    Finding::new(RuleId::DoubleRelease, severity, confidence, facts.location(twice.second))
        .label("ended a second time")
        .function(facts.program.name_of(twice.second.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("{second} ends the {noun} a second time{when}: {consequence}"))
        .help("end it in one place, such as a `finally` block, and move what may fail afterwards out of the `try`")
        .trace(trace)
}
