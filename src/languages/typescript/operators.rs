//! Operators that are control flow or assignments.

use oxc_ast::ast;
use oxc_span::GetSpan as _;
use oxc_syntax::operator::{AssignmentOperator, LogicalOperator, UnaryOperator};

use crate::ir::{Condition, OpKind, Operand, Place, Rvalue};
use crate::source::Span;

use super::expressions::{Mode, peel};
use super::lowering::{Lowering, span};
use super::patterns::{is_nullish, target_hint};

impl<'a> Lowering<'a> {
    /// `a && b`, `a || b`, `a ?? b` as a value: a temporary that both ways assign.
    pub(super) fn logical(&mut self, logical: &'a ast::LogicalExpression<'a>, mode: Mode) -> Operand {
        let at = span(logical.left.span());
        let left = self.expression(&logical.left);
        let result = self.body.new_temp();
        let (right, short, join) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
        match logical.operator {
            LogicalOperator::And => self.body.branch(Condition::Truthy(left.clone()), right, short, at),
            LogicalOperator::Or => self.body.branch(Condition::Truthy(left.clone()), short, right, at),
            LogicalOperator::Coalesce => self.body.branch(is_nullish(left.clone()), right, short, at),
        }
        self.body.switch_to(short);
        let left = self.settle_operand(left, mode, at);
        self.body.assign(Place::temp(result), Rvalue::Use(left), at);
        self.body.goto(join);
        self.body.switch_to(right);
        let value = self.value(&logical.right, mode);
        self.body.assign(Place::temp(result), Rvalue::Use(value), span(logical.right.span()));
        self.body.goto(join);
        self.body.switch_to(join);
        result.into()
    }

    pub(super) fn discard_logical(&mut self, logical: &'a ast::LogicalExpression<'a>) {
        let (right, join) = (self.body.new_block(), self.body.new_block());
        match logical.operator {
            LogicalOperator::And => self.condition(&logical.left, right, join),
            LogicalOperator::Or => self.condition(&logical.left, join, right),
            LogicalOperator::Coalesce => {
                let left = self.expression(&logical.left);
                self.body.branch(is_nullish(left), right, join, span(logical.left.span()));
            }
        }
        self.body.switch_to(right);
        self.discard(&logical.right);
        self.body.goto(join);
        self.body.switch_to(join);
    }

    /// An assignment; `wanted` tells whether anybody reads its value.
    pub(super) fn assignment(&mut self, assignment: &'a ast::AssignmentExpression<'a>, wanted: bool) -> Operand {
        let at = span(assignment.span);
        let Some(target) = assignment.left.as_simple_assignment_target() else {
            let value = self.expression(&assignment.right);
            let place = self.operand_place(value, span(assignment.right.span()));
            self.assign_to(&assignment.left, Rvalue::Use(place.clone().into()), at);
            return place.into();
        };
        let hint = target_hint(&assignment.left);
        let place = self.target_place(target);
        match assignment.operator {
            AssignmentOperator::Assign => {
                let value = self.named(&assignment.right, hint);
                self.store(place, value.clone(), at);
                value
            }
            AssignmentOperator::LogicalOr | AssignmentOperator::LogicalNullish | AssignmentOperator::LogicalAnd => {
                let (then, otherwise, join) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
                let condition = Condition::Truthy(place.clone().into());
                self.body.branch(condition, then, otherwise, span(assignment.left.span()));
                let (keeps, assigns) = if assignment.operator == AssignmentOperator::LogicalAnd {
                    (otherwise, then)
                } else {
                    (then, otherwise)
                };
                let result = wanted.then(|| self.body.new_temp());
                self.body.switch_to(assigns);
                let value = self.named(&assignment.right, hint);
                self.store(place.clone(), value.clone(), at);
                if let Some(result) = result {
                    self.body.assign(Place::temp(result), Rvalue::Use(value), at);
                }
                self.body.goto(join);
                self.body.switch_to(keeps);
                if let Some(result) = result {
                    self.body.assign(Place::temp(result), Rvalue::Use(place.into()), at);
                }
                self.body.goto(join);
                self.body.switch_to(join);
                result.map_or(Operand::Nullish, Operand::from)
            }
            _ => {
                let right = self.expression(&assignment.right);
                self.body.assign(place.clone(), Rvalue::Compute(vec![place.clone().into(), right]), at);
                place.into()
            }
        }
    }

    /// `place = value`; clearing a field is a deletion.
    fn store(&mut self, place: Place, value: Operand, at: Span) {
        if value == Operand::Nullish && !place.path.is_empty() {
            self.body.push(OpKind::Delete { place }, at);
        } else {
            self.body.assign(place, Rvalue::Use(value), at);
        }
    }

    /// The place that an assignment's target names.
    pub(super) fn target_place(&mut self, target: &'a ast::SimpleAssignmentTarget<'a>) -> Place {
        match target {
            ast::SimpleAssignmentTarget::AssignmentTargetIdentifier(identifier) => {
                let value = self.identifier(identifier);
                self.operand_place(value, span(identifier.span))
            }
            ast::SimpleAssignmentTarget::TSAsExpression(inner) => self.place(&inner.expression),
            ast::SimpleAssignmentTarget::TSSatisfiesExpression(inner) => self.place(&inner.expression),
            ast::SimpleAssignmentTarget::TSNonNullExpression(inner) => self.place(&inner.expression),
            ast::SimpleAssignmentTarget::TSTypeAssertion(inner) => self.place(&inner.expression),
            _ => match target.as_member_expression() {
                Some(member) => self.member(member),
                None => self.operand_place(Operand::Opaque, span(target.span())),
            },
        }
    }

    pub(super) fn unary(&mut self, unary: &'a ast::UnaryExpression<'a>, at: Span) -> Operand {
        match (unary.operator, peel(&unary.argument)) {
            (UnaryOperator::Delete, argument) => {
                let argument = match argument {
                    ast::Expression::ChainExpression(chain) => chain.expression.as_member_expression(),
                    other => other.as_member_expression(),
                };
                match argument {
                    Some(member) => {
                        let place = self.member(member);
                        self.body.push(OpKind::Delete { place }, at);
                    }
                    None => self.discard(&unary.argument),
                }
                Operand::Boolean(true)
            }
            (UnaryOperator::Void, argument) => {
                self.discard(argument);
                Operand::Nullish
            }
            (UnaryOperator::UnaryNegation, ast::Expression::NumericLiteral(number)) => Operand::Number(-number.value),
            (_, argument) => {
                let operand = self.expression(argument);
                self.body.temp_of(Rvalue::Compute(vec![operand]), at).into()
            }
        }
    }

    pub(super) fn update(&mut self, update: &'a ast::UpdateExpression<'a>, at: Span) -> Operand {
        let place = self.target_place(&update.argument);
        self.body.assign(place.clone(), Rvalue::Compute(vec![place.clone().into()]), at);
        place.into()
    }
}
