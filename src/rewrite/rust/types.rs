//! The type of what is made, as it can be written at that place.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::Expr;

use super::found::{Found, Step};
use super::uses;

/// The type, if the variable, the function, or the path of the call shows it. `known` are the names of what may be
/// made.
pub(super) fn of(tree: &syn::File, found: &Found<'_>, known: &[(String, bool)]) -> Option<TokenStream> {
    let is_taken_out = found.steps.iter().any(|step| matches!(step, Step::Fails | Step::Panics));
    let last = |name: &'_ str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let mut names = known.iter().map(|(name, _)| last(name));
    if let Some(declared) = found.declared.filter(|declared| is_plain(declared)) {
        // What may be a result is one of a name that says so.
        let given = last_segment(declared)?;
        return names.any(|name| given == name).then(|| declared.to_token_stream());
    }
    let whole: Vec<String> = known.iter().filter(|(_, is_whole)| *is_whole).map(|(name, _)| last(name)).collect();
    let path = first_path(found.value)?;
    let mut segments: Vec<&syn::PathSegment> = path.segments.iter().collect();
    let maker = segments.pop()?;
    let owner = segments.last()?;
    let written = owner.ident.to_string();
    let is_generic = !owner.arguments.is_empty();
    if whole.contains(&written) {
        // A builder's last call may return a result; the name of a constructor shows that it does not.
        let is_constructor = matches!(maker.ident.to_string().as_str(), "new" | "default");
        let is_direct = matches!(found.value, Expr::Call(_));
        let gives_itself = is_taken_out || is_direct && is_constructor;
        let leading = path.leading_colon;
        let segments = segments.iter().map(|segment| segment.to_token_stream());
        return (gives_itself && !is_generic).then(|| quote!(#leading #(#segments)::*));
    }
    // `PgPoolOptions` is beside `PgPool`, and `ClientBuilder` beside `Client`.
    let built = whole.iter().filter(|name| written.starts_with(*name)).max_by_key(|name| name.len())?;
    if !is_taken_out || is_generic {
        return None;
    }
    if let [_] = segments[..] {
        if uses::is_imported(tree, built) {
            let name = format_ident!("{built}");
            return Some(quote!(#name));
        }
        let mut origin = uses::origin(tree, &written)?;
        origin.pop();
        let parents = origin.iter().map(|name| format_ident!("{name}"));
        let name = format_ident!("{built}");
        return Some(quote!(#(#parents::)* #name));
    }
    let parents = segments[..segments.len() - 1].iter().map(|segment| &segment.ident);
    let name = format_ident!("{built}");
    Some(quote!(#(#parents::)* #name))
}

/// Whether a static can have a type: nothing is left to inference, and nothing is borrowed.
fn is_plain(declared: &syn::Type) -> bool {
    let text = declared.to_token_stream().to_string();
    matches!(declared, syn::Type::Path(_))
        && !text.contains(['&', '\''])
        && !text.split_whitespace().any(|it| it == "_" || it == "impl" || it == "Self")
}

fn last_segment(declared: &syn::Type) -> Option<String> {
    match declared {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// The path at the start of a chain of calls: `reqwest::Client::builder` of `reqwest::Client::builder().build()`.
fn first_path(expression: &Expr) -> Option<&syn::Path> {
    match expression {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if path.qself.is_none() => Some(&path.path),
            _ => None,
        },
        Expr::MethodCall(call) => first_path(&call.receiver),
        Expr::Try(it) => first_path(&it.expr),
        Expr::Await(it) => first_path(&it.base),
        Expr::Paren(it) => first_path(&it.expr),
        _ => None,
    }
}
