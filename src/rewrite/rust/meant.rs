//! What code means, whatever names it is written with: imports are written out.

use proc_macro2::{TokenStream, TokenTree};
use quote::format_ident;
use syn::{Expr, Stmt};

use super::uses;

/// The code with its imports written out: `reqwest::Client::new()` for `Client::new()`.
pub(super) fn meant(tree: &syn::File, code: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = code.into_iter().collect();
    let is_punct = |at: Option<usize>, wanted: char| {
        at.and_then(|at| tokens.get(at)).is_some_and(|it| matches!(it, TokenTree::Punct(it) if it.as_char() == wanted))
    };
    let mut out = TokenStream::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let inner = meant(tree, group.stream());
                out.extend([TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner))]);
            }
            TokenTree::Ident(ident) if !is_punct(at.checked_sub(1), '.') && !is_punct(at.checked_sub(1), ':') => {
                match uses::origin(tree, &ident.to_string()) {
                    Some(path) => {
                        let path = path.iter().map(|name| format_ident!("{name}"));
                        out.extend(quote::quote!(#(#path)::*));
                    }
                    None => out.extend([token.clone()]),
                }
            }
            _ => out.extend([token.clone()]),
        }
    }
    out
}

/// The result of a function without parameters: `made` of `|| made` and `|| { made }`; or the path of such a function.
pub(super) fn given_by(function: &Expr) -> Option<TokenStream> {
    match function {
        Expr::Closure(closure) if closure.inputs.is_empty() => Some(match &*closure.body {
            Expr::Block(block) => match &block.block.stmts[..] {
                [Stmt::Expr(only, None)] => quote::quote!(#only),
                _ => quote::quote!(#block),
            },
            body => quote::quote!(#body),
        }),
        Expr::Path(path) => Some(quote::quote!(#path())),
        _ => None,
    }
}
