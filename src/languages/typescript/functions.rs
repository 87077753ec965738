//! Functions: parameters, bodies, and what a function is in its context.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{
    Binding, Decorator, Function, FunctionId, FunctionKind, Operand, Parameter, Place, Rvalue, Terminator, TypeRef,
};
use crate::languages::graph::Body;
use crate::source::Span;

use super::expressions::Hint;
use super::lowering::{Lowering, prologue, span};
use super::patterns::{is_nullish, pattern_hint};

/// What a function is in its context.
pub(super) struct Role<'a> {
    pub(super) kind: FunctionKind,
    /// The name it takes when it has none.
    pub(super) hint: Option<Hint<'a>>,
    /// The whole member, where the function is only its tail.
    pub(super) at: Option<Span>,
    pub(super) decorators: Vec<Decorator>,
}

impl<'a> Role<'a> {
    pub(super) fn free(hint: Option<Hint<'a>>) -> Self {
        Self { kind: FunctionKind::Free, hint, at: None, decorators: Vec::new() }
    }
}

/// A function's parts, whichever syntax wrote it.
struct Parts<'a> {
    role: Role<'a>,
    own_name: Option<&'a ast::BindingIdentifier<'a>>,
    is_async: bool,
    is_generator: bool,
    binds_this: bool,
    parameters: &'a ast::FormalParameters<'a>,
    type_parameters: Option<&'a ast::TSTypeParameterDeclaration<'a>>,
    return_type: Option<&'a ast::TSType<'a>>,
    content: Content<'a>,
    span: Span,
}

/// What a function runs.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    Block(&'a ast::FunctionBody<'a>),
    Expression(&'a ast::Expression<'a>),
}

impl<'a> Lowering<'a> {
    pub(super) fn arrow(&mut self, arrow: &'a ast::ArrowFunctionExpression<'a>, hint: Option<Hint<'a>>) -> FunctionId {
        self.build(Parts {
            role: Role::free(hint),
            own_name: None,
            is_async: arrow.r#async,
            is_generator: false,
            binds_this: false,
            parameters: &arrow.params,
            type_parameters: arrow.type_parameters.as_deref(),
            return_type: arrow.return_type.as_ref().map(|written| &written.type_annotation),
            content: content(&arrow.body),
            span: span(arrow.span),
        })
    }

    pub(super) fn function_expression(
        &mut self,
        function: &'a ast::Function<'a>,
        hint: Option<Hint<'a>>,
    ) -> FunctionId {
        self.function(function, Role::free(hint))
    }

    pub(super) fn function(&mut self, function: &'a ast::Function<'a>, role: Role<'a>) -> FunctionId {
        let Some(body) = &function.body else {
            // Callers skip signatures; one that gets here is a function that does nothing we know of.
            return self.empty_function(function, role);
        };
        self.build(Parts {
            role,
            own_name: function.id.as_ref(),
            is_async: function.r#async,
            is_generator: function.generator,
            binds_this: true,
            parameters: &function.params,
            type_parameters: function.type_parameters.as_deref(),
            return_type: function.return_type.as_ref().map(|written| &written.type_annotation),
            content: Content::Block(body),
            span: span(function.span),
        })
    }

    /// `function name() {}`: its variable means it from the scope's start, so no operation assigns it.
    pub(super) fn function_declaration(&mut self, function: &'a ast::Function<'a>) {
        if function.body.is_none() || function.declare {
            if let Some(name) = &function.id {
                self.declare(name);
            }
            return;
        }
        let id = self.function(function, Role::free(None));
        if let Some(name) = &function.id {
            self.declare_as(name, Binding::Function(id));
        }
    }

    fn build(&mut self, parts: Parts<'a>) -> FunctionId {
        let whole = parts.role.at.unwrap_or(parts.span);
        if let Some(&known) = self.known_functions.get(&whole) {
            return known;
        }
        let id = self.reserve_function();
        self.known_functions.insert(whole, id);
        let name = parts.own_name.map(|name| name.name.as_str().into()).or(parts.role.hint.map(Hint::name));
        let head = Span::new(parts.span.start, span(parts.parameters.span).end.max(parts.span.start));
        let name_span = parts.own_name.map(|name| span(name.span)).or(parts.role.hint.map(|hint| hint.span));
        self.bounds(parts.type_parameters);
        let return_type = parts.return_type.map(|written| self.type_ref(written));

        // They run where the function stands, not in it.
        let decorators =
            parts.parameters.items.iter().map(|parameter| self.decorators(&parameter.decorators)).collect();
        let outer = std::mem::replace(&mut self.body, Body::new(id));
        let this = if parts.binds_this { self.this.take() } else { self.this.clone() };
        if let Some(name) = parts.own_name {
            // A function expression's name is its own; a declaration's caller moves the name out.
            self.declare_as(name, Binding::Function(id));
        }
        let parameters = self.parameters(parts.parameters, &parts.role.kind, decorators);
        let end = Span::new(parts.span.end.saturating_sub(1).max(parts.span.start), parts.span.end);
        match parts.content {
            Content::Block(body) => {
                self.block(&body.statements);
                self.body.terminate(Terminator::Return(None), end);
            }
            Content::Expression(expression) => {
                let value = self.expression(expression);
                self.body.terminate(Terminator::Return(Some(value)), span(expression.span()));
            }
        }
        let body = std::mem::replace(&mut self.body, outer);
        self.this = this;

        let (blocks, temps) = body.finish();
        self.functions[id.index()] = Some(Function {
            name,
            parent: Some(self.body.id),
            is_async: parts.is_async,
            is_generator: parts.is_generator,
            binds_this: parts.binds_this,
            parameters,
            return_type,
            decorators: parts.role.decorators,
            blocks,
            temps,
            prologue: match parts.content {
                Content::Block(body) => prologue(&body.directives),
                Content::Expression(_) => Vec::new(),
            },
            span: whole,
            name_span: name_span.unwrap_or(head),
            ..Function::new(parts.role.kind)
        });
        id
    }

    pub(super) fn reserve_function(&mut self) -> FunctionId {
        let id =
            FunctionId(u32::try_from(self.functions.len()).expect("invariant: fewer functions than bytes of text"));
        self.functions.push(None);
        id
    }

    fn empty_function(&mut self, function: &'a ast::Function<'a>, role: Role<'a>) -> FunctionId {
        let id = self.reserve_function();
        let at = role.at.unwrap_or(span(function.span));
        let mut body: Body<super::exits::Exit<'a>> = Body::new(id);
        body.return_(None, at);
        let (blocks, temps) = body.finish();
        self.functions[id.index()] = Some(Function {
            name: function.id.as_ref().map(|name| name.name.as_str().into()).or(role.hint.map(Hint::name)),
            parent: Some(self.body.id),
            is_async: function.r#async,
            is_generator: function.generator,
            decorators: role.decorators,
            blocks,
            temps,
            span: at,
            name_span: at,
            ..Function::new(role.kind)
        });
        id
    }

    /// Declares the parameters and unpacks them at the start of the entry block.
    fn parameters(
        &mut self,
        parameters: &'a ast::FormalParameters<'a>,
        kind: &FunctionKind,
        decorators: Vec<Vec<Decorator>>,
    ) -> Vec<Parameter> {
        let mut made = Vec::with_capacity(parameters.items.len() + usize::from(parameters.rest.is_some()));
        for (index, (parameter, decorators)) in parameters.items.iter().zip(decorators).enumerate() {
            let written = parameter.type_annotation.as_ref().map(|written| &written.type_annotation);
            let binding = parameter_binding(index);
            let is_property = parameter.has_modifier() && matches!(kind, FunctionKind::Constructor { .. });
            let variable = self.parameter(&parameter.pattern, written, binding, parameter.initializer.as_deref());
            if is_property {
                let place = self.this_place().named(self.variables[variable.0 as usize].name.clone());
                let at = span(parameter.span);
                self.body.assign(place, Rvalue::Use(Place::variable(variable).into()), at);
            }
            let has_default = parameter.initializer.is_some();
            made.push(Parameter { variable, is_rest: false, has_default, decorators, is_property, is_shared: false });
        }
        if let Some(rest) = &parameters.rest {
            let written = rest.type_annotation.as_ref().map(|written| &written.type_annotation);
            let binding = parameter_binding(parameters.items.len());
            let variable = self.parameter(&rest.rest.argument, written, binding, None);
            made.push(Parameter {
                variable,
                is_rest: true,
                has_default: false,
                decorators: Vec::new(),
                is_property: false,
                is_shared: false,
            });
        }
        made
    }

    fn parameter(
        &mut self,
        pattern: &'a ast::BindingPattern<'a>,
        written: Option<&'a ast::TSType<'a>>,
        binding: Binding,
        default: Option<&'a ast::Expression<'a>>,
    ) -> crate::ir::VariableId {
        let at = span(pattern.span());
        let (pattern, default) = match pattern {
            ast::BindingPattern::AssignmentPattern(with_default) => (&with_default.left, Some(&with_default.right)),
            _ => (pattern, default),
        };
        if let ast::BindingPattern::BindingIdentifier(identifier) = pattern {
            let variable = self.declare_as(identifier, binding);
            self.annotate(variable, written);
            if let Some(default) = default {
                self.default_in_place(variable, default, pattern_hint(pattern));
            }
            return variable;
        }
        let variable = self.synthetic("<pattern>".into(), at, binding);
        self.annotate(variable, written);
        if let Some(default) = default {
            self.default_in_place(variable, default, None);
        }
        self.bind(pattern, Rvalue::Use(Place::variable(variable).into()), written, at);
        variable
    }

    /// `variable = default` where the argument is missing.
    fn default_in_place(
        &mut self,
        variable: crate::ir::VariableId,
        default: &'a ast::Expression<'a>,
        hint: Option<Hint<'a>>,
    ) {
        let at = span(default.span());
        let place = Place::variable(variable);
        let (missing, join) = (self.body.new_block(), self.body.new_block());
        self.body.branch(is_nullish(place.clone().into()), missing, join, at);
        self.body.switch_to(missing);
        let value = self.named(default, hint);
        self.body.assign(place, Rvalue::Use(value), at);
        self.body.goto(join);
        self.body.switch_to(join);
    }

    /// Decorators, their arguments evaluated here.
    pub(super) fn decorators(&mut self, decorators: &'a [ast::Decorator<'a>]) -> Vec<Decorator> {
        let mut made = Vec::with_capacity(decorators.len());
        for decorator in decorators {
            let (callee, arguments) = match super::expressions::peel(&decorator.expression) {
                ast::Expression::CallExpression(call) => {
                    let callee = self.place(&call.callee);
                    let arguments: Vec<Operand> =
                        self.arguments(&call.arguments).into_iter().map(|argument| argument.value).collect();
                    (callee, arguments)
                }
                other => (self.place(other), Vec::new()),
            };
            made.push(Decorator { callee, arguments, span: span(decorator.span) });
        }
        made
    }

    pub(super) fn annotate(&mut self, variable: crate::ir::VariableId, written: Option<&'a ast::TSType<'a>>) {
        if let Some(written) = written {
            let written: TypeRef = self.type_ref(written);
            self.variables[variable.0 as usize].annotation = Some(written);
        }
    }
}

pub(super) fn content<'a>(body: &'a ast::ArrowFunctionBody<'a>) -> Content<'a> {
    match body {
        ast::ArrowFunctionBody::FunctionBody(body) => Content::Block(body),
        other => Content::Expression(other.to_expression()),
    }
}

fn parameter_binding(index: usize) -> Binding {
    Binding::Parameter(u32::try_from(index).expect("invariant: fewer parameters than bytes of text"))
}
