//! `unclosed-subscription`: a subscription or an observer is started again and again and never ended.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::hubs::{Left, left_in_hubs};
use crate::analysis::ownership::{Effect, Identity};
use crate::analysis::registrations::PlaceId;
use crate::analysis::registrations::guard;
use crate::analysis::value::How;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{FunctionKind, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Location;

use super::effect_without_cleanup::is_used;
use super::uncleared_timer::{Why, Words, finding, stoppers, why};
use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in facts.obligations.iter() {
        let acquisition = &obligation.acquisition;
        if facts.kind(acquisition) != ResourceKind::Subscription
            || matches!(acquisition.how, How::Received { .. })
            || !facts.is_held_to_account(acquisition.at.function)
            || goes_with_its_source(facts, obligation)
            || is_about_its_maker(facts, obligation)
        {
            continue;
        }
        let told = why(facts, obligation)
            .map(|why| if ends_what_it_is_given(facts, obligation) { Why::ItsOwnCallback } else { why })
            .or_else(|| partly_ended(facts, obligation))
            .or_else(|| ended_by_itself(facts, obligation))
            .or_else(|| unused(facts, obligation));
        if let Some(why) = told {
            let noun = wording::bare_noun(facts, acquisition);
            let (one, this) = (wording::with_article(noun), format!("this {noun}"));
            let words = Words {
                rule: RuleId::UnclosedSubscription,
                one: &one,
                this: &this,
                begun: "begun",
                ended: "ended",
                ends: "ends",
                running: "open",
            };
            findings.push(finding(facts, obligation, why, &words));
        }
    }
    for left in left_in_hubs(facts) {
        let function = left.at.function;
        let repeats = facts.rate(left.at) >= Rate::PerInstance
            && facts.frequencies.chain(&facts.evaluator, function).entry.is_some()
            && guard(&facts.evaluator, left.at).is_none();
        if repeats && facts.is_held_to_account(function) {
            findings.push(left_in_hub(facts, &left));
        }
    }
}

/// A callback that a function of the project keeps, if its result is dropped.
fn left_in_hub(facts: &Facts<'_>, left: &Left) -> Finding {
    let rate = facts.rate(left.at);
    let chain = facts.frequencies.chain(&facts.evaluator, left.at.function);
    let often = match (&chain.entry, rate) {
        (Some((label, _)), Rate::PerInstance) => wording::each_time(facts, &chain, left.at.function, label),
        _ => wording::how_often(facts, &chain, left.at.function, rate),
    };
    let callee = wording::callee_text(facts, left.at);
    let mut trace = wording::chain_steps(facts, &chain, Some(left.at));
    trace.push(TraceStep { location: facts.location(left.at), message: "the callback is given away here".to_owned() });
    trace.push(TraceStep { location: facts.location(left.kept), message: "it is kept here".to_owned() });
    trace.push(TraceStep {
        location: Location { file: left.remover.file, span: facts.program.function(left.remover).name_span },
        message: "only the function that is returned here takes it out again".to_owned(),
    });
    Finding::new(
        RuleId::UnclosedSubscription,
        if facts.is_of_mounted_once(left.at) { Severity::Note } else { Severity::Error },
        Confidence::High,
        facts.location(left.at),
    )
    .label("what ends it is dropped")
    .function(facts.program.name_of(left.at.function))
    .resource(callee.trim_matches('`'))
    .message(format!("{callee} is given a callback {often}, and the function that takes it out again is dropped"))
    .help("keep the function that it returns, and call it when the owner ends")
    .trace(trace)
}

/// Whether its source lives no longer than the subscriber: then they go together.
fn goes_with_its_source(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let How::Leased { giver, with_giver: true } = obligation.acquisition.how else { return false };
    let Some(giver) = giver else { return true };
    let (source, subscriber) = (facts.evaluator.acquisition(giver).at.function, obligation.acquisition.at.function);
    let made = match facts.program.this_class(source) {
        Some(class) if facts.program.this_class(subscriber) == Some(class) => return true,
        Some(class) => facts.frequencies.of_class(class),
        None => facts.rate(facts.evaluator.acquisition(giver).at),
    };
    made != Rate::Once || facts.evaluator.is_within(subscriber, source) && !facts.evaluator.is_initialiser(source)
}

/// Whether an instance makes it once, and only observes itself with it: an instance that is gone is not observed.
fn is_about_its_maker(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let function = obligation.acquisition.at.function;
    let is_itself = |at: &OpRef| {
        let watched = facts.program.op(*at).call().and_then(|call| call.argument(0)?.place());
        watched.is_some_and(|place| place.root == Root::This && place.path.is_empty())
    };
    let opened = with_effect(facts, obligation, function, Effect::Open);
    matches!(facts.program.function(function).kind, FunctionKind::Constructor { .. })
        && !opened.is_empty()
        && opened.iter().all(is_itself)
}

/// An observer that an effect makes and does not use.
fn unused(facts: &Facts<'_>, obligation: &Obligation) -> Option<Why<'static>> {
    let at = obligation.acquisition.at;
    let is_effect = facts.frequencies.lifecycles.effects.contains_key(&at.function);
    let call = facts.program.op(at).call()?;
    (is_effect && !is_used(facts, at, call)).then_some(Why::Unused)
}

/// The callback of an observer that ends it by the name it has there: `new IntersectionObserver((entries, observer) => …)`.
fn ends_what_it_is_given(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let at = obligation.acquisition.at;
    let Some((_, resource)) = facts.resource(&obligation.acquisition) else { return false };
    let [(callback, _)] = facts.evaluator.functions_in(&facts.evaluator.argument(at, 0))[..] else { return false };
    let body = facts.program.function(callback);
    let Some(own) = body.parameters.get(OWN_PARAMETER).map(|it| it.variable) else { return false };
    body.ops().filter_map(|(_, _, op)| op.call()).any(|call| {
        let is_end = call.method_name().is_some_and(|name| resource.release.iter().any(|it| it == name));
        is_end && call.receiver().is_some_and(|(receiver, _)| receiver.as_variable() == Some(own))
    })
}

/// Where the callbacks of observers are given the observer.
const OWN_PARAMETER: usize = 1;

/// The callback of an observer in an effect, if only that ends it: it need not run before the effect is over.
fn ended_by_itself(facts: &Facts<'_>, obligation: &Obligation) -> Option<Why<'static>> {
    let at = obligation.acquisition.at;
    let is_effect = facts.frequencies.lifecycles.effects.contains_key(&at.function);
    let [callback] = facts.evaluator.functions_in(&facts.evaluator.argument(at, 0))[..] else { return None };
    let stoppers = stoppers(facts, obligation.id);
    let by_itself = !stoppers.is_empty() && stoppers.iter().all(|it| facts.evaluator.is_within(*it, callback.0));
    (is_effect && by_itself).then_some(Why::ItsOwnCallback)
}

/// Something that it was opened with and is never told to give up, if it is only told of such things one by one.
fn partly_ended(facts: &Facts<'_>, obligation: &Obligation) -> Option<Why<'static>> {
    let (_, resource) = facts.resource(&obligation.acquisition)?;
    if resource.release_each.is_empty() || facts.rate(obligation.acquisition.at) < Rate::PerInstance {
        return None;
    }
    let method = |at: &OpRef| facts.program.op(*at).call().and_then(|call| call.method_name()).unwrap_or_default();
    let mut ended: Vec<OpRef> = Vec::new();
    for function in stoppers(facts, obligation.id) {
        ended.extend(with_effect(facts, obligation, function, Effect::Release));
    }
    if ended.is_empty() || !ended.iter().all(|at| resource.release_each.iter().any(|each| each == method(at))) {
        return None;
    }
    let opened = with_effect(facts, obligation, obligation.acquisition.at.function, Effect::Open);
    let lost = opened.into_iter().find(|opened| !ended.iter().any(|ended| is_of_same(facts, *opened, *ended)))?;
    Some(Why::PartlyEnded { opened: lost })
}

fn with_effect(facts: &Facts<'_>, obligation: &Obligation, function: FunctionRef, effect: Effect) -> Vec<OpRef> {
    let identity = Identity::Acquired(obligation.id);
    let solved = facts.solved(function);
    let ops = solved.effects.ops.iter().filter(|(_, op)| op.effects.contains(&(identity.clone(), effect)));
    ops.map(|((block, index), _)| function.op(*block, *index as usize)).collect()
}

/// Whether two calls have the same argument: the same variable, or written the same way.
fn is_of_same(facts: &Facts<'_>, one: OpRef, other: OpRef) -> bool {
    let first = |at: OpRef| {
        let argument = facts.program.op(at).call()?.arguments.first()?;
        Some((argument.value.place().cloned(), argument.span))
    };
    let (Some((one_place, one_span)), Some((other_place, other_span))) = (first(one), first(other)) else {
        return true;
    };
    let (Some(one_place), Some(other_place)) = (one_place, other_place) else { return true };
    let id = |at: OpRef, place| PlaceId::of(&facts.evaluator, at.function, place);
    let (one_id, other_id) = (id(one, &one_place), id(other, &other_place));
    if one_id != PlaceId::Fresh && one_id == other_id {
        return true;
    }
    match (list(facts, one, &one_place, MAX_NAMES), list(facts, other, &other_place, MAX_NAMES)) {
        (Some(one), Some(other)) => return one != PlaceId::Fresh && one == other,
        (None, None) => {}
        _ => return false,
    }
    let text = |at: OpRef, span| {
        let written = facts.program.text(Location { file: at.function.file, span });
        written.split(" as ").next().unwrap_or(written).trim_end_matches('!').to_owned()
    };
    text(one, one_span) == text(other, other_span)
}

/// The maximal number of aliases a place is followed through.
const MAX_NAMES: u32 = 3;

/// The list that a place is an element of, in a loop over it.
fn list(facts: &Facts<'_>, at: OpRef, place: &Place, names: u32) -> Option<PlaceId> {
    let index = facts.program.index(at.function.file);
    let definitions = index.of_root(at.function.function, &place.root);
    definitions.iter().find_map(|definition| {
        let function = at.function.sibling(definition.function);
        match &facts.program.op(function.definition(definition)).kind {
            OpKind::Assign { value: Rvalue::ElementOf(Operand::Place(of)), .. } => {
                Some(PlaceId::of(&facts.evaluator, function, of))
            }
            OpKind::Assign { value: Rvalue::Use(Operand::Place(of)), .. } if names > 0 && of.path.is_empty() => {
                list(facts, OpRef { function, ..at }, of, names - 1)
            }
            _ => None,
        }
    })
}
