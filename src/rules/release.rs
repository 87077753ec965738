//! What the release rules share: a resource that is held when its function is left.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::limits::Chain;
use crate::analysis::ownership::{Fate, LeakPath};
use crate::analysis::platforms::is_only_on;
use crate::analysis::value::{AcquiredKind, How};
use crate::catalogue::schema::{Dropped, Resource, ResourceKind};
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::Place;
use crate::rewrite::{By, Release, Rollback};

use super::{RuleId, creation, disposal, effect_without_cleanup, wording};

/// How a resource is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// Nothing in the function ever releases it.
    Never,
    /// Some path without an exception.
    SomePath,
    /// Only where something throws.
    OnThrow,
}

/// Reports the obligations of a rule that are lost.
pub(super) fn check(facts: &Facts<'_>, rule: RuleId, findings: &mut Vec<Finding>) {
    for obligation in facts.obligations.iter() {
        if rule_for(facts, obligation) != Some(rule) || !facts.is_held_to_account(obligation.acquisition.at.function) {
            continue;
        }
        if goes_with_its_giver(facts, obligation) || effect_without_cleanup::speaks_of(facts, obligation) {
            continue;
        }
        if let Some((loss, path)) = loss(facts, rule, obligation) {
            findings.push(finding(facts, rule, obligation, loss, path));
        }
    }
}

/// Whether it is released with its giver, and that is lost too: then only the giver is reported.
fn goes_with_its_giver(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let How::Leased { giver: Some(giver), with_giver: true } = obligation.acquisition.how else { return false };
    facts
        .obligations
        .iter()
        .any(|other| other.id == giver && (other.at_normal_exit | other.at_exceptional_exit).contains(Fate::HELD))
}

/// The release rule that an obligation belongs to.
fn rule_for(facts: &Facts<'_>, obligation: &Obligation) -> Option<RuleId> {
    let acquisition = &obligation.acquisition;
    // A child ends by itself; a caller that gets a way to end it earlier need not use it.
    let ends_by_itself = facts.kind(acquisition) == ResourceKind::Process;
    if matches!(acquisition.how, How::Received { .. })
        && let Some(_) = facts.releasing_member(obligation)
    {
        return (!ends_by_itself).then_some(RuleId::DiscardedCleanup);
    }
    match acquisition.kind {
        AcquiredKind::Instance(class) => owns_something(facts, class).then_some(RuleId::UnclosedClient),
        AcquiredKind::Catalogued(id) => {
            let resource = facts.evaluator.catalogue.resource(id);
            match resource.kind {
                _ if resource.collected || resource.of_component => None,
                ResourceKind::Lease => Some(RuleId::UnreleasedLease),
                ResourceKind::Transaction => Some(RuleId::UnfinishedTransaction),
                ResourceKind::Pool | ResourceKind::Client | ResourceKind::Handle => Some(RuleId::UnclosedClient),
                ResourceKind::Process => Some(RuleId::UnreapedProcess),
                _ => None,
            }
        }
    }
}

/// Whether a class's instances hold something that one of its methods releases.
fn owns_something(facts: &Facts<'_>, class: crate::linking::ClassRef) -> bool {
    facts.program.members(class).any(|(method, _)| facts.solved(method).summary.releases_own_fields)
}

fn loss<'o>(facts: &Facts<'_>, rule: RuleId, obligation: &'o Obligation) -> Option<(Loss, Option<&'o LeakPath>)> {
    let lost = lost(facts, rule, obligation)?;
    // A resource that the end of a scope undoes may be lost on failure, but must not be forgotten altogether.
    (dropped(facts, obligation) != Dropped::Undone || lost.0 == Loss::Never).then_some(lost)
}

/// What the end of the scope does to the resource.
fn dropped(facts: &Facts<'_>, obligation: &Obligation) -> Dropped {
    match facts.resource(&obligation.acquisition) {
        Some((_, resource)) if facts.evaluator.drops_implicitly(obligation.function) => resource.dropped,
        _ => Dropped::Open,
    }
}

fn lost<'o>(facts: &Facts<'_>, rule: RuleId, obligation: &'o Obligation) -> Option<(Loss, Option<&'o LeakPath>)> {
    let (normal, exceptional) = (obligation.at_normal_exit, obligation.at_exceptional_exit);
    let rate = facts.rate(obligation.acquisition.at);
    let kind = facts.kind(&obligation.acquisition);
    let is_leased = matches!(kind, ResourceKind::Lease | ResourceKind::Transaction);
    if kind == ResourceKind::Process && (is_left_to_itself(facts, obligation) || is_unneeded(facts, obligation)) {
        return None;
    }
    let outlives_process = facts.resource(&obligation.acquisition).is_some_and(|(_, it)| it.outlives_process);
    // What a program makes once may live as long as the program, but leases must go back all the same. A child is
    // another program, and ends before.
    if rate == Rate::Once && !is_leased && kind != ResourceKind::Process && !outlives_process {
        return None;
    }
    if normal.contains(Fate::HELD) && !normal.contains(Fate::ESCAPED) {
        let somewhere = (normal | exceptional).contains(Fate::RELEASED);
        if !somewhere && rule != RuleId::DiscardedCleanup && creation::speaks_of(facts, obligation) {
            return None;
        }
        let loss = if somewhere { Loss::SomePath } else { Loss::Never };
        return Some((loss, obligation.normal_path.as_ref()));
    }
    if !exceptional.contains(Fate::HELD) || rate == Rate::Once {
        return None;
    }
    let mut path = obligation.exceptional_path.as_ref()?;
    // A child that cannot be killed has ended.
    if kind == ResourceKind::Process && is_failure_of_its_own(facts, obligation, path) {
        return None;
    }
    if normal.contains(Fate::ESCAPED) && !normal.contains(Fate::RELEASED) {
        // It is kept or passed on when all goes well. Losing it on failure is reported only if each failure costs one
        // more, and the function itself shows that it fails.
        path = obligation.raised_path.as_ref().filter(|_| kind != ResourceKind::Pool)?;
    } else if !normal.contains(Fate::RELEASED) {
        // There is no normal exit: a loop that only an exception ends.
        return None;
    }
    Some((Loss::OnThrow, Some(path)))
}

/// Whether a process is started once and meant to outlive its starter: its output goes elsewhere, and the starter ends
/// without mentioning it again, or has detached it.
fn is_left_to_itself(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let acquisition = &obligation.acquisition;
    let Some((_, resource)) = facts.resource(acquisition) else { return false };
    let is_by_decision = obligation.at_normal_exit.contains(Fate::HELD);
    if resource.detached_by.is_empty() || !is_by_decision || facts.rate(acquisition.at) > Rate::PerTurn {
        return false;
    }
    let chain = Chain::to(&facts.evaluator, acquisition.at, &|_| false);
    chain.has_all(&resource.detached_by)
}

/// Whether the code is compiled only for a platform whose system releases the resource.
fn is_unneeded(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let location = facts.location(obligation.acquisition.at);
    let resource = facts.resource(&obligation.acquisition);
    resource.is_some_and(|(_, resource)| is_only_on(facts.program, location, &resource.unneeded_on))
}

/// Whether a path begins with a failing method of the resource itself, or of a part taken out of it: the part was
/// requested when the resource was made.
fn is_failure_of_its_own(facts: &Facts<'_>, obligation: &Obligation, path: &LeakPath) -> bool {
    let failing = wording::first_throw(obligation.function, path);
    let Some(call) = failing.and_then(|at| facts.program.op(at).call()) else { return false };
    let is_resource =
        |place: &Place| facts.evaluator.place(obligation.function, place).resources().any(|id| id == obligation.id);
    let Some((receiver, _)) = call.receiver() else { return false };
    let takes_part =
        || call.arguments.is_empty() && receiver.split_last().is_some_and(|(whole, _)| is_resource(&whole));
    is_resource(&receiver) || takes_part()
}

fn finding(facts: &Facts<'_>, rule: RuleId, obligation: &Obligation, loss: Loss, path: Option<&LeakPath>) -> Finding {
    let acquisition = &obligation.acquisition;
    let function = obligation.function;
    let noun = wording::noun(facts, acquisition);
    let verb = verb(facts.kind(acquisition));
    let member = facts.releasing_member(obligation);
    let handle = match &member {
        Some(name) if name.is_empty() => {
            format!("the function that {} returns", wording::callee_text(facts, acquisition.at))
        }
        Some(name) => format!("`{name}` of {}", wording::callee_text(facts, acquisition.at)),
        None => wording::release_name(facts, acquisition),
    };
    let thrown = path.and_then(|path| wording::first_throw(function, path));
    let message = match (loss, thrown) {
        (Loss::Never, _) if rule == RuleId::DiscardedCleanup => {
            format!("{handle} is never called, so the {noun} stays open")
        }
        (Loss::Never, _) => format!("the {noun} is never {verb}"),
        (Loss::SomePath | Loss::OnThrow, Some(at)) => {
            let (thrower, fail) = (wording::callee_text(facts, at), wording::fail(facts, function));
            format!("the {noun} is not {verb} when {thrower} {fail}s")
        }
        (Loss::SomePath, None) => format!("the {noun} is not {verb} on every path"),
        (Loss::OnThrow, None) => {
            format!("the {noun} is not {verb} when the function {}s", wording::fail(facts, function))
        }
    };
    let mut trace: Vec<TraceStep> = facts
        .origins(acquisition)
        .iter()
        .rev()
        .map(|origin| TraceStep {
            location: facts.location(origin.at),
            message: if matches!(origin.how, How::Received { .. }) {
                "it is handed on here".to_owned()
            } else {
                format!("the {noun} is created here")
            },
        })
        .collect();
    trace.push(TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is acquired here") });
    trace.extend(path.into_iter().flat_map(|path| wording::path_steps(facts, function, path)));
    Finding::new(
        rule,
        severity(facts, rule, obligation, loss),
        if loss == Loss::Never { Confidence::High } else { Confidence::Medium },
        facts.location(acquisition.at),
    )
    .label(format!(
        "acquired here, {}",
        if loss == Loss::Never { format!("never {verb}") } else { format!("not {verb} on every path") }
    ))
    .function(facts.program.name_of(function))
    .resource(wording::resource_id(facts, acquisition))
    .message(message)
    .help(help(facts, obligation, loss, &handle))
    .trace(trace)
}

fn severity(facts: &Facts<'_>, rule: RuleId, obligation: &Obligation, loss: Loss) -> Severity {
    match (loss, dropped(facts, obligation)) {
        // One entry in the process table.
        _ if rule == RuleId::UnreapedProcess && facts.rate(obligation.acquisition.at) == Rate::Once => Severity::Note,
        (Loss::Never | Loss::SomePath, Dropped::Late) | (Loss::OnThrow, Dropped::Open | Dropped::Undone) => {
            Severity::Warning
        }
        (Loss::Never | Loss::SomePath, Dropped::Open | Dropped::Undone) => Severity::Error,
        (Loss::OnThrow, Dropped::Late) => Severity::Note,
    }
}

fn verb(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Lease => "released",
        ResourceKind::Transaction => "finished",
        ResourceKind::Process => "waited for",
        _ => "closed",
    }
}

fn help(facts: &Facts<'_>, obligation: &Obligation, loss: Loss, handle: &str) -> String {
    match (facts.resource(&obligation.acquisition), loss) {
        // Where the end of a scope releases things, there is no `finally`.
        (Some((_, resource)), _) if facts.evaluator.drops_implicitly(obligation.function) => resource.help.clone(),
        (Some((_, resource)), _) if resource.kind == ResourceKind::Transaction => {
            let undo = undo(resource).map_or_else(
                || handle.to_owned(),
                |(method, statement)| match statement {
                    Some(statement) => format!("`{statement}`"),
                    None => format!("`{method}()`"),
                },
            );
            match loss {
                Loss::OnThrow => format!("end it with {undo} in a `catch` block, before the error goes on"),
                Loss::Never | Loss::SomePath => {
                    format!("end it on every path, with {undo} in a `catch` block where something fails")
                }
            }
        }
        (_, Loss::Never) => format!("call {handle} in a `finally` block, or use a helper that does"),
        (_, Loss::SomePath | Loss::OnThrow) => format!("move {handle} into a `finally` block that every path passes"),
    }
}

/// The obligation that a finding of a release rule is about.
pub(super) fn subject<'f>(facts: &'f Facts<'_>, finding: &Finding) -> Option<&'f Obligation> {
    facts.obligations.iter().find(|obligation| {
        facts.location(obligation.acquisition.at) == finding.location
            && rule_for(facts, obligation) == Some(finding.rule)
            && !matches!(obligation.acquisition.how, How::CallbackParameter { .. } | How::Begun)
    })
}

/// The remedy that releases a resource on every path.
pub(super) fn remedy(facts: &Facts<'_>, obligation: &Obligation) -> Option<Release> {
    let (by, waits) = releaser(facts, obligation)?;
    let present = facts.releases(obligation).into_iter().map(|at| facts.location(at).span).collect();
    let by_scope = disposal::by_scope(facts, obligation).filter(|_| matches!(by, By::Method(_)));
    let by_giver = disposal::by_giver(facts, obligation);
    Some(Release { acquisition: facts.location(obligation.acquisition.at), by, waits, present, by_scope, by_giver })
}

/// The remedy that rolls back the transaction of a finding when something throws.
pub(super) fn rollback(facts: &Facts<'_>, finding: &Finding) -> Option<Rollback> {
    let obligation = facts.obligations.iter().find(|obligation| {
        facts.location(obligation.acquisition.at) == finding.location
            && rule_for(facts, obligation) == Some(finding.rule)
            && !matches!(obligation.acquisition.how, How::CallbackParameter { .. })
    })?;
    let (_, resource) = facts.resource(&obligation.acquisition)?;
    let (method, statement) = undo(resource)?;
    // A transaction begun by a method needs another form.
    if statement.is_none() && matches!(obligation.acquisition.how, How::Begun) {
        return None;
    }
    let ends = facts.releases(obligation).into_iter().map(|at| facts.location(at).span).collect();
    Some(Rollback { begin: finding.location, method: method.clone(), statement: statement.cloned(), ends })
}

/// The method that rolls a transaction back, and its statement, if it takes one.
fn undo(resource: &Resource) -> Option<(&String, Option<&String>)> {
    let undoes = |name: &&String| name.starts_with("rollback") || name.starts_with("abort");
    match resource.release_statements.iter().find(undoes) {
        Some(statement) => Some((resource.release.first()?, Some(statement))),
        None => Some((resource.release.iter().find(undoes)?, None)),
    }
}

/// The call that releases it, and whether it returns a promise.
fn releaser(facts: &Facts<'_>, obligation: &Obligation) -> Option<(By, bool)> {
    let acquisition = &obligation.acquisition;
    let resource = facts.resource(acquisition).map(|(_, resource)| resource);
    if matches!(acquisition.how, How::Received { .. })
        && let Some(handle) = facts.releasing_handle(obligation)
    {
        let is_sync = resource.is_some_and(|resource| resource.is_released_at_once());
        let waits = match handle.function {
            Some(function) => facts.gives_promise(function) && !is_sync,
            None => !is_sync,
        };
        return Some((if handle.member.is_empty() { By::Itself } else { By::Member(handle.member) }, waits));
    }
    match acquisition.kind {
        AcquiredKind::Instance(class) => {
            let teardown = facts.teardown(class)?;
            let name = facts.program.function(teardown).name.as_ref()?;
            // `[Symbol.dispose]` cannot be called by name.
            let is_plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
            is_plain.then(|| (By::Method(name.to_string()), facts.gives_promise(teardown)))
        }
        AcquiredKind::Catalogued(_) => {
            let resource = resource?;
            if !resource.release_statements.is_empty() {
                return None;
            }
            if let Some(method) = resource.release.first() {
                return Some((By::Method(method.clone()), !resource.synchronous.contains(method)));
            }
            let sync = facts.program.op(acquisition.at).call()?.method_name()?.ends_with("Sync");
            let function = resource.release_functions.iter().map(|function| function.trim_end_matches("()"));
            let mut fitting = function.filter(|function| function.ends_with("Sync") == sync);
            fitting.next().map(|function| (By::Function(function.to_owned()), !sync))
        }
    }
}
