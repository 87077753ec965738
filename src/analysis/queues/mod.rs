//! Queues: channels without a bound, what sends to them and what receives.
//!
//! Takes the facts; gives each [`Queue`] with those sends and receives of the program that are shown to be its own,
//! through clones, fields, closures, tasks, arguments and collections. [`feeds`] says what makes a send repeat,
//! [`pace`] what delays a consumer between two items, [`idle`] which receivers are kept and never used. Never judges:
//! whether the producer outruns the consumer is the rule's question.

mod ends;
pub mod feeds;
mod holders;
pub mod idle;
mod items;
pub mod pace;
mod sources;
mod uses;

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::catalogue::schema::Collection;
use crate::linking::OpRef;

/// A channel without a bound, by the call that makes it.
#[derive(Debug, Clone)]
pub struct Queue {
    pub at: OpRef,
    /// The operations that send.
    pub sends: Vec<OpRef>,
    /// The operations that send through a sender from a collection: these items are for many.
    pub told: Vec<OpRef>,
    /// The operations that receive.
    pub receives: Vec<OpRef>,
    /// Where the receiving end is stored in a field or a static, with its name.
    pub kept: Option<(OpRef, String)>,
    /// Whether unknown code has the receiving end, or it is used in a way that is not understood.
    pub escapes: bool,
    /// Whether something checks the length of the queue.
    pub is_measured: bool,
}

/// The queues of a program, in program order.
#[must_use]
pub fn queues(facts: &Facts<'_>) -> Vec<Queue> {
    let mut sites = Vec::new();
    for function in facts.program.relevant_functions().filter(|it| facts.evaluator.drops_implicitly(*it)) {
        for (block, index, op) in facts.program.function(function).ops() {
            let at = function.op(block, index);
            if op.call().is_some() && makes(facts, at) == Some(Collection::Queue) {
                sites.push(at);
            }
        }
    }
    if sites.is_empty() {
        return Vec::new();
    }
    let ends = ends::Ends::new(facts, sites.iter().copied().collect::<FxHashSet<_>>());
    uses::collect(facts, &ends, &sites)
}

/// The kind of collection that the call at `at` makes, according to the catalogue.
fn makes(facts: &Facts<'_>, at: OpRef) -> Option<Collection> {
    facts.evaluator.callee(at).targets.iter().find_map(|target| match target {
        CallTarget::External(id) => facts.evaluator.facts(*id).function?.makes,
        _ => None,
    })
}
