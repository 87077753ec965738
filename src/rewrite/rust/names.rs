//! Which names of a function an expression mentions. Tokens are searched, not the tree, because macro arguments are not
//! parsed.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use crate::languages::rust::range;
use crate::source::Span;

/// The words of some code that may be names of their own, and not parts of a path or fields.
pub(super) struct Words {
    pub(super) free: BTreeSet<String>,
    /// Whether it mentions the instance or its type: `self`, `Self`.
    pub(super) has_self: bool,
    pub(super) waits: bool,
    /// How often it may leave the function with an error: `?`.
    pub(super) fails: usize,
    /// Whether it leaves the code around it: `return`, `break`.
    pub(super) leaves: bool,
}

impl Words {
    pub(super) fn of(tokens: TokenStream) -> Self {
        let mut words = Self { free: BTreeSet::new(), has_self: false, waits: false, fails: 0, leaves: false };
        words.read(tokens);
        words
    }

    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is_punct = |at: Option<usize>, wanted: char| {
            at.and_then(|at| tokens.get(at))
                .is_some_and(|it| matches!(it, TokenTree::Punct(it) if it.as_char() == wanted))
        };
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Punct(punct) => self.fails += usize::from(punct.as_char() == '?'),
                // `format!("{name}")` mentions a name.
                TokenTree::Literal(literal) => self.read_text(&literal.to_string()),
                TokenTree::Ident(ident) => {
                    let before = |distance: usize| at.checked_sub(distance);
                    let is_member = is_punct(before(1), '.') && !is_punct(before(2), '.');
                    let is_in_path = is_punct(before(1), ':') && is_punct(before(2), ':');
                    let starts_path = is_punct(Some(at + 1), ':') && is_punct(Some(at + 2), ':');
                    match ident.to_string().as_str() {
                        "await" => self.waits = true,
                        "self" | "Self" => self.has_self = true,
                        "return" | "break" | "continue" | "yield" => self.leaves = true,
                        _ if is_member || is_in_path || starts_path => {}
                        name => {
                            self.free.insert(name.to_owned());
                        }
                    }
                    // The first name of a path may be a type parameter.
                    if starts_path && !is_in_path {
                        self.free.insert(ident.to_string());
                    }
                }
            }
        }
    }

    fn read_text(&mut self, text: &str) {
        for part in text.split('{').skip(1) {
            let name: String = part.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
            if !name.is_empty() {
                self.free.insert(name);
            }
        }
    }
}

/// The names that a function and its surroundings declare.
#[derive(Default)]
pub(super) struct Bound {
    /// Names of variables and parameters, with where they are given.
    pub(super) variables: Vec<(String, Span)>,
    /// Names that mean something within the function, or by its type parameters, only.
    pub(super) others: BTreeSet<String>,
    /// Whether the function imports something for itself.
    pub(super) imports: bool,
}

impl Bound {
    pub(super) fn of_item(item: &syn::Item) -> Self {
        let mut bound = Self::default();
        match item {
            syn::Item::Fn(function) => bound.visit_item_fn(function),
            syn::Item::Impl(block) => bound.visit_item_impl(block),
            other => bound.visit_item(other),
        }
        bound
    }
}

impl<'t> Visit<'t> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'t syn::PatIdent) {
        self.variables.push((pattern.ident.to_string(), range(pattern.ident.span())));
        syn::visit::visit_pat_ident(self, pattern);
    }

    fn visit_generic_param(&mut self, parameter: &'t syn::GenericParam) {
        self.others.insert(match parameter {
            syn::GenericParam::Type(it) => it.ident.to_string(),
            syn::GenericParam::Const(it) => it.ident.to_string(),
            syn::GenericParam::Lifetime(it) => it.lifetime.to_string(),
        });
        syn::visit::visit_generic_param(self, parameter);
    }

    fn visit_stmt(&mut self, statement: &'t syn::Stmt) {
        if let syn::Stmt::Item(item) = statement {
            match item {
                syn::Item::Use(_) | syn::Item::Macro(_) => self.imports = true,
                syn::Item::Const(it) => drop(self.others.insert(it.ident.to_string())),
                syn::Item::Static(it) => drop(self.others.insert(it.ident.to_string())),
                syn::Item::Fn(it) => drop(self.others.insert(it.sig.ident.to_string())),
                syn::Item::Struct(it) => drop(self.others.insert(it.ident.to_string())),
                syn::Item::Enum(it) => drop(self.others.insert(it.ident.to_string())),
                syn::Item::Type(it) => drop(self.others.insert(it.ident.to_string())),
                _ => {}
            }
        }
        syn::visit::visit_stmt(self, statement);
    }
}
