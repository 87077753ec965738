//! Double releases: a release that is always followed by a second one.
//!
//! Both are written in one function. No test between them decides whether the second is reached (except one that asks
//! whether the first has happened), and nothing acquires the resource anew. An exception may lead from one to the
//! other.

use rustc_hash::FxHashSet;

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::ownership::{Effect, Effects, Identity};
use crate::ir::{BlockId, Function, OpKind, Terminator};
use crate::linking::OpRef;

/// A resource of which only the first release is right.
#[derive(Debug, Clone, Copy)]
pub struct Twice<'f> {
    pub obligation: &'f Obligation,
    pub first: OpRef,
    pub second: OpRef,
    /// The call that throws between the two, if the path leads through one.
    pub thrown_by: Option<OpRef>,
}

/// The resources of the program that some function releases twice.
#[must_use]
pub fn twice<'f>(facts: &'f Facts<'_>) -> Vec<Twice<'f>> {
    let is_once = |obligation: &&Obligation| {
        let resource = facts.resource(&obligation.acquisition);
        resource.is_some_and(|(_, resource)| !resource.release_once.is_empty())
    };
    facts.obligations.iter().filter(is_once).filter_map(|obligation| of_obligation(facts, obligation)).collect()
}

fn of_obligation<'f>(facts: &'f Facts<'_>, obligation: &'f Obligation) -> Option<Twice<'f>> {
    let function = obligation.function;
    let solved = facts.solved(function);
    let search = Search {
        effects: &solved.effects,
        body: facts.program.function(function),
        subject: Identity::Acquired(obligation.id),
        releases: facts.releases(obligation).into_iter().filter(|at| is_written(facts, obligation, *at)).collect(),
    };
    // Of several first releases, the second follows the last.
    search.releases.iter().rev().find_map(|first| {
        let (second, thrown_by) = search.after(*first)?;
        Some(Twice { obligation, first: *first, second, thrown_by })
    })
}

/// Whether an operation surely releases this and nothing else, directly: what a function of the project does with it
/// may depend on something.
fn is_written(facts: &Facts<'_>, obligation: &Obligation, at: OpRef) -> bool {
    let solved = facts.solved(at.function);
    let released = solved.effects.ops.get(&(at.block, at.index)).into_iter().flat_map(|op| &op.effects);
    let mut released = released.filter(|(_, effect)| *effect == Effect::Release);
    let only =
        matches!((released.next(), released.next()), (Some((Identity::Acquired(id), _)), None) if *id == obligation.id);
    let Some((_, resource)) = facts.resource(&obligation.acquisition) else { return false };
    let Some(call) = facts.program.op(at).call() else { return false };
    let callee = facts.evaluator.callee(at);
    let name = call.method_name().or_else(|| {
        let id = call.callee.place()?.as_variable()?;
        Some(facts.program.variable(at.function.variable(id)).name.as_str())
    });
    let is_named = name.is_some_and(|name| {
        resource.release_once.iter().any(|once| once == name)
            // The function that a callback is given to release with.
            || callee.targets.iter().all(|it| matches!(it, crate::analysis::evaluate::CallTarget::Parameter))
    });
    only && is_named && callee.functions().next().is_none()
}

struct Search<'a> {
    effects: &'a Effects,
    body: &'a Function,
    subject: Identity,
    releases: Vec<OpRef>,
}

/// A release that is reached, and the call that throws on the way.
type Found = Option<(OpRef, Option<OpRef>)>;

impl Search<'_> {
    /// The release that is always reached after `first` has completed.
    fn after(&self, first: OpRef) -> Found {
        self.from(first, first.block, first.index + 1, &mut FxHashSet::default())
    }

    fn from(&self, first: OpRef, block: BlockId, start: u32, seen: &mut FxHashSet<BlockId>) -> Found {
        let content = self.body.block(block);
        let count = u32::try_from(content.ops.len()).expect("invariant: a block has fewer than 2^32 operations");
        for index in start..count {
            let at = OpRef { block, index, ..first };
            if self.releases.contains(&at) {
                return Some((at, None));
            }
            if self.empties(&content.ops[index as usize].kind) {
                return None;
            }
            let Some(op) = self.effects.ops.get(&(block, index)) else { continue };
            if op.exits || op.effects.iter().any(|(identity, effect)| self.renews(identity, *effect)) {
                return None;
            }
            if op.throws
                && let Some((second, by)) = content.unwind.and_then(|to| self.enter(first, to, seen))
            {
                return Some((second, by.or(Some(at))));
            }
        }
        match &content.terminator {
            Terminator::Goto(to) => self.enter(first, *to, seen),
            Terminator::Branch { then, otherwise, .. } => self.all(first, &[*then, *otherwise], seen),
            Terminator::Fork(arms) => self.all(first, arms, seen),
            Terminator::Throw(_) | Terminator::Resume => self.enter(first, content.unwind?, seen),
            Terminator::Return(_) | Terminator::Unreachable => None,
        }
    }

    /// A block once on each way: what comes round again says nothing.
    fn enter(&self, first: OpRef, block: BlockId, seen: &mut FxHashSet<BlockId>) -> Found {
        if !seen.insert(block) {
            return None;
        }
        let found = self.from(first, block, 0, seen);
        seen.remove(&block);
        found
    }

    /// What every arm gets to.
    fn all(&self, first: OpRef, arms: &[BlockId], seen: &mut FxHashSet<BlockId>) -> Found {
        // Paths multiply at each branch; this many are enough for what people write between two releases.
        const WAYS: usize = 24;
        if seen.len() > WAYS {
            return None;
        }
        let mut found = None;
        for arm in arms {
            found = Some(self.enter(first, *arm, seen)?);
        }
        found
    }

    /// `client = null`, which `client?.release()` asks about.
    fn empties(&self, kind: &OpKind) -> bool {
        let (OpKind::Assign { target: place, .. } | OpKind::Delete { place }) = kind else { return false };
        let receivers = self.releases.iter().filter_map(|at| {
            let call = self.body.block(at.block).ops[at.index as usize].call()?;
            call.receiver().map(|(receiver, _)| receiver)
        });
        receivers.into_iter().any(|receiver| receiver == *place)
    }

    fn renews(&self, identity: &Identity, effect: Effect) -> bool {
        *identity == self.subject && matches!(effect, Effect::Begin | Effect::Open)
    }
}
