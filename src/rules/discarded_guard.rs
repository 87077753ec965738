//! `discarded-guard`: a guard is dropped in the statement that makes it, or with the function that only sets things up.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::guards::{TooEarly, too_early};
use crate::analysis::locks::{Unguarded, unguarded};
use crate::analysis::value::Acquisition;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{OpKind, Root};
use crate::linking::OpRef;

use super::{RuleId, wording};

const AT_ONCE: &str = "made here, dropped at the end of the statement";

/// Whether a finding of this rule is about a guard without a name.
pub(super) fn is_dropped_at_once(finding: &Finding) -> bool {
    finding.label == AT_ONCE
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for function in facts.program.relevant_functions() {
        if !facts.evaluator.drops_implicitly(function) || !facts.is_held_to_account(function) {
            continue;
        }
        for (block, index, op) in facts.program.function(function).ops() {
            // What has a name lives to the end of its scope; a statement's own value does not outlive it.
            let OpKind::Dispose { place } = &op.kind else { continue };
            if !matches!(place.root, Root::Temp(_)) {
                continue;
            }
            let at = function.op(block, index);
            for id in facts.evaluator.place(function, place).resources() {
                let acquisition = facts.evaluator.acquisition(id);
                if acquisition.at.function == function && facts.kind(&acquisition) == ResourceKind::Guard {
                    findings.push(at_once(facts, &acquisition, at));
                }
            }
        }
        findings.extend(unguarded(facts, function).iter().map(|taken| of_lock(facts, taken)));
    }
    for obligation in facts.obligations.iter() {
        let function = obligation.acquisition.at.function;
        if !facts.evaluator.drops_implicitly(function) || !facts.is_held_to_account(function) {
            continue;
        }
        if let Some(why) = too_early(facts, obligation) {
            findings.push(with_its_function(facts, obligation, why));
        }
    }
}

fn at_once(facts: &Facts<'_>, acquisition: &Acquisition, dropped: OpRef) -> Finding {
    let noun = wording::noun(facts, acquisition);
    Finding::new(RuleId::DiscardedGuard, Severity::Error, Confidence::High, facts.location(acquisition.at))
        .label(AT_ONCE.to_owned())
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("the {noun} is dropped at once, so its work ends where it begins"))
        .help(help(facts, acquisition))
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is made here") },
            TraceStep { location: facts.location(dropped), message: "the statement ends, and drops it".to_owned() },
        ])
}

fn of_lock(facts: &Facts<'_>, taken: &Unguarded) -> Finding {
    let guard = facts.evaluator.catalogue.resource(taken.guard);
    Finding::new(RuleId::DiscardedGuard, Severity::Error, Confidence::High, facts.location(taken.at))
        .label("taken here, given back at the end of the statement")
        .function(facts.program.name_of(taken.at.function))
        .resource(guard.id.clone())
        .message(format!("the {} is dropped at once, so what follows runs without the lock", guard.noun))
        .help(guard.help.clone())
        .trace(vec![
            TraceStep { location: facts.location(taken.at), message: "the lock is taken here".to_owned() },
            TraceStep {
                location: facts.location(taken.dropped),
                message: "the statement ends, and gives it back".to_owned(),
            },
        ])
}

fn with_its_function(facts: &Facts<'_>, obligation: &Obligation, why: TooEarly) -> Finding {
    let acquisition = &obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    let name = facts.program.name_of(acquisition.at.function);
    let message = match why {
        TooEarly::CallerGoesOn(_) => format!("the {noun} ends with `{name}`, and the program goes on without it"),
        TooEarly::NothingWaits => format!("the {noun} ends with `{name}` before it has anything to do"),
        TooEarly::ReturnsView => {
            format!("the {noun} ends with `{name}`, although what that returns is only valid as long as the {noun}")
        }
    };
    let mut trace =
        vec![TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is made here") }];
    if let TooEarly::CallerGoesOn(call) = why {
        let message = format!("`{name}` ends here and drops it; what follows runs without it");
        trace.push(TraceStep { location: facts.location(call), message });
    }
    Finding::new(
        RuleId::DiscardedGuard,
        if matches!(why, TooEarly::CallerGoesOn(_)) { Severity::Warning } else { Severity::Error },
        Confidence::Medium,
        facts.location(acquisition.at),
    )
    .label("made here, dropped at the end of the function")
    .function(name)
    .resource(wording::resource_id(facts, acquisition))
    .message(message)
    .help(help(facts, acquisition))
    .trace(trace)
}

fn help(facts: &Facts<'_>, acquisition: &Acquisition) -> String {
    facts.resource(acquisition).map(|(_, resource)| resource.help.clone()).unwrap_or_default()
}
