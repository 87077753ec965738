//! What the two creation rules share: when repeated creation of a shared resource is a finding.

use crate::analysis::duplicates::{Duplicate, duplicates};
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::{self, Rate};
use crate::analysis::limits::Chain;
use crate::analysis::ownership::Fate;
use crate::analysis::told;
use crate::analysis::turns;
use crate::analysis::value::How;
use crate::analysis::wrapped::stays_wrapped;
use crate::catalogue::schema::{Opens, ResourceKind, Shared};
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{TypeRef, is_primitive};
use crate::linking::FunctionRef;
use crate::rewrite::{Hoist, Remedy};

use super::{RuleId, keeping, sharing, wording};

/// Reports the resources of `kind` that should exist once per process and are built repeatedly.
pub(super) fn check(facts: &Facts<'_>, rule: RuleId, kind: ResourceKind, findings: &mut Vec<Finding>) {
    for obligation in facts.obligations.iter() {
        if let Some(rate) = repeated(facts, kind, obligation) {
            findings.push(finding(facts, rule, obligation, rate));
        }
    }
    for duplicate in duplicates(facts) {
        if facts.kind(&duplicate.obligation.acquisition) == kind {
            findings.push(one_of_several(facts, rule, &duplicate));
        }
    }
}

/// A module's own pool, where another module of the program makes the same.
fn one_of_several(facts: &Facts<'_>, rule: RuleId, duplicate: &Duplicate<'_>) -> Finding {
    let acquisition = &duplicate.obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    let other = facts.program.path(duplicate.other.acquisition.at.function.file);
    Finding::new(rule, Severity::Warning, Confidence::Medium, facts.location(acquisition.at))
        .label("one more of the same")
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("this module and `{other}` make the same {noun} each, with a pool of its own"))
        .help("make one in a module of its own, and import it everywhere")
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: "one is made here".to_owned() },
            TraceStep {
                location: facts.location(duplicate.other.acquisition.at),
                message: "and one here, of the same program".to_owned(),
            },
        ])
}

/// How often a resource of `kind` is built, if it should be built once.
fn repeated(facts: &Facts<'_>, kind: ResourceKind, obligation: &Obligation) -> Option<Rate> {
    let acquisition = &obligation.acquisition;
    let (_, resource) = facts.resource(acquisition)?;
    let is_candidate = matches!(acquisition.how, How::Created | How::CallbackParameter { .. })
        && resource.kind == kind
        && matches!(resource.shared, Shared::Process | Shared::PerRequest)
        && facts.is_held_to_account(acquisition.at.function);
    if !is_candidate {
        return None;
    }
    let rate = facts.rate(acquisition.at);
    if !resource.tailored_by.is_empty() && rate >= Rate::PerCall {
        let chain = Chain::to(&facts.evaluator, acquisition.at, &|_| false);
        if chain.has(&resource.tailored_by) {
            return None;
        }
    }
    // Without drops it stays, whoever it was made for.
    let may_be_of_one = facts.evaluator.drops_implicitly(acquisition.at.function) || resource.may_be_own;
    if rate > Rate::PerTurn && may_be_of_one && !resource.one_off && told::by_request(facts, acquisition.at) {
        return None;
    }
    if resource.shared == Shared::PerRequest && !is_by_rendering(facts, obligation, rate) {
        return None;
    }
    // A loop that runs once builds what the start of a program needs: a fixed number of clients.
    let is_repeated = rate > Rate::PerTurn
        || rate >= Rate::PerCall
            && (is_dropped(obligation)
                || !resource.ends_on_drop
                    && (is_dropped_by_callers(facts, obligation) || is_dropped_with_its_wrapper(facts, obligation)));
    if !is_repeated {
        return None;
    }
    if is_closed_again(obligation) && is_for_the_caller(facts, obligation) || is_closed_elsewhere(facts, obligation) {
        return None;
    }
    let is_job = || resource.ends_on_drop || works_through_a_loop(facts, obligation);
    if rate == Rate::PerCall && !facts.is_seen_to_repeat(acquisition.at) && runs_its_work(facts, obligation) {
        return None;
    }
    // A client for each of what there is a key of.
    let mut calls = facts.frequencies.chain(&facts.evaluator, acquisition.at.function).calls.into_iter();
    if calls.any(|call| facts.keeps_by_key(call)) {
        return None;
    }
    // A loop of what runs once that asks somebody before it goes round again.
    let chain = || facts.frequencies.chain(&facts.evaluator, acquisition.at.function);
    if rate == Rate::PerTurn
        && chain().calls.iter().chain([&acquisition.at]).any(|call| turns::is_answered_by_people(facts, *call))
    {
        return None;
    }
    // A job for each of a list that the program begins with, which has one for all that it works through.
    if rate == Rate::PerTurn
        && works_through_a_loop(facts, obligation)
        && chain().calls.iter().chain([&acquisition.at]).all(|call| {
            let body = facts.program.function(call.function);
            body.block(call.block).loop_depth == 0 || turns::is_over_list(body, call.block)
        })
    {
        return None;
    }
    // If the program runs it once, through something unknown, there is no evidence of a second time.
    if rate == Rate::PerCall && facts.frequencies.chain(&facts.evaluator, acquisition.at.function).runs_once {
        return None;
    }
    (rate != Rate::PerCall || !is_job() || has_entry(facts, obligation)).then_some(rate)
}

/// The remedy for the repeated creation that a finding is about.
pub(super) fn remedies(facts: &Facts<'_>, finding: &Finding, kind: ResourceKind) -> Vec<Remedy> {
    let subject = facts.obligations.iter().find(|obligation| {
        facts.location(obligation.acquisition.at) == finding.location
            && obligation.acquisition.how == How::Created
            && repeated(facts, kind, obligation).is_some()
    });
    let Some(obligation) = subject else { return Vec::new() };
    let Some((_, resource)) = facts.resource(&obligation.acquisition) else { return Vec::new() };
    // What is right once per request is not right once per process.
    if resource.shared != Shared::Process {
        return Vec::new();
    }
    let present = facts.releases(obligation);
    // Other code closes it: then each caller has to have its own.
    if hands_out_cleanup(facts, obligation) || present.is_empty() && facts.released.contains(&obligation.id) {
        return Vec::new();
    }
    let alike = facts.obligations.iter().filter(|other| {
        other.acquisition.at.function.file == obligation.acquisition.at.function.file
            && other.acquisition.kind == obligation.acquisition.kind
            && other.acquisition.how == How::Created
            && repeated(facts, kind, other).is_some()
    });
    let hoist = Hoist {
        creation: finding.location,
        word: if kind == ResourceKind::Pool { "pool" } else { "client" },
        alike: alike.map(|other| facts.location(other.acquisition.at).span).collect(),
        opens: if resource.opens == Opens::Explicitly { resource.open.clone() } else { Vec::new() },
        types: resource.types.iter().map(|it| (it.clone(), !resource.generic_types.contains(it))).collect(),
        is_cloned: resource.returns_self.iter().any(|method| method == "clone"),
        present: present.iter().map(|at| facts.location(*at).span).collect(),
        is_certain: finding.severity == Severity::Error,
        is_reloaded: is_reloaded(facts, obligation),
        path: facts.program.path(obligation.acquisition.at.function.file).to_owned(),
        release: resource.release.first().cloned(),
        keepers: keeping::keepers(facts, finding.location.file),
        carriers: keeping::carriers(facts),
    };
    let shared = sharing::existing_for_creation(facts, obligation).filter(|_| present.is_empty());
    let keep = Remedy::Keep(hoist.clone());
    shared.map(Remedy::Share).into_iter().chain([Remedy::Hoist(hoist), keep]).collect()
}

/// Whether it runs under a framework that reloads modules when they change: what a module keeps is then made anew, and
/// the old one is not ended.
fn is_reloaded(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let chain = facts.frequencies.chain(&facts.evaluator, obligation.acquisition.at.function);
    let libraries = facts.evaluator.catalogue.libraries().iter().filter(|library| library.reloads);
    let mut labels = libraries.flat_map(|library| &library.entries).map(|entry| entry.label.as_str());
    chain.entry.is_some_and(|(label, _)| labels.any(|known| label.starts_with(known)))
}

/// Whether rendering itself makes it: a function that is passed on may be called once.
fn is_by_rendering(facts: &Facts<'_>, obligation: &Obligation, rate: Rate) -> bool {
    let chain = || facts.frequencies.chain(&facts.evaluator, obligation.acquisition.at.function);
    rate == Rate::PerRender && chain().calls.is_empty()
}

/// Whether the function then uses it in a loop: a job builds one for all that it works through, and if nothing says how
/// often the job runs, that is right.
fn works_through_a_loop(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let at = obligation.acquisition.at;
    let body = facts.program.function(at.function);
    let depth = body.block(at.block).loop_depth;
    body.ops().any(|(block, _, op)| {
        let Some(call) = op.call().filter(|_| body.block(block).loop_depth > depth) else { return false };
        let receiver = call.receiver().map(|(receiver, _)| facts.evaluator.place(at.function, &receiver));
        let arguments = call.arguments.iter().map(|argument| facts.evaluator.operand(at.function, &argument.value));
        receiver.into_iter().chain(arguments).any(|values| values.resources().any(|id| id == obligation.id))
    })
}

/// Whether the function gives it work to do while it waits, as the start of a program or of a system service does with
/// the runtime that it builds.
fn runs_its_work(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let function = obligation.acquisition.at.function;
    facts.program.function(function).ops().any(|(_, _, op)| {
        let Some((call, name)) = op.call().and_then(|call| Some((call, call.method_name()?))) else { return false };
        let fact = facts.evaluator.any_method(function.file, name).function;
        let receiver = call.receiver().map(|(receiver, _)| facts.evaluator.place(function, &receiver));
        fact.is_some_and(|fact| fact.calls_once.is_some())
            && receiver.is_some_and(|values| values.resources().any(|id| id == obligation.id))
    })
}

/// Whether the callers of the code that builds it are known.
fn has_entry(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let chain = facts.frequencies.chain(&facts.evaluator, obligation.acquisition.at.function);
    chain.entry.is_some() && !chain.runs_once
}

/// Whether the creation rules report this obligation where it was first made, so that the release rules need not.
pub(super) fn speaks_of(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let origins = facts.origins(&obligation.acquisition);
    let origin = origins.last().unwrap_or(&obligation.acquisition);
    facts.resource(origin).is_some_and(|(_, resource)| {
        origin.how == How::Created
            && matches!(resource.kind, ResourceKind::Pool | ResourceKind::Client)
            && resource.shared == Shared::Process
            && (facts.rate(origin.at) > Rate::PerTurn
                || (facts.rate(origin.at) >= Rate::PerCall && origins.is_empty() && is_dropped(obligation)))
            && facts.is_held_to_account(origin.at.function)
    })
}

/// Whether the function keeps it to itself and ends without closing it.
fn is_dropped(obligation: &Obligation) -> bool {
    obligation.at_normal_exit == Fate::HELD || obligation.at_normal_exit == Fate::HELD | Fate::ABSENT
}

/// Whether it is returned for one use: a caller that may run again and again keeps it no longer than that.
fn is_dropped_by_callers(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let is_rust = facts.evaluator.drops_implicitly(obligation.function);
    is_rust
        && obligation.at_normal_exit.contains(Fate::ESCAPED)
        && facts.obligations.iter().any(|other| {
            matches!(other.acquisition.how, How::Received { .. })
                && is_dropped(other)
                && facts.rate(other.acquisition.at) >= Rate::PerCall
                && facts.is_held_to_account(other.function)
                && !works_through_a_loop(facts, other)
                && !runs_its_work(facts, other)
                && facts.origins(&other.acquisition).last() == Some(&obligation.acquisition)
        })
}

/// Whether it went into a wrapper that the function keeps to itself.
fn is_dropped_with_its_wrapper(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    facts.evaluator.drops_implicitly(obligation.function)
        && obligation.at_normal_exit.contains(Fate::ESCAPED)
        && stays_wrapped(facts, obligation)
}

/// Whether it is released on every path: built and torn down again, which is slow but does not leak.
fn is_closed_again(obligation: &Obligation) -> bool {
    !(obligation.at_normal_exit | obligation.at_exceptional_exit).intersects(Fate::HELD | Fate::ESCAPED)
        && obligation.at_normal_exit.contains(Fate::RELEASED)
}

/// Whether it is passed to somebody and some code of the program closes such resources: then their number is managed
/// there, and this analysis cannot tell how many exist at a time.
fn is_closed_elsewhere(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    obligation.at_normal_exit.contains(Fate::ESCAPED)
        && facts.released.contains(&obligation.id)
        && !hands_out_cleanup(facts, obligation)
}

/// Whether its address comes from the function's caller, so that no two calls could share it.
fn is_for_the_caller(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    facts.evaluator.argument(obligation.acquisition.at, 0).iter().any(|value| match value {
        crate::analysis::value::Value::Parameter { .. } => true,
        crate::analysis::value::Value::Object { at, .. } => facts
            .evaluator
            .object_parts(*at)
            .iter()
            .any(|part| matches!(part, crate::analysis::value::Value::Parameter { .. })),
        _ => false,
    })
}

/// On a path this long each call may be behind a condition: its end need not run as often as its start.
const FAR: usize = 8;

/// Whether it replaces its predecessor, as when a configuration is reloaded: there is one at a time.
fn is_put_in_place(facts: &Facts<'_>, obligation: &Obligation, chain: &frequency::Chain) -> bool {
    let at = obligation.acquisition.at;
    if !facts.evaluator.drops_implicitly(at.function) {
        return false;
    }
    let mut goes_with_it = obligation.at_normal_exit.contains(Fate::ESCAPED);
    let mut called = None;
    for call in std::iter::once(&at).chain(chain.calls.iter().rev()) {
        // The result of a function may be stored in a place that has nothing to do with what it made.
        if called.is_some_and(|function| gives_text(facts, function)) {
            return false;
        }
        called = Some(call.function);
        // A thread that was started for it keeps it for as long as its work lasts.
        goes_with_it |= facts
            .obligations
            .iter()
            .any(|it| it.acquisition.at == *call && facts.kind(&it.acquisition) == ResourceKind::Task);
        if goes_with_it && facts.frequencies.replaces(&facts.evaluator, *call) {
            return true;
        }
    }
    false
}

/// Whether a function's written result is a text or a number, or may be one.
fn gives_text(facts: &Facts<'_>, function: FunctionRef) -> bool {
    let module = facts.program.module(function.file);
    let mut written = facts.program.function(function).return_type.as_ref();
    while let Some(TypeRef::Named { root, path, arguments }) = written {
        let Some(name) = module.type_name(root, path) else { return false };
        if name == "String" || is_primitive(name) {
            return true;
        }
        written = arguments.first().filter(|_| matches!(name.as_str(), "Result" | "Option"));
    }
    false
}

fn finding(facts: &Facts<'_>, rule: RuleId, obligation: &Obligation, rate: Rate) -> Finding {
    let acquisition = &obligation.acquisition;
    let function = acquisition.at.function;
    let noun = wording::noun(facts, acquisition);
    let chain = facts.frequencies.chain(&facts.evaluator, function);
    let ends_on_drop = facts.resource(acquisition).is_some_and(|(_, resource)| resource.ends_on_drop);
    let is_released = is_closed_again(obligation) || ends_on_drop && is_dropped(obligation);
    // In a complete program, nothing shows that this runs more than once; and what consumes its instance runs as often
    // as one is made.
    let first = chain.calls.first().map_or(function, |call| call.function);
    let is_in_doubt = rate == Rate::PerCall
        && (chain.entry.is_none() || chain.runs_once)
        && (facts.frequencies.is_of_program(function.file) || facts.program.function(first).consumes_this);
    // A client that is collected in the end, and made for users with keys of their own, costs no more than its
    // creation.
    let is_waste = facts.resource(acquisition).is_some_and(|(_, resource)| resource.collected && resource.may_be_own);
    let severity = if is_released
        || is_waste && chain.entry.is_none()
        || is_in_doubt
        || chain.calls.len() > FAR
        || is_put_in_place(facts, obligation, &chain)
        || hands_out_cleanup(facts, obligation)
    {
        Severity::Note
    } else if matches!(rate, Rate::PerCall | Rate::PerTurn | Rate::PerInstance | Rate::PerRender) || is_waste {
        Severity::Warning
    } else {
        Severity::Error
    };
    let mut trace = wording::chain_steps(facts, &chain, Some(acquisition.at));
    trace.push(TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is built here") });
    let how_often = wording::how_often(facts, &chain, function, rate);
    let what = if is_released { "built and closed again" } else { "built" };
    let resource = facts.resource(acquisition).map(|(_, resource)| resource);
    Finding::new(
        rule,
        severity,
        if chain.entry.is_some() { Confidence::High } else { Confidence::Medium },
        facts.location(acquisition.at),
    )
    .label(format!("{what} {how_often}"))
    .function(facts.program.name_of(function))
    .resource(wording::resource_id(facts, acquisition))
    .message(format!(
        "{} {noun} is {what} {how_often}{}: {}",
        wording::article(&noun),
        if is_in_doubt { ", and nothing shows how often that is" } else { "" },
        wording::chain_text(facts, &chain, function)
    ))
    .help(
        resource
            .map(|resource| resource.help.clone())
            .filter(|help| !help.is_empty())
            .unwrap_or_else(|| "build it once, at module level or behind a lazy getter, and share it".to_owned()),
    )
    .trace(trace)
}

/// Whether the function returns a way to release what it built.
fn hands_out_cleanup(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let function = obligation.acquisition.at.function;
    let returned = facts.evaluator.returns(function);
    facts.evaluator.functions_in(returned).iter().any(|(closure, _)| {
        facts.solved(*closure).summary.effects.iter().any(|(identity, fates)| {
            *identity == crate::analysis::ownership::Identity::Acquired(obligation.id)
                && fates.normal.contains(Fate::RELEASED)
        })
    })
}
