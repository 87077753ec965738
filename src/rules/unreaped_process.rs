//! `unreaped-process`: a child process is started, and nobody waits for it, or ends it when the wait is given up.

use crate::analysis::abandoned::{Abandoned, GivenUp, abandoned};
use crate::analysis::children::{LeftRunning, left_running};
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::killed::{Killed, killed};
use crate::analysis::platforms::is_only_on;
use crate::analysis::undropped::undropped;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};

use super::{RuleId, left_behind, release, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    release::check(facts, RuleId::UnreapedProcess, findings);
    for process in abandoned(facts) {
        let rate = facts.rate(process.process.at);
        // A program that ends soon takes its children with it, or leaves one behind.
        if rate > Rate::Once && facts.is_held_to_account(process.at.function) {
            findings.push(finding(facts, &process));
        }
    }
    for killed in killed(facts) {
        let unneeded = &facts.evaluator.catalogue.resource(killed.process).unneeded_on;
        // If a program has only one, it goes with the program.
        if facts.frequencies.of_class(killed.class) > Rate::Once
            && !is_only_on(facts.program, facts.location(killed.at), unneeded)
        {
            findings.push(left_as_zombie(facts, &killed));
        }
    }
    for owner in undropped(facts, ResourceKind::Process) {
        findings.extend(left_behind::finding(facts, RuleId::UnreapedProcess, &owner));
    }
    for left in left_running(facts) {
        let at = left.obligation.acquisition.at;
        if facts.rate(at) > Rate::Once && facts.is_held_to_account(at.function) {
            findings.push(outlived(facts, &left));
        }
    }
}

/// A process that a timer stops waiting for.
fn outlived(facts: &Facts<'_>, left: &LeftRunning<'_>) -> Finding {
    let acquisition = &left.obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    Finding::new(RuleId::UnreapedProcess, Severity::Warning, Confidence::High, facts.location(acquisition.at))
        .label("started here, not ended when the time is up")
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("the {noun} keeps running when the timer gives up waiting for it"))
        .help(format!(
            "call {} before the promise is settled, or start it with a time limit",
            wording::release_name(facts, acquisition)
        ))
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is started here") },
            TraceStep { location: facts.location(left.timer), message: "the timer is started here".to_owned() },
            TraceStep {
                location: facts.location(left.settled),
                message: "the promise is settled here, and the process is left to itself".to_owned(),
            },
        ])
}

/// A process that a destructor ends, and that nobody waits for then.
fn left_as_zombie(facts: &Facts<'_>, killed: &Killed) -> Finding {
    let resource = facts.evaluator.catalogue.resource(killed.process);
    let rate = facts.frequencies.of_class(killed.class);
    let is_in_doubt = rate == Rate::PerCall && facts.frequencies.is_of_program(killed.class.file);
    let severity = if is_in_doubt { Severity::Note } else { Severity::Warning };
    Finding::new(RuleId::UnreapedProcess, severity, Confidence::Medium, facts.location(killed.at))
        .label("ended here, and not waited for")
        .function(facts.program.name_of(killed.at.function))
        .resource(resource.id.clone())
        .message(format!("the {} is killed when its owner is dropped, and never waited for", resource.noun))
        .help(format!(
            "call `{}()` after it: a killed process stays in the process table until somebody does",
            resource.release[0]
        ))
        .trace(vec![TraceStep {
            location: facts.location(killed.at),
            message: format!("the {} is ended here, and its handle is dropped", resource.noun),
        }])
}

fn finding(facts: &Facts<'_>, abandoned: &Abandoned) -> Finding {
    let acquisition = &abandoned.process;
    let noun = wording::noun(facts, acquisition);
    let when = match abandoned.by {
        GivenUp::Call => format!("{} gives up waiting for it", wording::callee_text(facts, abandoned.at)),
        GivenUp::OtherBranch => "another branch of the `select!` is done first".to_owned(),
    };
    Finding::new(RuleId::UnreapedProcess, Severity::Warning, Confidence::Medium, facts.location(acquisition.at))
        .label("started here, not ended when the wait is given up")
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("the {noun} keeps running when {when}"))
        .help(facts.resource(acquisition).map(|(_, resource)| resource.help.clone()).unwrap_or_default())
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is started here") },
            TraceStep {
                location: facts.location(abandoned.at),
                message: "the wait may be given up here, which drops the only handle to it".to_owned(),
            },
        ])
}
