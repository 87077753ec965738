//! `uncleared-timer`: a repeating timer that is started again and again and never stopped, or not on every path.

mod again;
mod findings;
mod kept;

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::late_timers::late_timers;
use crate::analysis::lifecycles::LostCleanup;
use crate::analysis::ownership::{Fate, Identity, LeakPath};
use crate::analysis::products::end_of_product;
use crate::analysis::reentry;
use crate::analysis::registrations::guard;
use crate::analysis::rescheduled::rescheduled;
use crate::analysis::value::{AcquisitionId, How, Value, Values};
use crate::catalogue::schema::ResourceKind;
use crate::findings::Finding;
use crate::ir::{Field, Root};
use crate::linking::{ClassRef, FunctionRef, OpRef};

use super::RuleId;
pub(super) use findings::finding;

use again::{only_itself, overwritten};
use findings::{endless, late};
use kept::{is_in_a_dead_slot, is_only_captured};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in facts.obligations.iter() {
        let function = obligation.acquisition.at.function;
        let is_received = matches!(obligation.acquisition.how, How::Received { .. });
        if facts.kind(&obligation.acquisition) != ResourceKind::Timer
            || is_received
            || !runs_something(facts, obligation.acquisition.at)
            || !facts.is_held_to_account(function)
        {
            continue;
        }
        if let Some(why) = why(facts, obligation) {
            findings.push(finding(facts, obligation, why, &TIMER));
        }
    }
    for rescheduled in rescheduled(facts) {
        findings.push(endless(facts, rescheduled));
    }
    for timer in late_timers(facts) {
        let is_told = |it: &Finding| it.rule == RuleId::UnclearedTimer && it.location == facts.location(timer.at);
        let least = if timer.repeats { Rate::Once } else { Rate::PerCall };
        if facts.rate(timer.at) >= least && !findings.iter().any(is_told) {
            findings.push(late(facts, &timer));
        }
    }
}

/// So many base classes are searched for an end.
const MAX_BASES: usize = 6;

/// The words of a rule for something that keeps running until somebody ends it.
pub(super) struct Words<'w> {
    pub(super) rule: RuleId,
    /// With its article, where a message begins with it.
    pub(super) one: &'w str,
    pub(super) this: &'w str,
    pub(super) begun: &'w str,
    pub(super) ended: &'w str,
    pub(super) ends: &'w str,
    pub(super) running: &'w str,
}

const TIMER: Words<'static> = Words {
    rule: RuleId::UnclearedTimer,
    one: "a timer",
    this: "this timer",
    begun: "started",
    ended: "stopped",
    ends: "stops",
    running: "running",
};

/// Whether any argument of the call may be a function, or contain one: a schedule without one only answers questions.
fn runs_something(facts: &Facts<'_>, at: OpRef) -> bool {
    let evaluator = &facts.evaluator;
    facts.program.op(at).call().is_none_or(|call| {
        call.arguments.iter().any(|argument| {
            let values = evaluator.operand(at.function, &argument.value);
            let is_plain = |value: &Value| match value {
                Value::Text(_) | Value::Nullish => true,
                Value::Object { .. } => evaluator.functions_in(&Values::one(value.clone())).is_empty(),
                _ => false,
            };
            values.open || !values.iter().all(is_plain)
        })
    })
}

/// What makes a timer that is not stopped a leak.
pub(super) enum Why<'o> {
    Repeats(Rate),
    /// Once for each instance of something: an effect, a component.
    Entry(String),
    /// Its function stops another timer, but not this one.
    SiblingIsStopped,
    /// It is stopped on some paths.
    Path(&'o LeakPath),
    /// Only its own callback stops it, when an event has set a flag.
    OnlyItself {
        event: String,
    },
    /// The field that holds it is assigned again before it is stopped.
    Overwritten {
        field: String,
        event: String,
        by: OpRef,
    },
    /// Its function runs again for the same owner, and overwrites the handle.
    RunsAgain(reentry::Overwritten),
    /// Its own callback ends it, sooner or later.
    ItsOwnCallback,
    /// It is not used.
    Unused,
    /// It is told to give up something else than what it was opened with here.
    PartlyEnded {
        opened: OpRef,
    },
    /// The function that would stop it never runs.
    CleanupIsLost(LostCleanup),
    /// The class's teardown method leaves it running.
    OutlivesInstance {
        teardown: String,
    },
}

pub(super) fn why<'o>(facts: &Facts<'_>, obligation: &'o Obligation) -> Option<Why<'o>> {
    let at = obligation.acquisition.at;
    let rate = facts.rate(at);
    let at_exit = obligation.at_normal_exit;
    let is_kept = at_exit.contains(Fate::ESCAPED);
    if let Some(lost) = lost_cleanup(facts, obligation.id) {
        return Some(Why::CleanupIsLost(lost));
    }
    if facts.released.contains(&obligation.id) {
        // What a closure stops is stopped whenever that is called, which may have been handed on before it began.
        let in_a_closure = stoppers(facts, obligation.id).iter().any(|function| *function != at.function);
        if !in_a_closure {
            if let Some(path) = lost_path(obligation, rate) {
                return Some(Why::Path(path));
            }
            if at_exit.contains(Fate::HELD) && !is_kept && rate >= Rate::PerInstance {
                return Some(Why::Repeats(rate));
            }
        } else if let Some(path) = path_without_cleanup(facts, obligation) {
            return Some(Why::Path(path));
        }
        return only_itself(facts, obligation, rate)
            .or_else(|| overwritten(facts, obligation))
            .or_else(|| reentry::overwritten(facts, obligation, &stoppers(facts, obligation.id)).map(Why::RunsAgain));
    }
    if let Some((class, _)) = facts.holding_field(obligation.id) {
        if gives_some_field(facts, class) {
            return None;
        }
        let Some(method) = teardown(facts, class) else {
            return (rate >= Rate::PerInstance).then_some(Why::Repeats(rate));
        };
        let name = facts.program.name_of(method);
        return (facts.frequencies.of_class(class) != Rate::Once).then_some(Why::OutlivesInstance { teardown: name });
    }
    if (is_kept && !is_in_a_dead_slot(facts, obligation) && !is_only_captured(facts, obligation))
        || !at_exit.intersects(Fate::HELD | Fate::ESCAPED)
    {
        return None;
    }
    if rate == Rate::PerInstance {
        if guard(&facts.evaluator, at).is_some() {
            return None;
        }
        if let Some((label, _)) = facts.frequencies.chain(&facts.evaluator, at.function).entry {
            return Some(Why::Entry(label));
        }
    }
    if rate >= Rate::PerInstance {
        return Some(Why::Repeats(rate));
    }
    if rate == Rate::PerCall && sibling_is_stopped(facts, obligation) {
        return Some(Why::SiblingIsStopped);
    }
    if rate == Rate::PerCall
        && let Some((name, _)) = end_of_product(facts, at.function)
    {
        return Some(Why::OutlivesInstance { teardown: name });
    }
    // Dropped in a constructor of a class that knows how to end: nothing can stop it when the instance ends.
    let class = facts.program.this_class(at.function)?;
    let teardown = facts.teardown(class)?;
    (facts.frequencies.of_class(class) != Rate::Once && at.function != teardown)
        .then(|| Why::OutlivesInstance { teardown: facts.program.name_of(teardown) })
}

/// The method that ends an instance, of its class or of one that this extends.
fn teardown(facts: &Facts<'_>, class: ClassRef) -> Option<FunctionRef> {
    let bases = std::iter::successors(Some(class), |class| facts.evaluator.base_class(*class));
    bases.take(MAX_BASES).find_map(|class| facts.teardown(class))
}

/// Why the function that would stop it never runs, if nothing else stops it.
fn lost_cleanup(facts: &Facts<'_>, id: AcquisitionId) -> Option<LostCleanup> {
    if facts.lost_cleanups.is_empty() || facts.released.contains(&id) {
        return None;
    }
    let lost = stoppers(facts, id).into_iter().find_map(|function| facts.lost_cleanup(function))?;
    // The result of a promise that nobody awaits is lost; the caller of a hook has its result.
    let is_heard = matches!(lost, LostCleanup::AfterAwait { .. }) && is_handed_out(facts, id);
    (!is_heard).then_some(lost)
}

/// Whether the function that starts a timer returns it, or a function that stops it.
fn is_handed_out(facts: &Facts<'_>, id: AcquisitionId) -> bool {
    let returned = facts.evaluator.returns(facts.evaluator.acquisition(id).at.function);
    let mut held = rustc_hash::FxHashSet::default();
    facts.evaluator.reachable(returned, 0, &mut held);
    let given = facts.evaluator.functions_in(returned);
    held.contains(&id)
        || stoppers(facts, id).iter().any(|stopper| given.iter().any(|(function, _)| function == stopper))
}

/// A path out of an effect that does not return the cleanup, if only that stops the timer.
fn path_without_cleanup<'o>(facts: &Facts<'_>, obligation: &'o Obligation) -> Option<&'o LeakPath> {
    let effect = obligation.acquisition.at.function;
    if !facts.frequencies.lifecycles.effects.contains_key(&effect) || !obligation.at_normal_exit.contains(Fate::HELD) {
        return None;
    }
    let cleanups = facts.evaluator.functions_behind(facts.evaluator.returns(effect));
    let is_by_cleanup = |function: &FunctionRef| {
        *function == effect || cleanups.iter().any(|cleanup| facts.evaluator.is_within(*function, *cleanup))
    };
    stoppers(facts, obligation.id).iter().all(is_by_cleanup).then_some(obligation.normal_path.as_ref())?
}

/// Whether the class passes on a field whose name is computed: `for (const name of TIMERS) stop(this[name])`.
fn gives_some_field(facts: &Facts<'_>, class: ClassRef) -> bool {
    facts.program.module(class.file).functions().any(|(id, body)| {
        facts.program.this_class(FunctionRef::new(class.file, id)) == Some(class)
            && body.ops().filter_map(|(_, _, op)| op.call()).any(|call| {
                let given = call.arguments.iter().filter_map(|argument| argument.value.place());
                given.into_iter().any(|place| place.root == Root::This && place.path.first() == Some(&Field::Computed))
            })
    })
}

/// The path on which a timer that the function itself stops is left running.
fn lost_path(obligation: &Obligation, rate: Rate) -> Option<&LeakPath> {
    let (normal, exceptional) = (obligation.at_normal_exit, obligation.at_exceptional_exit);
    if rate <= Rate::Once || !normal.contains(Fate::RELEASED) || (normal | exceptional).contains(Fate::ESCAPED) {
        return None;
    }
    if normal.contains(Fate::HELD) {
        obligation.normal_path.as_ref()
    } else if exceptional.contains(Fate::HELD) {
        obligation.exceptional_path.as_ref()
    } else {
        None
    }
}

/// Whether the same function starts another timer that something stops.
fn sibling_is_stopped(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    facts.obligations.iter().any(|other| {
        other.id != obligation.id
            && other.acquisition.at.function == obligation.acquisition.at.function
            && facts.kind(&other.acquisition) == ResourceKind::Timer
            && facts.released.contains(&other.id)
    })
}

/// The functions of the file that stop a timer, directly or through their callees.
pub(super) fn stoppers(facts: &Facts<'_>, id: AcquisitionId) -> Vec<FunctionRef> {
    let file = facts.evaluator.acquisition(id).at.function.file;
    facts
        .program
        .module(file)
        .functions()
        .map(|(function, _)| FunctionRef::new(file, function))
        .filter(|function| {
            facts.solved(*function).summary.effects.iter().any(|(identity, fates)| {
                *identity == Identity::Acquired(id) && (fates.normal | fates.exceptional).contains(Fate::RELEASED)
            })
        })
        .collect()
}
