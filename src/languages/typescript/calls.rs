//! Calls, in all their spellings.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{Argument, Binding, Call, CallKind, ExportSource, OpKind, Operand, Place, RequestId, Rvalue};
use crate::source::Span;

use super::expressions::{Mode, peel};
use super::lowering::{Lowering, span};

/// A call operation to be made.
pub(super) struct NewCall {
    pub(super) callee: Operand,
    pub(super) kind: CallKind,
    pub(super) arguments: Vec<Argument>,
    pub(super) awaited: bool,
    pub(super) optional: bool,
    pub(super) callee_span: Span,
    pub(super) span: Span,
}

impl<'a> Lowering<'a> {
    /// Makes the operation; its result.
    pub(super) fn push_call(&mut self, call: NewCall) -> Operand {
        let result = self.body.new_temp();
        let made = Call {
            callee: call.callee,
            kind: call.kind,
            arguments: call.arguments,
            result,
            awaited: call.awaited,
            suspends: call.awaited,
            optional: call.optional,
            callee_span: call.callee_span,
        };
        self.body.push(OpKind::Call(Box::new(made)), call.span);
        result.into()
    }

    /// A call that the program spells some other way, such as `promise.then(callee)`.
    pub(super) fn plain_call(
        &mut self,
        callee: Operand,
        arguments: Vec<Argument>,
        awaited: bool,
        callee_span: Span,
        span: Span,
    ) -> Operand {
        self.push_call(NewCall { callee, kind: CallKind::Call, arguments, awaited, optional: false, callee_span, span })
    }

    pub(super) fn arguments(&mut self, arguments: &'a [ast::Argument<'a>]) -> Vec<Argument> {
        let mut made = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let at = span(argument.span());
            made.push(match argument {
                ast::Argument::SpreadElement(spread) => {
                    Argument { value: self.expression(&spread.argument), spread: true, span: at }
                }
                other => match other.as_expression() {
                    Some(expression) => Argument { value: self.expression(expression), spread: false, span: at },
                    None => Argument { value: Operand::Opaque, spread: false, span: at },
                },
            });
        }
        made
    }

    pub(super) fn call(&mut self, call: &'a ast::CallExpression<'a>, optional: bool, mode: Mode) -> Operand {
        let at = span(call.span);
        if let Some(request) = self.required(call) {
            return Operand::Module(request);
        }
        if let Some(value) = self.immediately_invoked(call, mode) {
            return value;
        }
        if let Some(value) = self.promise_chain(call) {
            return value;
        }
        if let Some(value) = self.array_callback(call) {
            return value;
        }
        if self.is_global(&call.callee, "__exportStar") {
            self.export_star(call);
        }
        let callee_span = span(call.callee.span());
        let (callee, kind) = self.callee(&call.callee);
        let arguments = self.arguments(&call.arguments);
        let optional = optional || call.optional || (self.in_chain && has_optional_link(&call.callee));
        let settled = self.settled_by(&callee);
        let argument = arguments.first().map(|argument| argument.value.clone());
        let awaited = mode != Mode::Plain;
        let result = self.push_call(NewCall { callee, kind, arguments, awaited, optional, callee_span, span: at });
        if let Some(promise) = settled {
            let value = argument.unwrap_or(Operand::Nullish);
            self.body.assign(promise, Rvalue::Use(value), at);
        }
        result
    }

    fn callee(&mut self, callee: &'a ast::Expression<'a>) -> (Operand, CallKind) {
        let callee = peel(callee);
        match callee {
            ast::Expression::Super(_) => (self.extends.clone().unwrap_or(Operand::Opaque), CallKind::Super),
            ast::Expression::StaticMemberExpression(member) if member.object.is_super() => {
                let inherited = match &self.extends {
                    Some(Operand::Place(place)) => place.clone().named(member.property.name.as_str()).into(),
                    _ => Operand::Opaque,
                };
                (inherited, CallKind::Super)
            }
            other => (self.expression(other), CallKind::Call),
        }
    }

    /// The promise's temporary, when `callee` is the `resolve` of an executor that was moved into this very graph.
    fn settled_by(&self, callee: &Operand) -> Option<Place> {
        let variable = callee.place()?.as_variable()?;
        let Binding::Settle { rejects: false, .. } = self.variables[variable.0 as usize].binding else { return None };
        let &(function, temp) = self.settles.get(&variable)?;
        (function == self.body.id).then(|| Place::temp(temp))
    }

    pub(super) fn chain(&mut self, chain: &'a ast::ChainExpression<'a>, mode: Mode) -> Operand {
        let outer = std::mem::replace(&mut self.in_chain, true);
        let value = match &chain.expression {
            ast::ChainElement::CallExpression(call) => self.call(call, false, mode),
            ast::ChainElement::TSNonNullExpression(inner) => self.value(&inner.expression, mode),
            other => match other.as_member_expression() {
                Some(member) => {
                    let place = self.member(member);
                    self.settle_operand(place.into(), mode, span(chain.span))
                }
                None => Operand::Opaque,
            },
        };
        self.in_chain = outer;
        value
    }

    pub(super) fn new_expression(&mut self, new: &'a ast::NewExpression<'a>, mode: Mode) -> Operand {
        if let Some(value) = self.promise_constructor(new, mode) {
            return value;
        }
        let callee = self.expression(&new.callee);
        let arguments = self.arguments(&new.arguments);
        self.push_call(NewCall {
            callee,
            kind: CallKind::New,
            arguments,
            awaited: mode == Mode::Await,
            optional: false,
            callee_span: span(new.callee.span()),
            span: span(new.span),
        })
    }

    pub(super) fn tagged_template(&mut self, tagged: &'a ast::TaggedTemplateExpression<'a>, mode: Mode) -> Operand {
        let callee = self.expression(&tagged.tag);
        let mut arguments = Vec::with_capacity(tagged.quasi.expressions.len());
        for expression in &tagged.quasi.expressions {
            let value = self.expression(expression);
            arguments.push(Argument { value, spread: false, span: span(expression.span()) });
        }
        self.push_call(NewCall {
            callee,
            kind: CallKind::TaggedTemplate,
            arguments,
            awaited: mode != Mode::Plain,
            optional: false,
            callee_span: span(tagged.tag.span()),
            span: span(tagged.span),
        })
    }

    /// `import("x")`: the module itself, whether awaited or not.
    pub(super) fn import_expression(&mut self, import: &'a ast::ImportExpression<'a>, mode: Mode) -> Operand {
        let at = span(import.source.span());
        let specifier = match peel(&import.source) {
            ast::Expression::StringLiteral(text) => Some(text.value.as_str()),
            ast::Expression::TemplateLiteral(template) => template.single_quasi().map(|text| text.as_str()),
            _ => None,
        };
        if let Some(specifier) = specifier {
            return Operand::Module(self.request(specifier, false, at));
        }
        self.expression(&import.source);
        self.settle_operand(Operand::Opaque, mode, span(import.span))
    }

    /// The module of `require("x")`.
    fn required(&mut self, call: &'a ast::CallExpression<'a>) -> Option<RequestId> {
        if call.arguments.len() != 1 || !self.is_global(&call.callee, "require") {
            return None;
        }
        match call.arguments[0].as_expression().map(peel)? {
            ast::Expression::StringLiteral(text) => Some(self.request(text.value.as_str(), false, span(text.span))),
            ast::Expression::TemplateLiteral(template) => {
                let text = template.single_quasi()?;
                Some(self.request(text.as_str(), false, span(template.span)))
            }
            _ => None,
        }
    }

    /// `__exportStar(require("x"), exports)`: what compilers make of `export * from "x"`.
    fn export_star(&mut self, call: &'a ast::CallExpression<'a>) {
        if let Some(ast::Argument::CallExpression(inner)) = call.arguments.first()
            && let Some(request) = self.required(inner)
        {
            self.export("*".into(), ExportSource::All { request }, span(call.span));
        }
    }
}

/// Whether a link of the chain that leads to this callee is optional.
fn has_optional_link(mut expression: &ast::Expression<'_>) -> bool {
    loop {
        expression = match expression {
            ast::Expression::CallExpression(call) if call.optional => return true,
            ast::Expression::CallExpression(call) => &call.callee,
            ast::Expression::TSNonNullExpression(inner) => &inner.expression,
            other => match other.as_member_expression() {
                Some(member) if member.optional() => return true,
                Some(member) => member.object(),
                None => return false,
            },
        };
    }
}

/// Whether a name is written as types and namespaces are: `Effect`, not `items` or `ITEMS`.
pub(super) fn is_type_like(place: &str) -> bool {
    let mut characters = place.chars();
    characters.next().is_some_and(char::is_uppercase)
        && (place.chars().count() == 1 || characters.any(char::is_lowercase))
}
