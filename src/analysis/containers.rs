//! Containers that outlive the call: what puts entries in, and what takes them out.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::Evaluator;
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::value::{ExternalId, Value, Values};
use crate::ir::{
    BlockId, CallKind, Condition, Field, FunctionKind, Name, OpKind, Operand, Place, Root, Rvalue, Terminator,
};
use crate::linking::{ClassRef, FunctionRef, OpRef};

/// A container and its uses.
#[derive(Debug, Clone)]
pub struct Container {
    /// The operation that makes it.
    pub at: OpRef,
    pub name: String,
    /// The declared name's place, for the finding.
    pub lifetime: Lifetime,
    pub writes: Vec<Write>,
    /// Operations that take entries out, empty it or replace it.
    pub shrinks: Vec<OpRef>,
    /// Whether something compares its size, or hands it to code that is not analysed.
    pub is_bounded: bool,
    pub escapes: bool,
    /// A read that tests an entry's age and does not delete.
    pub expiry: Option<OpRef>,
}

/// Why a container outlives the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    Module,
    /// A field of a class of which there is one instance.
    Singleton(ClassRef),
}

/// An entry put in.
#[derive(Debug, Clone)]
pub struct Write {
    pub at: OpRef,
    pub rate: Rate,
    /// Whether the key is one of a set that is written out in the program.
    pub closed_key: bool,
}

/// Methods of the language's own collections.
const WRITES: &[&str] = &["set", "add", "push", "unshift"];
const SHRINKS: &[&str] = &["delete", "clear", "pop", "shift", "splice"];
/// Constructors of collections that hold their entries.
const COLLECTIONS: &[&str] = &["Map", "Set", "Array", "Object"];

/// The containers of a program that outlive calls.
#[must_use]
pub fn containers(facts: &Facts<'_>) -> Vec<Container> {
    let mut collector = Collector { facts, found: indexmap::IndexMap::default(), memo: FxHashMap::default() };
    collector.declarations();
    if collector.found.is_empty() {
        return Vec::new();
    }
    for function in facts.program.functions() {
        collector.uses(function);
    }
    collector.found.into_values().collect()
}

struct Collector<'f, 'p> {
    facts: &'f Facts<'p>,
    found: indexmap::IndexMap<OpRef, Container, rustc_hash::FxBuildHasher>,
    memo: FxHashMap<ExternalId, bool>,
}

impl Collector<'_, '_> {
    fn evaluator(&self) -> &Evaluator<'_> {
        &self.facts.evaluator
    }

    fn declarations(&mut self) {
        let program = self.facts.program;
        for function in program.functions() {
            let (is_initialiser, is_instance) = match program.function(function).kind {
                FunctionKind::ModuleInitialiser => (true, false),
                FunctionKind::Constructor { .. } | FunctionKind::InstanceInitialiser { .. } => (false, true),
                _ => continue,
            };
            for (block, index, op) in program.function(function).ops() {
                let OpKind::Assign { target, value } = &op.kind else { continue };
                let lifetime = match target.root {
                    Root::Variable(id) if is_initialiser => {
                        let variable = program.variable(function.variable(id));
                        if !matches!(variable.binding, crate::ir::Binding::Value | crate::ir::Binding::Class(_)) {
                            continue;
                        }
                        Lifetime::Module
                    }
                    Root::This if is_instance && target.path.len() == 1 => {
                        let Some(class) = program.this_class(function) else { continue };
                        if !self.is_singleton(class) {
                            continue;
                        }
                        Lifetime::Singleton(class)
                    }
                    _ => continue,
                };
                if target.path.len() > 1 {
                    continue;
                }
                let at = function.op(block, index);
                let Some(made) = self.made_by(at, value) else { continue };
                let name = self.facts.program.text(program.location(function.file, op.span));
                let name = place_name(self.facts, function, target).unwrap_or_else(|| name.to_owned());
                self.found.entry(made).or_insert(Container {
                    at,
                    name,
                    lifetime,
                    writes: Vec::new(),
                    shrinks: Vec::new(),
                    is_bounded: false,
                    escapes: false,
                    expiry: None,
                });
            }
        }
    }

    /// Whether there is one instance of a class for the life of the process.
    fn is_singleton(&self, class: ClassRef) -> bool {
        self.facts.frequencies.of_class(class) == Rate::Once
    }

    /// The operation that makes an (empty) collection which `value` is.
    fn made_by(&mut self, at: OpRef, value: &Rvalue) -> Option<OpRef> {
        match value {
            Rvalue::Object(properties) => properties.is_empty().then_some(at),
            Rvalue::Array(elements) => elements.is_empty().then_some(at),
            Rvalue::Use(operand @ Operand::Place(place)) if matches!(place.root, Root::Temp(_)) => {
                let values = self.evaluator().operand(at.function, operand);
                values.iter().find_map(|value| match value {
                    Value::Product { of, at: made } if made.function == at.function && self.is_collection(*of) => {
                        let call = self.facts.program.op(*made).call()?;
                        // `new Map([[…], …])` is a table; it may still grow, but it was not made to.
                        (call.kind == CallKind::New && call.arguments.is_empty()).then_some(*made)
                    }
                    Value::Object { at: literal, .. } if literal.function == at.function => {
                        match &self.facts.program.op(*literal).kind {
                            OpKind::Assign { value: Rvalue::Object(properties), .. } if properties.is_empty() => {
                                Some(*literal)
                            }
                            OpKind::Assign { value: Rvalue::Array(elements), .. } if elements.is_empty() => {
                                Some(*literal)
                            }
                            _ => None,
                        }
                    }
                    _ => None,
                })
            }
            _ => None,
        }
    }

    fn is_collection(&mut self, of: ExternalId) -> bool {
        if let Some(known) = self.memo.get(&of) {
            return *known;
        }
        let external = self.evaluator().external_name(of);
        let is =
            external.package.is_none() && external.path.last().is_some_and(|name| COLLECTIONS.contains(&name.as_str()));
        self.memo.insert(of, is);
        is
    }

    /// The collections among some values.
    fn among(&self, values: &Values) -> Vec<OpRef> {
        values
            .iter()
            .filter_map(|value| match value {
                Value::Product { at, .. } | Value::Object { at, .. } if self.found.contains_key(at) => Some(*at),
                _ => None,
            })
            .collect()
    }

    fn uses(&mut self, function: FunctionRef) {
        let program = self.facts.program;
        let body = program.function(function);
        for (block, index, op) in body.ops() {
            let at = function.op(block, index);
            match &op.kind {
                OpKind::Call(call) => self.call(at, call),
                OpKind::Assign { target, value } => self.assignment(at, target, value),
                OpKind::Delete { place } => {
                    if let Some((holder, _)) = place.split_last() {
                        for made in self.among(&self.evaluator().place(function, &holder)) {
                            self.found[&made].shrinks.push(at);
                        }
                    }
                }
                OpKind::Dispose { .. } | OpKind::Yield { .. } => {}
            }
        }
        for (block, content) in body.blocks() {
            match &content.terminator {
                Terminator::Branch { condition, .. } => self.condition(function, block, condition),
                Terminator::Return(Some(operand)) => {
                    for made in self.among(&self.evaluator().operand(function, operand)) {
                        // A getter of the whole container gives others the means to empty it.
                        self.found[&made].escapes = true;
                    }
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, at: OpRef, call: &crate::ir::Call) {
        if let Some((receiver, field)) = call.receiver() {
            let name = field.name().unwrap_or_default();
            if WRITES.contains(&name) || SHRINKS.contains(&name) {
                for made in self.among(&self.evaluator().place(at.function, &receiver)) {
                    if SHRINKS.contains(&name) {
                        // A `clear()` that only tests call bounds nothing.
                        if self.facts.is_held_to_account(at.function) {
                            self.found[&made].shrinks.push(at);
                        }
                    } else {
                        let closed_key = self.is_closed(at.function, call.arguments.first().map(|key| &key.value));
                        let rate = self.facts.rate(at);
                        self.found[&made].writes.push(Write { at, rate, closed_key });
                    }
                }
            }
        }
        let callee = self.evaluator().callee(at);
        let is_known_call = !callee.open && !callee.is_unknown();
        for argument in &call.arguments {
            for made in self.among(&self.evaluator().operand(at.function, &argument.value)) {
                let borrows = callee.targets.iter().all(|target| match target {
                    crate::analysis::evaluate::CallTarget::External(id) => {
                        self.evaluator().facts(*id).function.is_some_and(|fact| fact.borrows || fact.returns.is_some())
                    }
                    _ => false,
                });
                if !(is_known_call && borrows) {
                    self.found[&made].escapes = true;
                }
            }
        }
    }

    fn assignment(&mut self, at: OpRef, target: &Place, value: &Rvalue) {
        // `cache[key] = value`
        if let Some((holder, field)) = target.split_last() {
            for made in self.among(&self.evaluator().place(at.function, &holder)) {
                if made == at || self.found[&made].at == at {
                    continue;
                }
                match field {
                    Field::Named(name) if name == "length" => self.found[&made].shrinks.push(at),
                    Field::Named(_) => {}
                    Field::Computed => {
                        let rate = self.facts.rate(at);
                        self.found[&made].writes.push(Write { at, rate, closed_key: false });
                    }
                }
            }
        }
        // Replaced as a whole: the same variable or field gets something else.
        if !matches!(target.root, Root::Temp(_)) {
            let held = self.among(&self.evaluator().place(at.function, target));
            for made in held {
                let container = &mut self.found[&made];
                if container.at != at && made != at && container.at.function != at.function {
                    container.shrinks.push(at);
                }
            }
        }
        if let Rvalue::Object(_) | Rvalue::Array(_) = value {
            for operand in value.operands() {
                for made in self.among(&self.evaluator().operand(at.function, operand)) {
                    if self.found[&made].at != at {
                        self.found[&made].escapes = true;
                    }
                }
            }
        }
    }

    fn condition(&mut self, function: FunctionRef, block: BlockId, condition: &Condition) {
        let Condition::Compare { left, right, .. } = condition else { return };
        for operand in [left, right] {
            let Operand::Place(place) = operand else { continue };
            let mut seen = FxHashSet::default();
            if let Some(made) = self.size_of(function, place, &mut seen) {
                self.found[&made].is_bounded = true;
            }
        }
        let _ = block;
    }

    /// The container whose `size` or `length` a place is, through local names.
    fn size_of(&self, function: FunctionRef, place: &Place, seen: &mut FxHashSet<Root>) -> Option<OpRef> {
        if let Some((holder, field)) = place.split_last()
            && matches!(field.name(), Some("size" | "length"))
            && let Some(made) = self.among(&self.evaluator().place(function, &holder)).first()
        {
            return Some(*made);
        }
        let index = self.facts.program.index(function.file);
        let definitions = match place.root {
            _ if !place.path.is_empty() || !seen.insert(place.root.clone()) => return None,
            Root::Temp(temp) => index.of_temp(function.function, temp),
            Root::Variable(id) => index.of_variable(id),
            _ => return None,
        };
        definitions.iter().filter(|definition| definition.function == function.function).find_map(|definition| {
            let op = &self.facts.program.function(function).block(definition.block).ops[definition.index as usize];
            let OpKind::Assign { value, .. } = &op.kind else { return None };
            value.operands().into_iter().filter_map(Operand::place).find_map(|of| self.size_of(function, of, seen))
        })
    }

    /// Whether a key is one of a set that the program writes out.
    fn is_closed(&self, function: FunctionRef, key: Option<&Operand>) -> bool {
        match key {
            Some(Operand::String(_) | Operand::Number(_) | Operand::Boolean(_)) => true,
            Some(operand) => {
                let values = self.evaluator().operand(function, operand);
                !values.open && !values.is_empty() && values.iter().all(|value| matches!(value, Value::Text(_)))
            }
            None => false,
        }
    }
}

/// How a place is named to people: `cache`, `Limiter.hits`.
fn place_name(facts: &Facts<'_>, function: FunctionRef, place: &Place) -> Option<String> {
    let root: Name = match place.root {
        Root::Variable(id) => facts.program.variable(function.variable(id)).name.clone(),
        Root::This => facts.program.class(facts.program.this_class(function)?).name.clone()?,
        _ => return None,
    };
    let fields = place.path.iter().filter_map(Field::name);
    Some(std::iter::once(root.as_str()).chain(fields).collect::<Vec<_>>().join("."))
}
