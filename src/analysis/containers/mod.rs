//! Growth: containers that outlive the call, what puts entries in, and what takes them out.
//!
//! Takes the facts; gives each [`Container`] with its uses all over the program, through exports, fields, closures and
//! parameters. Never judges: whether a container grows without a bound is the rule's question.

mod aliases;
mod asked;
mod bounds;
mod brackets;
mod clock;
mod few;
mod filling;
mod instances;
mod key_types;
mod keys;
mod leads;
mod leaving;
mod libraries;
mod many;
mod named;
mod origins;
mod removals;
mod rust_sites;
mod sites;
mod uses;
mod words;

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::linking::{ClassRef, OpRef};

pub use instances::are_entries;
pub use keys::Key;

/// A container and its uses.
#[derive(Debug, Clone)]
pub struct Container {
    /// The operation that puts it where it lives: its declaration, for the finding.
    pub at: OpRef,
    pub name: String,
    pub shape: Shape,
    pub lifetime: Lifetime,
    pub writes: Vec<Write>,
    /// Operations that take entries out, empty it or replace it.
    pub shrinks: Vec<Shrink>,
    /// Whether something compares its size.
    pub is_bounded: bool,
    /// Whether code that is not analysed has it.
    pub escapes: bool,
    /// A read that tests an entry's age.
    pub expiry: Option<OpRef>,
    /// Of one that a library makes: the methods that fill it.
    pub filled_by: Vec<String>,
    /// The same: the members that take nothing out.
    pub asked_by: Vec<String>,
}

impl Container {
    /// One that nothing is done with yet.
    pub(super) fn new(at: OpRef, name: String, shape: Shape, lifetime: Lifetime) -> Self {
        let (writes, shrinks) = (Vec::new(), Vec::new());
        let (is_bounded, escapes, expiry) = (false, false, None);
        let (filled_by, asked_by) = (Vec::new(), Vec::new());
        Self { at, name, shape, lifetime, writes, shrinks, is_bounded, escapes, expiry, filled_by, asked_by }
    }

    /// Whether nothing that is seen limits, empties or takes it.
    /// That who comes back may take an entry out says nothing of those who do not, where it is written down how old each
    /// one is, and an old one goes only when it is read.
    #[must_use]
    pub fn only_grows(&self) -> bool {
        let goes_when_read = self.shrinks.iter().any(|shrink| shrink.on_expired_read);
        let comes_from_others = || self.writes.iter().any(|write| write.rate >= Rate::PerMessage);
        !self.is_bounded
            && !self.escapes
            && self.shrinks.iter().all(|shrink| {
                shrink.on_expired_read
                    || shrink.is_too_late
                    || shrink.is_asked_for && goes_when_read
                    || shrink.is_at_the_end && comes_from_others()
            })
    }
}

/// What kind of collection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `new Map()`, `new Set()`.
    Keyed,
    /// `[]`.
    List,
    /// `{}`.
    Table,
    /// `new WeakMap()`: holds nothing, unless it is written like an object.
    Weak,
}

/// Why a container outlives the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    Module,
    /// A field of a class whose instances live as long as the process.
    Singleton(ClassRef),
    /// Captured by the closures of a function that runs once.
    Closure,
    /// Made before a loop that may go on as long as the process.
    Loop,
}

/// An entry put in.
#[derive(Debug, Clone)]
pub struct Write {
    pub at: OpRef,
    /// The call that passes the container to the function that writes, where it comes as an argument.
    pub via: Option<OpRef>,
    /// The call of that function, where it was passed through others on the way.
    pub by: Option<OpRef>,
    pub rate: Rate,
    /// Asked only for what [`only_grows`](Container::only_grows).
    pub key: Key,
    /// Whether the same function looks the key up first: a memo.
    pub is_memo: bool,
    /// Whether the key is an identity, of which the container's name says what it is of: `seen_messages.insert(id)`.
    pub is_of_things: bool,
}

/// A removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shrink {
    pub at: OpRef,
    /// The call that passes the container to the function that removes, where it comes as an argument.
    pub via: Option<OpRef>,
    /// Whether it only removes the entry that was just read and found too old.
    pub on_expired_read: bool,
    /// Whether it only happens when somebody comes back with the entry's key.
    pub is_asked_for: bool,
    /// Whether it only happens when the process is told to end.
    pub is_at_the_end: bool,
    /// Whether it only happens once the loop that fills the container is over, which goes on as long as the process.
    pub is_too_late: bool,
}

/// The containers of a program that outlive calls.
#[must_use]
pub fn containers(facts: &Facts<'_>) -> Vec<Container> {
    let sites = sites::sites(facts);
    if sites.is_empty() {
        return Vec::new();
    }
    uses::collect(facts, sites)
}
