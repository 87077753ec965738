//! Remedies for findings.
//!
//! They are separate from the judgement, because most findings of a run over a part of a project are never shown, and a
//! rewrite needs other facts than a message.

use crate::analysis::facts::Facts;
use crate::catalogue::schema::ResourceKind;
use crate::findings::Finding;
use crate::rewrite::{Listen, Remedy};

use super::{
    RuleId, creation, discarded_guard, endings, pool_without_limits, release, shared_single_client, sharing,
    unbounded_cache,
};

/// The remedies for a finding, the best first; empty if there is none, or none is known.
#[must_use]
pub fn remedies(facts: &Facts<'_>, finding: &Finding) -> Vec<Remedy> {
    match finding.rule {
        RuleId::DiscardedCleanup | RuleId::UnreleasedLease | RuleId::UnclosedClient => {
            let Some(obligation) = release::subject(facts, finding) else { return Vec::new() };
            let shared = (finding.rule == RuleId::DiscardedCleanup).then(|| sharing::existing(facts, obligation));
            let release = release::remedy(facts, obligation).map(Remedy::Release);
            shared.flatten().map(Remedy::Share).into_iter().chain(release).collect()
        }
        RuleId::PoolPerCall => creation::remedies(facts, finding, ResourceKind::Pool),
        RuleId::ClientPerCall => creation::remedies(facts, finding, ResourceKind::Client),
        RuleId::PoolWithoutErrorHandler => {
            vec![Remedy::Listen(Listen { creation: finding.location, event: "error".to_owned() })]
        }
        RuleId::SharedSingleClient => {
            shared_single_client::remedy(facts, finding).map(Remedy::Pool).into_iter().collect()
        }
        RuleId::PoolWithoutLimits => {
            pool_without_limits::remedy(facts, finding).map(Remedy::Limit).into_iter().collect()
        }
        RuleId::DiscardedGuard if discarded_guard::is_dropped_at_once(finding) => vec![Remedy::Name(finding.location)],
        RuleId::UnfinishedTransaction => release::rollback(facts, finding).map(Remedy::Rollback).into_iter().collect(),
        RuleId::UnclearedTimer
        | RuleId::UnclosedSubscription
        | RuleId::EffectWithoutCleanup
        | RuleId::UnremovedListener => endings::remedies(facts, finding),
        RuleId::UnboundedCache => unbounded_cache::remedy(facts, finding).map(Remedy::Bound).into_iter().collect(),
        _ => Vec::new(),
    }
}
