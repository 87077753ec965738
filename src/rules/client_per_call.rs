//! `client-per-call`: a client that one process should have one of is built where it runs again and again.

use crate::analysis::facts::Facts;
use crate::catalogue::schema::ResourceKind;
use crate::findings::Finding;

use super::{RuleId, creation};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    creation::check(facts, RuleId::ClientPerCall, ResourceKind::Client, findings);
}
