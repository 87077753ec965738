//! What fills a collection and what takes out of it: calls, assignments, and the caches of libraries.

use crate::analysis::frequency::Rate;
use crate::ir::{Binding, Call, Comparison, Condition, Field, FunctionKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::aliases::Alias;
use super::clock::LOOK_UPS;
use super::libraries;
use super::uses::Uses;
use super::{Key, Shape, Shrink, Write};

impl Uses<'_, '_, '_> {
    pub(super) fn shrink(&mut self, alias: Alias, at: OpRef) {
        if self.is_only_for_tests {
            return;
        }
        let is_at_the_end = self.is_at_the_end(at.function);
        self.found.sites[&alias.site].shrinks.push(Shrink {
            at,
            via: alias.via,
            on_expired_read: false,
            is_asked_for: false,
            is_at_the_end,
            is_too_late: false,
        });
    }

    pub(super) fn remove(&mut self, site: OpRef, at: OpRef, key: Option<Operand>) {
        if !self.is_only_for_tests {
            self.found.removals.push((site, at, key));
        }
    }

    pub(super) fn call(&mut self, at: OpRef, call: &Call) {
        if !self.memoised.is_empty() {
            self.call_of_memoised(at, call);
        }
        if let Some((receiver, field)) = call.receiver() {
            let name = field.name().unwrap_or_default();
            if self.of_libraries.contains(name) {
                self.fill_library(at, call, &receiver, name);
            }
            let key = call.arguments.first().map(|argument| argument.value.clone());
            let collections = self.collections(at.function);
            if !collections.reading.is_empty() {
                self.named_call(at, call, (&receiver, name), collections);
            } else if collections.fills(name) || collections.empties(name) || LOOK_UPS.contains(&name) {
                for alias in self.aliases_of(at.function, &receiver) {
                    if LOOK_UPS.contains(&name) {
                        self.found.reads.entry((alias.site, at.function)).or_default().push(key.clone());
                    } else if name == "delete" {
                        self.remove(alias.site, at, key.clone());
                    } else if collections.empties(name) {
                        self.shrink(alias, at);
                    } else if self.found.sites[&alias.site].filled_by.is_empty() {
                        self.write(alias, at, name);
                    }
                }
            }
        }
        self.given_away(at, call);
    }

    /// What belongs to something that a library made, other than what fills it or asks it, may empty it: `load.cache.clear()`,
    /// `cache.flushAll()`. A memoised function that goes somewhere else may be emptied there.
    pub(super) fn members_of_libraries(&mut self, function: FunctionRef, place: &Place) {
        if self.of_libraries.is_empty() {
            return;
        }
        let Root::Variable(id) = place.root else { return };
        let known = libraries::variable_behind(self.facts, function, id).and_then(|it| self.memoised.get(&it).copied());
        if let Some(site) = known.filter(|_| !place.path.is_empty()) {
            self.found.sites[&site].escapes = true;
        }
        let Some((receiver, field)) = place.split_last() else { return };
        let name = field.name().unwrap_or_default();
        if self.of_libraries.contains(name) || LOOK_UPS.contains(&name) {
            return;
        }
        for alias in self.aliases_of(function, &receiver) {
            let container = &mut self.found.sites[&alias.site];
            container.escapes |= !container.filled_by.is_empty() && !container.asked_by.iter().any(|it| it == name);
        }
    }

    /// A call of a memoised function by its name: it keeps what it is given, and what it gives.
    fn call_of_memoised(&mut self, at: OpRef, call: &Call) {
        let site = |operand: &Operand| {
            let id = operand.place().and_then(libraries::is_whole)?;
            let variable = libraries::variable_behind(self.facts, at.function, id)?;
            self.memoised.get(&variable).copied().filter(|site| *site != at)
        };
        let given: Vec<OpRef> = call.arguments.iter().filter_map(|argument| site(&argument.value)).collect();
        if let Some(site) = site(&call.callee).filter(|_| !call.arguments.is_empty()) {
            self.add_write(Alias { site, via: None, by: None }, at);
        }
        // Whoever is given the function may call it, or have it forget.
        for site in given {
            self.found.sites[&site].escapes = true;
        }
    }

    /// A call of a method that fills what a library makes, on something that may be one.
    fn fill_library(&mut self, at: OpRef, call: &Call, receiver: &Place, name: &str) {
        for alias in self.aliases_of(at.function, receiver) {
            let container = &mut self.found.sites[&alias.site];
            if container.filled_by.iter().any(|it| it == name) {
                container.is_bounded |= libraries::has_own_end(container, call);
                self.add_write(alias, at);
            } else if !container.filled_by.is_empty() {
                container.escapes = true;
            }
        }
    }

    fn write(&mut self, alias: Alias, at: OpRef, name: &str) {
        let container = &self.found.sites[&alias.site];
        let is_list = container.shape == Shape::List;
        if container.shape == Shape::Weak || is_list != matches!(name, "push" | "unshift") {
            return;
        }
        self.add_write(alias, at);
    }

    pub(super) fn add_write(&mut self, alias: Alias, at: OpRef) {
        let mut rate = self.facts.rate(at);
        // A helper that adds to what it is given adds to this one as often as it is given this one.
        if let Some(via) = alias.via
            && self.facts.called(via).contains(&at.function)
        {
            rate = rate.min(self.facts.rate(via));
        }
        self.found.sites[&alias.site].is_bounded |= self.counts(at.function);
        self.found.sites[&alias.site].writes.push(Write {
            at,
            via: alias.via,
            by: alias.by,
            rate,
            key: Key::Open,
            is_memo: false,
            is_of_things: false,
        });
    }

    /// Whether a function compares and advances a counter that outlives it: a limit kept beside the container.
    fn counts(&self, function: FunctionRef) -> bool {
        let body = self.facts.program.function(function);
        body.blocks().any(|(_, block)| match &block.terminator {
            Terminator::Branch { condition: Condition::Compare { comparison, left, right }, .. }
                if *comparison != Comparison::Equal =>
            {
                [left, right].into_iter().filter_map(Operand::place).filter_map(Place::as_variable).any(|id| {
                    let variable = self.facts.program.variable(function.variable(id));
                    let definitions = self.facts.program.index(function.file).of_variable(id);
                    variable.owner != function.function
                        && definitions.iter().any(|definition| definition.function == function.function)
                })
            }
            _ => false,
        })
    }

    pub(super) fn assignment(&mut self, at: OpRef, target: &Place, value: &Rvalue) {
        if matches!(target.root, Root::Temp(_)) && target.path.is_empty() {
            return;
        }
        // `cache[key] = value`
        if let Some((holder, field)) = target.split_last() {
            for alias in self.aliases_of(at.function, &holder) {
                match field {
                    Field::Named(name) if name == "length" => self.shrink(alias, at),
                    Field::Named(_) => {}
                    Field::Computed if matches!(self.found.sites[&alias.site].shape, Shape::Table | Shape::Weak) => {
                        self.add_write(alias, at);
                    }
                    Field::Computed => {}
                }
            }
        }
        // Replaced as a whole: the same variable or field gets something else.
        if target.path.last() != Some(&Field::Computed) && self.facts.frequencies.of_function(at.function) != Rate::Once
        {
            let is_rust = self.facts.evaluator.drops_implicitly(at.function);
            // `bucket = null`, where the container is a field of what the variable held.
            if !is_rust && matches!(value, Rvalue::Use(Operand::Nullish)) {
                for alias in self.aliases_within(at.function, &Operand::Place(target.clone())) {
                    if alias.via.is_none() {
                        self.shrink(alias, at);
                    }
                }
            }
            // What a parameter was given is only followed in Rust, where a reference replaces what it refers to. In most
            // files of components nearly every assignment takes a prop apart.
            let replaced =
                if is_rust { self.aliases_of(at.function, target) } else { self.own_aliases_of(at.function, target) };
            for alias in replaced {
                let declared = self.found.sites[&alias.site].at;
                // `let mut map = CACHE.lock()` names it, `*map = HashMap::new()` replaces it.
                if is_rust && value.operands().into_iter().any(|of| self.is_itself(at.function, of, alias.site)) {
                    continue;
                }
                let is_construction = matches!(
                    self.facts.program.function(at.function).kind,
                    FunctionKind::Constructor { .. } | FunctionKind::InstanceInitialiser { .. }
                );
                if declared != at && alias.site != at && !is_construction {
                    self.shrink(alias, at);
                }
            }
        }
        // Put into something that is not followed.
        let is_unknown_holder = !target.path.is_empty()
            && match target.root {
                Root::Temp(_) => true,
                Root::Variable(id) => {
                    let variable = self.facts.program.variable(at.function.variable(id));
                    matches!(variable.binding, Binding::Parameter(_))
                }
                _ => false,
            };
        if is_unknown_holder || target.path.contains(&Field::Computed) {
            for operand in value.operands() {
                for alias in self.aliases_within(at.function, operand) {
                    let container = &mut self.found.sites[&alias.site];
                    container.escapes |= container.at != at;
                }
            }
        }
    }
}
