//! Leases that are no results: those a callback is given, and those that the receiver of a call becomes.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::value::{AcquiredKind, Acquisition, AcquisitionId, How, Path, Value};
use crate::catalogue::{ResourceId, SymbolFacts};
use crate::ir::{Binding, Call, CallKind, OpKind, Operand, Place};
use crate::linking::{FunctionRef, OpRef};

use super::effects::{Effect, Effects, Escape, Identity, Returned};

/// A callback that is given a lease: `pool.connect((error, client, done) => …)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseCallback {
    /// The call that leases.
    pub at: OpRef,
    pub resource: ResourceId,
    pub parameter: u32,
    /// The parameter that, called, gives it back.
    pub release: Option<u32>,
}

/// The callbacks of a program that are given leases.
#[derive(Debug, Default)]
pub struct LeaseCallbacks {
    by_function: FxHashMap<FunctionRef, LeaseCallback>,
    /// The resources opened by calls that run a function: `client.connect((error) => …)`.
    opened_before: FxHashMap<FunctionRef, SmallVec<[AcquisitionId; 1]>>,
}

impl LeaseCallbacks {
    pub(super) fn of(evaluator: &Evaluator<'_>) -> Self {
        let mut callbacks = Self::default();
        for function in evaluator.program.relevant_functions() {
            for (block, index, op) in evaluator.program.function(function).ops() {
                if let OpKind::Call(call) = &op.kind {
                    callbacks.add(evaluator, function.op(block, index), call);
                }
            }
        }
        callbacks
    }

    fn add(&mut self, evaluator: &Evaluator<'_>, at: OpRef, call: &Call) {
        let Some(last) = call.arguments.last() else { return };
        for target in &evaluator.callee(at).targets {
            if let CallTarget::External(id) = target {
                self.add_created(evaluator, at, call, &evaluator.facts(*id));
            }
            let CallTarget::ResourceMethod { receiver, name } = target else { continue };
            for giver in evaluator.resources_of(receiver) {
                let method = evaluator.catalogue.method(giver, name);
                if let (true, Some(id)) = (method.opens, receiver.acquisition()) {
                    for (function, _) in evaluator.functions_in(&evaluator.operand(at.function, &last.value)) {
                        self.opened_before.entry(function).or_default().push(id);
                    }
                }
                let Some((lease, resource)) = method.lease else { continue };
                let Some(parameter) = lease.callback_parameter else { continue };
                for value in &evaluator.operand(at.function, &last.value) {
                    if let Value::Function { function, .. } = value {
                        let callback = LeaseCallback { at, resource, parameter, release: lease.callback_release };
                        self.by_function.insert(*function, callback);
                    }
                }
            }
        }
    }

    /// `connect(url, (error, connection) => …)`: what is made belongs to the callback.
    fn add_created(&mut self, evaluator: &Evaluator<'_>, at: OpRef, call: &Call, facts: &SymbolFacts<'_>) {
        let made = if call.kind == CallKind::New { facts.new } else { facts.call };
        let Some(resource) = made.filter(|resource| evaluator.counts_as_created(at, *resource)) else { return };
        let Some(parameter) = evaluator.catalogue.resource(resource).create_callback else { return };
        let Some(last) = call.arguments.last() else { return };
        for value in &evaluator.operand(at.function, &last.value) {
            if let Value::Function { function, .. } = value {
                self.by_function.insert(*function, LeaseCallback { at, resource, parameter, release: None });
            }
        }
    }

    #[must_use]
    pub fn get(&self, function: FunctionRef) -> Option<LeaseCallback> {
        self.by_function.get(&function).copied()
    }

    /// The lease that a callback is given by what calls it.
    #[must_use]
    pub fn given_to(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> Option<Identity> {
        let index = self.get(function)?.parameter;
        // A callback without a parameter for the lease may find it elsewhere: in `arguments`, in the pool.
        evaluator.program.function(function).parameters.get(index as usize)?;
        Some(Identity::Parameter { function, index, path: Path::new() })
    }

    /// The callbacks, in program order.
    #[must_use]
    pub fn in_order(&self) -> Vec<(FunctionRef, LeaseCallback)> {
        let mut all: Vec<_> = self.by_function.iter().map(|(function, callback)| (*function, *callback)).collect();
        all.sort_unstable_by_key(|(function, _)| *function);
        all
    }

    /// The function that gives a lease back is an alias of the lease: calling it or passing it on counts for the lease.
    pub(super) fn canonical(&self, identity: Identity) -> Identity {
        match identity {
            Identity::Parameter { function, index, path } if path.is_empty() => {
                let lease = self.get(function).filter(|callback| callback.release == Some(index));
                Identity::Parameter { function, index: lease.map_or(index, |callback| callback.parameter), path }
            }
            other => other,
        }
    }

    /// The identities that a callback's error parameter excludes: if there is an error, nothing was leased, and what
    /// failed to open holds nothing.
    pub(super) fn excluded_by(&self, value: &Value) -> SmallVec<[Identity; 1]> {
        match value {
            Value::Parameter { function, index: 0, path } if path.is_empty() => {
                let lease = self.get(*function).filter(|callback| callback.parameter > 0).map(|callback| {
                    Identity::Parameter { function: *function, index: callback.parameter, path: Path::new() }
                });
                let opened = self.opened_before.get(function).into_iter().flatten();
                lease.into_iter().chain(opened.map(|id| Identity::Acquired(*id))).collect()
            }
            _ => SmallVec::new(),
        }
    }

    /// Whether a value is a function that gives a lease back.
    pub(super) fn given_back_by(&self, value: &Value) -> Option<Identity> {
        match value {
            Value::Parameter { function, index, path } if path.is_empty() => {
                let callback = self.get(*function).filter(|callback| callback.release == Some(*index))?;
                Some(Identity::Parameter { function: *function, index: callback.parameter, path: Path::new() })
            }
            _ => None,
        }
    }
}

/// A receiver that became a lease.
struct Begun {
    id: AcquisitionId,
    resource: ResourceId,
    receiver: Place,
}

/// Adds the effects of `transaction.begin()` and `client.query("BEGIN")`: the receiver is the lease from there on.
pub(super) fn add_begun(evaluator: &Evaluator<'_>, function: FunctionRef, effects: &mut Effects) {
    let begun = begun_in(evaluator, function);
    if begun.is_empty() {
        return;
    }
    for (block, index, op) in evaluator.program.function(function).ops() {
        let OpKind::Call(call) = &op.kind else { continue };
        let at = function.op(block, index);
        for lease in &begun {
            let identity = Identity::Acquired(lease.id);
            if evaluator.acquisition(lease.id).at == at {
                effects.add(at, identity, Effect::Begin);
            } else if finishes(evaluator, at, call, lease) {
                effects.add(at, identity, Effect::Release);
            } else if call.arguments.iter().any(|argument| argument.value.place() == Some(&lease.receiver)) {
                effects.add(at, identity, Effect::Escape(Escape::Passed));
            }
        }
    }
    for (block, content) in evaluator.program.function(function).blocks() {
        for operand in content.terminator.operands() {
            for lease in begun.iter().filter(|lease| operand.place() == Some(&lease.receiver)) {
                let identity = Identity::Acquired(lease.id);
                effects.identities.insert(identity.clone());
                effects.returns.entry(block).or_default().push((identity, Returned::Within));
            }
        }
    }
}

fn begun_in(evaluator: &Evaluator<'_>, function: FunctionRef) -> Vec<Begun> {
    let mut begun = Vec::new();
    for (block, index, op) in evaluator.program.function(function).ops() {
        let OpKind::Call(call) = &op.kind else { continue };
        let at = function.op(block, index);
        let Some((receiver, _)) = call.receiver() else { continue };
        // A function that is given the connection and begins for its caller has a part that does it.
        if is_given_around(evaluator, function, &receiver) {
            continue;
        }
        for target in &evaluator.callee(at).targets {
            let CallTarget::ResourceMethod { receiver: value, name } = target else { continue };
            for giver in evaluator.resources_of(value) {
                let Some((lease, resource)) = evaluator.catalogue.method(giver, name).lease else { continue };
                let is_the_receiver = lease.receiver || !lease.statements.is_empty();
                if is_the_receiver && evaluator.is_statement(at, &lease.statements) {
                    let kind = AcquiredKind::Catalogued(resource);
                    let Value::Resource(id) = evaluator.acquired_as(Acquisition { at, kind, how: How::Begun }) else {
                        continue;
                    };
                    begun.push(Begun { id, resource, receiver: receiver.clone() });
                }
            }
        }
    }
    begun
}

/// Whether a place is a parameter of a function around this one.
fn is_given_around(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place) -> bool {
    place.root_variable().is_some_and(|id| {
        let variable = evaluator.program.variable(function.variable(id));
        variable.owner != function.function && matches!(variable.binding, Binding::Parameter(_))
    })
}

fn finishes(evaluator: &Evaluator<'_>, at: OpRef, call: &Call, lease: &Begun) -> bool {
    let Some((receiver, field)) = call.receiver() else { return false };
    let Some(name) = field.name() else { return false };
    let facts = evaluator.catalogue.method(lease.resource, name);
    same_place(evaluator, at.function, &receiver, &lease.receiver)
        && facts.release
        && evaluator.is_statement(at, facts.release_statements)
}

/// Whether two places hold the same resource: the same place, or two names for one thing.
fn same_place(evaluator: &Evaluator<'_>, function: FunctionRef, a: &Place, b: &Place) -> bool {
    if a == b {
        return true;
    }
    let held = |place: &Place| -> SmallVec<[Value; 2]> {
        evaluator
            .operand(function, &Operand::Place(place.clone()))
            .iter()
            .filter(|value| matches!(value, Value::Resource(_) | Value::Parameter { .. }))
            .cloned()
            .collect()
    };
    let others = held(b);
    held(a).iter().any(|value| others.contains(value))
}

/// Adds what releasing a giver does to the leases it gave: closing a browser closes its pages.
pub(super) fn add_dependents(evaluator: &Evaluator<'_>, effects: &mut Effects) {
    let dependents: Vec<(Identity, Identity)> = effects
        .identities
        .iter()
        .filter_map(|identity| match identity {
            Identity::Acquired(id) => match evaluator.acquisition(*id).how {
                How::Leased { giver: Some(giver), with_giver: true } => {
                    Some((Identity::Acquired(giver), identity.clone()))
                }
                _ => None,
            },
            Identity::Parameter { .. } => None,
        })
        .collect();
    for (giver, lease) in dependents {
        for op in effects.ops.values_mut() {
            if op.effects.iter().any(|(identity, effect)| *identity == giver && *effect == Effect::Release) {
                op.effects.push((lease.clone(), Effect::Release));
            }
        }
    }
}
