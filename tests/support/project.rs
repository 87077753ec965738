//! Projects: files that are written to a scratch directory, checked under all rules and compared with their marks.

use std::fs;
use std::path::{Path, PathBuf};

use leaklint::analysis::facts::Facts;
use leaklint::catalogue::Catalogue;
use leaklint::findings::{Finding, Severity};
use leaklint::rewrite::Applicability;
use leaklint::source::{LineIndex, Location};
use leaklint::{Report, Request, Silent};

use tempfile::TempDir;

use super::marks::{self, Expectation};
use super::{files, is_source};

/// Files by their path in the project.
#[derive(Debug, Default)]
pub(crate) struct Project {
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Project {
    /// Everything under a directory.
    pub(crate) fn from_directory(directory: &Path) -> Self {
        let relative = |path: &Path| path.strip_prefix(directory).unwrap().to_path_buf();
        Self { files: files(directory).iter().map(|path| (relative(path), fs::read(path).unwrap())).collect() }
    }

    /// One file. A first line `// file: path` says where in the project it stands; otherwise it is `src/NAME`, because
    /// where a file stands is evidence of how often it runs.
    pub(crate) fn from_file(file: &Path) -> Self {
        let bytes = fs::read(file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let path = file_line(&text).map_or_else(|| format!("src/{name}"), str::to_owned);
        let mut project = Self::default();
        project.add(&path, &bytes);
        project
    }

    pub(crate) fn add(&mut self, path: &str, bytes: &[u8]) {
        self.files.push((path.into(), bytes.to_vec()));
    }

    /// Whether all that is marked is found, and all that is found is marked.
    pub(crate) fn check(&self, default_rule: Option<&str>) -> Result<(), String> {
        let expected = self.marks(default_rule)?;
        let report = self.run();
        let mut found = found(&report);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let mut complaints = compare(&expected, &found);
        complaints.extend(report.findings.iter().flat_map(style_complaints));
        complaints.extend(report.findings.iter().filter_map(without_pair));
        if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
    }

    /// What is marked, in order.
    pub(crate) fn marks(&self, default_rule: Option<&str>) -> Result<Vec<Expectation>, String> {
        let mut expected = Vec::new();
        for (path, bytes) in self.files.iter().filter(|(path, _)| is_source(path)) {
            let text = String::from_utf8_lossy(bytes);
            expected.extend(marks::of(&display(path), &text, default_rule)?);
        }
        expected.sort();
        Ok(expected)
    }

    /// Checks the project in a scratch directory.
    pub(crate) fn run(&self) -> Report {
        let scratch = self.scratch();
        leaklint::check(&request(scratch.path()), &Silent).unwrap()
    }

    /// What the analyses know of the project, by another catalogue than the shipped one.
    pub(crate) fn inspect<R: Send>(&self, catalogue: &Catalogue, look: impl FnOnce(&Facts<'_>) -> R + Send) -> R {
        let scratch = self.scratch();
        leaklint::run::inspect(&request(scratch.path()), Some(catalogue), |facts, _| look(facts)).unwrap()
    }

    /// The project in a scratch directory whose path says nothing of tests or fixtures.
    fn scratch(&self) -> TempDir {
        let scratch = tempfile::Builder::new().prefix("leaklint-").tempdir().unwrap();
        for (path, bytes) in &self.files {
            let path = scratch.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        scratch
    }
}

fn request(scratch: &Path) -> Request {
    Request { root: Some(scratch.to_path_buf()), threads: Some(1), ..Request::new(scratch) }
}

/// The path a first line `// file: path` names.
pub(crate) fn file_line(text: &str) -> Option<&str> {
    text.lines().next()?.trim().strip_prefix("// file:").map(str::trim)
}

fn display(path: &Path) -> String {
    path.to_str().unwrap().replace('\\', "/")
}

fn found(report: &Report) -> Vec<(Expectation, String)> {
    let line = |location: Location| LineIndex::new(&report.file(location).text).position(location.span.start).line;
    let findings = report.findings.iter().map(|finding| {
        let prefix = if finding.severity == Severity::Note { "note:" } else { "" };
        let expectation = Expectation {
            path: report.file(finding.location).display_path.clone(),
            line: line(finding.location) as usize,
            what: format!("{prefix}{}", finding.rule),
        };
        (expectation, describe(finding, report))
    });
    let problems = report.problems.iter().map(|problem| {
        let expectation = Expectation {
            path: problem.path.clone(),
            line: problem.location.map_or(1, |location| line(location) as usize),
            what: "problem".to_owned(),
        };
        (expectation, problem.message.clone())
    });
    findings.chain(problems).collect()
}

/// The argument of a finding, so that a failing test can be judged without running it again.
fn describe(finding: &Finding, report: &Report) -> String {
    let mut text = format!("{} ({:?}, in {})", finding.message, finding.confidence, finding.function);
    for (number, step) in (1..).zip(&finding.trace) {
        let file = report.file(step.location);
        let line = LineIndex::new(&file.text).position(step.location.span.start).line;
        text.push_str(&format!("\n      {number}. {}:{line}: {}", file.display_path, step.message));
    }
    text
}

/// Both lists are sorted; what stands in both as often is fine.
fn compare(expected: &[Expectation], found: &[(Expectation, String)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let (mut expected, mut found) = (expected.iter().peekable(), found.iter().peekable());
    loop {
        match (expected.peek(), found.peek()) {
            (None, None) => return complaints,
            (Some(mark), Some((finding, _))) if *mark == finding => {
                expected.next();
                found.next();
            }
            (Some(mark), other) if other.is_none_or(|(finding, _)| *mark < finding) => {
                complaints.push(format!("not found:  {mark}"));
                expected.next();
            }
            (_, Some((finding, why))) => {
                complaints.push(format!("not marked: {finding}: {why}"));
                found.next();
            }
            (Some(_), None) => unreachable!("the guard above takes every mark when nothing more is found"),
        }
    }
}

/// The wording every diagnostic keeps to: lower case, no final period.
/// Whoever fixes a rule shows how, before and after.
fn without_pair(finding: &Finding) -> Option<String> {
    let rule = finding.rule.as_str();
    let is_applied = finding.fix.as_ref().is_some_and(|fix| fix.applicability > Applicability::DisplayOnly);
    let cases = super::directories(&super::repository(&format!("fixtures/fixes/{rule}")));
    let has_pair = cases.iter().any(|case| case.join("after").is_dir() || case.join("after-unsafe").is_dir());
    (is_applied && !has_pair).then(|| format!("{rule} is fixed, and fixtures/fixes/{rule} does not show how"))
}

fn style_complaints(finding: &Finding) -> Vec<String> {
    let steps = finding.trace.iter().map(|step| ("trace", step.message.as_str()));
    let own = [("message", finding.message.as_str()), ("label", &finding.label), ("help", &finding.help)];
    let mut complaints = Vec::new();
    for (what, text) in own.into_iter().chain(steps) {
        if text.is_empty() {
            complaints.push(format!("style: {}: the {what} is empty", finding.rule));
        }
        if text.starts_with(char::is_uppercase) || text.ends_with('.') || text.contains('\n') {
            complaints.push(format!("style: {}: the {what} is no lower-case phrase: {text:?}", finding.rule));
        }
    }
    complaints
}
