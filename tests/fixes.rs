//! What fixes make of code: `fixtures/fixes/<rule>/<name>/before/` becomes `after/` by safe fixes, and `after-unsafe/`
//! by all that are applied at all; a side that is missing says that nothing is fixed. `proposed/` is what is only shown.
//!
//! Of every result: the rule is silent, it parses, and fixing it again changes nothing. `INSTA_UPDATE=always` writes the
//! sides anew. Written in another manner (other line endings, quotes, indentation), every case is fixed in that manner, and
//! comments stay.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/manners.rs"]
mod manners;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use leaklint::fixing::{self, Outcome};
use leaklint::rewrite::Applicability;
use leaklint::{Request, Silent};
use libtest_mimic::{Arguments, Failed, Trial};
use manners::MANNERS;
use support::{directories, files, is_source, repository};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for rule in directories(&repository("fixtures/fixes")) {
        for case in directories(&rule) {
            let name = case.strip_prefix(repository("fixtures")).unwrap().display().to_string();
            for (manner, written) in MANNERS {
                let case = case.clone();
                trials.push(Trial::test(format!("{name} {manner}"), move || is_kept(&case, written)));
            }
            let commented = case.clone();
            trials.push(Trial::test(format!("{name} with comments"), move || comments_are_kept(&commented)));
            if case.join("proposed").is_dir() {
                let case = case.clone();
                trials.push(Trial::test(format!("{name} as proposed"), move || proposes(&case)));
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

/// What is shown and never applied: `proposed/` is how the files would look, and `titles.txt` beside it says why.
fn proposes(case: &Path) -> Result<(), Failed> {
    let before = texts(&case.join("before"));
    let (after, outcome) = fixed(&before, Applicability::Unsafe);
    compare(&before, &after, "a proposal is not applied")?;
    let mut edits: BTreeMap<&str, Vec<&leaklint::rewrite::Edit>> = BTreeMap::new();
    let mut titles = String::new();
    for fix in outcome.report.findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        titles.push_str(&format!("{}\n", fix.title));
        for edit in fix.all_edits() {
            edits.entry(&outcome.report.files[edit.file.index()].display_path).or_default().push(edit);
        }
    }
    let mut proposed = before.clone();
    for (path, edits) in edits {
        let text = proposed.get_mut(Path::new(path)).unwrap();
        *text = leaklint::rewrite::apply(text, edits);
    }
    proposed.insert("titles.txt".into(), titles);
    let expected = texts(&case.join("proposed"));
    if proposed != expected && std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        write(&case.join("proposed"), &proposed);
    } else {
        compare(&expected, &proposed, "proposed")?;
        assert_eq!(expected[Path::new("titles.txt")], proposed[Path::new("titles.txt")]);
    }
    Ok(())
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

/// Whether a case that is written in some manner becomes what it becomes otherwise, in that manner.
fn is_kept(case: &Path, written: fn(&Path, &str) -> String) -> Result<(), Failed> {
    let before = rewritten(&texts(&case.join("before")), written);
    for (side, required) in sides(case) {
        let (after, _) = fixed(&before, required);
        compare(&rewritten(&texts(&case.join(side)), written), &after, side)?;
    }
    Ok(())
}

/// Whether comments above the statements stay, those aside whose statements go, and change nothing else.
fn comments_are_kept(case: &Path) -> Result<(), Failed> {
    let plain = texts(&case.join("before"));
    let before = rewritten(&plain, manners::commented);
    let is_comment = |line: &&str| line.trim_start().starts_with(manners::COMMENT);
    for (side, required) in sides(case) {
        let (after, _) = fixed(&before, required);
        // Where a statement went from below a comment, blank lines meet once that is taken out.
        let without = |_: &Path, text: &str| {
            let kept: String = text.split_inclusive('\n').filter(|line| !is_comment(line)).collect();
            kept.replace("\n\n\n", "\n\n")
        };
        let expected = texts(&case.join(side));
        compare(&rewritten(&expected, without), &rewritten(&after, without), side)?;
        for (path, text) in before.iter().filter(|(path, _)| is_source(path)) {
            let count = |text: &str, wanted: &str| text.lines().filter(|line| line.trim() == wanted).count();
            let lines: Vec<&str> = text.lines().collect();
            for pair in lines.windows(2).filter(|pair| is_comment(&pair[0])) {
                let (comment, below) = (pair[0].trim(), pair[1].trim());
                let stays = count(&expected[path], below) >= count(&plain[path], below);
                if stays && count(&after[path], comment) == 0 {
                    return Err(
                        format!("{side}: {}: `{comment}` above `{below}`:\n{}", path.display(), after[path]).into()
                    );
                }
            }
        }
    }
    Ok(())
}

/// The sides that a case has, with the fixes that lead there.
fn sides(case: &Path) -> impl Iterator<Item = (&'static str, Applicability)> {
    let sides = [("after", Applicability::Safe), ("after-unsafe", Applicability::Unsafe)];
    sides.into_iter().filter(|(side, _)| case.join(side).is_dir())
}

fn rewritten(texts: &Texts, written: impl Fn(&Path, &str) -> String) -> Texts {
    let anew = |(path, text): (&PathBuf, &String)| {
        (path.clone(), if is_source(path) { written(path, text) } else { text.clone() })
    };
    texts.iter().map(anew).collect()
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
