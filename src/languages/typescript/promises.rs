//! Promise chains as control flow: `then` is what comes next, `catch` a handler, `finally` a `finally`.
//!
//! The chain's value is the settled one, and what is thrown in it goes where the chain's own handlers or, failing
//! them, the code around it would send it: also when the program does not await the chain.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{Argument, Binding, Operand, Place, Rvalue, Temp, Terminator};
use crate::source::Span;

use super::exits::Cleanup;
use super::expressions::{Mode, peel};
use super::inlining::{Callback, Wanted};
use super::lowering::{Lowering, span};

/// One argument of `then`, `catch` or `finally`.
#[derive(Clone, Copy)]
enum Handler<'a> {
    /// A literal, written into the graph.
    Inline(Callback<'a>),
    /// Something to be called.
    Value(&'a ast::Expression<'a>),
    /// `null`, `undefined`: values and errors pass through.
    Missing,
}

impl<'a> Lowering<'a> {
    /// The settled value of a chain that ends in this call; `None` when the call is no link of one.
    pub(super) fn promise_chain(&mut self, call: &'a ast::CallExpression<'a>) -> Option<Operand> {
        let ast::Expression::StaticMemberExpression(member) = peel(&call.callee) else { return None };
        let (least, most) = match member.property.name.as_str() {
            "then" => (1, 2),
            "catch" | "finally" => (1, 1),
            _ => return None,
        };
        if !(least..=most).contains(&call.arguments.len()) || member.object.is_super() {
            return None;
        }
        let first = self.handler(&call.arguments[0])?;
        let second = match call.arguments.get(1) {
            Some(argument) => self.handler(argument)?,
            None => Handler::Missing,
        };
        let receiver = &member.object;
        Some(match member.property.name.as_str() {
            "then" => self.then(receiver, first, second, span(call.arguments[call.arguments.len() - 1].span())),
            "catch" => {
                let result = self.body.new_temp();
                self.caught(
                    |this| {
                        let value = this.value(receiver, Mode::Await);
                        this.body.assign(Place::temp(result), Rvalue::Use(value), span(receiver.span()));
                    },
                    |this, error| this.rejected(first, error, result, span(call.arguments[0].span())),
                );
                result.into()
            }
            _ => self.finally(receiver, first),
        })
    }

    fn then(
        &mut self,
        receiver: &'a ast::Expression<'a>,
        next: Handler<'a>,
        rejected: Handler<'a>,
        at: Span,
    ) -> Operand {
        if matches!(rejected, Handler::Missing) {
            let value = self.value(receiver, Mode::Await);
            return self.apply(next, Rvalue::Use(value));
        }
        // The second handler sees what the receiver throws, not what the first one does.
        let result = self.body.new_temp();
        let (outer, depth) = (self.body.unwind(), self.body.loop_depth());
        let (entry, join) = (self.body.new_block(), self.body.new_block());
        self.body.set_unwind(Some(entry));
        let value = self.value(receiver, Mode::Await);
        self.body.set_unwind(outer);
        let value = self.apply(next, Rvalue::Use(value));
        self.body.assign(Place::temp(result), Rvalue::Use(value), span(receiver.span()));
        self.body.goto(join);
        self.body.prepare(outer, depth);
        self.body.switch_to(entry);
        self.rejected(rejected, Rvalue::Caught, result, at);
        self.body.goto(join);
        self.body.switch_to(join);
        result.into()
    }

    fn finally(&mut self, receiver: &'a ast::Expression<'a>, handler: Handler<'a>) -> Operand {
        let (action, at) = match handler {
            Handler::Missing => return self.value(receiver, Mode::Await),
            Handler::Inline(callback) => (Cleanup::Callback(callback), span(callback.parameters.span)),
            Handler::Value(expression) => {
                let at = span(expression.span());
                (Cleanup::Call(self.expression(expression), at), at)
            }
        };
        self.open_cleanup(action, at.start);
        let value = self.value(receiver, Mode::Await);
        let value = self.snapshot(value, span(receiver.span()));
        self.close_cleanup();
        value
    }

    fn rejected(&mut self, handler: Handler<'a>, error: Rvalue, result: Temp, at: Span) {
        if matches!(handler, Handler::Missing) {
            self.body.terminate(Terminator::Resume, at);
            self.body.start_dead();
            return;
        }
        let value = self.apply(handler, error);
        if let Handler::Inline(callback) = handler
            && let Some(parameter) = callback.parameters.items.first()
            && let ast::BindingPattern::BindingIdentifier(identifier) = &parameter.pattern
        {
            self.declare_as(identifier, Binding::Caught);
        }
        self.body.assign(Place::temp(result), Rvalue::Use(value), at);
    }

    /// The handler's settled value.
    fn apply(&mut self, handler: Handler<'a>, value: Rvalue) -> Operand {
        match handler {
            Handler::Inline(callback) => self.inline(callback, &[value], Wanted::Settled),
            Handler::Value(expression) => {
                let at = span(expression.span());
                let callee = self.expression(expression);
                let value = match value {
                    Rvalue::Use(value) => value,
                    other => self.body.temp_of(other, at).into(),
                };
                self.plain_call(callee, vec![Argument { value, spread: false, span: at }], true, at, at)
            }
            Handler::Missing => match value {
                Rvalue::Use(value) => value,
                _ => Operand::Opaque,
            },
        }
    }

    /// What an argument does as a handler; `None` for what cannot be one, which shows that this is no promise.
    fn handler(&self, argument: &'a ast::Argument<'a>) -> Option<Handler<'a>> {
        let expression = argument.as_expression()?;
        if let Some(callback) = self.callback(expression) {
            return Some(Handler::Inline(callback));
        }
        match peel(expression) {
            ast::Expression::NullLiteral(_) => Some(Handler::Missing),
            _ if self.is_global(expression, "undefined") => Some(Handler::Missing),
            other if other.is_literal() => None,
            ast::Expression::ObjectExpression(_)
            | ast::Expression::ArrayExpression(_)
            | ast::Expression::TemplateLiteral(_)
            | ast::Expression::NewExpression(_)
            | ast::Expression::BinaryExpression(_)
            | ast::Expression::JSXElement(_)
            | ast::Expression::JSXFragment(_) => None,
            other => Some(Handler::Value(other)),
        }
    }
}
