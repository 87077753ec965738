//! `concise`: one line for each finding, for problem matchers and `grep`.

use std::io::{self, Write};

use super::positions::Positions;
use super::text::printable;
use super::{Options, severity_word};
use crate::run::Report;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    for finding in options.shown(report) {
        let place = positions.place(finding.location);
        writeln!(
            out,
            "{}:{}:{}: {}[{}]: {}",
            printable(place.path),
            place.start.line,
            place.start.column,
            severity_word(finding.severity),
            finding.rule,
            printable(&finding.message),
        )?;
    }
    Ok(())
}

/// Problems in the same shape, without a rule.
pub(super) fn write_problems(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    for problem in &report.problems {
        write!(out, "{}", printable(&problem.path))?;
        if let Some(location) = problem.location {
            let start = positions.place(location).start;
            write!(out, ":{}:{}", start.line, start.column)?;
        }
        writeln!(out, ": warning: {}", printable(&problem.message))?;
    }
    Ok(())
}
