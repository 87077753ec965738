//! Items: functions, types with their methods, statics, modules.

use proc_macro2::TokenTree;
use syn::spanned::Spanned as _;

use crate::ir::{
    Binding, Class, ClassId, Decorator, Field, Function, FunctionId, FunctionKind, ImportName, Name, Operand,
    Parameter, Place, Property, Root, Rvalue, Terminator, TypeRef, VariableId,
};
use crate::languages::graph::Body;
use crate::source::Span;

use super::attributes::{derives, is_private, serves_tests};
use super::lowering::Lowering;
use super::macros::items_of;
use super::paths::name_of;
use super::{range, span_of};

impl Lowering<'_> {
    /// A list of items: all are in sight of each other.
    pub(super) fn items(&mut self, items: &[syn::Item]) {
        self.declare_items(items.iter());
        for item in items {
            self.item_body(item);
        }
    }

    /// Puts the items' names in sight.
    pub(super) fn declare_items<'i>(&mut self, items: impl Iterator<Item = &'i syn::Item>) {
        for item in items {
            if serves_tests(attributes(item)) {
                if let syn::Item::Mod(it) = item
                    && it.content.is_none()
                {
                    self.test_module(it);
                }
                continue;
            }
            match item {
                // `use ::name` starts at a crate, whatever is declared here.
                syn::Item::Use(used) => {
                    let prefix = if used.leading_colon.is_some() { "::" } else { "" };
                    self.use_tree(&used.tree, prefix, &used.vis);
                }
                syn::Item::Fn(function) => {
                    let id = self.reserve_function();
                    self.announced.insert(range(function.sig.ident.span()), id);
                    self.declare_item(&function.sig.ident, Binding::Function(id), &function.vis);
                }
                syn::Item::Struct(it) => self.declare_class((&it.ident, &it.vis), &it.fields, span_of(it)),
                syn::Item::Enum(it) => self.declare_class((&it.ident, &it.vis), &syn::Fields::Unit, span_of(it)),
                syn::Item::Trait(it) => self.declare_class((&it.ident, &it.vis), &syn::Fields::Unit, span_of(it)),
                syn::Item::Static(it) => self.declare_item(&it.ident, Binding::Value, &it.vis),
                syn::Item::Const(it) => self.declare_item(&it.ident, Binding::Value, &it.vis),
                syn::Item::Mod(it) if it.content.is_none() => self.outside_module(it),
                syn::Item::Mod(it) => self.declare_item(&it.ident, Binding::Value, &it.vis),
                syn::Item::Type(it) => {
                    self.remember_alias(it);
                    self.declare_item(&it.ident, Binding::Type, &it.vis);
                }
                syn::Item::Macro(it) => match items_of(it) {
                    Some(items) => self.declare_items(items.iter()),
                    None => self.modules_of_macro(&it.mac),
                },
                _ => {}
            }
        }
    }

    pub(super) fn declare_item(&mut self, ident: &syn::Ident, binding: Binding, visibility: &syn::Visibility) {
        let id = self.new_variable(name_of(ident), binding, None, range(ident.span()));
        self.declare(id);
        if self.body.id == FunctionId::INITIALISER && self.scopes.len() == 1 {
            self.export(id, visibility);
        }
    }

    fn declare_class(
        &mut self,
        (ident, visibility): (&syn::Ident, &syn::Visibility),
        fields: &syn::Fields,
        span: Span,
    ) {
        let class = ClassId(u32::try_from(self.classes.len()).expect("invariant: fewer types than bytes of text"));
        self.declare_item(ident, Binding::Class(class), visibility);
        self.classes.push(Class {
            variable: self.lookup(&name_of(ident)),
            ..Class::new(Some(name_of(ident)), self.body.id, span, range(ident.span()))
        });
        self.remember_defaults(class, fields);
        let names: Vec<(Name, Span)> = fields
            .iter()
            .enumerate()
            .map(|(index, field)| match &field.ident {
                Some(ident) => (name_of(ident), range(ident.span())),
                None => (index.to_string().into(), span_of(&field.ty)),
            })
            .collect();
        let constructor = self.constructor(class, &names, span);
        self.classes[class.0 as usize].constructor = Some(constructor);
    }

    /// What a struct literal runs: stores each field it is given.
    fn constructor(&mut self, class: ClassId, fields: &[(Name, Span)], span: Span) -> FunctionId {
        let id = self.reserve_function();
        let parent = self.body.id;
        let outer = std::mem::replace(&mut self.body, Body::new(id));
        let given = self.new_variable("fields".into(), Binding::Parameter(0), None, span);
        for (name, at) in fields {
            let value = Operand::Place(Place::variable(given).named(name.clone()));
            self.body.assign(Place::new(Root::This).named(name.clone()), Rvalue::Use(value), *at);
        }
        self.body.terminate(Terminator::Return(None), span);
        let (blocks, temps) = std::mem::replace(&mut self.body, outer).finish();
        let parameter = Parameter {
            variable: given,
            is_rest: false,
            has_default: false,
            decorators: Vec::new(),
            is_property: false,
            is_shared: false,
        };
        self.functions[id.index()] = Some(Function {
            parent: Some(parent),
            parameters: vec![parameter],
            blocks,
            temps,
            span,
            name_span: span,
            ..Function::new(FunctionKind::Constructor { class })
        });
        id
    }

    /// Walks what an item holds.
    pub(super) fn item_body(&mut self, item: &syn::Item) {
        if serves_tests(attributes(item)) {
            return;
        }
        match item {
            syn::Item::Fn(function) => {
                if let Some(id) = self.announced.remove(&range(function.sig.ident.span())) {
                    let decorators = self.decorators(&function.attrs);
                    self.function(
                        id,
                        FunctionKind::Free,
                        (is_private(&function.vis, &function.attrs), decorators),
                        &function.sig,
                        (&function.block, span_of(function)),
                    );
                }
            }
            syn::Item::Impl(implementation) => self.implementation(implementation),
            syn::Item::Struct(it) => {
                self.derived(&it.ident, &it.attrs);
                let generics = self.open_generics(&it.generics);
                if let Some((_, class)) = self.class_named(&name_of(&it.ident)) {
                    let types = it.fields.iter().enumerate().map(|(index, field)| {
                        let name = field.ident.as_ref().map_or_else(|| index.to_string().into(), name_of);
                        (name, self.type_ref(&field.ty))
                    });
                    let types: Vec<(Name, TypeRef)> = types.collect();
                    self.classes[class.0 as usize].field_types = types;
                }
                self.close_generics(generics);
                self.derived_default(it);
            }
            syn::Item::Trait(it) => {
                if let Some((variable, class)) = self.class_named(&name_of(&it.ident)) {
                    let methods = it.items.iter().filter_map(|item| match item {
                        syn::TraitItem::Fn(method) => {
                            Some((false, &method.attrs, &method.sig, method.default.as_ref()?, span_of(method)))
                        }
                        _ => None,
                    });
                    self.methods(variable, class, &it.attrs, methods);
                }
            }
            syn::Item::Static(it) => self.constant(&it.ident, &it.ty, &it.expr),
            syn::Item::Const(it) => self.constant(&it.ident, &it.ty, &it.expr),
            syn::Item::Type(it) => {
                let annotation = self.type_ref(&it.ty);
                if let Some(id) = self.lookup(&name_of(&it.ident)) {
                    self.variables[id.0 as usize].annotation = Some(annotation);
                }
            }
            syn::Item::Mod(it) => self.inline_module(it),
            syn::Item::Enum(it) => {
                self.derived(&it.ident, &it.attrs);
                if let Some((_, class)) = self.class_named(&name_of(&it.ident)) {
                    let types = self.payloads(it);
                    self.classes[class.0 as usize].field_types = types;
                }
            }
            syn::Item::Macro(it) => match items_of(it) {
                Some(items) => items.iter().for_each(|item| self.item_body(item)),
                None => {
                    self.macro_call(&it.mac);
                }
            },
            _ => {}
        }
    }

    /// `static POOL: T = …`: assigned where the program begins.
    fn constant(&mut self, ident: &syn::Ident, written: &syn::Type, value: &syn::Expr) {
        let Some(id) = self.lookup(&name_of(ident)) else { return };
        let annotation = self.type_ref(written);
        self.variables[id.0 as usize].annotation = Some(annotation);
        self.made_once(id, value, range(ident.span()));
    }

    /// The value of a static, wherever it is written.
    pub(super) fn made_once(&mut self, id: VariableId, value: &syn::Expr, at: Span) {
        if self.body.id == FunctionId::INITIALISER {
            let value = self.expression(value);
            self.body.assign(Place::variable(id), Rvalue::Use(value), at);
            return;
        }
        let outer = std::mem::replace(&mut self.body.id, FunctionId::INITIALISER);
        let maker = self.closure(&[], None, (false, false), span_of(value), |lowering| {
            let made = lowering.expression(value);
            lowering.leave_with(made, at);
        });
        self.body.id = outer;
        self.variables[id.0 as usize].owner = FunctionId::INITIALISER;
        self.statics.push((id, maker, at));
    }

    /// `mod name;`: the exports of another file. Private ones are in sight of what is below.
    fn outside_module(&mut self, module: &syn::ItemMod) {
        let name = name_of(&module.ident);
        let around: String = self.inline_modules.iter().map(|around| format!("{around}::")).collect();
        let path = format!("self::{around}{name}");
        let id = self.import(&path, ImportName::Namespace, name, range(module.ident.span()));
        self.declare(id);
        self.export(id, &module.vis);
    }

    /// `mod_flat!(client server);`: a macro that is called after modules, and given nothing but names, declares them. It may
    /// pass on what they have.
    fn modules_of_macro(&mut self, call: &syn::Macro) {
        let is_called_so = call.path.segments.last().is_some_and(|last| last.ident.to_string().contains("mod"));
        let mut names = Vec::new();
        for token in call.tokens.clone() {
            match token {
                TokenTree::Ident(name) if name.to_string().starts_with(|first: char| first.is_lowercase()) => {
                    names.push(name);
                }
                TokenTree::Punct(mark) if matches!(mark.as_char(), ',' | ';') => {}
                _ => return,
            }
        }
        if !is_called_so || !self.inline_modules.is_empty() || self.scopes.len() != 1 {
            return;
        }
        let public: syn::Visibility = syn::parse_quote!(pub);
        for name in names {
            let (path, at) = (format!("self::{name}"), range(name.span()));
            let id = self.import(&path, ImportName::Namespace, name_of(&name), at);
            self.declare(id);
            self.export(id, &public);
            let request = self.request(&path, at);
            let source = crate::ir::ExportSource::All { request };
            self.exports.push(crate::ir::Export { name: "*".into(), source, is_public: true, span: at });
            self.has_globs = true;
        }
    }

    /// `mod name { … }`: a variable whose fields are the module's items.
    fn inline_module(&mut self, module: &syn::ItemMod) {
        let (Some((_, items)), Some(id)) = (&module.content, self.lookup(&name_of(&module.ident))) else { return };
        self.scopes.push(rustc_hash::FxHashMap::default());
        self.inline_modules.push(name_of(&module.ident));
        self.items(items);
        self.inline_modules.pop();
        let names = self.scopes.pop().unwrap_or_default();
        let mut names: Vec<(Name, VariableId)> = names.into_iter().collect();
        names.sort_unstable();
        let fields = names.into_iter().map(|(name, variable)| Property::Field {
            name: Field::Named(name),
            value: Place::variable(variable).into(),
        });
        self.body.assign(Place::variable(id), Rvalue::Object(fields.collect()), range(module.ident.span()));
    }

    /// `#[derive(Parser)]`: what is derived is implemented, by code that nobody wrote.
    fn derived(&mut self, ident: &syn::Ident, attributes: &[syn::Attribute]) {
        let Some((_, class)) = self.class_named(&name_of(ident)) else { return };
        for path in derives(attributes) {
            let derived = self.path_type(&path);
            self.classes[class.0 as usize].implements.push(derived);
        }
    }

    pub(super) fn function(
        &mut self,
        id: FunctionId,
        kind: FunctionKind,
        (is_private, decorators): (bool, Vec<Decorator>),
        signature: &syn::Signature,
        (block, span): (&syn::Block, Span),
    ) {
        let parent = self.body.id;
        let outer = std::mem::replace(&mut self.body, Body::new(id));
        let moved = std::mem::take(&mut self.moved);
        self.open_scope();
        let generics = self.open_generics(&signature.generics);
        let inputs = signature.inputs.iter().filter_map(|input| match input {
            syn::FnArg::Typed(typed) => Some(typed),
            syn::FnArg::Receiver(_) => None,
        });
        let parameters: Vec<Parameter> =
            (0..).zip(inputs).map(|(index, input)| self.parameter(index, &input.pat, Some(&input.ty))).collect();
        // `self`, `&self` and `&mut self` say nothing of how it is held.
        let this_type = signature.receiver().and_then(|receiver| match &receiver.kind {
            syn::ReceiverKind::Typed(_, written) => Some(self.type_ref(written)),
            _ => None,
        });
        let return_type = match &signature.output {
            syn::ReturnType::Default => None,
            syn::ReturnType::Type(_, written) => Some(self.type_ref(written)),
        };
        let value = self.block(block);
        self.leave_with(value, range(block.brace_token.span.close()));
        self.close_scope(span);
        self.close_generics(generics);
        let (blocks, temps) = std::mem::replace(&mut self.body, outer).finish();
        self.moved = moved;
        self.functions[id.index()] = Some(Function {
            name: Some(name_of(&signature.ident)),
            is_private,
            is_foreign: signature
                .abi
                .as_ref()
                .is_some_and(|abi| abi.name.as_ref().is_none_or(|it| it.value() != "Rust")),
            parent: Some(parent),
            is_async: signature.asyncness.is_some() || Self::is_fallible(&signature.output),
            parameters,
            consumes_this: signature
                .receiver()
                .is_some_and(|receiver| matches!(receiver.kind, syn::ReceiverKind::Value)),
            this_type,
            return_type,
            decorators,
            blocks,
            temps,
            span,
            name_span: range(signature.ident.span()),
            ..Function::new(kind)
        });
    }

    /// A parameter; a pattern is taken apart at the start of the function.
    pub(super) fn parameter(&mut self, index: u32, pattern: &syn::Pat, written: Option<&syn::Type>) -> Parameter {
        let is_borrowed = matches!(written, Some(syn::Type::Reference(_)));
        let mut annotation = written.map(|written| self.type_ref(written));
        let mut typed = None;
        let pattern = match pattern {
            syn::Pat::Type(written) => {
                annotation = Some(self.type_ref(&written.ty));
                typed = Some(&*written.ty);
                &*written.pat
            }
            other => other,
        };
        let mut pattern = pattern;
        if let Some((part, held)) = written.or(typed).and_then(|written| extracted(pattern, written)) {
            annotation = Some(self.type_ref(held));
            pattern = part;
        }
        let (name, at) = match pattern {
            syn::Pat::Ident(binding) => (name_of(&binding.ident), range(binding.ident.span())),
            other => (Name::default(), range(other.span())),
        };
        let variable = self.new_variable(name, Binding::Parameter(index), annotation, at);
        if matches!(pattern, syn::Pat::Ident(_)) {
            self.declare(variable);
            if !is_borrowed {
                self.owns(variable);
            }
        } else {
            self.bind(pattern, &Place::variable(variable).into(), None);
        }
        let is_shared = written.is_some_and(is_shared);
        let decorators = Vec::new();
        Parameter { variable, is_rest: false, has_default: false, decorators, is_property: false, is_shared }
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(it) => &it.attrs,
        syn::Item::Enum(it) => &it.attrs,
        syn::Item::Fn(it) => &it.attrs,
        syn::Item::Impl(it) => &it.attrs,
        syn::Item::Macro(it) => &it.attrs,
        syn::Item::Mod(it) => &it.attrs,
        syn::Item::Static(it) => &it.attrs,
        syn::Item::Struct(it) => &it.attrs,
        syn::Item::Trait(it) => &it.attrs,
        syn::Item::Type(it) => &it.attrs,
        syn::Item::Use(it) => &it.attrs,
        _ => &[],
    }
}

/// What frameworks wrap the state of an application in, to hand it to every handler.
const STATE: &[&str] = &["State", "Data", "Extension"];

fn is_shared(written: &syn::Type) -> bool {
    let syn::Type::Path(written) = written else { return false };
    written.path.segments.last().is_some_and(|last| STATE.iter().any(|name| last.ident == name))
}

/// `State(app): State<App>`: a wrapper taken apart where it is named, as frameworks hand things over. What is in it, and
/// the type of that.
fn extracted<'p>(pattern: &'p syn::Pat, written: &'p syn::Type) -> Option<(&'p syn::Pat, &'p syn::Type)> {
    let (syn::Pat::TupleStruct(pattern), syn::Type::Path(written)) = (pattern, written) else { return None };
    let (name, last) = (pattern.path.segments.last()?, written.path.segments.last()?);
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let (1, Some(syn::GenericArgument::Type(held))) = (arguments.args.len(), arguments.args.first()) else {
        return None;
    };
    (pattern.elems.len() == 1 && name.ident == last.ident).then_some((&pattern.elems[0], held))
}
