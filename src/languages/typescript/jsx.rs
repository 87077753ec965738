//! JSX: an element is a call of its component with one object of props.

use oxc_ast::ast;

use crate::ir::{Argument, CallKind, Element, Field, Operand, Place, Property, Rvalue};

use super::calls::NewCall;
use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    pub(super) fn jsx_element(&mut self, element: &'a ast::JSXElement<'a>) -> Operand {
        let opening = &element.opening_element;
        let (callee, callee_span) = self.component(&opening.name);
        let mut properties = Vec::with_capacity(opening.attributes.len() + 1);
        for attribute in &opening.attributes {
            properties.push(match attribute {
                ast::JSXAttributeItem::SpreadAttribute(spread) => Property::Spread(self.expression(&spread.argument)),
                ast::JSXAttributeItem::Attribute(attribute) => {
                    let name = match &attribute.name {
                        ast::JSXAttributeName::Identifier(name) => name.name.as_str().into(),
                        ast::JSXAttributeName::NamespacedName(name) => {
                            compact_str::format_compact!("{}:{}", name.namespace.name, name.name.name)
                        }
                    };
                    let value = self.attribute(attribute.value.as_ref());
                    Property::Field { name: Field::Named(name), value }
                }
            });
        }
        let mut children = self.children(&element.children);
        let children = match children.len() {
            0 => None,
            1 => children.pop().filter(|child| !child.spread).map(|child| child.value),
            _ => Some(self.body.temp_of(Rvalue::Array(children), span(element.span)).into()),
        };
        if let Some(value) = children {
            properties.push(Property::Field { name: Field::Named("children".into()), value });
        }
        let props = self.body.temp_of(Rvalue::Object(properties), span(opening.span));
        let argument = Argument { value: props.into(), spread: false, span: span(opening.span) };
        self.push_call(NewCall {
            callee,
            kind: CallKind::Jsx,
            arguments: vec![argument],
            awaited: false,
            optional: false,
            callee_span,
            span: span(element.span),
        })
    }

    pub(super) fn jsx_fragment(&mut self, fragment: &'a ast::JSXFragment<'a>) -> Operand {
        let children = self.children(&fragment.children);
        self.body.temp_of(Rvalue::Array(children), span(fragment.span)).into()
    }

    fn component(&mut self, name: &'a ast::JSXElementName<'a>) -> (Operand, crate::source::Span) {
        match name {
            ast::JSXElementName::Identifier(name) => (Operand::String(name.name.as_str().into()), span(name.span)),
            ast::JSXElementName::IdentifierReference(name) => (self.identifier(name), span(name.span)),
            ast::JSXElementName::NamespacedName(name) => {
                let text = compact_str::format_compact!("{}:{}", name.namespace.name, name.name.name);
                (Operand::String(text), span(name.span))
            }
            ast::JSXElementName::MemberExpression(member) => (self.jsx_member(member).into(), span(member.span)),
            ast::JSXElementName::ThisExpression(this) => (self.this_place().into(), span(this.span)),
        }
    }

    fn jsx_member(&mut self, member: &'a ast::JSXMemberExpression<'a>) -> Place {
        let object = match &member.object {
            ast::JSXMemberExpressionObject::IdentifierReference(name) => {
                let value = self.identifier(name);
                self.operand_place(value, span(name.span))
            }
            ast::JSXMemberExpressionObject::MemberExpression(inner) => self.jsx_member(inner),
            ast::JSXMemberExpressionObject::ThisExpression(_) => self.this_place(),
        };
        object.named(member.property.name.as_str())
    }

    fn attribute(&mut self, value: Option<&'a ast::JSXAttributeValue<'a>>) -> Operand {
        match value {
            None => Operand::Boolean(true),
            Some(ast::JSXAttributeValue::StringLiteral(text)) => Operand::String(text.value.as_str().into()),
            Some(ast::JSXAttributeValue::Element(element)) => self.jsx_element(element),
            Some(ast::JSXAttributeValue::Fragment(fragment)) => self.jsx_fragment(fragment),
            Some(ast::JSXAttributeValue::ExpressionContainer(container)) => {
                self.contained(&container.expression).unwrap_or(Operand::Nullish)
            }
        }
    }

    fn contained(&mut self, expression: &'a ast::JSXExpression<'a>) -> Option<Operand> {
        expression.as_expression().map(|expression| self.expression(expression))
    }

    /// The children that are more than text.
    fn children(&mut self, children: &'a [ast::JSXChild<'a>]) -> Vec<Element> {
        let mut elements = Vec::new();
        for child in children {
            let value = match child {
                ast::JSXChild::Text(_) => None,
                ast::JSXChild::Element(element) => Some(self.jsx_element(element)),
                ast::JSXChild::Fragment(fragment) => Some(self.jsx_fragment(fragment)),
                ast::JSXChild::ExpressionContainer(container) => self.contained(&container.expression),
                ast::JSXChild::Spread(spread) => {
                    let value = self.expression(&spread.expression);
                    elements.push(Element { value, spread: true });
                    None
                }
            };
            elements.extend(value.map(|value| Element { value, spread: false }));
        }
        elements
    }
}
