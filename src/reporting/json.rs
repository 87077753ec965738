//! `json` and `json-lines`: the contract with scripts. Fields are added, never renamed; a change of meaning raises `version`.

use std::io::{self, Write};

use serde::Serialize;

use super::Options;
use super::positions::Positions;
use crate::findings::{Confidence, Finding, Severity};
use crate::rewrite::{Applicability, Fix};
use crate::rules::Family;
use crate::run::{Problem, Report};
use crate::source::{Location, Position};

const VERSION: u32 = 1;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    let document = Document {
        version: VERSION,
        findings: findings(report, options, &positions).collect(),
        problems: report.problems.iter().map(|problem| JsonProblem::new(problem, &positions)).collect(),
        summary: JsonSummary::new(report),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// The same, each part on a line of its own that says what it is.
pub(super) fn write_lines(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    for finding in findings(report, options, &positions) {
        line(&Line::Finding(finding), out)?;
    }
    for problem in &report.problems {
        line(&Line::Problem(JsonProblem::new(problem, &positions)), out)?;
    }
    line(&Line::Summary { version: VERSION, summary: JsonSummary::new(report) }, out)
}

fn findings<'r>(
    report: &'r Report,
    options: Options<'_>,
    positions: &Positions<'r>,
) -> impl Iterator<Item = JsonFinding<'r>> {
    let findings = options.shown(report).iter().zip(&report.fingerprints);
    findings.map(|(finding, fingerprint)| JsonFinding::new(finding, fingerprint, positions))
}

fn line(line: &Line<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    writeln!(out)
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'r> {
    Finding(JsonFinding<'r>),
    Problem(JsonProblem<'r>),
    Summary {
        version: u32,
        #[serde(flatten)]
        summary: JsonSummary,
    },
}

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    findings: Vec<JsonFinding<'r>>,
    problems: Vec<JsonProblem<'r>>,
    summary: JsonSummary,
}

#[derive(Serialize)]
struct JsonFinding<'r> {
    rule: &'static str,
    family: Family,
    severity: Severity,
    confidence: Confidence,
    path: &'r str,
    range: Range,
    function: &'r str,
    resource: &'r str,
    message: &'r str,
    help: &'r str,
    trace: Vec<JsonStep<'r>>,
    /// Null where no rewrite is proposed.
    fix: Option<JsonFix<'r>>,
    fingerprint: &'r str,
}

#[derive(Serialize)]
struct JsonFix<'r> {
    applicability: Applicability,
    title: &'r str,
    /// In the order of paths and offsets; no two overlap.
    edits: Vec<JsonEdit<'r>>,
}

#[derive(Serialize)]
struct JsonEdit<'r> {
    path: &'r str,
    start: u32,
    end: u32,
    text: &'r str,
}

#[derive(Serialize)]
struct JsonStep<'r> {
    path: &'r str,
    range: Range,
    message: &'r str,
}

#[derive(Serialize)]
struct JsonProblem<'r> {
    path: &'r str,
    /// Absent when the whole file is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    message: &'r str,
}

#[derive(Serialize)]
struct JsonSummary {
    files_discovered: usize,
    files_parsed: usize,
    findings: usize,
    elapsed_ms: u64,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

impl Range {
    fn new(location: Location, positions: &Positions<'_>) -> Self {
        let place = positions.place(location);
        Self { start: place.start, end: place.end }
    }
}

impl JsonSummary {
    fn new(report: &Report) -> Self {
        Self {
            files_discovered: report.statistics.files_discovered,
            files_parsed: report.statistics.files_parsed,
            findings: report.findings.len(),
            elapsed_ms: u64::try_from(report.statistics.elapsed.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl<'r> JsonFinding<'r> {
    fn new(finding: &'r Finding, fingerprint: &'r str, positions: &Positions<'r>) -> Self {
        Self {
            rule: finding.rule.as_str(),
            family: finding.family(),
            severity: finding.severity,
            confidence: finding.confidence,
            path: positions.place(finding.location).path,
            range: Range::new(finding.location, positions),
            function: &finding.function,
            resource: &finding.resource,
            message: &finding.message,
            help: &finding.help,
            trace: finding
                .trace
                .iter()
                .map(|step| JsonStep {
                    path: positions.place(step.location).path,
                    range: Range::new(step.location, positions),
                    message: &step.message,
                })
                .collect(),
            fix: finding.fix.as_ref().map(|fix| JsonFix::new(fix, positions)),
            fingerprint,
        }
    }
}

impl<'r> JsonFix<'r> {
    fn new(fix: &'r Fix, positions: &Positions<'r>) -> Self {
        let edits = fix.all_edits().into_iter().map(|edit| JsonEdit {
            path: &positions.file(Location { file: edit.file, span: edit.span }).display_path,
            start: edit.span.start,
            end: edit.span.end,
            text: &edit.text,
        });
        Self { applicability: fix.applicability, title: &fix.title, edits: edits.collect() }
    }
}

impl<'r> JsonProblem<'r> {
    fn new(problem: &'r Problem, positions: &Positions<'r>) -> Self {
        Self {
            path: &problem.path,
            range: problem.location.map(|location| Range::new(location, positions)),
            message: &problem.message,
        }
    }
}
