//! Reach: which exports of one module lead to something that can leak.
//!
//! Decided by names alone: a function matters if it mentions something that makes a resource or a container, or
//! something else that matters; a variable matters if such a thing is assigned to it. Nothing is evaluated.

mod calls;
mod imports;
mod marks;
mod mentions;
mod state;
mod walk;

use globset::GlobSet;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::catalogue::{Catalogue, PackageSet, SymbolFacts};
use crate::ir::{Binding, ClassId, ExportSource, Function, FunctionId, ImportName, Module, Name};
use crate::linking::Target;
use crate::source::{FileId, Language};

pub(super) use state::State;

/// What something that matters is to who has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// A collection that is local so far.
    Container,
    /// What a method of something made gave: rows, most of all. Its methods are nothing of the program's.
    Given,
    /// What a library made: its methods are the library's, and the catalogue knows those that matter.
    Library,
    /// The result of something of the program's that makes: who only reads it need not be known.
    Held,
    /// A function, a class, an object of functions: whoever mentions it may make something.
    Maker,
}

/// What a module's exports lead to.
#[derive(Debug, Default)]
pub(super) struct Reach {
    pub(super) exports: Vec<(Name, Level)>,
    /// Whether `module.exports` leads to something.
    pub(super) common_js: bool,
    /// Members of classes and objects that lead to something, of which nothing was told before.
    pub(super) members: Vec<Name>,
    /// By function: whether it has something to do with what can leak.
    pub(super) functions: Vec<bool>,
    /// The imports whose classes have members here that matter.
    pub(super) continued: Vec<u32>,
    pub(super) makes_queue: bool,
}

/// What is known outside the module.
pub(super) struct Surroundings<'s> {
    pub(super) catalogue: &'s Catalogue,
    /// The packages that have something which matters.
    pub(super) makers: &'s PackageSet,
    /// Where the module's requests lead.
    pub(super) targets: &'s [Target],
    /// What an export of another file leads to.
    pub(super) imported: &'s dyn Fn(FileId, &ImportName) -> Option<Level>,
    /// Names by which a function is one that rendering calls.
    pub(super) rendered: &'s GlobSet,
    /// Members anywhere that lead to something, in the order in which they became known.
    pub(super) members: &'s IndexSet<Name, FxBuildHasher>,
    /// How many of these, the first ones, are methods by which libraries lease or release.
    pub(super) of_libraries: usize,
    /// Whether the program makes queues: then whoever puts something into one, or takes it out, matters.
    pub(super) has_queues: bool,
}

/// Follows what matters through a module, from where an earlier walk left off.
pub(super) fn reach(module: &Module, surroundings: &Surroundings<'_>, state: Option<State>) -> (Reach, State) {
    let is_new = state.is_none();
    let mut walk =
        Walk { module, surroundings, state: state.unwrap_or_else(|| State::new(module, surroundings.catalogue)) };
    if is_new {
        walk.note_calls();
        walk.note_aliases();
        walk.note_what_is_kept();
    }
    walk.hear_of_outside(is_new);
    loop {
        // First of all: a class may be all that mentions what it extends.
        walk.declarations();
        walk.hear_of_names();
        if !walk.is_stale() {
            break;
        }
        for (id, function) in module.functions() {
            if std::mem::take(&mut walk.state.stale[id.index()]) {
                walk.function(id, function);
            }
        }
    }
    debug_assert!(walk.stands_still(), "invariant: whoever mentions what became known was walked again");
    walk.finish()
}

/// A walk through a module.
struct Walk<'m, 's> {
    module: &'m Module,
    surroundings: &'m Surroundings<'s>,
    state: State,
}

impl Walk<'_, '_> {
    /// Whether walking everything once more finds nothing out.
    fn stands_still(&mut self) -> bool {
        let known = |state: &State| {
            (state.functions.clone(), state.classes.clone(), state.variables.clone(), state.temps.clone())
        };
        let before = known(&self.state);
        for (id, function) in self.module.functions() {
            self.function(id, function);
        }
        self.declarations();
        before == known(&self.state)
    }

    fn finish(mut self) -> (Reach, State) {
        let members = self.members.iter().skip(self.members_told).cloned().collect();
        self.state.members_told = self.members.len();
        let exports = self.module.exports.iter().filter_map(|export| match export.source {
            ExportSource::Variable(variable) => {
                // What a library makes may be passed on: `pub use reqwest`.
                let alias = self.stands_for_makers(variable).then_some(Level::Maker);
                Some((export.name.clone(), self.variables[variable.0 as usize].max(alias)?))
            }
            _ => None,
        });
        let functions = self.module.functions().map(|(id, function)| {
            id == FunctionId::INITIALISER
                || self.functions[id.index()]
                || self.rendered[id.index()]
                || self.class_around(function).is_some_and(|class| self.classes[class.0 as usize])
                || self.is_within_marked(function)
        });
        let (functions, exports) = (functions.collect(), exports.collect());
        let marked = self.module.classes().filter(|(id, _)| self.classes[id.0 as usize]);
        let continued = marked.filter_map(|(_, class)| match self.module.variable(class.continues?).binding {
            Binding::Import(import) => Some(import),
            _ => None,
        });
        let continued = continued.collect();
        let reach = Reach {
            functions,
            exports,
            continued,
            makes_queue: self.makes_queue,
            common_js: self.module.common_js_exports.is_some_and(|id| self.variables[id.0 as usize].is_some()),
            members,
        };
        (reach, self.state)
    }

    /// Whether it is a closure of a function that matters: in Rust a program is put together in such closures, routes and
    /// all.
    fn is_within_marked(&self, function: &Function) -> bool {
        self.module.language == Language::Rust
            && function.name.is_none()
            && function.parent.is_some_and(|parent| {
                self.functions[parent.index()] || self.is_within_marked(self.module.function(parent))
            })
    }

    /// The class in whose code a function stands.
    fn class_around(&self, function: &Function) -> Option<ClassId> {
        let mut at = function;
        loop {
            if let Some(class) = at.class() {
                return Some(class);
            }
            at = self.module.function(at.parent?);
        }
    }
}

/// Whether calling or constructing makes, wraps or releases something.
pub(super) fn matters(catalogue: &Catalogue, facts: &SymbolFacts<'_>) -> bool {
    let holds = |resource| catalogue.resource(resource).gives_or_holds();
    [facts.new, facts.call].into_iter().flatten().any(holds)
        || facts.builds
        || facts.wrapper_new.is_some()
        || facts.wrapper_call.is_some()
        || facts.releases.is_some()
        || facts.function.is_some_and(|fact| {
            !fact.releases.is_empty()
                || fact.forgets.is_some()
                || fact.reclaims
                || fact.delays.is_some()
                || fact.defers.is_some()
        })
}

impl std::ops::Deref for Walk<'_, '_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}
