//! What fixes make of code: `fixtures/fixes/<rule>/<name>/before/` becomes `after/` by safe fixes, and `after-unsafe/`
//! by all that are applied at all; a side that is missing says that nothing is fixed.
//!
//! Of every result: the rule is silent, it parses, and fixing it again changes nothing. `INSTA_UPDATE=always` writes the
//! sides anew. Written in another manner (other line endings, a byte-order mark, tabs), every case is fixed in that manner.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use leaklint::fixing::{self, Outcome};
use leaklint::rewrite::Applicability;
use leaklint::{Request, Silent};
use libtest_mimic::{Arguments, Failed, Trial};
use support::{directories, files, is_source, repository};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for rule in directories(&repository("fixtures/fixes")) {
        for case in directories(&rule) {
            let name = case.strip_prefix(repository("fixtures")).unwrap().display().to_string();
            for (manner, rewritten) in MANNERS {
                let case = case.clone();
                trials.push(Trial::test(format!("{name} {manner}"), move || is_kept(&case, rewritten)));
            }
            trials.push(Trial::test(name, move || check(&case)));
        }
    }
    for incident in directories(&repository("fixtures/incidents")) {
        let name = incident.strip_prefix(repository("fixtures")).unwrap().display().to_string();
        trials.push(Trial::test(name, move || incident_is_mended(&incident)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

type Texts = BTreeMap<PathBuf, String>;

fn check(case: &Path) -> Result<(), Failed> {
    let before = texts(&case.join("before"));
    let rule = case.parent().and_then(Path::file_name).unwrap().to_str().unwrap();
    let sides = [("after", Applicability::Safe), ("after-unsafe", Applicability::Unsafe)];
    for (at, (side, required)) in sides.into_iter().enumerate() {
        let (after, outcome) = fixed(&before, required);
        if let Some(undone) = outcome.undone.first() {
            return Err(format!("taken back: {undone:?}").into());
        }
        if let Some(problem) = outcome.report.problems.first() {
            return Err(format!("{side}: {problem:?}").into());
        }
        let is_expected = case.join(side).is_dir();
        // Where safe fixes do all there is to do, the other side would say the same again.
        let expected = match (is_expected, at) {
            (true, _) => texts(&case.join(side)),
            (false, 1) if case.join("after").is_dir() => texts(&case.join("after")),
            (false, _) => before.clone(),
        };
        if after != expected && std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
            write(&case.join(side), &after);
        } else {
            compare(&expected, &after, side)?;
        }
        let left = outcome.report.findings.iter().filter(|finding| finding.rule.as_str() == rule).count();
        // What safe fixes leave is for the others.
        if at == 1 && after != before && left > 0 {
            return Err(format!("{side}: {left} findings of `{rule}` are left").into());
        }
        let (again, _) = fixed(&after, required);
        compare(&after, &again, "the second run")?;
    }
    Ok(())
}

/// Manners of writing, each with what brings a text into it.
const MANNERS: [(&str, fn(&str) -> String); 3] = [
    ("with carriage returns", |text| text.replace('\n', "\r\n")),
    ("with a byte-order mark", |text| format!("\u{feff}{text}")),
    ("with tabs", tabbed),
];

/// Indented by tabs, as far as it was by twos or fours; a space before a `*` belongs to the comment.
fn tabbed(text: &str) -> String {
    let width = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let widths = || text.lines().map(width).filter(|width| *width > 1);
    let unit = if widths().all(|width| width % 4 == 0) { 4 } else { 2 };
    let line = |line: &str| format!("{}{}", "\t".repeat(width(line) / unit), &line[width(line) / unit * unit..]);
    text.split_inclusive('\n').map(line).collect()
}

/// Whether a case that is written in some manner becomes what it becomes otherwise, in that manner.
fn is_kept(case: &Path, rewritten: fn(&str) -> String) -> Result<(), Failed> {
    let all = |texts: &Texts| -> Texts {
        let anew = |(path, text): (&PathBuf, &String)| {
            (path.clone(), if is_source(path) { rewritten(text) } else { text.clone() })
        };
        texts.iter().map(anew).collect()
    };
    let before = texts(&case.join("before"));
    let sides = [("after", Applicability::Safe), ("after-unsafe", Applicability::Unsafe)];
    for (side, required) in sides.into_iter().filter(|(side, _)| case.join(side).is_dir()) {
        let (after, _) = fixed(&all(&before), required);
        compare(&all(&texts(&case.join(side))), &after, side)?;
    }
    Ok(())
}

/// Incidents that fixes alone make harmless; of the others a part is left to people.
const MENDED: [&str; 3] = ["000-pool-per-call", "001-discarded-cleanup", "002-single-client"];

fn incident_is_mended(incident: &Path) -> Result<(), Failed> {
    let (_, outcome) = fixed(&texts(&incident.join("before")), Applicability::Unsafe);
    if let Some(undone) = outcome.undone.first() {
        return Err(format!("taken back: {undone:?}").into());
    }
    let is_mended = MENDED.iter().any(|name| incident.ends_with(name));
    match outcome.report.findings.first().filter(|it| is_mended && it.severity > leaklint::findings::Severity::Note) {
        Some(finding) => Err(format!("left: {}", finding.message).into()),
        None => Ok(()),
    }
}

fn texts(directory: &Path) -> Texts {
    let relative = |path: &Path| path.strip_prefix(directory).unwrap().to_path_buf();
    files(directory).iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

fn write(directory: &Path, texts: &Texts) {
    for (path, text) in texts {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn fixed(before: &Texts, required: Applicability) -> (Texts, Outcome) {
    let scratch = tempfile::Builder::new().prefix("leaklint-").tempdir().unwrap();
    write(scratch.path(), before);
    let request = Request { root: Some(scratch.path().into()), threads: Some(1), ..Request::new(scratch.path()) };
    let outcome = fixing::fix(&request, required, &Silent).unwrap();
    fixing::write(&outcome.changes).unwrap();
    (texts(scratch.path()), outcome)
}

fn compare(expected: &Texts, found: &Texts, what: &str) -> Result<(), String> {
    for (path, expected) in expected.iter().filter(|(path, _)| is_source(path)) {
        let found = &found[path];
        if found != expected {
            let diff = similar::TextDiff::from_lines(expected, found);
            return Err(format!("{what}: {}\n{}", path.display(), diff.unified_diff().context_radius(3)));
        }
    }
    Ok(())
}
