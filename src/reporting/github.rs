//! `github`: workflow commands that GitHub Actions turns into annotations.

use std::io::{self, Write};

use super::Options;
use super::positions::{Place, Positions};
use crate::findings::{Finding, Severity};
use crate::run::Report;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    for finding in options.shown(report) {
        let place = positions.place(finding.location);
        let title = property(&format!("leaklint ({})", finding.rule));
        let (command, properties) = (command(finding.severity), range(place));
        writeln!(out, "::{command} {properties},title={title}::{}", data(&body(finding, &positions)))?;
    }
    for problem in &report.problems {
        let properties = match problem.location {
            Some(location) => range(positions.place(location)),
            None => format!("file={}", property(&problem.path)),
        };
        writeln!(out, "::warning {properties},title=leaklint::{}", data(&problem.message))?;
    }
    Ok(())
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// GitHub refuses columns of ranges that span lines, so those are left out then.
fn range(place: Place<'_>) -> String {
    let Place { path, start, end } = place;
    let columns =
        if start.line == end.line { format!(",col={},endColumn={}", start.column, end.column) } else { String::new() };
    format!("file={},line={},endLine={}{columns}", property(path), start.line, end.line)
}

fn body(finding: &Finding, positions: &Positions<'_>) -> String {
    let mut body = finding.message.clone();
    for (number, step) in (1..).zip(&finding.trace) {
        let place = positions.place(step.location);
        body.push_str(&format!("\n{number}. {} ({}:{})", step.message, place.path, place.start.line));
    }
    if !finding.help.is_empty() {
        body.push_str("\nhelp: ");
        body.push_str(&finding.help);
    }
    body
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_is_escaped() {
        assert_eq!(data("50%\r\nx:y"), "50%25%0D%0Ax:y");
        assert_eq!(property("a,b:c%"), "a%2Cb%3Ac%25");
    }
}
