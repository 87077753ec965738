//! Uses: every operation of the program that sends to one of the queues, receives from it, measures it, keeps one of
//! its ends or passes one on.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::catalogue::schema::QueueEnd;
use crate::ir::{Call, CallKind, Condition, Field, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::Queue;
use super::ends::{End, Ends};
use super::holders::Holders;

/// Methods of either end that leave the queue as it is, or close it.
const LOOKS: &[&str] =
    &["is_closed", "close", "closed", "is_empty", "same_channel", "is_disconnected", "is_terminated"];
const SIZES: &[&str] = &["len", "is_full", "sender_count"];

pub(super) fn collect<'p>(facts: &Facts<'p>, ends: &Ends<'_, 'p>, sites: &[OpRef]) -> Vec<Queue> {
    let queue = |at: OpRef| Queue {
        at,
        sends: Vec::new(),
        told: Vec::new(),
        receives: Vec::new(),
        kept: None,
        escapes: false,
        is_measured: false,
    };
    let holders = Holders::new(facts, ends);
    let queues = sites.iter().map(|at| (*at, queue(*at))).collect();
    let mut uses = Uses { facts, ends, holders, queues };
    for function in facts.program.functions().filter(|it| facts.evaluator.drops_implicitly(*it)) {
        uses.function(function);
    }
    uses.queues.into_values().collect()
}

struct Uses<'u, 'f, 'p> {
    facts: &'u Facts<'p>,
    ends: &'u Ends<'f, 'p>,
    holders: Holders<'u, 'p>,
    queues: IndexMap<OpRef, Queue, FxBuildHasher>,
}

impl Uses<'_, '_, '_> {
    fn function(&mut self, function: FunctionRef) {
        for (block, index, op) in self.facts.program.function(function).ops() {
            let at = function.op(block, index);
            match &op.kind {
                OpKind::Call(call) => {
                    self.method(at, call);
                    self.arguments(at, call);
                }
                OpKind::Assign { value: Rvalue::ElementOf(Operand::Place(place)), .. } => {
                    for (site, end) in self.place(function, place) {
                        if end == Some(QueueEnd::Receiver) {
                            self.queues[&site].receives.push(at);
                        }
                    }
                }
                OpKind::Assign { target, value } => self.assigned(at, target, value),
                OpKind::Yield { value } => {
                    let values = self.facts.evaluator.operand(function, value);
                    self.given(&self.ends.within(&values));
                }
                OpKind::Dispose { .. } | OpKind::Delete { .. } => {}
            }
        }
    }

    fn place(&self, function: FunctionRef, place: &Place) -> Vec<End> {
        if matches!(place.root, Root::Global(_)) {
            return Vec::new();
        }
        self.ends.of(&self.facts.evaluator.place(function, place))
    }

    /// `sender.send(x)`, `receiver.recv()`.
    fn method(&mut self, at: OpRef, call: &Call) {
        let Some((receiver, Field::Named(name))) = call.receiver() else { return };
        let fact = self.facts.evaluator.any_method(at.function.file, name).function;
        let known = fact.and_then(|fact| fact.end);
        let found = self.place(at.function, &receiver);
        if found.is_empty() && known == Some(QueueEnd::Sender) && !self.holders.is_empty() {
            self.told(at, &receiver);
        }
        for (site, end) in found {
            if fact.is_some_and(|fact| fact.is_face) {
                continue;
            }
            let is_compared = SIZES.contains(&name.as_str()) && self.is_compared(at.function, call);
            let queue = &mut self.queues[&site];
            match (end, known) {
                (Some(QueueEnd::Sender), Some(QueueEnd::Sender)) => queue.sends.push(at),
                (Some(QueueEnd::Receiver), Some(QueueEnd::Receiver)) => queue.receives.push(at),
                (Some(_), _) if SIZES.contains(&name.as_str()) => queue.is_measured |= is_compared,
                (Some(_), _) if LOOKS.contains(&name.as_str()) => {}
                (Some(QueueEnd::Receiver) | None, _) => queue.escapes = true,
                (Some(QueueEnd::Sender), _) => {}
            }
        }
    }

    /// A send through an end from a collection.
    fn told(&mut self, at: OpRef, receiver: &Place) {
        for (site, end) in self.holders.out_of(at.function, receiver) {
            let told = &mut self.queues[&site].told;
            if end == Some(QueueEnd::Sender) && !told.contains(&at) {
                told.push(at);
            }
        }
    }

    /// Whether the result of a call decides a branch, directly or through a variable.
    fn is_compared(&self, function: FunctionRef, call: &Call) -> bool {
        let body = self.facts.program.function(function);
        let result = Place::temp(call.result);
        let named = body.ops().find_map(|(_, _, op)| match &op.kind {
            OpKind::Assign { target, value: Rvalue::Use(Operand::Place(from)) } if *from == result => {
                Some(target.clone())
            }
            _ => None,
        });
        body.blocks().any(|(_, block)| match &block.terminator {
            Terminator::Branch { condition: condition @ Condition::Compare { .. }, .. } => {
                condition.places().any(|place| *place == result || Some(place) == named.as_ref())
            }
            _ => false,
        })
    }

    /// The arguments of a call: functions of the project are looked into, and others may do anything with an end.
    fn arguments(&mut self, at: OpRef, call: &Call) {
        let callee = self.facts.evaluator.callee(at);
        let is_seen = |target: &CallTarget| match target {
            CallTarget::Function { .. } | CallTarget::Construct(_) => true,
            CallTarget::External(id) => self.facts.evaluator.facts(*id).function.is_some_and(|it| it.returns.is_some()),
            _ => false,
        };
        if call.kind == CallKind::New || !callee.is_unknown() && callee.targets.iter().all(is_seen) {
            return;
        }
        for argument in &call.arguments {
            if matches!(argument.value, Operand::Place(_)) {
                let values = self.facts.evaluator.operand(at.function, &argument.value);
                self.given(&self.ends.within(&values));
            }
        }
    }

    fn given(&mut self, ends: &[End]) {
        for (site, end) in ends {
            self.queues[site].escapes |= *end != Some(QueueEnd::Sender);
        }
    }

    /// Where an end is kept: in a field, or in a static.
    fn assigned(&mut self, at: OpRef, target: &Place, value: &Rvalue) {
        let Rvalue::Use(operand @ Operand::Place(_)) = value else { return };
        if !self.ends.is_kept_by(at) {
            return;
        }
        let module = self.facts.program.module(at.function.file);
        let Some(name) = module.last_name(target).map(ToString::to_string) else { return };
        for (site, end) in self.ends.of(&self.facts.evaluator.operand(at.function, operand)) {
            if end == Some(QueueEnd::Receiver) && target.root == Root::This {
                self.queues[&site].kept = Some((at, name.clone()));
            }
        }
    }
}
