//! Calls: what is called, and what the call gives.

use smallvec::SmallVec;

use crate::catalogue::schema::{FunctionFact, Lease, Wrapper};
use crate::catalogue::{CALL, ResourceId};
use crate::ir::{Call, CallKind, Field, Name, Operand, Place};
use crate::linking::{ClassRef, FunctionRef, OpRef};

use super::super::value::{AcquiredKind, Acquisition, AcquisitionId, ContextId, ExternalId, How, Path, Value, Values};
use super::Evaluator;

/// One thing a call may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallTarget {
    /// A function of the project; `receiver` says what `this` is in it, where that is known.
    Function { function: FunctionRef, context: ContextId },
    /// A class of the project.
    Construct(ClassRef),
    /// A member of a package, or a global.
    External(ExternalId),
    /// A method of a resource, an acquired one or one known by its type.
    ResourceMethod { receiver: Value, name: Name },
    /// A method of what a member of a package made: `app.get(…)`.
    ProductMethod { of: ExternalId, is_new: bool, name: Name },
    /// An argument of the calling function, called back.
    Parameter,
}

/// What a call may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callee {
    pub targets: SmallVec<[CallTarget; 1]>,
    /// Whether it may be something else as well.
    pub open: bool,
}

impl Callee {
    /// Anything.
    pub(super) const fn unknown() -> Self {
        Self { targets: SmallVec::new_const(), open: true }
    }

    fn add(&mut self, target: CallTarget) {
        if !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }

    /// Whether nothing at all is known of it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.targets.is_empty()
    }

    /// The functions of the project among the targets.
    pub fn functions(&self) -> impl Iterator<Item = (FunctionRef, ContextId)> + '_ {
        self.targets.iter().filter_map(|target| match target {
            CallTarget::Function { function, context } => Some((*function, *context)),
            _ => None,
        })
    }
}

impl<'p> Evaluator<'p> {
    /// What the call at `at` may call.
    #[must_use]
    pub fn callee(&self, at: OpRef) -> &'p Callee {
        let number = self.program.numbers().op(at);
        if let Some(known) = self.memory.ask_callee(number) {
            return known;
        }
        let mut callee = Callee::default();
        if let Some(call) = self.program.op(at).call() {
            self.resolve_callee(at.function, call, &mut callee);
        }
        self.memory.answer_callee(number, callee)
    }

    fn resolve_callee(&self, function: FunctionRef, call: &Call, callee: &mut Callee) {
        let Some((receiver, field)) = call.receiver() else {
            let values = self.operand_values(function, &call.callee);
            return self.add_values(&values, call.kind, callee);
        };
        if self.add_method_of_field(function, &receiver, field, callee) {
            return;
        }
        let receivers = self.operand_values(function, &Operand::Place(receiver));
        callee.open |= receivers.open;
        let mut evaluated_as_place = false;
        for value in receivers.iter() {
            match (value, field) {
                (Value::Resource(id), Field::Named(name))
                    if matches!(self.acquisition(*id).kind, AcquiredKind::Catalogued(_)) =>
                {
                    callee.add(CallTarget::ResourceMethod { receiver: value.clone(), name: name.clone() });
                }
                (Value::View { .. } | Value::Borrowed(_), Field::Named(name)) => {
                    callee.add(CallTarget::ResourceMethod { receiver: value.clone(), name: name.clone() });
                }
                (Value::Product { of, at }, Field::Named(name)) => {
                    let is_new = self.program.op(*at).call().is_some_and(|maker| maker.kind == CallKind::New);
                    callee.add(CallTarget::ProductMethod { of: *of, is_new, name: name.clone() });
                }
                (Value::Function { function, context }, Field::Named(name))
                    if matches!(name.as_str(), "call" | "apply") =>
                {
                    callee.add(CallTarget::Function { function: *function, context: *context });
                }
                (Value::Nullish | Value::Text(_) | Value::Part { .. }, _) => {}
                _ if !evaluated_as_place => {
                    evaluated_as_place = true;
                    let values = self.operand(function, &call.callee);
                    self.add_values(&values, call.kind, callee);
                }
                _ => {}
            }
        }
        if receivers.is_empty() {
            let values = self.operand(function, &call.callee);
            self.add_values(&values, call.kind, callee);
        }
    }

    /// `client.auth.onChange(…)`: a method that the catalogue names with the field it is behind.
    fn add_method_of_field(&self, function: FunctionRef, receiver: &Place, field: &Field, callee: &mut Callee) -> bool {
        let Some((Field::Named(behind), path)) = receiver.path.split_last() else { return false };
        let Field::Named(method) = field else { return false };
        let owner = Place { root: receiver.root.clone(), path: path.into() };
        let owners = self.operand_values(function, &Operand::Place(owner));
        let of_resource =
            |value: &&Value| matches!(value, Value::Resource(_) | Value::View { .. } | Value::Borrowed(_));
        let mut is_one = false;
        for owner in owners.iter().filter(of_resource) {
            let name = Name::from(format!("{behind}.{method}"));
            if self.resources_of(owner).iter().any(|resource| self.catalogue.has_method(*resource, &name)) {
                callee.add(CallTarget::ResourceMethod { receiver: owner.clone(), name });
                is_one = true;
            }
        }
        is_one
    }

    fn add_values(&self, values: &Values, kind: CallKind, callee: &mut Callee) {
        callee.open |= values.open;
        for value in values {
            match value {
                Value::Function { function, context } => {
                    callee.add(CallTarget::Function { function: *function, context: *context });
                }
                Value::Class(class) if matches!(kind, CallKind::New | CallKind::Super) => {
                    callee.add(CallTarget::Construct(*class));
                }
                Value::External(id) => callee.add(CallTarget::External(*id)),
                Value::Method { of, name } => {
                    callee.add(CallTarget::ResourceMethod { receiver: Value::Resource(*of), name: name.clone() });
                }
                Value::Parameter { .. } => callee.add(CallTarget::Parameter),
                // A resource that is a function: calling it is a method without a name.
                Value::Resource(_) | Value::Borrowed(_) if self.is_callable(value) => {
                    callee.add(CallTarget::ResourceMethod { receiver: value.clone(), name: Name::new(CALL) });
                }
                Value::Nullish | Value::Text(_) | Value::Part { .. } => {}
                _ => callee.open = true,
            }
        }
    }

    fn is_callable(&self, value: &Value) -> bool {
        self.resources_of(value).iter().any(|resource| self.catalogue.has_method(*resource, CALL))
    }

    /// What the call at `at` gives.
    #[must_use]
    pub fn call_values(&self, at: OpRef) -> Values {
        let Some(call) = self.program.op(at).call() else { return Values::unknown() };
        let callee = self.callee(at);
        let mut values = Values::none(callee.open);
        if let (Some((receiver, field)), true) = (call.receiver(), callee.is_unknown()) {
            self.value_methods(at, &receiver, field, &mut values);
        }
        for target in &callee.targets {
            match target {
                CallTarget::Function { function, context } => {
                    let returned = self.seen_through(self.returns(*function), *context);
                    values.absorb(self.instantiate(&returned, at, *function));
                }
                // What `super(…)` makes is the instance that is being made.
                CallTarget::Construct(_) if call.kind == CallKind::Super => {}
                CallTarget::Construct(class) => {
                    let kind = match self.extended_resource(*class) {
                        Some(resource) => AcquiredKind::Catalogued(resource),
                        None => AcquiredKind::Instance(*class),
                    };
                    values.add(Value::Resource(self.intern(Acquisition { at, kind, how: How::Created })));
                }
                CallTarget::External(id) => self.external_call(at, call, *id, &mut values),
                CallTarget::ResourceMethod { receiver, name } => {
                    self.method_call(at, call, receiver, name, &mut values);
                }
                CallTarget::ProductMethod { of, is_new, name } => {
                    self.chained(at, call, (*of, *is_new), name, &mut values);
                }
                CallTarget::Parameter => values.open = true,
            }
        }
        if values.is_empty() && self.drops_implicitly(at.function) {
            values.absorb(self.element_given(at));
        }
        if values.is_empty() {
            values.open = true;
        }
        values
    }

    /// Methods every value of the language has: `f.bind(x)` is `f`.
    fn value_methods(&self, at: OpRef, receiver: &Place, field: &Field, values: &mut Values) {
        let drops = self.drops_implicitly(at.function);
        for value in &self.place(at.function, receiver) {
            match value {
                Value::Part { lasts: true, .. } => values.add(value.clone()),
                // `Cli::parse()`, `Settings::default()`: what a trait gives a type without a word of the program's makes
                // one of it more often than not, as a variant does.
                Value::Class(class) if drops => {
                    values.add(self.this_of(*class));
                    values.open = true;
                }
                _ => {}
            }
        }
        if field.name() == Some("bind") {
            for value in &self.place(at.function, receiver) {
                if matches!(value, Value::Function { .. } | Value::Method { .. }) {
                    values.add(value.clone());
                }
            }
        }
    }

    fn external_call(&self, at: OpRef, call: &Call, id: ExternalId, values: &mut Values) {
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

    /// Whether a function is an async block that stands in another.
    pub(super) fn is_block_of(&self, block: FunctionRef, function: FunctionRef) -> bool {
        let body = self.program.function(block);
        body.is_async
            && body.parameters.is_empty()
            && body.parent == Some(function.function)
            && block.file == function.file
    }

    /// What is known of the function that a call calls: of a library's by its path, of a method of anything by its name.
    #[must_use]
    pub fn function_fact(&self, at: OpRef) -> Option<&FunctionFact> {
        let call = self.program.op(at).call()?;
        let callee = self.callee(at);
        let by_path = callee.targets.iter().find_map(|target| match target {
            CallTarget::External(id) => self.facts(*id).function,
            _ => None,
        });
        by_path.or_else(|| self.fact_by_name(at, call, callee))
    }

    /// What the name alone says of a method of something nothing else is known of: `CELL.get_or_init(|| …)`. For Rust
    /// only: the same names stand for anything in scripts.
    pub fn fact_by_name(&self, at: OpRef, call: &Call, callee: &Callee) -> Option<&FunctionFact> {
        let name = call.method_name().filter(|_| self.drops_implicitly(at.function))?;
        let fact = self.any_method(at.function.file, name).function?;
        // What a cell holds is the cell's own value here, and so the cell's methods look like methods of that.
        let is_of_holder = fact.memoises.is_some();
        let is_known = |target: &CallTarget| match target {
            CallTarget::ProductMethod { .. } | CallTarget::Parameter => false,
            CallTarget::ResourceMethod { .. } => !is_of_holder,
            _ => true,
        };
        (!callee.targets.iter().any(is_known)).then_some(fact)
    }

    /// A method of what a member of a package gave: the end of a chain that makes something, or a link of it.
    fn chained(&self, at: OpRef, call: &Call, (of, is_new): (ExternalId, bool), name: &Name, values: &mut Values) {
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
    fn adds_listener(&self, at: OpRef, name: &Name) -> bool {
        self.any_method(at.function.file, name).registrations.iter().any(|resource| {
            let registration = self.catalogue.resource(*resource).registration.as_ref();
            registration.is_some_and(|it| {
                it.target.is_none() && it.add.iter().chain(&it.add_once).any(|add| add == name.as_str())
            })
        })
    }

    fn method_call(&self, at: OpRef, call: &Call, receiver: &Value, name: &Name, values: &mut Values) {
        for resource in self.resources_of(receiver) {
            let facts = self.catalogue.method(resource, name);
            if facts.returns_self {
                return self.add_receiver(at, call, receiver, values);
            }
            if let Some((lease, leased)) = facts.lease
                && !lease.receiver
                && lease.statements.is_empty()
            {
                if lease.tells_callback || !self.is_scoped(at, call, lease) && !self.has_callback(at, call) {
                    let how = match lease.made {
                        true => How::Created,
                        false => How::Leased { giver: receiver.acquisition(), with_giver: lease.with_giver },
                    };
                    values.add(self.acquired(at, leased, how));
                }
                return;
            }
        }
        match receiver.acquisition() {
            // `new Queue().on("error", log)`: emitters give themselves.
            _ if self.adds_listener(at, name) => self.add_receiver(at, call, receiver, values),
            Some(of) => values.add(Value::Part { of, lasts: false }),
            None => values.open = true,
        }
    }

    /// What a method gives that gives what it was called on: with what is known of that by its written type, the
    /// parameter that has this type.
    fn add_receiver(&self, at: OpRef, call: &Call, receiver: &Value, values: &mut Values) {
        values.add(receiver.clone());
        let Some((place, _)) = call.receiver().filter(|_| matches!(receiver, Value::Borrowed(_))) else { return };
        let receivers = self.operand_values(at.function, &Operand::Place(place));
        let is_whose = |value: &&Value| matches!(value, Value::Parameter { .. } | Value::This { .. });
        receivers.iter().filter(is_whose).for_each(|value| values.add(value.clone()));
        values.open |= receivers.open;
    }

    /// Whether a leasing call releases by itself: it was given a function and the library runs it in a scope, or it
    /// has more arguments than a lease has.
    #[must_use]
    pub fn is_scoped(&self, at: OpRef, call: &Call, lease: &Lease) -> bool {
        let too_many = lease.max_arguments.is_some_and(|max| call.arguments.len() > max as usize);
        let runs_it = lease.callback_parameter.is_none() && !lease.tells_callback && self.has_callback(at, call);
        too_many || runs_it
    }

    /// Whether the last argument is a function.
    #[must_use]
    pub fn has_callback(&self, at: OpRef, call: &Call) -> bool {
        call.arguments.last().is_some_and(|argument| {
            self.operand(at.function, &argument.value).iter().any(|value| matches!(value, Value::Function { .. }))
        })
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

    fn acquired(&self, at: OpRef, resource: ResourceId, how: How) -> Value {
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
