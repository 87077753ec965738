//! Clocks: which conditions compare the age of an entry, and what their operands were computed from.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::ir::{Condition, FunctionId, Name, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};

use super::aliases::Aliases;

/// Operands are followed through this many definitions.
const MAX_DEPTH: u32 = 10;

/// Methods that look one entry up.
pub(super) const LOOK_UPS: &[&str] = &["get", "has", "includes", "indexOf", "find"];

/// What a value was computed from, within one function.
#[derive(Debug, Default)]
pub(super) struct Origin {
    /// The time of day.
    pub(super) clock: bool,
    /// Entries of these containers, looked up by key.
    pub(super) entries: Vec<OpRef>,
    /// The sizes of these containers.
    pub(super) sizes: Vec<OpRef>,
    /// Whether anything was computed on the way (a comparison kept in a variable, not a plain copy).
    pub(super) is_computed: bool,
}

pub(super) fn of_condition<'f, 'p>(
    facts: &'f Facts<'p>,
    aliases: &Aliases<'f, 'p>,
    function: FunctionRef,
    condition: &Condition,
) -> Origin {
    let mut slice = Slice { facts, aliases, function, seen: FxHashSet::default(), origin: Origin::default() };
    for operand in condition.operands() {
        slice.operand(operand, MAX_DEPTH);
    }
    slice.origin
}

pub(super) fn of_operand<'f, 'p>(
    facts: &'f Facts<'p>,
    aliases: &Aliases<'f, 'p>,
    function: FunctionRef,
    operand: &Operand,
) -> Origin {
    let mut slice = Slice { facts, aliases, function, seen: FxHashSet::default(), origin: Origin::default() };
    slice.operand(operand, MAX_DEPTH);
    slice.origin
}

struct Slice<'s, 'f, 'p> {
    facts: &'f Facts<'p>,
    aliases: &'s Aliases<'f, 'p>,
    function: FunctionRef,
    seen: FxHashSet<Place>,
    origin: Origin,
}

impl Slice<'_, '_, '_> {
    fn operand(&mut self, operand: &Operand, depth: u32) {
        let Operand::Place(place) = operand else { return };
        if depth == 0 {
            return;
        }
        self.part(place);
        let facts = self.facts;
        let index = facts.program.index(self.function.file);
        if !self.seen.insert(place.clone()) {
            return;
        }
        let definitions = match &place.root {
            Root::Temp(temp) => index.of_temp(self.function.function, *temp),
            Root::Variable(id)
                if self.facts.program.variable(self.function.variable(*id)).owner != FunctionId::INITIALISER =>
            {
                index.of_variable(*id)
            }
            _ => return,
        };
        let function = self.function;
        for definition in definitions.iter().filter(|definition| definition.function == function.function) {
            let at = function.definition(definition);
            match &facts.program.op(at).kind {
                // `self.options = cache[key]` says nothing of `self.started`.
                OpKind::Assign { target, .. }
                    if !place.path.starts_with(&target.path) && !target.path.starts_with(&place.path) => {}
                // When a new entry says when it was made, nobody has asked how old one is.
                OpKind::Assign { value: Rvalue::Object(_), .. } => {}
                OpKind::Assign { value, .. } => {
                    self.origin.is_computed |= matches!(value, Rvalue::Compute(_));
                    for operand in value.operands() {
                        self.operand(operand, depth - 1);
                    }
                }
                OpKind::Call(call) => self.call(at, call, depth - 1),
                _ => {}
            }
        }
    }

    /// Sizes and entries that a place reads by itself: `cache.size`, `cache[key].at`.
    fn part(&mut self, place: &Place) {
        for (index, field) in place.path.iter().enumerate() {
            let holder = Place { root: place.root.clone(), path: place.path[..index].into() };
            let is_size = matches!(field.name(), Some("size" | "length"));
            if !is_size && field.name().is_some() {
                continue;
            }
            let values = self.facts.evaluator.place(self.function, &holder);
            let mut found: Vec<OpRef> = self.aliases.of(&values).into_iter().map(|alias| alias.site).collect();
            if is_size {
                found.extend(self.listed(&values));
                self.origin.sizes.extend(found);
            } else {
                self.origin.entries.extend(found);
            }
        }
    }

    /// The container whose keys, values or entries a list is: `Object.keys(table).length`.
    fn listed(&self, values: &crate::analysis::value::Values) -> Vec<OpRef> {
        let mut found = Vec::new();
        for value in values {
            if let crate::analysis::value::Value::Product { of, at } = value
                && self.facts.evaluator.external_name(*of).package.is_none()
            {
                let argument = self.facts.evaluator.argument(*at, 0);
                found.extend(self.aliases.of(&argument).into_iter().map(|alias| alias.site));
            }
        }
        found
    }

    fn call(&mut self, at: OpRef, call: &crate::ir::Call, depth: u32) {
        let evaluator = &self.facts.evaluator;
        let mut asks = false;
        for target in &evaluator.callee(at).targets {
            match target {
                CallTarget::External(id) => {
                    let external = evaluator.external_name(*id);
                    let path: Vec<&str> = external.path.iter().map(Name::as_str).collect();
                    self.origin.clock |= external.package.is_none()
                        && matches!(path.as_slice(), ["Date", ..] | ["performance" | "Performance", "now"]);
                }
                CallTarget::Function { function, .. } => asks |= self.reads_clock(*function),
                _ => {}
            }
        }
        if let Some((receiver, field)) = call.receiver() {
            if field.name().is_some_and(|name| LOOK_UPS.contains(&name)) {
                let values = evaluator.place(self.function, &receiver);
                self.origin.entries.extend(self.aliases.of(&values).into_iter().map(|alias| alias.site));
            }
            if field.name() == Some("len") {
                let values = evaluator.place(self.function, &receiver);
                self.origin.sizes.extend(self.aliases.of(&values).into_iter().map(|alias| alias.site));
            }
            // How the key was made says nothing of the entry's age.
            if field.name().is_some_and(|name| LOOK_UPS.contains(&name)) {
                return;
            }
            self.operand(&Operand::Place(receiver), depth);
        }
        let known = self.origin.entries.len();
        for argument in &call.arguments {
            self.operand(&argument.value, depth);
        }
        // `now()`, `isExpired(entry)`: what else asks for the time while it loads something does not ask for an age.
        self.origin.clock |= asks && (call.arguments.is_empty() || self.origin.entries.len() > known);
    }

    /// Whether a function of the project asks for the time itself: `isExpired(entry)`, `now()`.
    fn reads_clock(&self, function: FunctionRef) -> bool {
        self.facts.program.function(function).mentioned_places().any(|place| match &place.root {
            Root::Global(name) => matches!(name.as_str(), "Date" | "performance"),
            _ => false,
        })
    }
}
