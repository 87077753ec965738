//! Attributes: what is there for tests only, and what decorates a function.

use syn::punctuated::Punctuated;

use crate::ir::{Decorator, Operand};

use super::lowering::Lowering;
use super::span_of;

impl Lowering<'_> {
    /// `#[get("/users")]`, `#[tokio::main]`: as decorators, with the literals among their arguments.
    pub(super) fn decorators(&mut self, attributes: &[syn::Attribute]) -> Vec<Decorator> {
        let mut decorators = Vec::new();
        for attribute in attributes.iter().filter(|attribute| !attribute.path().is_ident("doc")) {
            decorators.extend(metas(attribute).iter().map(|meta| Decorator {
                callee: self.place_of(meta.path()),
                arguments: arguments(meta),
                span: span_of(attribute),
            }));
        }
        decorators
    }
}

/// What an attribute says: itself, or what it says for some builds, `#[cfg_attr(mobile, entry_point)]`.
pub(super) fn metas(attribute: &syn::Attribute) -> Vec<syn::Meta> {
    match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let parse = Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
            list.parse_args_with(parse).map_or_else(|_| Vec::new(), |metas| metas.into_iter().skip(1).collect())
        }
        meta => vec![meta.clone()],
    }
}

/// Whether other crates see a thing with this visibility.
pub(super) fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// Attributes of the language and its tools, which call nothing.
const BUILT_IN: &[&str] = &[
    "allow",
    "expect",
    "warn",
    "deny",
    "forbid",
    "cfg",
    "doc",
    "inline",
    "cold",
    "must_use",
    "deprecated",
    "track_caller",
    "target_feature",
    "rustfmt",
    "clippy",
];

/// Whether only its own crate can name a function: it is not `pub`, and no macro is asked to register it.
pub(super) fn is_private<'a>(
    visibility: &syn::Visibility,
    attributes: impl IntoIterator<Item = &'a syn::Attribute>,
) -> bool {
    let is_built_in = |attribute: &syn::Attribute| {
        let first = attribute.path().segments.first();
        first.is_some_and(|first| BUILT_IN.iter().any(|name| first.ident == name))
    };
    !is_public(visibility) && attributes.into_iter().all(is_built_in)
}

/// The traits that `#[derive(…)]` implements.
pub(super) fn derives(attributes: &[syn::Attribute]) -> Vec<syn::Path> {
    let derives = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let parse = Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
    derives.filter_map(|attribute| attribute.parse_args_with(parse).ok()).flatten().collect()
}

/// Whether a thing with these attributes is compiled, or called, for tests only.
pub(super) fn serves_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.is_ident("cfg") {
            return attribute.parse_args::<syn::Meta>().is_ok_and(|condition| needs_test(&condition));
        }
        // `#[test]`, and the same of a runtime: `#[tokio::test]`.
        path.segments.last().is_some_and(|last| last.ident == "test" || last.ident == "bench")
    })
}

/// Whether a thing with these attributes is there in some builds only.
pub(super) fn is_conditional(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg"))
}

/// What the features that tests turn on are called.
const TEST_WORDS: &[&str] = &["test", "tests", "testing", "testsuite", "bench", "fuzz", "fuzzing", "mock", "mocks"];

/// Whether a `cfg` condition holds in builds for tests, or for debugging, only.
fn needs_test(condition: &syn::Meta) -> bool {
    match condition {
        syn::Meta::Path(path) => path.is_ident("test") || path.is_ident("debug_assertions"),
        syn::Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated);
            parts.is_ok_and(|parts| {
                (list.path.is_ident("all") && parts.iter().any(needs_test))
                    || (list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(needs_test))
            })
        }
        // `feature = "test-utils"`
        syn::Meta::NameValue(pair) => {
            let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(value), .. }) = &pair.value else { return false };
            pair.path.is_ident("feature") && value.value().split(['-', '_']).any(|word| TEST_WORDS.contains(&word))
        }
    }
}

fn arguments(meta: &syn::Meta) -> Vec<Operand> {
    let parse = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
    let Ok(arguments) = meta.require_list().and_then(|list| list.parse_args_with(parse)) else { return Vec::new() };
    let argument = |argument: &syn::Expr| match argument {
        syn::Expr::Lit(literal) => super::expressions::literal_of(&literal.lit),
        _ => Operand::Opaque,
    };
    arguments.iter().map(argument).collect()
}
