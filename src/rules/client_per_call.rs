//! `client-per-call`: a client that should exist once per process is made where the code repeats.

use crate::analysis::facts::Facts;
use crate::catalogue::schema::ResourceKind;
use crate::findings::Finding;

use super::{RuleId, creation};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    creation::check(facts, RuleId::ClientPerCall, ResourceKind::Client, findings);
}
