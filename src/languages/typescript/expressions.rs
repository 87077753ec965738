//! Expressions: what they evaluate to, and the operations that takes.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{Element, Field, Name, OpKind, Operand, Place, Root, Rvalue};
use crate::source::Span;

use super::lowering::{Lowering, span};

/// The name that an anonymous function or class takes from what it is assigned to.
#[derive(Clone, Copy)]
pub(super) struct Hint<'a> {
    name: &'a str,
    is_private: bool,
    pub(super) span: Span,
}

impl<'a> Hint<'a> {
    pub(super) fn new(name: &'a str, at: oxc_span::Span) -> Self {
        Self { name, is_private: false, span: span(at) }
    }

    pub(super) fn private(name: &'a str, at: oxc_span::Span) -> Self {
        Self { name, is_private: true, span: span(at) }
    }

    pub(super) fn name(self) -> Name {
        if self.is_private { compact_str::format_compact!("#{}", self.name) } else { self.name.into() }
    }
}

/// What the context does with a value that may be a promise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Takes it as it is.
    Plain,
    /// The program awaits it.
    Await,
    /// It joins a promise chain or an async callback's result: a call's promise settles here; other values are taken
    /// not to be promises, or every `return row` of a callback would be one more place that may throw.
    Settle,
}

impl<'a> Lowering<'a> {
    pub(super) fn expression(&mut self, expression: &'a ast::Expression<'a>) -> Operand {
        self.value(expression, Mode::Plain)
    }

    /// The expression's value, called `hint` when it is a function or class without a name.
    pub(super) fn named(&mut self, expression: &'a ast::Expression<'a>, hint: Option<Hint<'a>>) -> Operand {
        match peel(expression) {
            ast::Expression::ArrowFunctionExpression(arrow) => Operand::Function(self.arrow(arrow, hint)),
            ast::Expression::FunctionExpression(function) => {
                Operand::Function(self.function_expression(function, hint))
            }
            ast::Expression::ClassExpression(class) => Operand::Class(self.class(class, hint)),
            other => self.value(other, Mode::Plain),
        }
    }

    pub(super) fn place(&mut self, expression: &'a ast::Expression<'a>) -> Place {
        let value = self.expression(expression);
        self.operand_place(value, span(expression.span()))
    }

    /// Evaluates for effect alone.
    pub(super) fn discard(&mut self, expression: &'a ast::Expression<'a>) {
        match peel(expression) {
            ast::Expression::LogicalExpression(logical) => self.discard_logical(logical),
            ast::Expression::ConditionalExpression(conditional) => {
                let (then, otherwise, join) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
                self.condition(&conditional.test, then, otherwise);
                for (block, arm) in [(then, &conditional.consequent), (otherwise, &conditional.alternate)] {
                    self.body.switch_to(block);
                    self.discard(arm);
                    self.body.goto(join);
                }
                self.body.switch_to(join);
            }
            ast::Expression::AssignmentExpression(assignment) => {
                self.assignment(assignment, false);
            }
            ast::Expression::SequenceExpression(sequence) => {
                for expression in &sequence.expressions {
                    self.discard(expression);
                }
            }
            ast::Expression::UnaryExpression(unary) if !unary.operator.is_delete() => self.discard(&unary.argument),
            other => {
                self.value(other, Mode::Plain);
            }
        }
    }

    pub(super) fn value(&mut self, expression: &'a ast::Expression<'a>, mode: Mode) -> Operand {
        let expression = peel(expression);
        let at = span(expression.span());
        match expression {
            ast::Expression::CallExpression(call) => self.call(call, false, mode),
            ast::Expression::ChainExpression(chain) => self.chain(chain, mode),
            ast::Expression::NewExpression(new) => self.new_expression(new, mode),
            ast::Expression::TaggedTemplateExpression(tagged) => self.tagged_template(tagged, mode),
            ast::Expression::ImportExpression(import) => self.import_expression(import, mode),
            ast::Expression::AwaitExpression(awaited) => self.value(&awaited.argument, Mode::Await),
            ast::Expression::ConditionalExpression(conditional) => self.conditional(conditional, mode),
            ast::Expression::LogicalExpression(logical) => self.logical(logical, mode),
            ast::Expression::SequenceExpression(sequence) => match sequence.expressions.split_last() {
                Some((last, before)) => {
                    for expression in before {
                        self.discard(expression);
                    }
                    self.value(last, mode)
                }
                None => Operand::Nullish,
            },
            other => {
                let value = self.simple_value(other, at);
                self.settle_operand(value, mode, at)
            }
        }
    }

    /// The value as a context of this mode takes it, when no call could be marked as awaited.
    pub(super) fn settle_operand(&mut self, value: Operand, mode: Mode, at: Span) -> Operand {
        match (mode, &value) {
            (Mode::Await, Operand::Place(_) | Operand::Opaque) => self.body.temp_of(Rvalue::Await(value), at).into(),
            _ => value,
        }
    }

    fn simple_value(&mut self, expression: &'a ast::Expression<'a>, at: Span) -> Operand {
        match expression {
            ast::Expression::BooleanLiteral(literal) => Operand::Boolean(literal.value),
            ast::Expression::NullLiteral(_) => Operand::Nullish,
            ast::Expression::NumericLiteral(literal) => Operand::Number(literal.value),
            ast::Expression::StringLiteral(literal) => Operand::String(literal.value.as_str().into()),
            ast::Expression::TemplateLiteral(template) => self.template(template, at),
            ast::Expression::Identifier(identifier) => self.identifier(identifier),
            ast::Expression::ThisExpression(_) | ast::Expression::Super(_) => self.this_place().into(),
            ast::Expression::ArrayExpression(array) => self.array(array, at),
            ast::Expression::ObjectExpression(object) => self.object(object, at),
            ast::Expression::ArrowFunctionExpression(arrow) => Operand::Function(self.arrow(arrow, None)),
            ast::Expression::FunctionExpression(function) => {
                Operand::Function(self.function_expression(function, None))
            }
            ast::Expression::ClassExpression(class) => Operand::Class(self.class(class, None)),
            ast::Expression::AssignmentExpression(assignment) => self.assignment(assignment, true),
            ast::Expression::UnaryExpression(unary) => self.unary(unary, at),
            ast::Expression::UpdateExpression(update) => self.update(update, at),
            ast::Expression::BinaryExpression(binary) => self.arithmetic(binary, at),
            ast::Expression::PrivateInExpression(test) => {
                let operand = self.expression(&test.right);
                self.body.temp_of(Rvalue::Compute(vec![operand]), at).into()
            }
            ast::Expression::YieldExpression(handed) => {
                let value = match &handed.argument {
                    Some(argument) => self.expression(argument),
                    None => Operand::Nullish,
                };
                self.body.push(OpKind::Yield { value }, at);
                Operand::Opaque
            }
            ast::Expression::JSXElement(element) => self.jsx_element(element),
            ast::Expression::JSXFragment(fragment) => self.jsx_fragment(fragment),
            ast::Expression::ImportMeta(_) => Place::new(Root::Global("import.meta".into())).into(),
            ast::Expression::V8IntrinsicExpression(call) => {
                self.arguments(&call.arguments);
                Operand::Opaque
            }
            _ => match expression.as_member_expression() {
                Some(member) => self.member(member).into(),
                None => Operand::Opaque,
            },
        }
    }

    /// The place a member expression names.
    pub(super) fn member(&mut self, member: &'a ast::MemberExpression<'a>) -> Place {
        match member {
            ast::MemberExpression::StaticMemberExpression(member) => {
                if member.property.name == "exports" && self.is_global(&member.object, "module") {
                    return self.common_js();
                }
                self.place(&member.object).named(member.property.name.as_str())
            }
            ast::MemberExpression::PrivateFieldExpression(member) => {
                self.place(&member.object).named(compact_str::format_compact!("#{}", member.field.name.as_str()))
            }
            ast::MemberExpression::ComputedMemberExpression(member) => {
                let object = self.place(&member.object);
                let field = self.computed_field(&member.expression);
                object.field(field)
            }
        }
    }

    /// The field that `[expression]` names.
    pub(super) fn computed_field(&mut self, expression: &'a ast::Expression<'a>) -> Field {
        if let Some(name) = literal_key(expression) {
            return Field::Named(name);
        }
        self.expression(expression);
        Field::Computed
    }

    fn conditional(&mut self, conditional: &'a ast::ConditionalExpression<'a>, mode: Mode) -> Operand {
        let result = self.body.new_temp();
        let (then, otherwise, join) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
        self.condition(&conditional.test, then, otherwise);
        for (block, arm) in [(then, &conditional.consequent), (otherwise, &conditional.alternate)] {
            self.body.switch_to(block);
            let value = self.value(arm, mode);
            self.body.assign(Place::temp(result), Rvalue::Use(value), span(arm.span()));
            self.body.goto(join);
        }
        self.body.switch_to(join);
        result.into()
    }

    /// `a + b + c` in one operation: long sums lean to the left, as deep as they are long.
    fn arithmetic(&mut self, binary: &'a ast::BinaryExpression<'a>, at: Span) -> Operand {
        let mut right = vec![&binary.right];
        let mut left = peel(&binary.left);
        while let ast::Expression::BinaryExpression(inner) = left {
            right.push(&inner.right);
            left = peel(&inner.left);
        }
        let mut operands = Vec::with_capacity(right.len() + 1);
        operands.push(self.expression(left));
        while let Some(next) = right.pop() {
            operands.push(self.expression(next));
        }
        self.body.temp_of(Rvalue::Compute(operands), at).into()
    }

    fn array(&mut self, array: &'a ast::ArrayExpression<'a>, at: Span) -> Operand {
        let mut elements = Vec::with_capacity(array.elements.len());
        for element in &array.elements {
            elements.push(match element {
                ast::ArrayExpressionElement::SpreadElement(spread) => {
                    Element { value: self.expression(&spread.argument), spread: true }
                }
                ast::ArrayExpressionElement::Elision(_) => Element { value: Operand::Nullish, spread: false },
                other => match other.as_expression() {
                    Some(expression) => Element { value: self.expression(expression), spread: false },
                    None => Element { value: Operand::Opaque, spread: false },
                },
            });
        }
        self.body.temp_of(Rvalue::Array(elements), at).into()
    }
}

/// The expression without what does not change its value: parentheses and assertions.
pub(super) fn peel<'a>(mut expression: &'a ast::Expression<'a>) -> &'a ast::Expression<'a> {
    loop {
        expression = match expression {
            ast::Expression::ParenthesizedExpression(inner) => &inner.expression,
            ast::Expression::TSAsExpression(inner) => &inner.expression,
            ast::Expression::TSSatisfiesExpression(inner) => &inner.expression,
            ast::Expression::TSTypeAssertion(inner) => &inner.expression,
            ast::Expression::TSNonNullExpression(inner) => &inner.expression,
            ast::Expression::TSInstantiationExpression(inner) => &inner.expression,
            _ => return expression,
        };
    }
}

/// The name a key expression is known to have before the program runs.
fn literal_key(expression: &ast::Expression<'_>) -> Option<Name> {
    match expression {
        ast::Expression::StringLiteral(name) => Some(name.value.as_str().into()),
        ast::Expression::NumericLiteral(number) => Some(compact_str::format_compact!("{}", number.value)),
        ast::Expression::TemplateLiteral(template) => template.single_quasi().map(|text| text.as_str().into()),
        ast::Expression::ParenthesizedExpression(inner) => literal_key(&inner.expression),
        ast::Expression::StaticMemberExpression(member) => match &member.object {
            ast::Expression::Identifier(object) if object.name == "Symbol" => {
                Some(compact_str::format_compact!("@@{}", member.property.name.as_str()))
            }
            _ => None,
        },
        _ => None,
    }
}
