//! What would end a leak, for findings that somebody will read.
//!
//! Apart from the judgement: most findings of a run over part of a project are never shown, and what a rewrite needs is
//! not what a message needs.

use crate::analysis::facts::Facts;
use crate::findings::Finding;
use crate::rewrite::Remedy;

use super::{RuleId, release};

/// What would end the leak that a finding is about; `None` where no one thing would, or it is not known.
#[must_use]
pub fn remedy(facts: &Facts<'_>, finding: &Finding) -> Option<Remedy> {
    match finding.rule {
        RuleId::DiscardedCleanup | RuleId::UnreleasedLease | RuleId::UnclosedClient => {
            release::remedy(facts, finding).map(Remedy::Release)
        }
        _ => None,
    }
}
