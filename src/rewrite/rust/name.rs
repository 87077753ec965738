//! Naming a guard, so that it lives to the end of its block.

use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{Expr, Pat, Stmt};

use crate::languages::rust::range;
use crate::rewrite::layout::Layout;
use crate::rewrite::{Applicability, Edit, Fix};
use crate::source::{FileId, Span};

/// `let _guard = …;` in the place of `…;` and `let _ = …;`. `None` where what is made borrows from something that ends
/// with the statement, too.
pub(super) fn fix(file: FileId, text: &str, tree: &syn::File, guard: Span) -> Option<Fix> {
    let mut search = Search { guard, found: None };
    search.visit_file(tree);
    let found = search.found?;
    let name = free_name(text);
    let edit = match found.pattern {
        Some(pattern) => Edit::replace(file, pattern, name.clone()),
        None => Edit::insert(file, found.statement.start, format!("let {name} = ")),
    };
    if !Layout::of(text).starts_line(found.statement.start) {
        return None;
    }
    Some(Fix {
        title: format!("keep it as `{name}` to the end of the block"),
        // Code below would wait while the guard is held, which not every guard allows.
        applicability: if found.waits { Applicability::Unsafe } else { Applicability::Safe },
        edits: vec![edit],
        common: Vec::new(),
        tidying: Vec::new(),
    })
}

fn free_name(text: &str) -> String {
    let mut name = "_guard".to_owned();
    let mut number = 1;
    while text.contains(&name) {
        number += 1;
        name = format!("_guard{number}");
    }
    name
}

struct Found {
    statement: Span,
    /// The `_` of `let _ = …`.
    pattern: Option<Span>,
    /// Whether something after it in its block waits.
    waits: bool,
}

struct Search {
    guard: Span,
    found: Option<Found>,
}

impl<'t> Visit<'t> for Search {
    fn visit_block(&mut self, block: &'t syn::Block) {
        for (at, statement) in block.stmts.iter().enumerate() {
            let (value, pattern) = match statement {
                Stmt::Expr(value, Some(_)) => (value, None),
                Stmt::Local(local) => match (&local.pat, &local.init) {
                    (Pat::Wild(wild), Some(init)) if init.diverge.is_none() => (&*init.expr, Some(range(wild.span()))),
                    _ => continue,
                },
                _ => continue,
            };
            let Some(made) = made_by(value) else { continue };
            if range(made.span()) == self.guard || range(value.span()) == self.guard {
                let mut waits = Waits(false);
                block.stmts[at + 1..].iter().for_each(|statement| waits.visit_stmt(statement));
                let found = Found { statement: range(statement.span()), pattern, waits: waits.0 };
                self.found = lasts(made).then_some(found);
                return;
            }
        }
        syn::visit::visit_block(self, block);
    }
}

/// The expression that makes it, without what only unwraps it.
fn made_by(expression: &Expr) -> Option<&Expr> {
    match expression {
        Expr::Try(inner) => made_by(&inner.expr),
        Expr::Await(inner) => made_by(&inner.base),
        Expr::Paren(inner) => made_by(&inner.expr),
        Expr::MethodCall(call) if matches!(call.method.to_string().as_str(), "unwrap" | "expect") => {
            made_by(&call.receiver)
        }
        Expr::MethodCall(_) | Expr::Call(_) => Some(expression),
        _ => None,
    }
}

/// Whether what it may borrow from has a place of its own.
fn lasts(expression: &Expr) -> bool {
    match expression {
        Expr::MethodCall(call) => is_place(&call.receiver),
        Expr::Call(call) => !call
            .args
            .iter()
            .any(|argument| matches!(argument, Expr::Reference(reference) if !is_place(&reference.expr))),
        _ => false,
    }
}

fn is_place(expression: &Expr) -> bool {
    match expression {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Paren(inner) => is_place(&inner.expr),
        Expr::Reference(inner) => is_place(&inner.expr),
        _ => false,
    }
}

struct Waits(bool);

impl<'t> Visit<'t> for Waits {
    fn visit_expr_await(&mut self, _: &'t syn::ExprAwait) {
        self.0 = true;
    }

    fn visit_expr_closure(&mut self, _: &'t syn::ExprClosure) {}

    fn visit_item(&mut self, _: &'t syn::Item) {}
}
