//! The run in one line.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use crate::findings::Severity;
use crate::run::{HiddenBy, Report};

/// A number with its noun: `1 file`, `2 files`.
#[derive(Debug, Clone, Copy)]
pub struct Count(pub usize, pub &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, noun) = self;
        write!(f, "{number} {noun}{}", if *number == 1 { "" } else { "s" })
    }
}

/// `3 findings (2 errors, 1 warning) in 120 files, 0.3 s`
#[must_use]
pub fn summary_line(report: &Report) -> String {
    let by_severity = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let parts: Vec<_> = by_severity
        .into_iter()
        .map(|(severity, noun)| {
            Count(report.findings.iter().filter(|finding| finding.severity == severity).count(), noun)
        })
        .filter(|count| count.0 > 0)
        .map(|count| count.to_string())
        .collect();
    format!("{} ({}) in {}", Count(report.findings.len(), "finding"), parts.join(", "), extent(report))
}

/// What a clean run says: `no leaks found in 120 files, 0.3 s`
#[must_use]
pub fn clean_line(report: &Report) -> String {
    let is_known = report.hidden.iter().any(|hidden| hidden.by == HiddenBy::Baseline);
    format!("no {}leaks found in {}", if is_known || report.changed.is_some() { "new " } else { "" }, extent(report))
}

/// Writes how many findings each rule has, the most frequent first, and how much was read.
///
/// # Errors
///
/// Only what `out` returns.
pub fn statistics(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut by_rule = BTreeMap::new();
    for finding in &report.findings {
        *by_rule.entry(finding.rule).or_insert(0_usize) += 1;
    }
    let mut by_rule: Vec<_> = by_rule.into_iter().collect();
    by_rule.sort_by_key(|&(rule, count)| (std::cmp::Reverse(count), rule));
    for (rule, count) in by_rule {
        writeln!(out, "{count:>7}  {rule}")?;
    }
    let statistics = &report.statistics;
    let (found, parsed) = (Count(statistics.files_discovered, "file"), statistics.files_parsed);
    writeln!(out, "{found} found, {parsed} parsed, {}", seconds(statistics.elapsed))
}

/// Writes how long each stage took.
///
/// # Errors
///
/// Only what `out` returns.
pub fn timings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for (stage, elapsed) in &report.timings {
        writeln!(out, "{:>9.3} s  {stage}", elapsed.as_secs_f64())?;
    }
    writeln!(out, "{:>9.3} s  in all", report.statistics.elapsed.as_secs_f64())
}

fn extent(report: &Report) -> String {
    let statistics = &report.statistics;
    let known = report.hidden.iter().filter(|hidden| hidden.by == HiddenBy::Baseline).count();
    let known = match &report.baseline {
        Some(compared) if known > 0 => format!("; {known} more in {}", compared.file.display_path),
        _ => String::new(),
    };
    let changed = report.changed.map_or_else(String::new, |changed| format!(", {changed} changed"));
    format!("{}{changed}, {}{known}", Count(statistics.files_discovered, "file"), seconds(statistics.elapsed))
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}
