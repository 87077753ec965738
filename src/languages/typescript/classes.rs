//! Classes: members, field initialisers, and what runs where the class stands.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{
    Binding, Class, ClassId, ClassMember, Function, FunctionId, FunctionKind, Name, Operand, Place, Root, Rvalue,
    Terminator, TypeRef, VariableId,
};
use crate::languages::graph::Body;
use crate::source::Span;

use super::expressions::Hint;
use super::functions::Role;
use super::literals::{key_hint, member_name};
use super::lowering::{Lowering, span};

/// What a walk over a class's elements collects.
#[derive(Default)]
struct Members {
    constructor: Option<FunctionId>,
    members: Vec<ClassMember>,
    field_types: Vec<(Name, TypeRef)>,
}

impl<'a> Lowering<'a> {
    /// Lowers a class where it stands; a declaration's name is bound to it.
    pub(super) fn class(&mut self, class: &'a ast::Class<'a>, hint: Option<Hint<'a>>) -> ClassId {
        let at = span(class.span);
        if let Some(&known) = self.known_classes.get(&at) {
            return known;
        }
        let id = ClassId(u32::try_from(self.classes.len()).expect("invariant: fewer classes than bytes of text"));
        self.classes.push(None);
        self.known_classes.insert(at, id);

        let name = class.id.as_ref().map(|name| name.name.as_str().into()).or(hint.map(Hint::name));
        let name_span = class.id.as_ref().map(|name| span(name.span)).or(hint.map(|hint| hint.span));
        let name_span = name_span.unwrap_or(Span::new(at.start, span(class.body.span).start.max(at.start)));
        let extends = class.heritage.as_ref().map(|heritage| self.expression(&heritage.expression));
        let decorators = self.decorators(&class.decorators);
        self.bounds(class.type_parameters.as_deref());
        let implements = class.implements.iter().map(|written| self.type_ref_of_implements(written)).collect();
        let variable = match &class.id {
            Some(name) => Some(self.declare_as(name, Binding::Class(id))),
            None if has_statics(class) => {
                let name = name.clone().unwrap_or_else(|| "<class>".into());
                Some(self.synthetic(name, name_span, Binding::Class(id)))
            }
            None => None,
        };

        let outer_extends = std::mem::replace(&mut self.extends, extends.clone().filter(is_visible_inside));
        let outer_this = self.this.take();
        let members = self.class_members(id, class);
        let instance_initialiser = self.instance_initialiser(id, class);
        if let Some(variable) = variable {
            self.this = Some(Place::variable(variable));
            self.static_parts(variable, class);
        }
        self.this = outer_this;
        self.extends = outer_extends;

        self.classes[id.0 as usize] = Some(Class {
            extends,
            implements,
            constructor: members.constructor,
            instance_initialiser,
            members: members.members,
            decorators,
            field_types: members.field_types,
            variable,
            ..Class::new(name, self.body.id, at, name_span)
        });
        id
    }

    fn class_members(&mut self, id: ClassId, class: &'a ast::Class<'a>) -> Members {
        let mut found = Members::default();
        for element in &class.body.body {
            match element {
                ast::ClassElement::MethodDefinition(method) if method.value.body.is_some() => {
                    self.method(id, method, &mut found);
                }
                ast::ClassElement::PropertyDefinition(property) if !property.r#static => {
                    let written = property.type_annotation.as_ref().map(|written| &written.type_annotation);
                    self.field_type(&property.key, written, &mut found);
                }
                ast::ClassElement::AccessorProperty(property) if !property.r#static => {
                    let written = property.type_annotation.as_ref().map(|written| &written.type_annotation);
                    self.field_type(&property.key, written, &mut found);
                }
                _ => {}
            }
        }
        found
    }

    fn method(&mut self, class: ClassId, method: &'a ast::MethodDefinition<'a>, found: &mut Members) {
        let is_static = method.r#static;
        let kind = match method.kind {
            ast::MethodDefinitionKind::Constructor => FunctionKind::Constructor { class },
            ast::MethodDefinitionKind::Method => FunctionKind::Method { class, is_static },
            ast::MethodDefinitionKind::Get => FunctionKind::Getter { class: Some(class), is_static },
            ast::MethodDefinitionKind::Set => FunctionKind::Setter { class: Some(class), is_static },
        };
        let (field, key_span) = self.property_key(&method.key);
        let name = member_name(&field);
        let decorators = self.decorators(&method.decorators);
        let role = Role { kind, hint: key_hint(&method.key), at: Some(span(method.span)), decorators };
        let function = self.function(&method.value, role);
        if let Some(made) = &mut self.functions[function.index()] {
            made.name = Some(name.clone());
            made.name_span = key_span;
        }
        if method.kind == ast::MethodDefinitionKind::Constructor {
            found.constructor = Some(function);
            for parameter in method.value.params.items.iter().filter(|parameter| parameter.has_modifier()) {
                if let ast::BindingPattern::BindingIdentifier(identifier) = &parameter.pattern
                    && let Some(written) = &parameter.type_annotation
                {
                    let written = self.type_ref(&written.type_annotation);
                    found.field_types.push((identifier.name.as_str().into(), written));
                }
            }
        } else {
            found.members.push(ClassMember { name, function, is_static });
        }
    }

    fn field_type(&mut self, key: &'a ast::PropertyKey<'a>, written: Option<&'a ast::TSType<'a>>, found: &mut Members) {
        if let Some(written) = written
            && let Some(hint) = key_hint(key)
        {
            let written = self.type_ref(written);
            found.field_types.push((hint.name(), written));
        }
    }

    /// The function that initialises an instance's fields; `None` when no field has a value.
    fn instance_initialiser(&mut self, class: ClassId, node: &'a ast::Class<'a>) -> Option<FunctionId> {
        let fields = || node.body.body.iter().filter_map(instance_field);
        let (first, _) = fields().next()?;
        let name_span = span(first.span());
        let id = self.reserve_function();
        let outer = std::mem::replace(&mut self.body, Body::new(id));
        for (key, value) in fields() {
            self.field(&Place::new(Root::This), key, value);
        }
        let end = Span::new(span(node.span).end, span(node.span).end);
        self.body.terminate(Terminator::Return(None), end);
        let body = std::mem::replace(&mut self.body, outer);
        let (blocks, temps) = body.finish();
        self.functions[id.index()] = Some(Function {
            parent: Some(self.body.id),
            blocks,
            temps,
            span: span(node.body.span),
            name_span,
            ..Function::new(FunctionKind::InstanceInitialiser { class })
        });
        Some(id)
    }

    fn field(&mut self, object: &Place, key: &'a ast::PropertyKey<'a>, value: &'a ast::Expression<'a>) {
        let (field, key_span) = self.property_key(key);
        let value_span = span(value.span());
        let operand = self.named(value, key_hint(key));
        let whole = Span::new(key_span.start, value_span.end.max(key_span.start));
        self.body.assign(object.clone().field(field), Rvalue::Use(operand), whole);
    }

    /// Static fields and blocks run where the class stands, with the class for `this`.
    fn static_parts(&mut self, variable: VariableId, class: &'a ast::Class<'a>) {
        for element in &class.body.body {
            match element {
                ast::ClassElement::StaticBlock(block) => self.block(&block.body),
                ast::ClassElement::PropertyDefinition(property) if property.r#static => {
                    if let Some(value) = &property.value {
                        self.field(&Place::variable(variable), &property.key, value);
                    }
                }
                ast::ClassElement::AccessorProperty(property) if property.r#static => {
                    if let Some(value) = &property.value {
                        self.field(&Place::variable(variable), &property.key, value);
                    }
                }
                _ => {}
            }
        }
    }
}

fn instance_field<'a>(
    element: &'a ast::ClassElement<'a>,
) -> Option<(&'a ast::PropertyKey<'a>, &'a ast::Expression<'a>)> {
    match element {
        ast::ClassElement::PropertyDefinition(property) if !property.r#static => {
            Some((&property.key, property.value.as_ref()?))
        }
        ast::ClassElement::AccessorProperty(property) if !property.r#static => {
            Some((&property.key, property.value.as_ref()?))
        }
        _ => None,
    }
}

fn has_statics(class: &ast::Class<'_>) -> bool {
    class.body.body.iter().any(|element| match element {
        ast::ClassElement::StaticBlock(_) => true,
        ast::ClassElement::PropertyDefinition(property) => property.r#static && property.value.is_some(),
        ast::ClassElement::AccessorProperty(property) => property.r#static && property.value.is_some(),
        _ => false,
    })
}

/// A temporary of the enclosing function means nothing in the class's methods.
fn is_visible_inside(operand: &Operand) -> bool {
    operand.place().is_none_or(|place| matches!(place.root, Root::Variable(_) | Root::Global(_)))
}
