//! `effect-without-cleanup`: a component's effect opens something that its cleanup leaves open.

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::Fate;
use crate::analysis::reentry;
use crate::analysis::rescheduled::is_kept;
use crate::analysis::unended::unended;
use crate::analysis::value::How;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{Call, Operand, Place, Root};
use crate::linking::OpRef;

use super::uncleared_timer::{Why, Words, finding, stoppers, why};
use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in facts.obligations.iter() {
        if !is_open_resource(facts, obligation) || !facts.is_held_to_account(obligation.acquisition.at.function) {
            continue;
        }
        let why = if speaks_of(facts, obligation) {
            why(facts, obligation).filter(|why| !matches!(why, Why::OutlivesInstance { .. }))
        } else {
            reentry::overwritten(facts, obligation, &stoppers(facts, obligation.id)).map(Why::RunsAgain)
        };
        if let Some(why) = why {
            let noun = wording::bare_noun(facts, &obligation.acquisition);
            let (one, this) = (wording::with_article(noun), format!("this {noun}"));
            let words = Words {
                rule: RuleId::EffectWithoutCleanup,
                one: &one,
                this: &this,
                begun: "opened",
                ended: "closed",
                ends: "closes",
                running: "open",
            };
            findings.push(finding(facts, obligation, why, &words));
        }
    }
    for obligation in unended(facts) {
        if is_of_effect(facts, obligation) {
            findings.push(left(facts, obligation, RuleId::EffectWithoutCleanup));
        }
    }
    for effect in facts.frequencies.lifecycles.effects.keys().filter(|effect| facts.is_held_to_account(**effect)) {
        let body = facts.program.function(*effect);
        for (block, index, op) in body.ops() {
            let at = effect.op(block, index);
            if op.call().is_some_and(|call| is_left_to_fire(facts, at, call)) {
                findings.push(left_to_fire(facts, at));
            }
        }
    }
}

/// Whether it belongs to a component: rendering makes it, or an effect does. What an event handler makes belongs to the
/// handler.
pub(super) fn is_of_effect(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let at = obligation.acquisition.at;
    matches!(facts.rate(at), Rate::PerInstance | Rate::PerRender)
        && (facts.frequencies.chain(&facts.evaluator, at.function).calls.is_empty()
            || facts
                .frequencies
                .lifecycles
                .effects
                .keys()
                .any(|effect| facts.evaluator.is_within(at.function, *effect)))
}

/// A resource that nothing ends, wherever it went.
pub(super) fn left(facts: &Facts<'_>, obligation: &Obligation, rule: RuleId) -> Finding {
    let acquisition = &obligation.acquisition;
    let at = acquisition.at;
    let chain = facts.frequencies.chain(&facts.evaluator, at.function);
    let rate = facts.rate(at);
    let often = match (&chain.entry, rate) {
        _ if !chain.calls.is_empty() => "again and again".to_owned(),
        (Some((label, _)), Rate::PerInstance) => format!("each time {label} runs"),
        _ => wording::rate_text(rate).to_owned(),
    };
    let one = wording::with_article(wording::bare_noun(facts, acquisition));
    let ends = wording::release_name(facts, acquisition);
    let mut trace = wording::chain_steps(facts, &chain, Some(at));
    trace.push(TraceStep { location: facts.location(at), message: "it is made here".to_owned() });
    let severity = if facts.is_of_mounted_once(at) { Severity::Note } else { Severity::Warning };
    Finding::new(rule, severity, Confidence::Medium, facts.location(at))
        .label("made here, never ended")
        .function(facts.program.name_of(at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("{one} is made {often}, and nothing that may have it calls {ends}"))
        .help(facts.resource(acquisition).map_or_else(String::new, |(_, resource)| resource.help.clone()))
        .trace(trace)
}

/// Shorter delays only let something else happen first, and no component goes away meanwhile.
const LONG_DELAY: f64 = 1_000.0;

/// Whether a call runs something after a long delay and nothing could cancel that.
fn is_left_to_fire(facts: &Facts<'_>, at: OpRef, call: &Call) -> bool {
    let is_long = |index: u32| match call.argument(index as usize) {
        Some(Operand::Number(delay)) => *delay >= LONG_DELAY,
        _ => false,
    };
    let callee = facts.evaluator.callee(at);
    let delays = callee.targets.iter().any(|target| match target {
        CallTarget::External(id) => {
            facts.evaluator.facts(*id).function.and_then(|fact| fact.delays).is_some_and(is_long)
        }
        _ => false,
    });
    delays && !is_used(facts, at, call)
}

/// Whether something reads the result of a call.
pub(super) fn is_used(facts: &Facts<'_>, at: OpRef, call: &Call) -> bool {
    is_kept(facts, at.function, &Place::new(Root::Temp(call.result)), MAX_NAMES)
}

/// The maximal number of aliases a result is followed through.
const MAX_NAMES: u32 = 3;

fn left_to_fire(facts: &Facts<'_>, at: OpRef) -> Finding {
    let callee = wording::callee_text(facts, at);
    Finding::new(RuleId::EffectWithoutCleanup, Severity::Note, Confidence::Medium, facts.location(at))
        .label("started here, never cancelled")
        .function(facts.program.name_of(at.function))
        .resource(callee.trim_matches('`').to_owned())
        .message(format!("the callback of {callee} runs even if the component is gone by then"))
        .help("keep what it returns, and cancel it in the function that the effect returns")
}

/// Whether an effect opens it, and it stays open until somebody closes it.
pub(super) fn speaks_of(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let at = obligation.acquisition.at;
    let may_stay_open = obligation.at_normal_exit.intersects(Fate::HELD | Fate::ESCAPED);
    is_open_resource(facts, obligation)
        && may_stay_open
        && facts.rate(at) == Rate::PerInstance
        && facts.frequencies.chain(&facts.evaluator, at.function).entry.is_some()
}

/// Whether it is something that stays open until somebody closes it.
fn is_open_resource(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let acquisition = &obligation.acquisition;
    let Some((_, resource)) = facts.resource(acquisition) else { return false };
    matches!(resource.kind, ResourceKind::Client | ResourceKind::Handle | ResourceKind::Pool)
        && !resource.collected
        && !matches!(acquisition.how, How::Received { .. })
}
