//! `unbounded-cache`: a container that outlives the call only ever grows.

use crate::analysis::containers::{Container, Lifetime, Write};
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::findings::{Confidence, Finding, Severity, TraceStep};

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for container in facts.containers() {
        if !facts.is_held_to_account(container.at.function)
            || container.is_bounded
            || container.escapes
            || !container.shrinks.is_empty()
        {
            continue;
        }
        if let Some(write) = growing_write(facts, container) {
            findings.push(finding(facts, container, write));
        }
    }
}

/// The write that happens most often, if it happens again and again with keys nobody wrote down.
fn growing_write<'c>(facts: &Facts<'_>, container: &'c Container) -> Option<&'c Write> {
    container
        .writes
        .iter()
        .filter(|write| {
            !write.closed_key && write.rate >= Rate::PerMessage && facts.is_held_to_account(write.at.function)
        })
        .max_by_key(|write| write.rate)
}

fn finding(facts: &Facts<'_>, container: &Container, write: &Write) -> Finding {
    let chain = facts.frequencies.chain(&facts.evaluator, write.at.function);
    let name = &container.name;
    let mut trace = vec![TraceStep {
        location: facts.location(container.at),
        message: match container.lifetime {
            Lifetime::Module => format!("`{name}` lives as long as the process"),
            Lifetime::Singleton(_) => format!("`{name}` belongs to the only instance of its class"),
        },
    }];
    trace.extend(wording::chain_steps(facts, &chain));
    trace.push(TraceStep { location: facts.location(write.at), message: "an entry is added here".to_owned() });
    let expiry = container.expiry.map(|at| {
        trace.push(TraceStep {
            location: facts.location(at),
            message: "the age of an entry is read here, and an old entry stays".to_owned(),
        });
    });
    let message = if expiry.is_some() {
        format!("`{name}` only grows: entries expire when they are read, and nothing ever deletes them")
    } else {
        format!("`{name}` grows {} and nothing ever removes an entry", wording::rate_text(write.rate))
    };
    Finding {
        rule: RuleId::UnboundedCache,
        severity: Severity::Warning,
        confidence: if chain.entry.is_some() { Confidence::High } else { Confidence::Medium },
        location: facts.location(container.at),
        label: "only ever grows".to_owned(),
        function: facts.program.name_of(container.at.function),
        resource: name.clone(),
        message,
        help: "give it a bound and an eviction, delete entries when they expire, or use an LRU cache".to_owned(),
        trace,
    }
}
