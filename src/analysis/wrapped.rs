//! Wrapped resources: something that a library makes of a resource, and that never leaves the function either.
//!
//! `let api = Api::new(client);`, `GreeterClient::new(channel)`: for the analysis of ownership the library's wrapper is
//! unknown code, which may have taken the resource. If the wrapper stays in the function, the resource is lost with it.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::ir::{Binding, Block, Call, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// The maximal number of functions that pass it on before it is used.
const MAX_HOPS: u32 = 4;

/// What becomes of something that stays in one function.
#[derive(Debug, Clone, Copy)]
struct Kept {
    /// A library made a wrapper of it.
    is_wrapped: bool,
    is_returned: bool,
}

/// Whether a resource, with its wrappers by libraries, stays in the function that made it and is used there once, or is
/// returned for that to a caller that may run again and again.
#[must_use]
pub fn stays_wrapped(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let at = obligation.acquisition.at;
    kept(facts, at).is_some_and(|kept| {
        kept.is_wrapped && (!kept.is_returned || is_dropped_by_callers(facts, at.function, MAX_HOPS))
    })
}

/// Whether some caller of a function drops its result.
fn is_dropped_by_callers(facts: &Facts<'_>, function: FunctionRef, hops: u32) -> bool {
    hops > 0
        && results(facts, function).into_iter().any(|at| {
            facts.rate(at) >= Rate::PerCall
                && facts.is_held_to_account(at.function)
                && kept(facts, at)
                    .is_some_and(|kept| !kept.is_returned || is_dropped_by_callers(facts, at.function, hops - 1))
        })
}

/// The calls that return the result of a function: calls of the function itself, or of a function of the project that
/// takes it as an argument and returns its result: `retry(|| async { connect().await })`.
fn results(facts: &Facts<'_>, function: FunctionRef) -> Vec<OpRef> {
    let mut found = facts.calls.callers(facts.program, function).to_vec();
    let Some(parent) = facts.program.function(function).parent.map(|parent| function.sibling(parent)) else {
        return found;
    };
    let is_it = |operand: &Operand| matches!(operand, Operand::Function(id) if *id == function.function);
    let body = facts.program.function(parent);
    for (block, index, op) in body.ops() {
        let at = parent.op(block, index);
        let is_given = op.call().is_some_and(|call| call.arguments.iter().any(|argument| is_it(&argument.value)));
        if is_given && !facts.called(at).is_empty() {
            found.push(at);
        }
    }
    let gives = |block: &Block| matches!(&block.terminator, Terminator::Return(Some(operand)) if is_it(operand));
    if body.blocks().any(|(_, block)| gives(block)) {
        found.extend(results(facts, parent));
    }
    found
}

/// What becomes of the result of a call in its function; `None` if other code may get hold of it.
fn kept(facts: &Facts<'_>, at: OpRef) -> Option<Kept> {
    let (function, body) = (at.function, facts.program.function(at.function));
    let depth = body.block(at.block).loop_depth;
    let mut held = FxHashSet::from_iter([Root::Temp(facts.program.op(at).call()?.result)]);
    let mut is_wrapped = false;
    loop {
        let before = held.len();
        for (block, index, op) in body.ops() {
            let has = |place: &Place| held.contains(&place.root);
            match &op.kind {
                OpKind::Assign { target, value } => {
                    let from: Vec<&Place> = value.operands().into_iter().filter_map(Operand::place).collect();
                    if !from.iter().any(|place| has(place)) {
                        continue;
                    }
                    let is_name = target.path.is_empty() && is_local(facts, function, &target.root);
                    match value {
                        // Its parts and its answers are not followed.
                        Rvalue::Use(Operand::Place(from)) | Rvalue::Await(Operand::Place(from)) if is_name => {
                            if from.path.is_empty() {
                                held.insert(target.root.clone());
                            }
                        }
                        _ => return None,
                    }
                }
                OpKind::Call(call) => {
                    let later = function.op(block, index);
                    if later == at {
                        continue;
                    }
                    let is_receiver = call.receiver().is_some_and(|(receiver, _)| has(&receiver));
                    let is_given = call.arguments.iter().filter_map(|it| it.value.place()).any(has);
                    // A loop over a list is one job, which has one client for all of it.
                    if (is_receiver || is_given) && body.block(block).loop_depth > depth {
                        return None;
                    }
                    if is_given {
                        if is_receiver || !is_made_by_library(facts, later, call) {
                            return None;
                        }
                        is_wrapped = true;
                        held.insert(Root::Temp(call.result));
                    } else if is_receiver && !call.suspends {
                        // Another handle of it, or the next step of a builder; an awaited result is an answer.
                        held.insert(Root::Temp(call.result));
                    }
                }
                _ => {}
            }
        }
        if held.len() == before {
            break;
        }
    }
    let is_held = |operand: &Operand| operand.place().is_some_and(|place| held.contains(&place.root));
    let is_returned = body.blocks().any(|(_, block)| match &block.terminator {
        Terminator::Return(Some(operand)) => is_held(operand),
        _ => false,
    });
    (!is_captured(facts, function, &held)).then_some(Kept { is_wrapped, is_returned })
}

/// Whether a function of a library, not a method and not of the project, wraps its argument: `Api::new(client)`.
fn is_made_by_library(facts: &Facts<'_>, at: OpRef, call: &Call) -> bool {
    let callee = facts.evaluator.callee(at);
    let is_library = |target: &CallTarget| match target {
        CallTarget::External(id) => facts.evaluator.facts(*id).function.is_none_or(|fact| !fact.borrows),
        _ => false,
    };
    let is_named_type = call.callee.place().and_then(Place::split_last).is_some_and(|(of, _)| {
        matches!(of.root, Root::Variable(_) | Root::Global(_))
            && facts
                .program
                .module(at.function.file)
                .last_name(&of)
                .is_some_and(|name| name.starts_with(char::is_uppercase))
    });
    // Generated code is not here to be read.
    let is_unseen = || {
        let root = call.callee.place().and_then(Place::root_variable);
        let binding = root.map(|id| facts.program.variable(at.function.variable(id)).binding);
        callee.targets.is_empty() && matches!(binding, Some(Binding::Import(_)))
    };
    is_named_type && (is_unseen() || !callee.targets.is_empty() && callee.targets.iter().all(is_library))
}

fn is_local(facts: &Facts<'_>, function: FunctionRef, root: &Root) -> bool {
    match root {
        Root::Variable(id) => facts.program.variable(function.variable(*id)).owner == function.function,
        Root::Temp(_) => true,
        Root::This | Root::Global(_) => false,
    }
}

/// Whether a closure has one of the variables.
fn is_captured(facts: &Facts<'_>, function: FunctionRef, held: &FxHashSet<Root>) -> bool {
    let module = facts.program.module(function.file);
    module.functions().any(|(id, other)| {
        id != function.function
            && other
                .mentioned_places()
                .any(|place| matches!(place.root, Root::Variable(_)) && held.contains(&place.root))
    })
}
