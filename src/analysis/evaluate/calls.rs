//! Calls: what is called, and what the call returns.

use smallvec::SmallVec;

use crate::catalogue::CALL;
use crate::catalogue::schema::{FunctionFact, Lease};
use crate::ir::{Call, CallKind, Field, Name, Operand, Place};
use crate::linking::{ClassRef, FunctionRef, OpRef};

use super::super::value::{AcquiredKind, Acquisition, ContextId, ExternalId, How, Value, Values};
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
}
