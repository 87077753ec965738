//! `discarded-guard`: a guard is dropped in the statement that makes it.

use crate::analysis::facts::Facts;
use crate::analysis::value::Acquisition;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{OpKind, Root};
use crate::linking::OpRef;

use super::{RuleId, wording};

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
                    findings.push(finding(facts, &acquisition, at));
                }
            }
        }
    }
}

fn finding(facts: &Facts<'_>, acquisition: &Acquisition, dropped: OpRef) -> Finding {
    let noun = wording::noun(facts, acquisition);
    let resource = facts.resource(acquisition).map(|(_, resource)| resource);
    Finding {
        rule: RuleId::DiscardedGuard,
        severity: Severity::Error,
        confidence: Confidence::High,
        location: facts.location(acquisition.at),
        label: "made here, dropped at the end of the statement".to_owned(),
        function: facts.program.name_of(acquisition.at.function),
        resource: wording::resource_id(facts, acquisition),
        message: format!("the {noun} is dropped at once, so what it is for ends where it begins"),
        help: resource.map(|resource| resource.help.clone()).unwrap_or_default(),
        trace: vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is made here") },
            TraceStep { location: facts.location(dropped), message: "the statement ends, and drops it".to_owned() },
        ],
    }
}
