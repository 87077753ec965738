//! Evaluation: what a place may hold, across files, on demand.
//!
//! Takes the program and the catalogue; gives [`Values`] for places, operands and calls. Flow-insensitive: a variable
//! holds what any of its definitions assigns; *when* it holds a resource is the ownership analysis's question.
//! Answers are remembered; a question that comes up while it is being answered (recursion) has no values of its own, so
//! an answer may depend on which question was asked first. Who wants another thread [forks](Fork).
//! Never judges and never looks at text.

mod acquiring;
mod arguments;
mod calls;
mod elements;
mod fields;
mod fork;
mod instantiate;
mod memory;
mod stores;
mod types;
mod wrapped;

pub use calls::{CallTarget, Callee};

pub use fork::{Fork, on_two_threads};
pub use memory::Answers;
use memory::{Asked, Memory, Question};

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashSet;
use thin_vec::ThinVec;

use crate::catalogue::{AnyMethodFacts, Catalogue, RUST_PRELUDE, SymbolFacts};
use crate::ir::{Binding, Field, FunctionKind, Name, OpKind, Operand, Place, Root, Rvalue, Temp, Terminator, TypeRef};
use crate::linking::{Definition, FunctionRef, OpRef, Program, Symbol, VariableRef};
use crate::source::{FileId, Language};

use super::value::{Acquisition, AcquisitionId, ContextId, External, ExternalId, Interner, Path, Value, Values};

/// Answers questions about values, remembering the answers. One per thread.
pub struct Evaluator<'p> {
    pub program: &'p Program,
    pub catalogue: &'p Catalogue,
    interner: RefCell<Interner>,
    memory: Memory<'p>,
    /// By [`ExternalId`]: what the catalogue says.
    facts: RefCell<Vec<Option<Rc<SymbolFacts<'p>>>>>,
    /// Functions given to something that runs them once and keeps what they return.
    memoised: RefCell<FxHashSet<FunctionRef>>,
}

impl<'p> Evaluator<'p> {
    #[must_use]
    pub fn new(program: &'p Program, catalogue: &'p Catalogue, answers: &'p Answers) -> Self {
        Fork::at_first(program, catalogue).open(answers)
    }

    /// What a function mentions of its surroundings, worked out once.
    pub(super) fn mentions(&self, function: FunctionRef, work_out: impl FnOnce() -> Values) -> &'p Values {
        if let Some(known) = self.memory.mentions.borrow().get(&function) {
            return known;
        }
        let mentions = self.memory.keep(work_out());
        self.memory.mentions.borrow_mut().insert(function, mentions);
        mentions
    }

    /// Remembers the answer to a question; a question asked while it is being answered is unknown.
    fn remembered(&self, question: Question, answer: impl FnOnce() -> Values) -> &'p Values {
        match self.memory.ask(self.program, question) {
            Asked::Known(known) => known,
            Asked::Open(slot) => self.memory.answer(slot, answer),
        }
    }

    /// What an operand of a function may be.
    #[must_use]
    pub fn operand(&self, function: FunctionRef, operand: &Operand) -> Values {
        match operand {
            Operand::Place(place) => self.place(function, place),
            Operand::Function(id) => {
                Values::one(Value::Function { function: function.sibling(*id), context: ContextId::default() })
            }
            Operand::Class(id) => Values::one(Value::Class(function.class(*id))),
            Operand::Module(request) => match self.program.namespace(function.file, *request) {
                Some(symbol) => self.symbol_values(&symbol),
                None => Values::unknown(),
            },
            Operand::String(text) => Values::one(Value::Text(text.clone())),
            Operand::Nullish => Values::one(Value::Nullish),
            Operand::Number(_) | Operand::Boolean(_) | Operand::Opaque => Values::default(),
        }
    }

    /// What a place of a function may hold.
    #[must_use]
    pub fn place(&self, function: FunctionRef, place: &Place) -> Values {
        if place.path.is_empty() {
            return self.root_values(function, &place.root).into_owned();
        }
        // `x.f = v` reaches reads of `x.f` and below.
        let definitions = self.program.index(function.file).of_root(function.function, &place.root);
        let assigns_part = |definition: &Definition| {
            self.assignment(function, *definition).is_some_and(|(_, target, _)| !target.path.is_empty())
        };
        if !definitions.iter().any(assigns_part) {
            return self.fields_of(&self.root_values(function, &place.root), &place.path);
        }
        let question = Question::Place(function, place.clone());
        Values::clone(self.remembered(question, || self.part(function, place, definitions)))
    }

    fn part(&self, function: FunctionRef, place: &Place, definitions: &[Definition]) -> Values {
        let mut values = self.fields_of(&self.root_values(function, &place.root), &place.path);
        for definition in definitions {
            let Some((at, target, rvalue)) = self.assignment(function, *definition) else { continue };
            if !target.path.is_empty() && place.path.starts_with(&target.path) {
                let assigned = self.rvalue(at, rvalue);
                values.absorb(self.fields(assigned, &place.path[target.path.len()..]));
            }
        }
        values
    }

    /// What the root of a place may hold.
    #[must_use]
    pub fn root_values(&self, function: FunctionRef, root: &Root) -> Cow<'p, Values> {
        match root {
            Root::Variable(id) => Cow::Borrowed(self.variable(function.variable(*id))),
            Root::Temp(temp) => Cow::Borrowed(self.temp(function, *temp)),
            Root::This => Cow::Owned(match self.program.this_class(function) {
                Some(class) if self.is_static(function) => Values::one(Value::Class(class)),
                Some(class) => Values::one(Value::This { class, path: Path::new() }),
                None => Values::unknown(),
            }),
            Root::Global(name) => {
                Cow::Owned(Values::one(self.external(self.prelude(function.file), thin_vec::thin_vec![name.clone()])))
            }
        }
    }

    /// What an operand may be.
    #[must_use]
    pub fn operand_values(&self, function: FunctionRef, operand: &Operand) -> Cow<'p, Values> {
        match operand {
            Operand::Place(place) if place.path.is_empty() => self.root_values(function, &place.root),
            other => Cow::Owned(self.operand(function, other)),
        }
    }

    /// Whether `this` in a function is a class itself, not an instance.
    #[must_use]
    pub fn is_static(&self, mut function: FunctionRef) -> bool {
        loop {
            let body = self.program.function(function);
            if body.binds_this {
                return matches!(
                    body.kind,
                    FunctionKind::Method { is_static: true, .. }
                        | FunctionKind::Getter { is_static: true, .. }
                        | FunctionKind::Setter { is_static: true, .. }
                );
            }
            match body.parent {
                Some(parent) => function = function.sibling(parent),
                None => return false,
            }
        }
    }

    /// What a variable may hold as a whole.
    #[must_use]
    pub fn variable(&self, id: VariableRef) -> &'p Values {
        self.remembered(Question::Variable(id), || {
            let variable = self.program.variable(id);
            let owner = FunctionRef::new(id.file, variable.owner);
            let mut values = match variable.binding {
                Binding::Function(function) => {
                    Values::one(Value::Function { function: owner.sibling(function), context: ContextId::default() })
                }
                Binding::Class(class) => Values::one(Value::Class(owner.class(class))),
                Binding::Import(import) => match self.program.import(id.file, import) {
                    Some(symbol) => self.symbol_values(&symbol),
                    None => Values::unknown(),
                },
                Binding::Parameter(index) => {
                    let mut values = self.annotated(id);
                    values.add(Value::Parameter { function: owner, index, path: Path::new() });
                    values.open = true;
                    values
                }
                Binding::Caught | Binding::Settle { .. } | Binding::Type => Values::unknown(),
                Binding::Value => Values::default(),
            };
            let definitions = self.program.index(id.file).of_variable(id.variable);
            for definition in definitions {
                if let Some((at, target, rvalue)) = self.assignment(owner, *definition)
                    && target.path.is_empty()
                {
                    values.absorb(self.rvalue(at, rvalue));
                }
            }
            let says_nothing = |value: &Value| match value {
                Value::Nullish => true,
                // What is taken out of something is known by what it was taken out of.
                Value::Parameter { .. } => {
                    self.drops_implicitly(owner) && matches!(variable.annotation, Some(TypeRef::Part { .. }))
                }
                Value::This { path, .. } => !path.is_empty(),
                _ => false,
            };
            if values.iter().all(says_nothing) {
                values.absorb(self.annotated(id));
            }
            if definitions.is_empty() && values.is_empty() {
                values.open = true;
            }
            values
        })
    }

    /// What a temporary may hold.
    #[must_use]
    pub fn temp(&self, function: FunctionRef, temp: Temp) -> &'p Values {
        self.remembered(Question::Temp(function, temp), || {
            let mut values = Values::default();
            for definition in self.program.index(function.file).of_temp(function.function, temp) {
                let at = function.definition(definition);
                match &self.program.op(at).kind {
                    OpKind::Call(_) => values.absorb(self.call_values(at)),
                    OpKind::Assign { target, value } if target.path.is_empty() => {
                        values.absorb(self.rvalue(at, value));
                    }
                    _ => {}
                }
            }
            values
        })
    }

    /// What a function may return, in its own terms.
    #[must_use]
    pub fn returns(&self, function: FunctionRef) -> &'p Values {
        self.remembered(Question::Returns(function), || {
            let body = self.program.function(function);
            if body.is_generator {
                return Values::unknown();
            }
            let mut values = Values::default();
            for (_, block) in body.blocks() {
                if let Terminator::Return(Some(operand)) = &block.terminator {
                    values.absorb(self.operand(function, operand));
                }
            }
            // `import(await resolve("x"))`: only the type says what comes.
            if values.is_empty()
                && let Some(written) = body.return_type.as_ref().filter(|written| types::is_module(written))
            {
                values.absorb(self.typed(function.file, function.function, written));
            }
            values
        })
    }

    /// What the right-hand side of an assignment gives.
    #[must_use]
    pub fn rvalue(&self, at: OpRef, rvalue: &Rvalue) -> Values {
        match rvalue {
            Rvalue::Use(operand) | Rvalue::Await(operand) => self.operand(at.function, operand),
            Rvalue::Rest(rest) => self.operand(at.function, &rest.of),
            Rvalue::Object(_) | Rvalue::Array(_) => Values::one(Value::Object { at, context: ContextId::default() }),
            Rvalue::ElementOf(operand) => {
                let collection = self.operand(at.function, operand);
                let mut values = self.fields(collection, &[Field::Computed]);
                if values.is_empty() {
                    values.absorb(self.typed_element(at.function, operand));
                }
                values
            }
            Rvalue::Compute(_) => Values::default(),
            Rvalue::Caught => Values::unknown(),
        }
    }

    /// What an imported or exported name holds.
    #[must_use]
    pub fn symbol_values(&self, symbol: &Symbol) -> Values {
        match symbol {
            Symbol::Variable(variable) => Values::clone(self.variable(*variable)),
            Symbol::Namespace(file) => Values::one(Value::Namespace(*file)),
            Symbol::External { package, path } => Values::one(self.external(Some(package), path.clone())),
        }
    }

    fn assignment(&self, function: FunctionRef, definition: Definition) -> Option<(OpRef, &'p Place, &'p Rvalue)> {
        let at = function.definition(&definition);
        match &self.program.op(at).kind {
            OpKind::Assign { target, value } => Some((at, target, value)),
            _ => None,
        }
    }

    /// The package that global names of a file belong to; `None` for those of the host.
    pub(super) fn prelude(&self, file: FileId) -> Option<&'static str> {
        (self.program.module(file).language == Language::Rust).then_some(RUST_PRELUDE)
    }

    /// Whether the language of a function releases at the end of a scope what nobody else has.
    #[must_use]
    pub fn drops_implicitly(&self, function: FunctionRef) -> bool {
        self.program.module(function.file).language == Language::Rust
    }

    /// What the method `name` may be on a receiver that nothing is known about, in the language of the file.
    #[must_use]
    pub fn any_method(&self, file: FileId, name: &str) -> AnyMethodFacts<'p> {
        self.catalogue.any_method(self.program.module(file).language.into(), name)
    }

    pub(super) fn external(&self, package: Option<&str>, path: ThinVec<Name>) -> Value {
        Value::External(self.interner.borrow_mut().external(External { package: package.map(Into::into), path }))
    }

    /// The name behind an external value.
    #[must_use]
    pub fn external_name(&self, id: ExternalId) -> External {
        self.interner.borrow().get_external(id).clone()
    }

    /// What the catalogue says of an external value.
    #[must_use]
    pub fn facts(&self, id: ExternalId) -> Rc<SymbolFacts<'p>> {
        let index = id.0 as usize;
        if let Some(Some(known)) = self.facts.borrow().get(index) {
            return Rc::clone(known);
        }
        let external = self.external_name(id);
        let facts = Rc::new(match &external.package {
            Some(package) => self.catalogue.symbol(package, &external.path),
            None => self.catalogue.global(&external.path),
        });
        let mut known = self.facts.borrow_mut();
        if known.len() <= index {
            known.resize(index + 1, None);
        }
        known[index] = Some(Rc::clone(&facts));
        facts
    }

    /// A member of an external value.
    fn member(&self, of: ExternalId, name: &Name) -> Value {
        if let Some(known) = self.memory.members.borrow().get(&of).and_then(|members| members.get(name)) {
            return Value::External(*known);
        }
        let mut external = self.external_name(of);
        external.path.push(name.clone());
        let id = self.interner.borrow_mut().external(external);
        self.memory.members.borrow_mut().entry(of).or_default().insert(name.clone(), id);
        Value::External(id)
    }

    /// The acquisition behind an id.
    #[must_use]
    pub fn acquisition(&self, id: AcquisitionId) -> Acquisition {
        self.interner.borrow().get_acquisition(id).clone()
    }

    pub(super) fn intern(&self, acquisition: Acquisition) -> AcquisitionId {
        self.interner.borrow_mut().acquisition(acquisition)
    }

    /// Whether the text of `inner` lies within that of `outer` (or they are the same).
    #[must_use]
    pub fn is_within(&self, inner: FunctionRef, outer: FunctionRef) -> bool {
        if inner.file != outer.file {
            return false;
        }
        let mut at = Some(inner.function);
        while let Some(function) = at {
            if function == outer.function {
                return true;
            }
            at = self.program.function(inner.sibling(function)).parent;
        }
        false
    }
}
