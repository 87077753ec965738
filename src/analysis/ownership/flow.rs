//! The dataflow: what has become of each resource at every point of a function.

use bitflags::bitflags;
use rustc_hash::FxHashSet;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::value::{Value, Values};
use crate::ir::{BlockId, Condition, Function, Operand, Terminator};
use crate::linking::FunctionRef;

use super::effects::{Effect, Effects, Identity, Returned};
use super::summary::Summaries;

bitflags! {
    /// The possible states of a resource, over all paths to a point.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Fate: u8 {
        /// It does not exist (yet), or holds nothing.
        const ABSENT = 1;
        const HELD = 2;
        const RELEASED = 4;
        /// Somebody else has it.
        const ESCAPED = 8;
        /// The caller passed it, and gets it back as the result.
        const RETURNED = 16;
    }
}

/// How a function is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    Normal,
    Exceptional,
}

/// The solved dataflow of one function.
#[derive(Debug, Default)]
pub struct Solution {
    /// By block, then by identity's index: the fates at the block's start.
    pub at_entry: Vec<Option<Vec<Fate>>>,
    /// By identity's index.
    pub at_normal_exit: Vec<Fate>,
    pub at_exceptional_exit: Vec<Fate>,
}

/// What a block does to the fates that come in.
pub(super) struct Transfer<'a, 'p> {
    pub evaluator: &'a Evaluator<'p>,
    pub summaries: &'a Summaries,
    pub function: FunctionRef,
    pub body: &'a Function,
    pub effects: &'a Effects,
    /// Identities that exist before the function begins, by index.
    pub foreign: Vec<bool>,
    /// The function's own parameters, which a `return` gives back to the caller.
    own_parameters: Vec<bool>,
    /// By block, by arm: identities that a guarded release on the other arm accounts for.
    guards: rustc_hash::FxHashMap<(BlockId, BlockId), Vec<usize>>,
}

/// A way out of a block.
pub(super) enum Leave {
    To(BlockId),
    Out(Exit),
}

impl<'a, 'p> Transfer<'a, 'p> {
    pub(super) fn new(
        evaluator: &'a Evaluator<'p>,
        summaries: &'a Summaries,
        function: FunctionRef,
        effects: &'a Effects,
    ) -> Self {
        let body = evaluator.program.function(function);
        let foreign = effects
            .identities
            .iter()
            .map(|identity| match identity {
                Identity::Acquired(id) => evaluator.acquisition(*id).at.function != function,
                Identity::Parameter { .. } => true,
            })
            .collect();
        let lease = summaries.lease_callbacks.given_to(evaluator, function);
        let own_parameters = effects
            .identities
            .iter()
            .map(|identity| match identity {
                Identity::Parameter { function: of, .. } => *of == function && lease.as_ref() != Some(identity),
                Identity::Acquired(_) => false,
            })
            .collect();
        let guards = rustc_hash::FxHashMap::default();
        let mut transfer = Self { evaluator, summaries, function, body, effects, foreign, own_parameters, guards };
        transfer.find_guards();
        transfer
    }

    pub(super) fn start(&self) -> Vec<Fate> {
        self.foreign.iter().map(|foreign| if *foreign { Fate::HELD } else { Fate::ABSENT }).collect()
    }

    /// Runs a block; calls `leave` for every edge out of it with the fates there. The operation's index says which
    /// throwing operation an exceptional edge belongs to.
    pub(super) fn run(&self, block: BlockId, mut fates: Vec<Fate>, leave: &mut dyn FnMut(Leave, Option<u32>, &[Fate])) {
        let content = self.body.block(block);
        let unwind = || content.unwind.map_or(Leave::Out(Exit::Exceptional), Leave::To);
        for index in 0u32..u32::try_from(content.ops.len()).expect("invariant: a block has fewer than 2^32 operations")
        {
            let Some(op) = self.effects.ops.get(&(block, index)) else { continue };
            if op.exits {
                return;
            }
            if op.throws {
                let mut thrown = fates.clone();
                for (identity, effect) in &op.effects {
                    let fate = &mut thrown[self.index(identity)];
                    *fate = match effect {
                        // An attempt to release counts, and a failed call may have kept its arguments.
                        Effect::Release | Effect::ReleaseOnThrow => moved(*fate, Fate::RELEASED),
                        Effect::Escape(_) => given_away(*fate),
                        Effect::Begin | Effect::Open | Effect::PartialRelease => *fate,
                    };
                }
                leave(unwind(), Some(index), &thrown);
            }
            for (identity, effect) in &op.effects {
                let at = self.index(identity);
                fates[at] = match effect {
                    Effect::Begin => self.begun(identity),
                    Effect::Open => opened(fates[at]),
                    Effect::Release => moved(fates[at], Fate::RELEASED),
                    Effect::PartialRelease if fates[at].contains(Fate::HELD) => fates[at] | Fate::RELEASED,
                    Effect::ReleaseOnThrow | Effect::PartialRelease => fates[at],
                    Effect::Escape(_) => given_away(fates[at]),
                };
            }
        }
        match &content.terminator {
            Terminator::Return(_) | Terminator::Throw(_) => {
                let returns = matches!(content.terminator, Terminator::Return(_));
                for (identity, way) in self.effects.returns.get(&block).into_iter().flatten() {
                    let at = self.index(identity);
                    let is_handed_back = returns && *way == Returned::Itself && self.own_parameters[at];
                    fates[at] = moved(fates[at], if is_handed_back { Fate::RETURNED } else { Fate::ESCAPED });
                }
                if returns {
                    leave(Leave::Out(Exit::Normal), None, &fates);
                } else {
                    leave(unwind(), None, &fates);
                }
            }
            Terminator::Resume => leave(unwind(), None, &fates),
            Terminator::Unreachable => {}
            Terminator::Goto(to) => leave(Leave::To(*to), None, &fates),
            Terminator::Fork(arms) => {
                for arm in arms {
                    let arm_fates = self.guarded(block, *arm, &fates);
                    leave(Leave::To(*arm), None, &arm_fates);
                }
            }
            Terminator::Branch { condition, then, otherwise } => {
                for (arm, holds) in [(*then, true), (*otherwise, false)] {
                    let mut arm_fates = self.guarded(block, arm, &fates);
                    self.refine(condition, holds, &mut arm_fates);
                    leave(Leave::To(arm), None, &arm_fates);
                }
            }
        }
    }

    pub(super) fn index(&self, identity: &Identity) -> usize {
        self.effects.identities.get_index_of(identity).expect("invariant: effects mention collected identities only")
    }

    /// A resource that must be opened first holds nothing when it is made.
    fn begun(&self, identity: &Identity) -> Fate {
        match identity {
            Identity::Acquired(id) if !self.summaries.is_open_at_birth(self.evaluator, *id) => Fate::ABSENT,
            _ => Fate::HELD,
        }
    }

    /// On the arm where the handle is nullish there is no resource.
    fn refine(&self, condition: &Condition, holds: bool, fates: &mut [Fate]) {
        if let (Condition::Truthy(operand), true) = (condition, holds) {
            for value in &self.evaluator.operand(self.function, operand) {
                for excluded in self.summaries.lease_callbacks.excluded_by(value) {
                    if let Some(index) = self.effects.identities.get_index_of(&excluded) {
                        fates[index] = Fate::ABSENT;
                    }
                }
            }
        }
        let tested = match condition {
            Condition::Truthy(Operand::Place(place)) if !holds => place,
            Condition::Compare { comparison: crate::ir::Comparison::Equal, left, right } if holds => {
                match (left, right) {
                    (Operand::Place(place), Operand::Nullish) | (Operand::Nullish, Operand::Place(place)) => place,
                    _ => return,
                }
            }
            _ => return,
        };
        let values = self.evaluator.place(self.function, tested);
        // `{ fd, path }` that a callee may have made: if it is not there, what only it would have brought is not there
        // either.
        let mut made_elsewhere = Values::default();
        for value in values.iter().filter(|it| matches!(it, Value::Object { at, .. } if at.function != self.function)) {
            made_elsewhere.add(value.clone());
        }
        let mut brought = FxHashSet::default();
        self.evaluator.reachable(&made_elsewhere, 0, &mut brought);
        let brought = brought.into_iter().map(Identity::Acquired);
        for identity in super::effects::identities(&values).chain(brought) {
            if let Some(index) = self.effects.identities.get_index_of(&identity)
                && fates[index].contains(Fate::HELD)
            {
                fates[index] = (fates[index] - Fate::HELD) | Fate::ABSENT;
            }
        }
        // A flag or an alias computed together with the handle (`{ client, done }`) is not followed.
    }

    /// `if (mine) client.release()`: on the arm without the release there is nothing to release. The same holds for the
    /// path past a loop that releases each element.
    fn guarded(&self, block: BlockId, arm: BlockId, fates: &[Fate]) -> Vec<Fate> {
        let mut fates = fates.to_vec();
        for index in self.guards.get(&(block, arm)).into_iter().flatten() {
            fates[*index] = moved(fates[*index], Fate::RELEASED);
        }
        fates
    }

    fn find_guards(&mut self) {
        let mut guards = rustc_hash::FxHashMap::default();
        for (block, content) in self.body.blocks() {
            match &content.terminator {
                Terminator::Branch { then, otherwise, .. } => {
                    for (arm, other) in [(*then, *otherwise), (*otherwise, *then)] {
                        let released = self.released_before(block, arm, other);
                        if !released.is_empty() {
                            guards.insert((block, other), released);
                        }
                    }
                }
                Terminator::Fork(arms) => {
                    for arm in arms {
                        let released = self.released_before(block, *arm, block);
                        for other in arms.iter().filter(|other| *other != arm && !released.is_empty()) {
                            guards.insert((block, *other), released.clone());
                        }
                    }
                }
                _ => {}
            }
        }
        self.guards = guards;
    }

    /// The identities released between `from` and `to`, if the path is short and leads nowhere else. Coming by `fork`
    /// again is another turn of a loop, with another resource.
    fn released_before(&self, fork: BlockId, from: BlockId, to: BlockId) -> Vec<usize> {
        const SHORT: usize = 8;
        let mut released = Vec::new();
        let (mut work, mut seen, mut arrives) = (vec![from], vec![from], false);
        while let Some(block) = work.pop() {
            let ops = self.body.block(block).ops.len();
            for index in 0..u32::try_from(ops).expect("invariant: a block has fewer than 2^32 operations") {
                for (identity, effect) in self.effects.ops.get(&(block, index)).iter().flat_map(|op| &op.effects) {
                    if *effect == Effect::Release {
                        released.push(self.index(identity));
                    }
                }
            }
            // If nothing follows, each arm has its own exit.
            arrives |= self.is_bare_exit(to) && self.body.block(block).terminator == self.body.block(to).terminator;
            for next in self.body.block(block).terminator.successors() {
                if next == to {
                    arrives = true;
                } else if next != fork && !seen.contains(&next) {
                    if seen.len() == SHORT {
                        return Vec::new();
                    }
                    seen.push(next);
                    work.push(next);
                }
            }
        }
        if arrives { released } else { Vec::new() }
    }
}

impl Transfer<'_, '_> {
    /// Whether a block does nothing but leave the function.
    fn is_bare_exit(&self, block: BlockId) -> bool {
        let content = self.body.block(block);
        content.ops.is_empty() && matches!(content.terminator, Terminator::Resume | Terminator::Return(None))
    }
}

fn moved(fate: Fate, to: Fate) -> Fate {
    if fate.contains(Fate::HELD) { (fate - Fate::HELD) | to } else { fate }
}

/// What somebody else got hold of before it was opened is theirs to close as well.
fn given_away(fate: Fate) -> Fate {
    if fate.intersects(Fate::HELD | Fate::ABSENT) { (fate - Fate::HELD - Fate::ABSENT) | Fate::ESCAPED } else { fate }
}

fn opened(fate: Fate) -> Fate {
    if fate.intersects(Fate::ABSENT | Fate::RELEASED) {
        (fate - Fate::ABSENT - Fate::RELEASED) | Fate::HELD
    } else {
        fate
    }
}

/// Solves the dataflow of `function` to its fixpoint.
pub fn solve(evaluator: &Evaluator<'_>, summaries: &Summaries, function: FunctionRef, effects: &Effects) -> Solution {
    let transfer = Transfer::new(evaluator, summaries, function, effects);
    let count = effects.identities.len();
    let mut solution = Solution {
        at_entry: vec![None; transfer.body.blocks.len()],
        at_normal_exit: vec![Fate::empty(); count],
        at_exceptional_exit: vec![Fate::empty(); count],
    };
    solution.at_entry[BlockId::ENTRY.index()] = Some(transfer.start());
    let mut work = vec![BlockId::ENTRY];
    while let Some(block) = work.pop() {
        let Some(fates) = solution.at_entry[block.index()].clone() else { continue };
        transfer.run(block, fates, &mut |leave, _, fates| match leave {
            Leave::To(next) => {
                let entry = &mut solution.at_entry[next.index()];
                let changed = match entry {
                    None => {
                        *entry = Some(fates.to_vec());
                        true
                    }
                    Some(known) => join(known, fates),
                };
                if changed {
                    work.push(next);
                }
            }
            Leave::Out(Exit::Normal) => {
                join(&mut solution.at_normal_exit, fates);
            }
            Leave::Out(Exit::Exceptional) => {
                join(&mut solution.at_exceptional_exit, fates);
            }
        });
    }
    solution
}

fn join(known: &mut [Fate], more: &[Fate]) -> bool {
    let mut changed = false;
    for (known, more) in known.iter_mut().zip(more) {
        changed |= !known.contains(*more);
        *known |= *more;
    }
    changed
}
