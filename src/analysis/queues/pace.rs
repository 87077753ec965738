//! Pace: what a consumer waits for between two items.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::turns::goes_around;
use crate::catalogue::schema::Waiting;
use crate::ir::{Call, Operand, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::Queue;
use super::items::Items;

/// The maximal depth of calls in which waits are searched.
const MAX_CALLS: u32 = 5;
/// The maximal number of callers through which returned items are followed.
const MAX_CALLERS: u32 = 3;

/// A consumer that waits before it takes its next item.
#[derive(Debug, Clone)]
pub struct Consumer {
    pub receive: OpRef,
    /// The operation it waits for, and those within it, innermost last.
    pub waits: Vec<OpRef>,
}

/// The consumer of a queue, if there is one and all consumers wait for something at each item.
#[must_use]
pub fn slow_consumer(facts: &Facts<'_>, queue: &Queue) -> Option<Consumer> {
    let mut places = Vec::new();
    let mut slow = None;
    for receive in &queue.receives {
        match taken(facts, *receive) {
            Taken::Whole { waits } => slow = slow.or(Some(Consumer { receive: *receive, waits: waits? })),
            Taken::OneByOne => loops(facts, *receive, MAX_CALLERS, &mut places),
        }
    }
    for receive in places {
        let waits = wait(facts, receive)?;
        slow = slow.or(Some(Consumer { receive, waits }));
    }
    slow
}

/// How much an operation takes.
enum Taken {
    OneByOne,
    /// Everything: `receiver.forward(socket)`, `receiver.for_each(…)`; with what it waits for at each item.
    Whole {
        waits: Option<Vec<OpRef>>,
    },
}

fn taken(facts: &Facts<'_>, receive: OpRef) -> Taken {
    let is_work = facts.evaluator.function_fact(receive).is_some_and(|fact| fact.waiting == Some(Waiting::Work));
    if is_work {
        return Taken::Whole { waits: Some(Vec::new()) };
    }
    let arguments = facts.program.op(receive).call().into_iter().flat_map(|call| &call.arguments);
    let mut closures = arguments.filter_map(|argument| match argument.value {
        Operand::Function(id) => Some(receive.function.sibling(id)),
        _ => None,
    });
    closures.next_back().map_or(Taken::OneByOne, |closure| Taken::Whole {
        waits: within(facts, closure, MAX_CALLS, &mut FxHashSet::default()),
    })
}

/// Where the items of an operation are received in a loop: there, or in the callers that get them.
fn loops(facts: &Facts<'_>, receive: OpRef, callers: u32, found: &mut Vec<OpRef>) {
    let body = facts.program.function(receive.function);
    if body.block(receive.block).loop_depth > 0 {
        found.push(receive);
        return;
    }
    let Some(items) = Items::of(body, receive.block, receive.index as usize) else { return };
    if callers > 0 && items.are_returned() {
        for call in facts.calls.callers(facts.program, receive.function) {
            loops(facts, *call, callers - 1, found);
        }
    }
}

/// What is awaited between one item and the next.
fn wait(facts: &Facts<'_>, receive: OpRef) -> Option<Vec<OpRef>> {
    let body = facts.program.function(receive.function);
    let items = Items::of(body, receive.block, receive.index as usize)?;
    body.ops().find_map(|(block, index, op)| {
        let at = receive.function.op(block, index);
        let call = op.call()?;
        // What is waited for when there is no next item keeps nobody.
        let is_between =
            at != receive && call.suspends && items.has(block, index) && goes_around(body, block, receive.block);
        let mut seen = FxHashSet::default();
        if is_between { slow(facts, at, call, MAX_CALLS, &mut seen) } else { None }
    })
}

/// The operations that take time when `call` is waited for, innermost last.
fn slow(
    facts: &Facts<'_>,
    at: OpRef,
    call: &Call,
    depth: u32,
    seen: &mut FxHashSet<FunctionRef>,
) -> Option<Vec<OpRef>> {
    if call.method_name() == Some("await") && call.arguments.is_empty() {
        return None;
    }
    match facts.evaluator.function_fact(at).and_then(|fact| fact.waiting) {
        Some(Waiting::Turn) => return None,
        Some(Waiting::Work | Waiting::Room | Waiting::Messages | Waiting::Input) => return Some(vec![at]),
        Some(Waiting::People) | None => {}
    }
    let callee = facts.evaluator.callee(at);
    let functions: Vec<FunctionRef> = callee
        .targets
        .iter()
        .filter_map(|target| match target {
            CallTarget::Function { function, .. } => Some(*function),
            _ => None,
        })
        .collect();
    if functions.is_empty() {
        return Some(vec![at]);
    }
    functions.into_iter().filter(|_| depth > 0).find_map(|function| {
        if !seen.insert(function) {
            return None;
        }
        let mut waits = within(facts, function, depth, seen)?;
        waits.insert(0, at);
        Some(waits)
    })
}

/// The waits of a function that take time, including those of closures that it returns (`|item| async move { … }`).
fn within(
    facts: &Facts<'_>,
    function: FunctionRef,
    depth: u32,
    seen: &mut FxHashSet<FunctionRef>,
) -> Option<Vec<OpRef>> {
    let body = facts.program.function(function);
    let own = body.ops().find_map(|(block, index, op)| {
        let inner = op.call().filter(|call| call.suspends)?;
        slow(facts, function.op(block, index), inner, depth.checked_sub(1)?, seen)
    });
    own.or_else(|| {
        body.blocks().find_map(|(_, block)| match &block.terminator {
            Terminator::Return(Some(Operand::Function(id))) => {
                within(facts, function.sibling(*id), depth.checked_sub(1)?, seen)
            }
            _ => None,
        })
    })
}
