//! `impl` blocks: the methods of types, of this file or of another.

use crate::ir::{Binding, Class, ClassId, ClassMember, FunctionKind, ImportName, Name, TypeRoot, VariableId};
use crate::source::Span;

use super::attributes::{is_private, serves_tests};
use super::lowering::Lowering;
use super::paths::name_of;
use super::span_of;

impl Lowering<'_> {
    pub(super) fn class_named(&self, name: &str) -> Option<(VariableId, ClassId)> {
        let variable = self.lookup(name)?;
        Some((variable, self.class_of(variable)?))
    }

    pub(super) fn class_of(&self, variable: VariableId) -> Option<ClassId> {
        match self.variables[variable.0 as usize].binding {
            Binding::Class(class) => Some(class),
            _ => None,
        }
    }

    pub(super) fn implementation(&mut self, implementation: &syn::ItemImpl) {
        self.implementation_of(implementation, implementation.trait_.is_some());
    }

    /// The same, of a trait or not.
    pub(super) fn implementation_of(&mut self, implementation: &syn::ItemImpl, is_of_trait: bool) {
        let syn::Type::Path(path) = &*implementation.self_ty else { return };
        let Some((variable, class)) = self.implemented(implementation, &path.path) else { return };
        let generics = self.open_generics(&implementation.generics);
        if let Some((implemented, _)) = &implementation.trait_ {
            let written = syn::Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path: implemented.clone() });
            let implemented = self.type_ref(&written);
            self.classes[class.0 as usize].implements.push(implemented);
        }
        let methods = implementation.items.iter().filter_map(|item| match item {
            syn::ImplItem::Fn(method) => {
                // What a trait asks for is called by whoever knows the trait.
                let is_private = !is_of_trait
                    && matches!(method.vis, syn::Visibility::Inherited)
                    && is_private(&method.vis, method.attrs.iter().chain(&implementation.attrs));
                Some((is_private, &method.attrs, &method.sig, &method.block, span_of(method)))
            }
            _ => None,
        });
        self.methods(variable, class, &implementation.attrs, methods);
        self.close_generics(generics);
    }

    /// The class whose methods a block holds: one of this file, or what goes on here of one of another.
    fn implemented(&mut self, implementation: &syn::ItemImpl, path: &syn::Path) -> Option<(VariableId, ClassId)> {
        let name = path.segments.last().map(|last| name_of(&last.ident))?;
        let is_parameter = implementation.generics.type_params().any(|parameter| parameter.ident == *name);
        if is_parameter || path.segments.len() == 1 && self.class_named(&name).is_some() {
            return self.class_named(&name).filter(|_| !is_parameter);
        }
        let (TypeRoot::Variable(root), rest) = self.type_root(path)? else { return None };
        let variable = match (self.variables[root.0 as usize].binding, rest.as_slice()) {
            (Binding::Import(_), []) => root,
            (Binding::Import(import), [modules @ .., name]) => {
                self.imported_below(import as usize, modules, name, span_of(path))?
            }
            // A module within the file.
            _ => return self.class_named(&name),
        };
        let known = self.classes.iter().position(|class| class.continues == Some(variable));
        let class = known.unwrap_or(self.classes.len());
        let class = ClassId(u32::try_from(class).expect("invariant: fewer types than bytes of text"));
        if known.is_none() {
            self.classes.push(Class {
                continues: Some(variable),
                variable: Some(variable),
                ..Class::new(Some(name), self.body.id, span_of(implementation), span_of(path))
            });
        }
        Some((variable, class))
    }

    /// A variable for what a path below an import names: `db::Pool` where `db` is imported.
    fn imported_below(&mut self, import: usize, modules: &[Name], name: &Name, at: Span) -> Option<VariableId> {
        let import = self.imports.get(import)?;
        let (request, of) = (import.request, import.name.clone());
        let first = match &of {
            ImportName::Named(name) => Some(name),
            ImportName::Namespace => None,
            ImportName::Default => return None,
        };
        let mut specifier = self.specifier(request).to_owned();
        for module in first.into_iter().chain(modules) {
            specifier = format!("{specifier}::{module}");
        }
        // No identifier has this form, so nothing in the file can mean it.
        let local = Name::from(format!("{specifier}::{name}"));
        if let Some(&known) = self.scopes[0].get(&local) {
            return Some(known);
        }
        let id = self.import_outside(&specifier, ImportName::Named(name.clone()), local.clone(), at);
        self.scopes[0].insert(local, id);
        Some(id)
    }

    pub(super) fn methods<'m>(
        &mut self,
        variable: VariableId,
        class: ClassId,
        of_all: &[syn::Attribute],
        methods: impl Iterator<Item = (bool, &'m Vec<syn::Attribute>, &'m syn::Signature, &'m syn::Block, Span)>,
    ) {
        let outer = self.self_type.replace(variable);
        for (is_private, attributes, signature, block, span) in
            methods.filter(|(_, attributes, ..)| !serves_tests(attributes))
        {
            let id = self.reserve_function();
            let is_static = signature.receiver().is_none();
            let mut decorators = self.decorators(attributes);
            decorators.extend(self.decorators(of_all));
            let kind = FunctionKind::Method { class, is_static };
            self.function(id, kind, (is_private, decorators), signature, (block, span));
            let member = ClassMember { name: name_of(&signature.ident), function: id, is_static };
            self.classes[class.0 as usize].members.push(member);
        }
        self.self_type = outer;
    }
}
