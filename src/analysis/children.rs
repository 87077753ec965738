//! Children left running: processes whose promise is settled by a timer that does not end them.
//!
//! `setTimeout(() => reject(new Error("too slow")), 10_000)` ends the wait, not the process. If neither the callback
//! nor what it calls names the process, and no other code ends it or has it, the process keeps running.

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::value::{How, Value};
use crate::catalogue::schema::{Resource, ResourceKind};
use crate::ir::{Binding, Call, OpKind, Operand, Place, Root, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// A process that keeps running when nobody waits for it any longer.
#[derive(Debug, Clone, Copy)]
pub struct LeftRunning<'f> {
    pub obligation: &'f Obligation,
    /// The call that starts the timer.
    pub timer: OpRef,
    /// The call that settles the promise when the time is up.
    pub settled: OpRef,
}

/// The processes that timers leave running.
#[must_use]
pub fn left_running<'f>(facts: &'f Facts<'_>) -> Vec<LeftRunning<'f>> {
    facts.obligations.iter().filter_map(|obligation| of_process(facts, obligation)).collect()
}

fn of_process<'f>(facts: &'f Facts<'_>, obligation: &'f Obligation) -> Option<LeftRunning<'f>> {
    let (_, resource) = facts.resource(&obligation.acquisition)?;
    let is_made_here = !matches!(obligation.acquisition.how, How::Received { .. });
    // In languages whose scopes drop, the end of the scope decides what becomes of it.
    if resource.kind != ResourceKind::Process || !resource.collected || !is_made_here {
        return None;
    }
    let maker = obligation.function;
    if is_settled_by_option(facts, obligation.acquisition.at, resource)
        || is_ended_or_shared(facts, obligation, resource)
    {
        return None;
    }
    facts.program.with_nested(maker).into_iter().find_map(|function| {
        facts.program.function(function).ops().find_map(|(block, index, op)| {
            let (at, call) = (function.op(block, index), op.call()?);
            let settled = settled_late(facts, obligation, at, call)?;
            Some(LeftRunning { obligation, timer: at, settled })
        })
    })
}

/// The call in a timer's callback that settles the promise of the process, if the callback does nothing to the process.
fn settled_late(facts: &Facts<'_>, obligation: &Obligation, at: OpRef, call: &Call) -> Option<OpRef> {
    if call.arguments.is_empty() || !delays(facts, at) {
        return None;
    }
    let callbacks = facts.evaluator.functions_in(&facts.evaluator.argument(at, 0));
    let mut run: Vec<FunctionRef> = callbacks.into_iter().map(|(function, _)| function).collect();
    let mut next = 0;
    while let Some(function) = run.get(next).copied() {
        next += 1;
        for (block, index, op) in facts.program.function(function).ops() {
            if op.call().is_some() {
                let called = facts.called(function.op(block, index));
                run.extend(
                    called.into_iter().filter(|it| it.file == function.file && !run.contains(it)).collect::<Vec<_>>(),
                );
            }
        }
    }
    if run.iter().any(|function| names(facts, *function, obligation)) {
        return None;
    }
    run.iter().find_map(|function| {
        let mut ops = facts.program.function(*function).ops();
        ops.find(|(_, _, op)| op.call().is_some_and(|call| settles(facts, *function, call, obligation.function)))
            .map(|(block, index, _)| function.op(block, index))
    })
}

fn delays(facts: &Facts<'_>, at: OpRef) -> bool {
    facts.evaluator.callee(at).targets.iter().any(|target| match target {
        CallTarget::External(id) => facts.evaluator.facts(*id).function.is_some_and(|fact| fact.delays.is_some()),
        _ => false,
    })
}

/// Whether a call settles the promise that `maker` makes.
fn settles(facts: &Facts<'_>, function: FunctionRef, call: &Call, maker: FunctionRef) -> bool {
    let Some(Place { root: Root::Variable(id), path }) = call.callee.place() else { return false };
    let variable = facts.program.variable(function.variable(*id));
    path.is_empty() && matches!(variable.binding, Binding::Settle { .. }) && variable.owner == maker.function
}

/// Whether the options of the starting call say how it ends, or may do so.
fn is_settled_by_option(facts: &Facts<'_>, at: OpRef, resource: &Resource) -> bool {
    let Some(call) = facts.program.op(at).call() else { return true };
    call.arguments.iter().skip(1).any(|argument| {
        let values = facts.evaluator.operand(at.function, &argument.value);
        let is_told = |value: &Value| match value {
            Value::Object { at, .. } => {
                let mut options = resource.settled_by_options.iter();
                options.any(|option| facts.evaluator.written_property(*at, option).is_some())
            }
            _ => false,
        };
        argument.spread || values.iter().any(is_told)
    }) || call.arguments.len() > 2 && facts.evaluator.argument(at, 2).open
}

/// Whether code in the file ends the process, has its process id, or passes it on.
fn is_ended_or_shared(facts: &Facts<'_>, obligation: &Obligation, resource: &Resource) -> bool {
    let file = obligation.function.file;
    let is_it = |function: FunctionRef, place: &Place| holds(facts, function, place, obligation);
    let hands_on =
        |function: FunctionRef, operand: &Operand| operand.place().is_some_and(|place| is_it(function, place));
    facts.program.module(file).functions().any(|(id, body)| {
        let function = FunctionRef::new(file, id);
        body.ops().any(|(_, _, op)| match &op.kind {
            OpKind::Call(call) => {
                let ends = call.receiver().is_some_and(|(receiver, field)| {
                    field.name().is_some_and(|name| resource.release.iter().any(|it| it == name))
                        && is_it(function, &receiver)
                });
                ends || call.arguments.iter().any(|argument| {
                    hands_on(function, &argument.value) || is_number(facts, function, &argument.value, obligation)
                })
            }
            OpKind::Assign { target, value } => {
                let is_kept = !target.path.is_empty()
                    || matches!(value, crate::ir::Rvalue::Object(_) | crate::ir::Rvalue::Array(_));
                value.operands().into_iter().any(|operand| {
                    is_kept && hands_on(function, operand) || is_number(facts, function, operand, obligation)
                })
            }
            _ => false,
        }) || body.blocks().any(
            |(_, block)| matches!(&block.terminator, Terminator::Return(Some(operand)) if hands_on(function, operand)),
        )
    })
}

/// `child.pid`, by which anybody can end it.
fn is_number(facts: &Facts<'_>, function: FunctionRef, operand: &Operand, obligation: &Obligation) -> bool {
    operand
        .place()
        .and_then(Place::split_last)
        .is_some_and(|(whole, field)| field.name() == Some("pid") && holds(facts, function, &whole, obligation))
}

fn holds(facts: &Facts<'_>, function: FunctionRef, place: &Place, obligation: &Obligation) -> bool {
    facts.evaluator.place(function, place).resources().any(|id| id == obligation.id)
}

/// Whether a function mentions the process, or a part of it.
fn names(facts: &Facts<'_>, function: FunctionRef, obligation: &Obligation) -> bool {
    facts.program.function(function).mentioned_places().any(|place| {
        let root = Place::new(place.root.clone());
        holds(facts, function, &root, obligation)
            || place.root == Root::This && place.path.len() > 1 && {
                let field = Place { root: Root::This, path: place.path[..1].into() };
                holds(facts, function, &field, obligation)
            }
    })
}
