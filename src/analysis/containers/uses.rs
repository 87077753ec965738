//! Uses: every operation of the program that writes, reads, shrinks, measures or gives away one of the containers.

use std::borrow::Cow;
use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::facts::Facts;
use crate::analysis::turns;
use crate::analysis::value::Values;
use crate::discovery::FileRole;
use crate::ir::{Collections, Edges, OpKind, Operand, Place, Root, Terminator};
use crate::linking::{FunctionRef, OpRef, VariableRef};

use super::aliases::{Alias, Aliases};
use super::bounds::measures;
use super::keys::Keys;
use super::libraries;
use super::many::{is_identity, names_things};
use super::sites::Sites;
use super::{Container, Key, Lifetime, Shape, Shrink, Write};

/// Finds the uses of `sites`.
pub(super) fn collect(facts: &Facts<'_>, sites: Sites) -> Vec<Container> {
    let functions: Vec<FunctionRef> = facts.program.relevant_functions().collect();
    let (first, second) = functions.split_at(functions.len() / 2);
    let untouched = sites.clone();
    // What one half of the functions does to a container says nothing of what the other half does.
    let here = || {
        let aliases = Aliases::new(facts, sites.keys().copied().collect());
        let found = Uses::new(facts, &aliases, Found::nothing(sites)).functions(first).found;
        (aliases, found)
    };
    let ((aliases, mut found), others) = facts.beside(here, |facts| {
        let aliases = Aliases::new(facts, untouched.keys().copied().collect());
        Uses::new(facts, &aliases, Found::nothing(untouched)).functions(second).found
    });
    found.absorb(others);
    let mut uses = Uses::new(facts, &aliases, found);
    uses.helpers(functions.into_iter().collect());
    uses.finish()
}

/// What functions are found to do to the containers.
pub(super) struct Found {
    pub(super) sites: Sites,
    /// The keys that a function looks up in a container; `None` for one that the form does not keep.
    pub(super) reads: FxHashMap<(OpRef, FunctionRef), Vec<Option<Operand>>>,
    /// Deletes of one key: the container, where, and the key.
    pub(super) removals: Vec<(OpRef, OpRef, Option<Operand>)>,
    /// Functions that are given a container as an argument.
    pub(super) helpers: Vec<FunctionRef>,
}

impl Found {
    fn nothing(sites: Sites) -> Self {
        Self { sites, reads: FxHashMap::default(), removals: Vec::new(), helpers: Vec::new() }
    }

    /// Adds what other functions were found to do to the same containers.
    fn absorb(&mut self, others: Self) {
        for (container, other) in self.sites.values_mut().zip(others.sites.into_values()) {
            container.writes.extend(other.writes);
            container.shrinks.extend(other.shrinks);
            container.is_bounded |= other.is_bounded;
            container.escapes |= other.escapes;
            container.expiry = container.expiry.or(other.expiry);
        }
        self.reads.extend(others.reads);
        self.removals.extend(others.removals);
        self.helpers.extend(others.helpers);
    }
}

pub(super) struct Uses<'s, 'f, 'p> {
    pub(super) facts: &'f Facts<'p>,
    pub(super) aliases: &'s Aliases<'f, 'p>,
    pub(super) found: Found,
    /// Memoised functions, by what they are called.
    pub(super) memoised: FxHashMap<VariableRef, OpRef>,
    /// The methods that fill what libraries make.
    pub(super) of_libraries: FxHashSet<String>,
    /// Whether only tests call the function that is looked at: what it takes out, it takes out of a test.
    pub(super) is_only_for_tests: bool,
    /// Whether the function that is looked at names one of the containers.
    pub(super) is_touched: bool,
}

impl<'s, 'f, 'p> Uses<'s, 'f, 'p> {
    fn new(facts: &'f Facts<'p>, aliases: &'s Aliases<'f, 'p>, found: Found) -> Self {
        let memoised = libraries::memoised(facts, &found.sites);
        let of_libraries = found.sites.values().flat_map(|it| &it.filled_by).cloned().collect();
        Self { facts, aliases, found, memoised, of_libraries, is_only_for_tests: false, is_touched: false }
    }

    fn functions(mut self, functions: &[FunctionRef]) -> Self {
        for function in functions {
            self.function_of_product(*function);
        }
        self
    }

    /// The functions that are given a container and were not looked at of their own accord.
    fn helpers(&mut self, mut seen: FxHashSet<FunctionRef>) {
        let mut followed: FxHashSet<FunctionRef> = FxHashSet::default();
        while !self.found.helpers.is_empty() {
            let mut helpers = VecDeque::from(std::mem::take(&mut self.found.helpers));
            while let Some(helper) = helpers.pop_front() {
                // What a helper sets up to happen later, it does to what it was given as well.
                if followed.insert(helper) {
                    helpers.extend(self.facts.program.children(helper));
                }
                if seen.insert(helper) {
                    self.function_of_product(helper);
                }
            }
        }
    }

    fn function_of_product(&mut self, function: FunctionRef) {
        // What tests do neither fills a container for long nor bounds it.
        if self.facts.program.role(function.file) != FileRole::Test {
            self.is_only_for_tests = self.aliases.is_only_for_tests(function);
            self.function(function);
        }
    }

    fn function(&mut self, function: FunctionRef) {
        let body = self.facts.program.function(function);
        self.is_touched = false;
        for (block, index, op) in body.ops() {
            let at = function.op(block, index);
            match &op.kind {
                OpKind::Call(call) => self.call(at, call),
                OpKind::Assign { target, value } => self.assignment(at, target, value),
                OpKind::Delete { place } => {
                    for alias in self.aliases_of(function, place) {
                        self.shrink(alias, at);
                    }
                    if let Some((holder, _)) = place.split_last() {
                        for alias in self.aliases_of(function, &holder) {
                            self.remove(alias.site, at, None);
                        }
                    }
                }
                OpKind::Dispose { .. } | OpKind::Yield { .. } => {}
            }
            for place in op.places() {
                self.members_of_libraries(function, place);
                if place.path.is_empty() {
                    continue;
                }
                self.computed_reads(function, place, &op.kind);
                if !self.is_touched && measures(place) {
                    self.aliases_of(function, &Place::new(place.root.clone()));
                }
            }
        }
        self.tells_limit(function);
        for (block, content) in body.blocks() {
            match &content.terminator {
                Terminator::Branch { condition, .. } => {
                    condition.places().for_each(|place| self.computed_read(function, place));
                    // What a condition is about has been looked up, measured or listed in the function.
                    if self.is_touched || condition.places().any(measures) {
                        self.condition(function, block, condition);
                    }
                }
                Terminator::Return(Some(operand)) => self.returned(function, operand),
                _ => {}
            }
        }
    }

    pub(super) fn aliases_of(&mut self, function: FunctionRef, place: &Place) -> Vec<Alias> {
        let found = self.values_of(function, place).map(|values| self.aliases.of(&values));
        self.note_touch(found)
    }

    /// The same, as far as the function has them from nobody who calls it.
    pub(super) fn own_aliases_of(&mut self, function: FunctionRef, place: &Place) -> Vec<Alias> {
        let found = self.values_of(function, place).map(|values| self.aliases.own(&values));
        self.note_touch(found)
    }

    pub(super) fn aliases_within(&mut self, function: FunctionRef, operand: &Operand) -> Vec<Alias> {
        let Operand::Place(place) = operand else { return Vec::new() };
        let found = self.values_of(function, place).map(|values| self.aliases.within(&values));
        self.note_touch(found)
    }

    /// What a place holds; a part of something is not asked for where that leads to no container.
    fn values_of(&self, function: FunctionRef, place: &Place) -> Option<Cow<'_, Values>> {
        let evaluator = &self.facts.evaluator;
        match (&place.root, place.path.is_empty()) {
            (Root::Global(_), _) => None,
            (root, true) => Some(evaluator.root_values(function, root)),
            (root, false) if self.aliases.may_lead_from(function, root) => {
                Some(Cow::Owned(evaluator.place(function, place)))
            }
            _ => None,
        }
    }

    fn note_touch(&mut self, found: Option<Vec<Alias>>) -> Vec<Alias> {
        let found = found.unwrap_or_default();
        self.is_touched |= !found.is_empty();
        found
    }

    pub(super) fn collections(&self, function: FunctionRef) -> &'static Collections {
        Collections::of(self.facts.program.module(function.file).language)
    }

    fn finish(mut self) -> Vec<Container> {
        self.removed_by_name();
        let removals = self.found.removals.clone();
        for (site, at, key) in &removals {
            if self.is_on_demand(*at)
                || self.misses(*site, *at, key.as_ref())
                || self.is_put_back(*site, *at, key.as_ref())
            {
                continue;
            }
            let on_expired_read = self.is_on_expired_read(*site, *at, key.as_ref());
            let is_asked_for = !on_expired_read && self.is_asked_for(*site, *at, key.as_ref());
            let is_at_the_end = self.is_at_the_end(at.function);
            self.found.sites[site].shrinks.push(Shrink {
                at: *at,
                via: None,
                on_expired_read,
                is_asked_for,
                is_at_the_end,
                is_too_late: false,
            });
        }
        for (site, container) in &mut self.found.sites {
            for write in &mut container.writes {
                let Some(reads) = self.found.reads.get(&(*site, write.at.function)) else { continue };
                let key = match &self.facts.program.op(write.at).kind {
                    OpKind::Call(call) => call.arguments.first().map(|argument| &argument.value),
                    _ => None,
                };
                write.is_memo = reads.iter().any(|read| read.as_ref() == key);
            }
        }
        // What a set holds has no age.
        for container in self.found.sites.values_mut().filter(|container| !container.writes.is_empty()) {
            let adds = |write: &Write| {
                self.facts.program.op(write.at).call().is_some_and(|call| call.method_name() == Some("add"))
            };
            if container.writes.iter().all(adds) {
                container.expiry = None;
            }
        }
        for container in self.found.sites.values_mut().filter(|container| container.lifetime == Lifetime::Loop) {
            for shrink in &mut container.shrinks {
                shrink.is_too_late = is_too_late(self.facts, &container.writes, *shrink);
            }
        }
        let grown = self.found.sites.iter().filter(|(_, container)| container.only_grows());
        let written = |(site, container): (&OpRef, &Container)| -> Vec<(OpRef, OpRef)> {
            container.writes.iter().map(|write| (*site, write.at)).collect()
        };
        for (site, at) in grown.flat_map(written).collect::<Vec<_>>() {
            if self.is_first_entry(site, at) {
                self.found.sites[&site].writes.retain(|write| write.at != at);
            }
        }
        // Where keys come from is asked last: it is far to go, and few containers are left by now.
        let keys = Keys { facts: self.facts, aliases: self.aliases };
        for container in self.found.sites.values_mut().filter(|container| container.only_grows()) {
            let names_things = names_things(container.name.rsplit('.').next().unwrap_or_default());
            for write in &mut container.writes {
                write.is_of_things = names_things && is_keyed_by_identity(self.facts, write.at);
                write.key = match &self.facts.program.op(write.at).kind {
                    _ if container.shape == Shape::List => Key::Open,
                    OpKind::Call(call) => keys.of(write.at.function, call.argument(0)),
                    _ => keys.of(write.at.function, keys.in_brackets(write.at).as_ref()),
                };
            }
        }
        let mut seen = FxHashSet::default();
        let mut containers: Vec<Container> = self.found.sites.into_values().collect();
        containers.retain(|container| seen.insert((container.at, container.name.clone())));
        containers
    }
}

/// Whether what is put in is put under something that is called an identity, and nothing more: `id`.
fn is_keyed_by_identity(facts: &Facts<'_>, at: OpRef) -> bool {
    let key = facts.program.op(at).call().and_then(|call| call.argument(0)?.place().cloned());
    key.is_some_and(|key| match (key.path.as_ref(), &key.root) {
        ([], Root::Variable(id)) => is_identity(&facts.program.variable(at.function.variable(*id)).name),
        _ => false,
    })
}

/// Whether a removal follows a loop that fills the container and has no end of its own.
fn is_too_late(facts: &Facts<'_>, writes: &[Write], shrink: Shrink) -> bool {
    let removed = shrink.via.unwrap_or(shrink.at);
    let body = facts.program.function(removed.function);
    let mut filled = writes.iter().map(|write| write.via.unwrap_or(write.at)).peekable();
    filled.peek().is_some()
        && filled.all(|filled| {
            filled.function == removed.function
                && !body.reaches(removed.block, filled.block, filled.block, Edges::Normal)
        })
        && writes.iter().any(|write| turns::is_unending(facts, write.via.unwrap_or(write.at)))
}
