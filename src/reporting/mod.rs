//! Reports: one file per format.
//!
//! Takes a finished [`Report`] and a writer; gives text. Colours are always written as escape sequences, which the
//! writer keeps or strips. Never decides which findings there are or whether they fail the run, and never reorders
//! them.

mod argument;
mod concise;
mod excerpt;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod mistake;
mod positions;
mod proposal;
mod rustc;
mod sarif;
mod summary;
mod text;
mod uri;

pub use mistake::write as write_mistake;
pub use summary::{Count, clean_line, statistics, summary_line, timings};

use std::io::{self, Write};
use std::path::Path;

use crate::findings::{Finding, Severity};
use crate::run::Report;

/// The formats findings can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people: source, the path that leaks, and what to do
    #[default]
    Full,
    /// One line for each finding: `path:line:column: severity[rule]: message`
    Concise,
    /// One JSON document, with a version
    Json,
    /// The same, one object a line
    JsonLines,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations for GitHub Actions
    Github,
    /// A Code Quality report for GitLab
    Gitlab,
    /// A test report in JUnit's format
    Junit,
    /// Cargo's messages, for editors that run `cargo check`
    Rustc,
}

/// How much of a report is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'o> {
    /// Leave out everything but findings and problems.
    pub quiet: bool,
    /// Write this many findings at most; the summary still counts all of them.
    pub max_findings: Option<usize>,
    /// Where the project lies that paths of services are relative to; otherwise they are as everywhere.
    pub project_directory: Option<&'o Path>,
}

/// Writes `report` to `out`.
///
/// # Errors
///
/// Only what `out` returns.
pub fn write(format: Format, report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Full => full::write(report, options, out),
        Format::Concise => concise::write(report, options, out),
        Format::Json => json::write(report, options, out),
        Format::JsonLines => json::write_lines(report, options, out),
        Format::Sarif => sarif::write(report, options, out),
        Format::Github => github::write(report, options, out),
        Format::Gitlab => gitlab::write(report, options, out),
        Format::Junit => junit::write(report, options, out),
        Format::Rustc => rustc::write(report, options, out),
    }
}

/// Writes what could not be looked at, for people: the formats that carry problems themselves do not need it.
///
/// # Errors
///
/// Only what `out` returns.
pub fn write_problems(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    concise::write_problems(report, out)
}

impl Format {
    /// Whether the format itself says what could not be looked at.
    #[must_use]
    pub fn carries_problems(self) -> bool {
        matches!(self, Self::Json | Self::JsonLines | Self::Sarif | Self::Github)
    }
}

impl Options<'_> {
    fn shown<'r>(&self, report: &'r Report) -> &'r [Finding] {
        let count = self.max_findings.unwrap_or(usize::MAX).min(report.findings.len());
        &report.findings[..count]
    }
}

/// The word for a severity, everywhere but in GitHub's annotations.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
