//! `unclosed-client`: a client, file or session is opened and not closed on every path.

use crate::analysis::facts::Facts;
use crate::analysis::ownership::{Unsettled, unsettled};
use crate::analysis::value::AcquisitionId;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};

use super::{RuleId, release, wording};

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
}

/// Whether losing a resource is a leak at all, and one that this rule speaks about.
fn is_to_be_closed(facts: &Facts<'_>, id: AcquisitionId) -> bool {
    let acquisition = facts.evaluator.acquisition(id);
    facts.resource(&acquisition).is_some_and(|(_, resource)| {
        !resource.collected && matches!(resource.kind, ResourceKind::Pool | ResourceKind::Client | ResourceKind::Handle)
    })
}

fn is_about(facts: &Facts<'_>, finding: &Finding, unsettled: &Unsettled) -> bool {
    finding.rule == RuleId::UnclosedClient
        && finding.location == facts.location(facts.evaluator.acquisition(unsettled.id).at)
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
    Finding {
        rule: RuleId::UnclosedClient,
        severity: Severity::Error,
        confidence: Confidence::High,
        location: facts.location(acquisition.at),
        label: "stays open when the promise is rejected".to_owned(),
        function: facts.program.name_of(acquisition.at.function),
        resource: wording::resource_id(facts, &acquisition),
        message: format!("the {noun} is left open on {ways} of rejecting its promise"),
        help: format!("call {close} before each `reject`, best in the one function that all of them call"),
        trace,
    }
}
