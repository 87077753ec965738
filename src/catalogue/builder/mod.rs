//! Fills the lookup tables from the libraries.

mod joining;
mod packages;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::ir::Name;

use super::index::{AnyRecord, Index, MethodRecord, Ref, Symbol, SymbolRecord};
use super::pattern::{Pattern, parse_path};
use super::schema::{Forgets, FunctionFact, Library, Resource, ResourceKind};
use super::{Bearing, LoadError, ResourceId};

/// Builds the tables; the second value is the facts about functions, joined where several speak about one.
pub(super) fn index(libraries: &[Library]) -> Result<(Index, Vec<FunctionFact>), LoadError> {
    let mut builder = Builder::new(libraries);
    for (number, library) in (0u32..).zip(libraries) {
        for (position, resource) in (0u32..).zip(&library.resources) {
            builder.number_resource((number, position), &resource.id);
        }
    }
    for (number, library) in (0u32..).zip(libraries) {
        builder.library(number, library)?;
    }
    for number in 0..builder.index.resources.len() {
        let (library, resource) = builder.index.resources[number];
        let library = &libraries[library as usize];
        let id = ResourceId(u32::try_from(number).expect("invariant: resources are few"));
        builder.methods(library, &library.resources[resource as usize], id)?;
    }
    // Methods on what a creator gives need all creators to be known.
    for (number, library) in (0u32..).zip(libraries) {
        builder.instance_methods(number, library)?;
    }
    Ok((builder.index, builder.functions))
}

struct Builder<'l> {
    index: Index,
    functions: Vec<FunctionFact>,
    /// The packages with a tree of their own: see [`packages::distinct`].
    distinct: FxHashSet<&'l str>,
}

impl<'l> Builder<'l> {
    fn new(libraries: &'l [Library]) -> Self {
        // Room for the shipped libraries and some more: growing costs more than the rest of the work.
        let index = Index {
            symbols: FxHashMap::with_capacity_and_hasher(1 << 11, FxBuildHasher),
            children: FxHashMap::with_capacity_and_hasher(1 << 11, FxBuildHasher),
            nodes: Vec::with_capacity(1 << 11),
            methods: FxHashMap::with_capacity_and_hasher(1 << 10, FxBuildHasher),
            any_methods: FxHashMap::with_capacity_and_hasher(1 << 9, FxBuildHasher),
            ..Index::default()
        };
        Self { index, functions: Vec::new(), distinct: packages::distinct(libraries) }
    }

    fn number_resource(&mut self, place: Ref, name: &str) {
        if let Some(id) = self.index.resource_names.get(name) {
            self.index.resources[id.0 as usize] = place;
            return;
        }
        let id = ResourceId(u32::try_from(self.index.resources.len()).expect("invariant: resources are few"));
        self.index.resources.push(place);
        self.index.resource_names.insert(name.into(), id);
    }

    /// What a library says about members of its packages.
    fn library(&mut self, number: u32, library: &'l Library) -> Result<(), LoadError> {
        let roots = self.roots(library);
        for (_, root) in &roots {
            let record = &mut self.index.nodes[*root as usize];
            record.bearing = record.bearing.max(Bearing::of(library));
        }
        let of = |from: &[String]| -> SmallVec<[u32; 4]> {
            let wanted = |package: &str| from.is_empty() || from.iter().any(|other| other == package);
            roots.iter().filter(|(package, _)| wanted(package)).map(|(_, root)| *root).collect()
        };
        for resource in &library.resources {
            let id = self.resource(library, &resource.id)?;
            self.resource_members(library, resource, id, &of(&resource.from))?;
            resource.pooled_by.iter().try_for_each(|name| self.resource(library, name).map(drop))?;
        }
        for (position, wrapper) in (0u32..).zip(&library.wrappers) {
            for name in wrapper.creates.iter().chain(&wrapper.view) {
                self.resource(library, name)?;
            }
            for text in &wrapper.create {
                self.symbols(library, text, &of(&wrapper.from), |record, is_new| {
                    *if is_new { &mut record.wrapper_new } else { &mut record.wrapper_call } = Some((number, position));
                })?;
            }
        }
        for fact in &library.functions {
            for method in &fact.filled_by {
                let symbol = self.name(method);
                self.any(library, symbol).fills_something = true;
            }
            for method in &fact.emptied_by {
                let symbol = self.name(method);
                self.any(library, symbol).empties_something = true;
            }
            for text in &fact.call {
                self.function(library, fact, text, &of(&fact.from))?;
            }
        }
        for (position, entry) in (0u32..).zip(&library.entries) {
            for text in &entry.registered_by {
                if let Pattern::AnyReceiver { method } = parse(library, text)? {
                    let symbol = self.name(&method);
                    self.any(library, symbol).entries.push((number, position));
                } else {
                    self.symbols(library, text, &of(&entry.from), |record, _| record.entries.push((number, position)))?;
                }
            }
        }
        Ok(())
    }

    fn resource_members(
        &mut self,
        library: &Library,
        resource: &Resource,
        id: ResourceId,
        roots: &[u32],
    ) -> Result<(), LoadError> {
        let certain = resource.create_when.is_none();
        for text in &resource.create {
            if let Pattern::Method { is_new, path, method } = parse(library, text)? {
                let method = self.name(&method);
                // Whoever has what begins the chain may be far from where that was made.
                self.any(library, method).tells_callbacks |= resource.kind == ResourceKind::Subscription;
                for &root in roots {
                    let node = self.node(root, &path);
                    self.index.instance_creates.insert((node, is_new, method), id);
                    let record = &mut self.index.nodes[node as usize];
                    record.builds = true;
                    record.known = true;
                }
            }
            self.symbols(library, text, roots, |record, is_new| {
                *if is_new { &mut record.new } else { &mut record.call } = Some(id);
                if is_new && certain && record.instance.is_none() {
                    record.instance = Some(id);
                }
            })?;
        }
        for text in &resource.types {
            let path = parse_path(text).ok_or_else(|| mistake(library, format!("`{text}` is no name of a type")))?;
            for &root in roots {
                let node = self.node(root, &path);
                self.index.nodes[node as usize].instance = Some(id);
                self.index.nodes[node as usize].known = true;
            }
        }
        for text in &resource.taken_from {
            let path = parse_path(text).ok_or_else(|| mistake(library, format!("`{text}` is no name of a type")))?;
            for &root in roots {
                let node = self.node(root, &path);
                self.index.nodes[node as usize].guards = Some(id);
            }
        }
        for text in &resource.release_functions {
            self.symbols(library, text, roots, |record, _| record.releases = Some(id))?;
        }
        Ok(())
    }

    /// Joins a fact about a function with what is said about it already.
    fn function(&mut self, library: &Library, fact: &FunctionFact, text: &str, roots: &[u32]) -> Result<(), LoadError> {
        match parse(library, text)? {
            Pattern::AnyReceiver { method } => {
                let symbol = self.name(&method);
                let known = self.index.any_methods.get(&(library.ecosystem, symbol)).and_then(|record| record.function);
                let joined = self.join(known, fact);
                self.any(library, symbol).function = Some(joined);
            }
            Pattern::Symbol { path, .. } => {
                if let (Some(Forgets::AsPointer), Some(method)) = (fact.forgets, path.last()) {
                    let symbol = self.name(method);
                    self.any(library, symbol).forgets_something = true;
                }
                for &root in roots {
                    let node = self.node(root, &path) as usize;
                    let joined = self.join(self.index.nodes[node].function, fact);
                    self.index.nodes[node].function = Some(joined);
                    self.index.nodes[node].known = true;
                }
            }
            Pattern::Method { .. } | Pattern::Resource { .. } => {}
        }
        Ok(())
    }

    /// The number of a fact, joined with the one that is known already.
    fn join(&mut self, known: Option<u32>, fact: &FunctionFact) -> u32 {
        let mut joined = FunctionFact { call: Vec::new(), from: Vec::new(), ..fact.clone() };
        if let Some(known) = known {
            joined.join(&self.functions[known as usize]);
        }
        if self.functions.last() != Some(&joined) {
            self.functions.push(joined);
        }
        u32::try_from(self.functions.len() - 1).expect("invariant: functions are few")
    }

    /// What a resource's methods do.
    fn methods(&mut self, library: &Library, resource: &Resource, id: ResourceId) -> Result<(), LoadError> {
        for name in &resource.release {
            self.method(id, name).release = true;
            // A statement that releases (`query("COMMIT")`) says nothing about the method's name.
            if resource.kind != ResourceKind::Stateless && resource.release_statements.is_empty() {
                let symbol = self.name(name);
                self.any(library, symbol).releases_something = true;
            }
        }
        for name in &resource.taken_by {
            let symbol = self.name(name);
            self.any(library, symbol).guards_something = true;
        }
        for name in resource.lost_by.iter().chain(&resource.made_up_by) {
            let symbol = self.name(name);
            self.any(library, symbol).forgets_something = true;
        }
        for name in &resource.open {
            self.method(id, name).opens = true;
        }
        for name in &resource.returns_self {
            self.method(id, name).returns_self = true;
        }
        for (position, lease) in (0u32..).zip(&resource.leases) {
            let gives = self.resource(library, &lease.resource)?;
            for name in &lease.methods {
                let symbol = self.name(name);
                let record = self.any(library, symbol);
                record.leases_something = true;
                record.tells_callbacks |= lease.tells_callback;
                let record = self.method(id, name);
                record.lease = record.lease.or(Some((position, gives)));
            }
            for name in &lease.returned_by {
                self.method(id, name).takes_back = Some(gives);
            }
        }
        if let Some(registration) = &resource.registration {
            let lists = [&registration.add, &registration.add_once, &registration.remove, &registration.remove_all];
            for name in lists.into_iter().flatten() {
                self.method(id, name).role = registration.role(name);
                let symbol = self.name(name);
                let registrations = &mut self.any(library, symbol).registrations;
                if !registrations.contains(&id) {
                    registrations.push(id);
                }
            }
        }
        Ok(())
    }

    /// What methods do on what a creator gives, and on resources named by their ids.
    fn instance_methods(&mut self, number: u32, library: &Library) -> Result<(), LoadError> {
        let mut roots: Vec<u32> = library.packages.iter().map(|package| self.root(package)).collect();
        roots.sort_unstable();
        roots.dedup();
        for (position, entry) in (0u32..).zip(&library.entries) {
            for text in &entry.registered_by {
                let pattern = parse(library, text)?;
                if let Pattern::Method { is_new, path, method } = &pattern {
                    let symbol = self.name(method);
                    for &root in &roots {
                        let node = self.node(root, path);
                        self.index
                            .instance_methods
                            .entry((node, *is_new, symbol))
                            .or_default()
                            .push((number, position));
                    }
                }
                for (id, method) in self.receivers(library, &pattern, &roots)? {
                    self.method(id, &method).entries.push((number, position));
                }
            }
        }
        for fact in &library.functions {
            for text in &fact.call {
                let pattern = parse(library, text)?;
                let receivers = self.receivers(library, &pattern, &roots)?;
                if receivers.is_empty() && matches!(pattern, Pattern::Method { .. }) {
                    return Err(mistake(library, format!("`{text}`: what gives the receiver is no known resource")));
                }
                for (id, method) in receivers {
                    let known = self.method(id, &method).function;
                    let joined = self.join(known, fact);
                    self.method(id, &method).function = Some(joined);
                }
            }
        }
        Ok(())
    }

    /// The resources a pattern's receiver may be, each once, and the method.
    fn receivers(
        &mut self,
        library: &Library,
        pattern: &Pattern,
        roots: &[u32],
    ) -> Result<SmallVec<[(ResourceId, Name); 1]>, LoadError> {
        let mut receivers = SmallVec::<[(ResourceId, Name); 1]>::new();
        match pattern {
            Pattern::Resource { resource, method } => {
                receivers.push((self.resource(library, resource)?, method.clone()));
            }
            Pattern::Method { is_new, path, method } => {
                for &root in roots {
                    let node = self.node(root, path);
                    if let Some(id) = self.created(node, *is_new)
                        && !receivers.iter().any(|(other, _)| *other == id)
                    {
                        receivers.push((id, method.clone()));
                    }
                }
            }
            Pattern::Symbol { .. } | Pattern::AnyReceiver { .. } => {}
        }
        Ok(receivers)
    }

    fn created(&self, node: u32, is_new: bool) -> Option<ResourceId> {
        let record = &self.index.nodes[node as usize];
        if is_new { record.new } else { record.call }
    }

    fn any(&mut self, library: &Library, method: Symbol) -> &mut AnyRecord {
        self.index.any_methods.entry((library.ecosystem, method)).or_default()
    }

    fn method(&mut self, id: ResourceId, name: &str) -> &mut MethodRecord {
        let symbol = self.name(name);
        self.index.methods.entry((id, symbol)).or_default()
    }

    /// Changes what is said about the member a pattern names, in each of the trees.
    fn symbols(
        &mut self,
        library: &Library,
        text: &str,
        roots: &[u32],
        mut change: impl FnMut(&mut SymbolRecord, bool),
    ) -> Result<(), LoadError> {
        if let Pattern::Symbol { is_new, path } = parse(library, text)? {
            for &root in roots {
                let node = self.node(root, &path) as usize;
                change(&mut self.index.nodes[node], is_new);
                self.index.nodes[node].known = true;
            }
        }
        Ok(())
    }

    fn resource(&self, library: &Library, name: &str) -> Result<ResourceId, LoadError> {
        let found = self.index.resource_names.get(name).copied();
        found.ok_or_else(|| mistake(library, format!("there is no resource `{name}`")))
    }

    fn name(&mut self, name: &str) -> Symbol {
        if let Some(&symbol) = self.index.symbols.get(name) {
            return symbol;
        }
        let symbol = u32::try_from(self.index.symbols.len()).expect("invariant: names are few");
        self.index.symbols.insert(name.into(), symbol);
        symbol
    }
}

fn parse(library: &Library, text: &str) -> Result<Pattern, LoadError> {
    Pattern::parse(text).map_err(|message| mistake(library, message))
}

fn mistake(library: &Library, message: String) -> LoadError {
    LoadError { path: library.name.clone(), span: None, message }
}
