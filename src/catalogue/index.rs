//! The lookup tables over the libraries: members of packages as a tree of names, methods by resource.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::ir::Name;

use super::pattern::{ANY, ending};
use super::schema::Ecosystem;
use super::specifier::without_extension;
use super::{Bearing, RegistrationRole, ResourceId};

/// A library's number and that of something in it.
pub(super) type Ref = (u32, u32);

/// A number for a name.
pub(super) type Symbol = u32;

#[derive(Debug, Default)]
pub(super) struct Index {
    /// By [`ResourceId`]: library and position in it.
    pub(super) resources: Vec<Ref>,
    pub(super) resource_names: FxHashMap<Box<str>, ResourceId>,
    /// The node of names that need no import.
    pub(super) global: Option<u32>,
    pub(super) packages: FxHashMap<Box<str>, u32>,
    /// Families: everything that starts with the text, everything that ends with it. Few, so they are tried in turn.
    pub(super) prefixes: Vec<(Box<str>, u32)>,
    pub(super) suffixes: Vec<(Box<str>, u32)>,
    pub(super) symbols: FxHashMap<Box<str>, Symbol>,
    /// The tree: (node, name) to node.
    pub(super) children: FxHashMap<(u32, Symbol), u32>,
    pub(super) nodes: Vec<SymbolRecord>,
    pub(super) methods: FxHashMap<(ResourceId, Symbol), MethodRecord>,
    pub(super) any_methods: FxHashMap<(Ecosystem, Symbol), AnyRecord>,
    /// What a method registers on what a node, called or constructed, gives.
    pub(super) instance_methods: FxHashMap<(u32, bool, Symbol), SmallVec<[Ref; 2]>>,
    /// What a method makes at the end of a chain that begins with a node, called or constructed.
    pub(super) instance_creates: FxHashMap<(u32, bool, Symbol), ResourceId>,
}

/// What is said about a member of a package.
#[derive(Debug, Default)]
pub(super) struct SymbolRecord {
    pub(super) new: Option<ResourceId>,
    pub(super) call: Option<ResourceId>,
    pub(super) instance: Option<ResourceId>,
    pub(super) wrapper_new: Option<Ref>,
    pub(super) wrapper_call: Option<Ref>,
    pub(super) function: Option<u32>,
    pub(super) releases: Option<ResourceId>,
    pub(super) guards: Option<ResourceId>,
    pub(super) entries: SmallVec<[Ref; 1]>,
    pub(super) builds: bool,
    pub(super) known: bool,
    /// Of a package as a whole.
    pub(super) bearing: Option<Bearing>,
}

/// What is said about a method of a resource.
#[derive(Debug, Default)]
pub(super) struct MethodRecord {
    pub(super) release: bool,
    pub(super) opens: bool,
    pub(super) returns_self: bool,
    pub(super) lease: Option<(u32, ResourceId)>,
    pub(super) takes_back: Option<ResourceId>,
    pub(super) role: Option<RegistrationRole>,
    pub(super) function: Option<u32>,
    pub(super) entries: SmallVec<[Ref; 2]>,
}

/// What is said about a method of nothing in particular.
#[derive(Debug, Default)]
pub(super) struct AnyRecord {
    pub(super) function: Option<u32>,
    pub(super) entries: SmallVec<[Ref; 2]>,
    pub(super) registrations: SmallVec<[ResourceId; 2]>,
    pub(super) releases_something: bool,
    pub(super) leases_something: bool,
    pub(super) guards_something: bool,
    pub(super) forgets_something: bool,
    pub(super) tells_callbacks: bool,
    pub(super) fills_something: bool,
    pub(super) empties_something: bool,
}

impl Index {
    /// The trees that speak about a (normalised) specifier, the most exact first.
    pub(super) fn roots(&self, specifier: &str) -> SmallVec<[u32; 2]> {
        let mut roots = SmallVec::new();
        roots.extend(self.packages.get(specifier).copied());
        let longer = |text: &str| specifier.len() > text.len();
        let prefixed = self.prefixes.iter().filter(|(prefix, _)| longer(prefix) && specifier.starts_with(&**prefix));
        roots.extend(prefixed.map(|(_, root)| *root));
        let stem = without_extension(specifier);
        roots.extend(self.suffixes.iter().filter(|(suffix, _)| stem.ends_with(&**suffix)).map(|(_, root)| *root));
        roots
    }

    /// The nodes that speak about a path below a root: the one with its names, and the one for every name.
    pub(super) fn matches(&self, root: u32, path: &[Name]) -> SmallVec<[u32; 2]> {
        let mut nodes = SmallVec::new();
        nodes.extend(self.node(root, path));
        if let Some((last, parent)) = path.split_last()
            && let Some(parent) = self.node(root, parent)
        {
            if nodes.is_empty() {
                nodes.extend(ending(last).and_then(|family| self.child(parent, &family)));
            }
            nodes.extend(self.child(parent, ANY));
        }
        nodes
    }

    /// The end of a path below a crate that the crate's tree speaks about: a type is shown at several places of its
    /// crate, so modules (their names are in lower case) may be left out.
    pub(super) fn below_modules<'n>(&self, root: u32, path: &'n [Name]) -> &'n [Name] {
        let is_module = |name: &Name| name.starts_with(|first: char| first.is_lowercase());
        let modules = path[..path.len().saturating_sub(1)].iter().take_while(|name| is_module(name)).count();
        let spoken_about = |skipped: usize| !self.matches(root, &path[skipped..]).is_empty();
        &path[(0..=modules).find(|skipped| spoken_about(*skipped)).unwrap_or(0)..]
    }

    /// The node of exactly this path.
    pub(super) fn node(&self, root: u32, path: &[Name]) -> Option<u32> {
        path.iter().try_fold(root, |node, name| self.child(node, name))
    }

    /// By node: whether it, or one below it, is one of those asked for.
    pub(super) fn with_members(&self, is_one: impl Fn(u32) -> bool) -> Vec<bool> {
        let mut found: Vec<bool> = (0u32..).take(self.nodes.len()).map(is_one).collect();
        let mut below: Vec<(u32, u32)> = self.children.iter().map(|((node, _), child)| (*child, *node)).collect();
        // A node is made before those below it.
        below.sort_unstable_by(|one, other| other.cmp(one));
        for (child, node) in below {
            found[node as usize] |= found[child as usize];
        }
        found
    }

    fn child(&self, node: u32, name: &str) -> Option<u32> {
        self.children.get(&(node, *self.symbols.get(name)?)).copied()
    }

    pub(super) fn symbol(&self, node: u32) -> &SymbolRecord {
        &self.nodes[node as usize]
    }

    pub(super) fn method(&self, resource: ResourceId, name: &str) -> Option<&MethodRecord> {
        self.methods.get(&(resource, *self.symbols.get(name)?))
    }

    pub(super) fn any_method(&self, ecosystem: Ecosystem, name: &str) -> Option<&AnyRecord> {
        self.any_methods.get(&(ecosystem, *self.symbols.get(name)?))
    }

    pub(super) fn instance_creation(&self, node: u32, is_new: bool, method: &str) -> Option<ResourceId> {
        self.instance_creates.get(&(node, is_new, *self.symbols.get(method)?)).copied()
    }

    pub(super) fn instance_entries(&self, node: u32, is_new: bool, method: &str) -> Option<&SmallVec<[Ref; 2]>> {
        self.instance_methods.get(&(node, is_new, *self.symbols.get(method)?))
    }
}
