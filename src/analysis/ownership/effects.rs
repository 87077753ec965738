//! What each operation of a function does to the resources it can name.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::value::{AcquiredKind, AcquisitionId, ContextId, Path, Value, Values};
use crate::catalogue::schema::ResourceKind;
use crate::ir::{BlockId, Call, FunctionId, OpKind, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::beliefs;
use super::captures::Captures;
use super::flow::Fate;
use super::leases;
use super::summary::{ExitFates, Interest, Summaries};

/// A resource as a function names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    Acquired(AcquisitionId),
    /// What the function's caller passes.
    Parameter {
        function: FunctionRef,
        index: u32,
        path: Path,
    },
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It is acquired: held, if the operation completes.
    Begin,
    /// It was made earlier and starts to hold something, if the operation completes.
    Open,
    Release,
    /// Something was set up that releases it on some of the ways it may go.
    PartialRelease,
    /// It is released if the operation throws, and only then.
    ReleaseOnThrow,
    Escape(Escape),
}

/// Where a resource went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escape {
    /// Into a variable, field or container that outlives the function.
    Stored,
    /// To a callee that may keep it.
    Passed,
    /// Into a closure that lives on.
    Captured,
    /// To the caller.
    Returned,
}

/// The effects of one operation.
#[derive(Debug, Clone, Default)]
pub struct OpEffects {
    pub effects: SmallVec<[(Identity, Effect); 2]>,
    /// Whether it is taken to throw.
    pub throws: bool,
    /// Whether it ends the process.
    pub exits: bool,
}

/// The effects of a function's operations and terminators.
#[derive(Debug, Default)]
pub struct Effects {
    pub ops: BTreeMap<(BlockId, u32), OpEffects>,
    /// By block: what its `return` hands to the caller.
    pub returns: FxHashMap<BlockId, SmallVec<[Identity; 2]>>,
    /// Every identity mentioned, in order of first mention.
    pub identities: indexmap::IndexSet<Identity, rustc_hash::FxBuildHasher>,
}

impl Effects {
    /// The effects of `function`, given the summaries of what it calls.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>, summaries: &Summaries, function: FunctionRef, interest: Interest) -> Self {
        let mut collector = Collector { evaluator, summaries, function, interest, captures: Captures::new(evaluator) };
        let body = evaluator.program.function(function);
        let mut effects = Self::default();
        for (block, index, op) in body.ops() {
            let at = function.op(block, index);
            let found = collector.op(at, &op.kind);
            if found.effects.is_empty() && !found.throws && !found.exits {
                continue;
            }
            let mut found = found;
            found.effects.retain(|(identity, _)| collector.is_of_interest(identity));
            for (identity, _) in &mut found.effects {
                *identity = summaries.lease_callbacks.canonical(identity.clone());
                effects.identities.insert(identity.clone());
            }
            effects.ops.insert((block, at.index), found);
        }
        for (block, content) in body.blocks() {
            let (Terminator::Return(Some(operand)) | Terminator::Throw(operand)) = &content.terminator else {
                continue;
            };
            let values = evaluator.operand(function, operand);
            let identities: SmallVec<[Identity; 2]> = collector
                .held_by(&values)
                .into_iter()
                .filter(|identity| collector.is_of_interest(identity))
                .map(|identity| summaries.lease_callbacks.canonical(identity))
                .collect();
            for identity in &identities {
                effects.identities.insert(identity.clone());
            }
            if !identities.is_empty() {
                effects.returns.insert(block, identities);
            }
        }
        effects.settle_captures(|identity| collector.is_lease(identity));
        if let Some(given) = summaries.lease_callbacks.given_to(evaluator, function) {
            effects.identities.insert(given);
        }
        leases::add_begun(evaluator, function, &mut effects);
        leases::add_dependents(evaluator, &mut effects);
        beliefs::add(body, &mut effects);
        effects
    }

    /// A function that gives a lease back itself is the one that has to: a callback that may do so too, when the
    /// other side goes away or an event comes, need never run.
    fn settle_captures(&mut self, is_lease: impl Fn(&Identity) -> bool) {
        let released: FxHashSet<Identity> = self
            .ops
            .values()
            .flat_map(|op| &op.effects)
            .filter(|(identity, effect)| *effect == Effect::Release && is_lease(identity))
            .map(|(identity, _)| identity.clone())
            .collect();
        for op in self.ops.values_mut() {
            // Whom it passes the lease to on the way only works with it.
            op.effects
                .retain(|(identity, effect)| *effect != Effect::Escape(Escape::Passed) || !released.contains(identity));
            for (identity, effect) in &mut op.effects {
                if *effect == Effect::Escape(Escape::Captured) && released.contains(identity) {
                    *effect = Effect::PartialRelease;
                }
            }
        }
    }

    pub(super) fn add(&mut self, at: OpRef, identity: Identity, effect: Effect) {
        self.identities.insert(identity.clone());
        self.ops.entry((at.block, at.index)).or_default().effects.push((identity, effect));
    }

    /// The effects of all operations, in program order.
    pub fn in_order(&self) -> impl Iterator<Item = (&Identity, Effect)> {
        self.ops.values().flat_map(|op| op.effects.iter().map(|(identity, effect)| (identity, *effect)))
    }
}

/// The identities a value is, itself.
pub(super) fn identities(values: &Values) -> impl Iterator<Item = Identity> + '_ {
    values.iter().filter_map(|value| match value {
        Value::Resource(id) | Value::View { of: id, .. } => Some(Identity::Acquired(*id)),
        Value::Parameter { function, index, path } => {
            Some(Identity::Parameter { function: *function, index: *index, path: path.clone() })
        }
        _ => None,
    })
}

struct Collector<'e, 'p> {
    evaluator: &'e Evaluator<'p>,
    summaries: &'e Summaries,
    function: FunctionRef,
    interest: Interest,
    captures: Captures<'e, 'p>,
}

impl Collector<'_, '_> {
    fn is_of_interest(&self, identity: &Identity) -> bool {
        match identity {
            Identity::Acquired(id) => self.summaries.sources.may_hold(self.evaluator, *id),
            Identity::Parameter { .. } => self.interest == Interest::Given,
        }
    }

    fn effects_of(&self, values: &Values) -> Vec<(Identity, ExitFates)> {
        self.captures.effects_of(self.summaries, self.interest, values)
    }

    /// What to ask about a function of the project that is called, if it can do anything to the resources followed
    /// here: it is given one, or a closure that mentions one, is a method of what may hold one, or sees the variables
    /// of a function around it.
    fn concern(&self, at: OpRef, call: &Call, function: FunctionRef) -> Option<Interest> {
        let receiver = call.receiver().map(|(place, _)| self.evaluator.place(self.function, &place));
        let arguments = call.arguments.iter().map(|argument| self.evaluator.operand(self.function, &argument.value));
        let is_given = receiver.into_iter().chain(arguments).any(|values| {
            let held = self.resources_in(&values).into_iter().chain(self.captures.mentions_of(&values));
            held.into_iter().any(|identity| self.is_live(&identity))
        });
        if is_given {
            return Some(Interest::Given);
        }
        let callee = self.evaluator.program.function(function);
        let is_nested = callee.parent.is_some_and(|parent| parent != FunctionId::INITIALISER);
        let is_owner =
            || self.evaluator.program.this_class(function).is_some_and(|it| self.summaries.sources.is_holding(it));
        let is_handed_out =
            || self.evaluator.callee(at).functions().any(|(_, context)| context != ContextId::default());
        (is_nested || is_owner() || is_handed_out()).then_some(self.interest)
    }

    fn is_live(&self, identity: &Identity) -> bool {
        match identity {
            Identity::Acquired(id) => self.summaries.is_live(self.evaluator, *id, self.function),
            Identity::Parameter { .. } => self.interest == Interest::Given,
        }
    }

    fn op(&mut self, at: OpRef, kind: &OpKind) -> OpEffects {
        let mut found = OpEffects::default();
        match kind {
            OpKind::Call(call) => self.call(at, call, &mut found),
            OpKind::Assign { target, value } => {
                found.throws = matches!(value, Rvalue::Await(_));
                if self.evaluator.outlives(self.function, target) {
                    let values = self.evaluator.rvalue(at, value);
                    for identity in self.held_by(&values) {
                        found.effects.push((identity, Effect::Escape(Escape::Stored)));
                    }
                }
            }
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

    fn call(&mut self, at: OpRef, call: &Call, found: &mut OpEffects) {
        let callee = self.evaluator.callee(at);
        found.throws = call.awaited;
        self.begin(at, found);
        let mut takes_arguments = callee.open || callee.is_unknown();
        if callee.is_unknown() || callee.open {
            self.unknown_method(call, found, &mut takes_arguments);
        }
        for target in &callee.targets {
            match target {
                CallTarget::Function { function, .. } => {
                    self.project_call(at, call, *function, found);
                }
                CallTarget::Construct(class) => {
                    for function in self.constructors(*class) {
                        self.project_call(at, call, function, found);
                    }
                }
                CallTarget::External(id) => {
                    takes_arguments |= self.external_call(at, call, &self.evaluator.facts(*id), found);
                }
                CallTarget::ResourceMethod { receiver, name } => {
                    self.resource_method(at, call, receiver, name, found);
                    // A library's method runs what it is given; another resource it may take over: `source.pipe(sink)`.
                    self.run_callbacks(call, found);
                    takes_arguments = false;
                    for argument in &call.arguments {
                        for identity in self.resources_in(&self.evaluator.operand(self.function, &argument.value)) {
                            // Two faces of one resource that are put together stay where they are.
                            let is_itself = receiver.acquisition().map(Identity::Acquired) == Some(identity.clone());
                            if matches!(identity, Identity::Acquired(_)) && !is_itself {
                                found.effects.push((identity, Effect::Escape(Escape::Passed)));
                            }
                        }
                    }
                }
                CallTarget::Parameter => {
                    takes_arguments = true;
                    for value in &self.evaluator.operand(self.function, &call.callee) {
                        if let Some(lease) = self.summaries.lease_callbacks.given_back_by(value) {
                            found.effects.push((lease, Effect::Release));
                        }
                    }
                }
                CallTarget::ProductMethod { .. } => takes_arguments = true,
            }
        }
        if takes_arguments {
            self.pass_arguments(call, found);
        }
        self.store_in_receiver(call, found);
    }

    /// What begins at a call: the resources its result is or holds that nobody had before.
    fn begin(&self, at: OpRef, found: &mut OpEffects) {
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

    /// A method of something unknown. A release by name counts for a parameter: helpers are often untyped.
    fn unknown_method(&self, call: &Call, found: &mut OpEffects, takes_arguments: &mut bool) {
        let Some((receiver, field)) = call.receiver() else { return };
        let Some(name) = field.name() else { return };
        let facts = self.evaluator.catalogue.any_method(name);
        if let Some(fact) = facts.function {
            *takes_arguments &= !fact.borrows;
            found.exits |= fact.exits;
        }
        if facts.releases_something {
            for identity in identities(&self.evaluator.place(self.function, &receiver)) {
                if matches!(identity, Identity::Parameter { .. }) {
                    found.effects.push((identity, Effect::Release));
                }
            }
        }
    }

    fn constructors(&self, class: crate::linking::ClassRef) -> SmallVec<[FunctionRef; 2]> {
        let body = self.evaluator.program.class(class);
        [body.instance_initialiser, body.constructor]
            .into_iter()
            .flatten()
            .map(|function| FunctionRef::new(class.file, function))
            .collect()
    }

    /// A call of a function of the project: its summary, seen from here.
    fn project_call(&mut self, at: OpRef, call: &Call, function: FunctionRef, found: &mut OpEffects) {
        found.throws |= self.summaries.throws.at_call(self.evaluator, call, function);
        let Some(interest) = self.concern(at, call, function) else { return };
        let solved = self.summaries.get(self.evaluator, function, interest);
        let summary = &solved.summary;
        let callee = self.evaluator.callee(at);
        let contexts: SmallVec<[_; 1]> =
            callee.functions().filter(|(target, _)| *target == function).map(|(_, context)| context).collect();
        for (identity, fates) in &summary.effects {
            let value = match identity {
                Identity::Acquired(id) => Value::Resource(*id),
                Identity::Parameter { function, index, path } => {
                    Value::Parameter { function: *function, index: *index, path: path.clone() }
                }
            };
            let mut values = Values::one(value);
            for context in &contexts {
                values = self.evaluator.through(values, *context);
            }
            let values = self.evaluator.instantiate(&values, at, function);
            let mut affected: SmallVec<[Identity; 2]> = identities(&values).collect();
            if matches!(identity, Identity::Parameter { .. }) && fates.normal.contains(Fate::ESCAPED) {
                affected.extend(self.held_by(&values));
            }
            for identity in affected {
                push_fates(&identity, fates.normal, fates.exceptional, found);
            }
        }
        // A method that releases what its class owns releases the instance.
        if summary.releases_own_fields
            && let Some(receiver) = self.evaluator.receiver_values(at)
        {
            for identity in identities(&receiver) {
                found.effects.push((identity, Effect::Release));
            }
        }
        if summary.opens_own_fields
            && let Some(receiver) = self.evaluator.receiver_values(at)
        {
            for identity in identities(&receiver) {
                found.effects.push((identity, Effect::Open));
            }
        }
        // Functions passed on: what they do may happen now, or whenever the callee's keeper calls them.
        for argument in &call.arguments {
            let values = self.evaluator.operand(self.function, &argument.value);
            for (identity, fates) in self.effects_of(&values) {
                if fates.normal.intersects(Fate::RELEASED | Fate::ESCAPED) {
                    found.effects.push((identity, Effect::Escape(Escape::Captured)));
                }
            }
        }
    }

    /// A call of a library's function; whether it may keep its arguments.
    fn external_call(
        &mut self,
        at: OpRef,
        call: &Call,
        facts: &crate::catalogue::SymbolFacts<'_>,
        found: &mut OpEffects,
    ) -> bool {
        let wraps = facts.wrapper_new.is_some() || facts.wrapper_call.is_some();
        let creates = facts.new.is_some() || facts.call.is_some();
        let taken = facts.function.map_or(&[][..], |fact| &fact.releases);
        let releases: SmallVec<[u32; 2]> = facts.releases.map(|_| 0).into_iter().chain(taken.iter().copied()).collect();
        for index in &releases {
            for identity in identities(&self.evaluator.argument(at, *index)) {
                found.effects.push((identity, Effect::Release));
            }
        }
        if !releases.is_empty() {
            return false;
        }
        let Some(fact) = facts.function else {
            if creates {
                self.run_callbacks(call, found);
            }
            return !wraps && !creates;
        };
        found.exits |= fact.exits;
        if fact.infallible && !call.awaited {
            found.throws = false;
        }
        if fact.calls.is_some() {
            self.run_callbacks(call, found);
            return false;
        }
        !(fact.borrows || fact.returns.is_some() || wraps)
    }

    fn resource_method(&self, at: OpRef, call: &Call, receiver: &Value, name: &crate::ir::Name, found: &mut OpEffects) {
        let receivers = match call.receiver() {
            Some((place, _)) => self.evaluator.place(at.function, &place),
            None => Values::one(receiver.clone()),
        };
        // A method taken as a value releases the resource it was taken from.
        let mut of: SmallVec<[Identity; 2]> = identities(&receivers).collect();
        if let Some(id) = receiver.acquisition() {
            let identity = Identity::Acquired(id);
            if !of.contains(&identity) {
                of.push(identity);
            }
        }
        for resource in self.evaluator.resources_of(receiver) {
            let facts = self.evaluator.catalogue.method(resource, name);
            if let Some(taken) = facts.takes_back.and(call.argument(0)) {
                for identity in identities(&self.evaluator.operand(self.function, taken)) {
                    found.effects.push((identity, Effect::Release));
                }
            }
            if facts.release && self.evaluator.is_statement(at, facts.release_statements) {
                for identity in &of {
                    found.effects.push((identity.clone(), Effect::Release));
                }
            }
            if facts.opens {
                for identity in &of {
                    found.effects.push((identity.clone(), Effect::Open));
                }
            }
        }
    }

    /// Literal callbacks of a callee that runs them before it returns: what they do happens here.
    fn run_callbacks(&mut self, call: &Call, found: &mut OpEffects) {
        for argument in &call.arguments {
            let values = self.evaluator.operand(self.function, &argument.value);
            for (identity, fates) in self.effects_of(&values) {
                self.capture(identity, fates, found);
            }
        }
    }

    /// What a callback would do to a resource. It may not run at all; that it is there shows who is to release. One
    /// that releases a lease on some of its paths only has not settled the matter; tells whether it is such a one.
    fn capture(&self, identity: Identity, fates: ExitFates, found: &mut OpEffects) -> bool {
        if fates.normal.contains(Fate::RELEASED | Fate::HELD) && self.is_lease(&identity) {
            found.effects.push((identity, Effect::PartialRelease));
            return true;
        }
        if fates.normal.intersects(Fate::RELEASED | Fate::ESCAPED) {
            found.effects.push((identity, Effect::Escape(Escape::Captured)));
        }
        false
    }

    fn is_lease(&self, identity: &Identity) -> bool {
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

    /// Arguments given to a callee nothing is known of.
    fn pass_arguments(&mut self, call: &Call, found: &mut OpEffects) {
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
                // What a callback of an unknown callee only uses, it may use as long as it likes.
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
    fn store_in_receiver(&mut self, call: &Call, found: &mut OpEffects) {
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
    fn resources_in(&self, values: &Values) -> SmallVec<[Identity; 2]> {
        let mut reachable = FxHashSet::default();
        self.evaluator.reachable(values, 0, &mut reachable);
        let mut ids: Vec<_> = reachable.into_iter().collect();
        ids.sort_unstable();
        let mut found: SmallVec<[Identity; 2]> = ids.into_iter().map(Identity::Acquired).collect();
        for identity in identities(values) {
            if !found.contains(&identity) {
                found.push(identity);
            }
        }
        found
    }

    /// What lives on when a value does: the resources it is or holds, and those its closures mention.
    fn held_by(&mut self, values: &Values) -> SmallVec<[Identity; 2]> {
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

fn push_fates(identity: &Identity, normal: Fate, exceptional: Fate, found: &mut OpEffects) {
    if normal.contains(Fate::ESCAPED) {
        found.effects.push((identity.clone(), Effect::Escape(Escape::Passed)));
    } else if normal.contains(Fate::RELEASED) {
        found.effects.push((identity.clone(), Effect::Release));
    } else if exceptional.contains(Fate::RELEASED) {
        found.effects.push((identity.clone(), Effect::ReleaseOnThrow));
    }
}

/// Whether an acquisition is one that ownership follows at all: a resource of the catalogue that holds something, or
/// an instance of a class.
pub(super) fn is_followed(evaluator: &Evaluator<'_>, id: AcquisitionId) -> bool {
    match evaluator.acquisition(id).kind {
        AcquiredKind::Catalogued(resource) => evaluator.catalogue.resource(resource).kind != ResourceKind::Stateless,
        AcquiredKind::Instance(_) => true,
    }
}
