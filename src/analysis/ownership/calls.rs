//! Calls: what one does to the resources it is given, by what it may call.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::analysis::call_graph::run_by;
use crate::analysis::evaluate::CallTarget;
use crate::analysis::value::{ContextId, Value, Values};
use crate::catalogue::ResourceId;
use crate::catalogue::schema::ResourceKind;
use crate::ir::{Call, FunctionId, OpKind, Operand, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};

use super::collector::Collector;
use super::effects::{Effect, Escape, Identity, OpEffects, identities};
use super::flow::Fate;
use super::summary::Interest;

impl Collector<'_, '_> {
    pub(super) fn call(&mut self, at: OpRef, call: &Call, found: &mut OpEffects) {
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
                CallTarget::Construct(_) => {
                    for function in run_by(self.evaluator.program, target) {
                        self.project_call(at, call, function, found);
                    }
                }
                CallTarget::External(id) => {
                    takes_arguments |= self.external_call(at, call, &self.evaluator.facts(*id), found);
                }
                CallTarget::ResourceMethod { receiver, name } => {
                    self.resource_method(at, call, receiver, name, found);
                    // A library's method runs its function arguments, and may take over another resource:
                    // `source.pipe(sink)`.
                    self.run_callbacks(call, found);
                    takes_arguments = false;
                    self.give_to_callback(at, call, receiver, name, found);
                    for argument in &call.arguments {
                        for identity in self.resources_in(&self.evaluator.operand(self.function, &argument.value)) {
                            // Connecting two wrappers of one resource moves neither.
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

    /// `spawn().and_then(|child| child.wait())`: a method with a function argument that is not a method of the resource
    /// belongs to its holder, and the function receives the resource.
    fn give_to_callback(
        &self,
        at: OpRef,
        call: &Call,
        receiver: &Value,
        name: &crate::ir::Name,
        found: &mut OpEffects,
    ) {
        let resources = self.evaluator.resources_of(receiver);
        let takes_it = |value: &Value| match value {
            Value::Function { function, .. } => self.evaluator.program.function(*function).parameters.len() == 1,
            _ => false,
        };
        // `map(|it| …)`, `map_or_else(|error| …, |it| …)`.
        let takes_one = (1..=2).contains(&call.arguments.len())
            && (0..).take(call.arguments.len()).any(|index| self.evaluator.argument(at, index).iter().any(takes_it));
        let is_own = resources.iter().any(|resource| self.evaluator.catalogue.has_method(*resource, name));
        if self.evaluator.drops_implicitly(self.function)
            && !is_own
            && (takes_one || self.is_released_through(call, &resources))
            && let Some(id) = receiver.acquisition()
        {
            found.effects.push((Identity::Acquired(id), Effect::Escape(Escape::Passed)));
        }
    }

    /// Whether the release is called on the result of a method: a wrapper with somebody else's trait.
    fn is_released_through(&self, call: &Call, resources: &[ResourceId]) -> bool {
        let body = self.evaluator.program.function(self.function);
        let mut faces = FxHashSet::from_iter([Root::Temp(call.result)]);
        loop {
            let before = faces.len();
            for (_, _, op) in body.ops() {
                match &op.kind {
                    OpKind::Assign {
                        target,
                        value: Rvalue::Use(Operand::Place(from)) | Rvalue::Await(Operand::Place(from)),
                    } if target.path.is_empty() && faces.contains(&from.root) => {
                        faces.insert(target.root.clone());
                    }
                    OpKind::Call(call) => {
                        let Some((receiver, field)) = call.receiver() else { continue };
                        if !faces.contains(&receiver.root) {
                            continue;
                        }
                        let is_release = |resource: &ResourceId| {
                            field.name().is_some_and(|name| self.evaluator.catalogue.method(*resource, name).release)
                        };
                        if resources.iter().any(is_release) {
                            return true;
                        }
                        faces.insert(Root::Temp(call.result));
                    }
                    _ => {}
                }
            }
            if faces.len() == before {
                return false;
            }
        }
    }

    /// A method of something unknown. For a parameter, a method with the name of a release counts as one: helpers are
    /// often untyped.
    fn unknown_method(&self, call: &Call, found: &mut OpEffects, takes_arguments: &mut bool) {
        let Some((receiver, field)) = call.receiver() else { return };
        let Some(name) = field.name() else { return };
        let facts = self.evaluator.any_method(self.function.file, name);
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

    /// A call of a library's function; gives whether it may keep its arguments.
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
        found.throws |= fact.fails;
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
                // Closing one resource is not taken to keep the next from being closed; a rollback may well fail.
                found.throws &= self.evaluator.catalogue.resource(resource).kind == ResourceKind::Transaction;
            }
            // A response without an id means that nothing was begun.
            let is_face = facts.returns_self && !facts.opens && call.arguments.is_empty();
            found.throws &= !(is_face && self.evaluator.drops_implicitly(self.function));
            if facts.opens {
                for identity in &of {
                    found.effects.push((identity.clone(), Effect::Open));
                }
            }
        }
    }

    /// What to ask about a called function of the project, if it can affect the resources followed here: it receives
    /// one, or a closure that mentions one, is a method of an object that may hold one, or sees the variables of a
    /// function around it.
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

    /// A call of a function of the project: its summary, seen from here.
    fn project_call(&mut self, at: OpRef, call: &Call, function: FunctionRef, found: &mut OpEffects) {
        found.throws |= self.summaries.throws.at_call(self.evaluator, call, function);
        let Some(interest) = self.concern(at, call, function) else {
            // `const stop = watch((key) => { if (key === "q") stop(); })`: the callback ends what the call gives.
            if found.effects.iter().any(|(_, effect)| *effect == Effect::Begin) {
                self.pass_callbacks(call, found);
            }
            return;
        };
        let solved = self.summaries.get(self.evaluator, function, interest);
        let summary = &solved.summary;
        let callee = self.evaluator.callee(at);
        let contexts: SmallVec<[_; 1]> =
            callee.functions().filter(|(target, _)| *target == function).map(|(_, context)| context).collect();
        let given: SmallVec<[Identity; 2]> = identities(&self.evaluator.call_values(at)).collect();
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
                let mut normal = fates.normal;
                // Resources in the result of the call are followed as its result, if that is known.
                if normal.contains(Fate::RETURNED) && !given.contains(&identity) {
                    normal |= Fate::ESCAPED;
                }
                if fates.is_opened && !normal.contains(Fate::RELEASED) {
                    found.effects.push((identity.clone(), Effect::Open));
                }
                push_fates(&identity, normal, fates.exceptional, found);
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
        self.pass_callbacks(call, found);
    }

    /// Functions that are passed on: they may run now, or whenever the callee's owner calls them.
    fn pass_callbacks(&self, call: &Call, found: &mut OpEffects) {
        for argument in &call.arguments {
            let values = self.evaluator.operand(self.function, &argument.value);
            for (identity, fates) in self.effects_of(&values) {
                if fates.normal.intersects(Fate::RELEASED | Fate::ESCAPED) {
                    found.effects.push((identity, Effect::Escape(Escape::Captured)));
                }
            }
        }
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
