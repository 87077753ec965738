//! `unreleased-lease`: a lease from a pool is not given back on every path.

use crate::analysis::facts::Facts;
use crate::findings::Finding;

use super::{RuleId, release};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    release::check(facts, RuleId::UnreleasedLease, findings);
}
