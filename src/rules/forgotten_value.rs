//! `forgotten-value`: code that repeats keeps what it makes from ever being dropped.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::catalogue::schema::FunctionFact;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::linking::OpRef;
use crate::source::FileId;

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut forgotten = Vec::new();
    // A raw pointer goes through hands that no type shows: where a file takes one back, it may be this one.
    let mut reclaiming: FxHashSet<FileId> = FxHashSet::default();
    for function in facts.program.relevant_functions() {
        for (block, index, op) in facts.program.function(function).ops() {
            let at = function.op(block, index);
            if op.call().is_none() {
                continue;
            }
            for fact in facts_about(facts, at) {
                if fact.reclaims {
                    reclaiming.insert(function.file);
                }
                if fact.forgets && !is_passed_on(facts, at) && facts.is_held_to_account(function) {
                    forgotten.push(at);
                }
            }
        }
    }
    for at in forgotten {
        let rate = facts.rate(at);
        // What a loop that runs once leaks is as many values as a program starts with.
        let is_repeated = rate == Rate::PerCall || rate > Rate::PerTurn;
        if is_repeated && !reclaiming.contains(&at.function.file) {
            findings.push(finding(facts, at, rate));
        }
    }
}

/// Whether the function has the name of what it calls: then it is its callers who decide to leak.
fn is_passed_on(facts: &Facts<'_>, at: OpRef) -> bool {
    let name = facts.program.function(at.function).name.as_deref();
    name.is_some() && facts.program.op(at).call().and_then(|call| call.method_name()) == name
}

/// What is known of the functions that a call may call.
fn facts_about<'p>(facts: &Facts<'p>, at: OpRef) -> Vec<&'p FunctionFact> {
    let callee = facts.evaluator.callee(at);
    let external = callee.targets.iter().filter_map(|target| match target {
        CallTarget::External(id) => facts.evaluator.facts(*id).function,
        _ => None,
    });
    let mut found: Vec<&FunctionFact> = external.collect();
    let is_project = callee.functions().next().is_some();
    let call = facts.program.op(at).call();
    let method = call.filter(|call| call.receiver().is_some() && call.arguments.is_empty());
    if let Some(name) = method.and_then(|call| call.method_name())
        && found.is_empty()
        && !is_project
    {
        found.extend(facts.evaluator.any_method(at.function.file, name).function);
    }
    found
}

fn finding(facts: &Facts<'_>, at: OpRef, rate: Rate) -> Finding {
    let chain = facts.frequencies.chain(&facts.evaluator, at.function);
    let mut trace = wording::chain_steps(facts, &chain);
    trace.push(TraceStep { location: facts.location(at), message: "the value is given up here".to_owned() });
    let how_often = wording::rate_text(rate);
    Finding {
        rule: RuleId::ForgottenValue,
        severity: Severity::Warning,
        confidence: if chain.entry.is_some() { Confidence::High } else { Confidence::Medium },
        location: facts.location(at),
        label: format!("leaked {how_often}"),
        function: facts.program.name_of(at.function),
        resource: "value".to_owned(),
        message: format!(
            "{} leaks a value {how_often}: {}",
            wording::callee_text(facts, at),
            wording::chain_text(facts, &chain, at.function)
        ),
        help: "keep the value in what uses it (an `Arc`, a field), or make it once, behind a `OnceLock`".to_owned(),
        trace,
    }
}
