//! Obligations: the resources that functions acquire, and what becomes of each in the function that has to release it.
//!
//! Takes what is known of ownership; gives the obligations in the program's order, and what is released where. Never
//! asks whether a function that releases is ever run.

use crate::analysis::call_graph::CallGraph;
use crate::analysis::evaluate::Evaluator;
use crate::analysis::ownership::{Effect, Fate, Identity, Interest, LeakPath, Summaries, Wanted, leak_path};
use crate::analysis::value::{AcquiredKind, Acquisition, AcquisitionId, How};
use crate::linking::FunctionRef;

/// A resource that a function acquires, and what becomes of it there.
#[derive(Debug, Clone)]
pub struct Obligation {
    pub id: AcquisitionId,
    /// The function that has to release it: the one that acquires it, or the callback that receives it.
    pub function: FunctionRef,
    pub acquisition: Acquisition,
    pub at_normal_exit: Fate,
    pub at_exceptional_exit: Fate,
    /// The shortest paths out of the function on which nobody else has it, without and with an exception.
    pub normal_path: Option<LeakPath>,
    pub exceptional_path: Option<LeakPath>,
    /// The same, out of a `throw` that the function writes.
    pub raised_path: Option<LeakPath>,
}

/// What [`collect`] finds.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) obligations: Vec<Obligation>,
    /// Resources with the functions that release them.
    pub(super) released: Vec<(FunctionRef, AcquisitionId)>,
}

/// The obligations of a program.
pub(super) fn collect(evaluator: &Evaluator<'_>, calls: &CallGraph, summaries: &Summaries) -> Collected {
    let releasing = summaries.sources.releasing(evaluator, calls);
    let mut collected = Collected::default();
    for function in evaluator.program.functions() {
        if releasing.contains(&function) || summaries.sources.acquires(evaluator.program, function) {
            of_function(evaluator, summaries, function, &mut collected);
        }
    }
    collected
}

fn of_function(evaluator: &Evaluator<'_>, summaries: &Summaries, function: FunctionRef, collected: &mut Collected) {
    let solved = summaries.get(evaluator, function, Interest::Acquired);
    let (effects, solution) = (&solved.effects, &solved.solution);
    let mut begun = Vec::new();
    for (identity, effect) in effects.in_order() {
        match (identity, effect) {
            (Identity::Acquired(id), Effect::Release | Effect::ReleaseOnThrow) => {
                collected.released.push((function, *id));
            }
            (Identity::Acquired(id), Effect::Begin) => begun.push((*id, identity.clone())),
            _ => {}
        }
    }
    begun.extend(given_lease(evaluator, summaries, function));
    for (id, identity) in begun {
        let index = effects.identities.get_index_of(&identity).expect("invariant: what begins is an identity");
        let (at_normal_exit, at_exceptional_exit) =
            (solution.at_normal_exit[index], solution.at_exceptional_exit[index]);
        let path = |fate: Fate, wanted| {
            fate.contains(Fate::HELD)
                .then(|| leak_path(evaluator, summaries, function, effects, &identity, wanted))
                .flatten()
        };
        collected.obligations.push(Obligation {
            id,
            function,
            acquisition: evaluator.acquisition(id),
            at_normal_exit,
            at_exceptional_exit,
            normal_path: path(at_normal_exit, Wanted::Normal),
            exceptional_path: path(at_exceptional_exit, Wanted::Exceptional),
            raised_path: path(at_exceptional_exit, Wanted::Raised),
        });
    }
}

/// The lease that a callback gets from its caller.
fn given_lease(
    evaluator: &Evaluator<'_>,
    summaries: &Summaries,
    function: FunctionRef,
) -> Option<(AcquisitionId, Identity)> {
    let callback = summaries.lease_callbacks.get(function)?;
    let identity = summaries.lease_callbacks.given_to(evaluator, function)?;
    let acquisition = Acquisition {
        at: callback.at,
        kind: AcquiredKind::Catalogued(callback.resource),
        how: How::CallbackParameter { callback: function, parameter: callback.parameter },
    };
    Some((evaluator.acquired_as(acquisition).acquisition()?, identity))
}
