//! What the rules say: message and help of every finding of their fixtures. A changed sentence is a changed snapshot,
//! to be read before it is accepted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;

use leaklint::source::LineIndex;
use rayon::prelude::*;
use support::project::Project;
use support::{directories, files, is_source, repository};

#[test]
fn what_the_rules_say() {
    for rule in directories(&repository("fixtures/rules")) {
        let id = rule.file_name().unwrap().to_str().unwrap().to_owned();
        let fixtures: Vec<_> = files(&rule).into_iter().filter(|path| is_source(path)).collect();
        let said: Vec<String> = fixtures.par_iter().map(|fixture| said_of(fixture, &id)).collect();
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(id, said.concat()) });
    }
}

/// What one rule says of a fixture.
fn said_of(fixture: &Path, rule: &str) -> String {
    let report = Project::from_file(fixture).run();
    let name = fixture.file_name().unwrap().to_str().unwrap();
    let of_rule = report.findings.iter().filter(|finding| finding.rule.to_string() == rule);
    let sentences = of_rule.map(|finding| {
        let text = &report.file(finding.location).text;
        let line = LineIndex::new(text).position(finding.location.span.start).line;
        format!("{name}:{line}: {:?}: {}\n    help: {}\n", finding.severity, finding.message, finding.help)
    });
    sentences.collect()
}
