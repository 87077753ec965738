//! Conditions: `!`, `&&` and `||` are edges, what is left is one leaf for each branch.

use oxc_ast::ast;
use oxc_span::GetSpan as _;
use oxc_syntax::operator::{BinaryOperator, LogicalOperator, UnaryOperator};

use crate::ir::{BlockId, Comparison, Condition, Operand};

use super::expressions::peel;
use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    /// Ends the current block: to `then` where the expression holds, to `otherwise` where it does not.
    pub(super) fn condition(&mut self, expression: &'a ast::Expression<'a>, then: BlockId, otherwise: BlockId) {
        let expression = peel(expression);
        match expression {
            ast::Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                self.condition(&unary.argument, otherwise, then);
            }
            ast::Expression::LogicalExpression(logical) if logical.operator != LogicalOperator::Coalesce => {
                let next = self.body.new_block();
                if logical.operator == LogicalOperator::And {
                    self.condition(&logical.left, next, otherwise);
                } else {
                    self.condition(&logical.left, then, next);
                }
                self.body.switch_to(next);
                self.condition(&logical.right, then, otherwise);
            }
            ast::Expression::ConditionalExpression(conditional) => {
                let (first, second) = (self.body.new_block(), self.body.new_block());
                self.condition(&conditional.test, first, second);
                self.body.switch_to(first);
                self.condition(&conditional.consequent, then, otherwise);
                self.body.switch_to(second);
                self.condition(&conditional.alternate, then, otherwise);
            }
            ast::Expression::SequenceExpression(sequence) => {
                if let Some((last, before)) = sequence.expressions.split_last() {
                    for expression in before {
                        self.discard(expression);
                    }
                    self.condition(last, then, otherwise);
                }
            }
            ast::Expression::BinaryExpression(binary) => self.comparison(binary, then, otherwise),
            ast::Expression::CallExpression(call)
                if call.arguments.len() == 1 && self.is_global(&call.callee, "Boolean") =>
            {
                match call.arguments[0].as_expression() {
                    Some(argument) => self.condition(argument, then, otherwise),
                    None => self.body.branch(Condition::Opaque, then, otherwise, span(call.span)),
                }
            }
            _ => {
                let at = span(expression.span());
                match self.expression(expression) {
                    Operand::Boolean(true) => self.body.goto(then),
                    Operand::Boolean(false) => self.body.goto(otherwise),
                    Operand::Number(number) if number.abs() > 0.0 => self.body.goto(then),
                    value => self.body.branch(Condition::Truthy(value), then, otherwise, at),
                }
            }
        }
    }

    fn comparison(&mut self, binary: &'a ast::BinaryExpression<'a>, then: BlockId, otherwise: BlockId) {
        let at = span(binary.span);
        let (then, otherwise) = match binary.operator {
            BinaryOperator::Inequality | BinaryOperator::StrictInequality => (otherwise, then),
            _ => (then, otherwise),
        };
        let comparison = match binary.operator {
            BinaryOperator::Equality
            | BinaryOperator::StrictEquality
            | BinaryOperator::Inequality
            | BinaryOperator::StrictInequality => {
                if let Some(condition) = self.type_test(&binary.left, &binary.right) {
                    self.body.branch(condition, then, otherwise, at);
                    return;
                }
                Comparison::Equal
            }
            BinaryOperator::LessThan => Comparison::Less,
            BinaryOperator::LessEqualThan => Comparison::LessOrEqual,
            BinaryOperator::GreaterThan => Comparison::Greater,
            BinaryOperator::GreaterEqualThan => Comparison::GreaterOrEqual,
            BinaryOperator::Instanceof => {
                let (value, class) = (self.expression(&binary.left), self.expression(&binary.right));
                self.body.branch(Condition::InstanceOf { value, class }, then, otherwise, at);
                return;
            }
            BinaryOperator::In => {
                let (key, object) = (self.expression(&binary.left), self.expression(&binary.right));
                self.body.branch(Condition::Has { key, object }, then, otherwise, at);
                return;
            }
            _ => {
                self.discard(&binary.left);
                self.discard(&binary.right);
                self.body.branch(Condition::Opaque, then, otherwise, at);
                return;
            }
        };
        let (mut left, mut right) = (self.expression(&binary.left), self.expression(&binary.right));
        // `null == x` reads as `x == null`.
        if comparison == Comparison::Equal && !matches!(left, Operand::Place(_)) {
            std::mem::swap(&mut left, &mut right);
        }
        self.body.branch(Condition::Compare { comparison, left, right }, then, otherwise, at);
    }

    /// `typeof value === "name"`, either way round.
    fn type_test(&mut self, left: &'a ast::Expression<'a>, right: &'a ast::Expression<'a>) -> Option<Condition> {
        let ((ast::Expression::UnaryExpression(test), ast::Expression::StringLiteral(name))
        | (ast::Expression::StringLiteral(name), ast::Expression::UnaryExpression(test))) = (peel(left), peel(right))
        else {
            return None;
        };
        if test.operator != UnaryOperator::Typeof {
            return None;
        }
        let value = self.expression(&test.argument);
        Some(Condition::TypeOf { value, name: name.value.as_str().into() })
    }
}
