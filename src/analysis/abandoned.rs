//! Abandoned processes: children whose only handle is lost when the future that has it is dropped.
//!
//! Takes the facts; gives the calls that may drop such a future (`timeout(limit, child.wait_with_output())`, a branch
//! of a `select!`) if nothing ends the child in that case. Never judges how often that happens.

use crate::analysis::facts::Facts;
use crate::analysis::limits::Chain;
use crate::analysis::ownership::Fate;
use crate::analysis::value::{AcquiredKind, Acquisition, AcquisitionId, How, Value, Values};
use crate::catalogue::schema::ResourceKind;
use crate::ir::{BlockId, Call, Op, OpKind, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// A child that keeps running when the wait for it is given up.
#[derive(Debug)]
pub struct Abandoned {
    /// The call that may drop the future, or that passes it to a `select!`.
    pub at: OpRef,
    pub by: GivenUp,
    pub process: Acquisition,
}

/// What ends the wait before the child ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// The call: a time limit.
    Call,
    /// Another branch, which was done first.
    OtherBranch,
}

/// The abandoned processes of the program, in its order.
#[must_use]
pub fn abandoned(facts: &Facts<'_>) -> Vec<Abandoned> {
    let mut found = Vec::new();
    // Where nothing is dropped at the end of its scope, no future is given up half done.
    for function in facts.program.relevant_functions().filter(|it| facts.evaluator.drops_implicitly(*it)) {
        for (block, index, op) in facts.program.function(function).ops() {
            let at = function.op(block, index);
            let Some(future) = op.call().and_then(|_| cancelled(facts, at)) else { continue };
            for (id, is_future) in processes(facts, &future, true) {
                if !is_ended(facts, at, id, is_future) {
                    found.push(Abandoned { at, by: GivenUp::Call, process: facts.evaluator.acquisition(id) });
                }
            }
        }
        in_forks(facts, function, &mut found);
    }
    found
}

/// `select! { status = child.wait() => …, _ = stop => … }`, if the other branch leaves without using the child again.
fn in_forks(facts: &Facts<'_>, function: FunctionRef, found: &mut Vec<Abandoned>) {
    for (id, block) in facts.program.function(function).blocks() {
        let Terminator::Fork(branches) = &block.terminator else { continue };
        let is_of_fork =
            |op: &Op| block.terminator_span.start <= op.span.start && op.span.end <= block.terminator_span.end;
        for (index, op) in block.ops.iter().enumerate().filter(|(_, op)| is_of_fork(op)) {
            let Some(call) = op.call() else { continue };
            let at = function.op(id, index);
            let future = facts.evaluator.temp(function, call.result);
            for (process, is_future) in processes(facts, future, false) {
                // One of the branches that leave is the one that waits.
                let leaving = branches.iter().filter(|branch| leaves(facts, function, **branch, process)).count();
                if branches.len() > 1 && leaving > 1 && !is_ended(facts, at, process, is_future) {
                    let process = facts.evaluator.acquisition(process);
                    found.push(Abandoned { at, by: GivenUp::OtherBranch, process });
                }
            }
        }
    }
}

/// Whether a path leads from a block out of its function without a call that involves the process.
fn leaves(facts: &Facts<'_>, function: FunctionRef, from: BlockId, process: AcquisitionId) -> bool {
    let body = facts.program.function(function);
    let mut seen = vec![false; body.blocks.len()];
    let mut work = vec![from];
    while let Some(id) = work.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let block = body.block(id);
        let concerns = |call: &Call| {
            let receiver = call.receiver().map(|(place, _)| facts.evaluator.place(function, &place));
            let given = call.arguments.iter().map(|argument| facts.evaluator.operand(function, &argument.value));
            receiver.into_iter().chain(given).any(|values| values.resources().any(|id| id == process))
        };
        if block.ops.iter().filter_map(Op::call).any(concerns) {
            continue;
        }
        match &block.terminator {
            Terminator::Return(_) => return true,
            terminator => work.extend(terminator.successors()),
        }
    }
    false
}

/// The future that a call may drop before it is done.
fn cancelled(facts: &Facts<'_>, at: OpRef) -> Option<Values> {
    let index = facts.evaluator.function_fact(at)?.cancels?;
    Some(facts.evaluator.argument(at, index))
}

/// The children that a future waits for, and whether the future owns the child completely.
fn processes(facts: &Facts<'_>, future: &Values, looks_inside: bool) -> Vec<(AcquisitionId, bool)> {
    let mut found = Vec::new();
    for value in future {
        match value {
            Value::Resource(id) => found.push((*id, true)),
            Value::Part { of, .. } => found.push((*of, false)),
            // An `async` block: what it waits for.
            Value::Function { function, .. } if looks_inside => {
                for (_, _, op) in facts.program.function(*function).ops() {
                    let OpKind::Call(call) = &op.kind else { continue };
                    let waited = facts.evaluator.temp(*function, call.result);
                    found.extend(processes(facts, waited, false));
                }
            }
            _ => {}
        }
    }
    found.retain(|(id, _)| facts.kind(&facts.evaluator.acquisition(*id)) == ResourceKind::Process);
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether something ends the child when the wait is given up.
fn is_ended(facts: &Facts<'_>, at: OpRef, id: AcquisitionId, is_future: bool) -> bool {
    let acquisition = facts.evaluator.acquisition(id);
    let AcquiredKind::Catalogued(resource) = acquisition.kind else { return true };
    let resource = facts.evaluator.catalogue.resource(resource);
    if resource.ended_by_drop.is_empty() || facts.released.contains(&id) {
        return true;
    }
    // It was detached, and the wait is only there to learn of a failure.
    let chain = Chain::to(&facts.evaluator, acquisition.at, &|_| false);
    if !resource.detached_by.is_empty() && chain.has_all(&resource.detached_by) {
        return true;
    }
    // Other code may have the handle by then.
    let is_shared = facts
        .obligations
        .iter()
        .any(|it| it.id == id && (it.at_normal_exit | it.at_exceptional_exit).contains(Fate::ESCAPED));
    if (is_shared && !is_future) || matches!(acquisition.how, How::CallbackParameter { .. }) {
        return true;
    }
    let mut makers: Vec<FunctionRef> = vec![at.function, acquisition.at.function];
    for origin in facts.origins(&acquisition) {
        makers.push(origin.at.function);
        makers.extend(made_in(facts, origin.at));
    }
    makers.extend(made_in(facts, acquisition.at));
    makers.iter().any(|maker| {
        let mut calls = facts.program.function(*maker).ops().filter_map(|(_, _, op)| op.call());
        calls.any(|call| call.method_name().is_some_and(|name| resource.ended_by_drop.iter().any(|it| it == name)))
    })
}

/// The functions that made the receiver of a call.
fn made_in(facts: &Facts<'_>, at: OpRef) -> Vec<FunctionRef> {
    let Some((receiver, _)) = facts.program.op(at).call().and_then(|call| call.receiver()) else { return Vec::new() };
    let products = facts.evaluator.place(at.function, &receiver);
    products
        .iter()
        .filter_map(|value| match value {
            Value::Product { at, .. } => Some(at.function),
            _ => None,
        })
        .collect()
}
