//! Directives in files as editors save them: byte-order marks, CRLF, other scripts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use leaklint::{Report, Request, Silent};

fn run(path: &str, text: &str) -> Report {
    let directory = tempfile::Builder::new().prefix("leaklint-").tempdir().unwrap();
    let file = directory.path().join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, text).unwrap();
    let root = Some(directory.path().to_path_buf());
    leaklint::check(&Request { root, threads: Some(1), ..Request::new(directory.path()) }, &Silent).unwrap()
}

/// What the problems' positions cover, and how many findings are left.
#[track_caller]
fn check(text: &str, problems: &[&str], findings: usize) {
    let report = run("src/lib.rs", text);
    let located = report.problems.iter().map(|problem| {
        let location = problem.location.unwrap();
        &report.file(location).text[location.span.range()]
    });
    assert_eq!(located.collect::<Vec<_>>(), problems, "{text:?}");
    assert_eq!(report.findings.len(), findings, "{text:?}");
}

const LEAK: &str = "pub fn naïve(𝑛: u64) -> &'static str { format!(\"ï{𝑛}\").leak() }";

#[test]
fn positions_are_those_of_the_file_on_disk() {
    for mark in ["", "\u{feff}"] {
        for end in ["\n", "\r\n"] {
            let reason = "// ‘𝑛’ leaklint is here";
            check(&format!("{mark}{reason}{end}// leaklint: ignore[forgotten-value] -- ï{end}{LEAK}{end}"), &[], 0);
            check(&format!("{mark}{LEAK} // leaklint: ignore[forgotten-value] -- ï{end}"), &[], 0);
            check(&format!("{mark}// leaklint: ignore-file[forgotten-value] -- ï{end}{LEAK}{end}{LEAK}{end}"), &[], 0);
            check(&format!("{mark}{LEAK} /* ï */ // leaklint: ignore[näm] -- ï{end}"), &["näm"], 1);
            let directive = "leaklint: ignore[forgotten-value]";
            check(&format!("{mark}{end}// {directive}{end}{LEAK}{end}"), &[directive], 0);
        }
    }
}

#[test]
fn a_first_line_for_the_shell_is_no_code() {
    let head = "#!/usr/bin/env -S cargo +nightly -Zscript // \"\n";
    check(&format!("{head}// leaklint: ignore-file[forgotten-value] -- a script\n{LEAK}\n"), &[], 0);
}

#[test]
fn directives_of_a_file_that_is_half_broken_count() {
    let broken = "pub fn broken( {\n";
    let report = run("src/lib.rs", &format!("{LEAK} // leaklint: ignore[forgotten-value] -- ï\n{broken}"));
    assert_eq!(report.findings.len(), 0);
    assert!(report.problems.iter().all(|problem| problem.message.starts_with("syntax error")));
}
