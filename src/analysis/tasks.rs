//! Tasks: what they run, whether that ends, and who keeps them.
//!
//! Takes the facts; gives the functions that tasks run, the tasks that keep alive what would stop them, and the structs
//! that own a task and do not end it when they are dropped. Never judges how often a task is started.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::ownership::destructor;
use crate::analysis::value::{AcquiredKind, Value, Values};
use crate::catalogue::ResourceId;
use crate::catalogue::schema::ResourceKind;
use crate::ir::{BlockId, FunctionId, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{ClassRef, FunctionRef, OpRef};
use crate::source::Span;

/// The functions that a task-starting call is given: closures, and functions called on the spot.
#[must_use]
pub fn started(evaluator: &Evaluator<'_>, at: OpRef) -> Vec<FunctionRef> {
    let given = evaluator.argument(at, 0);
    let mut tasks: Vec<FunctionRef> = given
        .iter()
        .filter_map(|value| match value {
            Value::Function { function, .. } => Some(*function),
            _ => None,
        })
        .collect();
    let argument = evaluator.program.op(at).call().and_then(|call| call.argument(0));
    if let Some(Operand::Place(Place { root: Root::Temp(temp), path })) = argument
        && path.is_empty()
    {
        for definition in evaluator.program.index(at.function.file).of_temp(at.function.function, *temp) {
            let made = at.function.definition(definition);
            tasks.extend(evaluator.callee(made).functions().map(|(function, _)| function));
        }
    }
    tasks
}

/// Whether a function never ends: neither by returning, nor by failing, nor by ending the process.
#[must_use]
pub fn is_endless(evaluator: &Evaluator<'_>, function: FunctionRef) -> bool {
    let body = evaluator.program.function(function);
    let mut seen = vec![false; body.blocks.len()];
    let mut work = vec![BlockId::ENTRY];
    while let Some(id) = work.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let block = body.block(id);
        let may_fail = block.ops.iter().any(|op| match &op.kind {
            OpKind::Call(call) => call.awaited,
            OpKind::Assign { value, .. } => matches!(value, Rvalue::Await(_)),
            _ => false,
        });
        let leaves = matches!(
            block.terminator,
            Terminator::Return(_) | Terminator::Throw(_) | Terminator::Resume | Terminator::Unreachable
        );
        if may_fail || leaves {
            return false;
        }
        work.extend(block.terminator.successors());
    }
    true
}

/// Where the handle of a task is stored in something that the task itself keeps alive, so that the drop never comes,
/// and no other method has to do with the handle.
#[must_use]
pub fn keeps_its_owner(facts: &Facts<'_>, obligation: &Obligation, task: FunctionRef) -> Option<OpRef> {
    let function = obligation.acquisition.at.function;
    let kept = kept_by(facts, function, task);
    facts.program.function(function).ops().find_map(|(block, index, op)| {
        let at = function.op(block, index);
        let (target, given) = match &op.kind {
            OpKind::Call(call) => {
                let (receiver, _) = call.receiver()?;
                let arguments = call.arguments.iter().map(|it| facts.evaluator.operand(function, &it.value));
                let mut given = Values::default();
                arguments.for_each(|values| given.join(&values));
                (receiver, given)
            }
            OpKind::Assign { target, value } => (target.clone(), facts.evaluator.rvalue(at, value)),
            _ => return None,
        };
        let field = target.path.first()?.name()?;
        let mut reachable = FxHashSet::default();
        facts.evaluator.reachable(&given, 0, &mut reachable);
        let owners = facts.evaluator.root_values(function, &target.root);
        let owner = owners.iter().find(|owner| kept.contains(owner))?;
        let is_stored = reachable.contains(&obligation.id);
        (is_stored && !is_ended_elsewhere(facts, class_of(facts, owner)?, field, function)).then_some(at)
    })
}

/// The instances that a task keeps alive: what it captures by a strong reference.
fn kept_by(facts: &Facts<'_>, around: FunctionRef, task: FunctionRef) -> Vec<Value> {
    let mut kept = Vec::new();
    for place in facts.program.function(task).mentioned_places() {
        let is_captured = match place.root {
            Root::Variable(id) => {
                let owner = facts.program.variable(task.variable(id)).owner;
                owner != task.function && owner != FunctionId::INITIALISER
            }
            Root::This => true,
            Root::Temp(_) | Root::Global(_) => false,
        };
        if is_captured {
            let values = facts.evaluator.root_values(around, &place.root);
            kept.extend(values.iter().filter(|value| class_of(facts, value).is_some()).cloned());
        }
    }
    kept
}

/// The class of the project that a value is an instance of.
fn class_of(facts: &Facts<'_>, value: &Value) -> Option<ClassRef> {
    match value {
        Value::Resource(id) => match facts.evaluator.acquisition(*id).kind {
            AcquiredKind::Instance(class) => Some(class),
            AcquiredKind::Catalogued(_) => None,
        },
        Value::This { class, path } if path.is_empty() => Some(*class),
        _ => None,
    }
}

/// Whether a method of the class, other than the one that stores the handle and the drop, has to do with the field.
fn is_ended_elsewhere(facts: &Facts<'_>, class: ClassRef, field: &str, storing: FunctionRef) -> bool {
    let mut members = facts.program.class(class).members.iter();
    members.any(|member| {
        let method = FunctionRef::new(class.file, member.function);
        let mut places = facts.program.function(method).mentioned_places();
        method != storing
            && destructor(&facts.evaluator, class) != Some(method)
            && places.any(|place| is_field(place, field))
    })
}

fn is_field(place: &Place, field: &str) -> bool {
    place.root == Root::This && place.path.first().and_then(crate::ir::Field::name) == Some(field)
}

/// A struct that owns a task and ends it in a method, but not when it is dropped.
#[derive(Debug)]
pub struct Owner {
    pub class: ClassRef,
    /// The field with the handle.
    pub field: Span,
    pub task: ResourceId,
    /// The method that ends the task.
    pub ended_by: FunctionRef,
}

/// The structs that own the handle of a task and a signal for it, and do nothing with either when they are dropped.
#[must_use]
pub fn owners_without_drop(facts: &Facts<'_>) -> Vec<Owner> {
    let classes = facts.program.classes();
    classes.filter_map(|class| owner_without_drop(facts, class)).collect()
}

fn owner_without_drop(facts: &Facts<'_>, class: ClassRef) -> Option<Owner> {
    let body = facts.program.class(class);
    let constructor = FunctionRef::new(class.file, body.constructor?);
    if destructor(&facts.evaluator, class).is_some()
        || !facts.evaluator.drops_implicitly(constructor)
        || !facts.is_held_to_account(constructor)
    {
        return None;
    }
    let (mut task, mut signal) = (None, None);
    for (name, written) in &body.field_types {
        for value in &facts.evaluator.typed(class.file, body.parent, written) {
            let Value::Borrowed(id) = value else { continue };
            let resource = facts.evaluator.catalogue.resource(*id);
            match resource.kind {
                // It ends something when the struct is dropped.
                ResourceKind::Guard => return None,
                ResourceKind::Task => task = Some((name, *id)),
                _ if resource.signal => signal = Some((name, resource)),
                _ => {}
            }
        }
    }
    let ((handle, id), (token, signal)) = (task?, signal?);
    // What ends together with something else is ended by the owner of that.
    let mut methods = facts.program.members(class).map(|(method, _)| facts.program.function(method));
    let is_tie = |name: &str| signal.tied_by.iter().any(|it| it == name);
    if methods
        .any(|method| method.ops().any(|(_, _, op)| op.call().and_then(|it| it.method_name()).is_some_and(is_tie)))
    {
        return None;
    }
    let ended_by = body.members.iter().find_map(|member| {
        let method = FunctionRef::new(class.file, member.function);
        let mut calls = facts.program.function(method).ops().filter_map(|(_, _, op)| op.call());
        let ends = calls.any(|call| {
            let receiver = call.receiver().map(|(receiver, _)| receiver);
            receiver.is_some_and(|receiver| is_field(&receiver, token))
                && call.method_name().is_some_and(|name| signal.release.iter().any(|it| it == name))
        });
        ends.then_some(method)
    })?;
    // A struct literal's code names its fields where they are declared.
    let field = facts.program.function(constructor).ops().find_map(|(_, _, op)| match &op.kind {
        OpKind::Assign { target, .. } if is_field(target, handle) => Some(op.span),
        _ => None,
    })?;
    Some(Owner { class, field, task: id, ended_by })
}
