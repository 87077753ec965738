//! `unreaped-process`: a child process is started and nobody waits for it.

use crate::analysis::facts::Facts;
use crate::findings::Finding;

use super::{RuleId, release};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    release::check(facts, RuleId::UnreapedProcess, findings);
}
