//! Names: the table of variables, and what an identifier means.

use oxc_ast::ast;
use oxc_semantic::{Scoping, SymbolFlags, SymbolId};

use crate::ir::{Binding, FunctionId, Name, Operand, Place, Root, Variable, VariableId};
use crate::source::Span;

use super::lowering::{Lowering, span};

/// One variable for each symbol, under the symbol's number. Owners and bindings become known as the walk meets the
/// declarations.
pub(super) fn variables_of(scoping: &Scoping) -> Vec<Variable> {
    scoping
        .symbol_ids()
        .map(|id| {
            let flags = scoping.symbol_flags(id);
            let binding = if flags.is_catch_variable() {
                Binding::Caught
            } else if !flags.intersects(SymbolFlags::Value | SymbolFlags::Import | SymbolFlags::TypeImport) {
                Binding::Type
            } else {
                Binding::Value
            };
            Variable {
                name: scoping.symbol_name(id).into(),
                owner: FunctionId::INITIALISER,
                binding,
                is_constant: is_constant(scoping, id),
                annotation: None,
                span: span(scoping.symbol_span(id)),
            }
        })
        .collect()
}

/// Overload signatures and merged interfaces and namespaces redeclare a name without assigning it.
fn is_constant(scoping: &Scoping, id: SymbolId) -> bool {
    !scoping.symbol_is_mutated(id)
        && !scoping.symbol_redeclarations(id).iter().skip(1).any(|again| again.flags.is_variable())
}

impl<'a> Lowering<'a> {
    pub(super) fn variable_of(symbol: SymbolId) -> VariableId {
        VariableId(u32::try_from(symbol.index()).expect("invariant: fewer symbols than bytes of text"))
    }

    /// The variable a binding identifier declares, now known to belong to the current function.
    pub(super) fn declare(&mut self, identifier: &ast::BindingIdentifier<'a>) -> VariableId {
        match identifier.symbol_id.get() {
            Some(symbol) => {
                let id = Self::variable_of(symbol);
                self.variables[id.0 as usize].owner = self.body.id;
                id
            }
            // Only where the parser recovered from an error is an identifier without a symbol.
            None => self.synthetic(identifier.name.as_str().into(), span(identifier.span), Binding::Value),
        }
    }

    pub(super) fn declare_as(&mut self, identifier: &ast::BindingIdentifier<'a>, binding: Binding) -> VariableId {
        let id = self.declare(identifier);
        self.variables[id.0 as usize].binding = binding;
        id
    }

    /// A variable the program does not name.
    pub(super) fn synthetic(&mut self, name: Name, span: Span, binding: Binding) -> VariableId {
        let id = VariableId(u32::try_from(self.variables.len()).expect("invariant: fewer names than bytes of text"));
        self.variables.push(Variable { name, owner: self.body.id, binding, is_constant: true, annotation: None, span });
        id
    }

    pub(super) fn resolve(&self, identifier: &ast::IdentifierReference<'a>) -> Option<VariableId> {
        let reference = identifier.reference_id.get()?;
        self.scoping.get_reference(reference).symbol_id().map(Self::variable_of)
    }

    /// Whether the identifier is this name, and nothing in the file declares it.
    pub(super) fn is_global(&self, expression: &ast::Expression<'a>, name: &str) -> bool {
        match expression {
            ast::Expression::Identifier(identifier) => identifier.name == name && self.resolve(identifier).is_none(),
            _ => false,
        }
    }

    pub(super) fn identifier(&mut self, identifier: &ast::IdentifierReference<'a>) -> Operand {
        if let Some(variable) = self.resolve(identifier) {
            return Place::variable(variable).into();
        }
        match identifier.name.as_str() {
            "undefined" => Operand::Nullish,
            "exports" => self.common_js().into(),
            "Infinity" => Operand::Number(f64::INFINITY),
            "NaN" => Operand::Opaque,
            name => Place::new(Root::Global(name.into())).into(),
        }
    }

    /// The variable that stands for `module.exports`.
    pub(super) fn common_js(&mut self) -> Place {
        let id = match self.common_js_exports {
            Some(id) => id,
            None => {
                let id = self.synthetic("exports".into(), Span::default(), Binding::Value);
                let variable = &mut self.variables[id.0 as usize];
                variable.owner = FunctionId::INITIALISER;
                variable.is_constant = false;
                self.common_js_exports = Some(id);
                id
            }
        };
        Place::variable(id)
    }

    /// What `this` is here.
    pub(super) fn this_place(&self) -> Place {
        self.this.clone().unwrap_or_else(|| Place::new(Root::This))
    }
}
