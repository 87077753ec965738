//! Paths: what a name stands for.

use syn::Ident;

use crate::ir::{BY_GLOB, ImportName, Name, Place, Root, TypeRoot, VariableId, is_primitive};

use super::attributes::is_public;
use super::lowering::Lowering;
use super::{range, span_of};

/// Names that every file has, besides the primitive types, and no glob brings.
const PRELUDE: &[&str] = &[
    "Some", "None", "Ok", "Err", "Option", "Result", "Vec", "String", "Box", "drop", "Drop", "Clone", "Copy",
    "Default", "From", "Into", "Iterator", "ToString", "AsRef", "Send", "Sync", "Fn", "FnMut", "FnOnce",
];

/// What a path starts from, before its last segments.
enum Start {
    This,
    Variable(VariableId),
    Global(Name),
}

impl Lowering<'_> {
    /// The place a path names in an expression: `pool`, `Pool::connect`, `crate::db::POOL`.
    pub(super) fn place_of(&mut self, path: &syn::Path) -> Place {
        let (start, rest) = self.start_of(path);
        let root = match start {
            Start::This => Root::This,
            Start::Variable(id) => Root::Variable(id),
            Start::Global(name) => Root::Global(name),
        };
        rest.into_iter().fold(Place::new(root), Place::named)
    }

    /// What a path names among types.
    pub(super) fn type_root(&mut self, path: &syn::Path) -> Option<(TypeRoot, Vec<Name>)> {
        let (start, rest) = self.start_of(path);
        let root = match start {
            Start::This => return None,
            Start::Variable(id) => TypeRoot::Variable(id),
            Start::Global(name) => TypeRoot::Global(name),
        };
        Some((root, rest))
    }

    fn start_of(&mut self, path: &syn::Path) -> (Start, Vec<Name>) {
        let mut names: Vec<Name> = path.segments.iter().map(|segment| name_of(&segment.ident)).collect();
        if names.is_empty() {
            return (Start::Global(Name::default()), names);
        }
        let first = names.remove(0);
        if first == "self" && names.is_empty() {
            return (Start::This, names);
        }
        // A module within the file sees the names around it.
        let mut first = first;
        let mut outward = 0;
        while first == "super" && outward < self.inline_modules.len() && !names.is_empty() {
            first = names.remove(0);
            outward += 1;
        }
        if first == "self" && !self.inline_modules.is_empty() && !names.is_empty() {
            first = names.remove(0);
        }
        if first == "Self"
            && let Some(id) = self.self_type
        {
            return (Start::Variable(id), names);
        }
        let is_rooted = path.leading_colon.is_some() || is_module_keyword(&first);
        if !is_rooted && let Some(id) = self.lookup(&first) {
            return (Start::Variable(id), names);
        }
        // A single unknown name is the prelude's (`drop`), and so is a type's: `Vec::new`. Other paths start at a crate.
        // Whatever a glob brings, this module passes on.
        let comes_with_language = PRELUDE.contains(&first.as_str()) || is_primitive(&first);
        if !is_rooted && self.has_globs && !comes_with_language && self.could_be_imported(&first, &names) {
            return (Start::Variable(self.brought_by_glob(&first, path)), names);
        }
        if !is_rooted && (names.is_empty() || first.starts_with(char::is_uppercase)) {
            return (Start::Global(first), names);
        }
        (Start::Variable(self.module_named(&first, path)), names)
    }

    /// Crates are named in lower case too, but a glob brings no module with a path behind it very often.
    fn could_be_imported(&self, first: &Name, rest: &[Name]) -> bool {
        rest.is_empty() || first.starts_with(char::is_uppercase)
    }

    /// A name that a glob may bring: asked of this module's own exports, which pass globs on.
    fn brought_by_glob(&mut self, name: &Name, path: &syn::Path) -> VariableId {
        let local = Name::from(format!("{BY_GLOB}{name}"));
        if let Some(&known) = self.scopes[0].get(&local) {
            return known;
        }
        let id = self.import_outside("self", ImportName::Named(name.clone()), local.clone(), span_of(path));
        self.scopes[0].insert(local, id);
        id
    }

    /// The namespace of a crate or of `crate`, `self`, `super`: one import however often it is named.
    fn module_named(&mut self, first: &Name, path: &syn::Path) -> VariableId {
        // No identifier has this form, so nothing in the file can mean it.
        let local = Name::from(format!("::{first}"));
        if let Some(&known) = self.scopes[0].get(&local) {
            return known;
        }
        let id = self.import_outside(first, ImportName::Namespace, local.clone(), span_of(path));
        self.scopes[0].insert(local, id);
        id
    }

    /// `use` trees: every leaf is one import. All of them are passed on: what may be seen is the compiler's business.
    pub(super) fn use_tree(&mut self, tree: &syn::UseTree, prefix: &str, visibility: &syn::Visibility) {
        match tree {
            syn::UseTree::Path(path) => {
                let name = name_of(&path.ident);
                let prefix = match prefix {
                    "" | "::" => format!("{prefix}{name}"),
                    _ => format!("{prefix}::{name}"),
                };
                self.use_tree(&path.tree, &prefix, visibility);
            }
            syn::UseTree::Name(leaf) => self.use_leaf(prefix, (&leaf.ident, &leaf.ident), visibility),
            syn::UseTree::Rename(leaf) => self.use_leaf(prefix, (&leaf.ident, &leaf.rename), visibility),
            syn::UseTree::Glob(glob) => {
                // `use super::*` in a module within the file: its names are in sight already.
                if !self.inline_modules.is_empty() && prefix == "super" {
                    return;
                }
                // `use Shape::*`: the variants of an enum are no items of a module.
                if prefix.rsplit("::").next().is_some_and(|last| last.starts_with(char::is_uppercase)) {
                    return;
                }
                let request = self.request(prefix, span_of(glob));
                let source = crate::ir::ExportSource::All { request };
                let is_public = is_public(visibility);
                self.exports.push(crate::ir::Export { name: "*".into(), source, is_public, span: span_of(glob) });
                self.has_globs = true;
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, prefix, visibility);
                }
            }
        }
    }

    fn use_leaf(&mut self, prefix: &str, (ident, local): (&Ident, &Ident), visibility: &syn::Visibility) {
        let at = range(local.span());
        let name = name_of(ident);
        let local = if local == "self" { prefix.rsplit("::").next().unwrap_or(prefix).into() } else { name_of(local) };
        let id = match (name.as_str(), prefix) {
            ("self", _) => self.import(prefix, ImportName::Namespace, local, at),
            (_, "" | "::") => self.import(&format!("{prefix}{name}"), ImportName::Namespace, local, at),
            _ => self.import(prefix, ImportName::Named(name), local, at),
        };
        self.declare(id);
        if self.scopes.len() == 1 {
            self.export(id, visibility);
        }
    }
}

/// The name as the program means it: `r#type` is `type`.
pub(super) fn name_of(ident: &Ident) -> Name {
    let text = ident.to_string();
    text.strip_prefix("r#").unwrap_or(&text).into()
}

fn is_module_keyword(name: &str) -> bool {
    matches!(name, "crate" | "self" | "super")
}
