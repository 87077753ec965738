//! Imports, exports and the specifiers they name.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{
    Binding, Export, ExportSource, Import, ImportName, ModuleRequest, Name, Operand, Place, RequestId, Rvalue,
    VariableId,
};
use crate::source::Span;

use super::expressions::{Hint, peel};
use super::functions::Role;
use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    /// The request for a specifier, made when it is new.
    pub(super) fn request(&mut self, specifier: &str, type_only: bool, at: Span) -> RequestId {
        if let Some(&known) = self.request_ids.get(specifier) {
            self.requests[known.0 as usize].type_only &= type_only;
            return known;
        }
        let id = RequestId(u32::try_from(self.requests.len()).expect("invariant: fewer requests than bytes of text"));
        self.requests.push(ModuleRequest { specifier: specifier.into(), type_only, for_tests: false, span: at });
        self.request_ids.insert(specifier.into(), id);
        id
    }

    pub(super) fn export(&mut self, name: Name, source: ExportSource, at: Span) {
        self.exports.push(Export { name, source, is_public: true, span: at });
    }

    pub(super) fn module_declaration(&mut self, declaration: &'a ast::ModuleDeclaration<'a>) {
        match declaration {
            ast::ModuleDeclaration::ImportDeclaration(import) => self.import(import),
            ast::ModuleDeclaration::ExportAllDeclaration(all) => {
                let type_only = all.export_kind.is_type();
                let request = self.request(all.source.value.as_str(), type_only, span(all.source.span));
                let (name, source) = match &all.exported {
                    Some(name) => {
                        (name.name().as_str().into(), ExportSource::ReExport { request, name: ImportName::Namespace })
                    }
                    None => ("*".into(), ExportSource::All { request }),
                };
                self.export(name, source, span(all.span));
            }
            ast::ModuleDeclaration::ExportDefaultDeclaration(default) => self.export_default(default),
            ast::ModuleDeclaration::ExportDeclaration(declaration) => {
                self.declaration(&declaration.declaration);
                self.export_declared(&declaration.declaration);
            }
            ast::ModuleDeclaration::ExportNamedDeclaration(named) => self.export_named(named),
            ast::ModuleDeclaration::ExportFromDeclaration(from) => {
                let type_only = from.export_kind.is_type()
                    || (!from.specifiers.is_empty() && from.specifiers.iter().all(|name| name.export_kind.is_type()));
                let request = self.request(from.source.value.as_str(), type_only, span(from.source.span));
                for specifier in &from.specifiers {
                    let name = import_name(specifier.local.name().as_str());
                    let exported = specifier.exported.name().as_str().into();
                    self.export(exported, ExportSource::ReExport { request, name }, span(specifier.span));
                }
            }
            ast::ModuleDeclaration::TSExportAssignment(assignment) => {
                let value = self.named(&assignment.expression, None);
                let exports = self.common_js();
                self.body.assign(exports, Rvalue::Use(value), span(assignment.span));
            }
            ast::ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }

    fn import(&mut self, import: &'a ast::ImportDeclaration<'a>) {
        let whole_is_type = import.import_kind.is_type();
        let specifiers = import.specifiers.as_ref();
        let is_type = |specifier: &ast::ImportDeclarationSpecifier<'_>| match specifier {
            ast::ImportDeclarationSpecifier::ImportSpecifier(specifier) => specifier.import_kind.is_type(),
            _ => false,
        };
        let all_types = specifiers.is_some_and(|all| !all.is_empty() && all.iter().all(is_type));
        let source = &import.source;
        let request = self.request(source.value.as_str(), whole_is_type || all_types, span(source.span));
        for specifier in specifiers.into_iter().flatten() {
            let name = match specifier {
                ast::ImportDeclarationSpecifier::ImportSpecifier(specifier) => {
                    import_name(specifier.imported.name().as_str())
                }
                ast::ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => ImportName::Default,
                ast::ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => ImportName::Namespace,
            };
            self.import_as(specifier.local(), request, name, whole_is_type || is_type(specifier));
        }
    }

    fn import_as(&mut self, local: &ast::BindingIdentifier<'a>, request: RequestId, name: ImportName, type_only: bool) {
        let index = u32::try_from(self.imports.len()).expect("invariant: fewer imports than bytes of text");
        let variable = self.declare_as(local, Binding::Import(index));
        self.imports.push(Import { request, name, variable, type_only });
    }

    /// `import x = require("y")`, `import x = A.B`.
    pub(super) fn import_equals(&mut self, import: &'a ast::TSImportEqualsDeclaration<'a>) {
        let type_only = import.import_kind.is_type();
        match &import.module_reference {
            ast::TSModuleReference::ExternalModuleReference(external) => {
                let text = &external.expression;
                let request = self.request(text.value.as_str(), type_only, span(text.span));
                self.import_as(&import.id, request, ImportName::Namespace, type_only);
            }
            ast::TSModuleReference::IdentifierReference(name) => {
                let value = self.identifier(name);
                let variable = self.declare_as(&import.id, Binding::Value);
                self.body.assign(Place::variable(variable), Rvalue::Use(value), span(import.span));
            }
            ast::TSModuleReference::QualifiedName(name) => {
                let variable = self.declare_as(&import.id, Binding::Value);
                if let Some(place) = self.qualified_place(name) {
                    self.body.assign(Place::variable(variable), Rvalue::Use(place.into()), span(import.span));
                }
            }
        }
    }

    fn export_default(&mut self, default: &'a ast::ExportDefaultDeclaration<'a>) {
        let at = span(default.span);
        let hint = Hint::new("default", oxc_span::Span::new(default.span.start, default.span.start));
        let variable = match &default.declaration {
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(function) => match &function.id {
                Some(name) => {
                    self.function_declaration(function);
                    self.declare(name)
                }
                None if function.body.is_none() => return,
                None => {
                    let id = self.function(function, Role::free(None));
                    if let Some(made) = &mut self.functions[id.index()] {
                        made.name = Some("default".into());
                    }
                    self.synthetic("default".into(), at, Binding::Function(id))
                }
            },
            ast::ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                let id = self.class(class, None);
                match &class.id {
                    Some(name) => self.declare(name),
                    None => self.synthetic("default".into(), at, Binding::Class(id)),
                }
            }
            ast::ExportDefaultDeclarationKind::TSInterfaceDeclaration(interface) => self.interface(interface),
            other => match other.as_expression() {
                Some(expression) => self.default_value(expression, hint, at),
                None => return,
            },
        };
        self.export("default".into(), ExportSource::Variable(variable), at);
    }

    /// The variable that a default-exported expression is: itself when it names one.
    fn default_value(&mut self, expression: &'a ast::Expression<'a>, hint: Hint<'a>, at: Span) -> VariableId {
        if let ast::Expression::Identifier(identifier) = peel(expression)
            && let Some(variable) = self.resolve(identifier)
        {
            return variable;
        }
        let value = self.named(expression, Some(hint));
        let variable = self.synthetic("default".into(), at, Binding::Value);
        self.body.assign(Place::variable(variable), Rvalue::Use(value), span(expression.span()));
        variable
    }

    fn export_named(&mut self, named: &'a ast::ExportNamedDeclaration<'a>) {
        for specifier in &named.specifiers {
            let ast::ModuleExportName::IdentifierReference(local) = &specifier.local else { continue };
            let Some(variable) = self.resolve(local) else { continue };
            let exported = specifier.exported.name();
            self.export_variable(exported.as_str(), variable, span(specifier.span));
        }
    }

    fn export_declared(&mut self, declaration: &'a ast::Declaration<'a>) {
        let mut names = Vec::new();
        match declaration {
            ast::Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    names.extend(declarator.id.get_binding_identifiers());
                }
            }
            other => names.extend(other.id()),
        }
        for name in names {
            if let Some(symbol) = name.symbol_id.get() {
                self.export_variable(name.name.as_str(), Self::variable_of(symbol), span(name.span));
            }
        }
    }

    /// Exports from the module, or from the namespace whose body this is.
    fn export_variable(&mut self, name: &str, variable: VariableId, at: Span) {
        match self.namespace {
            Some(namespace) => {
                if self.variables[variable.0 as usize].binding != Binding::Type {
                    let place = Place::variable(namespace).named(name);
                    let value = Operand::Place(Place::variable(variable));
                    self.body.assign(place, Rvalue::Use(value), at);
                }
            }
            None => self.export(name.into(), ExportSource::Variable(variable), at),
        }
    }
}

fn import_name(name: &str) -> ImportName {
    if name == "default" { ImportName::Default } else { ImportName::Named(name.into()) }
}
