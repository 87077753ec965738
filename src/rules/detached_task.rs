//! `detached-task`: code that repeats starts a task that never ends, and nobody keeps the means to stop it.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::outwaited::{Outwaited, outwaited};
use crate::analysis::ownership::Fate;
use crate::analysis::tasks::{self, Owner};
use crate::analysis::undropped::undropped;
use crate::analysis::value::How;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Location;

use super::{RuleId, left_behind, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in facts.obligations.iter() {
        let acquisition = &obligation.acquisition;
        if facts.kind(acquisition) != ResourceKind::Task
            || acquisition.how != How::Created
            || !facts.is_held_to_account(acquisition.at.function)
        {
            continue;
        }
        let rate = facts.rate(acquisition.at);
        // What a program starts once may run as long as the program, and so may what each turn of its outermost loop
        // starts.
        if !facts.is_seen_to_repeat(acquisition.at) {
            continue;
        }
        let started = tasks::started(&facts.evaluator, acquisition.at);
        let Some(task) = started.into_iter().find(|task| tasks::is_endless(&facts.evaluator, *task)) else { continue };
        if is_dropped(obligation) {
            findings.push(finding(facts, obligation, task, rate, None));
        } else if let Some(kept) = tasks::keeps_its_owner(facts, obligation, task) {
            findings.push(finding(facts, obligation, task, rate, Some(kept)));
        }
    }
    for task in outwaited(facts) {
        let at = task.task.at;
        if facts.is_held_to_account(at.function) && facts.is_seen_to_repeat(at) {
            findings.push(goes_on(facts, &task));
        }
    }
    for owner in undropped(facts, ResourceKind::Task) {
        findings.extend(left_behind::finding(facts, RuleId::DetachedTask, &owner));
    }
    for owner in tasks::owners_without_drop(facts) {
        let rate = facts.frequencies.of_class(owner.class);
        // If a program has only one, it ends with the program.
        if rate > Rate::PerTurn || rate == Rate::PerCall && !facts.frequencies.is_of_program(owner.class.file) {
            findings.push(owner_finding(facts, &owner, rate));
        }
    }
}

/// Whether nobody has the handle when the function ends, on some path.
fn is_dropped(obligation: &Obligation) -> bool {
    let at_exit = obligation.at_normal_exit | obligation.at_exceptional_exit;
    at_exit.contains(Fate::HELD) && !at_exit.intersects(Fate::ESCAPED | Fate::RELEASED)
        || obligation.at_normal_exit == Fate::HELD
}

/// An endless task; `kept` is where its handle is stored in something that the task keeps alive.
fn finding(facts: &Facts<'_>, obligation: &Obligation, task: FunctionRef, rate: Rate, kept: Option<OpRef>) -> Finding {
    let acquisition = &obligation.acquisition;
    let function = acquisition.at.function;
    let noun = wording::noun(facts, acquisition);
    let chain = facts.frequencies.chain(&facts.evaluator, function);
    let mut trace = wording::chain_steps(facts, &chain, Some(acquisition.at));
    let body = Location { file: task.file, span: facts.program.function(task).name_span };
    trace.push(TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is started here") });
    trace.push(TraceStep { location: body, message: "what it runs has no way to end".to_owned() });
    trace.extend(kept.map(|at| TraceStep {
        location: facts.location(at),
        message: "what it keeps alive keeps its handle".to_owned(),
    }));
    // A function of a library may be meant to be called once; a method runs once per instance.
    let is_method = facts.program.this_class(function).is_some() || facts.program.function(function).class().is_some();
    // Of a program that is all here, nothing shows that this runs more than once.
    let is_in_doubt = rate == Rate::PerCall && chain.entry.is_none() && facts.frequencies.is_of_program(function.file);
    let severity = match rate {
        Rate::PerCall if !is_method || is_in_doubt && kept.is_none() => Severity::Note,
        _ => Severity::Warning,
    };
    let how_often = wording::rate_text(rate);
    Finding::new(
        RuleId::DetachedTask,
        severity,
        if chain.entry.is_some() { Confidence::High } else { Confidence::Medium },
        facts.location(acquisition.at),
    )
    .label(format!("started {how_often}, never stopped"))
    .function(facts.program.name_of(function))
    .resource(wording::resource_id(facts, acquisition))
    .message(match kept {
        None => format!(
            "an endless {noun} is started {how_often} and nothing can stop it{}: {}",
            if is_in_doubt { ", though nothing shows how often that is" } else { "" },
            wording::chain_text(facts, &chain, function)
        ),
        Some(_) => format!("an endless {noun} keeps its own owner alive, so that no drop ever stops it"),
    })
    .help(facts.resource(acquisition).map(|(_, resource)| resource.help.clone()).unwrap_or_default())
    .trace(trace)
}

/// A task that somebody gives up waiting for, and that nothing can end then.
fn goes_on(facts: &Facts<'_>, outwaited: &Outwaited) -> Finding {
    let noun = wording::noun(facts, &outwaited.task);
    let started = outwaited.task.at;
    let by = wording::callee_text(facts, outwaited.at);
    Finding::new(RuleId::DetachedTask, Severity::Warning, Confidence::Medium, facts.location(started))
        .label("started here, and not ended when waiting is given up")
        .function(facts.program.name_of(started.function))
        .resource(wording::resource_id(facts, &outwaited.task))
        .message(format!("the {noun} goes on when {by} gives up waiting for it, and nothing can end it"))
        .help("wait for `&mut handle` and `abort()` it when the time is over, or wait for the future itself: that is dropped")
        .trace(vec![
            TraceStep { location: facts.location(started), message: format!("the {noun} is started here") },
            TraceStep {
                location: facts.location(outwaited.at),
                message: "who waits here may stop, and drops the only handle to it".to_owned(),
            },
        ])
}

fn owner_finding(facts: &Facts<'_>, owner: &Owner, rate: Rate) -> Finding {
    let class = facts.program.class(owner.class);
    let name = class.name.as_deref().unwrap_or("the struct").to_owned();
    let (_, resource) = (owner.task, facts.evaluator.catalogue.resource(owner.task));
    let field = Location { file: owner.class.file, span: owner.field };
    let ended = Location { file: owner.class.file, span: facts.program.function(owner.ended_by).name_span };
    Finding::new(
        RuleId::DetachedTask,
        // How many instances of a library's type there are is unknown.
        if rate == Rate::PerCall { Severity::Note } else { Severity::Warning },
        Confidence::Medium,
        field,
    )
    .label("dropping the handle lets the task run on")
    .function(name.clone())
    .resource(resource.id.clone())
    .message(format!("dropping `{name}` leaves its {} running: only one of its methods ends it", resource.noun))
    .help("keep a guard in place of the token, or implement `Drop` to cancel or abort")
    .trace(vec![
        TraceStep { location: field, message: "the handle is kept here".to_owned() },
        TraceStep { location: ended, message: "this ends the task; a drop does not".to_owned() },
    ])
}
