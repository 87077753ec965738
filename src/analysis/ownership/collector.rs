//! The collector: what each kind of operation does to the resources it can name.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::value::{AcquiredKind, Value, Values};
use crate::catalogue::schema::ResourceKind;
use crate::ir::{Call, OpKind, Place, Rvalue};
use crate::linking::{FunctionRef, OpRef};

use super::captures::Captures;
use super::effects::{Effect, Escape, Identity, OpEffects, identities};
use super::flow::Fate;
use super::summary::{ExitFates, Interest, Summaries};

/// Works on one function.
pub(super) struct Collector<'e, 'p> {
    pub(super) evaluator: &'e Evaluator<'p>,
    pub(super) summaries: &'e Summaries,
    pub(super) function: FunctionRef,
    pub(super) interest: Interest,
    pub(super) captures: Captures<'e, 'p>,
}

impl Collector<'_, '_> {
    pub(super) fn is_of_interest(&self, identity: &Identity) -> bool {
        match identity {
            Identity::Acquired(id) => self.summaries.sources.may_hold(self.evaluator, *id),
            Identity::Parameter { .. } => self.interest == Interest::Given,
        }
    }

    pub(super) fn effects_of(&self, values: &Values) -> Vec<(Identity, ExitFates)> {
        self.captures.effects_of(self.summaries, self.interest, values)
    }

    pub(super) fn is_live(&self, identity: &Identity) -> bool {
        match identity {
            Identity::Acquired(id) => self.summaries.is_live(self.evaluator, *id, self.function),
            Identity::Parameter { .. } => self.interest == Interest::Given,
        }
    }

    pub(super) fn op(&mut self, at: OpRef, kind: &OpKind) -> OpEffects {
        let mut found = OpEffects::default();
        match kind {
            OpKind::Call(call) => self.call(at, call, &mut found),
            OpKind::Assign { target, value } => {
                found.throws = matches!(value, Rvalue::Await(_));
                if !target.path.is_empty() && self.is_instance(target) {
                    // `connection.onmessage = (message) => socket.send(message)`: the other object uses it.
                    let values = self.evaluator.rvalue(at, value);
                    for identity in self.captures.mentions_of(&values) {
                        found.effects.push((identity, Effect::Escape(Escape::Captured)));
                    }
                } else if !target.path.is_empty() && (self.is_resource(target) || self.is_foreign(target)) {
                    // `socket.onopen = () => resolve(socket)`: the same as adding a listener. So are handlers of
                    // unknown objects: `video.onplay = () => stop(stream)`.
                    let values = self.evaluator.rvalue(at, value);
                    for (identity, fates) in self.effects_of(&values) {
                        self.capture(identity, fates, &mut found);
                    }
                }
                if self.evaluator.outlives(self.function, target) {
                    let values = self.evaluator.rvalue(at, value);
                    for identity in self.held_by(&values) {
                        found.effects.push((identity, Effect::Escape(Escape::Stored)));
                    }
                }
            }
            // In languages whose scopes drop, nobody has to drop anything, and a drop is no evidence.
            OpKind::Dispose { .. } if self.evaluator.drops_implicitly(self.function) => {}
            OpKind::Dispose { place } => {
                found.throws = true;
                for identity in identities(&self.evaluator.place(self.function, place)) {
                    found.effects.push((identity, Effect::Release));
                }
            }
            OpKind::Yield { value } => {
                let values = self.evaluator.operand(self.function, value);
                for identity in self.held_by(&values) {
                    found.effects.push((identity, Effect::Escape(Escape::Returned)));
                }
            }
            OpKind::Delete { .. } => {}
        }
        found
    }

    /// What begins at a call: the resources in its result that nobody had before.
    pub(super) fn begin(&self, at: OpRef, found: &mut OpEffects) {
        let values = self.evaluator.call_values(at);
        let mut reachable = FxHashSet::default();
        self.evaluator.reachable(&values, 0, &mut reachable);
        for identity in self.captures.mentions_of(&values) {
            if let Identity::Acquired(id) = identity {
                reachable.insert(id);
            }
        }
        let mut began: Vec<_> = reachable.into_iter().filter(|id| self.evaluator.acquisition(*id).at == at).collect();
        began.sort_unstable();
        for id in began {
            found.effects.push((Identity::Acquired(id), Effect::Begin));
        }
    }

    /// Literal callbacks of a callee that runs them before it returns: their effects happen here.
    pub(super) fn run_callbacks(&mut self, call: &Call, found: &mut OpEffects) {
        for argument in &call.arguments {
            let values = self.evaluator.operand(self.function, &argument.value);
            for (identity, fates) in self.effects_of(&values) {
                self.capture(identity, fates, found);
            }
        }
    }

    /// What a callback would do to a resource. It may not run at all, but it shows who is to release. A callback that
    /// releases a lease only on some of its paths has not settled the matter; gives whether it is such a one.
    pub(super) fn capture(&self, identity: Identity, fates: ExitFates, found: &mut OpEffects) -> bool {
        if fates.normal.contains(Fate::RELEASED | Fate::HELD) && self.is_lease(&identity) {
            found.effects.push((identity, Effect::PartialRelease));
            return true;
        }
        if fates.normal.intersects(Fate::RELEASED | Fate::ESCAPED) {
            found.effects.push((identity, Effect::Escape(Escape::Captured)));
        }
        false
    }

    /// Whether the root of a place is an object of a class, with a life of its own.
    fn is_instance(&self, place: &Place) -> bool {
        self.evaluator.root_values(self.function, &place.root).iter().any(|value| match value {
            Value::Resource(id) => matches!(self.evaluator.acquisition(*id).kind, AcquiredKind::Instance(_)),
            _ => false,
        })
    }

    /// Whether the root of a place is a resource of the catalogue.
    fn is_resource(&self, place: &Place) -> bool {
        self.evaluator.root_values(self.function, &place.root).resources().next().is_some()
    }

    /// Whether the root of a place is an object that other code made, and may use.
    fn is_foreign(&self, place: &Place) -> bool {
        !self.evaluator.drops_implicitly(self.function) && self.evaluator.root_values(self.function, &place.root).open
    }

    pub(super) fn is_lease(&self, identity: &Identity) -> bool {
        match identity {
            Identity::Acquired(id) => match self.evaluator.acquisition(*id).kind {
                AcquiredKind::Catalogued(resource) => {
                    let kind = self.evaluator.catalogue.resource(resource).kind;
                    matches!(kind, ResourceKind::Lease | ResourceKind::Transaction)
                }
                AcquiredKind::Instance(_) => false,
            },
            Identity::Parameter { function, .. } => self.summaries.lease_callbacks.get(*function).is_some(),
        }
    }

    /// Arguments of an unknown callee.
    pub(super) fn pass_arguments(&mut self, call: &Call, found: &mut OpEffects) {
        for argument in &call.arguments {
            let values = self.evaluator.operand(self.function, &argument.value);
            let taken: SmallVec<[Identity; 2]> = self.resources_in(&values);
            let is_deferred = !call.awaited;
            let mut partly: SmallVec<[Identity; 2]> = SmallVec::new();
            for (identity, fates) in self.effects_of(&values) {
                if self.capture(identity.clone(), fates, found) {
                    partly.push(identity);
                }
            }
            if is_deferred {
                // If a callback of an unknown callee only uses a resource, it may do so for as long as it likes.
                for identity in self.captures.mentions_of(&values) {
                    let identity = self.summaries.lease_callbacks.canonical(identity);
                    if !partly.contains(&identity) {
                        found.effects.push((identity, Effect::Escape(Escape::Captured)));
                    }
                }
            }
            for identity in taken {
                found.effects.push((identity, Effect::Escape(Escape::Passed)));
            }
        }
    }

    /// `this.clients.push(client)`, `registry.set(key, client)`: kept, where the container outlives the function.
    pub(super) fn store_in_receiver(&mut self, call: &Call, found: &mut OpEffects) {
        let Some((receiver, _)) = call.receiver() else { return };
        if !self.evaluator.is_storing(call) || !self.evaluator.holder_outlives(self.function, &receiver) {
            return;
        }
        for argument in &call.arguments {
            let values = self.evaluator.operand(self.function, &argument.value);
            for identity in self.held_by(&values) {
                found.effects.push((identity, Effect::Escape(Escape::Stored)));
            }
        }
    }

    /// The resources and parameters that a value is or holds.
    pub(super) fn resources_in(&self, values: &Values) -> SmallVec<[Identity; 2]> {
        let mut reachable = FxHashSet::default();
        self.evaluator.reachable(values, 0, &mut reachable);
        let mut ids: Vec<_> = reachable.into_iter().collect();
        ids.sort_unstable();
        let mut found: SmallVec<[Identity; 2]> = ids.into_iter().map(Identity::Acquired).collect();
        self.identities_in(values, 0, &mut found);
        found
    }

    /// The identities of values, and of what is in the literals among them.
    fn identities_in(&self, values: &Values, depth: u32, found: &mut SmallVec<[Identity; 2]>) {
        for identity in identities(values) {
            if !found.contains(&identity) {
                found.push(identity);
            }
        }
        for value in values {
            if let Value::Object { at, context } = value
                && depth < 3
            {
                self.identities_in(self.evaluator.seen_parts(*at, *context), depth + 1, found);
            }
        }
    }

    /// What stays alive with a value: the resources it is or holds, and those its closures mention.
    pub(super) fn held_by(&mut self, values: &Values) -> SmallVec<[Identity; 2]> {
        let mut found = self.resources_in(values);
        for value in values {
            if let Value::Part { of, lasts: true } = value {
                found.push(Identity::Acquired(*of));
            }
        }
        let released = self.effects_of(values);
        let released = released.into_iter().filter(|(_, fates)| fates.normal.contains(Fate::RELEASED));
        for identity in self.captures.mentions_of(values).into_iter().chain(released.map(|(identity, _)| identity)) {
            if !found.contains(&identity) {
                found.push(identity);
            }
        }
        found
    }
}
