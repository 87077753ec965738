//! TypeScript's enums and namespaces: objects that the program builds where they stand.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{Binding, Field, Operand, Place, Property, Rvalue};

use super::expressions::peel;
use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    /// An object of its members; a member without a value of its own is its name.
    pub(super) fn enumeration(&mut self, declaration: &'a ast::TSEnumDeclaration<'a>) {
        let variable = self.declare_as(&declaration.id, Binding::Value);
        if declaration.declare {
            return;
        }
        let mut properties = Vec::with_capacity(declaration.body.members.len());
        for member in &declaration.body.members {
            let name: crate::ir::Name = member.id.static_name().as_str().into();
            let value = match member.initializer.as_ref().map(peel) {
                Some(ast::Expression::StringLiteral(text)) => Operand::String(text.value.as_str().into()),
                Some(ast::Expression::NumericLiteral(number)) => Operand::Number(number.value),
                _ => Operand::String(name.clone()),
            };
            properties.push(Property::Field { name: Field::Named(name), value });
        }
        let at = span(declaration.span);
        self.body.assign(Place::variable(variable), Rvalue::Object(properties), at);
    }

    /// The body runs here; what it exports becomes fields of the namespace's variable.
    pub(super) fn namespace(&mut self, declaration: &'a ast::TSNamespaceDeclaration<'a>) {
        if declaration.declare {
            self.declare(&declaration.id);
            return;
        }
        let variable = self.declare(&declaration.id);
        let at = span(declaration.id.span());
        let is_value = self.variables[variable.0 as usize].binding == Binding::Value;
        if is_value && declaration.id.symbol_id.get().is_some_and(|symbol| self.is_first(symbol, declaration.id.span)) {
            self.body.assign(Place::variable(variable), Rvalue::Object(Vec::new()), at);
        }
        let outer = self.namespace.replace(variable);
        match &declaration.body {
            ast::TSNamespaceDeclarationBody::TSModuleBlock(block) => self.block(&block.body),
            ast::TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                self.namespace(inner);
                if let Some(symbol) = inner.id.symbol_id.get() {
                    let place = Place::variable(variable).named(inner.id.name.as_str());
                    let value = Place::variable(Self::variable_of(symbol));
                    self.body.assign(place, Rvalue::Use(value.into()), span(inner.id.span));
                }
            }
        }
        self.namespace = outer;
    }

    /// Whether this is the declaration that creates the variable: later ones with the same name add to it.
    fn is_first(&self, symbol: oxc_semantic::SymbolId, at: oxc_span::Span) -> bool {
        self.scoping.symbol_span(symbol).start == at.start
    }
}
