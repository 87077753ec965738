//! What a file says of a type: its declaration, and the literals that make it.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{ExprStruct, ItemStruct, Visibility};

use crate::languages::rust::{range, with_tree};
use crate::rewrite::rust::meant::meant;
use crate::source::Span;

/// A type with named fields.
pub(super) struct Structure {
    pub(super) fields: Vec<Field>,
    pub(super) derives: Vec<String>,
    pub(super) is_public: bool,
    /// What stands before the name of the last field.
    pub(super) visibility: String,
    /// What the file imports, and under which names.
    pub(super) names: Vec<(String, String)>,
}

pub(super) struct Field {
    pub(super) name: String,
    /// Its type, with all names written out.
    pub(super) kind: String,
    pub(super) span: Span,
    pub(super) has_comma: bool,
}

/// Where one is made.
pub(super) struct Literal {
    /// The fields, and what they are made by, with all names written out.
    pub(super) makes: Vec<(String, String)>,
    /// The fields, as they are written.
    pub(super) fields: Vec<Span>,
    pub(super) has_comma: bool,
    /// From brace to brace.
    pub(super) braces: Span,
}

pub(super) struct Read {
    pub(super) structures: Vec<Structure>,
    pub(super) literals: Vec<Literal>,
    /// Whether all that is written of it was understood.
    pub(super) is_whole: bool,
}

/// What a text writes of the type `name`; `None` where it cannot be read.
pub(super) fn read(text: &str, name: &str) -> Option<Read> {
    with_tree(text, |tree| {
        let read = Read { structures: Vec::new(), literals: Vec::new(), is_whole: true };
        let mut search = Search { tree, text, name, is_own: false, named: 0, read };
        search.visit_file(tree);
        // What macros are given is no tree.
        search.read.is_whole &= opened(text, name) == search.named;
        search.read
    })
}

/// How often a name stands before an opening brace, where that is no declaration.
fn opened(text: &str, name: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let found = text.match_indices(name).filter(|(at, _)| {
        let (before, behind) = (&text[..*at], &text[at + name.len()..]);
        let declares = ["struct", "impl", "for", "->", "enum", "union", "//"];
        let line = before.rsplit('\n').next().unwrap_or_default();
        !before.ends_with(is_word)
            && behind.trim_start().starts_with('{')
            && !behind.starts_with(is_word)
            && !declares.iter().any(|word| before.trim_end().ends_with(word))
            && !line.trim_start().starts_with("//")
            && !line.contains("impl")
    });
    found.count()
}

struct Search<'t> {
    tree: &'t syn::File,
    text: &'t str,
    name: &'t str,
    /// Whether it is what `Self` means.
    is_own: bool,
    /// The literals and patterns that have its name.
    named: usize,
    read: Read,
}

impl Search<'_> {
    /// Whether a path leads to it; counts those that say so by name.
    fn is_it(&mut self, path: &syn::Path) -> bool {
        let Some(last) = path.segments.last() else { return false };
        let is_named = last.ident == self.name;
        self.named += usize::from(is_named);
        is_named || self.is_own && path.is_ident("Self")
    }

    fn meant(&self, code: &dyn quote::ToTokens) -> String {
        meant(self.tree, code.to_token_stream()).to_string()
    }

    fn structure(&self, it: &ItemStruct) -> Option<Structure> {
        let syn::Fields::Named(named) = &it.fields else { return None };
        let derives = it.attrs.iter().filter(|attribute| attribute.path().is_ident("derive")).flat_map(|attribute| {
            let list = attribute.parse_args_with(Punctuated::<syn::Path, syn::Token![,]>::parse_terminated);
            list.into_iter().flatten().filter_map(|path| Some(path.segments.last()?.ident.to_string()))
        });
        let fields = named.named.iter().enumerate().filter_map(|(at, field)| {
            Some(Field {
                name: field.ident.as_ref()?.to_string(),
                kind: self.meant(&field.ty).replace(' ', ""),
                span: range(field.span()),
                has_comma: at + 1 < named.named.len() || named.named.trailing_punct(),
            })
        });
        let visibility = |visibility: &Visibility| match visibility {
            Visibility::Inherited => String::new(),
            other => format!("{} ", &self.text[range(other.span()).range()]),
        };
        let names = self.tree.items.iter().filter_map(|item| match item {
            syn::Item::Use(import) => Some(imported(&import.tree)),
            _ => None,
        });
        let names = names.flatten().map(|name| (self.meant(&quote::format_ident!("{name}")).replace(' ', ""), name));
        Some(Structure {
            derives: derives.collect(),
            is_public: matches!(it.vis, Visibility::Public(_)),
            visibility: named.named.last().map(|field| visibility(&field.vis)).unwrap_or_default(),
            fields: fields.collect(),
            names: names.map(|(meant, name)| (name, meant)).collect(),
        })
    }
}

impl<'t> Visit<'t> for Search<'t> {
    fn visit_item_impl(&mut self, block: &'t syn::ItemImpl) {
        let outer = self.is_own;
        self.is_own = match &*block.self_ty {
            syn::Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == self.name),
            _ => false,
        };
        syn::visit::visit_item_impl(self, block);
        self.is_own = outer;
    }

    fn visit_item_struct(&mut self, it: &'t ItemStruct) {
        if it.ident == self.name {
            match self.structure(it).filter(|_| it.generics.params.is_empty()) {
                Some(structure) => self.read.structures.push(structure),
                None => self.read.is_whole = false,
            }
        }
    }

    fn visit_expr_struct(&mut self, it: &'t ExprStruct) {
        if self.is_it(&it.path) {
            let makes = it.fields.iter().filter_map(|field| match &field.member {
                syn::Member::Named(name) => Some((name.to_string(), self.meant(&field.expr))),
                syn::Member::Unnamed(_) => None,
            });
            self.read.literals.push(Literal {
                makes: makes.collect(),
                fields: it.fields.iter().map(|field| range(field.span())).collect(),
                braces: range(it.brace_token.span.join()),
                has_comma: it.fields.trailing_punct(),
            });
            // What the rest is taken from has it, too.
            self.read.is_whole &= it.rest.is_none();
        }
        syn::visit::visit_expr_struct(self, it);
    }

    fn visit_pat_struct(&mut self, it: &'t syn::PatStruct) {
        if self.is_it(&it.path) {
            self.read.is_whole &= it.rest.is_some();
        }
        syn::visit::visit_pat_struct(self, it);
    }
}

/// The names that an import gives.
fn imported(tree: &syn::UseTree) -> Vec<String> {
    match tree {
        syn::UseTree::Path(inner) => imported(&inner.tree),
        syn::UseTree::Name(last) => vec![last.ident.to_string()],
        syn::UseTree::Rename(last) => vec![last.rename.to_string()],
        syn::UseTree::Group(group) => group.items.iter().flat_map(imported).collect(),
        syn::UseTree::Glob(_) => Vec::new(),
    }
}
