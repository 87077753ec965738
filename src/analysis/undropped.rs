//! Undropped: structs that own what goes on by itself, and end it in a method, not when they are dropped.
//!
//! Takes the facts; gives the structs with the handle of a task that loops, or of a child, whose `stop` or `close` ends that,
//! and that have no destructor: whoever drops one without that method leaves the task or the child behind. What ends when
//! its owner is dropped (by a channel whose other end the owner has) is none of these. Never judges how many there are.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::ownership::destructor;
use crate::analysis::tasks;
use crate::analysis::value::{How, Value};
use crate::catalogue::ResourceId;
use crate::catalogue::schema::{Resource, ResourceKind};
use crate::ir::{Field, Name, OpKind, Place, Root, Terminator};
use crate::linking::{ClassRef, FunctionRef, OpRef};
use crate::source::Span;

/// A struct that leaves behind what it owns.
#[derive(Debug)]
pub struct Undropped {
    pub class: ClassRef,
    /// The field with the handle.
    pub field: Span,
    pub owned: ResourceId,
    /// Where what it owns is started.
    pub started: OpRef,
    /// The method that ends it.
    pub ended_by: FunctionRef,
    /// Whether somebody calls that method.
    pub is_called: bool,
}

/// A task is followed through so many functions that it waits for.
const MAX_CALLS: u32 = 3;

/// The structs of the program that leave behind what they own of a kind, in its order.
#[must_use]
pub fn undropped(facts: &Facts<'_>, kind: ResourceKind) -> Vec<Undropped> {
    facts.program.classes().filter_map(|class| of_class(facts, class, kind)).collect()
}

fn of_class(facts: &Facts<'_>, class: ClassRef, kind: ResourceKind) -> Option<Undropped> {
    let body = facts.program.class(class);
    let constructor = FunctionRef::new(class.file, body.constructor?);
    if body.field_types.is_empty()
        || !facts.evaluator.drops_implicitly(constructor)
        || !facts.is_held_to_account(constructor)
        || destructor(&facts.evaluator, class).is_some()
    {
        return None;
    }
    let (name, owned) = body.field_types.iter().find_map(|(name, written)| {
        let held = facts.evaluator.typed(class.file, body.parent, written);
        held.iter().find_map(|value| match value {
            Value::Borrowed(id) if facts.evaluator.catalogue.resource(*id).kind == kind => Some((name, *id)),
            _ => None,
        })
    })?;
    // Something else of it is dropped, and ends what it guards.
    let is_guard = |value: &Value| match value {
        Value::Borrowed(id) => facts.evaluator.catalogue.resource(*id).kind == ResourceKind::Guard,
        Value::This { class: held, .. } => *held != class && destructor(&facts.evaluator, *held).is_some(),
        _ => false,
    };
    if body.field_types.iter().any(|(_, it)| facts.evaluator.typed(class.file, body.parent, it).iter().any(is_guard)) {
        return None;
    }
    let resource = facts.evaluator.catalogue.resource(owned);
    let ended_by = facts.program.members(class).find_map(|(method, member)| {
        (is_teardown(&member.name) && ends(facts, method, name, resource)).then_some(method)
    })?;
    let started = started(facts, class, name, kind)?;
    let goes_on = match kind {
        ResourceKind::Task => {
            let tasks = tasks::started(&facts.evaluator, started);
            tasks.iter().any(|task| loops(facts, *task, MAX_CALLS) && !hears_of_its_owner(facts, *task))
        }
        _ => !is_ended_by_drop(facts, started, resource),
    };
    let field = facts.program.function(constructor).ops().find_map(|(_, _, op)| match &op.kind {
        OpKind::Assign { target, .. } if is_field(target, name) => Some(op.span),
        _ => None,
    })?;
    let callers = facts.calls.callers(facts.program, ended_by);
    let is_called = callers.iter().any(|at| facts.program.this_class(at.function) != Some(class));
    goes_on.then_some(Undropped { class, field, owned, started, ended_by, is_called })
}

fn is_field(place: &Place, field: &Name) -> bool {
    place.root == Root::This && place.path.first().and_then(Field::name) == Some(field.as_str())
}

/// Whether a method ends what is in the field.
fn ends(facts: &Facts<'_>, method: FunctionRef, field: &Name, resource: &Resource) -> bool {
    let names = if resource.killed_by.is_empty() { &resource.release } else { &resource.killed_by };
    let body = facts.program.function(method);
    body.mentioned_places().any(|place| is_field(place, field))
        && body
            .ops()
            .filter_map(|(_, _, op)| op.call())
            .any(|call| call.has_receiver() && call.method_name().is_some_and(|name| names.iter().any(|it| it == name)))
}

/// Where the program starts what it puts into the field.
fn started(facts: &Facts<'_>, class: ClassRef, field: &Name, kind: ResourceKind) -> Option<OpRef> {
    let values = facts.evaluator.class_field(class, field);
    let constructor = facts.program.class(class).constructor.map(|id| FunctionRef::new(class.file, id))?;
    let given = facts.calls.callers(facts.program, constructor).iter().map(|at| {
        let literal = facts.evaluator.argument(*at, 0);
        facts.evaluator.fields(literal, &[Field::Named(field.clone())])
    });
    let given: Vec<_> = given.collect();
    let mut held = values.resources().chain(given.iter().flat_map(|values| values.resources()));
    held.find_map(|id| {
        let mut made = facts.evaluator.acquisition(id);
        while let How::Received { inner } = made.how {
            made = facts.evaluator.acquisition(inner);
        }
        (facts.kind(&made) == kind && made.how == How::Created).then_some(made.at)
    })
}

/// Whether a task waits in a loop, itself or in what it waits for.
fn loops(facts: &Facts<'_>, task: FunctionRef, calls: u32) -> bool {
    let body = facts.program.function(task);
    body.ops().any(|(block, index, op)| {
        let Some(call) = op.call() else { return false };
        let waits = call.suspends || call.awaited;
        body.block(block).loop_depth > 0 && call.suspends
            || waits && calls > 0 && {
                facts.called(task.op(block, index)).into_iter().any(|called| loops(facts, called, calls - 1))
            }
    }) || body.blocks().any(|(_, block)| block.loop_depth > 0 && matches!(block.terminator, Terminator::Fork(_)))
}

/// Whether a task has an end of a channel, a signal, or a weak reference: it may hear that its owner is gone.
fn hears_of_its_owner(facts: &Facts<'_>, task: FunctionRef) -> bool {
    const WORDS: &[&str] =
        &["rx", "recv", "receiver", "shutdown", "stop", "cancel", "token", "weak", "exit", "close", "kill"];
    let body = facts.program.function(task);
    let is_told = |place: &Place| {
        let values = facts.evaluator.root_values(task, &place.root);
        let is_end = values.iter().any(|value| match value {
            Value::Product { of, .. } => facts.evaluator.is_end(*of),
            Value::Borrowed(id) => facts.evaluator.catalogue.resource(*id).signal,
            _ => false,
        });
        let name = match &place.root {
            Root::Variable(id) => facts.program.variable(task.variable(*id)).name.to_ascii_lowercase(),
            _ => return is_end,
        };
        is_end || WORDS.iter().any(|word| name.contains(word))
    };
    body.mentioned_places().any(is_told)
}

/// Whether a child was started so that dropping its handle ends it.
fn is_ended_by_drop(facts: &Facts<'_>, started: OpRef, resource: &Resource) -> bool {
    facts.program.module(started.function.file).functions().any(|(_, body)| {
        let mut calls = body.ops().filter_map(|(_, _, op)| op.call());
        calls.any(|call| call.method_name().is_some_and(|name| resource.ended_by_drop.iter().any(|it| it == name)))
    })
}
