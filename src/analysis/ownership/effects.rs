//! What each operation of a function does to the resources it can name.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::value::{AcquiredKind, AcquisitionId, Path, Value, Values};
use crate::catalogue::schema::ResourceKind;
use crate::ir::{BlockId, Edges, Function, Operand, Place, Root, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::beliefs;
use super::captures::Captures;
use super::collector::Collector;
use super::guarded;
use super::leases;
use super::summary::{Interest, Summaries};

/// A resource as a function names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    Acquired(AcquisitionId),
    /// What the function's caller passes.
    Parameter {
        function: FunctionRef,
        index: u32,
        path: Path,
    },
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It is acquired: held, if the operation completes.
    Begin,
    /// It was made earlier and starts to hold something, if the operation completes.
    Open,
    Release,
    /// Something was set up that releases it on some paths.
    PartialRelease,
    /// It is released if the operation throws, and only then.
    ReleaseOnThrow,
    Escape(Escape),
}

/// Where a resource went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escape {
    /// Into a variable, field or container that outlives the function.
    Stored,
    /// To a callee that may keep it.
    Passed,
    /// Into a closure that lives on.
    Captured,
    /// Into what ends it when it is dropped.
    Guarded,
    /// To the caller.
    Returned,
}

/// How a `return` hands something to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    Itself,
    /// In an object, or to a closure that mentions it.
    Within,
}

/// The effects of one operation.
#[derive(Debug, Clone, Default)]
pub struct OpEffects {
    pub effects: SmallVec<[(Identity, Effect); 2]>,
    /// Whether it is taken to throw.
    pub throws: bool,
    /// Whether the function itself shows that, by a `catch` around another call of the same function.
    pub is_believed: bool,
    /// Whether it ends the process.
    pub exits: bool,
}

/// The effects of a function's operations and terminators.
#[derive(Debug, Default)]
pub struct Effects {
    pub ops: BTreeMap<(BlockId, u32), OpEffects>,
    /// By block: what its `return` hands to the caller.
    pub returns: FxHashMap<BlockId, SmallVec<[(Identity, Returned); 2]>>,
    /// Every identity mentioned, in order of first mention.
    pub identities: indexmap::IndexSet<Identity, rustc_hash::FxBuildHasher>,
}

impl Effects {
    /// Whether something opens a resource.
    pub(super) fn open(&self, identity: &Identity) -> bool {
        self.ops.values().flat_map(|op| &op.effects).any(|(it, effect)| it == identity && *effect == Effect::Open)
    }

    /// The effects of `function`, given the summaries of what it calls.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>, summaries: &Summaries, function: FunctionRef, interest: Interest) -> Self {
        let mut collector = Collector { evaluator, summaries, function, interest, captures: Captures::new(evaluator) };
        let body = evaluator.program.function(function);
        let mut effects = Self::default();
        for (block, index, op) in body.ops() {
            let at = function.op(block, index);
            let found = collector.op(at, &op.kind);
            if found.effects.is_empty() && !found.throws && !found.exits {
                continue;
            }
            let mut found = found;
            found.effects.retain(|(identity, _)| collector.is_of_interest(identity));
            for (identity, _) in &mut found.effects {
                *identity = summaries.lease_callbacks.canonical(identity.clone());
                effects.identities.insert(identity.clone());
            }
            effects.ops.insert((block, at.index), found);
        }
        for (block, content) in body.blocks() {
            let (Terminator::Return(Some(operand)) | Terminator::Throw(operand)) = &content.terminator else {
                continue;
            };
            let values = evaluator.operand(function, operand);
            // The result of a recursive call is unknown while the question is open; it is passed on all the same.
            let begun = begun_for(body, &effects, operand);
            let itself: SmallVec<[Identity; 2]> = identities(&values).collect();
            let returned: SmallVec<[(Identity, Returned); 2]> = collector
                .held_by(&values)
                .into_iter()
                .chain(begun)
                .filter(|identity| collector.is_of_interest(identity))
                .map(|identity| {
                    let way = if itself.contains(&identity) { Returned::Itself } else { Returned::Within };
                    (summaries.lease_callbacks.canonical(identity), way)
                })
                .collect();
            for (identity, _) in &returned {
                effects.identities.insert(identity.clone());
            }
            if !returned.is_empty() {
                effects.returns.insert(block, returned);
            }
        }
        effects.settle_guarded(&mut collector);
        effects.settle_captures(body, |identity| collector.is_lease(identity));
        effects.settle_rare(evaluator, function, |identity| collector.is_lease(identity));
        if let Some(given) = summaries.lease_callbacks.given_to(evaluator, function) {
            effects.identities.insert(given);
        }
        leases::add_begun(evaluator, function, &mut effects);
        leases::add_dependents(evaluator, &mut effects);
        beliefs::add(body, &mut effects);
        effects
    }

    /// The guard has to end what is put into it, whatever else the function does.
    fn settle_guarded(&mut self, collector: &mut Collector<'_, '_>) {
        let (evaluator, function) = (collector.evaluator, collector.function);
        if !evaluator.drops_implicitly(function) {
            return;
        }
        let body = evaluator.program.function(function);
        for ((block, index), op) in &mut self.ops {
            let is_given = |(identity, effect): &(Identity, Effect)| {
                matches!(effect, Effect::Escape(Escape::Passed | Escape::Captured)) && collector.is_lease(identity)
            };
            let given: SmallVec<[bool; 2]> = op.effects.iter().map(is_given).collect();
            if !given.contains(&true) {
                continue;
            }
            let at = function.op(*block, *index as usize);
            let Some(call) = body.block(*block).ops[*index as usize].call() else { continue };
            let guarded = collector.held_by(&guarded::by_call(evaluator, at, call));
            for ((identity, effect), _) in op.effects.iter_mut().zip(given).filter(|(_, is_given)| *is_given) {
                if guarded.contains(identity) {
                    *effect = Effect::Escape(Escape::Guarded);
                }
            }
        }
    }

    /// A function that gives a lease back itself has to do so on every path: a callback that may do so too, when the
    /// other side goes away or an event comes, need never run. If the function does not give it back after it has set
    /// up the callback, but before (`if (error) return done()`) or when something throws, the rest is the callback's
    /// task.
    fn settle_captures(&mut self, body: &Function, is_lease: impl Fn(&Identity) -> bool) {
        let mut released: FxHashMap<Identity, Vec<(BlockId, u32)>> = FxHashMap::default();
        for (at, op) in &self.ops {
            for (identity, effect) in &op.effects {
                if *effect == Effect::Release && is_lease(identity) {
                    released.entry(identity.clone()).or_default().push(*at);
                }
            }
        }
        for (at, op) in &mut self.ops {
            // Functions that receive the lease on the way only use it.
            op.effects.retain(|(identity, effect)| {
                *effect != Effect::Escape(Escape::Passed) || !released.contains_key(identity)
            });
            for (identity, effect) in &mut op.effects {
                let is_released_after = |releases: &Vec<(BlockId, u32)>| {
                    releases.iter().any(|release| {
                        release.0 == at.0 && release.1 >= at.1
                            || release.0 != at.0 && body.reaches(at.0, release.0, release.0, Edges::Normal)
                    })
                };
                if *effect == Effect::Escape(Escape::Captured) && released.get(identity).is_some_and(is_released_after)
                {
                    *effect = Effect::PartialRelease;
                }
            }
        }
    }

    /// A release that stands only in the handler of an error event does not happen when all goes well:
    /// `request.on("aborted", () => client.release())`. Events of the resource itself are different: they say that it
    /// is over.
    fn settle_rare(&mut self, evaluator: &Evaluator<'_>, function: FunctionRef, is_lease: impl Fn(&Identity) -> bool) {
        const RARE: &[&str] = &["error", "abort", "aborted", "timeout"];
        const LISTEN: &[&str] = &["on", "once", "addListener", "addEventListener"];
        let body = evaluator.program.function(function);
        for ((block, index), op) in &mut self.ops {
            let Some(call) = body.block(*block).ops[*index as usize].call() else { continue };
            let is_rare = matches!(call.argument(0), Some(Operand::String(event)) if RARE.contains(&event.as_str()))
                && call.method_name().is_some_and(|name| LISTEN.contains(&name));
            let Some((receiver, _)) = call.receiver().filter(|_| is_rare) else { continue };
            let own: Vec<Identity> = identities(&evaluator.place(function, &receiver)).collect();
            for (identity, effect) in &mut op.effects {
                if *effect == Effect::Escape(Escape::Captured) && is_lease(identity) && !own.contains(identity) {
                    *effect = Effect::PartialRelease;
                }
            }
        }
    }

    pub(super) fn add(&mut self, at: OpRef, identity: Identity, effect: Effect) {
        self.identities.insert(identity.clone());
        self.ops.entry((at.block, at.index)).or_default().effects.push((identity, effect));
    }

    /// The effects of all operations, in program order.
    pub fn in_order(&self) -> impl Iterator<Item = (&Identity, Effect)> {
        self.ops.values().flat_map(|op| op.effects.iter().map(|(identity, effect)| (identity, *effect)))
    }
}

/// What begins at the call whose result this operand is.
fn begun_for(body: &Function, effects: &Effects, operand: &Operand) -> SmallVec<[Identity; 1]> {
    let Some(Place { root: Root::Temp(temp), path }) = operand.place() else { return SmallVec::new() };
    if !path.is_empty() {
        return SmallVec::new();
    }
    let gives_it =
        |at: &(BlockId, u32)| body.block(at.0).ops[at.1 as usize].call().is_some_and(|call| call.result == *temp);
    effects
        .ops
        .iter()
        .filter(|(at, _)| gives_it(at))
        .flat_map(|(_, op)| &op.effects)
        .filter(|(_, effect)| *effect == Effect::Begin)
        .map(|(identity, _)| identity.clone())
        .collect()
}

/// The identities of values themselves.
pub(super) fn identities(values: &Values) -> impl Iterator<Item = Identity> + '_ {
    values.iter().filter_map(|value| match value {
        Value::Resource(id) | Value::View { of: id, .. } => Some(Identity::Acquired(*id)),
        Value::Parameter { function, index, path } => {
            Some(Identity::Parameter { function: *function, index: *index, path: path.clone() })
        }
        _ => None,
    })
}

/// Whether ownership follows an acquisition: a resource of the catalogue that holds something, or an instance of a
/// class.
pub(super) fn is_followed(evaluator: &Evaluator<'_>, id: AcquisitionId) -> bool {
    match evaluator.acquisition(id).kind {
        AcquiredKind::Catalogued(resource) => evaluator.catalogue.resource(resource).kind != ResourceKind::Stateless,
        AcquiredKind::Instance(_) => true,
    }
}
