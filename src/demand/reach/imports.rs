//! Imports: what is known of the names that a module imports.

use crate::catalogue::{RUST_PRELUDE, SymbolFacts};
use crate::ir::{Binding, ExportSource, Field, Import, ImportName, Name, Place, Root, VariableId};
use crate::linking::Target;
use crate::source::Language;

use super::{Walk, matters};

impl Walk<'_, '_> {
    pub(super) fn note_aliases(&mut self) {
        let count = u32::try_from(self.module.variables.len()).expect("invariant: fewer than 2^32 variables");
        self.state.aliases = (0..count).map(|id| self.is_alias(VariableId(id))).collect();
    }

    pub(super) fn imports(&mut self) {
        for import in &self.module.imports {
            let level = match self.surroundings.targets.get(import.request.0 as usize) {
                Some(Target::Module(file)) => (self.surroundings.imported)(*file, &import.name),
                Some(Target::Member(file, names)) => {
                    (self.surroundings.imported)(*file, &ImportName::Named(names[0].clone()))
                }
                _ => None,
            };
            if let Some(level) = level {
                self.variable(import.variable, level);
            }
        }
    }

    /// What is known of a place that begins with a name imported from packages.
    pub(super) fn symbols<'w>(&'w self, id: VariableId, place: &'w Place) -> impl Iterator<Item = SymbolFacts<'w>> {
        self.packages(id).map(|(package, name)| {
            let first = match name {
                ImportName::Named(name) => Some(name.clone()),
                ImportName::Default | ImportName::Namespace => None,
            };
            let path: Vec<Name> = first.into_iter().chain(names(&place.path)).collect();
            self.surroundings.catalogue.symbol(package, &path)
        })
    }

    pub(super) fn matters(&self, facts: &SymbolFacts<'_>) -> bool {
        matters(self.surroundings.catalogue, facts)
    }

    /// Whether a global makes, wraps or releases something.
    pub(super) fn global(&self, place: &Place) -> bool {
        let Root::Global(name) = &place.root else { return false };
        let catalogue = self.surroundings.catalogue;
        let path = || -> Vec<Name> { std::iter::once(name.clone()).chain(names(&place.path)).collect() };
        match self.module.language {
            Language::Rust => self.matters(&catalogue.symbol(RUST_PRELUDE, &path())),
            _ => catalogue.knows_global(name) && self.matters(&catalogue.global(&path())),
        }
    }

    /// A library's class or factory taken as a value: `const { Pool } = pg`, `class Db extends Client`.
    fn is_alias(&self, id: VariableId) -> bool {
        let catalogue = self.surroundings.catalogue;
        self.packages(id).any(|(package, name)| match name {
            ImportName::Named(name) => self.matters(&catalogue.symbol(package, std::slice::from_ref(name))),
            ImportName::Default | ImportName::Namespace => self.makes(package),
        })
    }

    /// Whether a variable is what a library makes something by, or has below it what does: `pub use reqwest::Client`.
    pub(super) fn stands_for_makers(&self, id: VariableId) -> bool {
        let surroundings = self.surroundings;
        self.aliases[id.0 as usize]
            || self.packages(id).any(|(package, name)| match name {
                ImportName::Named(name) => surroundings.catalogue.is_member_of(surroundings.makers, package, name),
                ImportName::Default | ImportName::Namespace => false,
            })
    }

    /// Whether some member of a package makes, wraps or releases something.
    pub(super) fn makes(&self, package: &str) -> bool {
        self.surroundings.catalogue.is_of(self.surroundings.makers, package)
    }

    /// The packages a variable may be imported from, and what of them: more than one only where globs bring it.
    fn packages(&self, id: VariableId) -> impl Iterator<Item = (&str, &ImportName)> {
        let import = match self.module.variable(id).binding {
            Binding::Import(import) => Some(&self.module.imports[import as usize]),
            _ => None,
        };
        import.into_iter().flat_map(|import| {
            let is_glob = self.is_by_glob(import);
            let globs = self.module.exports.iter().filter(move |_| is_glob).filter_map(|export| match export.source {
                ExportSource::All { request } => Some(request),
                _ => None,
            });
            let requests = globs.chain((!is_glob).then_some(import.request));
            requests.filter_map(|request| match self.surroundings.targets.get(request.0 as usize)? {
                Target::External(package) => Some((package.as_str(), &import.name)),
                Target::Module(_) | Target::Member(..) | Target::Unresolved => None,
            })
        })
    }

    /// Whether a variable is imported from a package. What a glob may bring may be of a file as well.
    pub(super) fn is_library(&self, id: VariableId) -> bool {
        let is_glob = match self.module.variable(id).binding {
            Binding::Import(import) => self.is_by_glob(&self.module.imports[import as usize]),
            _ => false,
        };
        !is_glob && self.packages(id).next().is_some()
    }

    /// Whether an import asks the module's own exports for what some glob brings.
    fn is_by_glob(&self, import: &Import) -> bool {
        self.module.language == Language::Rust && self.module.requests[import.request.0 as usize].specifier == "self"
    }
}

/// The leading names of a path.
fn names(path: &[Field]) -> impl Iterator<Item = Name> + '_ {
    path.iter().map_while(Field::name).map(Name::new)
}
