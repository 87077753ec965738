//! Loops of one-shot timers: callbacks that schedule themselves again each time they run.
//!
//! `requestAnimationFrame(draw)` inside `draw`, `setTimeout(poll, 1_000)` at the end of `poll`. Each call returns a
//! handle that could cancel the next turn. A loop that keeps no handle, and checks nothing that may change before it
//! schedules the next turn, goes on for ever, with its callback and everything that mentions.

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::registrations::conditions;
use crate::ir::{BlockId, Condition, Edges, Function, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// A call that asks for the next turn of a loop which nothing ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rescheduled {
    pub at: OpRef,
    /// The function that runs on each turn.
    pub turn: FunctionRef,
}

/// How many calls may lie between the callback and what asks for it again.
const MAX_CALLS: u32 = 2;

/// The endless loops of one-shot timers that begin for each instance, request or message of something, in the
/// program's order.
#[must_use]
pub fn rescheduled(facts: &Facts<'_>) -> Vec<Rescheduled> {
    let defers = |id| facts.evaluator.facts(id).function.is_some_and(|fact| fact.defers.is_some());
    let mut found = Vec::new();
    for at in facts.calls.of_externals(defers) {
        let function = at.function;
        if facts.evaluator.drops_implicitly(function) || !facts.is_held_to_account(function) {
            continue;
        }
        let Some(call) = facts.program.op(at).call() else { continue };
        let Some(given) = deferred(facts, at) else { continue };
        let values = facts.evaluator.argument(at, given);
        let &[(turn, _)] = &facts.evaluator.functions_in(&values)[..] else { continue };
        // Which function a variable holds may be what ends the loop: `draw = () => {}`.
        let is_fixed = !values.open && values.iter().count() == 1;
        if is_fixed
            && (turn == function || calls(facts, turn, function, MAX_CALLS))
            && is_unconditional(facts, at)
            && !is_kept(facts, function, &Place::new(Root::Temp(call.result)), MAX_NAMES)
            && begins_again(facts, at)
        {
            found.push(Rescheduled { at, turn });
        }
    }
    found
}

/// The index of the argument that a call runs later, once.
fn deferred(facts: &Facts<'_>, at: OpRef) -> Option<u32> {
    facts.evaluator.callee(at).targets.iter().find_map(|target| match target {
        CallTarget::External(id) => facts.evaluator.facts(*id).function?.defers,
        _ => None,
    })
}

/// Whether a framework begins the loop again and again.
fn begins_again(facts: &Facts<'_>, at: OpRef) -> bool {
    facts.rate(at) >= Rate::PerInstance && facts.frequencies.chain(&facts.evaluator, at.function).entry.is_some()
}

/// Whether each run of a function calls another, by way of a few others.
fn calls(facts: &Facts<'_>, function: FunctionRef, other: FunctionRef, depth: u32) -> bool {
    depth > 0
        && facts.program.function(function).ops().any(|(block, index, op)| {
            let at = function.op(block, index);
            op.call().is_some()
                && is_unconditional(facts, at)
                && is_by_name(facts, at)
                && facts.called(at).iter().any(|&called| called == other || calls(facts, called, other, depth - 1))
        })
}

/// Whether a call is of one function, by the name that has or the variable that holds it: a field of something else may have
/// been given another function, or hold what was there before.
fn is_by_name(facts: &Facts<'_>, at: OpRef) -> bool {
    let callee = facts.evaluator.callee(at);
    let place = facts.program.op(at).call().and_then(|call| call.callee.place());
    let is_plain = place.is_none_or(|place| match &place.root {
        Root::This => place.path.len() == 1,
        _ => place.path.is_empty(),
    });
    is_plain && !callee.open && callee.targets.len() == 1
}

/// Whether nothing that may change decides about an operation. What only a failure leads to is done until it succeeds.
fn is_unconditional(facts: &Facts<'_>, at: OpRef) -> bool {
    let body = facts.program.function(at.function);
    if !body.reaches(BlockId::ENTRY, at.block, BlockId::NOWHERE, Edges::Normal) {
        return false;
    }
    conditions(facts.program.function(at.function), at.block)
        .into_iter()
        .all(|condition| is_settled(facts, at.function, condition))
}

/// Whether a condition of a loop's turn says the same each time: all that it looks at are variables of the code around,
/// which nothing assigns again.
fn is_settled(facts: &Facts<'_>, function: FunctionRef, condition: &Condition) -> bool {
    let mut places = condition.places().peekable();
    places.peek().is_some()
        && places.all(|place| {
            let Some(id) = place.as_variable() else { return false };
            let is_captured = facts.program.variable(function.variable(id)).owner != function.function;
            is_captured && facts.program.index(function.file).of_variable(id).len() == 1
        })
}

/// How many names a handle is followed through.
const MAX_NAMES: u32 = 3;

/// Whether something reads a place, other than to give it a name that nothing reads.
#[must_use]
pub fn is_kept(facts: &Facts<'_>, function: FunctionRef, place: &Place, names: u32) -> bool {
    let module = facts.program.module(function.file);
    let is_temp = matches!(place.root, Root::Temp(_));
    module.functions().filter(|(id, _)| !is_temp || *id == function.function).any(|(id, body)| {
        let reads = |operand: &Operand| operand.place().is_some_and(|it| it.root == place.root);
        let in_ops = body.ops().any(|(_, _, op)| match &op.kind {
            OpKind::Assign { target, value: Rvalue::Use(operand) } if reads(operand) => {
                names == 0
                    || !target.path.is_empty() && !is_unread_field(facts, target)
                    || target.path.is_empty() && *target == *place
                    || target.path.is_empty() && is_kept(facts, function.sibling(id), target, names - 1)
            }
            OpKind::Assign { target, value } => {
                value.operands().into_iter().any(reads) || (target.root == place.root && !target.path.is_empty())
            }
            _ => op.places().into_iter().any(|it| it.root == place.root),
        });
        in_ops || body.blocks().any(|(_, block)| block.terminator.operands().into_iter().any(reads))
    })
}

/// Whether a place is a field of the instance that nothing in the program reads: what is kept there, nobody calls off.
fn is_unread_field(facts: &Facts<'_>, place: &Place) -> bool {
    let [field] = place.path.as_ref() else { return false };
    let Some(name) = field.name().filter(|_| place.root == Root::This) else { return false };
    let has = |place: &Place| place.path.iter().any(|field| field.name() == Some(name));
    let reads = |operand: &Operand| operand.place().is_some_and(has);
    let is_read = |body: &Function| {
        let in_ops = body.ops().any(|(_, _, op)| match &op.kind {
            OpKind::Assign { target, value } => {
                let is_inner = target.path.iter().rev().skip(1).any(|field| field.name() == Some(name));
                is_inner || value.operands().into_iter().any(reads)
            }
            _ => op.places().into_iter().any(has),
        });
        in_ops
            || body.blocks().any(|(_, block)| match &block.terminator {
                Terminator::Branch { condition, .. } => condition.places().any(has),
                other => other.operands().into_iter().any(reads),
            })
    };
    !facts.program.modules().any(|module| module.functions().any(|(_, body)| is_read(body)))
}
