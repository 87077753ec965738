//! Instances that a function makes although it could get one from elsewhere, as texts that outlive the syntax tree.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::visit::Visit;

use super::keepers::Keepers;
use super::meant::meant;
use super::names::{Bound, Words};
use super::plan::{Plan, Way, name_of};
use crate::languages::rust::{range, with_tree};
use crate::rewrite::Hoist;
use crate::source::{SourceFile, Span};

/// What is made, and where.
pub(super) struct Wanted {
    /// What is replaced.
    pub(super) value: Span,
    /// Statements that go with it.
    pub(super) gone: Vec<Span>,
    /// The type, and the expression that makes it: as written, and with all names written out.
    pub(super) kind: String,
    pub(super) kind_meant: String,
    pub(super) made: TokenStream,
    pub(super) made_meant: TokenStream,
    /// Whether the expression means the same in other files, once its names are written out.
    pub(super) is_portable: bool,
    /// Whether it stands in the file's own module.
    pub(super) is_top: bool,
    pub(super) carried: Option<Carried>,
}

/// What the program shares, as a handler is given it.
pub(super) struct Carried {
    /// The parameter's name.
    pub(super) name: String,
    /// The name of the type it holds.
    pub(super) of: String,
}

/// What the creation makes, where that neither waits nor fails nor depends on the call.
pub(super) fn wanted(remedy: &Hoist, files: &[SourceFile]) -> Option<Wanted> {
    let file = &files[remedy.creation.file.index()];
    let keepers = Keepers::of(remedy, file, files);
    with_tree(&file.text, |tree| {
        let plan = Plan::of(tree, remedy, remedy.creation.span, keepers.awaited.is_some())?;
        if plan.way != Way::Lock {
            return None;
        }
        let made = inlined(&plan);
        let made_meant = meant(tree, made.clone());
        Some(Wanted {
            value: range(plan.found.value.span()),
            gone: plan.gone.clone(),
            kind: plan.kind.to_string().replace(' ', ""),
            kind_meant: meant(tree, plan.kind.clone()).to_string().replace(' ', ""),
            is_portable: is_portable(tree, &made_meant),
            made,
            made_meant,
            is_top: plan.found.is_top,
            carried: carried(plan.found.item, remedy),
        })
    })
    .flatten()
}

/// The expression that makes it, with what it needs once in the place where that is needed.
fn inlined(plan: &Plan<'_>) -> TokenStream {
    let value = plan.found.value.to_token_stream();
    let is_simple = |local: &&&syn::Local| matches!(&local.pat, syn::Pat::Ident(_)) && local.init.is_some();
    let mut made = value;
    for local in plan.setup.iter().rev().filter(is_simple) {
        let (name, Some(init)) = (name_of(local), &local.init) else { continue };
        if let Some(whole) = put_in(&made, &name, &init.expr) {
            made = whole;
        }
    }
    let is_left = plan.setup.iter().any(|local| Words::of(made.clone()).free.contains(&name_of(local)));
    if is_left { plan.made() } else { made }
}

/// Code with an expression in the place of a name that it mentions once.
fn put_in(code: &TokenStream, name: &str, expression: &syn::Expr) -> Option<TokenStream> {
    let mut count = 0;
    let out = replaced(code.clone(), name, &expression.to_token_stream(), &mut count);
    (count == 1).then_some(out)
}

fn replaced(code: TokenStream, name: &str, by: &TokenStream, count: &mut usize) -> TokenStream {
    let mut is_member = false;
    let mut out = TokenStream::new();
    for token in code {
        let was_member =
            std::mem::replace(&mut is_member, matches!(&token, TokenTree::Punct(it) if it.as_char() == '.'));
        match token {
            TokenTree::Group(group) => {
                let inner = replaced(group.stream(), name, by, count);
                out.extend([TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner))]);
            }
            TokenTree::Ident(ident) if ident == name && !was_member => {
                *count += 1;
                out.extend(by.clone());
            }
            // What is said in a text cannot be replaced.
            TokenTree::Literal(literal) => {
                *count += 2 * literal.to_string().matches(&format!("{{{name}")).count();
                out.extend([TokenTree::Literal(literal)]);
            }
            other => out.extend([other]),
        }
    }
    out
}

/// Whether code names nothing of its own file.
fn is_portable(tree: &syn::File, code: &TokenStream) -> bool {
    const PRELUDE: [&str; 9] = ["Some", "None", "Ok", "Err", "Box", "String", "Vec", "true", "false"];
    let own = |name: &str| {
        tree.items.iter().any(|item| match item {
            syn::Item::Mod(it) => it.ident == name,
            syn::Item::Const(it) => it.ident == name,
            syn::Item::Static(it) => it.ident == name,
            syn::Item::Fn(it) => it.sig.ident == name,
            syn::Item::Struct(it) => it.ident == name,
            syn::Item::Enum(it) => it.ident == name,
            syn::Item::Type(it) => it.ident == name,
            _ => false,
        })
    };
    let has_glob = tree.items.iter().any(|item| match item {
        syn::Item::Use(it) => it.to_token_stream().to_string().contains('*'),
        _ => false,
    });
    let is_upper = |name: &str| name.starts_with(char::is_uppercase);
    Words::of(code.clone())
        .free
        .iter()
        .all(|name| PRELUDE.contains(&name.as_str()) || !(own(name) || name == "super" || has_glob && is_upper(name)))
}

/// The parameter by which the function around is given what the program shares, where it is there as long as the
/// function runs: what is moved into a closure or a task has it no more.
fn carried(item: &syn::Item, remedy: &Hoist) -> Option<Carried> {
    let creation = remedy.creation.span;
    let (signature, block) = match item {
        syn::Item::Fn(function) => (&function.sig, &*function.block),
        syn::Item::Impl(block) => block.items.iter().find_map(|item| match item {
            syn::ImplItem::Fn(method) if range(method.span()).contains(creation) => Some((&method.sig, &method.block)),
            _ => None,
        })?,
        _ => return None,
    };
    let mut inner = Inner { creation, is_inside: false };
    inner.visit_block(block);
    if inner.is_inside {
        return None;
    }
    let carried = signature.inputs.iter().find_map(|input| {
        let syn::FnArg::Typed(parameter) = input else { return None };
        let kind = match &*parameter.ty {
            syn::Type::Reference(reference) => &*reference.elem,
            kind => kind,
        };
        let held = argument_of(kind, |name| remedy.carriers.iter().any(|carrier| name == carrier))?;
        let held = argument_of(held, |name| name == "Arc").unwrap_or(held);
        let syn::Type::Path(held) = held else { return None };
        let of = held.path.segments.last().filter(|last| last.arguments.is_empty())?.ident.to_string();
        let name = match &*parameter.pat {
            syn::Pat::Ident(pattern) => pattern.ident.to_string(),
            syn::Pat::TupleStruct(pattern) => match pattern.elems.first()? {
                syn::Pat::Ident(pattern) if pattern.by_ref.is_none() => pattern.ident.to_string(),
                _ => return None,
            },
            _ => return None,
        };
        Some(Carried { name, of })
    })?;
    // A name that is given twice may mean either.
    let names = Bound::of_item(item).variables;
    let within = range(signature.span()).start..range(block.span()).end;
    let given = names.iter().filter(|(name, at)| *name == carried.name && within.contains(&at.start)).count();
    (given == 1).then_some(carried)
}

/// `T` of `State<T>`.
fn argument_of(kind: &syn::Type, is_wanted: impl Fn(&str) -> bool) -> Option<&syn::Type> {
    let syn::Type::Path(path) = kind else { return None };
    let last = path.path.segments.last().filter(|last| is_wanted(&last.ident.to_string()))?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        syn::GenericArgument::Type(kind) if arguments.args.len() == 1 => Some(kind),
        _ => None,
    }
}

/// Whether something stands in a closure or an async block.
struct Inner {
    creation: Span,
    is_inside: bool,
}

impl<'t> Visit<'t> for Inner {
    fn visit_expr(&mut self, expression: &'t syn::Expr) {
        let is_inner = matches!(expression, syn::Expr::Closure(_) | syn::Expr::Async(_) | syn::Expr::Macro(_));
        self.is_inside |= is_inner && range(expression.span()).contains(self.creation);
        syn::visit::visit_expr(self, expression);
    }
}
