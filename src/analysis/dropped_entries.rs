//! Dropped entries: a sweep that takes resources out of a container without ending them.
//!
//! `for (const [id, session] of sessions) if (isOld(session)) sessions.delete(id)` bounds the table, but the sessions
//! stay open and nothing refers to them any more. Only removals in loops and by timers count. A removal in a handler of
//! the resource's own `close` event is not a sweep: there the resource has ended already.

use rustc_hash::FxHashSet;

use crate::analysis::containers::Container;
use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::value::{AcquisitionId, How};
use crate::catalogue::schema::{Resource, ResourceKind};
use crate::ir::CallKind;
use crate::linking::{FunctionRef, OpRef};

/// A resource that a sweep drops.
#[derive(Debug, Clone, Copy)]
pub struct DroppedEntry<'f> {
    pub container: &'f Container,
    pub id: AcquisitionId,
    pub put: OpRef,
    pub removal: OpRef,
}

/// The maximal depth of calls that a sweep is followed through.
const MAX_CALLS: u32 = 3;

/// The resources of the program that sweeps drop.
#[must_use]
pub fn dropped_entries<'f>(facts: &'f Facts<'_>) -> Vec<DroppedEntry<'f>> {
    let mut found = Vec::new();
    for container in facts.containers() {
        // Other owners of the container may end what is in it.
        if container.escapes {
            continue;
        }
        for removal in container.shrinks.iter().filter(|shrink| is_sweep(facts, shrink.at)) {
            let kept = container.writes.iter().find_map(|write| {
                let id = kept(facts, write.at)?;
                let resource = facts.resource(&facts.evaluator.acquisition(id))?.1;
                let is_ended =
                    facts.any_reached(removal.at.function, MAX_CALLS, &|function| ends(facts, function, resource));
                (!is_ended).then_some((id, write.at))
            });
            if let Some((id, put)) = kept {
                found.push(DroppedEntry { container, id, put, removal: removal.at });
                break;
            }
        }
    }
    found
}

/// Whether a removal is part of a sweep: in a loop, or run by a timer.
fn is_sweep(facts: &Facts<'_>, removal: OpRef) -> bool {
    let is_delete = facts.program.op(removal).call().is_some_and(|call| call.method_name() == Some("delete"));
    is_delete && facts.program.loop_depth(removal.function, removal.block) > 0 && facts.rate(removal) >= Rate::PerTick
}

/// The resources in a written entry that somebody has to end.
fn kept(facts: &Facts<'_>, write: OpRef) -> Option<AcquisitionId> {
    let call =
        facts.program.op(write).call().filter(|call| call.kind == CallKind::Call && call.arguments.len() == 2)?;
    let values = facts.evaluator.operand(write.function, &call.arguments[1].value);
    let mut held = FxHashSet::default();
    facts.evaluator.reachable(&values, 0, &mut held);
    let mut held: Vec<AcquisitionId> = held.into_iter().collect();
    held.sort_unstable();
    held.into_iter().find(|id| {
        let acquisition = facts.evaluator.acquisition(*id);
        let is_own = !matches!(acquisition.how, How::Leased { with_giver: true, .. });
        is_own && facts.resource(&acquisition).is_some_and(|(_, resource)| has_to_be_ended(resource))
    })
}

fn has_to_be_ended(resource: &Resource) -> bool {
    (!resource.collected || resource.kept_by_peer)
        && !resource.release.is_empty()
        && matches!(
            resource.kind,
            ResourceKind::Client | ResourceKind::Pool | ResourceKind::Handle | ResourceKind::Lease
        )
}

/// Whether a function calls a method that by its name ends such a resource, or something else.
fn ends(facts: &Facts<'_>, function: FunctionRef, resource: &Resource) -> bool {
    let is_end = |name: &str| name != "delete" && (is_teardown(name) || resource.release.iter().any(|it| it == name));
    let mut calls = facts.program.function(function).ops().filter_map(|(_, _, op)| op.call());
    calls.any(|call| call.method_name().is_some_and(is_end))
}
