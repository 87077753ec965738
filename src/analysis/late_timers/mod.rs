//! Late timers: one-shot timers that guard a piece of work, and keep running when it is done.
//!
//! `Promise.race([work, new Promise((_, reject) => setTimeout(reject, 30_000))])` keeps the process, and what the
//! callback captures, for thirty seconds after each piece of work, however fast that was. So does a `clearTimeout` that
//! an exception skips. None of this stays for ever: how bad it is, the rule decides.

mod helpers;

use rustc_hash::FxHashSet;

use crate::analysis::deviants::Uses;
use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::settlements::Promised;
use crate::catalogue::schema::{FunctionFact, ResourceKind};
use crate::ir::{Binding, BlockId, Call, Edges, Function, OpKind, Operand, Place, Root, Rvalue, Temp};
use crate::linking::{FunctionRef, OpRef};

/// A timer that is not stopped when the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateTimer {
    pub at: OpRef,
    pub why: Late,
    /// It repeats for ever.
    pub repeats: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Its promise is only one of those that this waits for.
    Raced { by: OpRef },
    /// The same for a promise that a function of the project returns, which starts this timer.
    RacedHelper { by: OpRef, timer: OpRef },
    /// The call that stops it is skipped when this throws.
    Thrown { by: OpRef },
    /// It is stopped when its promise is settled in other ways, but not in this one.
    Settled { by: OpRef },
}

/// The late timers of a program, in its order.
#[must_use]
pub fn late_timers(facts: &Facts<'_>) -> Vec<LateTimer> {
    let delays = |id| facts.evaluator.facts(id).function.is_some_and(|fact| fact.delays.is_some());
    let delaying: FxHashSet<OpRef> = facts.calls.of_externals(delays).into_iter().collect();
    let begun = facts.obligations.iter().map(|obligation| obligation.acquisition.at);
    let mut starting: Vec<OpRef> = delaying.iter().copied().chain(begun).collect();
    starting.sort_unstable();
    starting.dedup();
    let mut found = helpers::raced(facts);
    for at in starting {
        let Some(call) = facts.program.op(at).call().filter(|_| is_asked(facts, at)) else { continue };
        let is_free = call.callee.place().is_some_and(|place| place.path.len() <= 1);
        if call.arguments.is_empty() || !is_free {
            continue;
        }
        if !delaying.contains(&at) {
            let repeats = is_interval(facts, at);
            let why = if repeats { settled_otherwise(facts, at, call) } else { None };
            found.extend(why.map(|why| LateTimer { at, why, repeats }));
            continue;
        }
        let why = raced(facts, at, call).map(|by| Late::Raced { by });
        if let Some(why) = why.or_else(|| thrown(facts, at)).or_else(|| settled_otherwise(facts, at, call)) {
            found.push(LateTimer { at, why, repeats: false });
        }
    }
    found.sort_by_key(|timer| timer.at);
    found
}

/// Whether an operation is in code of the product, where nothing ends with its scope.
fn is_asked(facts: &Facts<'_>, at: OpRef) -> bool {
    !facts.evaluator.drops_implicitly(at.function) && facts.is_held_to_account(at.function)
}

fn is_interval(facts: &Facts<'_>, at: OpRef) -> bool {
    let given = facts.evaluator.call_values(at);
    let mut made = given.resources().map(|id| facts.evaluator.acquisition(id)).peekable();
    made.peek().is_some() && made.all(|made| made.at == at && facts.kind(&made) == ResourceKind::Timer)
}

fn is(facts: &Facts<'_>, at: OpRef, what: impl Fn(&FunctionFact) -> bool) -> bool {
    facts.evaluator.callee(at).targets.iter().any(|target| match target {
        CallTarget::External(id) => facts.evaluator.facts(*id).function.is_some_and(&what),
        _ => false,
    })
}

/// The call that clears the timer in the function that starts it, if an exception can skip it.
fn thrown(facts: &Facts<'_>, at: OpRef) -> Option<Late> {
    let uses = Uses::of(facts, at);
    if uses.endings.is_empty() || uses.escapes || uses.is_returned || uses.ended_on_throw(facts, at).is_some() {
        return None;
    }
    uses.interrupted(facts, at).map(|by| Late::Thrown { by })
}

/// The call that settles the promise that the timer would reject, without stopping the timer.
fn settled_otherwise(facts: &Facts<'_>, at: OpRef, call: &Call) -> Option<Late> {
    let uses = Uses::of(facts, at);
    let is_in_a_callback = |ending: &OpRef| ending.function != at.function;
    if uses.endings.is_empty() || uses.escapes || uses.is_returned || !uses.endings.iter().all(is_in_a_callback) {
        return None;
    }
    let callbacks: Vec<FunctionRef> =
        facts.evaluator.functions_in(&facts.evaluator.argument(at, 0)).into_iter().map(|(it, _)| it).collect();
    let given = call.argument(0).and_then(Operand::place);
    let promised = given
        .and_then(|place| Promised::settled_by(facts, at.function, at.function, place))
        .or_else(|| callbacks.iter().find_map(|callback| Promised::settled_in(facts, at.function, *callback)))?;
    let body = facts.program.function(at.function);
    let is_after = |way: &OpRef| {
        way.function != at.function
            || way.block == at.block && way.index > at.index
            || way.block != at.block && body.reaches(at.block, way.block, BlockId::NOWHERE, Edges::Normal)
    };
    let mut ways = promised.ways(facts).into_iter();
    ways.find(|way| {
        !callbacks.iter().any(|callback| facts.evaluator.is_within(way.function, *callback))
            && is_after(way)
            && !promised.passes(facts, *way, &uses.endings)
    })
    .map(|by| Late::Settled { by })
}

/// The call that waits for the first of several promises, one of which only the timer settles.
fn raced(facts: &Facts<'_>, at: OpRef, call: &Call) -> Option<OpRef> {
    raced_by(facts, at.function, watched(facts, at, call)?)
}

/// The promise of the function that the timer settles, and nothing else.
fn watched(facts: &Facts<'_>, at: OpRef, call: &Call) -> Option<Temp> {
    let function = at.function;
    let callbacks: FxHashSet<FunctionRef> =
        facts.evaluator.functions_in(&facts.evaluator.argument(at, 0)).into_iter().map(|(it, _)| it).collect();
    if is_handle_used(facts, function, call, &callbacks) {
        return None;
    }
    let promise = settled(facts, function, at, call, &callbacks)?;
    (!is_settled_elsewhere(facts, at, promise, &callbacks)).then_some(promise)
}

/// The call that waits for the first of several promises, one of which is this one of the function.
pub(super) fn raced_by(facts: &Facts<'_>, function: FunctionRef, promise: Temp) -> Option<OpRef> {
    let body = facts.program.function(function);
    let names = same_as(body, promise);
    body.ops().find_map(|(block, index, op)| {
        let given = op.call()?.argument(0)?.place()?;
        let race = function.op(block, index);
        let is_given = given.path.is_empty() && names.contains(&given.root);
        (is_given && is(facts, race, |fact| fact.takes_first)).then_some(race)
    })
}

/// What a promise is called in its function, and the lists it stands in.
fn same_as(body: &Function, promise: Temp) -> Vec<Root> {
    let mut names: Vec<Root> = vec![Root::Temp(promise)];
    for (_, _, op) in body.ops() {
        let OpKind::Assign { target, value } = &op.kind else { continue };
        let is_it = |operand: &Operand| {
            operand.place().is_some_and(|place| place.path.is_empty() && names.contains(&place.root))
        };
        let holds = match value {
            Rvalue::Use(operand) => is_it(operand),
            Rvalue::Array(elements) => elements.iter().any(|element| is_it(&element.value)),
            _ => false,
        };
        if holds && target.path.is_empty() {
            names.push(target.root.clone());
        }
    }
    names
}

/// Whether anything uses the timer's handle, except the timer's own callback, which comes too late for that.
fn is_handle_used(facts: &Facts<'_>, function: FunctionRef, call: &Call, callbacks: &FxHashSet<FunctionRef>) -> bool {
    let handle = Root::Temp(call.result);
    let mut kept = None;
    for (_, _, op) in facts.program.function(function).ops() {
        let is_handle = |place: &Place| place.root == handle;
        match &op.kind {
            OpKind::Assign { target, value: Rvalue::Use(Operand::Place(value)) }
                if is_handle(value) && value.path.is_empty() && kept.is_none() =>
            {
                let Some(variable) = target.as_variable() else { return true };
                kept = Some(function.variable(variable));
            }
            _ if op.places().into_iter().any(is_handle) => return true,
            _ => {}
        }
    }
    let Some(kept) = kept else { return false };
    if facts.program.variable(kept).owner != function.function {
        return true;
    }
    facts.program.module(function.file).functions().any(|(id, body)| {
        let by = function.sibling(id);
        let is_its_own = callbacks.iter().any(|callback| facts.evaluator.is_within(by, *callback));
        let is_kept = |place: &Place| place.root_variable().is_some_and(|id| by.variable(id) == kept);
        !is_its_own
            && (body
                .blocks()
                .any(|(_, block)| block.terminator.operands().into_iter().filter_map(Operand::place).any(is_kept))
                || body.ops().any(|(_, _, op)| match &op.kind {
                    OpKind::Assign { target, value } => {
                        let is_read = value.operands().into_iter().filter_map(Operand::place).any(is_kept);
                        is_read || is_kept(target) && !target.path.is_empty()
                    }
                    _ => op.places().into_iter().any(is_kept),
                }))
    })
}

/// The promise of the function that the timer settles.
fn settled(
    facts: &Facts<'_>,
    function: FunctionRef,
    at: OpRef,
    call: &Call,
    callbacks: &FxHashSet<FunctionRef>,
) -> Option<Temp> {
    let promise_of = |by: FunctionRef, place: &Place| {
        let variable = facts.program.variable(by.variable(place.as_variable()?));
        match variable.binding {
            Binding::Settle { promise, .. } if variable.owner == function.function => Some(promise),
            _ => None,
        }
    };
    if let Some(promise) = call.argument(0).and_then(Operand::place).and_then(|place| promise_of(at.function, place)) {
        return Some(promise);
    }
    callbacks.iter().filter(|it| facts.evaluator.is_within(**it, function)).find_map(|callback| {
        let mut ops = facts.program.function(*callback).ops();
        ops.find_map(|(_, _, op)| promise_of(*callback, op.call()?.callee.place()?))
    })
}

fn is_settled_elsewhere(facts: &Facts<'_>, at: OpRef, promise: Temp, callbacks: &FxHashSet<FunctionRef>) -> bool {
    let settles = |function: FunctionRef, place: &Place| {
        place.as_variable().is_some_and(|id| {
            let variable = facts.program.variable(function.variable(id));
            variable.owner == at.function.function
                && matches!(variable.binding, Binding::Settle { promise: of, .. } if of == promise)
        })
    };
    let mut work = vec![at.function];
    while let Some(function) = work.pop() {
        if callbacks.contains(&function) {
            continue;
        }
        for (block, index, op) in facts.program.function(function).ops() {
            if function.op(block, index) != at && op.places().into_iter().any(|place| settles(function, place)) {
                return true;
            }
        }
        work.extend(facts.program.children(function));
    }
    false
}
