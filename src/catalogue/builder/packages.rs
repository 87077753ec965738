//! Packages: the trees of names in which the members of packages are looked up.

use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::catalogue::index::SymbolRecord;
use crate::catalogue::pattern::MemberPath;
use crate::catalogue::schema::Library;
use crate::catalogue::specifier::GLOBAL;
use crate::ir::Name;

use super::Builder;

/// The packages that several libraries speak about, or that one singles out: each needs a tree of its own, where the
/// other packages of a library share one.
pub(super) fn distinct(libraries: &[Library]) -> FxHashSet<&str> {
    let mut seen = FxHashSet::with_capacity_and_hasher(512, FxBuildHasher);
    let mut distinct = FxHashSet::default();
    for library in libraries {
        distinct.extend(library.packages.iter().map(String::as_str).filter(|package| !seen.insert(*package)));
        let narrowed = library.packages.iter().filter_map(|package| Some((package, package.split_once('#')?.0)));
        distinct.extend(narrowed.flat_map(|(package, whole)| [package.as_str(), whole]));
        let froms = library.resources.iter().map(|it| &it.from);
        let froms = froms.chain(library.wrappers.iter().map(|it| &it.from));
        let froms = froms.chain(library.functions.iter().map(|it| &it.from));
        let froms = froms.chain(library.entries.iter().map(|it| &it.from));
        distinct.extend(froms.flatten().map(String::as_str));
    }
    distinct
}

impl<'l> Builder<'l> {
    /// The trees of a library, each once, with the package it is for (any one of those that share it).
    pub(super) fn roots(&mut self, library: &'l Library) -> Vec<(&'l str, u32)> {
        let mut shared = None;
        let mut roots = Vec::with_capacity(library.packages.len());
        for package in &library.packages {
            if package.starts_with(GLOBAL) || self.distinct.contains(package.as_str()) {
                roots.push((package.as_str(), self.root(package)));
            } else if let Some(root) = shared {
                self.add_package(package, root);
            } else {
                let root = self.new_node();
                self.add_package(package, root);
                roots.push((package.as_str(), root));
                shared = Some(root);
            }
        }
        roots
    }

    /// The node a library's `packages` entry stands for.
    pub(super) fn root(&mut self, package: &str) -> u32 {
        let (package, member) = package.split_once('#').unwrap_or((package, ""));
        let index = &self.index;
        let family = |list: &[(Box<str>, u32)], text: &str| list.iter().find(|(it, _)| &**it == text).map(|it| it.1);
        let known = if package == GLOBAL {
            index.global
        } else if let Some(prefix) = package.strip_suffix('*') {
            family(&index.prefixes, prefix)
        } else if let Some(suffix) = package.strip_prefix("**") {
            family(&index.suffixes, suffix)
        } else {
            index.packages.get(package).copied()
        };
        let root = known.unwrap_or_else(|| {
            let root = self.new_node();
            self.add_package(package, root);
            root
        });
        let member = member.split('.').filter(|name| !name.is_empty()).map(Name::from).collect::<MemberPath>();
        self.node(root, &member)
    }

    /// Makes a tree the one for a package.
    fn add_package(&mut self, package: &str, root: u32) {
        if package == GLOBAL {
            self.index.global = Some(root);
        } else if let Some(prefix) = package.strip_suffix('*') {
            self.index.prefixes.push((prefix.into(), root));
        } else if let Some(suffix) = package.strip_prefix("**") {
            self.index.suffixes.push((suffix.into(), root));
        } else {
            self.index.packages.insert(package.into(), root);
        }
    }

    pub(super) fn node(&mut self, root: u32, path: &[Name]) -> u32 {
        path.iter().fold(root, |node, name| {
            let symbol = self.name(name);
            if let Some(&child) = self.index.children.get(&(node, symbol)) {
                return child;
            }
            let child = self.new_node();
            self.index.children.insert((node, symbol), child);
            child
        })
    }

    fn new_node(&mut self) -> u32 {
        self.index.nodes.push(SymbolRecord::default());
        u32::try_from(self.index.nodes.len() - 1).expect("invariant: nodes are few")
    }
}
