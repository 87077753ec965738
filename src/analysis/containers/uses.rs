//! Uses: every operation of the program that writes, reads, shrinks, measures or gives away one of the containers.

use std::borrow::Cow;
use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::call_graph::run_by;
use crate::analysis::evaluate::{CallTarget, Callee};
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::turns;
use crate::analysis::value::{External, Values};
use crate::catalogue::RUST_PRELUDE;
use crate::discovery::FileRole;
use crate::ir::{
    Binding, BlockId, Call, Collections, Comparison, Condition, Edges, Field, FunctionKind, Name, OpKind, Operand,
    Place, Root, Rvalue, Terminator,
};
use crate::linking::{FunctionRef, OpRef, VariableRef};
use crate::source::Language;

use super::aliases::{Alias, Aliases};
use super::clock::{self, LOOK_UPS};
use super::keys::Keys;
use super::libraries;
use super::many::{is_identity, names_things};
use super::sites::Sites;
use super::{Container, Key, Lifetime, Shape, Shrink, Write};

/// Members of a cache by which it is asked, and told what to say: none of them takes anything out.
const ASKING: &[&str] =
    &["mget", "keys", "size", "getStats", "on", "once", "ttl", "getTtl", "peek", "subscribe", "pipe", "asObservable"];

/// Finds the uses of `sites`.
pub(super) fn collect(facts: &Facts<'_>, sites: Sites) -> Vec<Container> {
    let aliases = Aliases::new(facts, sites.keys().copied().collect());
    let memoised = libraries::memoised(facts, &sites);
    let of_libraries = sites.values().flat_map(|it| &it.filled_by).cloned().collect();
    let mut uses = Uses {
        facts,
        aliases: &aliases,
        sites,
        memoised,
        of_libraries,
        reads: FxHashMap::default(),
        removals: Vec::new(),
        is_only_for_tests: false,
        is_touched: false,
        helpers: Vec::new(),
    };
    let mut seen: FxHashSet<FunctionRef> = facts.program.relevant_functions().collect();
    let mut followed: FxHashSet<FunctionRef> = FxHashSet::default();
    let mut functions: VecDeque<FunctionRef> = facts.program.relevant_functions().collect();
    while let Some(function) = functions.pop_front() {
        // What tests do neither fills a container for long nor bounds it.
        if facts.program.role(function.file) != FileRole::Test {
            uses.is_only_for_tests = aliases.is_only_for_tests(function);
            uses.function(function);
        }
        let mut helpers = std::mem::take(&mut uses.helpers);
        while let Some(helper) = helpers.pop() {
            // What a helper sets up to happen later, it does to what it was given as well.
            if followed.insert(helper) {
                let children = facts.program.index(helper.file).children(helper.function);
                helpers.extend(children.iter().map(|child| helper.sibling(*child)));
            }
            if seen.insert(helper) {
                functions.push_back(helper);
            }
        }
    }
    uses.finish()
}

pub(super) struct Uses<'s, 'f, 'p> {
    pub(super) facts: &'f Facts<'p>,
    pub(super) aliases: &'s Aliases<'f, 'p>,
    pub(super) sites: Sites,
    /// Memoised functions, by what they are called.
    memoised: FxHashMap<VariableRef, OpRef>,
    /// The methods that fill what libraries make.
    of_libraries: FxHashSet<String>,
    /// The keys that a function looks up in a container; `None` for one that the form does not keep.
    pub(super) reads: FxHashMap<(OpRef, FunctionRef), Vec<Option<Operand>>>,
    /// Deletes of one key: the container, where, and the key.
    pub(super) removals: Vec<(OpRef, OpRef, Option<Operand>)>,
    /// Whether only tests call the function that is looked at: what it takes out, it takes out of a test.
    is_only_for_tests: bool,
    /// Whether the function that is looked at names one of the containers.
    is_touched: bool,
    /// Functions that are given a container as an argument.
    helpers: Vec<FunctionRef>,
}

impl Uses<'_, '_, '_> {
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

    /// `fn is_full(&self) -> bool { self.seen.len() >= self.cap }`: a method that says whether a limit is reached is there to
    /// be asked.
    fn tells_limit(&mut self, function: FunctionRef) {
        let body = self.facts.program.function(function);
        if !self.facts.evaluator.drops_implicitly(function) || body.blocks.len() != 1 {
            return;
        }
        let Terminator::Return(Some(Operand::Place(returned))) = &body.block(BlockId::ENTRY).terminator else { return };
        for (_, _, op) in body.ops() {
            let OpKind::Assign { target, value: Rvalue::Compute(operands) } = &op.kind else { continue };
            let [left, right] = operands.as_slice() else { continue };
            if target != returned || matches!((left, right), (Operand::Number(_), _) | (_, Operand::Number(_))) {
                continue;
            }
            for operand in [left, right] {
                for site in clock::of_operand(self.facts, self.aliases, function, operand).sizes {
                    self.sites[&site].is_bounded = true;
                }
            }
        }
    }

    pub(super) fn aliases_of(&mut self, function: FunctionRef, place: &Place) -> Vec<Alias> {
        let found = self.values_of(function, place).map(|values| self.aliases.of(&values));
        self.found(found)
    }

    /// The same, as far as the function has them from nobody who calls it.
    fn own_aliases_of(&mut self, function: FunctionRef, place: &Place) -> Vec<Alias> {
        let found = self.values_of(function, place).map(|values| self.aliases.own(&values));
        self.found(found)
    }

    fn aliases_within(&mut self, function: FunctionRef, operand: &Operand) -> Vec<Alias> {
        let Operand::Place(place) = operand else { return Vec::new() };
        let found = self.values_of(function, place).map(|values| self.aliases.within(&values));
        self.found(found)
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

    fn found(&mut self, found: Option<Vec<Alias>>) -> Vec<Alias> {
        let found = found.unwrap_or_default();
        self.is_touched |= !found.is_empty();
        found
    }

    pub(super) fn shrink(&mut self, alias: Alias, at: OpRef) {
        if self.is_only_for_tests {
            return;
        }
        self.sites[&alias.site].shrinks.push(Shrink {
            at,
            via: alias.via,
            on_expired_read: false,
            is_asked_for: false,
            is_too_late: false,
        });
    }

    fn remove(&mut self, site: OpRef, at: OpRef, key: Option<Operand>) {
        if !self.is_only_for_tests {
            self.removals.push((site, at, key));
        }
    }

    fn call(&mut self, at: OpRef, call: &Call) {
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
                        self.reads.entry((alias.site, at.function)).or_default().push(key.clone());
                    } else if name == "delete" {
                        self.remove(alias.site, at, key.clone());
                    } else if collections.empties(name) {
                        self.shrink(alias, at);
                    } else if self.sites[&alias.site].filled_by.is_empty() {
                        self.write(alias, at, name);
                    }
                }
            }
        }
        self.given_away(at, call);
    }

    /// What belongs to something that a library made, other than what fills it or asks it, may empty it: `load.cache.clear()`,
    /// `cache.flushAll()`. A memoised function that goes somewhere else may be emptied there.
    fn members_of_libraries(&mut self, function: FunctionRef, place: &Place) {
        if self.of_libraries.is_empty() {
            return;
        }
        let Root::Variable(id) = place.root else { return };
        let known = libraries::variable_behind(self.facts, function, id).and_then(|it| self.memoised.get(&it).copied());
        if let Some(site) = known.filter(|_| !place.path.is_empty()) {
            self.sites[&site].escapes = true;
        }
        let Some((receiver, field)) = place.split_last() else { return };
        let name = field.name().unwrap_or_default();
        if self.of_libraries.contains(name) || ASKING.contains(&name) || LOOK_UPS.contains(&name) {
            return;
        }
        for alias in self.aliases_of(function, &receiver) {
            let container = &mut self.sites[&alias.site];
            container.escapes |= !container.filled_by.is_empty();
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
            self.sites[&site].escapes = true;
        }
    }

    /// A call of a method that fills what a library makes, on something that may be one.
    fn fill_library(&mut self, at: OpRef, call: &Call, receiver: &Place, name: &str) {
        for alias in self.aliases_of(at.function, receiver) {
            let container = &mut self.sites[&alias.site];
            if container.filled_by.iter().any(|it| it == name) {
                container.is_bounded |= libraries::has_own_end(container, call);
                self.add_write(alias, at);
            } else if !container.filled_by.is_empty() {
                container.escapes = true;
            }
        }
    }

    pub(super) fn collections(&self, function: FunctionRef) -> &'static Collections {
        Collections::of(self.facts.program.module(function.file).language)
    }

    fn write(&mut self, alias: Alias, at: OpRef, name: &str) {
        let container = &self.sites[&alias.site];
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
        self.sites[&alias.site].is_bounded |= self.counts(at.function);
        self.sites[&alias.site].writes.push(Write {
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

    fn assignment(&mut self, at: OpRef, target: &Place, value: &Rvalue) {
        if matches!(target.root, Root::Temp(_)) && target.path.is_empty() {
            return;
        }
        // `cache[key] = value`
        if let Some((holder, field)) = target.split_last() {
            for alias in self.aliases_of(at.function, &holder) {
                match field {
                    Field::Named(name) if name == "length" => self.shrink(alias, at),
                    Field::Named(_) => {}
                    Field::Computed if matches!(self.sites[&alias.site].shape, Shape::Table | Shape::Weak) => {
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
                let declared = self.sites[&alias.site].at;
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
                    let container = &mut self.sites[&alias.site];
                    container.escapes |= container.at != at;
                }
            }
        }
    }

    /// Arguments that a call hands to code which is not analysed.
    fn given_away(&mut self, at: OpRef, call: &Call) {
        let mut callee = None;
        for argument in &call.arguments {
            if argument.spread || argument.value.place().is_none() {
                continue;
            }
            let found = self.aliases_within(at.function, &argument.value);
            if found.is_empty() {
                continue;
            }
            let callee = callee.get_or_insert_with(|| self.facts.evaluator.callee(at));
            let collections = self.collections(at.function);
            if call.method_name().is_some_and(|name| collections.takes(name)) {
                for alias in found {
                    self.shrink(alias, at);
                }
                continue;
            }
            self.helpers.extend(callee.targets.iter().flat_map(|target| run_by(self.facts.program, target)));
            if !self.is_followed(callee) {
                for alias in found {
                    // Whoever is given a list of tasks waits for them: `join_all(handles)`. Only when matters.
                    if self.sites[&alias.site].lifetime == Lifetime::Loop {
                        self.shrink(alias, at);
                    } else {
                        self.sites[&alias.site].escapes = true;
                    }
                }
            }
        }
    }

    fn is_followed(&self, callee: &Callee) -> bool {
        let evaluator = &self.facts.evaluator;
        let is_of_language = |id| evaluator.external_name(id).package.is_none();
        !callee.is_unknown()
            && callee.targets.iter().all(|target| match target {
                CallTarget::Function { .. } | CallTarget::Construct(_) => !callee.open,
                CallTarget::External(id) => {
                    is_of_language(*id)
                        || is_drop(&evaluator.external_name(*id))
                        || evaluator.facts(*id).function.is_some_and(|fact| fact.borrows || fact.returns.is_some())
                }
                CallTarget::ProductMethod { of, name, .. } => {
                    is_of_language(*of) && !Collections::of(Language::TypeScript).fills(name)
                }
                CallTarget::ResourceMethod { .. } | CallTarget::Parameter => false,
            })
    }

    fn returned(&mut self, function: FunctionRef, operand: &Operand) {
        let is_rust = self.facts.evaluator.drops_implicitly(function);
        if operand.place().is_none()
            || matches!(self.facts.program.function(function).kind, FunctionKind::Getter { .. })
        {
            return;
        }
        let mut found = self.aliases_within(function, operand);
        // `|| Mutex::new(HashMap::new())`: what makes it hands it to who keeps it.
        let sites = &self.sites;
        found.retain(|alias| {
            !is_rust || alias.site.function != function || sites[&alias.site].lifetime == Lifetime::Loop
        });
        // Callers here are followed; a function nobody here calls hands it to somebody else.
        if !found.is_empty() && self.aliases.callers(function).next().is_none() {
            for alias in found {
                self.sites[&alias.site].escapes = true;
            }
        }
    }

    /// `table[key]` read by an operation, except as what the operation assigns or calls.
    fn computed_reads(&mut self, function: FunctionRef, place: &Place, kind: &OpKind) {
        if matches!(kind, OpKind::Assign { target, .. } if target == place) || matches!(kind, OpKind::Delete { .. }) {
            return;
        }
        self.computed_read(function, place);
    }

    fn computed_read(&mut self, function: FunctionRef, place: &Place) {
        let Some(position) = place.path.iter().position(|field| *field == Field::Computed) else { return };
        let holder = Place { root: place.root.clone(), path: place.path[..position].into() };
        for alias in self.aliases_of(function, &holder) {
            self.reads.entry((alias.site, function)).or_default().push(None);
        }
    }

    fn condition(&mut self, function: FunctionRef, block: BlockId, condition: &Condition) {
        let origin = clock::of_condition(self.facts, self.aliases, function, condition);
        let body = self.facts.program.function(function);
        if origin.clock {
            // `entry && entry.expiresAt > now`: the second test stands in a block without operations.
            let before = body.blocks().filter(|(_, content)| content.terminator.successors().contains(&block));
            let at = std::iter::once(block)
                .chain(before.map(|(before, _)| before))
                .find_map(|block| Some(function.op(block, body.block(block).ops.len().checked_sub(1)?)));
            for site in &origin.entries {
                let container = &mut self.sites[site];
                container.expiry = container.expiry.or(at);
            }
        }
        if !origin.sizes.is_empty() && self.is_limit(function, condition) {
            for site in origin.sizes {
                self.sites[&site].is_bounded = true;
            }
        }
    }

    /// Whether a condition on a size is a limit: not a test for emptiness, not the end of an iteration.
    fn is_limit(&self, function: FunctionRef, condition: &Condition) -> bool {
        match condition {
            Condition::Compare { comparison, left, right } => {
                let is_none = |operand: &Operand| matches!(operand, Operand::Number(number) if *number < 1.0);
                let is_one = |operand: &Operand| matches!(operand, Operand::Number(number) if *number <= 1.0);
                if is_none(left)
                    || is_none(right)
                    || (*comparison != Comparison::Greater && (is_one(left) || is_one(right)))
                {
                    return false;
                }
                !self.is_counter(function, left) && !self.is_counter(function, right)
            }
            Condition::Truthy(operand) => clock::of_operand(self.facts, self.aliases, function, operand).is_computed,
            _ => false,
        }
    }

    /// `i` of `for (let i = 0; …; i++)`.
    fn is_counter(&self, function: FunctionRef, operand: &Operand) -> bool {
        let Some(id) = operand.place().and_then(Place::as_variable) else { return false };
        let variable = self.facts.program.variable(function.variable(id));
        variable.owner == function.function && self.facts.program.index(function.file).of_variable(id).len() > 1
    }

    fn finish(mut self) -> Vec<Container> {
        self.removed_by_name();
        let removals = self.removals.clone();
        for (site, at, key) in &removals {
            if self.is_on_demand(*at)
                || self.misses(*site, *at, key.as_ref())
                || self.is_put_back(*site, *at, key.as_ref())
            {
                continue;
            }
            let on_expired_read = self.is_on_expired_read(*site, *at, key.as_ref());
            let is_asked_for = !on_expired_read && self.is_asked_for(*site, *at, key.as_ref());
            self.sites[site].shrinks.push(Shrink {
                at: *at,
                via: None,
                on_expired_read,
                is_asked_for,
                is_too_late: false,
            });
        }
        for (site, container) in &mut self.sites {
            for write in &mut container.writes {
                let Some(reads) = self.reads.get(&(*site, write.at.function)) else { continue };
                let key = match &self.facts.program.op(write.at).kind {
                    OpKind::Call(call) => call.arguments.first().map(|argument| &argument.value),
                    _ => None,
                };
                write.is_memo = reads.iter().any(|read| read.as_ref() == key);
            }
        }
        // What a set holds has no age.
        for container in self.sites.values_mut().filter(|container| !container.writes.is_empty()) {
            let adds = |write: &Write| {
                self.facts.program.op(write.at).call().is_some_and(|call| call.method_name() == Some("add"))
            };
            if container.writes.iter().all(adds) {
                container.expiry = None;
            }
        }
        for container in self.sites.values_mut().filter(|container| container.lifetime == Lifetime::Loop) {
            for shrink in &mut container.shrinks {
                shrink.is_too_late = is_too_late(self.facts, &container.writes, *shrink);
            }
        }
        // Where keys come from is asked last: it is far to go, and few containers are left by now.
        let keys = Keys { facts: self.facts, aliases: self.aliases };
        for container in self.sites.values_mut().filter(|container| container.only_grows()) {
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
        let mut containers: Vec<Container> = self.sites.into_values().collect();
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

/// `drop(guard)`: what was locked is not.
fn is_drop(external: &External) -> bool {
    external.package.as_deref() == Some(RUST_PRELUDE) && external.path.iter().map(Name::as_str).eq(["drop"])
}

/// Whether a place is a size or a part of one.
fn measures(place: &Place) -> bool {
    place.path.iter().any(|field| matches!(field.name(), Some("size" | "length")))
}
