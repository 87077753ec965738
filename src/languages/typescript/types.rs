//! Written types, as far as they are evidence of what a value is.

use oxc_ast::ast;
use thin_vec::ThinVec;

use crate::ir::{Field, Name, Operand, Place, Root, TypeRef, TypeRoot, VariableId};

use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    pub(super) fn type_ref(&mut self, written: &'a ast::TSType<'a>) -> TypeRef {
        match written {
            ast::TSType::TSTypeReference(reference) => {
                let arguments = self.type_arguments(reference.type_arguments.as_deref());
                self.type_name(&reference.type_name, arguments)
            }
            ast::TSType::TSArrayType(array) => TypeRef::Array(Box::new(self.type_ref(&array.element_type))),
            ast::TSType::TSTypeOperatorType(operator) if operator.operator == ast::TSTypeOperatorOperator::Readonly => {
                self.type_ref(&operator.type_annotation)
            }
            ast::TSType::TSParenthesizedType(inner) => self.type_ref(&inner.type_annotation),
            ast::TSType::TSTypeLiteral(literal) => self.shape(&literal.members),
            ast::TSType::TSUnionType(union) => self.any_of(&union.types),
            ast::TSType::TSIntersectionType(intersection) => self.any_of(&intersection.types),
            ast::TSType::TSImportType(import) => {
                let request = self.request(import.source.value.as_str(), true, span(import.source.span));
                let mut path = ThinVec::new();
                if let Some(qualifier) = &import.qualifier {
                    import_path(qualifier, &mut path);
                }
                let arguments = self.type_arguments(import.type_arguments.as_deref());
                TypeRef::Named { root: TypeRoot::Module(request), path, arguments }
            }
            ast::TSType::TSTypeQuery(query) => self.type_of(&query.expr_name),
            ast::TSType::TSLiteralType(_) | ast::TSType::TSBooleanKeyword(_) => TypeRef::Literals,
            ast::TSType::TSTypeOperatorType(operator) if operator.operator == ast::TSTypeOperatorOperator::Keyof => {
                match &operator.type_annotation {
                    ast::TSType::TSTypeQuery(_) => TypeRef::Literals,
                    _ => TypeRef::Other,
                }
            }
            // `(typeof LIST)[number]`
            ast::TSType::TSIndexedAccessType(access) => match (&access.object_type, &access.index_type) {
                (
                    ast::TSType::TSParenthesizedType(_) | ast::TSType::TSTypeQuery(_),
                    ast::TSType::TSNumberKeyword(_),
                ) => TypeRef::Literals,
                (of, ast::TSType::TSLiteralType(literal)) => match &literal.literal {
                    ast::TSLiteral::StringLiteral(name) => part(self.type_ref(of), name.value.as_str().into()),
                    _ => TypeRef::Other,
                },
                _ => TypeRef::Other,
            },
            _ => TypeRef::Other,
        }
    }

    pub(super) fn type_ref_of_implements(&mut self, written: &'a ast::TSClassImplements<'a>) -> TypeRef {
        let arguments = self.type_arguments(written.type_arguments.as_deref());
        self.type_name(&written.expression, arguments)
    }

    /// An interface: its own fields, and all that it extends.
    pub(super) fn interface(&mut self, interface: &'a ast::TSInterfaceDeclaration<'a>) -> VariableId {
        let variable = self.declare(&interface.id);
        let mut parts = vec![self.shape(&interface.body.body)];
        for base in &interface.extends {
            let arguments = self.type_arguments(base.type_arguments.as_deref());
            parts.push(self.type_name(&base.type_name, arguments));
        }
        // One that is declared in several pieces, or has a class's name, keeps the first.
        let annotation = &mut self.variables[variable.0 as usize].annotation;
        annotation.get_or_insert(if parts.len() == 1 { parts.remove(0) } else { TypeRef::AnyOf(parts) });
        variable
    }

    /// The fields whose types say what they hold.
    fn shape(&mut self, members: &'a [ast::TSSignature<'a>]) -> TypeRef {
        let mut fields = Vec::new();
        for member in members {
            let ast::TSSignature::TSPropertySignature(property) = member else { continue };
            let (Some(name), Some(written)) = (property.key.static_name(), &property.type_annotation) else { continue };
            let written = self.type_ref(&written.type_annotation);
            if written != TypeRef::Other {
                fields.push((Name::from(&*name), written));
            }
        }
        TypeRef::Shape(fields)
    }

    /// The place of `A.B.C`, when it starts from a name.
    pub(super) fn qualified_place(&mut self, name: &'a ast::TSQualifiedName<'a>) -> Option<Place> {
        let base = match &name.left {
            ast::TSTypeName::IdentifierReference(identifier) => self.reference_place(identifier),
            ast::TSTypeName::QualifiedName(inner) => self.qualified_place(inner)?,
            ast::TSTypeName::ThisExpression(_) => return None,
        };
        Some(base.named(name.right.name.as_str()))
    }

    fn reference_place(&mut self, identifier: &ast::IdentifierReference<'a>) -> Place {
        match self.identifier(identifier) {
            Operand::Place(place) => place,
            _ => Place::new(Root::Global(identifier.name.as_str().into())),
        }
    }

    fn type_name(&mut self, name: &'a ast::TSTypeName<'a>, arguments: Vec<TypeRef>) -> TypeRef {
        let mut path = ThinVec::new();
        let mut name = name;
        let root = loop {
            match name {
                ast::TSTypeName::QualifiedName(qualified) => {
                    path.push(Name::from(qualified.right.name.as_str()));
                    name = &qualified.left;
                }
                ast::TSTypeName::IdentifierReference(identifier) => break self.type_root(identifier),
                ast::TSTypeName::ThisExpression(_) => return TypeRef::Other,
            }
        };
        path.reverse();
        TypeRef::Named { root, path, arguments }
    }

    /// What type parameters must be: evidence like the type itself, written or not.
    pub(super) fn bounds(&mut self, parameters: Option<&'a ast::TSTypeParameterDeclaration<'a>>) {
        for parameter in parameters.iter().flat_map(|declaration| &declaration.params) {
            if let Some(bound) = &parameter.constraint {
                let variable = self.declare(&parameter.name);
                let bound = self.type_ref(bound);
                self.variables[variable.0 as usize].annotation = Some(bound);
            }
        }
    }

    /// Type parameters without a bound are names like any other: nothing in the module is a value of that name.
    fn type_root(&self, identifier: &ast::IdentifierReference<'a>) -> TypeRoot {
        use oxc_semantic::SymbolFlags;
        let symbol = identifier.reference_id.get().and_then(|id| self.scoping.get_reference(id).symbol_id());
        match symbol {
            Some(symbol)
                if self.scoping.symbol_flags(symbol).intersects(
                    SymbolFlags::Value
                        | SymbolFlags::Import
                        | SymbolFlags::TypeImport
                        | SymbolFlags::TypeAlias
                        | SymbolFlags::Interface,
                ) =>
            {
                TypeRoot::Variable(Self::variable_of(symbol))
            }
            Some(symbol) if self.variables[Self::variable_of(symbol).0 as usize].annotation.is_some() => {
                TypeRoot::Variable(Self::variable_of(symbol))
            }
            _ => TypeRoot::Global(identifier.name.as_str().into()),
        }
    }

    fn type_arguments(&mut self, arguments: Option<&'a ast::TSTypeParameterInstantiation<'a>>) -> Vec<TypeRef> {
        arguments.map_or_else(Vec::new, |list| list.params.iter().map(|written| self.type_ref(written)).collect())
    }

    fn any_of(&mut self, types: &'a [ast::TSType<'a>]) -> TypeRef {
        let mut kept: Vec<TypeRef> = types
            .iter()
            .filter(|written| !matches!(written, ast::TSType::TSNullKeyword(_) | ast::TSType::TSUndefinedKeyword(_)))
            .map(|written| self.type_ref(written))
            .collect();
        match kept.len() {
            1 => kept.remove(0),
            _ if !kept.is_empty() && kept.iter().all(|written| *written == TypeRef::Literals) => TypeRef::Literals,
            _ if kept.iter().all(|written| matches!(written, TypeRef::Literals | TypeRef::Other)) => TypeRef::Other,
            _ => TypeRef::AnyOf(kept),
        }
    }

    fn type_of(&mut self, name: &'a ast::TSTypeQueryExprName<'a>) -> TypeRef {
        match name {
            ast::TSTypeQueryExprName::IdentifierReference(identifier) => {
                TypeRef::TypeOf(self.reference_place(identifier))
            }
            ast::TSTypeQueryExprName::QualifiedName(name) => {
                self.qualified_place(name).map_or(TypeRef::Other, TypeRef::TypeOf)
            }
            // `typeof import("x")`: no type has so short a path, so this is the module itself.
            ast::TSTypeQueryExprName::TSImportType(import) if import.qualifier.is_none() => {
                let request = self.request(import.source.value.as_str(), true, span(import.source.span));
                TypeRef::Named { root: TypeRoot::Module(request), path: ThinVec::new(), arguments: Vec::new() }
            }
            ast::TSTypeQueryExprName::TSImportType(_) | ast::TSTypeQueryExprName::ThisExpression(_) => TypeRef::Other,
        }
    }
}

/// `Adapter["pool"]`, as far as the whole says anything.
pub(super) fn part(of: TypeRef, name: Name) -> TypeRef {
    match of {
        TypeRef::Literals | TypeRef::Other => TypeRef::Other,
        of => TypeRef::Part { of: Box::new(of), name },
    }
}

/// The type an initialiser is asserted to have.
pub(super) fn asserted<'a>(init: &'a ast::Expression<'a>) -> Option<&'a ast::TSType<'a>> {
    let written = match init {
        ast::Expression::ParenthesizedExpression(inner) => return asserted(&inner.expression),
        ast::Expression::TSNonNullExpression(inner) => return asserted(&inner.expression),
        ast::Expression::TSAsExpression(inner) => &inner.type_annotation,
        ast::Expression::TSSatisfiesExpression(inner) => &inner.type_annotation,
        ast::Expression::TSTypeAssertion(inner) => &inner.type_annotation,
        _ => return None,
    };
    let is_const = matches!(written, ast::TSType::TSTypeReference(reference) if reference.type_name.is_const());
    (!is_const).then_some(written)
}

/// The type of a field of an object type that is written out: `{ pool: Pool }`.
pub(super) fn member<'a>(written: &'a ast::TSType<'a>, field: &Field) -> Option<&'a ast::TSType<'a>> {
    let ast::TSType::TSTypeLiteral(literal) = written else { return None };
    let wanted = field.name()?;
    literal.members.iter().find_map(|member| match member {
        ast::TSSignature::TSPropertySignature(property) if property.key.is_specific_static_name(wanted) => {
            property.type_annotation.as_ref().map(|written| &written.type_annotation)
        }
        _ => None,
    })
}

fn import_path(qualifier: &ast::TSImportTypeQualifier<'_>, path: &mut ThinVec<Name>) {
    match qualifier {
        ast::TSImportTypeQualifier::Identifier(name) => path.push(name.name.as_str().into()),
        ast::TSImportTypeQualifier::QualifiedName(name) => {
            import_path(&name.left, path);
            path.push(name.right.name.as_str().into());
        }
    }
}
