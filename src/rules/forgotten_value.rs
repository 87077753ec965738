//! `forgotten-value`: code that repeats makes values that are never dropped.

use crate::analysis::cycles::{Held, cycles};
use crate::analysis::facts::Facts;
use crate::analysis::forgotten::{Forgotten, What, forgotten};
use crate::analysis::frequency::Rate;
use crate::findings::{Confidence, Finding, Severity, TraceStep};

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for forgotten in forgotten(facts) {
        let rate = facts.rate(forgotten.at);
        // What a loop that runs once leaks is as many values as a program starts with.
        let around = facts.frequencies.chain(&facts.evaluator, forgotten.at.function).calls.last().copied();
        let is_in_table = matches!(forgotten.what, What::Leaked) && around.is_some_and(|at| facts.keeps_by_key(at));
        if facts.is_seen_to_repeat(forgotten.at) && !is_in_table {
            findings.push(finding(facts, &forgotten, rate));
        }
    }
    for held in cycles(facts) {
        let rate = facts.rate(held.at);
        if rate == Rate::PerCall || rate > Rate::PerTurn {
            findings.push(of_cycle(facts, &held, rate));
        }
    }
}

fn finding(facts: &Facts<'_>, forgotten: &Forgotten, rate: Rate) -> Finding {
    let at = forgotten.at;
    let chain = facts.frequencies.chain(&facts.evaluator, at.function);
    let how_often = wording::rate_text(rate);
    let wording = Wording::of(facts, forgotten);
    let mut trace = wording::chain_steps(facts, &chain, Some(at));
    trace.push(TraceStep { location: facts.location(at), message: wording.given_up.to_owned() });
    Finding::new(
        RuleId::ForgottenValue,
        Severity::Warning,
        if chain.entry.is_some() { Confidence::High } else { Confidence::Medium },
        facts.location(at),
    )
    .label(format!("{} {how_often}", wording.label))
    .function(facts.program.name_of(at.function))
    .resource(wording.resource)
    .message(format!(
        "{} {} {how_often}: {}",
        wording::callee_text(facts, at),
        wording.does,
        wording::chain_text(facts, &chain, at.function)
    ))
    .help(wording.help)
    .trace(trace)
}

fn of_cycle(facts: &Facts<'_>, held: &Held, rate: Rate) -> Finding {
    let chain = facts.frequencies.chain(&facts.evaluator, held.at.function);
    let name = held.name.as_deref().unwrap_or("the value");
    let fields: Vec<String> = held.fields.iter().map(|field| format!("`{field}`")).collect();
    let way = if fields.is_empty() { String::new() } else { format!(" by way of {}", fields.join(" and ")) };
    let mut trace = wording::chain_steps(facts, &chain, Some(held.at));
    trace.push(TraceStep { location: facts.location(held.at), message: format!("from here on `{name}` holds itself") });
    Finding::new(RuleId::ForgottenValue, Severity::Warning, Confidence::Medium, facts.location(held.at))
        .label("closes a cycle of strong references")
        .function(facts.program.name_of(held.at.function))
        .resource("value")
        .message(format!("`{name}` holds itself{way} and is never dropped; it is made {}", wording::rate_text(rate)))
        .help("hold one of them by a `Weak` reference, or take it out of the field when it is done")
        .trace(trace)
}

/// The wording for one kind of forgotten values.
struct Wording {
    does: String,
    label: &'static str,
    given_up: &'static str,
    resource: String,
    help: String,
}

impl Wording {
    fn of(facts: &Facts<'_>, forgotten: &Forgotten) -> Self {
        let (does, label, given_up, help) = match forgotten.what {
            What::Leaked => (
                "leaks a value".to_owned(),
                "leaked",
                "the value is given up here",
                "keep the value in what uses it (an `Arc`, a field), or make it once, behind a `OnceLock`".to_owned(),
            ),
            What::Memory => (
                "keeps a value from being dropped".to_owned(),
                "forgotten",
                "nobody can drop it from here on",
                "let it be dropped, or give it to what needs it".to_owned(),
            ),
            What::Pointer => (
                "leaks a value as a pointer that nothing takes back".to_owned(),
                "leaked",
                "the pointer owns the value from here on",
                "take it back with `from_raw` where the pointer is done with, or lend it with `as_ptr`".to_owned(),
            ),
            What::Resource(id) => {
                let noun = wording::noun(facts, &facts.evaluator.acquisition(id));
                (
                    format!("keeps the {noun} from being released"),
                    "forgotten",
                    "nobody can release it from here on",
                    format!("let the {noun} be dropped, or keep it in what needs it"),
                )
            }
            What::Permit(id) => {
                let resource = facts.evaluator.catalogue.resource(id);
                let made_up = resource.made_up_by.first().map_or("", |name| name);
                (
                    format!("takes away a {} for good", resource.noun),
                    "taken away",
                    "it is never given back from here on",
                    format!("let it be dropped, which gives it back, or make up for it with `{made_up}`"),
                )
            }
        };
        let resource = match forgotten.what {
            What::Resource(id) => wording::resource_id(facts, &facts.evaluator.acquisition(id)),
            What::Permit(id) => facts.evaluator.catalogue.resource(id).id.clone(),
            What::Leaked | What::Memory | What::Pointer => "value".to_owned(),
        };
        Self { does, label, given_up, resource, help }
    }
}
