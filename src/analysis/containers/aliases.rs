//! Aliases: which containers a value is, also as an argument of the function that uses it; and who calls whom.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::facts::Facts;
use crate::analysis::value::{Path, Value, Values};
use crate::discovery::FileRole;
use crate::ir::{Field, FunctionKind, OpKind, Operand, Property, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};

use super::leads::Leads;

/// Parameters are followed through this many calls.
const MAX_DEPTH: u32 = 3;

/// A container that a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alias {
    /// The operation that makes the container.
    pub(super) site: OpRef,
    /// The call that passes it to the function that uses it, where it comes as an argument.
    pub(super) via: Option<OpRef>,
    /// The call of that function, where it was passed through others on the way.
    pub(super) by: Option<OpRef>,
}

pub(super) struct Aliases<'f, 'p> {
    facts: &'f Facts<'p>,
    leads: Leads<'f, 'p>,
    memo: RefCell<FxHashMap<(FunctionRef, u32, Path), Rc<Vec<Alias>>>>,
}

impl<'f, 'p> Aliases<'f, 'p> {
    pub(super) fn new(facts: &'f Facts<'p>, sites: FxHashSet<OpRef>) -> Self {
        Self { facts, leads: Leads::new(facts, sites), memo: RefCell::default() }
    }

    /// The calls of a function by code that is held to account.
    pub(super) fn callers(&self, function: FunctionRef) -> impl Iterator<Item = OpRef> + '_ {
        callers(self.facts, function)
    }

    /// Whether only tests call a function: it is in one, or all calls of it are.
    pub(super) fn is_only_for_tests(&self, function: FunctionRef) -> bool {
        self.is_only_for_tests_within(function, 3)
    }

    fn is_only_for_tests_within(&self, function: FunctionRef, depth: u32) -> bool {
        if is_test(self.facts, function) {
            return true;
        }
        let callers = all_callers(self.facts, function);
        if callers.is_empty() {
            let name = self.facts.program.function(function).name.as_deref().unwrap_or_default();
            return names_tests(name);
        }
        depth > 0 && callers.iter().all(|at| self.is_only_for_tests_within(at.function, depth - 1))
    }

    /// Whether a place with this root may be a container: most are what a library gave, a function, a text.
    pub(super) fn may_lead_from(&self, function: FunctionRef, root: &Root) -> bool {
        self.leads.root_leads(function, root)
    }

    /// Whether a field of a value may be a container. The props of a component are literals with a dozen fields in each
    /// of hundreds of places, of which nearly all are texts and functions: what is written tells those without asking.
    fn part_may_lead(&self, value: &Value, field: &Field) -> bool {
        let at = match value {
            Value::Object { at, .. } => at,
            Value::View { .. } => return true,
            other => return self.leads.value_leads(other),
        };
        let OpKind::Assign { target, value: Rvalue::Object(properties) } = &self.facts.program.op(*at).kind else {
            return true;
        };
        // What holds the literal may be given more fields.
        let index = self.facts.program.index(at.function.file);
        let is_all = matches!(target.root, Root::Temp(temp) if index.of_temp(at.function.function, temp).len() == 1);
        !is_all
            || properties.iter().any(|property| match property {
                Property::Field { name, value } if name == field || *name == Field::Computed => match value {
                    Operand::Place(place) => self.may_lead_from(at.function, &place.root),
                    Operand::Class(_) | Operand::Module(_) => true,
                    _ => false,
                },
                Property::Field { .. } => *field == Field::Computed,
                Property::Spread(_) => true,
            })
    }

    /// The containers among some values.
    pub(super) fn of(&self, values: &Values) -> Vec<Alias> {
        let mut found = Vec::new();
        self.collect(values, MAX_DEPTH, &mut found);
        found
    }

    /// The containers among some values, parameters aside.
    pub(super) fn own(&self, values: &Values) -> Vec<Alias> {
        let mut found = Vec::new();
        self.collect(values, 0, &mut found);
        found
    }

    /// The containers among some values and in the object literals they are.
    pub(super) fn within(&self, values: &Values) -> Vec<Alias> {
        let mut found = self.of(values);
        for value in values {
            if let Value::Object { at, context } = value
                && !self.leads.is_site(*at)
                && self.leads.literal_leads(*at, *context)
            {
                let parts = self.facts.evaluator.seen_parts(*at, *context);
                self.collect(parts, MAX_DEPTH, &mut found);
            }
        }
        found
    }

    fn collect(&self, values: &Values, depth: u32, found: &mut Vec<Alias>) {
        let mut add = |alias: Alias| {
            if !found.contains(&alias) {
                found.push(alias);
            }
        };
        for value in values {
            match value {
                Value::Product { at, .. } | Value::Object { at, .. } if self.leads.is_site(*at) => {
                    add(Alias { site: *at, via: None, by: None });
                }
                Value::Resource(id) if self.leads.is_site(self.facts.evaluator.acquisition(*id).at) => {
                    add(Alias { site: self.facts.evaluator.acquisition(*id).at, via: None, by: None });
                }
                Value::Parameter { function, index, path } if depth > 0 && self.leads.is_given(*function, *index) => {
                    self.passed(*function, *index, path, depth).iter().copied().for_each(&mut add);
                }
                _ => {}
            }
        }
    }

    /// The containers that callers pass as (part of) a parameter.
    fn passed(&self, function: FunctionRef, index: u32, path: &Path, depth: u32) -> Rc<Vec<Alias>> {
        let question = (function, index, path.clone());
        if let Some(known) = self.memo.borrow().get(&question) {
            return Rc::clone(known);
        }
        // A recursive function passes what it was passed.
        self.memo.borrow_mut().insert(question.clone(), Rc::default());
        let fields: Vec<Field> = path.iter().cloned().map(Field::Named).collect();
        let mut found = Vec::new();
        for call in self.callers(function) {
            let mut argument = self.facts.evaluator.argument(call, index);
            if let Some(field) = fields.first() {
                argument.retain(|value| self.part_may_lead(value, field));
            }
            let part = self.facts.evaluator.fields(argument, &fields);
            let mut aliases = Vec::new();
            self.collect(&part, depth - 1, &mut aliases);
            for alias in aliases {
                let alias = Alias { site: alias.site, via: alias.via.or(Some(call)), by: Some(call) };
                if !found.contains(&alias) {
                    found.push(alias);
                }
            }
        }
        let found = Rc::new(found);
        self.memo.borrow_mut().insert(question, Rc::clone(&found));
        found
    }
}

/// The calls of a function by code that is held to account.
pub(super) fn callers(facts: &Facts<'_>, function: FunctionRef) -> impl Iterator<Item = OpRef> {
    all_callers(facts, function).iter().copied().filter(|at| !is_test(facts, at.function))
}

/// The calls of a function. What sets the fields of an instance up is given nothing.
fn all_callers<'f>(facts: &'f Facts<'_>, function: FunctionRef) -> &'f [OpRef] {
    match facts.program.function(function).kind {
        FunctionKind::InstanceInitialiser { .. } => &[],
        _ => facts.calls.callers(facts.program, function),
    }
}

fn is_test(facts: &Facts<'_>, function: FunctionRef) -> bool {
    matches!(facts.program.role(function.file), FileRole::Test | FileRole::Benchmark)
}

/// `resetForTests`, `__testOnlyClear`.
fn names_tests(name: &str) -> bool {
    let words = ["ForTest", "forTest", "ForTesting", "TestOnly", "testOnly", "InTest", "_test"];
    words.iter().any(|word| name.contains(word))
}
