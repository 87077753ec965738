//! `discarded-cleanup`: the means to release what a function handed out is dropped.

use crate::analysis::facts::Facts;
use crate::findings::Finding;

use super::{RuleId, release};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    release::check(facts, RuleId::DiscardedCleanup, findings);
}
