//! Holders: the collections that ends of queues are put into, and the collection that a value comes out of.
//!
//! A server keeps a sender for each of its clients in a table, and goes through the table to tell them all. Values are
//! not followed into collections, so a collection is known by where it is made, or by the field that has it.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::facts::Facts;
use crate::analysis::value::{AcquiredKind, Value, Values};
use crate::ir::{Binding, Collections, Field, Name, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{ClassRef, FunctionRef, OpRef, VariableRef};
use crate::source::Language;

use super::ends::{End, Ends};

/// The maximal number of steps from a value back to its collection: a lock, an iterator and an element are a few.
const MAX_STEPS: u32 = 12;

/// Methods that put an entry in, besides those of tables.
const KEEPS: &[&str] = &["push", "push_back", "push_front", "or_insert", "store"];

/// A collection, or what stands for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Holder {
    Made(OpRef),
    Field(ClassRef, Name),
    Variable(VariableRef),
}

/// What was put into collections: by collection and, where the entry is a struct, the field of it.
pub(super) struct Holders<'h, 'p> {
    facts: &'h Facts<'p>,
    held: FxHashMap<(Holder, Option<Name>), Vec<End>>,
}

impl<'h, 'p> Holders<'h, 'p> {
    pub(super) fn new(facts: &'h Facts<'p>, ends: &Ends<'_, 'p>) -> Self {
        let mut holders = Self { facts, held: FxHashMap::default() };
        let collections = Collections::of(Language::Rust);
        for function in facts.program.functions().filter(|it| facts.evaluator.drops_implicitly(*it)) {
            for (_, _, op) in facts.program.function(function).ops() {
                let Some(call) = op.call() else { continue };
                let Some((receiver, Field::Named(method))) = call.receiver() else { continue };
                if !collections.fills(method) && !KEEPS.contains(&method.as_str()) {
                    continue;
                }
                for argument in &call.arguments {
                    let entries = holders.entries(ends, &facts.evaluator.operand(function, &argument.value));
                    if !entries.is_empty() {
                        holders.put(function, &receiver, &entries);
                    }
                }
            }
        }
        holders
    }

    fn put(&mut self, function: FunctionRef, receiver: &Place, entries: &[(Option<Name>, End)]) {
        for holder in self.of(function, receiver) {
            for (field, end) in entries {
                let held = self.held.entry((holder.clone(), field.clone())).or_default();
                if !held.contains(end) {
                    held.push(*end);
                }
            }
        }
    }

    /// The ends in some values: themselves, or fields of the structs they are.
    fn entries(&self, ends: &Ends<'_, 'p>, values: &Values) -> Vec<(Option<Name>, End)> {
        let mut found: Vec<(Option<Name>, End)> = ends.of(values).into_iter().map(|end| (None, end)).collect();
        for value in values {
            let Value::Resource(id) = value else { continue };
            let made = self.facts.evaluator.acquisition(*id);
            let AcquiredKind::Instance(class) = made.kind else { continue };
            for (name, _) in &self.facts.program.class(class).field_types {
                let field = self.facts.evaluator.class_field(class, name);
                found.extend(ends.of(field).into_iter().map(|end| (Some(name.clone()), end)));
            }
        }
        found
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The ends at a place of a function, if its value came out of a collection.
    pub(super) fn out_of(&self, function: FunctionRef, place: &Place) -> Vec<End> {
        let mut found = Vec::new();
        let mut of_entry = |place: &Place, field: Option<&Name>| {
            for holder in self.of(function, place) {
                found.extend(self.held.get(&(holder, field.cloned())).into_iter().flatten().copied());
            }
        };
        of_entry(place, None);
        if let Some((entry, Field::Named(name))) = place.split_last() {
            of_entry(&entry, Some(name));
        }
        found
    }

    fn of(&self, function: FunctionRef, place: &Place) -> Vec<Holder> {
        let mut walk = Walk { facts: self.facts, found: Vec::new(), seen: FxHashSet::default() };
        walk.place(function, place, MAX_STEPS);
        walk.found
    }
}

struct Walk<'w, 'p> {
    facts: &'w Facts<'p>,
    found: Vec<Holder>,
    seen: FxHashSet<(FunctionRef, Place)>,
}

impl Walk<'_, '_> {
    fn place(&mut self, function: FunctionRef, place: &Place, steps: u32) {
        if steps == 0 || !self.seen.insert((function, place.clone())) {
            return;
        }
        match place.split_last() {
            // `entry.1` belongs to the collection of `entry`.
            Some((base, Field::Named(name))) if name.parse::<u32>().is_ok() => self.place(function, &base, steps - 1),
            Some((base, Field::Named(name))) => self.field(function, &base, name),
            Some((base, Field::Computed)) => self.place(function, &base, steps - 1),
            None => self.before(function, place, steps),
        }
        for value in &self.facts.evaluator.place(function, place) {
            if let Value::Product { at, .. } = value {
                self.add(Holder::Made(*at));
            }
        }
    }

    fn field(&mut self, function: FunctionRef, base: &Place, name: &Name) {
        for value in &self.facts.evaluator.place(function, base) {
            let class = match value {
                Value::This { class, path } if path.is_empty() => Some(*class),
                Value::Resource(id) => match self.facts.evaluator.acquisition(*id).kind {
                    AcquiredKind::Instance(class) => Some(class),
                    AcquiredKind::Catalogued(_) => None,
                },
                _ => None,
            };
            if let Some(class) = class {
                self.add(Holder::Field(class, name.clone()));
            }
        }
    }

    /// Continues with what the root of a place was made from.
    fn before(&mut self, function: FunctionRef, place: &Place, steps: u32) {
        let program = self.facts.program;
        let index = program.index(function.file);
        let definitions = match place.root {
            Root::Temp(temp) => index.of_temp(function.function, temp),
            Root::Variable(id) => {
                let variable = program.variable(function.variable(id));
                self.add(Holder::Variable(function.variable(id)));
                if let Binding::Parameter(_) = variable.binding {
                    self.around(function.sibling(variable.owner), steps);
                }
                index.of_variable(id)
            }
            Root::This | Root::Global(_) => &[],
        };
        for definition in definitions {
            let definer = function.sibling(definition.function);
            let at = definer.op(definition.block, definition.index as usize);
            let from = match &program.op(at).kind {
                OpKind::Call(call) => call.receiver().map(|(receiver, _)| receiver),
                OpKind::Assign {
                    target,
                    value:
                        Rvalue::Use(Operand::Place(from))
                        | Rvalue::Await(Operand::Place(from))
                        | Rvalue::ElementOf(Operand::Place(from)),
                } if target.path.is_empty() => Some(from.clone()),
                _ => None,
            };
            if let Some(from) = from {
                self.place(definer, &from, steps - 1);
            }
        }
    }

    /// A closure is given elements of what it was given to a method of: `clients.retain(|_, sender| …)`.
    fn around(&mut self, closure: FunctionRef, steps: u32) {
        let program = self.facts.program;
        let Some(parent) = program.function(closure).parent.filter(|_| program.function(closure).name.is_none()) else {
            return;
        };
        let parent = closure.sibling(parent);
        for (_, _, op) in program.function(parent).ops() {
            let Some(call) = op.call() else { continue };
            let is_given = call.arguments.iter().any(|argument| argument.value == Operand::Function(closure.function));
            if let (true, Some((receiver, _))) = (is_given, call.receiver()) {
                self.place(parent, &receiver, steps - 1);
            }
        }
    }

    fn add(&mut self, holder: Holder) {
        if !self.found.contains(&holder) {
            self.found.push(holder);
        }
    }
}
