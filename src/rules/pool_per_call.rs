//! `pool-per-call`: a pool is made where the code repeats.

use crate::analysis::facts::Facts;
use crate::catalogue::schema::ResourceKind;
use crate::findings::Finding;

use super::{RuleId, creation};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    creation::check(facts, RuleId::PoolPerCall, ResourceKind::Pool, findings);
}
