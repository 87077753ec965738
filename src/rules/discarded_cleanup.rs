//! `discarded-cleanup`: the function that would release a resource is dropped.

use crate::analysis::facts::Facts;
use crate::findings::Finding;

use super::{RuleId, release};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    release::check(facts, RuleId::DiscardedCleanup, findings);
}
