//! Platforms: what is compiled for one of them only.

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};

use crate::ir::Name;
use crate::source::Span;

use super::span_of;

/// The conditions that name a platform.
const CONDITIONS: &[&str] = &["target_os", "target_family", "target_arch"];
/// Those that are one by themselves.
const PLATFORMS: &[&str] = &["windows", "unix"];

/// The parts of a file that are there on one platform only, with its name.
pub(super) fn platforms(tree: &syn::File, text: &str) -> Vec<(Span, Name)> {
    let mut found = Platforms(Vec::new());
    // Most files are the same everywhere.
    if text.contains("windows") || text.contains("unix") || text.contains("target_") {
        found.part(&tree.attrs, Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX)));
        found.visit_file(tree);
    }
    found.0
}

struct Platforms(Vec<(Span, Name)>);

impl Platforms {
    fn part(&mut self, attributes: &[syn::Attribute], span: Span) {
        let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        let conditions = conditions.filter_map(|attribute| attribute.parse_args::<syn::Meta>().ok());
        self.0.extend(conditions.filter_map(|condition| Some((span, needed(&condition)?))));
    }
}

/// The platform without which a condition does not hold.
fn needed(condition: &syn::Meta) -> Option<Name> {
    match condition {
        syn::Meta::Path(path) => PLATFORMS.iter().find(|name| path.is_ident(name)).map(|name| Name::new(name)),
        syn::Meta::NameValue(pair) => {
            let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(value), .. }) = &pair.value else { return None };
            CONDITIONS.iter().any(|name| pair.path.is_ident(name)).then(|| value.value().into())
        }
        syn::Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated).ok()?;
            parts.iter().filter(|_| list.path.is_ident("all")).find_map(needed)
        }
    }
}

macro_rules! parts {
    ($($visit:ident: $part:ident,)*) => {
        $(fn $visit(&mut self, part: &'ast syn::$part) {
            self.part(&part.attrs, span_of(part));
            visit::$visit(self, part);
        })*
    };
}

impl<'ast> Visit<'ast> for Platforms {
    parts! {
        visit_item_fn: ItemFn,
        visit_item_impl: ItemImpl,
        visit_item_mod: ItemMod,
        visit_impl_item_fn: ImplItemFn,
        visit_local: Local,
        visit_arm: Arm,
        visit_expr_block: ExprBlock,
        visit_expr_call: ExprCall,
        visit_expr_if: ExprIf,
        visit_expr_match: ExprMatch,
        visit_expr_method_call: ExprMethodCall,
        visit_expr_return: ExprReturn,
        visit_expr_try: ExprTry,
        visit_expr_unsafe: ExprUnsafe,
    }
}
