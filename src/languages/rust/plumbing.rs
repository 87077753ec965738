//! Plumbing: methods by which one takes a value out of an `Option`, a `Result`, a lock or a reference.
//!
//! The form has no such wrappers: what holds a value and the value are one to whoever asks who owns it. So a call of one
//! of these methods, whatever its receiver is, is its receiver. Where a type of the project has a method of such a name,
//! that method is not looked into.

use crate::ir::{Condition, Operand, Rvalue};
use crate::source::Span;

use super::lowering::Lowering;

/// What becomes of the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Plumbing {
    /// It is the receiver; arguments are messages, or change the error.
    Through,
    /// It is the receiver, or what the argument is.
    OrValue,
    /// It is the receiver, or what the argument gives when it is called.
    OrElse,
    /// It is what the argument gives when it is called with the receiver, if that is there.
    AndThen,
}

/// The part of a method with so many arguments.
pub(super) fn plumbing(method: &str, arguments: usize) -> Option<Plumbing> {
    Some(match (method, arguments) {
        (
            "unwrap" | "unwrap_or_default" | "ok" | "as_ref" | "as_mut" | "as_deref" | "as_deref_mut" | "borrow"
            | "borrow_mut" | "to_owned" | "into" | "lock" | "read" | "write" | "clone" | "cloned" | "copied"
            | "flatten" | "into_inner" | "get_mut" | "boxed" | "into_future" | "blocking_lock" | "upgradable_read",
            0,
        )
        | (
            "expect" | "context" | "with_context" | "map_err" | "ok_or" | "ok_or_else" | "wrap_err" | "inspect_err",
            1,
        ) => Plumbing::Through,
        // `lock_recover()`, `read_unpoisoned()`: what projects and other libraries call their ways to a lock.
        (name, 0) if is_lock(name) && is_of_lock(name) => Plumbing::Through,
        ("unwrap_or" | "or", 1) => Plumbing::OrValue,
        ("unwrap_or_else" | "or_else", 1) => Plumbing::OrElse,
        ("and_then" | "is_ok_and" | "is_some_and", 1) => Plumbing::AndThen,
        _ => return None,
    })
}

/// The call that takes a lock whose guard an expression is: `m.lock().unwrap()`, `m.read().await`.
pub(super) fn locking(expression: &syn::Expr) -> Option<&syn::ExprMethodCall> {
    match expression {
        syn::Expr::Await(inner) => locking(&inner.base),
        syn::Expr::Try(inner) => locking(&inner.expr),
        syn::Expr::Paren(inner) => locking(&inner.expr),
        syn::Expr::Group(inner) => locking(&inner.expr),
        syn::Expr::MethodCall(call) => {
            let name = call.method.to_string();
            if plumbing(&name, call.args.len()) != Some(Plumbing::Through) {
                return None;
            }
            if is_lock(&name) { Some(call) } else { locking(&call.receiver) }
        }
        _ => None,
    }
}

/// Whether a method with such a name takes a lock.
pub(super) fn is_lock(name: &str) -> bool {
    matches!(name, "lock" | "read" | "write" | "blocking_lock" | "upgradable_read")
        || ["lock_", "read_", "write_"].iter().any(|prefix| name.starts_with(prefix))
}

fn is_of_lock(name: &str) -> bool {
    const WAYS: &[&str] = &["recover", "poison", "unwrap", "ignore", "blocking", "owned", "arc", "guard", "or_panic"];
    WAYS.iter().any(|way| name.contains(way))
}

impl Lowering<'_> {
    /// The receiver where there is a value in it, else what `otherwise` gives.
    pub(super) fn receiver_or(
        &mut self,
        receiver: Operand,
        otherwise: impl FnOnce(&mut Self) -> Operand,
        at: Span,
    ) -> Operand {
        self.by_receiver(receiver.clone(), |_| receiver, otherwise, at)
    }

    /// What `then` gives where there is a value in the receiver.
    pub(super) fn receiver_and(
        &mut self,
        receiver: Operand,
        then: impl FnOnce(&mut Self) -> Operand,
        at: Span,
    ) -> Operand {
        self.by_receiver(receiver, then, |_| Operand::Nullish, at)
    }

    /// What `then` gives where there is a value in the receiver, else what `otherwise` gives.
    fn by_receiver(
        &mut self,
        receiver: Operand,
        then: impl FnOnce(&mut Self) -> Operand,
        otherwise: impl FnOnce(&mut Self) -> Operand,
        at: Span,
    ) -> Operand {
        let result = self.body.new_temp();
        let place = crate::ir::Place::temp(result);
        let (there, missing, after) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
        self.body.branch(Condition::Truthy(receiver), there, missing, at);
        self.body.switch_to(there);
        let value = then(self);
        self.body.assign(place.clone(), Rvalue::Use(value), at);
        self.body.goto(after);
        self.body.switch_to(missing);
        let value = otherwise(self);
        self.body.assign(place, Rvalue::Use(value), at);
        self.body.goto(after);
        self.body.switch_to(after);
        result.into()
    }
}
