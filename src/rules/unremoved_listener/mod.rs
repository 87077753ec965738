//! `unremoved-listener`: a listener on something that outlives it is never removed, or its removal matches nothing.

mod findings;
mod lasting;
mod others;
mod pairs;
mod why;

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::registrations::{
    Addition, Handler, HandlerId, Life, Likeness, PlaceId, Registrations, Removal, guard, lingering, partial,
};
use crate::findings::Finding;
use crate::linking::FunctionRef;

use super::RuleId;
use findings::{empty_removal, finding, left_after_the_work, left_on_a_way, left_on_itself, misnamed_removal, waiting};
use lasting::lasting;
use pairs::{difference, mismatch};
use why::{Repetition, Why, why};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let registrations = facts.registrations();
    let told = never_removed(facts, registrations, findings);
    for addition in held_to_account(facts, registrations) {
        if is_left_on_itself(facts, registrations, addition) && !is_told(facts, findings, addition) {
            findings.push(left_on_itself(facts, addition));
        }
    }
    let is_end = |function: FunctionRef| facts.program.function(function).name.as_deref().is_some_and(is_teardown);
    for addition in held_to_account(facts, registrations) {
        if let Some(by) = registrations.left_at_the_end(addition, is_end) {
            findings.push(finding(facts, addition, &Why::LeftBehind { by }));
        }
    }
    for addition in held_to_account(facts, registrations) {
        if is_told(facts, findings, addition) {
            continue;
        }
        if let Some(how) = lingering(facts, registrations, addition) {
            findings.push(left_after_the_work(facts, addition, how));
        } else if let Some(how) = partial(facts, registrations, addition) {
            findings.push(left_on_a_way(facts, addition, how));
        }
    }
    for addition in held_to_account(facts, registrations) {
        if waits_for_its_event(facts, registrations, addition) && !is_told(facts, findings, addition) {
            findings.push(waiting(facts, addition));
        }
    }
    useless_removals(facts, registrations, &told, findings);
}

fn held_to_account<'r>(facts: &'r Facts<'_>, registrations: &'r Registrations) -> impl Iterator<Item = &'r Addition> {
    registrations.additions.iter().filter(|addition| facts.is_held_to_account(addition.at.function))
}

/// Whether an addition has a finding already.
fn is_told(facts: &Facts<'_>, findings: &[Finding], addition: &Addition) -> bool {
    let location = facts.location(addition.at);
    findings.iter().any(|finding| finding.rule == RuleId::UnremovedListener && finding.location == location)
}

/// The additions that nothing removes; gives those it reported.
fn never_removed<'r>(
    facts: &'r Facts<'_>,
    registrations: &'r Registrations,
    findings: &mut Vec<Finding>,
) -> Vec<&'r Addition> {
    let mut told = Vec::new();
    for addition in held_to_account(facts, registrations) {
        // A `once` listener may never see its event, and then needs a removal that works.
        let is_made = matches!(addition.handler.id, HandlerId::Fresh(_) | HandlerId::Written(_));
        let goes_perhaps = addition.is_once
            && is_made
            && addition.removes_itself
            && addition.inner.is_none()
            && !registrations.removals.iter().any(|removal| Registrations::removes(removal, addition));
        let piles_up = lasting(facts, registrations, addition);
        if registrations.is_removed(addition) && !goes_perhaps && piles_up.is_none() {
            continue;
        }
        let why = if let Some(rate) = piles_up {
            Some(Why::Repeats(Repetition::Rate(rate)))
        } else if goes_perhaps {
            mismatch(facts, registrations, addition)
        } else {
            why(facts, registrations, addition)
        };
        if let Some(why) = why {
            findings.push(finding(facts, addition, &why));
            told.push(addition);
        }
    }
    told
}

/// The removals that remove nothing, where no finding about an addition says so.
fn useless_removals(facts: &Facts<'_>, registrations: &Registrations, told: &[&Addition], findings: &mut Vec<Finding>) {
    for removal in registrations.removals.iter().chain(&registrations.lost) {
        let is_told = |addition: &&Addition| removal.is_near(addition) && difference(removal, addition).is_some();
        if removes_nothing(removal) && facts.is_held_to_account(removal.at.function) && !told.iter().any(is_told) {
            findings.push(empty_removal(facts, removal));
        }
    }
    for removal in registrations.removals.iter().filter(|removal| facts.is_held_to_account(removal.at.function)) {
        if let Some(addition) = registrations.meant_for(removal)
            && !told.iter().any(|told| told.at == addition.at)
        {
            findings.push(misnamed_removal(facts, removal, addition));
        }
    }
}

/// Whether an object adds a listener to itself each time it starts again, and nothing surely removes it.
fn is_left_on_itself(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> bool {
    let is_on_itself = matches!(&addition.target.place, PlaceId::Field(_, path) if path.is_empty());
    let takes_it = |removal: &Removal| {
        let event = removal.event.as_ref().map_or(Likeness::Sure, |event| event.likeness(&addition.event));
        event == Likeness::Sure
            && removal.target.likeness(&addition.target) == Likeness::Sure
            && Registrations::removes(removal, addition)
    };
    is_on_itself
        && facts.frequencies.lifecycles.reentered.contains(&addition.at.function)
        && addition.deduplicates
        && addition.event.text().is_some()
        && !addition.removes_itself
        && guard(&facts.evaluator, addition.at).is_none()
        && !registrations.removals.iter().any(takes_it)
}

/// Whether an effect adds a `once` listener to something that outlives the component, and only its event removes it.
fn waits_for_its_event(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> bool {
    addition.is_once
        && addition.target.life == Life::Global
        && addition.event.fires_again()
        && facts.frequencies.lifecycles.effects.contains_key(&addition.at.function)
        && !registrations.removals.iter().any(|removal| Registrations::removes(removal, addition))
}

/// Whether a removal gets a function that was made for it, which nothing can have added.
fn removes_nothing(removal: &Removal) -> bool {
    let is_made = |handler: &Handler| matches!(handler.id, HandlerId::Fresh(_) | HandlerId::Written(_));
    removal.is_exact && removal.event.is_some() && removal.handler.as_ref().is_some_and(is_made)
}
