//! Killed children: a destructor kills a process and nobody waits for it.
//!
//! Takes the facts; gives the calls in a `drop` that kill a child whose handle goes with the struct, if nothing
//! afterwards asks the system how the child ended. Until somebody does, it stays in the process table.

use crate::analysis::facts::Facts;
use crate::analysis::ownership::destructor;
use crate::analysis::value::Value;
use crate::catalogue::ResourceId;
use crate::catalogue::schema::{Resource, ResourceKind};
use crate::ir::{BlockId, Call, Edges, Function};
use crate::linking::{ClassRef, FunctionRef, OpRef};

/// A child that is killed and not waited for.
#[derive(Debug)]
pub struct Killed {
    pub class: ClassRef,
    /// The call that ends it.
    pub at: OpRef,
    pub process: ResourceId,
}

/// The killed children of the program, in its order.
#[must_use]
pub fn killed(facts: &Facts<'_>) -> Vec<Killed> {
    let classes = facts.program.classes();
    classes.filter_map(|class| of_class(facts, class)).collect()
}

fn of_class(facts: &Facts<'_>, class: ClassRef) -> Option<Killed> {
    let drop = destructor(&facts.evaluator, class)?;
    if !facts.is_held_to_account(drop) {
        return None;
    }
    let body = facts.program.function(drop);
    body.ops().find_map(|(block, index, op)| {
        let at = drop.op(block, index);
        let process = killed_by(facts, drop, op.call()?)?;
        let resource = facts.evaluator.catalogue.resource(process);
        (!is_seen_to(body, resource, at)).then_some(Killed { class, at, process })
    })
}

/// The process that a call kills and does not wait for.
fn killed_by(facts: &Facts<'_>, function: FunctionRef, call: &Call) -> Option<ResourceId> {
    let name = call.method_name()?;
    let (receiver, _) = call.receiver()?;
    let values = facts.evaluator.place(function, &receiver);
    values.iter().find_map(|value| {
        let Value::Borrowed(id) = value else { return None };
        let resource = facts.evaluator.catalogue.resource(*id);
        let leaves = resource.kind == ResourceKind::Process && resource.killed_by.iter().any(|it| it == name);
        leaves.then_some(*id)
    })
}

/// Whether the destructor also waits, or passes the process to somebody: a thread, a function of its own.
fn is_seen_to(body: &Function, resource: &Resource, at: OpRef) -> bool {
    let is_later = |block: BlockId, index: usize| {
        block == at.block && index > at.index as usize
            || block != at.block && body.reaches(at.block, block, BlockId::ENTRY, Edges::All)
    };
    body.ops().any(|(block, index, op)| {
        let waits = |call: &Call| {
            let name = call.method_name().unwrap_or_default();
            resource.release.iter().any(|it| it == name) || call.arguments.iter().any(|it| it.value.place().is_some())
        };
        op.call().is_some_and(waits) && is_later(block, index)
    })
}
