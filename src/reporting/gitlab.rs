//! `gitlab`: a Code Quality report.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Options;
use super::positions::Positions;
use crate::findings::Severity;
use crate::run::Report;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    let findings = options.shown(report).iter().zip(&report.fingerprints);
    let issues: Vec<Value> = findings
        .map(|(finding, fingerprint)| {
            let place = positions.place(finding.location);
            let file = report.file(finding.location);
            // The merge request shows paths as the project's own.
            let inside = options.project_directory.and_then(|top| file.path.strip_prefix(top).ok());
            let path = inside.map_or_else(|| place.path.to_owned(), |path| path.to_string_lossy().replace('\\', "/"));
            json!({
                "description": finding.message,
                "check_name": finding.rule.as_str(),
                "fingerprint": fingerprint,
                "severity": severity(finding.severity),
                "location": { "path": path, "lines": { "begin": place.start.line, "end": place.end.line } },
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "info",
        Severity::Warning => "minor",
        Severity::Error => "major",
    }
}
