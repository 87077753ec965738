//! Calls: what the catalogue says of each call of a module, asked once, since the module is walked several times.

use crate::catalogue::schema::{Collection, FunctionFact, QueueEnd, Waiting};
use crate::catalogue::{CALL, SymbolFacts};
use crate::ir::{Call, CallKind, Operand, Place, Root};
use crate::source::Language;

use super::super::collections::made_by_new;
use super::Walk;

/// What the catalogue says of a call, whatever else is found out.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallFacts {
    pub(super) made: Option<Made>,
    pub(super) collection: Option<Collection>,
    /// Whether it is of a function that a package gives.
    pub(super) is_library: bool,
    /// Whether it is of a global that makes, wraps or releases something.
    pub(super) is_global: bool,
    /// Whether the method may take on an obligation or do something that matters, going by its name.
    pub(super) acts: bool,
    /// Whether the method is one of an end of a queue.
    pub(super) is_end: bool,
}

/// What a call makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Made {
    Container,
    Resource,
    /// What makes something when it is called.
    Maker,
}

impl Walk<'_, '_> {
    /// Asks the catalogue about each call.
    pub(super) fn note_calls(&mut self) {
        let mut calls = Vec::new();
        let mut first_calls = Vec::with_capacity(self.module.functions.len());
        for (_, function) in self.module.functions() {
            first_calls.push(u32::try_from(calls.len()).expect("invariant: a module has fewer than 2^32 calls"));
            let of_function = function.ops().filter_map(|(_, _, op)| op.call());
            calls.extend(of_function.map(|call| self.call_facts(call)));
        }
        self.state.calls = calls;
        self.state.first_calls = first_calls;
    }

    fn call_facts(&self, call: &Call) -> CallFacts {
        let callee = call.callee.place();
        let variable = callee.and_then(Place::root_variable);
        let is_global = callee.is_some_and(|place| self.global(place));
        let is_made_by_new = |place: &Place| match &place.root {
            Root::Global(name) => call.kind == CallKind::New && made_by_new().contains(&name.as_str()),
            _ => false,
        };
        let mut made = is_global.then_some(Made::Resource);
        if callee.is_some_and(is_made_by_new) {
            made = Some(Made::Container);
        }
        let mut collection = None;
        if let (Some(place), Some(id)) = (callee, variable) {
            for facts in self.symbols(id, place) {
                if self.matters(&facts) {
                    made = made.max(Some(if self.is_called(&facts) { Made::Maker } else { Made::Resource }));
                }
                if facts.function.is_some_and(|fact| !fact.filled_by.is_empty()) {
                    made = made.max(Some(Made::Container));
                }
                collection = collection.or_else(|| facts.function?.makes);
                // `LazyLock::new(DashMap::new)`
                if facts.function.is_some_and(|fact| fact.memoises.is_some()) && self.is_given_maker(call) {
                    made = made.max(Some(Made::Maker));
                }
            }
        }
        let (acts, is_end) = match call.method_name().filter(|_| call.has_receiver()) {
            Some(name) => self.acts(name, call),
            None => (false, false),
        };
        let is_library = variable.is_some_and(|id| self.is_library(id));
        CallFacts { made, collection, is_library, is_global, acts, is_end }
    }

    /// Whether a call is given a library's function that makes a collection, by its path.
    fn is_given_maker(&self, call: &Call) -> bool {
        let given = call.arguments.iter().filter_map(|argument| argument.value.place());
        let mut named = given.filter_map(|place| Some((place.root_variable()?, place)));
        named.any(|(id, place)| {
            self.symbols(id, place).any(|facts| facts.function.is_some_and(|fact| fact.makes.is_some()))
        })
    }

    /// Whether what a library's member gives makes something when it is called: `const pgp = init(); const db = pgp(url)`.
    fn is_called(&self, facts: &SymbolFacts<'_>) -> bool {
        let leases = |resource| self.surroundings.catalogue.method(resource, CALL).lease.is_some();
        facts.call.is_some_and(leases)
    }

    /// Whether a method of something may take on an obligation or do something that matters, going by its name alone, and
    /// whether it is one of an end of a queue.
    fn acts(&self, name: &str, call: &Call) -> (bool, bool) {
        let facts = self.surroundings.catalogue.any_method(self.module.language.into(), name);
        // `query("BEGIN")`: what the statement is may stand elsewhere.
        let may_lease = || {
            facts.tells_callbacks
                || facts.leases_something && !matches!(call.argument(0), Some(Operand::Opaque | Operand::Function(_)))
        };
        let acts = !facts.registrations.is_empty()
            || facts.function.is_some_and(|fact| fact.forgets.is_some() || fact.reclaims)
            // In the other language what fills a collection is seen in the file that makes it.
            || self.module.language == Language::Rust && (facts.fills_something || facts.empties_something)
            // The front end keeps of the methods that lock those whose result nobody keeps.
            || facts.forgets_something
            || facts.guards_something && call.arguments.is_empty()
            || may_lease();
        (acts, facts.function.is_some_and(|fact| is_end(fact, call)))
    }
}

/// Whether a method puts something into a queue, or waits for what comes out of one.
fn is_end(fact: &FunctionFact, call: &Call) -> bool {
    match fact.end {
        Some(QueueEnd::Sender) => true,
        Some(QueueEnd::Receiver) => match fact.waiting {
            Some(Waiting::Input) => true,
            Some(_) => call.suspends,
            None => false,
        },
        None => false,
    }
}
