//! Chains: `Client::builder().timeout(t).build()`, in one expression or through variables.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::ir::{Call, CallKind, Field, Name, OpKind, Operand, Place, Property, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef, VariableRef};

/// The calls and assignments on the way to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// Methods called on it and fields assigned in it; a method with a number argument also appears with that:
    /// `max_idle(0)`.
    pub names: Vec<Name>,
    /// The places where it begins, unless those are made inline: parameters, fields, captured variables.
    pub starts: Vec<Place>,
    /// Unknown code took part in it.
    pub is_partial: bool,
}

impl Chain {
    /// The chain that ends with the call at `at`. `is_start` decides at which places it begins.
    #[must_use]
    pub fn to(evaluator: &Evaluator<'_>, at: OpRef, is_start: &dyn Fn(&Place) -> bool) -> Self {
        let mut walk =
            Walk { evaluator, function: at.function, is_start, seen: FxHashSet::default(), chain: Self::default() };
        if let Some(call) = evaluator.program.op(at).call() {
            walk.call(at, call);
        }
        walk.chain
    }

    #[must_use]
    pub fn has(&self, names: &[String]) -> bool {
        self.names.iter().any(|name| names.iter().any(|other| other == name.as_str()))
    }

    /// Whether it contains all of these methods.
    #[must_use]
    pub fn has_all(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.names.iter().any(|own| own == name.as_str()))
    }
}

struct Walk<'e, 'p> {
    evaluator: &'e Evaluator<'p>,
    function: FunctionRef,
    is_start: &'e dyn Fn(&Place) -> bool,
    seen: FxHashSet<Root>,
    chain: Chain,
}

impl Walk<'_, '_> {
    fn call(&mut self, at: OpRef, call: &Call) {
        let callee = self.evaluator.callee(at);
        let is_outside = |target: &CallTarget| matches!(target, CallTarget::External(_));
        if call.kind == CallKind::New {
            return self.literal(call);
        }
        // A path: `Client::builder()`. What a function of the project makes is not followed.
        if !callee.targets.is_empty() && callee.targets.iter().all(is_outside) {
            return;
        }
        match call.receiver() {
            Some((receiver, field)) => {
                self.method(field, call);
                self.place(&receiver);
            }
            None => self.chain.is_partial = true,
        }
    }

    fn method(&mut self, field: &Field, call: &Call) {
        let Some(name) = field.name() else { return };
        self.chain.names.push(Name::new(name));
        if let Some(Operand::Number(number)) = call.argument(0) {
            self.chain.names.push(Name::from(format!("{name}({number})")));
        }
    }

    /// `Config { pool, ..rest }`.
    fn literal(&mut self, call: &Call) {
        let fields = call.argument(0).and_then(Operand::place).cloned();
        match fields {
            Some(fields) => self.place(&fields),
            None => self.chain.is_partial = true,
        }
    }

    fn place(&mut self, place: &Place) {
        if (self.is_start)(place) {
            self.chain.starts.push(place.clone());
            return;
        }
        if !place.path.is_empty() {
            self.chain.is_partial = true;
            return;
        }
        if !self.seen.insert(place.root.clone()) {
            return;
        }
        let index = self.evaluator.program.index(self.function.file);
        let definitions = match place.root {
            Root::Temp(temp) => index.of_temp(self.function.function, temp),
            Root::Variable(id) => {
                let owner =
                    self.evaluator.program.variable(VariableRef { file: self.function.file, variable: id }).owner;
                self.chain.is_partial |= owner != self.function.function;
                self.touched(place);
                index.of_variable(id)
            }
            Root::This | Root::Global(_) => &[],
        };
        self.chain.is_partial |= definitions.is_empty();
        for definition in definitions {
            if definition.function != self.function.function {
                self.chain.is_partial = true;
                continue;
            }
            let at = self.function.op(definition.block, definition.index as usize);
            match &self.evaluator.program.op(at).kind {
                OpKind::Call(call) => self.call(at, call),
                OpKind::Assign { target, value } => match (target.path.first(), value) {
                    // `config.pool = Some(…)`.
                    (Some(field), _) => self.chain.names.extend(field.name().map(Name::new)),
                    (None, Rvalue::Use(operand) | Rvalue::Await(operand)) => self.operand(operand),
                    (None, Rvalue::Object(properties)) => {
                        for property in properties {
                            match property {
                                Property::Field { name, .. } => self.chain.names.extend(name.name().map(Name::new)),
                                Property::Spread(operand) => self.operand(operand),
                            }
                        }
                    }
                    _ => self.chain.is_partial = true,
                },
                _ => {}
            }
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Place(place) => self.place(place),
            Operand::Nullish => {}
            _ => self.chain.is_partial = true,
        }
    }

    /// Other uses of a variable: methods called on it belong to the chain, and code that receives it may call others.
    fn touched(&mut self, place: &Place) {
        let id = place.as_variable();
        // What a method of it gave, and what a method of that gave, in turn.
        let mut faces: FxHashSet<Root> = FxHashSet::default();
        let module = self.evaluator.program.module(self.function.file);
        for (function, body) in module.functions() {
            for (_, _, op) in body.ops() {
                let is_it = |other: &Place| other.as_variable() == id;
                if function != self.function.function {
                    self.chain.is_partial |= op.places().into_iter().any(|other| other.root_variable() == id);
                    continue;
                }
                let OpKind::Call(call) = &op.kind else { continue };
                if let Some((receiver, field)) = call.receiver()
                    && (is_it(&receiver) || receiver.path.is_empty() && faces.contains(&receiver.root))
                {
                    faces.insert(Root::Temp(call.result));
                    self.method(field, call);
                }
                self.chain.is_partial |= call.arguments.iter().any(|it| it.value.place().is_some_and(is_it));
            }
        }
    }
}
