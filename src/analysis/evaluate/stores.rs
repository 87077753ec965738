//! Stores: which resources a function puts where they outlive it, and what object literals hold.

use rustc_hash::FxHashSet;

use crate::ir::{Binding, Call, FunctionKind, Name, OpKind, Place, Root};
use crate::linking::{FunctionRef, OpRef};

use super::super::value::{AcquisitionId, ContextId, Value, Values};
use super::memory::Question;
use super::{CallTarget, Evaluator};

/// Methods that put an argument into their receiver. Language built-ins; a class that has one of these names and does
/// something else only makes the analysis more careful.
const STORING_METHODS: &[&str] = &["set", "push", "add", "unshift", "append", "register", "enqueue", "resolve"];

impl<'p> Evaluator<'p> {
    /// The resources that a function stores where they outlive it: a captured or module-level variable, a field of
    /// `this`, a parameter or a global, a container that is one of these.
    #[must_use]
    pub fn stored(&self, function: FunctionRef) -> &'p FxHashSet<AcquisitionId> {
        if let Some(known) = self.memory.ask_stored(function) {
            return known;
        }
        let mut stored = FxHashSet::default();
        for (block, index, op) in self.program.function(function).ops() {
            match &op.kind {
                OpKind::Assign { target, value } if self.outlives(function, target) => {
                    let values = self.rvalue(function.op(block, index), value);
                    self.reachable(&values, 0, &mut stored);
                }
                OpKind::Call(call) => {
                    let is_stored = call.receiver().is_some_and(|(receiver, _)| {
                        self.is_storing(call) && self.holder_outlives(function, &receiver)
                    });
                    for (argument, parameter) in call.arguments.iter().zip(0u32..) {
                        let values = self.operand(function, &argument.value);
                        let is_resource = || values.resources().next().is_some();
                        if is_stored || is_resource() && self.is_kept_by_callee(function.op(block, index), parameter) {
                            self.reachable(&values, 0, &mut stored);
                        }
                    }
                }
                _ => {}
            }
        }
        self.memory.answer_stored(function, stored)
    }

    /// Whether a function of the project that a call calls puts an argument into something that outlives it.
    fn is_kept_by_callee(&self, at: OpRef, index: u32) -> bool {
        self.callee(at).targets.iter().any(|target| match target {
            CallTarget::Function { function, .. } => self.keeps_parameter(*function, index),
            _ => false,
        })
    }

    /// Whether a function stores one of its parameters, itself or in an object that it writes.
    fn keeps_parameter(&self, function: FunctionRef, wanted: u32) -> bool {
        let is_it = |value: &Value| matches!(value, Value::Parameter { function: of, index, .. } if *of == function && *index == wanted);
        let holds = |values: &Values| {
            values.iter().any(|value| match value {
                Value::Object { at, context } => self.seen_parts(*at, *context).iter().any(is_it),
                value => is_it(value),
            })
        };
        self.program.function(function).ops().any(|(block, index, op)| match &op.kind {
            OpKind::Assign { target, value } if self.outlives(function, target) => {
                holds(&self.rvalue(function.op(block, index), value))
            }
            OpKind::Call(call) => call.receiver().is_some_and(|(receiver, _)| {
                self.is_storing(call)
                    && self.holder_outlives(function, &receiver)
                    && call.arguments.iter().any(|argument| holds(&self.operand(function, &argument.value)))
            }),
            _ => false,
        })
    }

    /// Whether a call is of a method that keeps its arguments in its receiver.
    #[must_use]
    pub fn is_storing(&self, call: &Call) -> bool {
        call.has_receiver() && call.method_name().is_some_and(|name| STORING_METHODS.contains(&name))
    }

    /// Whether what is assigned to `target` is still there when the function has returned.
    #[must_use]
    pub fn outlives(&self, function: FunctionRef, target: &Place) -> bool {
        match &target.root {
            Root::Temp(_) => false,
            Root::This | Root::Global(_) => true,
            Root::Variable(id) => {
                let variable = self.program.variable(function.variable(*id));
                let is_module_level = variable.owner == crate::ir::FunctionId::INITIALISER;
                match variable.binding {
                    Binding::Parameter(_) => variable.owner != function.function || !target.path.is_empty(),
                    _ if variable.owner != function.function => true,
                    // A local name for an object made elsewhere: `const cached = global.cached`.
                    Binding::Value if !target.path.is_empty() && !self.is_made_in(function, function.variable(*id)) => {
                        true
                    }
                    _ => is_module_level && self.is_initialiser(function),
                }
            }
        }
    }

    /// Whether a variable holds nothing but objects that its function makes.
    fn is_made_in(&self, function: FunctionRef, variable: crate::linking::VariableRef) -> bool {
        let values = self.variable(variable);
        !values.is_empty()
            && values.iter().all(|value| match value {
                Value::Object { at, .. } | Value::Product { at, .. } => at.function == function,
                Value::Resource(id) => self.acquisition(*id).at.function == function,
                Value::Nullish | Value::Text(_) => true,
                _ => false,
            })
    }

    /// Whether the container at `holder` outlives the function: it is captured, a field of something, a parameter.
    #[must_use]
    pub fn holder_outlives(&self, function: FunctionRef, holder: &Place) -> bool {
        match &holder.root {
            Root::This | Root::Global(_) => true,
            Root::Temp(_) => false,
            Root::Variable(id) => {
                let variable = self.program.variable(function.variable(*id));
                matches!(variable.binding, Binding::Parameter(_) | Binding::Import(_))
                    || variable.owner != function.function
                    || self.is_initialiser(function)
            }
        }
    }

    pub fn is_initialiser(&self, function: FunctionRef) -> bool {
        self.program.function(function).kind == FunctionKind::ModuleInitialiser
    }

    /// The resources that can be reached from some values: themselves, and through object literals.
    pub fn reachable(&self, values: &Values, depth: u32, found: &mut FxHashSet<AcquisitionId>) {
        for value in values {
            match value {
                Value::Object { at, context }
                    if depth < 3 && self.may_give(*at, *context, 2 - depth, |part| part.acquired().is_some()) =>
                {
                    let parts = self.seen_parts(*at, *context);
                    self.reachable(parts, depth + 1, found);
                }
                other => found.extend(other.acquired()),
            }
        }
    }

    /// The functions of the project among some values and up to two levels into the objects they are.
    #[must_use]
    pub fn functions_in(&self, values: &Values) -> Vec<(FunctionRef, ContextId)> {
        let mut found = Vec::new();
        self.collect_functions(values, 0, &mut found);
        found
    }

    fn collect_functions(&self, values: &Values, depth: u32, found: &mut Vec<(FunctionRef, ContextId)>) {
        for value in values {
            match value {
                Value::Function { function, context } if !found.contains(&(*function, *context)) => {
                    found.push((*function, *context));
                }
                Value::Object { at, context }
                    if depth < 2
                        && self.may_give(*at, *context, 1 - depth, |part| matches!(part, Value::Function { .. })) =>
                {
                    let parts = self.seen_parts(*at, *context);
                    self.collect_functions(parts, depth + 1, found);
                }
                _ => {}
            }
        }
    }

    /// Whether what a literal holds, as it is seen after the calls of a context, may be one of what is looked for, or hold
    /// it so many literals further down. What the literal is written with tells, without asking what became of it.
    fn may_give(&self, at: OpRef, context: ContextId, depth: u32, is_one: impl Fn(&Value) -> bool + Copy) -> bool {
        if context == ContextId::default() {
            return true;
        }
        self.object_parts(at).iter().any(|part| match part {
            Value::Parameter { .. } | Value::This { .. } => true,
            Value::Object { at: inner, .. } => depth > 0 && self.may_give(*inner, context, depth - 1, is_one),
            other => is_one(other),
        })
    }

    /// Everything a literal holds, as it is seen after the calls of a context.
    #[must_use]
    pub fn seen_parts(&self, at: OpRef, context: ContextId) -> &'p Values {
        let parts = self.object_parts(at);
        if context == ContextId::default() {
            return parts;
        }
        self.remembered(Question::Parts(at, context), || self.seen_through(parts, context).into_owned())
    }

    /// What the object literals among some values hold under each of their names.
    pub fn members<'v>(&'v self, values: &'v Values) -> impl Iterator<Item = (Name, Values)> + 'v {
        values
            .iter()
            .filter_map(|value| match value {
                Value::Object { at, context } => Some((*at, *context)),
                _ => None,
            })
            .flat_map(move |(at, context)| {
                let parts = self.named_parts(at).into_iter();
                parts.map(move |(name, part)| (name, self.through(part, context)))
            })
    }

    /// What an object literal holds under each of its names, spread literals included.
    pub fn named_parts(&self, at: OpRef) -> Vec<(Name, Values)> {
        use crate::ir::{Field, Property, Rvalue};
        let OpKind::Assign { value: Rvalue::Object(properties), .. } = &self.program.op(at).kind else {
            return Vec::new();
        };
        let mut parts = Vec::new();
        for property in properties {
            match property {
                Property::Field { name: Field::Named(name), value } => {
                    parts.push((name.clone(), self.operand(at.function, value)));
                }
                Property::Field { .. } => {}
                Property::Spread(operand) => {
                    let mut spread = self.operand(at.function, operand);
                    spread.retain(|value| !matches!(value, Value::Object { at: of, .. } if *of == at));
                    parts.extend(self.members(&spread));
                }
            }
        }
        parts
    }

    /// Everything an object or array literal holds, spread entries included.
    #[must_use]
    pub fn object_parts(&self, at: OpRef) -> &'p Values {
        self.remembered(Question::Parts(at, ContextId::default()), || self.literal_parts(at))
    }

    fn literal_parts(&self, at: OpRef) -> Values {
        use crate::ir::{Property, Rvalue};
        let OpKind::Assign { value, .. } = &self.program.op(at).kind else { return Values::default() };
        let mut parts = Values::default();
        match value {
            Rvalue::Object(properties) => {
                for property in properties {
                    match property {
                        Property::Field { value, .. } | Property::Spread(value) => {
                            parts.join(&self.operand_values(at.function, value));
                        }
                    }
                }
            }
            Rvalue::Array(elements) => {
                for element in elements {
                    parts.join(&self.operand_values(at.function, &element.value));
                }
            }
            _ => {}
        }
        parts
    }
}
