//! `leaklint rules`: one line for each rule.

use std::io::Write;

use super::Verdict;
use crate::config::{FAMILIES, family_name};
use crate::rules::RuleId;

pub(super) fn list(out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let width = RuleId::ALL.iter().map(|rule| rule.as_str().len()).max().unwrap_or_default();
    let bold = anstyle::Style::new().bold();
    for family in FAMILIES {
        writeln!(out, "{bold}{}{bold:#}", family_name(family))?;
        for rule in RuleId::ALL.iter().filter(|rule| rule.family() == family) {
            writeln!(out, "  {:width$}  {}", rule.as_str(), rule.summary())?;
        }
    }
    Ok(Verdict::Clean)
}
