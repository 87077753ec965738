//! Expressions: to the operand that holds their value.

use rustc_hash::FxHashSet;

use crate::ir::{
    Argument, Call, CallKind, Element, Field, Function, FunctionId, FunctionKind, OpKind, Operand, Parameter, Place,
    Property, Root, Rvalue, Temp, Terminator, VariableId,
};
use crate::languages::graph::Body;
use crate::source::Span;

use super::attributes::is_conditional;
use super::lowering::Lowering;
use super::paths::name_of;
use super::patterns::{is_success, member_name};
use super::plumbing::{Plumbing, is_lock, plumbing};
use super::{range, span_of};

/// What the expression around a value does with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    /// `?` takes the value apart.
    tries: bool,
    /// `.await` waits for it.
    waits: bool,
}

impl Mode {
    pub(super) const PLAIN: Self = Self { tries: false, waits: false };
    const WAIT: Self = Self { tries: false, waits: true };
}

impl Lowering<'_> {
    pub(super) fn expression(&mut self, expression: &syn::Expr) -> Operand {
        self.value(expression, Mode::PLAIN)
    }

    fn value(&mut self, expression: &syn::Expr, mode: Mode) -> Operand {
        let at = span_of(expression);
        let plain = match expression {
            syn::Expr::Call(call) => return self.call(call, mode, at),
            syn::Expr::MethodCall(call) => return self.method_call(call, mode, at),
            syn::Expr::Await(inner) => return self.awaited(&inner.base, mode, at),
            syn::Expr::Paren(inner) => return self.value(&inner.expr, mode),
            syn::Expr::Group(inner) => return self.value(&inner.expr, mode),
            syn::Expr::Try(inner) => self.value(&inner.expr, Mode { tries: true, ..mode }),
            syn::Expr::Path(path) => self.place_of(&path.path).into(),
            syn::Expr::Field(field) => match self.expression(&field.base) {
                Operand::Place(place) => place.named(member_name(&field.member)).into(),
                _ => Operand::Opaque,
            },
            syn::Expr::Index(index) => {
                let base = self.expression(&index.expr);
                self.expression(&index.index);
                match base {
                    Operand::Place(place) => place.field(Field::Computed).into(),
                    _ => Operand::Opaque,
                }
            }
            syn::Expr::Reference(inner) => self.expression(&inner.expr),
            syn::Expr::Unary(inner) => {
                let value = self.expression(&inner.expr);
                if matches!(inner.op, syn::UnOp::Deref(_)) { value } else { self.computed(vec![value], at) }
            }
            syn::Expr::Cast(inner) => self.expression(&inner.expr),
            syn::Expr::Lit(literal) => literal_of(&literal.lit),
            syn::Expr::Block(block) => match &block.label {
                Some(label) => self.labelled_block(&block.block, label, at),
                None => self.block(&block.block),
            },
            syn::Expr::Unsafe(block) => self.block(&block.block),
            syn::Expr::Const(block) => self.block(&block.block),
            syn::Expr::Async(block) => {
                let is_move = block.capture.is_some();
                let id = self.closure(&[], None, (true, is_move), at, |lowering| {
                    let value = lowering.block(&block.block);
                    lowering.leave_with(value, at);
                });
                Operand::Function(id)
            }
            syn::Expr::Closure(closure) => {
                let inputs: Vec<&syn::Pat> = closure.inputs.iter().collect();
                let traits = (closure.asyncness.is_some(), closure.capture.is_some());
                let id = self.closure(&inputs, Some(&closure.output), traits, at, |lowering| {
                    let value = lowering.expression(&closure.body);
                    lowering.leave_with(value, at);
                });
                Operand::Function(id)
            }
            syn::Expr::If(branch) => self.if_expression(branch),
            syn::Expr::Match(matched) => self.match_expression(matched),
            syn::Expr::Loop(repeated) => self.loop_expression(&repeated.body, repeated.label.as_ref(), at),
            syn::Expr::While(repeated) => self.while_expression(repeated),
            syn::Expr::ForLoop(repeated) => self.for_expression(repeated),
            syn::Expr::Return(returned) => {
                let value = returned.expr.as_ref().map_or(Operand::Nullish, |value| self.expression(value));
                self.leave_with(value, at);
                Operand::Nullish
            }
            syn::Expr::Break(broken) => {
                let value = broken.expr.as_ref().map(|value| self.expression(value));
                self.break_expression(broken.label.as_ref(), value, at);
                Operand::Nullish
            }
            syn::Expr::Continue(continued) => {
                self.continue_expression(continued.label.as_ref(), at);
                Operand::Nullish
            }
            syn::Expr::Assign(assignment) => {
                self.assignment(assignment, at);
                Operand::Nullish
            }
            syn::Expr::Binary(binary) => {
                let operands = vec![self.expression(&binary.left), self.expression(&binary.right)];
                self.computed(operands, at)
            }
            syn::Expr::Let(binding) => {
                let value = self.expression(&binding.expr);
                self.computed(vec![value], at)
            }
            syn::Expr::Macro(call) => self.macro_call(&call.mac),
            other => self.aggregate(other, at),
        };
        if mode.tries { self.settled(plain, at) } else { plain }
    }

    fn assignment(&mut self, assignment: &syn::ExprAssign, at: Span) {
        let value = self.expression(&assignment.right);
        if matches!(&*assignment.left, syn::Expr::Infer(_)) {
            return self.give_up(&assignment.right, value);
        }
        self.moves(&value);
        let Operand::Place(target) = self.expression(&assignment.left) else { return };
        if let Some(id) = target.as_variable() {
            self.moved.remove(&id);
            if is_dereferenced(&assignment.left) {
                let behind = self.referent(id).unwrap_or_else(|| target.clone().named("*"));
                self.body.assign(behind, Rvalue::Use(value.clone()), at);
            }
        }
        self.body.assign(target, Rvalue::Use(value), at);
    }

    /// Notes what a new variable is a guard of, or a reference to: writing through it writes there.
    pub(super) fn refers(&mut self, id: VariableId, value: &Operand) {
        let Operand::Place(place) = value else { return };
        let referent = match place.as_variable() {
            Some(variable) => {
                let is_static = self.variables[variable.0 as usize].owner == FunctionId::INITIALISER;
                self.referent(variable).or(is_static.then(|| place.clone()))
            }
            None => (!place.path.is_empty()).then(|| place.clone()),
        };
        self.referents.extend(referent.map(|referent| (id, referent)));
    }

    /// What a variable refers to, where the function we are in has a name for it: a closure has none for the temporaries
    /// of the function around it.
    fn referent(&self, id: VariableId) -> Option<Place> {
        let is_ours = self.variables[id.0 as usize].owner == self.body.id;
        self.referents.get(&id).filter(|place| is_ours || !matches!(place.root, Root::Temp(_))).cloned()
    }

    /// Values that are put together from others.
    fn aggregate(&mut self, expression: &syn::Expr, at: Span) -> Operand {
        match expression {
            syn::Expr::Tuple(tuple) => {
                let properties = tuple.elems.iter().enumerate().map(|(index, part)| {
                    let value = self.moved_value(part);
                    Property::Field { name: Field::Named(index.to_string().into()), value }
                });
                let properties = properties.collect();
                self.body.temp_of(Rvalue::Object(properties), at).into()
            }
            syn::Expr::Array(array) => {
                let elements = array.elems.iter().map(|part| Element { value: self.moved_value(part), spread: false });
                let elements = elements.collect();
                self.body.temp_of(Rvalue::Array(elements), at).into()
            }
            syn::Expr::Repeat(repeat) => {
                let value = self.moved_value(&repeat.expr);
                self.body.temp_of(Rvalue::Array(vec![Element { value, spread: false }]), at).into()
            }
            syn::Expr::Range(bounds) => {
                let operands = bounds.start.iter().chain(&bounds.end).map(|bound| self.expression(bound)).collect();
                self.computed(operands, at)
            }
            syn::Expr::Struct(literal) => self.struct_literal(literal, at),
            _ => Operand::Opaque,
        }
    }

    /// `.await`: the value of what is waited for. Where that is not what is called on the spot, that somebody waits is worth
    /// an operation: it is what ends a task.
    fn awaited(&mut self, base: &syn::Expr, mode: Mode, at: Span) -> Operand {
        let value = self.value(base, Mode { waits: true, ..mode });
        if let (Operand::Place(place), syn::Expr::Path(_) | syn::Expr::Field(_)) = (&value, base) {
            let callee = place.clone().named("await").into();
            self.push_call(callee, Vec::new(), Mode::WAIT, span_of(base), at);
        }
        value
    }

    /// A value that is given away: a variable that held it holds it no more.
    fn moved_value(&mut self, expression: &syn::Expr) -> Operand {
        self.given_away(expression, Mode::PLAIN)
    }

    /// The same for a future that is waited for.
    pub(super) fn moved_future(&mut self, expression: &syn::Expr) -> Operand {
        self.given_away(expression, Mode::WAIT)
    }

    fn given_away(&mut self, expression: &syn::Expr, mode: Mode) -> Operand {
        let value = self.value(expression, mode);
        if !matches!(expression, syn::Expr::Reference(_)) {
            self.moves(&value);
        }
        value
    }

    fn settled(&mut self, value: Operand, at: Span) -> Operand {
        self.moves(&value);
        self.fallible(at, |lowering| lowering.body.temp_of(Rvalue::Await(value), at)).into()
    }

    pub(super) fn computed(&mut self, operands: Vec<Operand>, at: Span) -> Operand {
        self.body.temp_of(Rvalue::Compute(operands), at).into()
    }

    fn arguments<'e>(&mut self, arguments: impl Iterator<Item = &'e syn::Expr>) -> Vec<Argument> {
        arguments
            .map(|argument| Argument { value: self.moved_value(argument), spread: false, span: span_of(argument) })
            .collect()
    }

    fn call(&mut self, call: &syn::ExprCall, mode: Mode, at: Span) -> Operand {
        if let syn::Expr::Path(path) = &*call.func
            && call.args.len() == 1
            && is_success(&path.path)
        {
            return self.value(&call.args[0], mode);
        }
        let callee = self.expression(&call.func);
        let arguments = self.arguments(call.args.iter());
        self.push_call(callee, arguments, mode, span_of(&*call.func), at)
    }

    fn method_call(&mut self, call: &syn::ExprMethodCall, mode: Mode, at: Span) -> Operand {
        let method = name_of(&call.method);
        // Nothing fails here that did not fail in what the value comes from.
        let part = plumbing(&method, call.args.len());
        let is_value = part.is_some_and(|part| part != Plumbing::AndThen);
        // Who waits for a lock does not wait for what has it.
        let mode_of_receiver = Mode { waits: mode.waits && !is_lock(&method), ..mode };
        let receiver = self.value(&call.receiver, if is_value { mode_of_receiver } else { Mode::PLAIN });
        match (part, call.args.first()) {
            (Some(Plumbing::Through), argument) => {
                argument.map(|argument| self.expression(argument));
                return receiver;
            }
            (Some(Plumbing::OrValue), Some(argument)) => {
                return self.receiver_or(receiver, |lowering| lowering.moved_value(argument), at);
            }
            (Some(Plumbing::OrElse), Some(argument)) => {
                let make = self.expression(argument);
                let callee_span = span_of(argument);
                let otherwise = |it: &mut Self| it.push_call(make, Vec::new(), Mode::PLAIN, callee_span, at);
                return self.receiver_or(receiver, otherwise, at);
            }
            (Some(Plumbing::AndThen), Some(argument)) => {
                let next = self.expression(argument);
                let callee_span = span_of(argument);
                self.moves(&receiver);
                let given = vec![Argument { value: receiver.clone(), spread: false, span: span_of(&*call.receiver) }];
                let then = |it: &mut Self| it.push_call(next, given, Mode::PLAIN, callee_span, at);
                let result = self.receiver_and(receiver, then, at);
                return if mode.tries { self.settled(result, at) } else { result };
            }
            _ => {}
        }
        let arguments = self.arguments(call.args.iter());
        let callee = match receiver {
            Operand::Place(place) => place.named(method),
            other => Place::temp(self.body.temp_of(Rvalue::Use(other), at)).named(method),
        };
        let start = span_of(&*call.receiver).start;
        let callee_span = Span::new(start, range(call.method.span()).end.max(start));
        self.push_call(callee.into(), arguments, mode, callee_span, at)
    }

    pub(super) fn push_call(
        &mut self,
        callee: Operand,
        arguments: Vec<Argument>,
        mode: Mode,
        callee_span: Span,
        at: Span,
    ) -> Operand {
        let result = self.body.new_temp();
        let Mode { tries: awaited, waits: suspends } = mode;
        let kind = CallKind::Call;
        let call = Call { callee, kind, arguments, result, awaited, suspends, optional: false, callee_span };
        let push = |lowering: &mut Self| lowering.body.push(OpKind::Call(Box::new(call)), at);
        if awaited {
            self.fallible(at, push);
        } else {
            push(self);
        }
        result.into()
    }

    fn struct_literal(&mut self, literal: &syn::ExprStruct, at: Span) -> Operand {
        let mut properties = Vec::with_capacity(literal.fields.len() + 1);
        if let Some(rest) = &literal.rest {
            properties.push(Property::Spread(self.expression(rest)));
        }
        let mut alternatives = FxHashSet::default();
        for field in &literal.fields {
            // Of what stands under exclusive `cfg`s, only one is compiled.
            if is_conditional(&field.attrs) && !alternatives.insert(&field.member) {
                continue;
            }
            let made = self.default_of(literal, field);
            let value = self.moved_value(made.as_ref().unwrap_or(&field.expr));
            properties.push(Property::Field { name: Field::Named(member_name(&field.member).into()), value });
        }
        let fields: Temp = self.body.temp_of(Rvalue::Object(properties), at);
        let callee: Operand = self.place_of(&literal.path).into();
        let result = self.body.new_temp();
        let argument = Argument { value: fields.into(), spread: false, span: at };
        self.body.push(
            OpKind::Call(Box::new(Call {
                callee,
                kind: CallKind::New,
                arguments: vec![argument],
                result,
                awaited: false,
                suspends: false,
                optional: false,
                callee_span: span_of(&literal.path),
            })),
            at,
        );
        result.into()
    }

    /// Returns the value; everything else in scope is dropped before.
    pub(super) fn leave_with(&mut self, value: Operand, at: Span) {
        self.moves(&value);
        let value = match &value {
            Operand::Place(place) if !place.path.is_empty() => self.body.temp_of(Rvalue::Use(value), at).into(),
            _ => value,
        };
        self.drop_down_to(0, at);
        self.body.return_(Some(value), at);
    }

    /// A closure or async block: a function of its own that sees the variables around it. It owns those it moves out of
    /// itself, and all it mentions where it says `move`; the others are lent to it.
    pub(super) fn closure(
        &mut self,
        inputs: &[&syn::Pat],
        output: Option<&syn::ReturnType>,
        (is_async, is_move): (bool, bool),
        at: Span,
        content: impl FnOnce(&mut Self),
    ) -> FunctionId {
        let id = self.reserve_function();
        let parent = self.body.id;
        let is_fallible = output.is_some_and(Self::is_fallible);
        let outer = std::mem::replace(&mut self.body, Body::new(id));
        let moved = std::mem::take(&mut self.moved);
        self.open_scope();
        let parameters: Vec<Parameter> =
            (0..).zip(inputs).map(|(index, input)| self.parameter(index, input, None)).collect();
        content(self);
        self.close_scope(at);
        self.body.terminate(Terminator::Return(None), Span::default());
        let (blocks, temps) = std::mem::replace(&mut self.body, outer).finish();
        let mut owned = std::mem::replace(&mut self.moved, moved);
        if is_move {
            let ops = blocks.iter().flat_map(|block| &block.ops);
            owned.extend(ops.flat_map(|op| op.places()).filter_map(Place::root_variable));
        }
        owned.retain(|it| ![id, FunctionId::INITIALISER].contains(&self.variables[it.0 as usize].owner));
        self.moved.extend(owned.iter().copied());
        let mut owned: Box<[VariableId]> = owned.into_iter().collect();
        owned.sort_unstable();
        self.functions[id.index()] = Some(Function {
            parent: Some(parent),
            is_async: is_async || is_fallible,
            binds_this: false,
            owned_captures: Some(owned),
            parameters,
            blocks,
            temps,
            span: at,
            name_span: at,
            ..Function::new(FunctionKind::Free)
        });
        id
    }
}

/// `*guard`, `&mut *guard`
pub(super) fn is_dereferenced(target: &syn::Expr) -> bool {
    match target {
        syn::Expr::Paren(inner) => is_dereferenced(&inner.expr),
        syn::Expr::Reference(inner) => is_dereferenced(&inner.expr),
        syn::Expr::Unary(inner) => matches!(inner.op, syn::UnOp::Deref(_)),
        _ => false,
    }
}

pub(super) fn literal_of(literal: &syn::Lit) -> Operand {
    match literal {
        syn::Lit::Str(text) => Operand::String(text.value().into()),
        syn::Lit::Int(number) => number.base10_parse().map_or(Operand::Opaque, Operand::Number),
        syn::Lit::Float(number) => number.base10_parse().map_or(Operand::Opaque, Operand::Number),
        syn::Lit::Bool(truth) => Operand::Boolean(truth.value),
        _ => Operand::Opaque,
    }
}
