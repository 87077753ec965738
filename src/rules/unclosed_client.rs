//! `unclosed-client`: a client, file or session is opened and not closed on every path.

use crate::analysis::facts::Facts;
use crate::findings::Finding;

use super::{RuleId, release};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    release::check(facts, RuleId::UnclosedClient, findings);
}
