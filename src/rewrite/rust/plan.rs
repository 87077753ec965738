//! The plan for a resource that is to be made once: what makes it, which variables that needs, and how the result may
//! be kept.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::spanned::Spanned as _;

use super::found::{Found, Step, find};
use super::names::{Bound, Words};
use super::types;
use crate::languages::rust::range;
use crate::rewrite::Hoist;
use crate::source::Span;

/// How it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Lock,
    Cell,
    /// The same cell, used in place: its errors are for the function to handle.
    TryCell,
    /// Made in the function itself, and kept for the next call.
    InPlace,
}

pub(super) struct Plan<'t> {
    pub(super) found: Found<'t>,
    pub(super) way: Way,
    pub(super) kind: TokenStream,
    /// Statements before the creation, in order.
    pub(super) setup: Vec<&'t syn::Local>,
    /// Those of them that are used by nothing else.
    pub(super) gone: Vec<Span>,
}

impl<'t> Plan<'t> {
    pub(super) fn of(tree: &'t syn::File, remedy: &Hoist, creation: Span, has_runtime: bool) -> Option<Self> {
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

    pub(super) fn is_like(&self, other: &Self) -> bool {
        let made = |plan: &Self| plan.made().to_string();
        self.way == other.way
            && matches!(self.way, Way::Lock | Way::Cell)
            && self.found.is_top == other.found.is_top
            && self.kind.to_string() == other.kind.to_string()
            && made(self) == made(other)
            || range(self.found.value.span()) == range(other.found.value.span())
    }

    /// The expression that makes it, with the statements it needs.
    pub(super) fn made(&self) -> TokenStream {
        let (setup, value) = (&self.setup, self.found.value);
        if setup.is_empty() { quote!(#value) } else { quote!({ #(#setup)* #value }) }
    }
}

/// Adds what code needs of its function; `None` if it depends on the call.
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

pub(super) fn name_of(local: &syn::Local) -> String {
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
