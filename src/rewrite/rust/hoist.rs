//! Making a resource once: a static keeps it, and a clone replaces each creation.
//!
//! If making it neither waits nor fails, a `LazyLock` makes it. If it waits, a function with the runtime's `OnceCell`
//! does. If it may fail and the caller handles the error, it is made in place and its result kept for the next call.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::spanned::Spanned as _;

use super::keepers::Keepers;
use super::plan::{Plan, Way};
use super::{printed, uses};
use crate::catalogue::schema::Keeper;
use crate::languages::rust::{range, with_tree};
use crate::rewrite::layout::Layout;
use crate::rewrite::{Applicability, Edit, Fix, Hoist};
use crate::source::{SourceFile, Span};

/// The fix; `None` if the arguments depend on the call, or the type is unknown.
pub(super) fn fix(remedy: &Hoist, files: &[SourceFile]) -> Option<Fix> {
    let id = remedy.creation.file;
    let file = &files[id.index()];
    let keepers = Keepers::of(remedy, file, files);
    let has_runtime = keepers.awaited.is_some();
    with_tree(&file.text, |tree| {
        let own = Plan::of(tree, remedy, remedy.creation.span, has_runtime)?;
        // Identical creations share one; it goes where the first of them is.
        let first = remedy
            .alike
            .iter()
            .filter_map(|&span| Plan::of(tree, remedy, span, has_runtime))
            .filter(|other| other.is_like(&own))
            .map(|other| range(other.found.item.span()))
            .min_by_key(|item| item.start)?;
        own.fix(file, tree, first, remedy, &keepers)
    })
    .flatten()
}

impl Plan<'_> {
    fn fix(
        &self,
        file: &SourceFile,
        tree: &syn::File,
        first: Span,
        remedy: &Hoist,
        keepers: &Keepers<'_>,
    ) -> Option<Fix> {
        let (id, text) = (remedy.creation.file, &*file.text);
        let layout = Layout::of(text);
        let value = range(self.found.value.span());
        // Code that is printed anew loses its comments.
        let has_comments = |span: Span| layout.slice(span).contains("//") && !layout.slice(span).contains("://");
        if has_comments(value) || self.setup.iter().any(|local| has_comments(range(local.span()))) {
            return None;
        }
        let word = remedy.word;
        let name = free_name(text, &format!("SHARED_{}", word.to_uppercase()));
        let getter = free_name(text, &format!("shared_{word}"));
        let mut common = Vec::new();
        let mut import = |path: &str| {
            let written = uses::name(tree, path, self.found.is_top);
            if let Some(at) = &written.import {
                let (before, behind) = if at.is_behind { (layout.newline, "") } else { ("", layout.newline) };
                common.push(Edit::insert(id, at.start, format!("{before}use {path};{behind}")));
            }
            written.path
        };
        let indent = layout.indent(value.start);
        let (declared, replacement) = match self.way {
            Way::Lock => self.by_lock(&name, &import(&keepers.lazy?.path)),
            Way::Cell => self.by_cell(&word.to_uppercase(), &getter, keepers.awaited?, &import(&keepers.awaited?.path)),
            Way::TryCell => self.by_asking(&name, keepers.awaited?, &import(&keepers.awaited?.path))?,
            Way::InPlace => self.in_place(&name, &import(&keepers.set?.path)),
        };
        let mut replacement = printed::expression(&layout, &replacement, indent)?;
        replacement = printed::linked(&layout, value, replacement);
        let at = printed::start_with_comments(&layout, first.start);
        let indent = layout.indent(first.start);
        let apart = if printed::is_apart(&layout, at) { "" } else { layout.newline };
        let declaration = format!("{apart}{}{}", printed::item(&layout, &declared, indent)?, layout.newline);
        common.push(Edit::insert(id, at, declaration));
        let mut edits = vec![Edit::replace(id, value, replacement)];
        edits.extend(layout.removals(&self.gone).into_iter().map(|gone| Edit::delete(id, gone)));
        edits.sort();
        let is_safe = self.way == Way::Lock && remedy.is_certain;
        Some(Fix {
            title: format!("make the {word} once, when it is first needed, and share it"),
            applicability: if is_safe { Applicability::Safe } else { Applicability::Unsafe },
            edits,
            common,
            tidying: Vec::new(),
        })
    }

    /// The declaration, and the expression that replaces the creation.
    fn by_lock(&self, name: &str, lock: &TokenStream) -> (TokenStream, TokenStream) {
        let (kept, kind) = (format_ident!("{name}"), &self.kind);
        let maker = match self.found.value {
            syn::Expr::Call(call) if call.args.is_empty() && self.setup.is_empty() => call.func.to_token_stream(),
            _ => {
                let made = self.made();
                quote!(|| #made)
            }
        };
        let item = quote! {
            #[doc = " One for the process, made when it is first needed."]
            static #kept: #lock<#kind> = #lock::new(#maker);
        };
        (item, quote!(#kept.clone()))
    }

    fn by_cell(&self, name: &str, getter: &str, keeper: &Keeper, cell: &TokenStream) -> (TokenStream, TokenStream) {
        let (kept, get, kind) = (format_ident!("{name}"), format_ident!("{getter}"), &self.kind);
        let (setup, value) = (&self.setup, self.found.value);
        let make = format_ident!("{}", keeper.make);
        let item = quote! {
            #[doc = " One for the process, made when it is first needed."]
            async fn #get() -> #kind {
                static #kept: #cell<#kind> = #cell::#make();
                #kept.get_or_init(|| async { #(#setup)* #value }).await.clone()
            }
        };
        (item, quote!(#get().await))
    }

    fn by_asking(&self, name: &str, keeper: &Keeper, cell: &TokenStream) -> Option<(TokenStream, TokenStream)> {
        let (kept, kind) = (format_ident!("{name}"), &self.kind);
        let syn::Expr::Try(tried) = self.found.value else { return None };
        let (setup, tried) = (&self.setup, &tried.expr);
        let make = format_ident!("{}", keeper.make);
        let item = quote! {
            #[doc = " One for the process, made when it is first needed."]
            static #kept: #cell<#kind> = #cell::#make();
        };
        Some((item, quote!(#kept.get_or_try_init(|| async { #(#setup)* #tried }).await?.clone())))
    }

    fn in_place(&self, name: &str, lock: &TokenStream) -> (TokenStream, TokenStream) {
        let (kept, kind) = (format_ident!("{name}"), &self.kind);
        let (setup, made) = (&self.setup, self.found.value);
        let variable = format_ident!("{}", self.found.name.as_deref().unwrap_or("made"));
        let item = quote! {
            #[doc = " One for the process, made when it is first needed."]
            static #kept: #lock<#kind> = #lock::new();
        };
        let chosen = quote! {
            match #kept.get() {
                Some(#variable) => #variable.clone(),
                None => {
                    #(#setup)*
                    let #variable = #made;
                    let _ = #kept.set(#variable.clone());
                    #variable
                }
            }
        };
        (item, chosen)
    }
}

pub(super) fn free_name(text: &str, wanted: &str) -> String {
    let mut name = wanted.to_owned();
    let mut number = 1;
    while text.contains(&name) {
        number += 1;
        name = format!("{wanted}_{number}");
    }
    name
}
