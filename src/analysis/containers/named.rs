//! Uses in a language whose collections have known methods only: what another method does is not known, and a removal
//! counts wherever something of the container's name loses an entry.

use rustc_hash::FxHashSet;

use crate::discovery::FileRole;
use crate::ir::{Call, Collections, Field, FunctionKind, Name, OpKind, Operand, Place, Root, Rvalue, Temp};
use crate::linking::{FunctionRef, OpRef};

use super::rust_sites::appends;
use super::uses::Uses;
use super::{Lifetime, Shape, Shrink};

/// Through so many names and calls what an entry holds is followed.
const MAX_STEPS: u32 = 4;

impl Uses<'_, '_, '_> {
    /// A method call.
    pub(super) fn named_call(
        &mut self,
        at: OpRef,
        call: &Call,
        (receiver, name): (&Place, &str),
        collections: &Collections,
    ) {
        let known = self.facts.evaluator.any_method(at.function.file, name);
        for alias in self.aliases_of(at.function, receiver) {
            if known.empties_something || collections.empties(name) {
                self.shrink(alias, at);
            } else if name == "entry" && !self.is_filled_in(at.function, call.result) {
                self.found.sites[&alias.site].escapes = true;
            } else if known.fills_something
                || collections.fills(name)
                || appends(call) && self.found.sites[&alias.site].shape == Shape::List
            {
                self.add_write(alias, at);
            } else if !collections.reading.contains(&name) {
                self.found.sites[&alias.site].escapes = true;
            }
        }
    }

    /// Whether all that is done with an entry is to fill it: `entry(key).or_default()`.
    fn is_filled_in(&self, function: FunctionRef, entry: Temp) -> bool {
        let mut entries = vec![entry];
        let mut is_filled = false;
        for (_, _, op) in self.facts.program.function(function).ops() {
            let is_of = |place: &Place| matches!(place.root, Root::Temp(temp) if entries.contains(&temp));
            if !op.places().into_iter().any(is_of) {
                continue;
            }
            let Some(call) = op.call() else { return false };
            let is_receiver = call.receiver().is_some_and(|(receiver, _)| is_of(&receiver) && receiver.path.is_empty());
            match call.method_name() {
                Some("and_modify") if is_receiver => entries.push(call.result),
                Some("insert_entry") if is_receiver => is_filled = true,
                Some(name) if is_receiver && name.starts_with("or_") => is_filled = true,
                _ => return false,
            }
        }
        is_filled
    }

    /// Whether an operand may be a container.
    pub(super) fn is_itself(&mut self, function: FunctionRef, operand: &Operand, site: OpRef) -> bool {
        let Operand::Place(place) = operand else { return false };
        self.aliases_of(function, place).iter().any(|alias| alias.site == site)
    }

    /// Code that is not followed may take entries out of what it got from elsewhere: the drop of another type, a task
    /// that collects. It is believed to where it does so to something of a container's name.
    pub(super) fn removed_by_name(&mut self) {
        let program = self.facts.program;
        let is_named = |site: &OpRef| self.facts.evaluator.drops_implicitly(site.function);
        if !self.found.sites.keys().any(is_named) {
            return;
        }
        let mut removed: Vec<(Name, OpRef)> = Vec::new();
        for function in program.functions() {
            if !self.facts.evaluator.drops_implicitly(function)
                || program.role(function.file) == FileRole::Test
                || self.aliases.is_only_for_tests(function)
            {
                continue;
            }
            let collections = self.collections(function);
            for (block, index, op) in program.function(function).ops() {
                let at = function.op(block, index);
                let Some(call) = op.call() else { continue };
                let name = call.method_name().unwrap_or_default();
                let mut names = Vec::new();
                match call.receiver() {
                    Some((receiver, _)) if self.takes_out(function, name) && !self.is_known(function, &receiver) => {
                        self.names(function, &receiver, 4, &mut names);
                    }
                    _ => {}
                }
                if collections.takes(name) || !program.is_relevant(function) && name != "clone" {
                    for argument in call.arguments.iter().filter_map(|argument| argument.value.place()) {
                        self.names(function, argument, 4, &mut names);
                    }
                }
                removed.extend(names.into_iter().map(|name| (name, at)));
            }
        }
        let known: FxHashSet<&Name> = removed.iter().map(|(name, _)| name).collect();
        for (site, container) in &mut self.found.sites {
            if !self.facts.evaluator.drops_implicitly(site.function) {
                continue;
            }
            let name = Name::new(container.name.rsplit('.').next().unwrap_or_default());
            // Nobody else has a variable, and no other crate a field of its tasks.
            let is_its = |at: &OpRef| {
                container.lifetime != Lifetime::Loop
                    || matches!(program.function(container.at.function).kind, FunctionKind::Constructor { .. })
                        && self.facts.is_same_crate(at.function.file, container.at.function.file)
                    || self.facts.evaluator.is_within(at.function, container.at.function)
            };
            if known.contains(&name)
                && let Some((_, at)) = removed.iter().find(|(removed, at)| *removed == name && is_its(at))
            {
                container.shrinks.push(Shrink {
                    at: *at,
                    via: None,
                    on_expired_read: false,
                    is_asked_for: false,
                    is_at_the_end: false,
                    is_too_late: false,
                });
            }
        }
    }

    fn takes_out(&self, function: FunctionRef, name: &str) -> bool {
        self.collections(function).empties(name)
            || self.facts.evaluator.any_method(function.file, name).empties_something
    }

    /// Whether a place is known to be one of the containers, or what an entry of one holds: what is done to it is done to
    /// that.
    fn is_known(&self, function: FunctionRef, place: &Place) -> bool {
        !self.aliases.of(&self.facts.evaluator.place(function, place)).is_empty()
            || self.is_of_entry(function, place, MAX_STEPS)
    }

    /// `let list = self.lists.entry(key).or_default()`, `self.lists.get_mut(key)?`.
    fn is_of_entry(&self, function: FunctionRef, place: &Place, steps: u32) -> bool {
        if steps == 0 || !place.path.is_empty() {
            return false;
        }
        let definitions = self.facts.program.index(function.file).of_root(function.function, &place.root);
        let [definition] = definitions else { return false };
        let function = function.sibling(definition.function);
        match &self.facts.program.op(function.definition(definition)).kind {
            OpKind::Assign { target, value: Rvalue::Use(Operand::Place(of)) | Rvalue::Await(Operand::Place(of)) }
                if target.path.is_empty() =>
            {
                self.is_of_entry(function, of, steps - 1)
            }
            OpKind::Call(call) => {
                let Some((receiver, method)) = call.receiver() else { return false };
                let gives_entry = matches!(method.name(), Some("entry" | "get_mut"));
                gives_entry && !self.aliases.of(&self.facts.evaluator.place(function, &receiver)).is_empty()
                    || method.name().is_some_and(|name| name.starts_with("or_"))
                        && self.is_of_entry(function, &receiver, steps - 1)
            }
            _ => false,
        }
    }

    /// What a place and the places it was taken from are called.
    fn names(&self, function: FunctionRef, place: &Place, depth: u32, names: &mut Vec<Name>) {
        if let Some(last) = place.path.iter().rev().find_map(Field::name) {
            names.push(Name::new(last));
            return;
        }
        let index = self.facts.program.index(function.file);
        let definitions = match &place.root {
            Root::Variable(id) => {
                names.push(self.facts.program.variable(function.variable(*id)).name.clone());
                index.of_variable(*id)
            }
            Root::Temp(temp) => index.of_temp(function.function, *temp),
            _ => return,
        };
        if depth == 0 {
            return;
        }
        for definition in definitions {
            let function = function.sibling(definition.function);
            let at = function.definition(definition);
            match &self.facts.program.op(at).kind {
                OpKind::Assign { value: Rvalue::Use(of) | Rvalue::Await(of), .. } => {
                    if let Operand::Place(of) = of {
                        self.names(function, of, depth - 1, names);
                    }
                }
                // `self.map.lock_recover()`, `self.map()`.
                OpKind::Call(call) if call.arguments.is_empty() => {
                    if let Some((receiver, method)) = call.receiver() {
                        names.extend(method.name().map(Name::new));
                        self.names(function, &receiver, depth - 1, names);
                    }
                }
                _ => {}
            }
        }
    }
}
