//! What the page of a rule says, for lists and output formats.

use super::RuleId;

impl RuleId {
    /// The paragraph under its page's title, on one line.
    #[must_use]
    pub fn summary(self) -> String {
        summary(self.page())
    }
}

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
