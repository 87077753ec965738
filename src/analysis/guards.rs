//! Named guards that end too early: with the function that set up what they are for.
//!
//! Takes the facts; gives the guards that a function drops at its end although what they serve goes on. There are three
//! kinds of evidence: the guard is for the whole program and the function's caller goes on to work; the guard works in
//! the background and nothing waits before it ends; or the function returns something that is only valid as long as the
//! guard. Guards without a name are dropped where they are made, and are not looked at here.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::ownership::Fate;
use crate::analysis::value::{AcquisitionId, How, Value};
use crate::catalogue::schema::{Resource, ResourceKind, Shared};
use crate::ir::{BlockId, Call, CallKind, OpKind, Operand, Place, Root, Rvalue, Temp, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// Why a guard ends too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooEarly {
    /// This caller of the function goes on to work.
    CallerGoesOn(OpRef),
    /// Nothing between its creation and its end takes time.
    NothingWaits,
    /// The function returns something that is only valid as long as the guard.
    ReturnsView,
}

/// The guard of an obligation, if it ends too early.
#[must_use]
pub fn too_early(facts: &Facts<'_>, obligation: &Obligation) -> Option<TooEarly> {
    let acquisition = &obligation.acquisition;
    let (_, resource) = facts.resource(acquisition)?;
    let is_own = matches!(acquisition.how, How::Created | How::Received { .. } | How::Leased { .. });
    let fate = obligation.at_normal_exit;
    let is_dropped = fate.contains(Fate::HELD) && !fate.intersects(Fate::ESCAPED | Fate::RELEASED);
    if resource.kind != ResourceKind::Guard || !is_own || !is_dropped {
        return None;
    }
    let at = acquisition.at;
    if returns_view(facts, at.function, obligation.id, resource) {
        return Some(TooEarly::ReturnsView);
    }
    let setting_up = SettingUp::after(facts, at, obligation.id);
    if resource.background && setting_up.only_sets_up(|call_at, call| !may_wait(facts, call_at, call)) {
        return Some(TooEarly::NothingWaits);
    }
    if resource.shared == Shared::Process && setting_up.only_sets_up(|call_at, _| !runs_project(facts, call_at)) {
        return going_on(facts, at.function, 0).map(TooEarly::CallerGoesOn);
    }
    None
}

/// What a function does between the creation of a guard and its end.
struct SettingUp<'f, 'p> {
    facts: &'f Facts<'p>,
    calls: Vec<OpRef>,
    loops: bool,
    guard: AcquisitionId,
    /// Futures that are passed to a task: they run later.
    deferred: FxHashSet<Temp>,
}

impl<'f, 'p> SettingUp<'f, 'p> {
    fn after(facts: &'f Facts<'p>, at: OpRef, guard: AcquisitionId) -> Self {
        let (calls, loops) = calls_after(facts, at);
        let mut deferred = FxHashSet::default();
        for call_at in calls.iter().filter(|call_at| starts_task(facts, **call_at)) {
            let argument = facts.program.op(*call_at).call().and_then(|call| call.argument(0));
            if let Some(Operand::Place(Place { root: Root::Temp(temp), .. })) = argument {
                deferred.insert(*temp);
            }
        }
        Self { facts, calls, loops, guard, deferred }
    }

    fn only_sets_up(&self, sets_up: impl Fn(OpRef, &Call) -> bool) -> bool {
        !self.loops
            && self.calls.iter().all(|at| {
                let Some(call) = self.facts.program.op(*at).call() else { return true };
                self.is_method_of_guard(*at, call) || self.deferred.contains(&call.result) || sets_up(*at, call)
            })
    }

    fn is_method_of_guard(&self, at: OpRef, call: &Call) -> bool {
        let receiver = call.receiver().map(|(place, _)| self.facts.evaluator.place(at.function, &place));
        receiver.is_some_and(|values| {
            values.iter().any(|value| match value {
                Value::Part { of, .. } => *of == self.guard,
                other => other.acquisition() == Some(self.guard),
            })
        })
    }
}

/// The calls that may come after an operation in its function, and whether a loop does.
fn calls_after(facts: &Facts<'_>, at: OpRef) -> (Vec<OpRef>, bool) {
    let body = facts.program.function(at.function);
    let mut calls = Vec::new();
    let mut loops = false;
    let mut seen = vec![false; body.blocks.len()];
    let mut work = vec![(at.block, at.index as usize + 1)];
    while let Some((id, from)) = work.pop() {
        let block = body.block(id);
        for (index, op) in block.ops.iter().enumerate().skip(from) {
            if op.call().is_some() {
                calls.push(at.function.op(id, index));
            }
        }
        loops |= block.loop_depth > body.block(at.block).loop_depth;
        for next in block.terminator.successors() {
            if !std::mem::replace(&mut seen[next.index()], true) {
                work.push((next, 0));
            }
        }
    }
    (calls, loops)
}

fn starts_task(facts: &Facts<'_>, at: OpRef) -> bool {
    let makes_task = |target: &CallTarget| match target {
        CallTarget::External(id) => {
            let known = facts.evaluator.facts(*id);
            let is_task = |it| facts.evaluator.catalogue.resource(it).kind == ResourceKind::Task;
            known.call.is_some_and(is_task) || known.function.is_some_and(|fact| fact.calls_once == Some(0))
        }
        _ => false,
    };
    facts.evaluator.callee(at).targets.iter().any(makes_task)
}

/// Whether a call may take time. Names of constructors and conversions are taken not to.
fn may_wait(facts: &Facts<'_>, at: OpRef, call: &Call) -> bool {
    let name = call.method_name().or_else(|| match &call.callee {
        Operand::Place(Place { root: Root::Global(name), .. }) => Some(name.as_str()),
        _ => None,
    });
    let Some(name) = name else { return true };
    let is_construction = call.kind == CallKind::New
        || matches!(name, "new" | "from" | "default")
        || name == "join" && call.arguments.len() == 1
        || ["as_", "to_", "into_", "with_", "from_", "is_"].iter().any(|prefix| name.starts_with(prefix))
        || name.ends_with('!');
    let is_harmless = |target: &CallTarget| match target {
        CallTarget::External(id) => {
            facts.evaluator.facts(*id).function.is_some_and(|fact| fact.borrows || fact.returns.is_some())
        }
        CallTarget::Construct(_) => true,
        _ => false,
    };
    let callee = facts.evaluator.callee(at);
    !(is_construction || starts_task(facts, at) || !callee.targets.is_empty() && callee.targets.iter().all(is_harmless))
}

fn runs_project(facts: &Facts<'_>, at: OpRef) -> bool {
    facts.evaluator.callee(at).functions().next().is_some()
}

/// A call of a function after which the caller works on, whatever path it takes without an exception; followed through
/// callers that do nothing but return.
fn going_on(facts: &Facts<'_>, function: FunctionRef, depth: u32) -> Option<OpRef> {
    const DEEP: u32 = 4;
    facts.calls.callers(facts.program, function).iter().copied().find(|at| {
        let is_program = facts.is_held_to_account(at.function);
        is_program
            && (always_works_after(facts, *at) || depth < DEEP && going_on(facts, at.function, depth + 1).is_some())
    })
}

/// Whether every way from a call to the end of its function, exceptions aside, does some work.
fn always_works_after(facts: &Facts<'_>, at: OpRef) -> bool {
    let body = facts.program.function(at.function);
    let mut seen = vec![false; body.blocks.len()];
    let mut work: Vec<(BlockId, usize)> = vec![(at.block, at.index as usize + 1)];
    let mut works = false;
    while let Some((id, from)) = work.pop() {
        let block = body.block(id);
        let mut ops = block.ops.iter().enumerate().skip(from);
        if ops.any(|(index, op)| op.call().is_some_and(|call| is_work(facts, at.function.op(id, index), call))) {
            works = true;
            continue;
        }
        match &block.terminator {
            Terminator::Return(_) => return false,
            terminator => {
                for next in terminator.successors() {
                    if !std::mem::replace(&mut seen[next.index()], true) {
                        work.push((next, 0));
                    }
                }
            }
        }
    }
    works
}

/// Whether a call may be a part of the program's work: neither a macro that prints or logs, nor the end of the process.
fn is_work(facts: &Facts<'_>, at: OpRef, call: &Call) -> bool {
    let is_macro = match &call.callee {
        Operand::Place(place) => match place.path.last() {
            Some(field) => field.name().is_some_and(|name| name.ends_with('!')),
            None => matches!(&place.root, Root::Global(name) if name.ends_with('!')),
        },
        _ => false,
    };
    let is_nothing = |target: &CallTarget| match target {
        CallTarget::External(id) => facts
            .evaluator
            .facts(*id)
            .function
            .is_some_and(|fact| fact.borrows || fact.exits || fact.infallible || fact.returns.is_some()),
        CallTarget::Construct(_) => true,
        _ => false,
    };
    let callee = facts.evaluator.callee(at);
    let does_nothing = !callee.targets.is_empty() && callee.targets.iter().all(is_nothing);
    !is_macro && call.kind == CallKind::Call && !does_nothing
}

/// Whether a function returns a view of the guard that is not a borrow: a path inside a directory that is deleted by
/// then.
fn returns_view(facts: &Facts<'_>, function: FunctionRef, guard: AcquisitionId, resource: &Resource) -> bool {
    if resource.views.is_empty() {
        return false;
    }
    let views = Views { facts, function, guard, resource };
    facts.program.function(function).blocks.iter().any(|block| match &block.terminator {
        Terminator::Return(Some(returned)) => views.holds(returned, 0),
        _ => false,
    })
}

/// Follows values backwards to the guard they are views of.
struct Views<'f, 'p> {
    facts: &'f Facts<'p>,
    function: FunctionRef,
    guard: AcquisitionId,
    resource: &'f Resource,
}

impl Views<'_, '_> {
    fn holds(&self, operand: &Operand, depth: u32) -> bool {
        const DEEP: u32 = 16;
        let Operand::Place(place) = operand else { return false };
        if depth > DEEP {
            return false;
        }
        let index = self.facts.program.index(self.function.file);
        let definitions = index.of_root(self.function.function, &place.root);
        definitions.iter().filter(|it| it.function == self.function.function).any(|definition| {
            let at = self.function.definition(definition);
            match &self.facts.program.op(at).kind {
                OpKind::Assign { value: Rvalue::Use(from) | Rvalue::Await(from), .. } => self.holds(from, depth + 1),
                OpKind::Assign { value: value @ (Rvalue::Object(_) | Rvalue::Array(_)), .. } => {
                    value.operands().iter().any(|part| self.holds(part, depth + 1))
                }
                OpKind::Call(call) if call.kind == CallKind::New => {
                    call.arguments.iter().any(|argument| self.holds(&argument.value, depth + 1))
                }
                OpKind::Call(call) => self.is_view(call, depth),
                _ => false,
            }
        })
    }

    fn is_view(&self, call: &Call, depth: u32) -> bool {
        let Some((receiver, field)) = call.receiver() else { return false };
        let is_view = field.name().is_some_and(|name| self.resource.views.iter().any(|view| view == name));
        is_view
            && (self.facts.evaluator.place(self.function, &receiver).resources().any(|id| id == self.guard)
                || self.holds(&Operand::Place(receiver), depth + 1))
    }
}
