//! `junit`: a test report, for services that show nothing else. Each finding is a case that failed; notes are cases that
//! passed, since they fail no run.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::positions::Positions;
use super::{Options, severity_word};
use crate::findings::{Finding, Severity};
use crate::run::Report;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    let mut document = quick_junit::Report::new("leaklint");
    let mut suite: Option<TestSuite> = None;
    for finding in options.shown(report) {
        let path = positions.place(finding.location).path;
        if suite.as_ref().is_none_or(|suite| suite.name.as_str() != path) {
            document.add_test_suites(suite.replace(TestSuite::new(path)));
        }
        suite.as_mut().expect("invariant: made above").add_test_case(case(finding, &positions));
    }
    let suite = suite.unwrap_or_else(|| {
        let mut clean = TestSuite::new("leaklint");
        clean.add_test_case(TestCase::new("no leaks found", TestCaseStatus::success()));
        clean
    });
    document.add_test_suite(suite);
    document.serialize(&mut *out).map_err(io::Error::other)
}

fn case(finding: &Finding, positions: &Positions<'_>) -> TestCase {
    let place = positions.place(finding.location);
    let mut status = TestCaseStatus::success();
    if finding.severity > Severity::Note {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(finding.message.as_str()).set_type(severity_word(finding.severity));
        let mut text = format!("{}:{}:{}: {}", place.path, place.start.line, place.start.column, finding.message);
        for (number, step) in (1..).zip(&finding.trace) {
            let place = positions.place(step.location);
            text.push_str(&format!("\n{number}. {} ({}:{})", step.message, place.path, place.start.line));
        }
        if !finding.help.is_empty() {
            text.push_str("\nhelp: ");
            text.push_str(&finding.help);
        }
        status.set_description(text);
    }
    let name = format!("{} (line {}, column {})", finding.rule, place.start.line, place.start.column);
    let mut case = TestCase::new(name, status);
    case.set_classname(place.path);
    case
}
