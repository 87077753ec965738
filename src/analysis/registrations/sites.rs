//! Sites: the calls that add and remove, in place or through a helper of the project.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::facts::Facts;
use crate::analysis::value::{Value, Values};
use crate::catalogue::schema::Registration;
use crate::catalogue::{RegistrationRole, ResourceId};
use crate::ir::{Call, CallKind, Field, OpKind, Operand, Root, Terminator};
use crate::linking::{FunctionRef, OpRef};
use crate::source::{Location, Span};

use super::{Addition, Capture, Event, Handler, PlaceId, Registrations, Removal, Target, life};

/// A call that adds or removes, with its arguments as operands of the functions that write them.
#[derive(Debug, Clone)]
struct Site {
    at: OpRef,
    resource: ResourceId,
    role: RegistrationRole,
    /// `None`: the global object.
    target: Option<Slot>,
    event: Option<Slot>,
    handler: Option<Slot>,
    options: Option<Slot>,
    text: Span,
    /// The site in a helper that this call makes happen, by index.
    inner: Option<usize>,
}

/// An argument of a site, in the function that wrote it.
#[derive(Debug, Clone)]
struct Slot {
    function: FunctionRef,
    operand: Operand,
}

/// The maximal number of nested helpers through which a registration is followed.
const MAX_HELPERS: usize = 2;

pub(super) fn collect(facts: &Facts<'_>) -> Registrations {
    let evaluator = &facts.evaluator;
    let mut sites = Vec::new();
    for function in facts.program.relevant_functions() {
        for (block, index, op) in facts.program.function(function).ops() {
            if let OpKind::Call(call) = &op.kind
                && let Some(site) = direct(evaluator, function.op(block, index), call)
            {
                sites.push(site);
            }
        }
    }
    let mut from = 0;
    for _ in 0..MAX_HELPERS {
        let through = through_helpers(facts, &sites, from);
        from = sites.len();
        sites.extend(through);
    }
    // The known effects of a helper count more than its name.
    let explained: FxHashSet<OpRef> = sites.iter().filter(|site| site.inner.is_some()).map(|site| site.at).collect();
    let mut found = Registrations::default();
    let mut indices = FxHashMap::default();
    for (index, site) in sites.iter().enumerate() {
        if site.inner.is_none() && explained.contains(&site.at) {
            continue;
        }
        if let Some(addition) = finish(facts, site, &indices, &mut found) {
            indices.insert(index, addition);
        }
    }
    found
}

fn direct(evaluator: &Evaluator<'_>, at: OpRef, call: &Call) -> Option<Site> {
    if !matches!(call.kind, CallKind::Call) {
        return None;
    }
    let name = match &call.callee {
        Operand::Place(place) if place.path.is_empty() => match &place.root {
            Root::Global(name) => name.as_str(),
            _ => return None,
        },
        _ => call.method_name()?,
    };
    let catalogue = evaluator.catalogue;
    evaluator.any_method(at.function.file, name).registrations.iter().find_map(|&resource| {
        let registration = catalogue.resource(resource).registration.as_ref()?;
        let role = registration.role(name)?;
        if !fits(evaluator, at, registration, role, call) || is_of_another_kind(evaluator, at, registration, role) {
            return None;
        }
        let slot = |operand: &Operand| Slot { function: at.function, operand: operand.clone() };
        let given = |index: u32| call.argument(index as usize).map(slot);
        let (target, text) = match registration.target {
            Some(index) => (given(index), call.arguments.get(index as usize)?.span),
            None => (call.receiver().map(|(place, _)| slot(&Operand::Place(place))), call.callee_span),
        };
        Some(Site {
            at,
            resource,
            role,
            target,
            event: given(registration.event),
            handler: given(registration.handler),
            options: registration.options.and_then(given),
            text,
            inner: None,
        })
    })
}

/// Whether the arguments are what the registration says they are.
fn fits(
    evaluator: &Evaluator<'_>,
    at: OpRef,
    registration: &Registration,
    role: RegistrationRole,
    call: &Call,
) -> bool {
    let is_handler = |operand: &Operand| match operand {
        Operand::Function(_) => true,
        Operand::Place(_) => !evaluator.operand(at.function, operand).iter().any(|it| matches!(it, Value::Text(_))),
        _ => false,
    };
    let is_event = |operand: &Operand| matches!(operand, Operand::String(_) | Operand::Place(_) | Operand::Opaque);
    let handler = call.argument(registration.handler as usize);
    let event = call.argument(registration.event as usize);
    if let Some(target) = registration.target {
        // A place for the target and a text for the event is what tells these from the two-argument kind.
        let is_place = matches!(call.argument(target as usize), Some(Operand::Place(_)));
        let is_text = event.is_some_and(|event| Event::of(evaluator, at.function, event).text().is_some());
        if !is_place || !is_text || handler.is_none() {
            return false;
        }
    }
    match role {
        RegistrationRole::Add | RegistrationRole::AddOnce => {
            event.is_some_and(is_event) && handler.is_some_and(is_handler)
        }
        RegistrationRole::Remove => {
            let is_made = registration.capture && matches!(handler, Some(Operand::Function(_)));
            (is_made || event.is_none_or(is_event))
                && handler.is_none_or(|it| is_handler(it) || matches!(it, Operand::Nullish | Operand::Opaque))
        }
        RegistrationRole::RemoveAll => true,
    }
}

/// Whether the method is the project's own and is undone in another way: it returns what removes, or its class has no
/// removing method.
fn is_of_another_kind(
    evaluator: &Evaluator<'_>,
    at: OpRef,
    registration: &Registration,
    role: RegistrationRole,
) -> bool {
    if role != RegistrationRole::Add || registration.target.is_some() {
        return false;
    }
    let callee = evaluator.callee(at);
    let own: Vec<FunctionRef> = callee.functions().map(|(function, _)| function).collect();
    if own.is_empty() || callee.open || own.len() < callee.targets.len() {
        return false;
    }
    own.iter().all(|function| {
        let gives_back = evaluator
            .returns(*function)
            .iter()
            .any(|value| matches!(value, Value::Function { .. } | Value::Object { .. } | Value::Resource(_)));
        let has_remover = evaluator.program.this_class(*function).is_none_or(|class| {
            evaluator.program.class(class).extends.is_some()
                || evaluator.program.members(class).any(|(_, member)| {
                    matches!(
                        registration.role(&member.name),
                        Some(RegistrationRole::Remove | RegistrationRole::RemoveAll)
                    )
                })
        });
        gives_back || !has_remover
    })
}

/// The sites in helpers whose target, event or handler the caller passes.
fn through_helpers(facts: &Facts<'_>, sites: &[Site], from: usize) -> Vec<Site> {
    let evaluator = &facts.evaluator;
    let mut latent: IndexMap<FunctionRef, Vec<usize>, FxBuildHasher> = IndexMap::default();
    for (index, site) in sites.iter().enumerate().skip(from) {
        for slot in [&site.target, &site.event, &site.handler].into_iter().flatten() {
            if let Some((function, ..)) = parameter(evaluator, slot)
                && evaluator.is_within(site.at.function, function)
            {
                let of_function = latent.entry(function).or_default();
                if !of_function.contains(&index) {
                    of_function.push(index);
                }
            }
        }
    }
    let mut found = Vec::new();
    for (&helper, inner) in &latent {
        for &at in facts.calls.callers(facts.program, helper) {
            let Some(call) = facts.program.op(at).call() else { continue };
            let is_of_helper = matches!(evaluator.callee(at).targets.as_slice(), [CallTarget::Function { .. }]);
            if !is_of_helper || evaluator.is_within(at.function, helper) {
                continue;
            }
            for &inner in inner {
                let site = &sites[inner];
                let seen =
                    |slot: &Option<Slot>| slot.as_ref().map(|slot| substituted(evaluator, slot, helper, at, call));
                found.push(Site {
                    at,
                    resource: site.resource,
                    role: site.role,
                    target: seen(&site.target),
                    event: seen(&site.event),
                    handler: seen(&site.handler),
                    options: seen(&site.options),
                    text: site.text,
                    inner: Some(inner),
                });
            }
        }
    }
    found.sort_by_key(|site| site.at);
    found
}

/// The parameter that a slot is, or is a part of.
fn parameter(evaluator: &Evaluator<'_>, slot: &Slot) -> Option<(FunctionRef, u32, crate::analysis::value::Path)> {
    evaluator.operand(slot.function, &slot.operand).iter().find_map(|value| match value {
        Value::Parameter { function, index, path } => Some((*function, *index, path.clone())),
        _ => None,
    })
}

fn substituted(evaluator: &Evaluator<'_>, slot: &Slot, helper: FunctionRef, at: OpRef, call: &Call) -> Slot {
    let Some((function, index, path)) = parameter(evaluator, slot) else { return slot.clone() };
    if function != helper {
        return slot.clone();
    }
    let operand = match call.argument(index as usize) {
        Some(Operand::Place(place)) => {
            Operand::Place(path.iter().fold(place.clone(), |place, name| place.field(Field::Named(name.clone()))))
        }
        Some(operand) if path.is_empty() => operand.clone(),
        _ => Operand::Opaque,
    };
    Slot { function: at.function, operand }
}

/// Makes an addition or removal of a site; gives the addition's index.
fn finish(
    facts: &Facts<'_>,
    site: &Site,
    indices: &FxHashMap<usize, usize>,
    found: &mut Registrations,
) -> Option<usize> {
    let evaluator = &facts.evaluator;
    let registration = evaluator.catalogue.resource(site.resource).registration.as_ref()?;
    let target = target(facts, site, registration);
    let event = site.event.as_ref().map(|slot| Event::of(evaluator, slot.function, &slot.operand));
    let handler = site.handler.as_ref().map(|slot| Handler::of(evaluator, slot.function, &slot.operand));
    let capture = capture(evaluator, site, registration);
    let class = evaluator.program.this_class(site.at.function);
    match site.role {
        RegistrationRole::Add | RegistrationRole::AddOnce => {
            let inner = site.inner.and_then(|inner| indices.get(&inner).copied());
            if site.inner.is_some() && inner.is_none() {
                return None;
            }
            let is_once = site.role == RegistrationRole::AddOnce || is_written_once(evaluator, site);
            let name = event.as_ref().and_then(Event::text);
            let comes_once = name.is_some_and(|name| registration.once_events.iter().any(|event| event == name));
            let is_last = name.is_some_and(|name| registration.last_event.as_deref() == Some(name))
                && registration.last_target.as_ref().is_some_and(|end| target.text.to_ascii_lowercase().ends_with(end));
            found.additions.push(Addition {
                is_once,
                is_last,
                at: site.at,
                resource: site.resource,
                target,
                event: event.unwrap_or(Event::Unknown),
                handler: handler?,
                capture,
                removes_itself: site.role == RegistrationRole::AddOnce || comes_once || removes_itself(evaluator, site),
                hands_back: result_is_kept(evaluator, site.at),
                deduplicates: registration.capture,
                class,
                inner,
            });
            return Some(found.additions.len() - 1);
        }
        RegistrationRole::Remove => {
            let removal = Removal {
                at: site.at,
                resource: site.resource,
                target,
                event,
                handler,
                capture,
                class,
                is_exact: registration.capture && site.inner.is_none() && site.target.is_some(),
                is_direct: site.inner.is_none() && site.target.is_some(),
            };
            if facts.lost_cleanup(site.at.function).is_some() {
                found.lost.push(removal);
            } else {
                found.removals.push(removal);
            }
        }
        RegistrationRole::RemoveAll => {
            found.removals.push(Removal {
                at: site.at,
                resource: site.resource,
                target,
                event,
                handler: None,
                capture: Capture::Unknown,
                class,
                is_exact: false,
                is_direct: false,
            });
        }
    }
    None
}

fn target(facts: &Facts<'_>, site: &Site, registration: &Registration) -> Target {
    let evaluator = &facts.evaluator;
    let Some(Slot { function, operand: Operand::Place(place) }) = &site.target else {
        let place = if site.target.is_none() { PlaceId::Global(Vec::new()) } else { PlaceId::Fresh };
        let (values, text) = (Values::unknown(), "the global object".to_owned());
        let life = life(facts, site.at, &place, &values, &[]);
        return Target { place, values, text, life };
    };
    let id = PlaceId::of(evaluator, *function, place);
    let values = evaluator.place(*function, place);
    let life = life(facts, site.at, &id, &values, &registration.global_targets);
    Target { text: text(facts, site, registration, &id), place: id, values, life }
}

/// How a target reads.
fn text(facts: &Facts<'_>, site: &Site, registration: &Registration, place: &PlaceId) -> String {
    if site.inner.is_some() {
        return match place {
            PlaceId::Global(path) => path.join("."),
            PlaceId::Variable(id, _) => facts.program.variable(*id).name.to_string(),
            _ => "the target".to_owned(),
        };
    }
    let text = facts.program.text(Location { file: site.at.function.file, span: site.text });
    if registration.target.is_some() {
        return text.to_owned();
    }
    let receiver = text.rsplit_once('.').map_or(text, |(receiver, _)| receiver.trim_end_matches(['?', '!']));
    receiver.split_whitespace().collect()
}

/// Whether the result of a call goes anywhere but into the next call of a chain.
fn result_is_kept(evaluator: &Evaluator<'_>, at: OpRef) -> bool {
    let Some(call) = evaluator.program.op(at).call() else { return false };
    let is_result = |operand: &Operand| operand.place().is_some_and(|place| place.root == Root::Temp(call.result));
    let body = evaluator.program.function(at.function);
    body.ops().any(|(_, _, op)| match &op.kind {
        OpKind::Assign { value, .. } => value.operands().into_iter().any(is_result),
        OpKind::Call(other) => other.arguments.iter().any(|argument| is_result(&argument.value)),
        _ => false,
    }) || body
        .blocks()
        .any(|(_, block)| matches!(&block.terminator, Terminator::Return(Some(operand)) if is_result(operand)))
}

fn capture(evaluator: &Evaluator<'_>, site: &Site, registration: &Registration) -> Capture {
    if !registration.capture {
        return Capture::Is(false);
    }
    match site.options.as_ref().map(|slot| (slot, &slot.operand)) {
        None => Capture::Is(false),
        Some((_, Operand::Boolean(flag))) => Capture::Is(*flag),
        Some((_, Operand::Nullish)) => Capture::Is(false),
        Some((slot, operand)) => {
            let values = evaluator.operand(slot.function, operand);
            let mut objects = values.iter().filter(|value| !matches!(value, Value::Nullish));
            match (objects.next(), objects.next()) {
                (Some(Value::Object { at, .. }), None) if !values.open => flag(evaluator, *at, "capture", 2),
                _ => Capture::Unknown,
            }
        }
    }
}

/// The value of a flag in an object literal, including spread literals.
fn flag(evaluator: &Evaluator<'_>, literal: OpRef, name: &str, depth: u32) -> Capture {
    match evaluator.written_property(literal, name) {
        Some(Operand::Boolean(flag)) => Capture::Is(flag),
        None => Capture::Is(false),
        Some(Operand::Place(place)) if depth > 0 => {
            let Some((holder, field)) = place.split_last() else { return Capture::Unknown };
            let values = evaluator.place(literal.function, &holder);
            let mut objects = values.iter();
            match (objects.next(), objects.next(), field.name()) {
                (Some(Value::Object { at, .. }), None, Some(name)) if !values.open => {
                    flag(evaluator, *at, name, depth - 1)
                }
                _ => Capture::Unknown,
            }
        }
        Some(_) => Capture::Unknown,
    }
}

/// Whether its options are written out, and say no more than that it is for one time.
fn is_written_once(evaluator: &Evaluator<'_>, site: &Site) -> bool {
    let Some(slot) = &site.options else { return false };
    let values = evaluator.operand(slot.function, &slot.operand);
    !values.open
        && !values.is_empty()
        && values.iter().all(|value| match value {
            Value::Object { at, .. } => {
                matches!(evaluator.written_property(*at, "once"), Some(Operand::Boolean(true)))
                    && evaluator.written_property(*at, "signal").is_none()
            }
            _ => false,
        })
}

fn removes_itself(evaluator: &Evaluator<'_>, site: &Site) -> bool {
    let Some(slot) = &site.options else { return false };
    let values = evaluator.operand(slot.function, &slot.operand);
    values.open
        || values.iter().any(|value| match value {
            Value::Object { at, .. } => {
                matches!(evaluator.written_property(*at, "once"), Some(Operand::Boolean(true)))
                    || evaluator.written_property(*at, "signal").is_some()
            }
            Value::Parameter { .. } => true,
            _ => false,
        })
}
