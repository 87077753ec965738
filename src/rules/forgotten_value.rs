//! `forgotten-value`: code that repeats keeps what it makes from ever being dropped.

use rustc_hash::FxHashSet;

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{Collections, OpKind, Operand, Root, Rvalue};
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
            let Some(fact) = op.call().and_then(|_| facts.evaluator.function_fact(at)) else { continue };
            if fact.reclaims {
                reclaiming.insert(function.file);
            }
            let is_wanted = || is_passed_on(facts, at) || is_put_into_table(facts, at);
            if fact.forgets && facts.is_held_to_account(function) && !is_wanted() {
                forgotten.push(at);
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

/// Whether a function puts what it leaks into a table, which then has it instead of another one the next time: how far
/// that grows is another rule's question.
fn is_put_into_table(facts: &Facts<'_>, at: OpRef) -> bool {
    let body = facts.program.function(at.function);
    let collections = Collections::of(facts.program.module(at.function.file).language);
    let Some(leaked) = facts.program.op(at).call().map(|call| Root::Temp(call.result)) else { return false };
    let mut names = vec![leaked];
    for (_, _, op) in body.ops() {
        match &op.kind {
            OpKind::Assign { target, value: Rvalue::Use(Operand::Place(from)) } if names.contains(&from.root) => {
                names.push(target.root.clone());
            }
            OpKind::Call(call) if call.method_name().is_some_and(|name| collections.fills(name)) => {
                let mut given = call.arguments.iter().filter_map(|argument| argument.value.place());
                if given.any(|place| names.contains(&place.root)) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
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
        fix: None,
    }
}
