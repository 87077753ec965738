//! `detached-task`: code that repeats starts a task that never ends, and nobody keeps the means to stop it.

use crate::analysis::evaluate::Evaluator;
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::Fate;
use crate::analysis::value::{How, Value};
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{BlockId, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Location;

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in &facts.obligations {
        let acquisition = &obligation.acquisition;
        if facts.kind(acquisition) != ResourceKind::Task
            || acquisition.how != How::Created
            || !facts.is_held_to_account(acquisition.at.function)
            || !is_dropped(obligation)
        {
            continue;
        }
        let rate = facts.rate(acquisition.at);
        // What a program starts once may run as long as the program, and so may what each turn of its first loop starts.
        if rate != Rate::PerCall && rate <= Rate::PerTurn {
            continue;
        }
        let tasks = tasks_of(&facts.evaluator, acquisition.at);
        if let Some(task) = tasks.into_iter().find(|task| is_endless(&facts.evaluator, *task)) {
            findings.push(finding(facts, obligation, task, rate));
        }
    }
}

/// Whether the function is left, on some way, with nobody having the handle.
fn is_dropped(obligation: &Obligation) -> bool {
    let at_exit = obligation.at_normal_exit | obligation.at_exceptional_exit;
    at_exit.contains(Fate::HELD) && !at_exit.intersects(Fate::ESCAPED | Fate::RELEASED)
        || obligation.at_normal_exit == Fate::HELD
}

/// The functions that a call which starts a task is given: closures, and functions called on the spot.
fn tasks_of(evaluator: &Evaluator<'_>, at: OpRef) -> Vec<FunctionRef> {
    let given = evaluator.argument(at, 0);
    let mut tasks: Vec<FunctionRef> = given
        .iter()
        .filter_map(|value| match value {
            Value::Function { function, .. } => Some(*function),
            _ => None,
        })
        .collect();
    let argument = evaluator.program.op(at).call().and_then(|call| call.argument(0));
    if let Some(Operand::Place(Place { root: Root::Temp(temp), path })) = argument
        && path.is_empty()
    {
        for definition in evaluator.program.index(at.function.file).of_temp(at.function.function, *temp) {
            let made = OpRef { function: at.function, block: definition.block, index: definition.index };
            tasks.extend(evaluator.callee(made).functions().map(|(function, _)| function));
        }
    }
    tasks
}

/// Whether control never gets out of a function: neither by returning, nor by failing, nor by ending the process.
fn is_endless(evaluator: &Evaluator<'_>, function: FunctionRef) -> bool {
    let body = evaluator.program.function(function);
    let mut seen = vec![false; body.blocks.len()];
    let mut work = vec![BlockId::ENTRY];
    while let Some(id) = work.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let block = body.block(id);
        let may_fail = block.ops.iter().any(|op| match &op.kind {
            OpKind::Call(call) => call.awaited,
            OpKind::Assign { value, .. } => matches!(value, Rvalue::Await(_)),
            _ => false,
        });
        let leaves = matches!(
            block.terminator,
            Terminator::Return(_) | Terminator::Throw(_) | Terminator::Resume | Terminator::Unreachable
        );
        if may_fail || leaves {
            return false;
        }
        work.extend(block.terminator.successors());
    }
    true
}

fn finding(facts: &Facts<'_>, obligation: &Obligation, task: FunctionRef, rate: Rate) -> Finding {
    let acquisition = &obligation.acquisition;
    let function = acquisition.at.function;
    let noun = wording::noun(facts, acquisition);
    let chain = facts.frequencies.chain(&facts.evaluator, function);
    let mut trace = wording::chain_steps(facts, &chain);
    let body = Location { file: task.file, span: facts.program.function(task).name_span };
    trace.push(TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is started here") });
    trace.push(TraceStep { location: body, message: "what it runs has no way to end".to_owned() });
    // A function of a library may be meant to be called once; a method is there once for each instance.
    let is_method = facts.program.this_class(function).is_some() || facts.program.function(function).class().is_some();
    let severity = match rate {
        Rate::PerCall if !is_method => Severity::Note,
        _ => Severity::Warning,
    };
    let how_often = wording::rate_text(rate);
    Finding {
        rule: RuleId::DetachedTask,
        severity,
        confidence: if chain.entry.is_some() { Confidence::High } else { Confidence::Medium },
        location: facts.location(acquisition.at),
        label: format!("started {how_often}, never stopped"),
        function: facts.program.name_of(function),
        resource: wording::resource_id(facts, acquisition),
        message: format!(
            "an endless {noun} is started {how_often} and nothing can stop it: {}",
            wording::chain_text(facts, &chain, function)
        ),
        help: facts.resource(acquisition).map(|(_, resource)| resource.help.clone()).unwrap_or_default(),
        trace,
    }
}
