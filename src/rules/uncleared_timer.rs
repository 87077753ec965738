//! `uncleared-timer`: a repeating timer that is started again and again and never stopped, or not on every path.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::late_timers::{Late, LateTimer, late_timers};
use crate::analysis::lifecycles::LostCleanup;
use crate::analysis::ownership::{Effect, Fate, Identity, LeakPath};
use crate::analysis::registrations::{conditions, guard};
use crate::analysis::value::{AcquisitionId, How, Value, Values};
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{BlockId, Field, OpKind, Operand, Place, Root, VariableId};
use crate::linking::{ClassRef, FunctionRef, OpRef};

use super::{RuleId, wording};

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
    for timer in late_timers(facts) {
        let is_told = |it: &Finding| it.rule == RuleId::UnclearedTimer && it.location == facts.location(timer.at);
        let least = if timer.repeats { Rate::Once } else { Rate::PerCall };
        if facts.rate(timer.at) >= least && !findings.iter().any(is_told) {
            findings.push(late(facts, &timer));
        }
    }
}

/// A note where it ends by itself, in its own time.
fn late(facts: &Facts<'_>, timer: &LateTimer) -> Finding {
    let (message, by, what) = match timer.why {
        Late::Raced { by } => (
            "this timer goes on when the race is decided, and keeps what it captures until its time is over".to_owned(),
            by,
            "the first to be settled is enough here",
        ),
        Late::Thrown { by } => (
            format!("this timer is not stopped when {} throws", wording::callee_text(facts, by)),
            by,
            "this may throw, and the function leaves without stopping it",
        ),
        Late::Settled { by } => (
            "this timer goes on when its promise is settled in another way".to_owned(),
            by,
            "the promise is settled here, and the timer goes on",
        ),
    };
    let severity = if timer.repeats { Severity::Warning } else { Severity::Note };
    Finding::new(RuleId::UnclearedTimer, severity, Confidence::High, facts.location(timer.at))
        .label("started here")
        .function(facts.program.name_of(timer.at.function))
        .resource(wording::callee_text(facts, timer.at))
        .message(message)
        .help("keep its handle, and clear it in a `finally` around what is waited for")
        .trace(vec![
            TraceStep { location: facts.location(timer.at), message: "the timer is started here".to_owned() },
            TraceStep { location: facts.location(by), message: what.to_owned() },
        ])
}

/// How a rule words what goes on by itself until somebody ends it.
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

/// Whether any argument of the call may be a function, or hold one: a schedule without one only answers questions.
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
    /// Its function stops another timer, and not this one.
    SiblingIsStopped,
    /// It is stopped on some paths.
    Path(&'o LeakPath),
    /// Only its own callback stops it, on a flag that an event sets.
    OnlyItself {
        event: String,
    },
    /// The field that holds it is assigned again before it is stopped.
    Overwritten {
        field: String,
        event: String,
        by: OpRef,
    },
    /// Its own callback ends it, sooner or later.
    ItsOwnCallback,
    /// Nothing is done with it.
    Unused,
    /// What it was opened with here is not what it is told to give up.
    PartlyEnded {
        opened: OpRef,
    },
    /// What would stop it is never run.
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
        return only_itself(facts, obligation, rate).or_else(|| overwritten(facts, obligation));
    }
    if let Some((class, _)) = facts.holding_field(obligation.id) {
        if gives_some_field(facts, class) {
            return None;
        }
        let Some(method) = facts.teardown(class) else {
            return (rate >= Rate::PerInstance).then_some(Why::Repeats(rate));
        };
        let name = facts.program.name_of(method);
        return (facts.frequencies.of_class(class) != Rate::Once).then_some(Why::OutlivesInstance { teardown: name });
    }
    if (is_kept && !is_in_a_dead_slot(facts, obligation)) || !at_exit.intersects(Fate::HELD | Fate::ESCAPED) {
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
    // Dropped in a constructor of a class that knows how to end: nothing can stop it when the instance ends.
    let class = facts.program.this_class(at.function)?;
    let teardown = facts.teardown(class)?;
    (facts.frequencies.of_class(class) != Rate::Once && at.function != teardown)
        .then(|| Why::OutlivesInstance { teardown: facts.program.name_of(teardown) })
}

/// Why what would stop it is never run, where nothing else stops it.
fn lost_cleanup(facts: &Facts<'_>, id: AcquisitionId) -> Option<LostCleanup> {
    if facts.lost_cleanups.is_empty() || facts.released.contains(&id) {
        return None;
    }
    let lost = stoppers(facts, id).into_iter().find_map(|function| facts.lost_cleanup(function))?;
    // A promise that nobody waits for gives nothing; the caller of a hook has what that gives.
    let is_heard = matches!(lost, LostCleanup::AfterAwait { .. }) && is_handed_out(facts, id);
    (!is_heard).then_some(lost)
}

/// Whether the function that starts a timer returns it, or what stops it.
fn is_handed_out(facts: &Facts<'_>, id: AcquisitionId) -> bool {
    let returned = facts.evaluator.returns(facts.evaluator.acquisition(id).at.function);
    let mut held = rustc_hash::FxHashSet::default();
    facts.evaluator.reachable(returned, 0, &mut held);
    let given = facts.evaluator.functions_in(returned);
    held.contains(&id)
        || stoppers(facts, id).iter().any(|stopper| given.iter().any(|(function, _)| function == stopper))
}

/// A way out of an effect on which it does not return what stops the timer, where that is all that does.
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

/// Whether the class's code gives a field away whose name is computed: `for (const name of TIMERS) stop(this[name])`.
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

/// Whether the handle went nowhere but into variables of the file that nothing reads.
fn is_in_a_dead_slot(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let function = obligation.acquisition.at.function;
    let module = facts.program.module(function.file);
    let mut slots: Vec<VariableId> = Vec::new();
    let mut fields: Vec<&str> = Vec::new();
    // The members of a component that is written as an object: all that has to do with them stands in its file.
    let is_member = |target: &Place| {
        module.language.is_component() && target.root == Root::This && facts.program.this_class(function).is_none()
    };
    for (block, index, op) in facts.program.function(function).ops() {
        let OpKind::Assign { target, value } = &op.kind else { continue };
        let holds = facts
            .evaluator
            .rvalue(function.op(block, index), value)
            .resources()
            .any(|resource| resource == obligation.id);
        match (holds, &target.root, target.as_variable()) {
            (false, ..) | (true, Root::Temp(_), _) => {}
            (true, _, Some(id)) => slots.push(id),
            (true, ..) if is_member(target) => match &target.path[..] {
                [field] => fields.extend(field.name()),
                _ => return false,
            },
            (true, ..) => return false,
        }
    }
    let is_exported =
        |id: VariableId| facts.program.own_exports(function.file).any(|(_, exported)| exported.variable == id);
    let is_read = |id: VariableId| {
        let reads = |place: &Place| place.root == Root::Variable(id);
        module.functions.iter().any(|body| {
            body.ops().any(|(_, _, op)| match &op.kind {
                OpKind::Assign { target, value } => {
                    (reads(target) && !target.path.is_empty())
                        || value.operands().into_iter().filter_map(Operand::place).any(reads)
                }
                _ => op.places().into_iter().any(reads),
            }) || body
                .blocks()
                .any(|(_, block)| block.terminator.operands().into_iter().filter_map(Operand::place).any(reads))
        })
    };
    let is_field_read = |name: &str| {
        let reads = |place: &Place| place.path.iter().any(|field| field.name() == Some(name));
        module.functions.iter().any(|body| {
            body.ops().any(|(_, _, op)| match &op.kind {
                OpKind::Assign { value, .. } => value.operands().into_iter().filter_map(Operand::place).any(reads),
                _ => op.places().into_iter().any(reads),
            }) || body
                .blocks()
                .any(|(_, block)| block.terminator.operands().into_iter().filter_map(Operand::place).any(reads))
        })
    };
    !(slots.is_empty() && fields.is_empty())
        && slots.into_iter().all(|id| !is_exported(id) && !is_read(id))
        && !fields.into_iter().any(is_field_read)
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

/// The functions of the file that stop a timer, themselves or through what they call.
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

/// A timer of a connection that only its own callback stops, when a flag says so that some event of the connection
/// sets: a connection that ends while the flag is down leaves it running.
fn only_itself<'o>(facts: &Facts<'_>, obligation: &'o Obligation, rate: Rate) -> Option<Why<'o>> {
    let at = obligation.acquisition.at;
    if rate == Rate::Once {
        return None;
    }
    let [callback] = facts.evaluator.functions_in(&facts.evaluator.argument(at, 0))[..] else { return None };
    let callback = callback.0;
    let stoppers = stoppers(facts, obligation.id);
    if stoppers.is_empty() || !stoppers.iter().all(|function| facts.evaluator.is_within(*function, callback)) {
        return None;
    }
    let body = facts.program.function(callback);
    let solved = facts.solved(callback);
    let effects = &solved.effects;
    let mut blocks: Vec<BlockId> = effects
        .ops
        .iter()
        .filter(|(_, op)| op.effects.contains(&(Identity::Acquired(obligation.id), Effect::Release)))
        .map(|((block, _), _)| *block)
        .collect();
    blocks.sort_unstable();
    let mut event = None;
    for block in &blocks {
        let conditions = conditions(body, *block);
        let flags: Vec<VariableId> = conditions
            .iter()
            .flat_map(|condition| condition.places())
            .map(Place::as_variable)
            .collect::<Option<_>>()?;
        event = Some(flags.iter().find_map(|flag| raised_by(facts, callback, *flag))?);
    }
    event.map(|event| Why::OnlyItself { event })
}

/// The event whose handler sets a flag, when it belongs to something the callback works with and does not end it.
fn raised_by(facts: &Facts<'_>, callback: FunctionRef, flag: VariableId) -> Option<String> {
    let registrations = facts.registrations();
    let works_with = |id: VariableId| {
        facts.program.function(callback).mentioned_places().any(|place| place.root == Root::Variable(id))
    };
    let mut event = None;
    for definition in facts.program.index(callback.file).of_variable(flag) {
        let function = callback.sibling(definition.function);
        if facts.evaluator.is_within(function, callback) || facts.evaluator.is_within(callback, function) {
            continue;
        }
        let Some((_, addition)) = registrations.handled_by(facts, function) else { continue };
        // An end that raises the flag is an end that stops the timer.
        if !addition.event.fires_again() {
            return None;
        }
        let subject = match &facts.program.op(addition.at).call()?.callee {
            Operand::Place(place) => place.root_variable(),
            _ => None,
        };
        if subject.is_some_and(works_with) {
            event = addition.event.text().map(ToOwned::to_owned);
        }
    }
    event
}

/// A timer in a field that a handler of a recurring event assigns again, while only the instance's end stops it.
fn overwritten<'o>(facts: &Facts<'_>, obligation: &'o Obligation) -> Option<Why<'o>> {
    let at = obligation.acquisition.at;
    let (class, field) = facts.holding_field(obligation.id)?;
    let looks_at_it =
        |place: &Place| place.root == Root::This && place.path.first().is_some_and(|it| it.name() == Some(&field));
    let body = facts.program.function(at.function);
    let is_guarded = facts.frequencies.memo(&facts.evaluator, at).is_some()
        || guard(&facts.evaluator, at).is_some()
        || conditions(body, at.block).into_iter().any(|condition| condition.places().any(looks_at_it));
    let solved = facts.solved(at.function);
    let effects = &solved.effects;
    let stops_first = effects
        .in_order()
        .any(|(identity, effect)| *identity == Identity::Acquired(obligation.id) && effect == Effect::Release);
    if is_guarded || stops_first {
        return None;
    }
    let registrations = facts.registrations();
    let stops_on_event =
        stoppers(facts, obligation.id).into_iter().any(|function| registrations.handled_by(facts, function).is_some());
    if stops_on_event {
        return None;
    }
    let (by, event) = starters(facts, class, at.function).into_iter().find_map(|by| {
        let (_, addition) = registrations.handled_by(facts, by.function)?;
        let again = addition.event.fires_again() && !addition.removes_itself;
        again.then(|| (addition.at, addition.event.text().unwrap_or_default().to_owned()))
    })?;
    Some(Why::Overwritten { field, event, by })
}

/// Where the class's own code calls a method.
fn starters(facts: &Facts<'_>, class: ClassRef, method: FunctionRef) -> Vec<OpRef> {
    let mut calls = Vec::new();
    for (id, body) in facts.program.module(class.file).functions() {
        let function = FunctionRef::new(class.file, id);
        if facts.program.this_class(function) != Some(class) {
            continue;
        }
        for (block, index, op) in body.ops() {
            let at = function.op(block, index);
            if op.call().is_some() && facts.called(at).contains(&method) {
                calls.push(at);
            }
        }
    }
    calls
}

pub(super) fn finding(facts: &Facts<'_>, obligation: &Obligation, why: Why<'_>, words: &Words<'_>) -> Finding {
    let Words { one, this, begun, ended, ends, running, .. } = words;
    let acquisition = &obligation.acquisition;
    let function = acquisition.at.function;
    let started = TraceStep { location: facts.location(acquisition.at), message: format!("it is {begun} here") };
    let chain = facts.frequencies.chain(&facts.evaluator, function);
    let with_chain = || {
        let mut trace = wording::chain_steps(facts, &chain, Some(acquisition.at));
        trace.push(started.clone());
        trace
    };
    let is_of_one = matches!(why, Why::Entry(_) | Why::Repeats(_)) && facts.is_of_mounted_once(acquisition.at);
    let is_small = matches!(why, Why::ItsOwnCallback | Why::Unused) || is_of_one;
    let severity = if is_small { Severity::Note } else { Severity::Error };
    let (message, confidence, trace) = match why {
        Why::Repeats(rate) => {
            let often = wording::how_often(facts, &chain, function, rate);
            let chain = wording::chain_text(facts, &chain, function);
            (format!("{one} is {begun} {often} and never {ended}: {chain}"), Confidence::High, with_chain())
        }
        Why::Entry(label) => {
            let often = wording::each_time(facts, &chain, function, &label);
            (format!("{one} is {begun} {often} and never {ended}"), Confidence::High, with_chain())
        }
        Why::SiblingIsStopped => (
            format!("{this} is never {ended}, though another of the same function is"),
            Confidence::Medium,
            vec![started],
        ),
        Why::Path(path) => {
            let mut trace = vec![started];
            trace.extend(wording::path_steps(facts, function, path));
            (format!("{this} is not {ended} on every path"), Confidence::Medium, trace)
        }
        Why::OnlyItself { event } => (
            format!(
                "only the callback of {this} {ends} it, when `{event}` has not come in time; a connection that ends leaves it {running}"
            ),
            Confidence::Medium,
            vec![started],
        ),
        Why::Overwritten { field, event, by } => (
            format!("`this.{field}` is assigned again each time `{event}` comes, and what it held goes on"),
            Confidence::Medium,
            vec![
                TraceStep { location: facts.location(by), message: format!("`{event}` may come any number of times") },
                started,
            ],
        ),
        Why::OutlivesInstance { teardown } => {
            (format!("`{teardown}` leaves {this} {running}"), Confidence::Medium, vec![started])
        }
        Why::ItsOwnCallback => (
            format!("only the callback of {this} {ends} it, which need not be called before the component is gone"),
            Confidence::Low,
            vec![started],
        ),
        Why::Unused => (format!("{one} is {begun} and nothing is done with it"), Confidence::Low, vec![started]),
        Why::PartlyEnded { opened } => (
            format!("{this} is not {ended} altogether: what it began with here is not what it is told to give up"),
            Confidence::Medium,
            vec![
                started,
                TraceStep { location: facts.location(opened), message: "nothing gives this up again".to_owned() },
            ],
        ),
        Why::CleanupIsLost(lost) => {
            let (reason, step) = wording::lost_cleanup(facts, lost);
            (format!("{this} is never {ended}: {reason}"), Confidence::High, vec![started, step])
        }
    };
    Finding::new(words.rule, severity, confidence, facts.location(acquisition.at))
        .label(format!("{begun} here, never {ended}"))
        .function(facts.program.name_of(function))
        .resource(wording::resource_id(facts, acquisition))
        .message(message)
        .help(wording::keep_and_end(facts, acquisition))
        .trace(trace)
}
