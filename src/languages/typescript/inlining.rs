//! Callbacks that run where they stand, written into the graph around them: immediately invoked functions, promise
//! executors, the callbacks of `forEach` and `map`.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{Binding, Element, Operand, Place, Rvalue};
use crate::source::Span;

use super::calls::is_type_like;
use super::exits::{Exit, Inline};
use super::expressions::{Mode, peel};
use super::functions::{Content, content};
use super::lowering::{Lowering, span};
use super::patterns::pattern_hint;

/// A function literal that can be moved: it has no `this`, `arguments` or name of its own that it uses, and is no
/// generator.
#[derive(Clone, Copy)]
pub(super) struct Callback<'a> {
    pub(super) parameters: &'a ast::FormalParameters<'a>,
    content: Content<'a>,
    pub(super) is_async: bool,
}

/// What the context does with a callback's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    Value,
    /// Takes the settled value: a promise chain.
    Settled,
}

impl<'a> Lowering<'a> {
    /// The callback this expression is, when it can be moved.
    pub(super) fn callback(&self, expression: &'a ast::Expression<'a>) -> Option<Callback<'a>> {
        match peel(expression) {
            ast::Expression::ArrowFunctionExpression(arrow) => {
                Some(Callback { parameters: &arrow.params, content: content(&arrow.body), is_async: arrow.r#async })
            }
            ast::Expression::FunctionExpression(function) => {
                let body = function.body.as_ref()?;
                let calls_itself = function
                    .id
                    .as_ref()
                    .and_then(|name| name.symbol_id.get())
                    .is_some_and(|symbol| !self.scoping.get_resolved_reference_ids(symbol).is_empty());
                let is_movable = !function.generator && !calls_itself && !self.mentions_this(span(function.span));
                is_movable.then(|| Callback {
                    parameters: &function.params,
                    content: Content::Block(body),
                    is_async: function.r#async,
                })
            }
            _ => None,
        }
    }

    /// Writes the callback's body here, its parameters assigned from `arguments`; its value.
    pub(super) fn inline(&mut self, callback: Callback<'a>, arguments: &[Rvalue], wanted: Wanted) -> Operand {
        self.inline_parameters(callback.parameters, arguments);
        let settles = callback.is_async || wanted == Wanted::Settled;
        match callback.content {
            Content::Expression(expression) => {
                // Without statements there is nothing to jump out of.
                let mode = if settles { Mode::Settle } else { Mode::Plain };
                self.value(expression, mode)
            }
            Content::Block(body) => {
                let join = self.body.new_block();
                let result = (wanted != Wanted::Nothing).then(|| self.body.new_temp());
                self.body.exits.push(Exit::Inline(Inline { join, result, settles }));
                self.block(&body.statements);
                self.body.exits.pop();
                if let Some(result) = result
                    && !self.body.is_dead()
                {
                    let end = span(body.span);
                    let end = Span::new(end.end.saturating_sub(1).max(end.start), end.end);
                    self.body.assign(Place::temp(result), Rvalue::Use(Operand::Nullish), end);
                }
                self.body.goto(join);
                self.body.switch_to(join);
                result.map_or(Operand::Nullish, Operand::from)
            }
        }
    }

    fn inline_parameters(&mut self, parameters: &'a ast::FormalParameters<'a>, arguments: &[Rvalue]) {
        for (index, parameter) in parameters.items.iter().enumerate() {
            let at = span(parameter.span);
            let written = parameter.type_annotation.as_ref().map(|written| &written.type_annotation);
            let value = match (arguments.get(index), &parameter.initializer) {
                (Some(value), None) => value.clone(),
                (Some(value), Some(default)) => {
                    let place = self.place_of(value.clone(), at);
                    Rvalue::Use(self.default(place, default, pattern_hint(&parameter.pattern)))
                }
                (None, Some(default)) => Rvalue::Use(self.named(default, pattern_hint(&parameter.pattern))),
                (None, None) => Rvalue::Use(Operand::Nullish),
            };
            self.bind(&parameter.pattern, value, written, at);
        }
        if let Some(rest) = &parameters.rest {
            let at = span(rest.span);
            let mut elements = Vec::new();
            for value in arguments.iter().skip(parameters.items.len()) {
                let value = match value {
                    Rvalue::Use(value) => value.clone(),
                    other => self.body.temp_of(other.clone(), at).into(),
                };
                elements.push(Element { value, spread: false });
            }
            self.bind(&rest.rest.argument, Rvalue::Array(elements), None, at);
        }
    }

    /// `(() => { … })()`.
    pub(super) fn immediately_invoked(&mut self, call: &'a ast::CallExpression<'a>, mode: Mode) -> Option<Operand> {
        let callback = self.callback(&call.callee)?;
        if call.optional || call.arguments.iter().any(ast::Argument::is_spread) {
            return None;
        }
        let arguments = self.arguments(&call.arguments);
        let arguments: Vec<Rvalue> = arguments.into_iter().map(|argument| Rvalue::Use(argument.value)).collect();
        let value = self.inline(callback, &arguments, Wanted::Value);
        if callback.is_async { Some(value) } else { Some(self.settle_operand(value, mode, span(call.span))) }
    }

    /// `new Promise((resolve, reject) => { … })`: the executor runs at once, whichever library the name stands for.
    pub(super) fn promise_constructor(&mut self, new: &'a ast::NewExpression<'a>, mode: Mode) -> Option<Operand> {
        if new.arguments.len() != 1 || !names_promise(&new.callee) {
            return None;
        }
        let callback = self.callback(new.arguments[0].as_expression()?)?;
        let at = span(new.span);
        let promise = self.body.temp_of(Rvalue::Use(Operand::Opaque), at);
        for (index, parameter) in callback.parameters.items.iter().enumerate() {
            if let ast::BindingPattern::BindingIdentifier(identifier) = &parameter.pattern {
                let variable = self.declare_as(identifier, Binding::Settle { rejects: index > 0, promise });
                self.settles.insert(variable, (self.body.id, promise));
            }
        }
        let body = Callback { parameters: callback.parameters, ..callback };
        self.inline_body(body);
        let value = Operand::from(promise);
        Some(match mode {
            Mode::Plain => value,
            Mode::Await | Mode::Settle => self.body.temp_of(Rvalue::Await(value), at).into(),
        })
    }

    /// Writes a body whose parameters are bound already, for its effects.
    fn inline_body(&mut self, callback: Callback<'a>) {
        match callback.content {
            Content::Expression(expression) => self.discard(expression),
            Content::Block(body) => {
                let join = self.body.new_block();
                let settles = callback.is_async;
                self.body.exits.push(Exit::Inline(Inline { join, result: None, settles }));
                self.block(&body.statements);
                self.body.exits.pop();
                self.body.goto(join);
                self.body.switch_to(join);
            }
        }
    }

    /// `xs.forEach(callback)` and `xs.map(callback)` as loops.
    pub(super) fn array_callback(&mut self, call: &'a ast::CallExpression<'a>) -> Option<Operand> {
        let ast::Expression::StaticMemberExpression(member) = peel(&call.callee) else { return None };
        let is_map = match member.property.name.as_str() {
            "forEach" => false,
            "map" => true,
            _ => return None,
        };
        if !(1..=2).contains(&call.arguments.len()) || !may_be_array(peel(&member.object)) {
            return None;
        }
        let callback = self.callback(call.arguments[0].as_expression()?)?;
        let at = span(call.span);
        let items = self.expression(&member.object);
        if let Some(this) = call.arguments.get(1).and_then(ast::Argument::as_expression) {
            self.discard(this);
        }
        let mapped = is_map.then(|| self.body.temp_of(Rvalue::Array(Vec::new()), at));
        let (head, exit, depth) = self.enter_element_loop(span(member.object.span()));
        let arguments = [Rvalue::ElementOf(items.clone()), Rvalue::Use(Operand::Opaque), Rvalue::Use(items)];
        let wanted = if is_map { Wanted::Value } else { Wanted::Nothing };
        let value = self.inline(callback, &arguments, wanted);
        if let Some(mapped) = mapped {
            let elements = vec![Element { value: mapped.into(), spread: true }, Element { value, spread: false }];
            self.body.assign(Place::temp(mapped), Rvalue::Array(elements), at);
        }
        self.body.goto(head);
        self.leave_loop(exit, depth);
        Some(mapped.map_or(Operand::Nullish, Operand::from))
    }

    /// Whether the text of a function may use a `this` or `arguments` of its own. Words in comments do not count;
    /// those of functions inside do, which only makes us move less.
    fn mentions_this(&self, at: Span) -> bool {
        let Some(text) = self.text.get(at.range()) else { return true };
        let bytes = text.as_bytes();
        let is_word =
            |index: usize| bytes.get(index).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'));
        ["this", "arguments"].iter().any(|word| {
            memchr::memmem::find_iter(bytes, word.as_bytes()).any(|index| {
                let before = index.checked_sub(1).is_some_and(|before| is_word(before) || bytes[before] == b'.');
                !before && !is_word(index + word.len()) && !self.is_comment(at.start as usize + index)
            })
        })
    }

    fn is_comment(&self, offset: usize) -> bool {
        let after = self.comments.partition_point(|comment| comment.span.start as usize <= offset);
        after.checked_sub(1).is_some_and(|index| offset < self.comments[index].span.end as usize)
    }
}

/// Whether nothing about the receiver says that its `map` is another function: `Effect.map(f)`.
fn may_be_array(receiver: &ast::Expression<'_>) -> bool {
    match receiver {
        ast::Expression::Identifier(identifier) => !is_type_like(identifier.name.as_str()),
        ast::Expression::FunctionExpression(_)
        | ast::Expression::ArrowFunctionExpression(_)
        | ast::Expression::ClassExpression(_)
        | ast::Expression::ObjectExpression(_)
        | ast::Expression::Super(_) => false,
        _ => true,
    }
}

/// Whether a constructor is called what promises are: that of the language, `require("bluebird")` under its name, the one
/// that a library keeps in a field.
fn names_promise(callee: &ast::Expression<'_>) -> bool {
    match peel(callee) {
        ast::Expression::Identifier(identifier) => identifier.name == "Promise",
        ast::Expression::StaticMemberExpression(member) => member.property.name == "Promise",
        _ => false,
    }
}
