//! Destructuring: one assignment for each name, from the field it reads.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{Comparison, Condition, Field, Operand, Place, Rest, Rvalue};
use crate::source::Span;

use super::expressions::Hint;
use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    /// Binds the names of a declaration's pattern. `whole` is the span of the operation when the pattern is one name.
    pub(super) fn bind(
        &mut self,
        pattern: &'a ast::BindingPattern<'a>,
        value: Rvalue,
        written: Option<&'a ast::TSType<'a>>,
        whole: Span,
    ) {
        match pattern {
            ast::BindingPattern::BindingIdentifier(identifier) => {
                let variable = self.declare(identifier);
                self.annotate(variable, written);
                self.body.assign(Place::variable(variable), value, whole);
            }
            ast::BindingPattern::ObjectPattern(object) => {
                let base = self.place_of(value, whole);
                self.bind_object(object, &base, written);
            }
            ast::BindingPattern::ArrayPattern(array) => {
                let base = self.place_of(value, whole);
                self.bind_array(array, &base);
            }
            ast::BindingPattern::AssignmentPattern(with_default) => {
                let base = self.place_of(value, whole);
                let value = self.default(base, &with_default.right, pattern_hint(&with_default.left));
                self.bind(&with_default.left, Rvalue::Use(value), written, whole);
            }
        }
    }

    fn bind_object(&mut self, object: &'a ast::ObjectPattern<'a>, base: &Place, written: Option<&'a ast::TSType<'a>>) {
        let mut taken = Vec::with_capacity(object.properties.len());
        for property in &object.properties {
            let (field, _) = self.property_key(&property.key);
            let written = written.and_then(|written| super::types::member(written, &field));
            taken.push(field.clone());
            let value = Rvalue::Use(base.clone().field(field).into());
            let at = binding_span(&property.value);
            self.bind(&property.value, value, written, at);
        }
        if let Some(rest) = &object.rest {
            let value = Rvalue::Rest(Box::new(Rest { of: base.clone().into(), without: taken }));
            self.bind(&rest.argument, value, None, binding_span(&rest.argument));
        }
    }

    fn bind_array(&mut self, array: &'a ast::ArrayPattern<'a>, base: &Place) {
        for (index, element) in array.elements.iter().enumerate() {
            if let Some(element) = element {
                let value = Rvalue::Use(base.clone().field(index_field(index)).into());
                self.bind(element, value, None, binding_span(element));
            }
        }
        if let Some(rest) = &array.rest {
            let without = (0..array.elements.len()).map(index_field).collect();
            let value = Rvalue::Rest(Box::new(Rest { of: base.clone().into(), without }));
            self.bind(&rest.argument, value, None, binding_span(&rest.argument));
        }
    }

    /// Assigns to the target of an assignment expression, or of a loop's head.
    pub(super) fn assign_to(&mut self, target: &'a ast::AssignmentTarget<'a>, value: Rvalue, whole: Span) {
        match target {
            ast::AssignmentTarget::ArrayAssignmentTarget(array) => {
                let base = self.place_of(value, whole);
                for (index, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        let value = base.clone().field(index_field(index));
                        self.assign_with_default(element, value);
                    }
                }
                if let Some(rest) = &array.rest {
                    let without = (0..array.elements.len()).map(index_field).collect();
                    let value = Rvalue::Rest(Box::new(Rest { of: base.into(), without }));
                    self.assign_to(&rest.target, value, span(rest.target.span()));
                }
            }
            ast::AssignmentTarget::ObjectAssignmentTarget(object) => {
                let base = self.place_of(value, whole);
                self.assign_object(object, base);
            }
            _ => {
                if let Some(simple) = target.as_simple_assignment_target() {
                    let place = self.target_place(simple);
                    self.body.assign(place, value, whole);
                }
            }
        }
    }

    fn assign_object(&mut self, object: &'a ast::ObjectAssignmentTarget<'a>, base: Place) {
        let mut taken = Vec::with_capacity(object.properties.len());
        for property in &object.properties {
            match property {
                ast::AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                    let field = Field::Named(property.binding.name.as_str().into());
                    taken.push(field.clone());
                    let mut value = Operand::Place(base.clone().field(field));
                    if let Some(init) = &property.init {
                        let hint = Hint::new(property.binding.name.as_str(), property.binding.span);
                        value = self.default(base.clone().field(taken[taken.len() - 1].clone()), init, Some(hint));
                    }
                    let target = self.identifier(&property.binding);
                    let at = span(property.binding.span);
                    let target = self.operand_place(target, at);
                    self.body.assign(target, Rvalue::Use(value), at);
                }
                ast::AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                    let (field, _) = self.property_key(&property.name);
                    taken.push(field.clone());
                    self.assign_with_default(&property.binding, base.clone().field(field));
                }
            }
        }
        if let Some(rest) = &object.rest {
            let value = Rvalue::Rest(Box::new(Rest { of: base.into(), without: taken }));
            self.assign_to(&rest.target, value, span(rest.target.span()));
        }
    }

    fn assign_with_default(&mut self, target: &'a ast::AssignmentTargetMaybeDefault<'a>, value: Place) {
        match target {
            ast::AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(target) => {
                let hint = target_hint(&target.binding);
                let value = self.default(value, &target.init, hint);
                self.assign_to(&target.binding, Rvalue::Use(value), span(target.binding.span()));
            }
            _ => {
                if let Some(target) = target.as_assignment_target() {
                    self.assign_to(target, Rvalue::Use(value.into()), span(target.span()));
                }
            }
        }
    }

    /// `value`, or the default where `value` is undefined: a temporary that both ways assign.
    pub(super) fn default(
        &mut self,
        value: Place,
        default: &'a ast::Expression<'a>,
        hint: Option<Hint<'a>>,
    ) -> Operand {
        let at = span(default.span());
        let result = self.body.new_temp();
        let (missing, present, join) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
        self.body.branch(is_nullish(value.clone().into()), missing, present, at);
        self.body.switch_to(missing);
        let fallback = self.named(default, hint);
        self.body.assign(Place::temp(result), Rvalue::Use(fallback), at);
        self.body.goto(join);
        self.body.switch_to(present);
        self.body.assign(Place::temp(result), Rvalue::Use(value.into()), at);
        self.body.goto(join);
        self.body.switch_to(join);
        result.into()
    }

    /// A place that holds the value: the one it is already, or a new temporary.
    pub(super) fn place_of(&mut self, value: Rvalue, at: Span) -> Place {
        match value {
            Rvalue::Use(Operand::Place(place)) => place,
            value => Place::temp(self.body.temp_of(value, at)),
        }
    }

    pub(super) fn operand_place(&mut self, value: Operand, at: Span) -> Place {
        self.place_of(Rvalue::Use(value), at)
    }
}

pub(super) fn is_nullish(value: Operand) -> Condition {
    Condition::Compare { comparison: Comparison::Equal, left: value, right: Operand::Nullish }
}

/// What a function or class assigned to this target is called.
pub(super) fn target_hint<'a>(target: &'a ast::AssignmentTarget<'a>) -> Option<Hint<'a>> {
    match target {
        ast::AssignmentTarget::AssignmentTargetIdentifier(identifier) => {
            Some(Hint::new(identifier.name.as_str(), identifier.span))
        }
        ast::AssignmentTarget::StaticMemberExpression(member) => {
            let name = member.property.name.as_str();
            let is_module_exports =
                name == "exports" && matches!(&member.object, ast::Expression::Identifier(id) if id.name == "module");
            (!is_module_exports).then(|| Hint::new(name, member.property.span))
        }
        ast::AssignmentTarget::PrivateFieldExpression(member) => {
            Some(Hint::private(member.field.name.as_str(), member.field.span))
        }
        ast::AssignmentTarget::ComputedMemberExpression(member) => match &member.expression {
            ast::Expression::StringLiteral(name) => Some(Hint::new(name.value.as_str(), name.span)),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn pattern_hint<'a>(pattern: &'a ast::BindingPattern<'a>) -> Option<Hint<'a>> {
    match pattern {
        ast::BindingPattern::BindingIdentifier(identifier) => {
            Some(Hint::new(identifier.name.as_str(), identifier.span))
        }
        _ => None,
    }
}

/// A name's own span; a pattern's whole one.
fn binding_span(pattern: &ast::BindingPattern<'_>) -> Span {
    match pattern {
        ast::BindingPattern::AssignmentPattern(with_default) => binding_span(&with_default.left),
        _ => span(pattern.span()),
    }
}

fn index_field(index: usize) -> Field {
    Field::Named(compact_str::format_compact!("{index}"))
}
