//! What a value is made of, in a form that can be compared.
//!
//! Two pools are alike if they are made by the same function with the same arguments, wherever the parts of those are
//! written.

use crate::analysis::evaluate::Evaluator;
use crate::ir::{Binding, Field, Name, OpKind, Operand, Place, Property, Root, Rvalue};
use crate::linking::{Definition, FunctionRef, OpRef, Symbol, VariableRef};

/// How many variables and calls deep a value is taken apart.
const MAX_DEPTH: u32 = 8;

/// What a call is given, taken apart as far as literals, globals and what modules export; `None` where a part of it
/// depends on more than that. Equal texts say that the calls are given equal values.
#[must_use]
pub fn arguments(evaluator: &Evaluator<'_>, at: OpRef) -> Option<Vec<String>> {
    let call = evaluator.program.op(at).call()?;
    let apart = Apart { evaluator };
    let arguments = call.arguments.iter();
    arguments.map(|it| if it.spread { None } else { apart.operand(at.function, &it.value, 0) }).collect()
}

struct Apart<'e, 'p> {
    evaluator: &'e Evaluator<'p>,
}

impl Apart<'_, '_> {
    fn operand(&self, function: FunctionRef, operand: &Operand, depth: u32) -> Option<String> {
        match operand {
            Operand::Place(place) => self.place(function, place, depth),
            Operand::String(text) => Some(format!("{text:?}")),
            Operand::Number(number) => Some(number.to_string()),
            Operand::Boolean(value) => Some(value.to_string()),
            Operand::Nullish => Some("null".to_owned()),
            Operand::Module(request) => {
                let symbol = self.evaluator.program.namespace(function.file, *request)?;
                self.symbol(&symbol, depth)
            }
            Operand::Function(_) | Operand::Class(_) | Operand::Opaque => None,
        }
    }

    fn place(&self, function: FunctionRef, place: &Place, depth: u32) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        let index = self.evaluator.program.index(function.file);
        let root = match &place.root {
            Root::Variable(id) => self.variable(function.variable(*id), depth)?,
            Root::Temp(temp) => self.definition(function, index.of_temp(function.function, *temp), depth)?,
            Root::Global(name) => name.to_string(),
            Root::This => return None,
        };
        let path: Option<Vec<&str>> = place.path.iter().map(Field::name).collect();
        Some(path?.into_iter().fold(root, |of, name| format!("{of}.{name}")))
    }

    fn variable(&self, id: VariableRef, depth: u32) -> Option<String> {
        let program = self.evaluator.program;
        let variable = program.variable(id);
        match variable.binding {
            Binding::Import(import) => {
                let symbol = program.import(id.file, import)?;
                self.symbol(&symbol, depth + 1)
            }
            Binding::Function(_) | Binding::Class(_) => Some(format!("{}#{}", program.path(id.file), variable.name)),
            Binding::Value => {
                let owner = FunctionRef::new(id.file, variable.owner);
                self.definition(owner, program.index(id.file).of_variable(id.variable), depth + 1)
            }
            _ => None,
        }
    }

    fn symbol(&self, symbol: &Symbol, depth: u32) -> Option<String> {
        match symbol {
            Symbol::Variable(variable) => self.variable(*variable, depth),
            Symbol::Namespace(file) => Some(format!("{}#*", self.evaluator.program.path(*file))),
            Symbol::External { package, path } => {
                Some(path.iter().fold(format!("{package}#"), |of, name: &Name| format!("{of}.{name}")))
            }
        }
    }

    /// What the one definition of something gives.
    fn definition(&self, function: FunctionRef, definitions: &[Definition], depth: u32) -> Option<String> {
        let [definition] = definitions else { return None };
        let at = function.definition(definition);
        let op = self.evaluator.program.op(at);
        match &op.kind {
            OpKind::Call(call) => {
                let callee = self.operand(at.function, &call.callee, depth + 1)?;
                let arguments: Option<Vec<String>> = call
                    .arguments
                    .iter()
                    .map(|it| if it.spread { None } else { self.operand(at.function, &it.value, depth + 1) })
                    .collect();
                Some(format!("{:?} {callee}({})", call.kind, arguments?.join(", ")))
            }
            OpKind::Assign { target, value } if target.path.is_empty() => self.rvalue(at, value, depth + 1),
            _ => None,
        }
    }

    fn rvalue(&self, at: OpRef, value: &Rvalue, depth: u32) -> Option<String> {
        match value {
            Rvalue::Use(operand) => self.operand(at.function, operand, depth),
            Rvalue::Await(operand) => Some(format!("await {}", self.operand(at.function, operand, depth)?)),
            Rvalue::Object(properties) => {
                let mut parts = properties
                    .iter()
                    .map(|property| match property {
                        Property::Field { name, value } => {
                            Some(format!("{}: {}", name.name()?, self.operand(at.function, value, depth)?))
                        }
                        Property::Spread(_) => None,
                    })
                    .collect::<Option<Vec<_>>>()?;
                parts.sort();
                Some(format!("{{ {} }}", parts.join(", ")))
            }
            Rvalue::Array(elements) => {
                let parts: Option<Vec<_>> = elements
                    .iter()
                    .map(|it| if it.spread { None } else { self.operand(at.function, &it.value, depth) })
                    .collect();
                Some(format!("[{}]", parts?.join(", ")))
            }
            // What is computed of literals is what is written.
            Rvalue::Compute(operands) => {
                let is_literal =
                    |it: &Operand| matches!(it, Operand::Number(_) | Operand::String(_) | Operand::Boolean(_));
                let text = self.evaluator.program.text(self.evaluator.program.op_location(at));
                operands.iter().all(is_literal).then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            Rvalue::Rest(_) | Rvalue::ElementOf(_) | Rvalue::Caught => None,
        }
    }
}
