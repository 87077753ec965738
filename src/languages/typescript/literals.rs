//! Object literals, property keys and templates.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{Field, FunctionKind, Operand, Property, Rvalue};
use crate::source::Span;

use super::expressions::{Hint, peel};
use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    pub(super) fn object(&mut self, object: &'a ast::ObjectExpression<'a>, at: Span) -> Operand {
        let mut properties = Vec::with_capacity(object.properties.len());
        for property in &object.properties {
            properties.push(match property {
                ast::ObjectPropertyKind::SpreadProperty(spread) => Property::Spread(self.expression(&spread.argument)),
                ast::ObjectPropertyKind::ObjectProperty(property) => {
                    let (name, _) = self.property_key(&property.key);
                    let value = self.property_value(property);
                    Property::Field { name, value }
                }
            });
        }
        self.body.temp_of(Rvalue::Object(properties), at).into()
    }

    fn property_value(&mut self, property: &'a ast::ObjectProperty<'a>) -> Operand {
        let hint = key_hint(&property.key);
        let kind = match property.kind {
            ast::PropertyKind::Init => return self.named(&property.value, hint),
            ast::PropertyKind::Get => FunctionKind::Getter { class: None, is_static: false },
            ast::PropertyKind::Set => FunctionKind::Setter { class: None, is_static: false },
        };
        match peel(&property.value) {
            ast::Expression::FunctionExpression(function) => {
                let kind = super::functions::Role { kind, hint, at: None, decorators: Vec::new() };
                Operand::Function(self.function(function, kind))
            }
            other => self.named(other, hint),
        }
    }

    /// The field a key names, and the key's span.
    pub(super) fn property_key(&mut self, key: &'a ast::PropertyKey<'a>) -> (Field, Span) {
        let at = span(key.span());
        let field = match key {
            ast::PropertyKey::StaticIdentifier(name) => Field::Named(name.name.as_str().into()),
            ast::PropertyKey::PrivateIdentifier(name) => {
                Field::Named(compact_str::format_compact!("#{}", name.name.as_str()))
            }
            other => match other.as_expression() {
                Some(expression) => self.computed_field(expression),
                None => Field::Computed,
            },
        };
        (field, at)
    }

    pub(super) fn template(&mut self, template: &'a ast::TemplateLiteral<'a>, at: Span) -> Operand {
        if let Some(text) = template.single_quasi() {
            return Operand::String(text.as_str().into());
        }
        let operands = template.expressions.iter().map(|expression| self.expression(expression)).collect();
        self.body.temp_of(Rvalue::Compute(operands), at).into()
    }
}

/// What a function under this key is called.
pub(super) fn key_hint<'a>(key: &'a ast::PropertyKey<'a>) -> Option<Hint<'a>> {
    match key {
        ast::PropertyKey::StaticIdentifier(name) => Some(Hint::new(name.name.as_str(), name.span)),
        ast::PropertyKey::PrivateIdentifier(name) => Some(Hint::private(name.name.as_str(), name.span)),
        ast::PropertyKey::StringLiteral(name) => Some(Hint::new(name.value.as_str(), name.span)),
        _ => None,
    }
}

/// The name of a class member, for its table of members.
pub(super) fn member_name(field: &Field) -> crate::ir::Name {
    match field {
        Field::Named(name) => name.clone(),
        Field::Computed => "<computed>".into(),
    }
}
