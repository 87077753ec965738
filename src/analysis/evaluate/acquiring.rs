//! What calls of libraries make: resources, wrappers of resources, the results of builders.

use smallvec::SmallVec;

use crate::catalogue::ResourceId;
use crate::catalogue::schema::{FunctionFact, Wrapper};
use crate::ir::{Call, CallKind, Name, Operand};
use crate::linking::{ClassRef, FunctionRef, OpRef};

use super::super::value::{AcquiredKind, Acquisition, AcquisitionId, ExternalId, How, Path, Value, Values};
use super::Evaluator;

impl Evaluator<'_> {
    pub(super) fn external_call(&self, at: OpRef, call: &Call, id: ExternalId, values: &mut Values) {
        let facts = self.facts(id);
        let is_new = call.kind == CallKind::New;
        let wrapper = if is_new { facts.wrapper_new } else { facts.wrapper_call };
        if let Some(wrapper) = wrapper {
            return self.wrap(at, wrapper, values);
        }
        let resource = if is_new { facts.new } else { facts.call };
        if let Some(resource) = resource
            && self.counts_as_created(at, resource)
        {
            if self.catalogue.resource(resource).create_callback.is_some() && self.has_callback(at, call) {
                // The callback is given it; the ownership analysis follows it there.
                values.open = true;
                return;
            }
            values.add(self.acquired(at, resource, How::Created));
            return;
        }
        if let Some(index) = facts.function.and_then(|fact| fact.memoises) {
            let functions = self.argument(at, index);
            let functions = functions.iter().filter_map(|value| match value {
                Value::Function { function, .. } => Some(*function),
                _ => None,
            });
            self.memoised.borrow_mut().extend(functions);
        }
        let given = facts.function.and_then(|fact| fact.returns.or(fact.memoises));
        if let Some(index) = given.filter(|_| !self.is_made_once(at, facts.function, values)) {
            let argument = self.argument(at, index);
            if !argument.is_empty() {
                values.join(&argument);
                return;
            }
        } else if given.is_some() {
            return;
        }
        // `const EventEmitter = require("events")` and the like: what a package makes is followed by its maker.
        values.add(Value::Product { of: id, at });
        values.open = true;
    }

    /// `LazyLock::new(|| Cache::new())`, `CELL.get_or_init(|| Cache::new())`: where what is made once is read without a
    /// call, it is what the function returns. Adds that.
    fn is_made_once(&self, at: OpRef, fact: Option<&FunctionFact>, values: &mut Values) -> bool {
        let Some(index) = fact.and_then(|fact| fact.memoises).filter(|_| self.drops_implicitly(at.function)) else {
            return false;
        };
        let mut is_made = false;
        for value in &self.argument(at, index) {
            // `LazyLock::new(DashMap::new)`
            if let Value::External(maker) = value {
                is_made |= self.made_by(at, *maker, values);
            }
            if let Value::Function { function, context } = value {
                is_made = true;
                for given in self.seen_through(self.returns(*function), *context).iter() {
                    match given {
                        // `|| async { … }`: whoever waits at the cell has what the block gives.
                        Value::Function { function: block, context } if self.is_block_of(*block, *function) => {
                            values.join(&self.seen_through(self.returns(*block), *context));
                        }
                        other => values.add(other.clone()),
                    }
                }
            }
        }
        values.open |= is_made && values.is_empty();
        is_made
    }

    /// Adds the collection that a library's function makes.
    fn made_by(&self, at: OpRef, maker: ExternalId, values: &mut Values) -> bool {
        let makes = self.facts(maker).function.is_some_and(|fact| fact.makes.is_some());
        if makes {
            values.add(Value::Product { of: maker, at });
        }
        makes
    }

    /// Whether a function is an async block that stands in another.
    pub(super) fn is_block_of(&self, block: FunctionRef, function: FunctionRef) -> bool {
        let body = self.program.function(block);
        body.is_async
            && body.parameters.is_empty()
            && body.parent == Some(function.function)
            && block.file == function.file
    }

    /// A method of what a member of a package gave: the end of a chain that makes something, or a link of it.
    pub(super) fn chained(
        &self,
        at: OpRef,
        call: &Call,
        (of, is_new): (ExternalId, bool),
        name: &Name,
        values: &mut Values,
    ) {
        let maker = self.external_name(of);
        let package = maker.package.as_deref();
        let made = package.and_then(|package| self.catalogue.chain_creation(package, &maker.path, is_new, name));
        if self.drops_implicitly(at.function)
            && self.is_made_once(at, self.any_method(at.function.file, name).function, values)
        {
            return;
        }
        let is_face = || self.any_method(at.function.file, name).function.is_some_and(|fact| fact.is_face);
        match (made, call.receiver()) {
            // `receiver.map(…)`, `sender.downgrade()`.
            (None, Some((receiver, _))) if self.is_end(of) && is_face() => {
                let receivers = self.operand_values(at.function, &Operand::Place(receiver));
                let ends = receivers.iter().filter(|it| matches!(it, Value::Product { of: from, .. } if *from == of));
                ends.for_each(|end| values.add(end.clone()));
            }
            (Some(resource), _) if self.counts_as_created(at, resource) => {
                values.add(self.acquired(at, resource, How::Created));
            }
            (None, Some((receiver, _))) if self.facts(of).builds => {
                let receivers = self.operand_values(at.function, &Operand::Place(receiver));
                let builders =
                    receivers.iter().filter(|it| matches!(it, Value::Product { of: from, .. } if *from == of));
                builders.for_each(|builder| values.add(builder.clone()));
            }
            _ => values.open = true,
        }
    }

    /// Whether the arguments of a creating call make what the catalogue speaks about.
    #[must_use]
    pub fn counts_as_created(&self, at: OpRef, resource: ResourceId) -> bool {
        let resource = self.catalogue.resource(resource);
        let is_given_function = || {
            let arguments = self.program.op(at).call().into_iter().flat_map(|call| &call.arguments);
            arguments
                .map(|argument| self.operand_values(at.function, &argument.value))
                .any(|values| values.iter().any(|it| matches!(it, Value::Function { .. })))
        };
        (!resource.create_with_function || is_given_function())
            && resource.create_when.as_ref().is_none_or(|test| self.argument_passes(at, test))
            && !resource.create_unless.iter().any(|test| self.argument_passes(at, test))
    }

    fn wrap(&self, at: OpRef, wrapper: &Wrapper, values: &mut Values) {
        let view = wrapper.view.as_deref().and_then(|name| self.catalogue.resource_by_name(name));
        let mut wrapped = false;
        let mut unknown = false;
        let mut given = false;
        for path in &wrapper.wraps {
            let argument = self.argument_path(at, path);
            unknown |= argument.open;
            // `{ client: this.pool }` wraps something, whatever it is.
            given |= path.contains('.')
                && self.argument_operand(at, path).is_some_and(|(_, operand)| operand != Operand::Nullish);
            for value in &argument {
                let of = match value {
                    Value::Resource(id) | Value::View { of: id, .. } => *id,
                    Value::Borrowed(_) | Value::Parameter { .. } | Value::This { .. } | Value::Product { .. } => {
                        wrapped = true;
                        values.add(value.clone());
                        continue;
                    }
                    _ => continue,
                };
                wrapped = true;
                values.add(view.map_or(Value::Resource(of), |view| Value::View { of, view }));
            }
        }
        if wrapped {
            return;
        }
        let creates = wrapper.creates.as_deref().and_then(|name| self.catalogue.resource_by_name(name));
        match creates {
            Some(resource) if !given && (!unknown || self.is_configuration(at)) => {
                values.add(self.acquired(at, resource, How::Created));
            }
            _ => values.open = true,
        }
    }

    /// Whether the first argument is something a client is configured with: text, the environment, a literal object.
    fn is_configuration(&self, at: OpRef) -> bool {
        self.argument(at, 0).iter().all(|value| match value {
            Value::Text(_) | Value::Object { .. } | Value::Nullish => true,
            Value::External(id) => {
                let external = self.external_name(*id);
                external.package.is_none() && external.path.iter().any(|part| part == "env")
            }
            _ => false,
        }) && !self.argument(at, 0).is_empty()
    }

    /// Whether a method adds a listener to its receiver.
    pub(super) fn adds_listener(&self, at: OpRef, name: &Name) -> bool {
        self.any_method(at.function.file, name).registrations.iter().any(|resource| {
            let registration = self.catalogue.resource(*resource).registration.as_ref();
            registration.is_some_and(|it| {
                it.target.is_none() && it.add.iter().chain(&it.add_once).any(|add| add == name.as_str())
            })
        })
    }

    /// What a method gives that gives what it was called on: with what is known of that by its written type, the
    /// parameter that has this type.
    pub(super) fn add_receiver(&self, at: OpRef, call: &Call, receiver: &Value, values: &mut Values) {
        values.add(receiver.clone());
        let Some((place, _)) = call.receiver().filter(|_| matches!(receiver, Value::Borrowed(_))) else { return };
        let receivers = self.operand_values(at.function, &Operand::Place(place));
        let is_whose = |value: &&Value| matches!(value, Value::Parameter { .. } | Value::This { .. });
        receivers.iter().filter(is_whose).for_each(|value| values.add(value.clone()));
        values.open |= receivers.open;
    }

    /// The catalogue's resources whose methods a value has, its view first.
    #[must_use]
    pub fn resources_of(&self, value: &Value) -> SmallVec<[ResourceId; 2]> {
        let kind_of = |id: AcquisitionId| match self.acquisition(id).kind {
            AcquiredKind::Catalogued(resource) => Some(resource),
            AcquiredKind::Instance(_) => None,
        };
        match value {
            Value::Resource(id) => kind_of(*id).into_iter().collect(),
            Value::View { of, view } => std::iter::once(*view).chain(kind_of(*of)).collect(),
            Value::Borrowed(resource) => smallvec::smallvec![*resource],
            _ => SmallVec::new(),
        }
    }

    pub(super) fn acquired(&self, at: OpRef, resource: ResourceId, how: How) -> Value {
        self.acquired_as(Acquisition { at, kind: AcquiredKind::Catalogued(resource), how })
    }

    /// The value of an acquisition.
    #[must_use]
    pub fn acquired_as(&self, acquisition: Acquisition) -> Value {
        Value::Resource(self.intern(acquisition))
    }

    /// Whether the first argument of a call is a text that starts with one of these words, in any case; without
    /// words there is nothing to fulfil.
    #[must_use]
    pub fn is_statement(&self, at: OpRef, words: &[String]) -> bool {
        words.is_empty()
            || self.argument(at, 0).iter().any(|value| match value {
                Value::Text(text) => {
                    let text = text.trim_start().to_ascii_lowercase();
                    words.iter().any(|word| text.starts_with(&word.to_ascii_lowercase()))
                }
                _ => false,
            })
    }

    /// The catalogue's resource that a class of the project extends, at any distance.
    #[must_use]
    pub fn extended_resource(&self, class: ClassRef) -> Option<ResourceId> {
        let mut at = class;
        for _ in 0..8 {
            let bases = self.base_values(at);
            let external = bases.iter().find_map(|value| match value {
                Value::External(id) => {
                    let facts = self.facts(*id);
                    facts.new.or(facts.instance)
                }
                _ => None,
            });
            if external.is_some() {
                return external;
            }
            at = self.base_class(at)?;
        }
        None
    }

    /// A value for `this` of a class's methods.
    #[must_use]
    pub fn this_of(&self, class: ClassRef) -> Value {
        Value::This { class, path: Path::new() }
    }
}
