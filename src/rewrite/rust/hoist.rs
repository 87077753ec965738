//! Making a resource once: a static keeps it, and who made one takes a clone of that.
//!
//! Where making it neither waits nor fails, a `LazyLock` makes it; where it waits, a function with a `OnceCell` of the
//! runtime's; where making it may fail for its caller, that is asked in place, or it is made there and kept for the next.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::spanned::Spanned as _;

use super::found::{Found, Step, find};
use super::names::{Bound, Words};
use super::{printed, types, uses};
use crate::languages::rust::{range, with_tree};
use crate::rewrite::layout::Layout;
use crate::rewrite::{Applicability, Edit, Fix, Hoist};
use crate::source::{SourceFile, Span};

/// The fix; `None` where what it is depends on the call, or its type cannot be told.
pub(super) fn fix(remedy: &Hoist, files: &[SourceFile]) -> Option<Fix> {
    let id = remedy.creation.file;
    let file = &files[id.index()];
    // Everybody who uses a clone has a resource of the type there was.
    if !remedy.is_cloned || !remedy.present.is_empty() {
        return None;
    }
    let has_runtime = mentions(file, files, "tokio::");
    // A crate that goes without the standard library's locks may have to build where there are none.
    let is_older = mentions(file, files, "once_cell::sync::") && !mentions(file, files, "LazyLock");
    with_tree(&file.text, |tree| {
        let own = Plan::of(tree, remedy, remedy.creation.span, has_runtime)?;
        // All that are made alike share one: the first of them says where it stands.
        let first = remedy
            .alike
            .iter()
            .filter_map(|&span| Plan::of(tree, remedy, span, has_runtime))
            .filter(|other| other.is_like(&own))
            .map(|other| range(other.found.item.span()))
            .min_by_key(|item| item.start)?;
        own.fix(file, tree, first, remedy, is_older)
    })
    .flatten()
}

/// Whether a file of the crate says something.
fn mentions(file: &SourceFile, files: &[SourceFile], what: &str) -> bool {
    let root = |path: &str| path.find("src/").map(|at| path[..at].to_owned());
    let own = root(&file.display_path);
    files.iter().any(|other| root(&other.display_path) == own && other.text.contains(what))
}

/// How it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Lock,
    Cell,
    /// The same cell, asked where it was made: what it fails with is for the function to say.
    TryCell,
    /// Made in the function itself, and kept for the next.
    InPlace,
}

struct Plan<'t> {
    found: Found<'t>,
    way: Way,
    kind: TokenStream,
    /// Statements that come before the making, in order.
    setup: Vec<&'t syn::Local>,
    /// Those of them that nothing else needs.
    gone: Vec<Span>,
}

impl<'t> Plan<'t> {
    fn of(tree: &'t syn::File, remedy: &Hoist, creation: Span, has_runtime: bool) -> Option<Self> {
        let found = find(tree, creation)?;
        let bound = Bound::of_item(found.item);
        let value = range(found.value.span());
        let kind = types::of(tree, &found, &remedy.types)?;
        let mut setup = Vec::new();
        let words = needs(&bound, &found.before, &found.value.to_token_stream(), value, &mut setup)?;
        let fails = |tokens: TokenStream| Words::of(tokens).fails;
        let is_outermost = |fails| fails == 0 || fails == 1 && matches!(found.steps.last(), Some(Step::Fails));
        let sets_up_plainly = setup.iter().all(|local| fails(local.to_token_stream()) == 0);
        let is_plain = sets_up_plainly && is_outermost(fails(found.value.to_token_stream()));
        let way = match (words.fails, words.waits) {
            (0, false) => Way::Lock,
            (0, true) if has_runtime => Way::Cell,
            (_, true) if has_runtime && is_plain => Way::TryCell,
            _ => Way::InPlace,
        };
        let mentions = |name: &str| occurrences(&found.item.to_token_stream(), name);
        let gone = setup
            .iter()
            .filter(|local| {
                let inside: usize = setup
                    .iter()
                    .map(|it| it.to_token_stream())
                    .chain([found.value.to_token_stream()])
                    .map(|tokens| occurrences(&tokens, &name_of(local)))
                    .sum();
                mentions(&name_of(local)) == inside
            })
            .map(|local| range(local.span()))
            .collect();
        Some(Self { found, way, kind, setup, gone })
    }

    fn is_like(&self, other: &Self) -> bool {
        let made = |plan: &Self| plan.made().to_string();
        self.way == other.way
            && matches!(self.way, Way::Lock | Way::Cell)
            && self.found.is_top == other.found.is_top
            && self.kind.to_string() == other.kind.to_string()
            && made(self) == made(other)
            || range(self.found.value.span()) == range(other.found.value.span())
    }

    /// The expression that makes it, with the statements it needs.
    fn made(&self) -> TokenStream {
        let (setup, value) = (&self.setup, self.found.value);
        if setup.is_empty() { quote!(#value) } else { quote!({ #(#setup)* #value }) }
    }

    fn fix(&self, file: &SourceFile, tree: &syn::File, first: Span, remedy: &Hoist, is_older: bool) -> Option<Fix> {
        let (id, text) = (remedy.creation.file, &*file.text);
        let layout = Layout::of(text);
        let value = range(self.found.value.span());
        // What is laid out anew keeps no comments.
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
            Way::Lock if is_older => self.by_lock(&name, &import("once_cell::sync::Lazy")),
            Way::Lock => self.by_lock(&name, &import("std::sync::LazyLock")),
            Way::Cell => self.by_cell(&word.to_uppercase(), &getter, &import("tokio::sync::OnceCell")),
            Way::TryCell => self.by_asking(&name, &import("tokio::sync::OnceCell"))?,
            Way::InPlace if is_older => self.in_place(&name, &import("once_cell::sync::OnceCell")),
            Way::InPlace => self.in_place(&name, &import("std::sync::OnceLock")),
        };
        let mut replacement = printed::expression(&layout, &replacement, indent)?;
        // In a chain that stands on lines of its own each link has one.
        let behind = &text[value.end as usize..];
        let link = behind.len() - behind.trim_start().len();
        if behind[..link].contains('\n') && behind[link..].starts_with('.') && !replacement.contains('\n') {
            replacement = replacement.replace(".clone()", &format!("{}.clone()", &behind[..link]));
        }
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

    /// What is declared, and what stands in the place of what made it.
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

    fn by_cell(&self, name: &str, getter: &str, cell: &TokenStream) -> (TokenStream, TokenStream) {
        let (kept, get, kind) = (format_ident!("{name}"), format_ident!("{getter}"), &self.kind);
        let (setup, value) = (&self.setup, self.found.value);
        let item = quote! {
            #[doc = " One for the process, made when it is first needed."]
            async fn #get() -> #kind {
                static #kept: #cell<#kind> = #cell::const_new();
                #kept.get_or_init(|| async { #(#setup)* #value }).await.clone()
            }
        };
        (item, quote!(#get().await))
    }

    fn by_asking(&self, name: &str, cell: &TokenStream) -> Option<(TokenStream, TokenStream)> {
        let (kept, kind) = (format_ident!("{name}"), &self.kind);
        let syn::Expr::Try(tried) = self.found.value else { return None };
        let (setup, tried) = (&self.setup, &tried.expr);
        let item = quote! {
            #[doc = " One for the process, made when it is first needed."]
            static #kept: #cell<#kind> = #cell::const_new();
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

/// Takes up what code needs of its function; `None` where it depends on the call.
fn needs<'t>(
    bound: &Bound,
    before: &[&'t syn::Local],
    code: &TokenStream,
    span: Span,
    setup: &mut Vec<&'t syn::Local>,
) -> Option<Words> {
    let mut words = Words::of(code.clone());
    if bound.imports || words.has_self || words.leaves || words.free.iter().any(|name| bound.others.contains(name)) {
        return None;
    }
    for name in &words.free.clone() {
        let mut given = bound.variables.iter().filter(|(variable, at)| variable == name && !span.contains(*at));
        let Some((_, at)) = given.next() else { continue };
        // A name that is given twice may mean either.
        let local = before.iter().find(|local| range(local.pat.span()).contains(*at))?;
        let is_constant = matches!(&local.pat, syn::Pat::Ident(it) if it.mutability.is_none() && it.by_ref.is_none())
            && local.init.as_ref().is_some_and(|init| init.diverge.is_none());
        if given.next().is_some() || !is_constant {
            return None;
        }
        if setup.iter().any(|it| range(it.span()) == range(local.span())) {
            continue;
        }
        let init = &local.init.as_ref()?.expr;
        let inner = needs(bound, before, &init.to_token_stream(), range(init.span()), setup)?;
        words.waits |= inner.waits;
        words.fails += inner.fails;
        setup.push(local);
    }
    Some(words)
}

fn name_of(local: &syn::Local) -> String {
    match &local.pat {
        syn::Pat::Ident(pattern) => pattern.ident.to_string(),
        _ => String::new(),
    }
}

fn occurrences(tokens: &TokenStream, name: &str) -> usize {
    let count = |token| match token {
        proc_macro2::TokenTree::Group(group) => occurrences(&group.stream(), name),
        proc_macro2::TokenTree::Ident(ident) => usize::from(ident == name),
        // Formats mention names in their texts.
        proc_macro2::TokenTree::Literal(literal) => literal.to_string().matches(&format!("{{{name}")).count(),
        proc_macro2::TokenTree::Punct(_) => 0,
    };
    tokens.clone().into_iter().map(count).sum()
}

fn free_name(text: &str, wanted: &str) -> String {
    let mut name = wanted.to_owned();
    let mut number = 1;
    while text.contains(&name) {
        number += 1;
        name = format!("{wanted}_{number}");
    }
    name
}
