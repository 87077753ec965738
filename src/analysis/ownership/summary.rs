//! Summaries: what a function does to resources that are not its own.
//!
//! Worked out on demand, callees before callers, and remembered. On a cycle of the call graph the member asked first
//! is solved again until its answer stands still; the answers of the others count from the last round.

use std::cell::RefCell;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::analysis::evaluate::Evaluator;
use crate::analysis::value::{AcquiredKind, AcquisitionId, How};
use crate::catalogue::schema::{Opens, ResourceKind};
use crate::ir::{FunctionId, OpKind, Root};
use crate::linking::{ClassRef, FunctionRef};

use super::effects::{Effect, Effects, Identity};
use super::flow::{Fate, Solution, solve};
use super::leases::LeaseCallbacks;
use super::sources::Sources;
use super::throws::Throws;

/// The effects of a function on the resources of its callers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// What it does to resources that existed before the call: captured, passed, or held in fields.
    pub effects: Vec<(Identity, ExitFates)>,
    /// It releases something that its class acquired and keeps.
    pub releases_own_fields: bool,
    /// It acquires (or opens) something and keeps it in a field of its class.
    pub opens_own_fields: bool,
    /// The open resources that it acquired itself and gave away.
    pub handed_over: FxHashSet<AcquisitionId>,
}

/// The fates of a resource at the two kinds of exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExitFates {
    pub normal: Fate,
    pub exceptional: Fate,
    /// It opened a resource that the caller made and passed unopened.
    pub is_opened: bool,
}

/// Which resources a question about a function concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Resources that functions acquire.
    Acquired,
    /// Also those that callers pass.
    Given,
}

/// A function with its dataflow solved.
#[derive(Debug, Default)]
pub struct Solved {
    pub effects: Effects,
    pub solution: Solution,
    pub summary: Summary,
}

/// The summaries of a program. A clone shares what is known, and remembers later answers for itself.
#[derive(Debug, Default, Clone)]
pub struct Summaries {
    pub lease_callbacks: Arc<LeaseCallbacks>,
    pub sources: Arc<Sources>,
    pub(super) throws: Throws,
    solved: RefCell<FxHashMap<Question, Arc<Solved>>>,
    open: RefCell<Open>,
}

type Question = (FunctionRef, Interest);

/// The questions that are being answered.
#[derive(Debug, Default, Clone)]
struct Open {
    frames: Vec<Frame>,
    /// Answers that depend on a provisional one, in the order given, with its depth; void when it changes.
    tentative: IndexMap<Question, usize, FxBuildHasher>,
    /// The answers of the last round, with which the next begins.
    provisional: FxHashMap<Question, Arc<Solved>>,
}

#[derive(Debug, Clone)]
struct Frame {
    question: Question,
    /// The outermost open question whose provisional answer this one used, by depth.
    rests_on: usize,
}

impl Open {
    /// Notes that the open question depends on the provisional answer of the question at this depth.
    fn rest_on(&mut self, depth: usize) {
        for frame in &mut self.frames[depth..] {
            frame.rests_on = frame.rests_on.min(depth);
        }
    }

    /// Notes that a remembered answer is used.
    fn uses(&mut self, question: Question) {
        if let Some(&depth) = self.tentative.get(&question) {
            self.rest_on(depth);
        }
    }
}

/// The maximal number of rounds for a cycle of the call graph. Fates only grow, so cycles settle in two or three
/// rounds.
const MAX_ROUNDS: usize = 4;

/// The maximal depth of calls through which a resource is followed. Real chains are shorter; this keeps hostile ones
/// off the stack.
const MAX_DEPTH: usize = 128;

impl Summaries {
    /// Finds where resources begin and end; functions are summed up when they are asked about.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>) -> Self {
        let lease_callbacks = LeaseCallbacks::of(evaluator);
        let sources = Sources::of(evaluator, &lease_callbacks);
        Self { lease_callbacks: Arc::new(lease_callbacks), sources: Arc::new(sources), ..Self::default() }
    }

    /// The function with its dataflow solved.
    #[must_use]
    pub fn get(&self, evaluator: &Evaluator<'_>, function: FunctionRef, interest: Interest) -> Arc<Solved> {
        let question = (function, self.widened(evaluator, function, interest));
        if let Some(known) = self.solved.borrow().get(&question) {
            self.open.borrow_mut().uses(question);
            return Arc::clone(known);
        }
        let (depth, tentative) = {
            let mut open = self.open.borrow_mut();
            let depth = open.frames.len();
            if let Some(at) = open.frames.iter().position(|frame| frame.question == question) {
                open.rest_on(at);
                return open.provisional.get(&question).map(Arc::clone).unwrap_or_default();
            }
            if depth == MAX_DEPTH {
                return Arc::default();
            }
            open.frames.push(Frame { question, rests_on: usize::MAX });
            (depth, open.tentative.len())
        };
        let mut answer = Arc::new(self.solve(evaluator, question));
        for _ in 1..MAX_ROUNDS {
            let mut open = self.open.borrow_mut();
            // Only the outermost member of a cycle iterates; it takes the others with it.
            let is_settled = open.frames[depth].rests_on != depth
                || open.provisional.get(&question).is_some_and(|last| last.summary == answer.summary)
                || (!open.provisional.contains_key(&question) && answer.summary == Summary::default());
            if is_settled {
                break;
            }
            open.provisional.insert(question, Arc::clone(&answer));
            for (void, _) in open.tentative.split_off(tentative) {
                if let Some(last) = self.solved.borrow_mut().remove(&void) {
                    open.provisional.insert(void, last);
                }
            }
            drop(open);
            answer = Arc::new(self.solve(evaluator, question));
        }
        let mut open = self.open.borrow_mut();
        let frame = open.frames.pop().expect("invariant: every open question has its frame");
        if frame.rests_on < depth {
            // What depended on this answer depends on what this one does.
            for rests_on in open.tentative[tentative..].values_mut() {
                *rests_on = frame.rests_on.min(*rests_on);
            }
            open.tentative.insert(question, frame.rests_on);
        } else {
            open.tentative.truncate(tentative);
        }
        self.solved.borrow_mut().insert(question, Arc::clone(&answer));
        answer
    }

    /// Questions about callbacks that receive a lease, and about functions within them, always include passed
    /// resources.
    fn widened(&self, evaluator: &Evaluator<'_>, function: FunctionRef, interest: Interest) -> Interest {
        let mut at = Some(function.function);
        while let (Some(id), Interest::Acquired) = (at, interest) {
            if self.lease_callbacks.get(function.sibling(id)).is_some() {
                return Interest::Given;
            }
            at = evaluator.program.function(function.sibling(id)).parent;
        }
        interest
    }

    fn solve(&self, evaluator: &Evaluator<'_>, (function, interest): Question) -> Solved {
        let effects = Effects::of(evaluator, self, function, interest);
        let solution = solve(evaluator, self, function, &effects);
        let summary = summarise(evaluator, function, &effects, &solution);
        Solved { effects, solution, summary }
    }

    /// Whether a class's instance holds something as soon as it is made.
    #[must_use]
    pub fn opens_when_made(&self, evaluator: &Evaluator<'_>, class: ClassRef) -> bool {
        let body = evaluator.program.class(class);
        [body.constructor, body.instance_initialiser].into_iter().flatten().any(|part| {
            let part = FunctionRef::new(class.file, part);
            self.get(evaluator, part, Interest::Acquired).summary.opens_own_fields
        })
    }

    /// Whether a resource holds something from its acquisition on, or only once it is opened.
    #[must_use]
    pub fn is_open_at_birth(&self, evaluator: &Evaluator<'_>, id: AcquisitionId) -> bool {
        let acquisition = evaluator.acquisition(id);
        if let How::Received { inner } = acquisition.how {
            let origin = evaluator.acquisition(inner).at.function;
            return self.get(evaluator, origin, Interest::Acquired).summary.handed_over.contains(&inner);
        }
        match acquisition.kind {
            AcquiredKind::Catalogued(resource) => {
                acquisition.how == How::Begun || evaluator.catalogue.resource(resource).opens != Opens::Explicitly
            }
            AcquiredKind::Instance(class) => self.opens_when_made(evaluator, class),
        }
    }

    /// Whether a resource that exists before `function` runs is worth following through it. What a module makes when it
    /// is loaded may live as long as the program.
    pub(super) fn is_live(&self, evaluator: &Evaluator<'_>, id: AcquisitionId, function: FunctionRef) -> bool {
        let made_in = evaluator.acquisition(id).at.function;
        (made_in == function || made_in.function != FunctionId::INITIALISER) && self.sources.may_hold(evaluator, id)
    }
}

fn summarise(evaluator: &Evaluator<'_>, function: FunctionRef, effects: &Effects, solution: &Solution) -> Summary {
    let class = evaluator.program.this_class(function);
    let mut summary = Summary { opens_own_fields: opens_fields(evaluator, effects, function), ..Summary::default() };
    for (index, identity) in effects.identities.iter().enumerate() {
        let is_opened = matches!(identity, Identity::Parameter { .. }) && effects.open(identity);
        let (normal, exceptional) = (solution.at_normal_exit[index], solution.at_exceptional_exit[index]);
        let fates = ExitFates { normal, exceptional, is_opened };
        match identity {
            Identity::Acquired(id) if evaluator.acquisition(*id).at.function == function => {
                if fates.normal.contains(Fate::ESCAPED) {
                    summary.handed_over.insert(*id);
                }
                continue;
            }
            Identity::Acquired(id) => {
                let owner = evaluator.acquisition(*id).at.function;
                summary.releases_own_fields |= fates.normal.contains(Fate::RELEASED)
                    && class.is_some()
                    && evaluator.program.this_class(owner) == class
                    && is_owning(evaluator, *id);
            }
            Identity::Parameter { .. } => {}
        }
        let touched = Fate::RELEASED | Fate::ESCAPED | Fate::RETURNED;
        let is_touched = is_opened || (fates.normal | fates.exceptional).intersects(touched);
        if is_touched {
            summary.effects.push((identity.clone(), fates));
        }
    }
    summary
}

/// Whether a resource in a field makes its class's instances resources.
#[must_use]
pub fn is_owning(evaluator: &Evaluator<'_>, id: AcquisitionId) -> bool {
    match evaluator.acquisition(id).kind {
        AcquiredKind::Instance(_) => true,
        AcquiredKind::Catalogued(resource) => {
            let resource = evaluator.catalogue.resource(resource);
            !resource.collected
                && !matches!(
                    resource.kind,
                    ResourceKind::Stateless | ResourceKind::Listener | ResourceKind::Timer | ResourceKind::Subscription
                )
        }
    }
}

fn opens_fields(evaluator: &Evaluator<'_>, effects: &Effects, function: FunctionRef) -> bool {
    let Some(class) = evaluator.program.this_class(function) else { return false };
    let stores = evaluator.program.function(function).ops().any(|(block, index, op)| match &op.kind {
        OpKind::Assign { target, value } if target.root == Root::This => {
            let at = function.op(block, index);
            evaluator.rvalue(at, value).resources().any(|id| {
                let acquisition = evaluator.acquisition(id);
                let opens_later = match acquisition.kind {
                    AcquiredKind::Catalogued(resource) => {
                        evaluator.catalogue.resource(resource).opens == Opens::Explicitly
                    }
                    AcquiredKind::Instance(_) => true,
                };
                acquisition.at.function == function && is_owning(evaluator, id) && !opens_later
            })
        }
        _ => false,
    });
    stores
        || effects.ops.values().flat_map(|op| &op.effects).any(|(identity, effect)| match identity {
            Identity::Acquired(id) if *effect == Effect::Open => {
                evaluator.program.this_class(evaluator.acquisition(*id).at.function) == Some(class)
            }
            _ => false,
        })
}
