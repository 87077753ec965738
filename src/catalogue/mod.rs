//! What is known of libraries: data from `rules/catalogue`, matched against programs.
//!
//! Takes library files, those that ship with leaklint and users' own; answers four questions: what is this member of
//! that package, what is this global, what does this method do on that resource, and what might it do on an unknown
//! receiver. Answers borrow from the catalogue and cost no allocation. Never looks at a program: the caller knows
//! already which import a name comes from, and tests `create_when`, `create_unless` and `statements` itself.

mod bearing;
mod builder;
mod facts;
mod index;
mod load;
mod pattern;
pub mod schema;
mod specifier;

use std::sync::LazyLock;

use crate::ir::{Name, is_disposal};
use crate::source::Language;

pub use bearing::Bearing;
pub use facts::{AnyMethodFacts, Entries, MethodFacts, RegistrationRole, SymbolFacts};
pub use load::{LoadError, library as parse_library, of_crate};
pub(crate) use load::{find_string, mistake};
pub use pattern::{MemberPath, Pattern, globs, last_name, without_default};
pub use specifier::{CRATE, file_package, normalise, split_crate};

use index::Index;
use schema::{Ecosystem, EntryPoint, FunctionFact, Library, Resource};

/// The package that stands for the names of Rust's prelude.
pub const RUST_PRELUDE: &str = "crate:<global>";

/// The method of a resource that is a function: calling it.
pub const CALL: &str = "()";

/// Index of a resource in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

/// All known libraries, ready to be asked.
#[derive(Debug)]
pub struct Catalogue {
    libraries: Vec<Library>,
    /// Facts about one function from several files are joined here.
    functions: Vec<FunctionFact>,
    index: Index,
}

/// Packages, by the nodes that speak about them.
#[derive(Debug)]
pub struct PackageSet(Vec<bool>);

impl Catalogue {
    /// The shipped libraries.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::new(load::shipped()).expect("invariant: a test builds the shipped catalogue"));
        &BUILTIN
    }

    /// The shipped libraries and these. A resource with the id of a shipped one replaces it.
    pub fn with(own: Vec<Library>) -> Result<Self, LoadError> {
        let mut libraries = load::shipped();
        libraries.extend(own);
        Self::new(libraries)
    }

    /// Exactly these libraries; if two speak about the same thing, the later one counts.
    pub fn new(libraries: Vec<Library>) -> Result<Self, LoadError> {
        let (index, functions) = builder::index(&libraries)?;
        Ok(Self { libraries, functions, index })
    }

    /// Exactly the libraries of these files, given as (path, text).
    ///
    /// # Errors
    /// The first mistake found, with its file and place.
    pub fn from_toml<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, LoadError> {
        Self::new(files.into_iter().map(|(path, text)| parse_library(path, text)).collect::<Result<_, _>>()?)
    }

    /// Every library, in the order of the files' names; users' own come last.
    #[must_use]
    pub fn libraries(&self) -> &[Library] {
        &self.libraries
    }

    #[must_use]
    pub fn resource(&self, id: ResourceId) -> &Resource {
        let (library, resource) = self.index.resources[id.0 as usize];
        &self.libraries[library as usize].resources[resource as usize]
    }

    #[must_use]
    pub fn library_of_resource(&self, id: ResourceId) -> &Library {
        &self.libraries[self.index.resources[id.0 as usize].0 as usize]
    }

    /// The resource with this `id` of its file: `pg.Pool`.
    #[must_use]
    pub fn resource_by_name(&self, name: &str) -> Option<ResourceId> {
        self.index.resource_names.get(name).copied()
    }

    /// Every resource, in the order of its number.
    pub fn resources(&self) -> impl Iterator<Item = (ResourceId, &Resource)> {
        (0u32..).map(ResourceId).take(self.index.resources.len()).map(|id| (id, self.resource(id)))
    }

    /// Whether any library speaks about this specifier.
    #[must_use]
    pub fn knows_package(&self, specifier: &str) -> bool {
        match split_crate(specifier) {
            Some((package, _)) => !self.index.roots(package).is_empty(),
            None => !self.index.roots(&normalise(specifier)).is_empty(),
        }
    }

    /// The packages that have a member, at any depth, for which `is_it` holds.
    #[must_use]
    pub fn packages_with(&self, is_it: impl Fn(&SymbolFacts<'_>) -> bool) -> PackageSet {
        let is_one = |node: u32| {
            let mut facts = SymbolFacts::default();
            self.add_node(node, &mut facts);
            is_it(&facts)
        };
        PackageSet(self.index.with_members(is_one))
    }

    /// Whether a specifier names one of these packages.
    #[must_use]
    pub fn is_of(&self, packages: &PackageSet, specifier: &str) -> bool {
        let holds = |root: u32| packages.0[root as usize];
        match split_crate(specifier) {
            Some((package, _)) => self.index.roots(package).into_iter().any(holds),
            None => self.index.roots(&normalise(specifier)).into_iter().any(holds),
        }
    }

    /// The same for one member, or what is below it. The default export is the package as a whole.
    #[must_use]
    pub fn is_member_of(&self, packages: &PackageSet, specifier: &str, member: &Name) -> bool {
        if let Some((package, modules)) = split_crate(specifier) {
            let path: Vec<Name> = modules.map(Name::new).chain([member.clone()]).collect();
            let nodes = |root| self.index.matches(root, self.index.below_modules(root, &path));
            return self.index.roots(package).into_iter().flat_map(nodes).any(|node| packages.0[node as usize]);
        }
        let path = without_default(std::slice::from_ref(member));
        let roots = self.index.roots(&normalise(specifier));
        roots.into_iter().flat_map(|root| self.index.matches(root, path)).any(|node| packages.0[node as usize])
    }

    /// Whether some library speaks about files of the project itself.
    #[must_use]
    pub fn speaks_of_files(&self) -> bool {
        let packages = self.libraries.iter().flat_map(|library| &library.packages);
        packages.into_iter().any(|package| package.trim_start_matches(CRATE).starts_with(specifier::FILES))
    }

    /// What the member at `path` of the package is. The package itself and its default export are both the empty path,
    /// and a leading `default` makes no difference.
    #[must_use]
    pub fn symbol(&self, specifier: &str, path: &[Name]) -> SymbolFacts<'_> {
        let mut facts = SymbolFacts::default();
        if let Some((package, modules)) = split_crate(specifier) {
            let path: MemberPath = modules.map(Name::new).chain(path.iter().cloned()).collect();
            for root in self.index.roots(package) {
                self.add_symbol(root, self.index.below_modules(root, &path), &mut facts);
            }
            return facts;
        }
        let path = without_default(path);
        for root in self.index.roots(&normalise(specifier)) {
            self.add_symbol(root, path, &mut facts);
        }
        facts
    }

    /// What `method` makes at the end of a chain that begins with calling (or constructing, `is_new`) the member at
    /// `path`: `Client::builder().timeout(t).build()`.
    #[must_use]
    pub fn chain_creation(&self, specifier: &str, path: &[Name], is_new: bool, method: &str) -> Option<ResourceId> {
        if let Some((package, modules)) = split_crate(specifier) {
            let path: MemberPath = modules.map(Name::new).chain(path.iter().cloned()).collect();
            return self.index.roots(package).into_iter().find_map(|root| {
                let node = self.index.node(root, self.index.below_modules(root, &path))?;
                self.index.instance_creation(node, is_new, method)
            });
        }
        let path = without_default(path);
        let roots = self.index.roots(&normalise(specifier));
        roots.iter().find_map(|root| self.index.instance_creation(self.index.node(*root, path)?, is_new, method))
    }

    /// What the global at `path` is: `setInterval`, `process.exit`, `window.setInterval`.
    #[must_use]
    pub fn global(&self, path: &[Name]) -> SymbolFacts<'_> {
        let mut facts = SymbolFacts::default();
        if let Some(root) = self.index.global {
            self.add_symbol(root, specifier::without_global_object(path), &mut facts);
        }
        facts
    }

    /// Whether anything may be said about a global of this name, or about its members.
    #[must_use]
    pub fn knows_global(&self, name: &str) -> bool {
        specifier::is_global_object(name)
            || self.index.global.is_some_and(|root| self.index.node(root, &[Name::new(name)]).is_some())
    }

    /// What the method `name` does on the resource.
    #[must_use]
    pub fn method(&self, resource: ResourceId, name: &str) -> MethodFacts<'_> {
        let disposes = is_disposal(name);
        let Some(record) = self.index.method(resource, name) else {
            return MethodFacts { release: disposes, ..MethodFacts::default() };
        };
        let owner = self.resource(resource);
        MethodFacts {
            release: record.release || disposes,
            release_statements: if record.release { &owner.release_statements } else { &[] },
            opens: record.opens,
            returns_self: record.returns_self,
            lease: record.lease.map(|(lease, gives)| (&owner.leases[lease as usize], gives)),
            takes_back: record.takes_back,
            role: record.role,
            function: record.function.map(|function| &self.functions[function as usize]),
            entries: record.entries.iter().map(|&entry| self.entry(entry)).collect(),
        }
    }

    /// Whether anything is said about the method `name` of the resource.
    #[must_use]
    pub fn has_method(&self, resource: ResourceId, name: &str) -> bool {
        self.index.method(resource, name).is_some()
    }

    /// What the method `name` may be on a receiver that nothing is known about.
    #[must_use]
    pub fn any_method(&self, ecosystem: Ecosystem, name: &str) -> AnyMethodFacts<'_> {
        let Some(record) = self.index.any_method(ecosystem, name) else {
            return AnyMethodFacts::default();
        };
        AnyMethodFacts {
            function: record.function.map(|function| &self.functions[function as usize]),
            entries: record.entries.iter().map(|&entry| self.entry(entry)).collect(),
            registrations: &record.registrations,
            releases_something: record.releases_something,
            leases_something: record.leases_something,
            guards_something: record.guards_something,
            forgets_something: record.forgets_something,
            tells_callbacks: record.tells_callbacks,
            fills_something: record.fills_something,
            empties_something: record.empties_something,
        }
    }

    /// The entry points that `method` registers on what calling (or constructing, `is_new`) the member at `path` of the
    /// package gives: the routes of `express()`. Where that is a resource, [`Catalogue::method`] has them too.
    #[must_use]
    pub fn instance_entries(&self, specifier: &str, path: &[Name], is_new: bool, method: &str) -> Entries<'_> {
        if let Some((package, modules)) = split_crate(specifier) {
            let path: MemberPath = modules.map(Name::new).chain(path.iter().cloned()).collect();
            let node = |root: u32| self.index.node(root, self.index.below_modules(root, &path));
            let nodes = self.index.roots(package).into_iter().filter_map(node);
            let found = nodes.filter_map(|node| self.index.instance_entries(node, is_new, method));
            return found.flatten().map(|&entry| self.entry(entry)).collect();
        }
        let path = without_default(path);
        let mut entries = Entries::new();
        for root in self.index.roots(&normalise(specifier)) {
            let found = self.index.node(root, path).and_then(|node| self.index.instance_entries(node, is_new, method));
            entries.extend(found.into_iter().flatten().map(|&entry| self.entry(entry)));
        }
        entries
    }

    /// Every entry point.
    pub fn entries(&self) -> impl Iterator<Item = &EntryPoint> {
        self.libraries.iter().flat_map(|library| &library.entries)
    }

    /// Every entry point, with its ecosystem. Entry points by location, decorator, parameter type or base type are
    /// found by asking each.
    pub fn entries_by_ecosystem(&self) -> impl Iterator<Item = (Ecosystem, &EntryPoint)> {
        self.libraries.iter().flat_map(|library| library.entries.iter().map(|entry| (library.ecosystem, entry)))
    }

    /// What an import of this specifier says of a file, whichever members it imports.
    #[must_use]
    pub fn bearing(&self, specifier: &str) -> Option<Bearing> {
        self.index.roots(&normalise(specifier)).into_iter().filter_map(|root| self.index.symbol(root).bearing).max()
    }

    /// Whether some library's collection is filled by a method of this name.
    #[must_use]
    pub fn fills_something(&self, ecosystem: Ecosystem, method: &str) -> bool {
        self.index.any_method(ecosystem, method).is_some_and(|record| record.fills_something)
    }

    /// Methods of shared resources that begin or end an obligation: those that lease or release.
    pub fn acting_methods(&self) -> impl Iterator<Item = &str> {
        let resources = self.libraries.iter().flat_map(|library| &library.resources);
        resources.filter(|resource| resource.gives_or_holds()).flat_map(|resource| {
            let leases = resource.leases.iter().filter(|lease| lease.statements.is_empty());
            let release = resource.release.iter().filter(|_| resource.release_statements.is_empty());
            leases.flat_map(|lease| &lease.methods).chain(release).map(|method| last_name(method))
        })
    }

    /// Whether only tests, and what serves them, name this specifier.
    #[must_use]
    pub fn is_for_tests(&self, specifier: &str) -> bool {
        let specifier = normalise(specifier);
        self.libraries.iter().filter(|library| library.tests).flat_map(|library| &library.packages).any(|package| {
            package.strip_suffix('*').map_or(*package == specifier, |start| specifier.starts_with(start))
        })
    }

    /// Words that must be in a file that uses a resource without importing it: `setInterval`, `addEventListener`,
    /// `.on(`. Sorted, each once.
    #[must_use]
    pub fn screen_words(&self) -> Vec<String> {
        specifier::words(self.packages())
    }

    /// The libraries for languages whose files are screened; in the others every file is lowered.
    fn packages(&self) -> impl Iterator<Item = &Library> {
        self.libraries.iter().filter(|library| library.ecosystem == Ecosystem::Npm)
    }

    fn entry(&self, (library, entry): (u32, u32)) -> &EntryPoint {
        &self.libraries[library as usize].entries[entry as usize]
    }

    /// Adds what one package says; what is there already stays.
    fn add_symbol<'c>(&'c self, root: u32, path: &[Name], facts: &mut SymbolFacts<'c>) {
        for node in self.index.matches(root, path) {
            self.add_node(node, facts);
        }
    }

    fn add_node<'c>(&'c self, node: u32, facts: &mut SymbolFacts<'c>) {
        let record = self.index.symbol(node);
        let wrapper = |(library, wrapper): (u32, u32)| &self.libraries[library as usize].wrappers[wrapper as usize];
        facts.new = facts.new.or(record.new);
        facts.call = facts.call.or(record.call);
        facts.instance = facts.instance.or(record.instance);
        facts.wrapper_new = facts.wrapper_new.or(record.wrapper_new.map(wrapper));
        facts.wrapper_call = facts.wrapper_call.or(record.wrapper_call.map(wrapper));
        facts.function = facts.function.or(record.function.map(|function| &self.functions[function as usize]));
        facts.releases = facts.releases.or(record.releases);
        facts.guards = facts.guards.or(record.guards);
        facts.entries.extend(record.entries.iter().map(|&entry| self.entry(entry)));
        facts.builds |= record.builds;
        facts.known |= record.known;
    }
}

impl From<Language> for Ecosystem {
    fn from(language: Language) -> Self {
        match language {
            Language::Rust => Self::Crates,
            _ => Self::Npm,
        }
    }
}

#[cfg(test)]
mod tests;
