//! Feeds: what makes a send happen again and again at somebody else's pace.

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::turns::goes_around;
use crate::analysis::value::Value;
use crate::catalogue::schema::{Collection, FunctionFact, Waiting};
use crate::ir::{Binding, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Location;

use super::items::Items;
use super::{Queue, makes};

/// A send so many calls below the loop is one thing of many that a message may lead to, and not what becomes of each.
const MAX_CALLS: usize = 3;

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
    /// A loop around the send, or around a call on the way to it, takes the next of what others send.
    Loop(OpRef),
    /// A framework calls the function for every request or message.
    Entry(String, Location),
}

/// The sends of a queue that others set the pace of, and that do not wait for the other end.
#[must_use]
pub fn feeds(facts: &Facts<'_>, queue: &Queue) -> Vec<Feed> {
    let own = queue.sends.iter().map(|send| (*send, facts.rate(queue.at) <= Rate::PerTurn));
    // Who finds the sender in a collection has it of somebody else, whatever that one made it for.
    let others = queue.told.iter().map(|send| (*send, true));
    let held = own.chain(others).filter(|(send, _)| facts.is_held_to_account(send.function));
    let sends = held.filter(|(send, _)| !is_signal(facts, *send) && !is_tied(facts, *send));
    sends.filter_map(|(send, is_lasting)| feed(facts, queue, send, is_lasting)).collect()
}

/// `is_lasting` says that the queue is not made anew by each of those who fill it: one that is made for each request is
/// not for the requests to fill.
fn feed(facts: &Facts<'_>, queue: &Queue, send: OpRef, is_lasting: bool) -> Option<Feed> {
    let chain = facts.frequencies.chain(&facts.evaluator, send.function);
    let mut calls = Vec::new();
    let outward: Vec<OpRef> = std::iter::once(send).chain(chain.calls.iter().rev().copied()).collect();
    for at in outward.iter().take(MAX_CALLS + 1) {
        let is_own = at.function == send.function;
        let makes_it = at.function == queue.at.function;
        if let Some(source) = brought_by(facts, queue, *at)
            && (is_own || makes_it || is_lasting)
        {
            calls.reverse();
            return Some(Feed { send, calls, source: Source::Loop(source) });
        }
        if makes_it {
            return None;
        }
        calls.extend((*at != send).then_some(*at));
    }
    let is_near = outward.len() <= MAX_CALLS + 1;
    let (label, location) = chain.entry.filter(|_| is_near && is_lasting && facts.rate(send) >= Rate::PerMessage)?;
    calls.reverse();
    Some(Feed { send, calls, source: Source::Entry(label, location) })
}

/// The operation that brings, in a loop, what leads to the operation at `at`.
fn brought_by(facts: &Facts<'_>, queue: &Queue, at: OpRef) -> Option<OpRef> {
    let body = facts.program.function(at.function);
    if body.block(at.block).loop_depth == 0 {
        return None;
    }
    body.ops().find_map(|(block, index, op)| {
        let call = op.call()?;
        let from = at.function.op(block, index);
        let brings = |fact: &FunctionFact| match fact.waiting {
            Some(Waiting::Messages) => call.suspends,
            Some(Waiting::Input) => true,
            _ => false,
        };
        let is_around = goes_around(body, block, at.block)
            // Each turn of a loop that makes the queue has its own.
            && !(queue.at.function == at.function && goes_around(body, queue.at.block, block));
        let leads = is_around
            && !queue.receives.contains(&from)
            && facts.evaluator.function_fact(from).is_some_and(brings)
            && !is_held_back(facts, from)
            && Items::of(body, block, index).is_some_and(|items| items.has(at.block, at.index as usize));
        leads.then_some(from)
    })
}

/// Whether what is waited for comes as slowly as people do things, or is a list of the program's own: the catalogue says
/// so of what makes it.
fn is_held_back(facts: &Facts<'_>, at: OpRef) -> bool {
    let receivers = facts.evaluator.receiver_values(at).unwrap_or_default();
    receivers.iter().any(|value| match value {
        Value::Product { of, .. } => {
            let waiting = facts.evaluator.facts(*of).function.and_then(|fact| fact.waiting);
            matches!(waiting, Some(Waiting::People | Waiting::Turn))
        }
        _ => false,
    })
}

/// Whether what is sent is no more than a signal: `()`, a constant, a variant without content.
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

/// Whether who sends waits for the other end in some way: for the answer to what it sent, or for a permit.
fn is_tied(facts: &Facts<'_>, send: OpRef) -> bool {
    let body = facts.program.function(send.function);
    body.ops().any(|(block, index, op)| {
        let at = send.function.op(block, index);
        op.call().is_some()
            && (makes(facts, at) == Some(Collection::Reply)
                || facts.evaluator.function_fact(at).is_some_and(|fact| fact.waiting == Some(Waiting::Room)))
    })
}
