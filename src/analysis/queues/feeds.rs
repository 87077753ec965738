//! Feeds: what makes a send happen again and again at somebody else's pace.

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::turns::goes_around;
use crate::catalogue::schema::{Collection, FunctionFact, Waiting};
use crate::ir::{Binding, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Location;

use super::items::Items;
use super::{Queue, makes, sources};

/// The maximal number of calls between the loop and the send. Further down, a send is only one of many things a message
/// may lead to.
const MAX_CALLS: usize = 3;

/// The maximal number of queues through which items are followed.
const MAX_QUEUES: u32 = 4;

/// Why a send repeats.
#[derive(Debug, Clone)]
pub struct Feed {
    pub send: OpRef,
    /// The calls from the loop down to the send, outermost first.
    pub calls: Vec<OpRef>,
    pub source: Source,
}

#[derive(Debug, Clone)]
pub enum Source {
    /// A loop around the send, or around a call on the way to it, receives what others send.
    Loop(OpRef),
    /// A framework calls the function for every request or message.
    Entry(String, Location),
}

/// The sends of a queue whose pace others set, and that do not wait for the other end.
#[must_use]
pub fn feeds(facts: &Facts<'_>, queue: &Queue) -> Vec<Feed> {
    feeds_through(facts, queue, MAX_QUEUES)
}

/// The same; items from another queue count if that is fed in this way, through up to this many queues.
pub(super) fn feeds_through(facts: &Facts<'_>, queue: &Queue, queues: u32) -> Vec<Feed> {
    let sends = queue.sends.iter().chain(&queue.told).copied();
    let held = sends.filter(|send| facts.is_held_to_account(send.function));
    let sends = held.filter(|send| !is_signal(facts, *send) && !is_tied(facts, *send));
    sends.filter_map(|send| feed(facts, queue, send, queues)).collect()
}

fn feed(facts: &Facts<'_>, queue: &Queue, send: OpRef, queues: u32) -> Option<Feed> {
    let chain = facts.frequencies.chain(&facts.evaluator, send.function);
    let mut calls = Vec::new();
    let outward: Vec<OpRef> = std::iter::once(send).chain(chain.calls.iter().rev().copied()).collect();
    for at in outward.iter().take(MAX_CALLS + 1) {
        if let Some(source) = brought_by(facts, queue, *at, queues) {
            calls.reverse();
            return Some(Feed { send, calls, source: Source::Loop(source) });
        }
        if at.function == queue.at.function {
            return None;
        }
        calls.extend((*at != send).then_some(*at));
    }
    let is_near = outward.len() <= MAX_CALLS + 1;
    let (label, location) = chain.entry.filter(|_| is_near && facts.rate(send) >= Rate::PerMessage)?;
    // A queue that is made for each request is not filled by the sequence of requests.
    let entry = outward.last()?.function;
    if ways_to(facts, queue.at).iter().any(|at| at.function == entry) {
        return None;
    }
    calls.reverse();
    Some(Feed { send, calls, source: Source::Entry(label, location) })
}

/// An operation and the calls by which its function is reached.
fn ways_to(facts: &Facts<'_>, at: OpRef) -> Vec<OpRef> {
    let chain = facts.frequencies.chain(&facts.evaluator, at.function);
    std::iter::once(at).chain(chain.calls).collect()
}

/// The operation that receives, in a loop, what leads to the operation at `at`.
fn brought_by(facts: &Facts<'_>, queue: &Queue, at: OpRef, queues: u32) -> Option<OpRef> {
    let body = facts.program.function(at.function);
    if body.block(at.block).loop_depth == 0 {
        return None;
    }
    let makers = ways_to(facts, queue.at);
    body.ops().find_map(|(block, index, op)| {
        let call = op.call()?;
        let from = at.function.op(block, index);
        let brings = |fact: &FunctionFact| match fact.waiting {
            Some(Waiting::Messages) => call.suspends,
            Some(Waiting::Input) => true,
            _ => false,
        };
        // Each turn of a loop that makes the queue, directly or through calls, has its own.
        let makes_anew = || makers.iter().any(|it| it.function == at.function && goes_around(body, it.block, block));
        // A loop that also receives from the queue sends nothing while it waits.
        let takes_out = || {
            let mut receives = queue.receives.iter().filter(|it| it.function == at.function);
            receives.any(|it| goes_around(body, it.block, block) && goes_around(body, it.block, at.block))
        };
        let leads = goes_around(body, block, at.block)
            && !takes_out()
            && !queue.receives.contains(&from)
            && facts.evaluator.function_fact(from).is_some_and(brings)
            && Items::of(body, block, index)
                .is_some_and(|items| items.has(at.block, at.index as usize) && passes_on(facts, &items, at))
            && !makes_anew()
            && sources::is_outside(facts, from, queues);
        leads.then_some(from)
    })
}

/// Whether an argument of a call is made from the items, or is a closure that captures one.
fn passes_on(facts: &Facts<'_>, items: &Items<'_>, at: OpRef) -> bool {
    let made = items.made_of();
    let Some(call) = facts.program.op(at).call() else { return false };
    let mut arguments = call.arguments.iter();
    arguments.any(|argument| match &argument.value {
        Operand::Place(place) => made.contains(&place.root),
        Operand::Function(id) => {
            let closure = facts.program.function(at.function.sibling(*id));
            closure.mentioned_places().any(|place| made.contains(&place.root) && !matches!(place.root, Root::Temp(_)))
        }
        _ => false,
    }) || call.receiver().is_some_and(|(receiver, _)| made.contains(&receiver.root))
}

/// Whether the items are only signals: `()`, a constant, a variant without content.
fn is_signal(facts: &Facts<'_>, send: OpRef) -> bool {
    let Some(argument) = facts.program.op(send).call().and_then(|call| call.argument(0)) else { return false };
    match argument {
        Operand::Place(place) => is_constant(facts, send.function, place),
        _ => true,
    }
}

fn is_constant(facts: &Facts<'_>, function: FunctionRef, place: &Place) -> bool {
    let names_type =
        place.path.iter().all(|field| field.name().is_some_and(|name| name.starts_with(char::is_uppercase)));
    match &place.root {
        Root::Global(_) => names_type,
        Root::This => false,
        Root::Variable(id) => match facts.program.variable(function.variable(*id)).binding {
            Binding::Class(_) | Binding::Import(_) => names_type && !place.path.is_empty(),
            _ => false,
        },
        Root::Temp(temp) => {
            let definitions = facts.program.index(function.file).of_temp(function.function, *temp);
            definitions.iter().any(|definition| {
                let at = function.op(definition.block, definition.index as usize);
                match &facts.program.op(at).kind {
                    OpKind::Assign { value: Rvalue::Object(fields), .. } => fields.is_empty(),
                    _ => false,
                }
            })
        }
    }
}

/// Whether the sender waits for the other end: for an answer to what it sent, or for a permit.
fn is_tied(facts: &Facts<'_>, send: OpRef) -> bool {
    let body = facts.program.function(send.function);
    body.ops().any(|(block, index, op)| {
        let at = send.function.op(block, index);
        op.call().is_some()
            && (makes(facts, at) == Some(Collection::Reply)
                || facts.evaluator.function_fact(at).is_some_and(|fact| fact.waiting == Some(Waiting::Room)))
    })
}
