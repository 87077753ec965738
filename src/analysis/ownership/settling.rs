//! Promises made of event callbacks: a resource that is closed on the ways on which the promise is resolved and left
//! open on ways on which it is rejected.
//!
//! `new Promise((resolve, reject) => { client.on("error", reject); client.on("ready", () => { …; client.end();
//! resolve(); }); })` hands the client to its own callbacks, so no path of the function that makes it shows the leak.
//! Every callback that settles the promise is an exit of the operation: what is held there is lost.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::value::{AcquisitionId, Value};
use crate::ir::{Binding, BlockId, OpKind, Operand, Root, Temp};
use crate::linking::{FunctionRef, OpRef};

use super::effects::{Effect, Effects, Identity};
use super::flow::{Exit, Fate, Leave, Transfer};
use super::summary::{Interest, Summaries};

/// A resource that some rejections leave open.
#[derive(Debug, Clone)]
pub struct Unsettled {
    pub id: AcquisitionId,
    /// The calls of `reject` around which it is not released.
    pub rejections: Vec<OpRef>,
    /// A call of `resolve` around which it is: the evidence that the callbacks have to release it.
    pub resolution: OpRef,
}

/// A promise, by the function that makes it.
type Promise = (FunctionRef, Temp);

/// A call that settles a promise.
struct Settlement {
    at: OpRef,
    rejects: bool,
    /// By resource: whether it is certainly released around this call.
    released: IndexMap<AcquisitionId, bool, FxBuildHasher>,
}

/// The resources that rejections leave open.
#[must_use]
pub fn unsettled(evaluator: &Evaluator<'_>, summaries: &Summaries) -> Vec<Unsettled> {
    let program = evaluator.program;
    let mut found = Vec::new();
    for module in program.modules() {
        let has_executor = module.variables.iter().any(|variable| matches!(variable.binding, Binding::Settle { .. }));
        if !has_executor {
            continue;
        }
        let mut by_promise: FxHashMap<Promise, Vec<Settlement>> = FxHashMap::default();
        let ended = ended_before(evaluator, module.functions().map(|(id, _)| FunctionRef::new(module.file, id)));
        for (id, _) in module.functions() {
            let function = FunctionRef::new(module.file, id);
            for (promise, mut settlement) in settlements(evaluator, summaries, function) {
                for (handler, id) in &ended {
                    if evaluator.is_within(function, *handler) {
                        settlement.released.insert(*id, true);
                    }
                }
                for (id, released) in &mut settlement.released {
                    // If opening it fails, nothing is left open: `new Database(path, (error) => …)`.
                    *released |= settlement.rejects && opened_by(evaluator, *id, function);
                }
                by_promise.entry(promise).or_default().push(settlement);
            }
        }
        let mut promises: Vec<_> = by_promise.into_iter().collect();
        promises.sort_unstable_by_key(|(promise, _)| *promise);
        for ((maker, _), settlements) in promises {
            judge(evaluator, summaries, maker, &settlements, &mut found);
        }
    }
    found
}

/// Whether a function is (in) a callback of the call that makes a resource.
fn opened_by(evaluator: &Evaluator<'_>, id: AcquisitionId, function: FunctionRef) -> bool {
    let at = evaluator.acquisition(id).at;
    let Some(call) = evaluator.program.op(at).call() else { return false };
    call.arguments.iter().any(|argument| {
        let callbacks = evaluator.functions_in(&evaluator.operand_values(at.function, &argument.value));
        callbacks.iter().any(|(callback, _)| evaluator.is_within(function, *callback))
    })
}

/// The handlers of events after which a resource no longer holds anything, with the resource.
fn ended_before(
    evaluator: &Evaluator<'_>,
    functions: impl Iterator<Item = FunctionRef>,
) -> Vec<(FunctionRef, AcquisitionId)> {
    let mut found = Vec::new();
    for function in functions {
        for (block, index, op) in evaluator.program.function(function).ops() {
            match &op.kind {
                // `socket.on("error", handler)`
                OpKind::Call(call) => {
                    let Some(Operand::String(event)) = call.argument(0) else { continue };
                    for target in &evaluator.callee(function.op(block, index)).targets {
                        let CallTarget::ResourceMethod { receiver, .. } = target else { continue };
                        let Some(id) = receiver.acquisition().filter(|_| ends(evaluator, receiver, event)) else {
                            continue;
                        };
                        for argument in call.arguments.iter().skip(1) {
                            let handlers = evaluator.functions_in(&evaluator.operand(function, &argument.value));
                            found.extend(handlers.into_iter().map(|(handler, _)| (handler, id)));
                        }
                    }
                }
                // `socket.onerror = handler`
                OpKind::Assign { target, value } => {
                    let Some((holder, field)) = target.split_last() else { continue };
                    let Some(event) = field.name().and_then(|name| name.strip_prefix("on")) else { continue };
                    let holders = evaluator.place(function, &holder);
                    for holder in holders.iter().filter(|holder| ends(evaluator, holder, event)) {
                        let Some(id) = holder.acquisition() else { continue };
                        let handlers = evaluator.functions_in(&evaluator.rvalue(function.op(block, index), value));
                        found.extend(handlers.into_iter().map(|(handler, _)| (handler, id)));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// Whether a resource holds nothing any more after one of its events.
fn ends(evaluator: &Evaluator<'_>, resource: &Value, event: &str) -> bool {
    evaluator.resources_of(resource).iter().any(|resource| {
        let events = &evaluator.catalogue.resource(*resource).released_by_events;
        events.iter().any(|it| it == event)
    })
}

/// The settling calls in a callback, with their promises.
fn settlements(evaluator: &Evaluator<'_>, summaries: &Summaries, function: FunctionRef) -> Vec<(Promise, Settlement)> {
    let program = evaluator.program;
    let body = program.function(function);
    let mut found = Vec::new();
    let settles = |op: &crate::ir::Op| -> Option<(Promise, bool)> {
        let OpKind::Call(call) = &op.kind else { return None };
        let place = call.callee.place()?;
        let Root::Variable(id) = place.root else { return None };
        let variable = program.variable(function.variable(id));
        match variable.binding {
            // Calls in the executor itself are part of its maker's graph.
            Binding::Settle { rejects, promise } if place.path.is_empty() && variable.owner != function.function => {
                Some(((function.sibling(variable.owner), promise), rejects))
            }
            _ => None,
        }
    };
    if !body.ops().any(|(_, _, op)| settles(op).is_some()) {
        return found;
    }
    let solved = summaries.get(evaluator, function, Interest::Acquired);
    let (effects, solution) = (&solved.effects, &solved.solution);
    for (block, index, op) in body.ops() {
        let Some((promise, rejects)) = settles(op) else { continue };
        let mut released = IndexMap::default();
        for (position, identity) in effects.identities.iter().enumerate() {
            let Identity::Acquired(id) = identity else { continue };
            // An unreachable block (the `catch` of calls that are not taken to throw) says nothing about what came
            // before it.
            let entry = solution.at_entry[block.index()].as_ref().map(|fates| fates[position]);
            let is_released = entry.is_none_or(|fate| {
                !fate.contains(Fate::HELD)
                    || never_held_at_exit(evaluator, summaries, function, effects, block, position)
            });
            released.insert(*id, is_released);
        }
        found.push((promise, Settlement { at: function.op(block, index), rejects, released }));
    }
    found
}

/// Whether no path from the start of a block out of the function still holds the resource.
fn never_held_at_exit(
    evaluator: &Evaluator<'_>,
    summaries: &Summaries,
    function: FunctionRef,
    effects: &Effects,
    from: BlockId,
    subject: usize,
) -> bool {
    let transfer = Transfer::new(evaluator, summaries, function, effects);
    let mut seen = vec![false; transfer.body.blocks.len()];
    let mut work = vec![from];
    let mut held = false;
    while let Some(block) = work.pop() {
        if std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        let mut fates = transfer.start();
        fates[subject] = Fate::HELD;
        transfer.run(block, fates, &mut |leave, thrown_by, fates| {
            let is_held = fates[subject].contains(Fate::HELD);
            match leave {
                Leave::To(next) if is_held => work.push(next),
                Leave::Out(Exit::Normal) => held |= is_held,
                // Exceptions in callbacks are a different question.
                Leave::Out(Exit::Exceptional) => held |= is_held && thrown_by.is_none(),
                Leave::To(_) => {}
            }
        });
    }
    !held
}

fn judge(
    evaluator: &Evaluator<'_>,
    summaries: &Summaries,
    maker: FunctionRef,
    settlements: &[Settlement],
    found: &mut Vec<Unsettled>,
) {
    let mut ids: Vec<AcquisitionId> =
        settlements.iter().flat_map(|settlement| settlement.released.keys().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let own = summaries.get(evaluator, maker, Interest::Acquired);
    for id in ids {
        let acquired_here = evaluator.is_within(maker, evaluator.acquisition(id).at.function);
        let resolution = settlements
            .iter()
            .find(|settlement| !settlement.rejects && settlement.released.get(&id).copied() == Some(true));
        let Some(resolution) = resolution.filter(|_| acquired_here) else { continue };
        // The maker itself releases it once the promise is settled.
        let released_after = own.effects.in_order().any(|(identity, effect)| {
            *identity == Identity::Acquired(id) && matches!(effect, Effect::Release | Effect::ReleaseOnThrow)
        });
        if released_after {
            continue;
        }
        let rejections: Vec<OpRef> = settlements
            .iter()
            .filter(|settlement| settlement.rejects && settlement.released.get(&id).copied() != Some(true))
            .map(|settlement| settlement.at)
            .collect();
        if !rejections.is_empty() {
            found.push(Unsettled { id, rejections, resolution: resolution.at });
        }
    }
}
