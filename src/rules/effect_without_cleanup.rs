//! `effect-without-cleanup`: a component's effect opens something that its cleanup leaves open.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::Fate;
use crate::analysis::value::How;
use crate::catalogue::schema::ResourceKind;
use crate::findings::Finding;

use super::uncleared_timer::{Why, Words, finding, why};
use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in &facts.obligations {
        if speaks_of(facts, obligation)
            && facts.is_held_to_account(obligation.acquisition.at.function)
            && let Some(why) = why(facts, obligation)
            && !matches!(why, Why::OutlivesInstance { .. })
        {
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
}

/// Whether it is what an effect opens: something that stays open until somebody closes it.
pub(super) fn speaks_of(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let acquisition = &obligation.acquisition;
    let Some((_, resource)) = facts.resource(acquisition) else { return false };
    let is_open = matches!(resource.kind, ResourceKind::Client | ResourceKind::Handle | ResourceKind::Pool);
    let may_stay_open = obligation.at_normal_exit.intersects(Fate::HELD | Fate::ESCAPED);
    is_open
        && !resource.collected
        && !matches!(acquisition.how, How::Received { .. })
        && may_stay_open
        && facts.rate(acquisition.at) == Rate::PerInstance
        && facts.frequencies.chain(&facts.evaluator, acquisition.at.function).entry.is_some()
}
