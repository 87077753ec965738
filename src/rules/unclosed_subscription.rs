//! `unclosed-subscription`: an observer, watch or subscription is begun again and again and never ended.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::value::How;
use crate::catalogue::schema::ResourceKind;
use crate::findings::Finding;

use super::uncleared_timer::{Words, finding, why};
use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in &facts.obligations {
        let acquisition = &obligation.acquisition;
        if facts.kind(acquisition) != ResourceKind::Subscription
            || matches!(acquisition.how, How::Received { .. })
            || !facts.is_held_to_account(acquisition.at.function)
            || goes_with_its_source(facts, obligation)
        {
            continue;
        }
        if let Some(why) = why(facts, obligation) {
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
}

/// Whether what it subscribes to lives no longer than who subscribes: then they go together.
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
