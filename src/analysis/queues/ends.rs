//! Ends: of which queues a value is an end, through arguments as well.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::facts::Facts;
use crate::analysis::frequency::dispatch::Implementations;
use crate::analysis::value::{Path, Value, Values};
use crate::catalogue::schema::QueueEnd;
use crate::ir::{Field, OpKind};
use crate::linking::{FunctionRef, OpRef};

/// The maximal number of calls through which arguments are followed: an end that `main` makes goes through a
/// constructor or two, and each is a call and a literal.
const MAX_DEPTH: u32 = 8;

/// The maximal number of parts of a parameter that are searched for an end. Records built from the fields of others
/// have as many parts as their fields have permutations.
const MAX_PARTS: u32 = 200;

/// An end of a queue, or both as the pair they come in.
pub(super) type End = (OpRef, Option<QueueEnd>);

pub(super) struct Ends<'f, 'p> {
    facts: &'f Facts<'p>,
    sites: FxHashSet<OpRef>,
    /// Calls of methods on unknown receivers, by the methods of the program's traits that they may run.
    possible: FxHashMap<FunctionRef, Vec<OpRef>>,
    memo: RefCell<FxHashMap<(FunctionRef, u32, Path), Rc<Vec<End>>>>,
    /// By parameter: the number of parts that were searched.
    parts: RefCell<FxHashMap<(FunctionRef, u32), u32>>,
}

impl<'f, 'p> Ends<'f, 'p> {
    pub(super) fn new(facts: &'f Facts<'p>, sites: FxHashSet<OpRef>) -> Self {
        let implementations = Implementations::of(&facts.evaluator);
        let mut possible: FxHashMap<FunctionRef, Vec<OpRef>> = FxHashMap::default();
        for function in facts.program.relevant_functions().filter(|it| facts.evaluator.drops_implicitly(*it)) {
            for (block, index, op) in facts.program.function(function).ops() {
                let Some(call) = op.call() else { continue };
                let at = function.op(block, index);
                let dispatch = implementations.of_call(&facts.evaluator, at, call);
                for method in dispatch.methods.into_iter().chain(dispatch.namesakes) {
                    possible.entry(method).or_default().push(at);
                }
            }
        }
        Self { facts, sites, possible, memo: RefCell::default(), parts: RefCell::default() }
    }

    /// The ends among some values.
    pub(super) fn of(&self, values: &Values) -> Vec<End> {
        let mut found = Vec::new();
        self.collect(values, MAX_DEPTH, &mut found);
        found
    }

    /// The ends among some values and in the literals they are.
    pub(super) fn within(&self, values: &Values) -> Vec<End> {
        let mut found = self.of(values);
        for value in values {
            if let Value::Object { at, context } = value {
                let parts = self.facts.evaluator.seen_parts(*at, *context);
                self.collect(parts, MAX_DEPTH, &mut found);
            }
        }
        found
    }

    fn collect(&self, values: &Values, depth: u32, found: &mut Vec<End>) {
        for value in values {
            match value {
                Value::Product { of, at } if self.sites.contains(at) => {
                    let external = self.facts.evaluator.external_name(*of);
                    let end = match external.path.last().map(|last| last.as_str()) {
                        Some("0") => Some(QueueEnd::Sender),
                        Some("1") => Some(QueueEnd::Receiver),
                        _ => None,
                    };
                    if !found.contains(&(*at, end)) {
                        found.push((*at, end));
                    }
                }
                Value::Parameter { function, index, path } if depth > 0 => {
                    for end in self.passed(*function, *index, path, depth).iter() {
                        if !found.contains(end) {
                            found.push(*end);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The ends that callers pass as (part of) a parameter.
    fn passed(&self, function: FunctionRef, index: u32, path: &Path, depth: u32) -> Rc<Vec<End>> {
        let question = (function, index, path.clone());
        if let Some(known) = self.memo.borrow().get(&question) {
            return Rc::clone(known);
        }
        // A recursive function passes its own parameter.
        self.memo.borrow_mut().insert(question.clone(), Rc::default());
        let mut parts = self.parts.borrow_mut();
        let asked = parts.entry((function, index)).or_default();
        *asked += 1;
        if *asked > MAX_PARTS {
            return Rc::default();
        }
        drop(parts);
        let fields: Vec<Field> = path.iter().cloned().map(Field::Named).collect();
        let certain = self.facts.calls.callers(self.facts.program, function);
        let possible = self.possible.get(&function).map_or(&[][..], Vec::as_slice);
        let mut found = Vec::new();
        for call in certain.iter().chain(possible) {
            let argument = self.facts.evaluator.argument(*call, index);
            let part = self.facts.evaluator.fields(argument, &fields);
            self.collect(&part, depth - 1, &mut found);
        }
        let found = Rc::new(found);
        self.memo.borrow_mut().insert(question, Rc::clone(&found));
        found
    }

    /// Whether an assignment's target may be where an end is kept.
    pub(super) fn is_kept_by(&self, at: OpRef) -> bool {
        match &self.facts.program.op(at).kind {
            OpKind::Assign { target, .. } => self.facts.evaluator.outlives(at.function, target),
            _ => false,
        }
    }
}
