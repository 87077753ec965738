//! The levels given on the command line, and whether a run fails.

use clap::ArgMatches;

use super::arguments::RuleOptions;
use crate::config::{Level, Levels, Selector};
use crate::findings::{Finding, Severity};

/// Reads `-A`, `-W` and `-D` in the order they stand on the command line, which the parsed struct does not keep.
pub(super) fn read(options: &RuleOptions, matches: &ArgMatches) -> Levels {
    let mut given = Vec::new();
    for (id, level) in [("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny)] {
        let indices = matches.indices_of(id).into_iter().flatten();
        let selectors = matches.get_many::<Selector>(id).into_iter().flatten();
        given.extend(indices.zip(selectors).map(|(index, &selector)| (index, selector, level)));
    }
    given.sort_by_key(|&(index, ..)| index);
    Levels {
        rules: given.into_iter().map(|(_, selector, level)| (selector, level)).collect(),
        only: options.only.clone(),
        deny_warnings: options.deny_warnings,
        min_confidence: options.min_confidence.map(Into::into),
        min_severity: options.min_severity.map(Into::into),
    }
}

/// Whether the findings fail the run: an error does, and a warning more than there may be.
pub(super) fn fails(findings: &[Finding], max_warnings: usize) -> bool {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    count(Severity::Error) > 0 || count(Severity::Warning) > max_warnings
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::super::arguments::Cli;
    use super::*;
    use crate::findings::Confidence;
    use crate::rules::RuleId;
    use crate::source::{FileId, Location, Span};

    const NOTE: (RuleId, Severity, Confidence) = (RuleId::ClientPerCall, Severity::Note, Confidence::Low);
    const WARNING: (RuleId, Severity, Confidence) = (RuleId::PoolWithoutLimits, Severity::Warning, Confidence::Medium);
    const ERROR: (RuleId, Severity, Confidence) = (RuleId::PoolPerCall, Severity::Error, Confidence::High);

    /// What is left of a note, a warning and an error, and whether it fails.
    fn check(arguments: &str, expected: &str, expected_to_fail: bool) {
        let matches = Cli::command().get_matches_from(["leaklint"].into_iter().chain(arguments.split_whitespace()));
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let mut findings: Vec<_> = [NOTE, WARNING, ERROR].map(finding).into();
        let levels = read(&cli.check.rules, &matches);
        findings.retain_mut(|finding| levels.apply(finding, None, Path::new("a.ts")));
        let left: Vec<_> = findings.iter().map(|finding| format!("{} {:?}", finding.rule, finding.severity)).collect();
        assert_eq!(left.join(", "), expected, "with {arguments:?}");
        assert_eq!(
            fails(&findings, cli.check.output.max_warnings.unwrap_or(0)),
            expected_to_fail,
            "with {arguments:?}"
        );
    }

    fn finding((rule, severity, confidence): (RuleId, Severity, Confidence)) -> Finding {
        Finding::new(rule, severity, confidence, Location { file: FileId(0), span: Span::default() })
    }

    #[test]
    fn warnings_and_errors_fail_and_notes_do_not() {
        check("", "client-per-call Note, pool-without-limits Warning, pool-per-call Error", true);
        check("--only pool-without-limits", "pool-without-limits Warning", true);
        check("--only client-per-call", "client-per-call Note", false);
    }

    #[test]
    fn some_warnings_may_be_allowed() {
        check("--only hygiene --max-warnings 0", "pool-without-limits Warning", true);
        check("--only hygiene --max-warnings 1", "pool-without-limits Warning", false);
        check("--only hygiene --max-warnings 1 --deny-warnings", "pool-without-limits Error", true);
        check("--only pool-per-call --max-warnings 9", "pool-per-call Error", true);
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
