//! What the evaluator remembers: answers to questions, and which questions are open.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use typed_arena::Arena;

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
    StaticField(ClassRef, Name),
    /// An alias of a written type.
    Alias(VariableRef),
    /// A place with a path.
    Place(FunctionRef, Place),
    /// A field of an object or array literal, as it is seen after the calls of a context.
    Part(OpRef, ContextId, Field),
    /// Everything an object or array literal holds, as it is seen after the calls of a context.
    Parts(OpRef, ContextId),
}

/// Where one evaluator's answers are, side by side, for as long as anybody looks at them.
#[derive(Default)]
pub struct Answers {
    values: Arena<Values>,
    callees: Arena<Callee>,
    stores: Arena<FxHashSet<AcquisitionId>>,
}

impl Answers {
    /// Takes them apart when there is time: nobody looks at them any more, and nobody has to wait for that.
    pub(crate) fn discard(self) {
        rayon::spawn(move || drop(self));
    }
}

/// The answers without values, closed and open. Most answers are one of these: shared, they take a tenth less memory.
static NOTHING: [Values; 2] = [Values::none(false), Values::none(true)];

/// The answer to what calls while it is being found out what it calls.
static UNKNOWN_CALLEE: Callee = Callee::unknown();

/// How many questions may wait for one another. Real chains are tens long; this keeps hostile ones off the stack.
const MAX_DEPTH: u32 = 600;

/// A question with its hash: a table of answers is asked in several places, and grows.
#[derive(PartialEq, Eq)]
struct Hashed {
    hash: u64,
    question: Question,
}

impl Hashed {
    fn new(question: Question) -> Self {
        Self { hash: FxBuildHasher.hash_one(&question), question }
    }
}

impl Hash for Hashed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Answers in the order in which they were asked for.
type Others<'p> = IndexMap<Hashed, &'p Values, FxBuildHasher>;

/// What [`Memory::ask`] finds.
pub(super) enum Asked<'p> {
    Known(&'p Values),
    /// The question is open from now on; its answer goes there.
    Open(Slot),
}

/// Where the answer to an open question goes.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Variable(usize),
    Temp(usize),
    Returns(usize),
    Other(usize),
}

/// By number: an answer, once there is one.
type Table<'p, T> = Vec<Option<&'p T>>;

/// Tables by number for what every function has, a map for the rest. While a question is being answered, its answer is
/// the one to give to who asks it again.
pub(super) struct Memory<'p> {
    answers: &'p Answers,
    variables: RefCell<Table<'p, Values>>,
    temps: RefCell<Table<'p, Values>>,
    returns: RefCell<Table<'p, Values>>,
    callees: RefCell<Table<'p, Callee>>,
    others: RefCell<Others<'p>>,
    /// What `others` held when the memory was forked, shared by those that go on from there.
    earlier: RefCell<Vec<Arc<Others<'p>>>>,
    /// `None` while a question is open.
    stores: RefCell<FxHashMap<FunctionRef, Option<&'p FxHashSet<AcquisitionId>>>>,
    pub(super) mentions: RefCell<FxHashMap<FunctionRef, &'p Values>>,
    pub(super) members: RefCell<FxHashMap<ExternalId, FxHashMap<Name, ExternalId>>>,
    /// How many questions wait for one another.
    depth: Cell<u32>,
}

/// What a memory holds at one time, on its way to another thread.
pub(super) struct Remembered<'p> {
    variables: Table<'p, Values>,
    temps: Table<'p, Values>,
    returns: Table<'p, Values>,
    callees: Table<'p, Callee>,
    earlier: Vec<Arc<Others<'p>>>,
    stores: FxHashMap<FunctionRef, Option<&'p FxHashSet<AcquisitionId>>>,
    mentions: FxHashMap<FunctionRef, &'p Values>,
}

impl<'p> Remembered<'p> {
    /// Nothing yet.
    pub(super) fn nothing(program: &Program) -> Self {
        let numbers = program.numbers();
        Self {
            variables: vec![None; numbers.variables()],
            temps: vec![None; numbers.temps()],
            returns: vec![None; numbers.functions()],
            callees: vec![None; numbers.ops()],
            earlier: Vec::new(),
            stores: FxHashMap::default(),
            mentions: FxHashMap::default(),
        }
    }

    /// A memory that goes on from here and keeps its own answers in `answers`.
    pub(super) fn open(self, answers: &'p Answers) -> Memory<'p> {
        Memory {
            answers,
            variables: RefCell::new(self.variables),
            temps: RefCell::new(self.temps),
            returns: RefCell::new(self.returns),
            callees: RefCell::new(self.callees),
            others: RefCell::default(),
            earlier: RefCell::new(self.earlier),
            stores: RefCell::new(self.stores),
            mentions: RefCell::new(self.mentions),
            members: RefCell::default(),
            depth: Cell::new(0),
        }
    }
}

impl<'p> Memory<'p> {
    /// What is remembered now. No question may be open.
    pub(super) fn fork(&self) -> Remembered<'p> {
        let others = self.others.take();
        if !others.is_empty() {
            self.earlier.borrow_mut().push(Arc::new(others));
        }
        Remembered {
            variables: self.variables.borrow().clone(),
            temps: self.temps.borrow().clone(),
            returns: self.returns.borrow().clone(),
            callees: self.callees.borrow().clone(),
            earlier: self.earlier.borrow().clone(),
            stores: self.stores.borrow().clone(),
            mentions: self.mentions.borrow().clone(),
        }
    }

    /// The answer, kept.
    pub(super) fn keep(&self, values: Values) -> &'p Values {
        if values.is_empty() { &NOTHING[usize::from(values.open)] } else { self.answers.values.alloc(values) }
    }

    /// The answer to a question, if there is one; otherwise the question is open from now on. Where too many wait for one
    /// another nothing more is found out.
    pub(super) fn ask(&self, program: &Program, question: Question) -> Asked<'p> {
        let is_too_deep = self.depth.get() > MAX_DEPTH;
        let open = |table: &RefCell<Table<'p, Values>>, number: usize, slot: fn(usize) -> Slot| {
            let entry = &mut table.borrow_mut()[number];
            match entry {
                Some(known) => Asked::Known(known),
                None if is_too_deep => Asked::Known(&NOTHING[1]),
                None => {
                    *entry = Some(&NOTHING[1]);
                    Asked::Open(slot(number))
                }
            }
        };
        let numbers = program.numbers();
        match question {
            Question::Variable(variable) => open(&self.variables, numbers.variable(variable), Slot::Variable),
            Question::Temp(function, temp) => open(&self.temps, numbers.temp(function, temp), Slot::Temp),
            Question::Returns(function) => open(&self.returns, numbers.function(function), Slot::Returns),
            other => {
                let question = Hashed::new(other);
                let mut others = self.others.borrow_mut();
                let earlier = || self.earlier.borrow().iter().find_map(|earlier| earlier.get(&question).copied());
                if let Some(known) = others.get(&question).copied().or_else(earlier) {
                    return Asked::Known(known);
                }
                if is_too_deep {
                    return Asked::Known(&NOTHING[1]);
                }
                Asked::Open(Slot::Other(others.insert_full(question, &NOTHING[1]).0))
            }
        }
    }

    /// Answers an open question.
    pub(super) fn answer(&self, slot: Slot, answer: impl FnOnce() -> Values) -> &'p Values {
        self.depth.set(self.depth.get() + 1);
        let values = self.keep(answer());
        self.depth.set(self.depth.get() - 1);
        match slot {
            Slot::Variable(number) => self.variables.borrow_mut()[number] = Some(values),
            Slot::Temp(number) => self.temps.borrow_mut()[number] = Some(values),
            Slot::Returns(number) => self.returns.borrow_mut()[number] = Some(values),
            Slot::Other(index) => self.others.borrow_mut()[index] = values,
        }
        values
    }

    /// What the operation of this number may call, if that is known; otherwise it is being found out from now on.
    pub(super) fn ask_callee(&self, number: usize) -> Option<&'p Callee> {
        let slot = &mut self.callees.borrow_mut()[number];
        match slot {
            Some(known) => Some(*known),
            None => slot.replace(&UNKNOWN_CALLEE),
        }
    }

    pub(super) fn answer_callee(&self, number: usize, callee: Callee) -> &'p Callee {
        let callee = self.answers.callees.alloc(callee);
        self.callees.borrow_mut()[number] = Some(callee);
        callee
    }

    /// What a function stores, if that is known; otherwise it is being found out from now on, and is nothing so far.
    pub(super) fn ask_stored(&self, function: FunctionRef) -> Option<&'p FxHashSet<AcquisitionId>> {
        let mut stores = self.stores.borrow_mut();
        match stores.get(&function) {
            Some(known) => Some(known.unwrap_or_else(|| &*self.answers.stores.alloc(FxHashSet::default()))),
            None => stores.insert(function, None).flatten(),
        }
    }

    pub(super) fn answer_stored(
        &self,
        function: FunctionRef,
        stored: FxHashSet<AcquisitionId>,
    ) -> &'p FxHashSet<AcquisitionId> {
        let stored = self.answers.stores.alloc(stored);
        self.stores.borrow_mut().insert(function, Some(stored));
        stored
    }
}
