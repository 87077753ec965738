//! Registrations: callbacks added to something that outlives them, and what removes them.
//!
//! A registration has no handle to follow: what removes it is a second call with the same target, event and handler
//! (and capture flag). Identity is decided by places: a named function or a field is the same at both calls, a
//! function written in place or bound anew never is.

use crate::analysis::evaluate::Evaluator;
use crate::analysis::facts::Facts;
use crate::analysis::value::Value;
use crate::catalogue::schema::Registration;
use crate::catalogue::{RegistrationRole, ResourceId};
use crate::ir::{Binding, Call, CallKind, Field, FunctionId, Name, OpKind, Operand, Place, Root};
use crate::linking::{ClassRef, FunctionRef, OpRef};

/// Every addition and removal of the program.
#[derive(Debug, Default)]
pub struct Registrations {
    pub additions: Vec<Addition>,
    pub removals: Vec<Removal>,
}

/// A callback that was added.
#[derive(Debug, Clone)]
pub struct Addition {
    pub at: OpRef,
    pub resource: ResourceId,
    pub target: TargetId,
    pub event: Option<Name>,
    pub handler: HandlerId,
    pub capture: Capture,
    /// It goes by itself: `{ once: true }`, a signal.
    pub removes_itself: bool,
    pub class: Option<ClassRef>,
}

/// A removal, of one callback or of all.
#[derive(Debug, Clone)]
pub struct Removal {
    pub at: OpRef,
    pub target: TargetId,
    /// `None`: of every event, or of one that is only known when it runs.
    pub event: Option<Name>,
    /// `None`: of every handler.
    pub handler: Option<HandlerId>,
    pub capture: Capture,
    pub class: Option<ClassRef>,
}

/// What a callback is added to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetId {
    pub place: PlaceId,
    /// How it reads: `window`, `this.socket`.
    pub text: String,
    /// It lives as long as the page or process.
    pub is_global: bool,
    /// It is kept in a module-level variable.
    pub is_module_level: bool,
}

/// A place, up to where it is looked at from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceId {
    Global(Vec<Name>),
    Variable(crate::linking::VariableRef, Vec<Field>),
    /// A field of a class's instances.
    Field(ClassRef, Vec<Field>),
    /// A result: equal to nothing else.
    Fresh,
}

/// A callback's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandlerId {
    Place(PlaceId),
    /// Written in place, or bound anew: equal to nothing else. The function it runs, where that is known.
    Fresh(Option<FunctionRef>),
    Unknown,
}

/// The capture flag, as far as it is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    Is(bool),
    Unknown,
}

/// Collects the registrations of a program.
#[must_use]
pub fn registrations(facts: &Facts<'_>) -> Registrations {
    let mut found = Registrations::default();
    for function in facts.program.functions() {
        for (block, index, op) in facts.program.function(function).ops() {
            if let OpKind::Call(call) = &op.kind {
                one(&facts.evaluator, function.op(block, index), call, &mut found);
            }
        }
    }
    found
}

fn one(evaluator: &Evaluator<'_>, at: OpRef, call: &Call, found: &mut Registrations) {
    if !matches!(call.kind, CallKind::Call) {
        return;
    }
    let Some(name) = (match &call.callee {
        Operand::Place(place) if place.path.is_empty() => match &place.root {
            Root::Global(name) => Some(name.as_str()),
            _ => None,
        },
        _ => call.method_name(),
    }) else {
        return;
    };
    let catalogue = evaluator.catalogue;
    let any = catalogue.any_method(name);
    for &resource in any.registrations {
        let Some(registration) = &catalogue.resource(resource).registration else { continue };
        let Some(role) = registration.role(name) else { continue };
        let target = target(evaluator, at, call, registration);
        let event = text_at(call, registration.event);
        let class = evaluator.program.this_class(at.function);
        let capture = capture(evaluator, at, call, registration);
        let handler = call.argument(registration.handler as usize);
        match role {
            RegistrationRole::Add => {
                let Some(handler) = handler else { return };
                found.additions.push(Addition {
                    at,
                    resource,
                    target,
                    event,
                    handler: handler_id(evaluator, at.function, handler),
                    capture,
                    removes_itself: removes_itself(evaluator, at, call, registration),
                    class,
                });
            }
            RegistrationRole::AddOnce => {}
            RegistrationRole::Remove => {
                let handler = handler.map(|handler| handler_id(evaluator, at.function, handler));
                found.removals.push(Removal { at, target, event, handler, capture, class });
            }
            RegistrationRole::RemoveAll => {
                found.removals.push(Removal { at, target, event, handler: None, capture: Capture::Unknown, class });
            }
        }
        // The same method name means the same in every family of emitters that has it.
        return;
    }
}

fn text_at(call: &Call, index: u32) -> Option<Name> {
    match call.argument(index as usize) {
        Some(Operand::String(text)) => Some(text.clone()),
        _ => None,
    }
}

fn target(evaluator: &Evaluator<'_>, at: OpRef, call: &Call, registration: &Registration) -> TargetId {
    let Some((receiver, _)) = call.receiver() else {
        // `addEventListener(…)` alone is the global object's.
        let place = PlaceId::Global(Vec::new());
        return TargetId { place, text: "the global object".to_owned(), is_global: true, is_module_level: false };
    };
    let place = place_id(evaluator, at.function, &receiver);
    let is_global = match &place {
        PlaceId::Global(path) => {
            path.is_empty()
                || registration.global_targets.iter().any(|target| path.first().is_some_and(|it| it == target))
        }
        _ => false,
    };
    let is_module_level = match &place {
        PlaceId::Variable(variable, _) => {
            let variable = evaluator.program.variable(*variable);
            variable.owner == FunctionId::INITIALISER
        }
        _ => false,
    };
    let span = crate::source::Span::new(call.callee_span.start, call.callee_span.end);
    let text = evaluator.program.text(crate::source::Location { file: at.function.file, span });
    let text = text.rsplit_once('.').map_or(text, |(receiver, _)| receiver.trim_end_matches('?'));
    TargetId { place, text: text.to_owned(), is_global, is_module_level }
}

/// Names of the global object itself.
const GLOBAL_OBJECTS: &[&str] = &["window", "globalThis", "self", "global"];

fn place_id(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place) -> PlaceId {
    match &place.root {
        Root::Global(name) => {
            let mut path: Vec<Name> = std::iter::once(name.clone())
                .chain(place.path.iter().map(|field| field.name().map_or_else(|| Name::new("[]"), Name::new)))
                .collect();
            if path.len() > 1 && GLOBAL_OBJECTS.contains(&path[0].as_str()) {
                path.remove(0);
            }
            PlaceId::Global(path)
        }
        Root::Variable(id) => {
            // A local name for the same thing is the same thing: `const doc = document`.
            let variable = function.variable(*id);
            let declared = evaluator.program.variable(variable);
            if place.path.is_empty()
                && declared.is_constant
                && matches!(declared.binding, Binding::Value)
                && let Some(alias) = aliased(evaluator, function, variable)
            {
                return alias;
            }
            PlaceId::Variable(variable, place.path.to_vec())
        }
        Root::This => match evaluator.program.this_class(function) {
            Some(class) => PlaceId::Field(class, place.path.to_vec()),
            None => PlaceId::Fresh,
        },
        Root::Temp(temp) => {
            let definitions = evaluator.program.index(function.file).of_temp(function.function, *temp);
            match definitions {
                [only] if place.path.is_empty() => {
                    let at = OpRef { function, block: only.block, index: only.index };
                    match &evaluator.program.op(at).kind {
                        OpKind::Assign { value: crate::ir::Rvalue::Use(Operand::Place(of)), .. } if of != place => {
                            place_id(evaluator, function, of)
                        }
                        _ => PlaceId::Fresh,
                    }
                }
                _ => PlaceId::Fresh,
            }
        }
    }
}

fn aliased(evaluator: &Evaluator<'_>, function: FunctionRef, variable: crate::linking::VariableRef) -> Option<PlaceId> {
    let [only] = evaluator.program.index(variable.file).of_variable(variable.variable) else { return None };
    let owner = function.sibling(only.function);
    let at = OpRef { function: owner, block: only.block, index: only.index };
    match &evaluator.program.op(at).kind {
        OpKind::Assign { target, value: crate::ir::Rvalue::Use(Operand::Place(of)) } if target.path.is_empty() => {
            match of.root {
                Root::Global(_) | Root::This => Some(place_id(evaluator, owner, of)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn handler_id(evaluator: &Evaluator<'_>, function: FunctionRef, handler: &Operand) -> HandlerId {
    match handler {
        Operand::Function(id) => HandlerId::Fresh(Some(function.sibling(*id))),
        Operand::Place(place) => {
            if let Root::Temp(temp) = place.root
                && place.path.is_empty()
            {
                return temp_handler(evaluator, function, temp);
            }
            match place_id(evaluator, function, place) {
                PlaceId::Fresh => HandlerId::Unknown,
                known => HandlerId::Place(known),
            }
        }
        _ => HandlerId::Unknown,
    }
}

/// A handler computed in place: `this.onMessage.bind(this)` is a new function each time; anything else may be kept.
fn temp_handler(evaluator: &Evaluator<'_>, function: FunctionRef, temp: crate::ir::Temp) -> HandlerId {
    let definitions = evaluator.program.index(function.file).of_temp(function.function, temp);
    let is_bound = definitions.iter().all(|definition| {
        let at = OpRef { function, block: definition.block, index: definition.index };
        evaluator.program.op(at).call().is_some_and(|call| call.method_name() == Some("bind"))
    });
    let runs = evaluator.temp(function, temp).iter().find_map(|value| match value {
        Value::Function { function, .. } => Some(*function),
        _ => None,
    });
    if is_bound && !definitions.is_empty() { HandlerId::Fresh(runs) } else { HandlerId::Unknown }
}

fn capture(evaluator: &Evaluator<'_>, at: OpRef, call: &Call, registration: &Registration) -> Capture {
    if !registration.capture {
        return Capture::Is(false);
    }
    let Some(options) = registration.options else { return Capture::Is(false) };
    match call.argument(options as usize) {
        None => Capture::Is(false),
        Some(Operand::Boolean(flag)) => Capture::Is(*flag),
        Some(operand) => {
            let literal = evaluator.operand(at.function, operand).iter().find_map(|value| match value {
                Value::Object { at, .. } => Some(*at),
                _ => None,
            });
            match literal {
                Some(literal) => match evaluator.written_property(literal, "capture") {
                    Some(Operand::Boolean(flag)) => Capture::Is(flag),
                    None => Capture::Is(false),
                    Some(_) => Capture::Unknown,
                },
                None => Capture::Unknown,
            }
        }
    }
}

fn removes_itself(evaluator: &Evaluator<'_>, at: OpRef, call: &Call, registration: &Registration) -> bool {
    let Some(operand) = registration.options.and_then(|options| call.argument(options as usize)) else { return false };
    evaluator.operand(at.function, operand).iter().any(|value| match value {
        Value::Object { at, .. } => {
            matches!(evaluator.written_property(*at, "once"), Some(Operand::Boolean(true)))
                || evaluator.written_property(*at, "signal").is_some()
        }
        Value::Parameter { .. } => true,
        _ => false,
    })
}

impl Registrations {
    /// Whether a removal takes an addition away.
    #[must_use]
    pub fn removes(removal: &Removal, addition: &Addition) -> bool {
        let same_event = match (&removal.event, &addition.event) {
            (Some(removed), Some(added)) => removed == added,
            _ => true,
        };
        let same_handler = match &removal.handler {
            None | Some(HandlerId::Unknown) => true,
            Some(handler) => *handler == addition.handler || addition.handler == HandlerId::Unknown,
        };
        same_event
            && same_handler
            && same_target(&removal.target, &addition.target)
            && !matches!((removal.capture, addition.capture), (Capture::Is(a), Capture::Is(b)) if a != b)
    }

    /// The removals that take an addition away.
    pub fn removals_of<'r>(&'r self, addition: &'r Addition) -> impl Iterator<Item = &'r Removal> {
        self.removals.iter().filter(move |removal| Self::removes(removal, addition))
    }
}

/// Whether two targets are, or may be, the same. What was computed in place may be anything.
#[must_use]
pub fn same_target(a: &TargetId, b: &TargetId) -> bool {
    let is_global_object = |place: &PlaceId| match place {
        PlaceId::Global(path) => path.is_empty() || (path.len() == 1 && GLOBAL_OBJECTS.contains(&path[0].as_str())),
        _ => false,
    };
    a.place == PlaceId::Fresh
        || b.place == PlaceId::Fresh
        || a.place == b.place
        || (is_global_object(&a.place) && is_global_object(&b.place))
}
