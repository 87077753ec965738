//! Which findings are kept, how severe they are, and whether they fail the run.

use clap::ArgMatches;

use super::arguments::Check;
use super::selection::Selector;
use crate::findings::{Finding, Severity};
use crate::rules::RuleId;

/// What `-A`, `-W` and `-D` say, in the order they were given.
#[derive(Debug, Default)]
pub(super) struct Levels(Vec<(Selector, Level)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Allow,
    Warn,
    Deny,
}

impl Levels {
    /// Reads the three options in the order they stand on the command line, which the parsed struct does not keep.
    pub(super) fn from_matches(matches: &ArgMatches) -> Self {
        let mut given = Vec::new();
        for (id, level) in [("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny)] {
            let indices = matches.indices_of(id).into_iter().flatten();
            let selectors = matches.get_many::<Selector>(id).into_iter().flatten();
            given.extend(indices.zip(selectors).map(|(index, &selector)| (index, selector, level)));
        }
        given.sort_by_key(|&(index, ..)| index);
        Self(given.into_iter().map(|(_, selector, level)| (selector, level)).collect())
    }

    fn of(&self, rule: RuleId) -> Option<Level> {
        self.0.iter().rev().find(|(selector, _)| selector.matches(rule)).map(|&(_, level)| level)
    }
}

/// Keeps the findings that were asked for, each as severe as was asked for.
pub(super) fn apply(findings: &mut Vec<Finding>, check: &Check, levels: &Levels) {
    findings.retain_mut(|finding| {
        let level = levels.of(finding.rule);
        // A note is a remark beside what fails: no level makes a failure of it.
        if finding.severity > Severity::Note {
            match level {
                Some(Level::Warn) => finding.severity = Severity::Warning,
                Some(Level::Deny) => finding.severity = Severity::Error,
                Some(Level::Allow) | None => {}
            }
            if check.deny_warnings {
                finding.severity = Severity::Error;
            }
        }
        level != Some(Level::Allow)
            && finding.confidence >= check.min_confidence.into()
            && finding.severity >= check.min_severity.into()
            && (check.only.is_empty() || check.only.iter().any(|selector| selector.matches(finding.rule)))
    });
}

/// Whether one of the findings fails the run.
pub(super) fn fails(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity > Severity::Note)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::super::arguments::Cli;
    use super::*;
    use crate::findings::Confidence;
    use crate::source::{FileId, Location, Span};

    const NOTE: (RuleId, Severity, Confidence) = (RuleId::ClientPerCall, Severity::Note, Confidence::Low);
    const WARNING: (RuleId, Severity, Confidence) = (RuleId::PoolWithoutLimits, Severity::Warning, Confidence::Medium);
    const ERROR: (RuleId, Severity, Confidence) = (RuleId::PoolPerCall, Severity::Error, Confidence::High);

    /// What is left of a note, a warning and an error, and whether it fails.
    fn check(arguments: &str, expected: &str, expected_to_fail: bool) {
        let matches = Cli::command().get_matches_from(["leaklint"].into_iter().chain(arguments.split_whitespace()));
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let mut findings: Vec<_> = [NOTE, WARNING, ERROR].map(finding).into();
        apply(&mut findings, &cli.check, &Levels::from_matches(&matches));
        let left: Vec<_> = findings.iter().map(|finding| format!("{} {:?}", finding.rule, finding.severity)).collect();
        assert_eq!(left.join(", "), expected, "with {arguments:?}");
        assert_eq!(fails(&findings), expected_to_fail, "with {arguments:?}");
    }

    fn finding((rule, severity, confidence): (RuleId, Severity, Confidence)) -> Finding {
        Finding {
            rule,
            severity,
            confidence,
            location: Location { file: FileId(0), span: Span::default() },
            label: String::new(),
            function: String::new(),
            resource: String::new(),
            message: String::new(),
            help: String::new(),
            trace: Vec::new(),
            fix: None,
        }
    }

    #[test]
    fn warnings_and_errors_fail_and_notes_do_not() {
        check("", "client-per-call Note, pool-without-limits Warning, pool-per-call Error", true);
        check("--only pool-without-limits", "pool-without-limits Warning", true);
        check("--only client-per-call", "client-per-call Note", false);
    }

    #[test]
    fn findings_below_what_is_asked_for_go() {
        check("--min-severity warning", "pool-without-limits Warning, pool-per-call Error", true);
        check("--min-severity error", "pool-per-call Error", true);
        check("--min-confidence medium", "pool-without-limits Warning, pool-per-call Error", true);
        check("--min-confidence high", "pool-per-call Error", true);
    }

    #[test]
    fn the_last_level_for_a_rule_counts() {
        check("-A creation", "pool-without-limits Warning", true);
        check("-A creation -W pool-per-call", "pool-without-limits Warning, pool-per-call Warning", true);
        check("-W pool-per-call -A creation", "pool-without-limits Warning", true);
        check("-A pool-per-call -A hygiene", "client-per-call Note", false);
    }

    #[test]
    fn denying_raises_warnings_and_leaves_notes() {
        check("-D hygiene -A pool-per-call", "client-per-call Note, pool-without-limits Error", true);
        check("-D client-per-call --only client-per-call", "client-per-call Note", false);
        check("--deny-warnings -A pool-per-call", "client-per-call Note, pool-without-limits Error", true);
    }
}
