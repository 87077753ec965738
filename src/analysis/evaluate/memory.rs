//! What the evaluator remembers: answers to questions, and which questions are open.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::value::{AcquisitionId, ContextId, ExternalId, Values};
use crate::ir::{Field, Name, Place, Temp};
use crate::linking::{ClassRef, FunctionRef, OpRef, Program, VariableRef};

use super::Callee;

/// A question about values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Question {
    Variable(VariableRef),
    Temp(FunctionRef, Temp),
    Returns(FunctionRef),
    Field(ClassRef, Name),
    /// A field of the class itself.
    Static(ClassRef, Name),
    /// An alias of a written type.
    Alias(VariableRef),
    /// A place with a path.
    Place(FunctionRef, Place),
    /// A field of an object or array literal, as it is seen after the calls of a context.
    Part(OpRef, ContextId, Field),
    /// Everything an object or array literal holds, as it is seen after the calls of a context.
    Parts(OpRef, ContextId),
}

/// The state of one question.
#[derive(Debug)]
pub(super) enum Slot<T> {
    Unasked,
    /// It is being answered.
    Open,
    Known(Rc<T>),
}

/// Tables by number for what every function has, a map for the rest.
#[derive(Debug)]
pub(super) struct Memory {
    variables: RefCell<Vec<Slot<Values>>>,
    temps: RefCell<Vec<Slot<Values>>>,
    returns: RefCell<Vec<Slot<Values>>>,
    others: RefCell<FxHashMap<Question, Slot<Values>>>,
    pub(super) callees: RefCell<Vec<Slot<Callee>>>,
    pub(super) stores: RefCell<FxHashMap<FunctionRef, Slot<FxHashSet<AcquisitionId>>>>,
    pub(super) mentions: RefCell<FxHashMap<FunctionRef, Rc<Values>>>,
    pub(super) members: RefCell<FxHashMap<ExternalId, FxHashMap<Name, ExternalId>>>,
    /// How many questions wait for one another.
    pub(super) depth: Cell<u32>,
    /// The answers without values, closed and open. Most answers are one of these: shared, they take a tenth less memory.
    nothing: [Rc<Values>; 2],
}

impl Memory {
    pub(super) fn new(program: &Program) -> Self {
        let numbers = program.numbers();
        Self {
            variables: RefCell::new(unasked(numbers.variables())),
            temps: RefCell::new(unasked(numbers.temps())),
            returns: RefCell::new(unasked(numbers.functions())),
            others: RefCell::default(),
            callees: RefCell::new(unasked(numbers.ops())),
            stores: RefCell::default(),
            mentions: RefCell::default(),
            members: RefCell::default(),
            depth: Cell::new(0),
            nothing: [false, true].map(|open| Rc::new(Values::none(open))),
        }
    }

    /// The answer, to be kept.
    pub(super) fn shared(&self, values: Values) -> Rc<Values> {
        if values.is_empty() { Rc::clone(&self.nothing[usize::from(values.open)]) } else { Rc::new(values) }
    }

    /// Runs `act` on the state of a question.
    pub(super) fn with<R>(
        &self,
        program: &Program,
        question: &Question,
        act: impl FnOnce(&mut Slot<Values>) -> R,
    ) -> R {
        let numbers = program.numbers();
        match question {
            Question::Variable(variable) => act(&mut self.variables.borrow_mut()[numbers.variable(*variable)]),
            Question::Temp(function, temp) => act(&mut self.temps.borrow_mut()[numbers.temp(*function, *temp)]),
            Question::Returns(function) => act(&mut self.returns.borrow_mut()[numbers.function(*function)]),
            other => {
                let mut others = self.others.borrow_mut();
                match others.get_mut(other) {
                    Some(slot) => act(slot),
                    None => act(others.entry(other.clone()).or_insert(Slot::Unasked)),
                }
            }
        }
    }
}

fn unasked<T>(count: usize) -> Vec<Slot<T>> {
    std::iter::repeat_with(|| Slot::Unasked).take(count).collect()
}
