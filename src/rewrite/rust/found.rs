//! Where something is made: the expression, how its result is unwrapped, and what surrounds it.

use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{Expr, Item, Stmt};

use crate::languages::rust::range;
use crate::source::Span;

/// The creation of something, and what surrounds it.
pub(super) struct Found<'t> {
    /// The whole expression: the call, and what awaits and unwraps its result.
    pub(super) value: &'t Expr,
    /// How the result is unwrapped, from the call outwards.
    pub(super) steps: Vec<Step>,
    /// The item of the file, or of the innermost module that is written out in it.
    pub(super) item: &'t Item,
    /// Whether that is the file's own.
    pub(super) is_top: bool,
    /// The statements before it, in all blocks around it within its function.
    pub(super) before: Vec<&'t syn::Local>,
    /// Its written type: of the variable, or of the function if it is its last expression.
    pub(super) declared: Option<&'t syn::Type>,
    /// The name of the variable it goes into.
    pub(super) name: Option<String>,
}

/// How the result of a call is unwrapped.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Waits,
    /// `?`.
    Fails,
    /// `unwrap()`, `expect("…")`.
    Panics,
    /// `map_err(…)`, `context("…")`: still a result.
    Rewords,
}

/// The creation at exactly this span.
pub(super) fn find(tree: &syn::File, creation: Span) -> Option<Found<'_>> {
    let mut search = Search { creation, items: Vec::new(), locals: Vec::new(), types: Vec::new(), found: None };
    for item in &tree.items {
        search.module_item(item, true);
    }
    search.found
}

struct Search<'t> {
    creation: Span,
    items: Vec<(&'t Item, bool)>,
    locals: Vec<&'t syn::Local>,
    /// The expected type of the expression at a span.
    types: Vec<(Span, &'t syn::Type, Option<String>)>,
    found: Option<Found<'t>>,
}

impl<'t> Search<'t> {
    fn module_item(&mut self, item: &'t Item, is_top: bool) {
        if !range(item.span()).contains(self.creation) || self.found.is_some() {
            return;
        }
        if let Item::Mod(module) = item {
            let items = module.content.iter().flat_map(|(_, items)| items);
            items.for_each(|item| self.module_item(item, false));
            return;
        }
        self.items.push((item, is_top));
        self.visit_item(item);
        self.items.pop();
    }

    fn result_of(&mut self, signature: &'t syn::Signature, block: &'t syn::Block) {
        if let (syn::ReturnType::Type(_, given), Some(Stmt::Expr(last, None))) = (&signature.output, block.stmts.last())
        {
            self.types.push((range(last.span()), given, None));
        }
    }
}

impl<'t> Visit<'t> for Search<'t> {
    fn visit_expr(&mut self, expression: &'t Expr) {
        let span = range(expression.span());
        if self.found.is_some() || !span.contains(self.creation) {
            return;
        }
        let mut steps = Vec::new();
        let made = taken_out(expression, &mut steps);
        if range(made.span()) == self.creation && matches!(made, Expr::Call(_) | Expr::MethodCall(_)) {
            steps.reverse();
            let expected = self.types.iter().rev().find(|(at, ..)| *at == span);
            if let Some(&(item, is_top)) = self.items.last() {
                self.found = Some(Found {
                    value: expression,
                    steps,
                    item,
                    is_top,
                    before: self.locals.clone(),
                    declared: expected.map(|(_, given, _)| *given),
                    name: None,
                });
            }
            return;
        }
        syn::visit::visit_expr(self, expression);
    }

    fn visit_block(&mut self, block: &'t syn::Block) {
        let outer = self.locals.len();
        for statement in &block.stmts {
            if range(statement.span()).contains(self.creation) {
                self.visit_stmt(statement);
                break;
            }
            if let Stmt::Local(local) = statement {
                self.locals.push(local);
            }
        }
        self.locals.truncate(outer);
    }

    fn visit_local(&mut self, local: &'t syn::Local) {
        if let (syn::Pat::Type(pattern), Some(init)) = (&local.pat, &local.init) {
            self.types.push((range(init.expr.span()), &pattern.ty, None));
        }
        syn::visit::visit_local(self, local);
        let name = match &local.pat {
            syn::Pat::Ident(pattern) => Some(pattern.ident.to_string()),
            syn::Pat::Type(pattern) => match &*pattern.pat {
                syn::Pat::Ident(pattern) => Some(pattern.ident.to_string()),
                _ => None,
            },
            _ => None,
        };
        if let (Some(found), Some(init)) = (&mut self.found, &local.init)
            && range(found.value.span()) == range(init.expr.span())
        {
            found.name = name;
        }
    }

    fn visit_item_fn(&mut self, function: &'t syn::ItemFn) {
        self.result_of(&function.sig, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'t syn::ImplItemFn) {
        self.result_of(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }
}

/// The call without what awaits and unwraps its result; these steps from outside inwards.
fn taken_out<'t>(expression: &'t Expr, steps: &mut Vec<Step>) -> &'t Expr {
    let (inner, step) = match expression {
        Expr::Try(it) => (&*it.expr, Some(Step::Fails)),
        Expr::Await(it) => (&*it.base, Some(Step::Waits)),
        Expr::Paren(it) => (&*it.expr, None),
        Expr::MethodCall(it) => match it.method.to_string().as_str() {
            "unwrap" | "expect" => (&*it.receiver, Some(Step::Panics)),
            "map_err" | "context" | "with_context" | "wrap_err" | "wrap_err_with" => {
                (&*it.receiver, Some(Step::Rewords))
            }
            _ => return expression,
        },
        _ => return expression,
    };
    let kept = steps.len();
    steps.extend(step);
    let made = taken_out(inner, steps);
    if !matches!(made, Expr::Call(_) | Expr::MethodCall(_)) {
        steps.truncate(kept);
        return expression;
    }
    made
}
