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
            writeln!(out, "  {:width$}  {}", rule.as_str(), summary(rule.page()))?;
        }
    }
    Ok(Verdict::Clean)
}

/// The paragraph under a page's title, on one line.
fn summary(page: &str) -> String {
    let lines = page.lines().skip_while(|line| line.starts_with('#') || line.trim().is_empty());
    lines.take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_the_first_paragraph() {
        assert_eq!(summary("# id\n\nOne pool\nper call.\n\n## What it finds\n"), "One pool per call.");
        assert_eq!(summary("# id\n"), "");
    }
}
