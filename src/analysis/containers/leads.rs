//! What may lead to a container: asked before values are worked out, since nearly nothing does.
//!
//! The props of components are literals with a dozen fields in each of hundreds of places, and what a function is given
//! comes from all that call it. Here that is followed without its paths, by what the roots of places hold: who is given
//! nothing that leads to a container is given none, whatever part of it is asked for. Errs towards yes.

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::facts::Facts;
use crate::analysis::value::{AcquiredKind, ContextId, Value};
use crate::ir::{Binding, FunctionKind, OpKind, Operand, Root, Rvalue, TypeRef, TypeRoot};
use crate::linking::{ClassRef, FunctionRef, OpRef, Symbol, VariableRef};
use crate::source::FileId;

use super::aliases::callers;

/// What may lead on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    /// What a function is given as a parameter.
    Given(FunctionRef, u32),
    /// What the written type of a parameter says of its parts.
    Written(FunctionRef, u32),
    /// What an interface or alias stands for.
    Type(VariableRef),
    /// A literal, as it is seen after the calls of a context.
    Literal(OpRef, ContextId),
    /// What an operation assigns to a part of something: `server.clients = new Set()`.
    Part(OpRef),
    /// A class or its instances.
    Class(ClassRef),
}

pub(super) struct Leads<'f, 'p> {
    facts: &'f Facts<'p>,
    sites: FxHashSet<OpRef>,
    known: RefCell<FxHashMap<Node, bool>>,
}

/// The nodes that one leads on to, as far as they are not known.
struct Next<'l> {
    known: &'l RefCell<FxHashMap<Node, bool>>,
    seen: FxHashSet<Node>,
    work: Vec<Node>,
}

impl Next<'_> {
    /// Notes what is led on to; whether that is known to lead to a container.
    fn meet(&mut self, node: Node) -> bool {
        let known = self.known.borrow().get(&node).copied();
        if known.is_none() && self.seen.insert(node) {
            self.work.push(node);
        }
        known == Some(true)
    }
}

impl<'f, 'p> Leads<'f, 'p> {
    pub(super) fn new(facts: &'f Facts<'p>, sites: FxHashSet<OpRef>) -> Self {
        Self { facts, sites, known: RefCell::default() }
    }

    pub(super) fn is_site(&self, at: OpRef) -> bool {
        self.sites.contains(&at)
    }

    /// Whether a place with this root may be a container: most are what a library gave, a function, a text.
    pub(super) fn root_leads(&self, function: FunctionRef, root: &Root) -> bool {
        self.search(|next| self.root(function, root, next))
    }

    /// Whether a value, or a part of one, may be a container.
    pub(super) fn value_leads(&self, value: &Value) -> bool {
        self.search(|next| self.value(value, next))
    }

    /// Whether a literal may hold a container.
    pub(super) fn literal_leads(&self, at: OpRef, context: ContextId) -> bool {
        self.ask(Node::Literal(at, context))
    }

    /// Whether somebody may give a function a container.
    pub(super) fn is_given(&self, function: FunctionRef, parameter: u32) -> bool {
        self.ask(Node::Given(function, parameter))
    }

    fn ask(&self, node: Node) -> bool {
        if let Some(known) = self.known.borrow().get(&node) {
            return *known;
        }
        let leads = self.search(|next| next.meet(node));
        if leads {
            self.known.borrow_mut().insert(node, true);
        }
        leads
    }

    /// Whether what `begin` meets leads to a container. Where nothing does, that is known of all that was met.
    fn search(&self, begin: impl FnOnce(&mut Next<'_>) -> bool) -> bool {
        let mut next = Next { known: &self.known, seen: FxHashSet::default(), work: Vec::new() };
        if begin(&mut next) {
            return true;
        }
        while let Some(node) = next.work.pop() {
            if self.follow(node, &mut next) {
                self.known.borrow_mut().insert(node, true);
                return true;
            }
        }
        self.known.borrow_mut().extend(next.seen.into_iter().map(|node| (node, false)));
        false
    }

    fn follow(&self, node: Node, next: &mut Next<'_>) -> bool {
        let program = self.facts.program;
        match node {
            Node::Given(function, parameter) => callers(self.facts, function).any(|call| {
                let argument = program.op(call).call().and_then(|body| body.argument(parameter as usize));
                argument.is_some_and(|argument| self.operand(call.function, argument, next))
            }),
            Node::Written(function, parameter) => {
                let parameter = program.function(function).parameters.get(parameter as usize);
                let variable = parameter.map(|parameter| program.variable(function.variable(parameter.variable)));
                let written = variable.and_then(|variable| variable.annotation.as_ref());
                written.is_some_and(|written| self.written(function.file, written, next))
            }
            Node::Type(id) => {
                let written = program.variable(id).annotation.as_ref();
                written.is_some_and(|written| self.written(id.file, written, next))
            }
            Node::Part(at) => {
                let OpKind::Assign { value, .. } = &program.op(at).kind else { return true };
                match value {
                    Rvalue::Compute(_) | Rvalue::Caught => false,
                    Rvalue::ElementOf(_) => true,
                    Rvalue::Object(_) | Rvalue::Array(_) if self.is_site(at) => true,
                    _ => value.operands().into_iter().any(|held| self.operand(at.function, held, next)),
                }
            }
            Node::Class(class) => self.class(class, next),
            Node::Literal(at, context) => {
                let OpKind::Assign { target, value } = &program.op(at).kind else { return true };
                value.operands().into_iter().any(|held| self.operand(at.function, held, next))
                    || self.parts(at.function, &target.root, next)
                    || self.facts.evaluator.calls_of(context).into_iter().any(|call| {
                        let arguments = program.op(call).call().into_iter().flat_map(|body| &body.arguments);
                        arguments.into_iter().any(|argument| self.operand(call.function, &argument.value, next))
                    })
            }
        }
    }

    fn operand(&self, function: FunctionRef, operand: &Operand, next: &mut Next<'_>) -> bool {
        match operand {
            Operand::Place(place) => self.root(function, &place.root, next),
            Operand::Class(_) | Operand::Module(_) => true,
            _ => false,
        }
    }

    fn root(&self, function: FunctionRef, root: &Root, next: &mut Next<'_>) -> bool {
        let values = match root {
            Root::Variable(id) => self.facts.evaluator.variable(function.variable(*id)),
            Root::Temp(temp) => self.facts.evaluator.temp(function, *temp),
            Root::This => {
                let class = self.facts.program.this_class(function);
                return class.is_some_and(|class| next.meet(Node::Class(class)));
            }
            Root::Global(_) => return false,
        };
        values.iter().any(|value| self.value(value, next)) || self.parts(function, root, next)
    }

    fn parts(&self, function: FunctionRef, root: &Root, next: &mut Next<'_>) -> bool {
        let definitions = self.facts.program.index(function.file).of_root(function.function, root);
        definitions.iter().any(|definition| {
            let at = function.definition(definition);
            match &self.facts.program.op(at).kind {
                OpKind::Assign { target, .. } => !target.path.is_empty() && next.meet(Node::Part(at)),
                _ => false,
            }
        })
    }

    fn value(&self, value: &Value, next: &mut Next<'_>) -> bool {
        match value {
            Value::Product { at, .. } => self.is_site(*at),
            Value::Object { at, context } => self.is_site(*at) || next.meet(Node::Literal(*at, *context)),
            Value::Parameter { function, index, .. } => {
                next.meet(Node::Given(*function, *index)) || next.meet(Node::Written(*function, *index))
            }
            Value::Resource(id) => {
                let acquisition = self.facts.evaluator.acquisition(*id);
                self.is_site(acquisition.at)
                    || matches!(acquisition.kind, AcquiredKind::Instance(class) if next.meet(Node::Class(class)))
            }
            Value::This { class, .. } | Value::Class(class) => next.meet(Node::Class(*class)),
            Value::Namespace(_) => true,
            Value::Function { .. }
            | Value::External(_)
            | Value::Borrowed(_)
            | Value::View { .. }
            | Value::Method { .. }
            | Value::Part { .. }
            | Value::Text(_)
            | Value::Nullish => false,
        }
    }

    /// Whether a field of a class or of its instances may hold a container, or lead to one.
    fn class(&self, class: ClassRef, next: &mut Next<'_>) -> bool {
        let program = self.facts.program;
        program.definitions_of_fields(class).any(|(file, definition)| {
            let at = FunctionRef::new(file, definition.function).definition(&definition);
            next.meet(Node::Part(at))
        }) || program.parts(class).any(|part| {
            let body = program.class(part);
            let of_variable = body.variable.is_some_and(|variable| {
                self.parts(FunctionRef::new(part.file, body.parent), &Root::Variable(variable), next)
            });
            of_variable
                || body.field_types.iter().any(|(_, written)| self.written(part.file, written, next))
                || body.extends.as_ref().is_some_and(|base| {
                    let values = self.facts.evaluator.operand(FunctionRef::new(part.file, body.parent), base);
                    values.iter().any(|value| self.value(value, next))
                })
        }) || program.members(class).any(|(function, _)| {
            let is_getter = matches!(program.function(function).kind, FunctionKind::Getter { .. });
            is_getter && self.facts.evaluator.returns(function).iter().any(|value| self.value(value, next))
        })
    }

    /// Whether a written type may name a class of the program, or something that has one.
    fn written(&self, file: FileId, written: &TypeRef, next: &mut Next<'_>) -> bool {
        match written {
            TypeRef::Named { root, arguments, .. } => {
                let is_one = match root {
                    TypeRoot::Variable(variable) => self.named(VariableRef { file, variable: *variable }, next),
                    TypeRoot::Module(_) => true,
                    TypeRoot::Global(_) => false,
                };
                is_one || arguments.iter().any(|written| self.written(file, written, next))
            }
            TypeRef::AnyOf(types) => types.iter().any(|written| self.written(file, written, next)),
            TypeRef::Shape(fields) => fields.iter().any(|(_, written)| self.written(file, written, next)),
            TypeRef::Part { of, .. } => self.written(file, of, next),
            TypeRef::TypeOf(_) => true,
            TypeRef::Array(_) | TypeRef::Literals | TypeRef::Other => false,
        }
    }

    fn named(&self, id: VariableRef, next: &mut Next<'_>) -> bool {
        let program = self.facts.program;
        match program.variable(id).binding {
            Binding::Import(import) => match program.import(id.file, import) {
                Some(Symbol::Variable(of)) if program.variable(of).binding == Binding::Type => {
                    next.meet(Node::Type(of))
                }
                Some(Symbol::Variable(of)) => self.class_named(of, next),
                Some(Symbol::External { .. }) | None => false,
                Some(Symbol::Namespace(_)) => true,
            },
            Binding::Type => next.meet(Node::Type(id)),
            _ => self.class_named(id, next),
        }
    }

    fn class_named(&self, id: VariableRef, next: &mut Next<'_>) -> bool {
        match self.facts.program.variable(id).binding {
            Binding::Class(class) => next.meet(Node::Class(ClassRef { file: id.file, class })),
            _ => true,
        }
    }
}
