//! What a file imports, and how it would import one more name.

use proc_macro2::TokenStream;
use quote::format_ident;
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Item, ItemUse, UseTree};

use crate::languages::rust::range;
use crate::source::Span;

/// How a name is written, and where its import would stand.
pub(super) struct Written {
    pub(super) path: TokenStream,
    pub(super) import: Option<Place>,
}

pub(super) struct Place {
    pub(super) start: u32,
    /// Whether it is the end of the line before, and not the start of the line behind.
    pub(super) is_behind: bool,
}

/// How a file names what is at `path`; in a module within it, imports are another matter.
pub(super) fn name(tree: &syn::File, path: &str, is_top: bool) -> Written {
    let segments: Vec<_> = path.split("::").map(|name| format_ident!("{name}")).collect();
    let whole = || quote!(#(#segments)::*);
    let Some(last) = segments.last().filter(|_| is_top) else { return Written { path: whole(), import: None } };
    if origin(tree, &last.to_string()).is_some_and(|origin| origin.join("::") == path) {
        return Written { path: quote!(#last), import: None };
    }
    let place = place(tree, path).filter(|_| !is_imported(tree, &last.to_string()));
    let path = if place.is_some() { quote!(#last) } else { whole() };
    Written { path, import: place }
}

pub(super) fn is_imported(tree: &syn::File, name: &str) -> bool {
    origin(tree, name).is_some()
}

/// The path that a name of the file is imported by.
pub(super) fn origin(tree: &syn::File, name: &str) -> Option<Vec<String>> {
    imports(tree).find_map(|import| {
        let mut path = Vec::new();
        leads(&import.tree, name, &mut path).then_some(path)
    })
}

fn imports(tree: &syn::File) -> impl Iterator<Item = &ItemUse> {
    tree.items.iter().filter_map(|item| match item {
        Item::Use(import) => Some(import),
        _ => None,
    })
}

fn leads(tree: &UseTree, name: &str, path: &mut Vec<String>) -> bool {
    match tree {
        UseTree::Path(inner) => {
            path.push(inner.ident.to_string());
            leads(&inner.tree, name, path) || path.pop().is_none()
        }
        UseTree::Name(last) => {
            let is_it = last.ident == name;
            if is_it {
                path.push(last.ident.to_string());
            }
            is_it
        }
        UseTree::Rename(last) => {
            let is_it = last.rename == name;
            if is_it {
                path.push(last.ident.to_string());
            }
            is_it
        }
        UseTree::Group(group) => group.items.iter().any(|inner| leads(inner, name, path)),
        UseTree::Glob(_) => false,
    }
}

/// Where an import of `path` belongs: among those of the same root, or else among the first, by the alphabet.
fn place(tree: &syn::File, path: &str) -> Option<Place> {
    let plain = |import: &ItemUse| import.attrs.is_empty() && matches!(import.vis, syn::Visibility::Inherited);
    let all: Vec<(&ItemUse, Span, String)> = imports(tree)
        .filter(|import| plain(import))
        .map(|import| (import, range(import.span()), written(&import.tree)))
        .collect();
    let root = path.split("::").next()?;
    let of_root = |text: &String| text == root || text.starts_with(&format!("{root}::"));
    let group: Vec<&(&ItemUse, Span, String)> = match all.iter().any(|(.., text)| of_root(text)) {
        true => all.iter().filter(|(.., text)| of_root(text)).collect(),
        false => all.iter().collect(),
    };
    // Where one import has all, another beside it would be of another hand.
    if let [(.., text)] = &group[..]
        && text == "{"
    {
        return None;
    }
    match group.iter().find(|(.., text)| text.as_str() > path) {
        Some((_, span, _)) => Some(Place { start: span.start, is_behind: false }),
        None => group.last().map(|(_, span, _)| Place { start: span.end, is_behind: true }),
    }
}

fn written(tree: &UseTree) -> String {
    match tree {
        UseTree::Path(inner) => format!("{}::{}", inner.ident, written(&inner.tree)),
        UseTree::Name(last) => last.ident.to_string(),
        UseTree::Rename(last) => last.ident.to_string(),
        UseTree::Group(_) => "{".to_owned(),
        UseTree::Glob(_) => "*".to_owned(),
    }
}
