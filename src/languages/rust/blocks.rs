//! Blocks and statements.

use rustc_hash::FxHashSet;

use crate::ir::{OpKind, Operand, Place, Rvalue};
use crate::source::Span;

use super::attributes::is_conditional;
use super::drops::Way;
use super::expressions::Mode;
use super::lowering::Lowering;
use super::plumbing::locking;
use super::span_of;

impl Lowering<'_> {
    /// A block's value; its variables are dropped behind it.
    pub(super) fn block(&mut self, block: &syn::Block) -> Operand {
        self.statements(&block.stmts, super::range(block.brace_token.span.close()))
    }

    /// What is between a block's braces, whose end is at `end`.
    pub(super) fn statements(&mut self, statements: &[syn::Stmt], end: Span) -> Operand {
        self.open_scope();
        self.declare_items(statements.iter().filter_map(|statement| match statement {
            syn::Stmt::Item(item) => Some(item),
            _ => None,
        }));
        let mut value = Operand::Nullish;
        let last = statements.len().saturating_sub(1);
        let mut alternatives = FxHashSet::default();
        for (index, statement) in statements.iter().enumerate() {
            // `#[cfg(a)] let x = …; #[cfg(not(a))] let x = …;`: only one is compiled, and one is read.
            if let Some(name) = conditional_name(statement)
                && !alternatives.insert(name)
            {
                continue;
            }
            let tail = self.statement(statement);
            if index == last {
                value = tail;
            }
        }
        self.moves(&value);
        let value = self.kept(value, end);
        self.close_scope(end);
        value
    }

    fn statement(&mut self, statement: &syn::Stmt) -> Operand {
        match statement {
            syn::Stmt::Local(local) => {
                self.local(local);
                Operand::Nullish
            }
            syn::Stmt::Item(item) => {
                self.item_body(item);
                Operand::Nullish
            }
            syn::Stmt::Expr(expression, None) => self.expression(expression),
            syn::Stmt::Expr(expression, Some(_)) => {
                let value = self.expression(expression);
                self.drop_result(expression, &value);
                Operand::Nullish
            }
            syn::Stmt::Macro(statement) => {
                let value = self.macro_call(&statement.mac);
                if statement.semi_token.is_some() { Operand::Nullish } else { value }
            }
        }
    }

    fn local(&mut self, local: &syn::Local) {
        let Some(init) = &local.init else {
            self.bind(&local.pat, &Operand::Opaque, None);
            return;
        };
        let value = self.expression(&init.expr);
        if let Some((_, diverge)) = &init.diverge {
            self.or_leave(&local.pat, &value, diverge);
        }
        if matches!(local.pat, syn::Pat::Wild(_)) {
            self.give_up(&init.expr, value);
            return;
        }
        self.moves(&value);
        self.bind(&local.pat, &value, None);
        if let Operand::Place(place) = &value
            && matches!(place.root, crate::ir::Root::Temp(_))
        {
            self.drop_unnamed(&local.pat, place, span_of(&*init.expr));
        }
    }

    /// `let (a, _) = …`: what has no name is dropped at the end of the statement, and the rest lives on.
    fn drop_unnamed(&mut self, pattern: &syn::Pat, place: &Place, at: Span) {
        let syn::Pat::Tuple(tuple) = pattern else { return };
        for (index, part) in tuple.elems.iter().enumerate() {
            if !matches!(part, syn::Pat::Wild(_)) {
                continue;
            }
            self.body.push(OpKind::Dispose { place: place.clone().named(index.to_string()) }, at);
        }
    }

    /// `let … else { … }`: the other way out.
    fn or_leave(&mut self, pattern: &syn::Pat, value: &Operand, diverge: &syn::Expr) {
        let (matched, other) = (self.body.new_block(), self.body.new_block());
        self.body.branch(self.is_matched(pattern, value.clone(), None), matched, other, Span::default());
        let moved = self.moved.clone();
        self.body.switch_to(other);
        self.expression(diverge);
        let mut ways = Vec::new();
        if !self.body.is_dead() {
            ways.push(Way { end: self.body.current(), moved: self.moved.clone() });
        }
        ways.push(Way { end: matched, moved });
        self.join(ways, span_of(diverge));
    }

    /// `let _ = …` and `_ = …`: the value is dropped at once. A lock is taken and given back with nobody having had it, which
    /// is worth an operation that otherwise taking a lock is not.
    pub(super) fn give_up(&mut self, expression: &syn::Expr, value: Operand) {
        let value = match (locking(expression), value) {
            (Some(locking), Operand::Place(lock)) => {
                let callee = lock.named(super::paths::name_of(&locking.method));
                let at = span_of(locking);
                self.push_call(callee.into(), Vec::new(), Mode::PLAIN, at, at)
            }
            (_, value) => value,
        };
        self.drop_result(expression, &value);
    }

    /// The value of a statement or of `let _ =` is dropped at once, unless it still belongs to a variable.
    fn drop_result(&mut self, expression: &syn::Expr, value: &Operand) {
        if let Operand::Place(place) = value
            && matches!(place.root, crate::ir::Root::Temp(_))
            && place.path.is_empty()
        {
            self.body.push(OpKind::Dispose { place: place.clone() }, span_of(expression));
        }
    }

    /// The value, safe from what happens to the variables it is in.
    fn kept(&mut self, value: Operand, span: Span) -> Operand {
        match &value {
            Operand::Place(place) if !matches!(place.root, crate::ir::Root::Temp(_)) => {
                self.body.temp_of(Rvalue::Use(value), span).into()
            }
            _ => value,
        }
    }
}

/// The name that a `let` under a `cfg` gives.
fn conditional_name(statement: &syn::Stmt) -> Option<&syn::Ident> {
    let syn::Stmt::Local(local) = statement else { return None };
    let named = match &local.pat {
        syn::Pat::Type(typed) => &*typed.pat,
        other => other,
    };
    match named {
        syn::Pat::Ident(binding) if is_conditional(&local.attrs) => Some(&binding.ident),
        _ => None,
    }
}
