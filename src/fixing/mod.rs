//! Fixing: from fixes to files.
//!
//! Takes a request and how far fixes are trusted; gives the new text of every changed file, after applying fixes until
//! none is left and checking the result of each pass by another analysis. Writing is a separate step ([`write`]), so
//! that only checked results are written. Never makes a fix and never decides which findings count.

mod diff;
mod git;
mod selection;
mod write;

pub use diff::{Line, changed_lines, unified};
pub use git::{DirtyTree, check_clean};
pub use write::{WriteError, write};

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::findings::Severity;
use crate::rewrite::{self, Applicability, Edit};
use crate::rules::RuleId;
use crate::run::{self, Progress, Report, Request, RunError};
use crate::source::FileId;

/// Passes after which no end is to be expected.
const MAX_PASSES: usize = 50;

/// Runs after which a pass that does not hold is no longer taken apart.
const MAX_TRIALS: usize = 100;

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is found once all changes are made.
    pub report: Report,
    /// The worst of what was found before any was made; `None` when nothing was.
    pub worst: Option<Severity>,
    /// By path.
    pub changes: Vec<Change>,
    /// The rules of the findings that were fixed.
    pub applied: Vec<RuleId>,
    /// Fixes that did not hold.
    pub undone: Vec<Undone>,
}

/// A file with a new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: PathBuf,
    pub display_path: String,
    pub before: Box<str>,
    pub after: Box<str>,
}

/// A fix that was applied, and taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    pub rule: RuleId,
    pub display_path: String,
    /// 1-based, in the text that the fix was made for.
    pub line: u32,
    pub title: String,
    /// Lower case, no final period.
    pub reason: String,
}

/// Applies fixes that are at the least what is required, until none is left that holds.
///
/// # Errors
/// When the project cannot be looked at.
pub fn fix(request: &Request, required: Applicability, progress: &dyn Progress) -> Result<Outcome, RunError> {
    run::on_threads(request.threads, || converge(request, required, progress))?
}

fn converge(request: &Request, required: Applicability, progress: &dyn Progress) -> Result<Outcome, RunError> {
    let mut run = Run { request: request.clone(), required, progress, trials: 0, refused: BTreeSet::new() };
    let mut outcome = Outcome::default();
    let mut report = run.look(&BTreeMap::new())?;
    outcome.worst = report.findings.iter().map(|finding| finding.severity).max();
    let originals: BTreeMap<PathBuf, (String, Box<str>)> =
        report.files.iter().map(|file| (file.path.clone(), (file.display_path.clone(), file.text.clone()))).collect();
    for _ in 0..MAX_PASSES {
        let chosen = run.choose(&report);
        if chosen.is_empty() {
            break;
        }
        let (next, applied) = run.apply(report, &chosen, &mut outcome.undone)?;
        report = next;
        outcome.applied.extend(applied);
    }
    outcome.report = report;
    for (path, after) in run.request.overlay {
        let Some((display_path, before)) = originals.get(&path) else { continue };
        if *before != after {
            outcome.changes.push(Change { path, display_path: display_path.clone(), before: before.clone(), after });
        }
    }
    Ok(outcome)
}

struct Run<'r> {
    /// With the texts that are known to hold.
    request: Request,
    required: Applicability,
    progress: &'r dyn Progress,
    trials: usize,
    /// Fingerprints of findings whose fixes did not hold.
    refused: BTreeSet<String>,
}

impl Run<'_> {
    fn look(&mut self, changed: &BTreeMap<PathBuf, Box<str>>) -> Result<Report, RunError> {
        self.trials += 1;
        let mut request = self.request.clone();
        request.overlay.extend(changed.iter().map(|(path, text)| (path.clone(), text.clone())));
        run::check_here(&request, self.progress)
    }

    /// The findings whose fixes are applied next, by index.
    fn choose(&self, report: &Report) -> Vec<usize> {
        let wanted = (0..report.findings.len()).filter(|&at| {
            let fix = report.findings[at].fix.as_ref();
            fix.is_some_and(|fix| fix.applicability >= self.required)
                && !self.refused.contains(&report.fingerprints[at])
        });
        selection::compatible(&report.findings, wanted)
    }

    /// Applies the fixes of these findings, all or in parts; what does not hold is taken back.
    fn apply(
        &mut self,
        report: Report,
        chosen: &[usize],
        undone: &mut Vec<Undone>,
    ) -> Result<(Report, Vec<RuleId>), RunError> {
        let changed = texts(&report, chosen);
        let after = self.look(&changed)?;
        let Some(reason) = objection(&report, &after, &changed, chosen) else {
            self.request.overlay.extend(changed);
            return Ok((after, chosen.iter().map(|&at| report.findings[at].rule).collect()));
        };
        if let [only] = chosen[..] {
            self.refuse(&report, only, reason, undone);
            return Ok((report, Vec::new()));
        }
        if self.trials > MAX_TRIALS {
            for &at in chosen {
                self.refuse(&report, at, reason.clone(), undone);
            }
            return Ok((report, Vec::new()));
        }
        // One half now; the other half comes up again in the next pass, at its new places.
        let (half, _) = chosen.split_at(chosen.len() / 2);
        self.apply(report, half, undone)
    }

    fn refuse(&mut self, report: &Report, at: usize, reason: String, undone: &mut Vec<Undone>) {
        let finding = &report.findings[at];
        let file = report.file(finding.location);
        self.refused.insert(report.fingerprints[at].clone());
        undone.push(Undone {
            rule: finding.rule,
            display_path: file.display_path.clone(),
            line: crate::source::LineIndex::new(&file.text).position(finding.location.span.start).line,
            title: finding.fix.as_ref().map(|fix| fix.title.clone()).unwrap_or_default(),
            reason,
        });
    }
}

/// The texts of the files that fixes change.
fn texts(report: &Report, chosen: &[usize]) -> BTreeMap<PathBuf, Box<str>> {
    let fixes = chosen.iter().filter_map(|&at| report.findings[at].fix.as_ref());
    let mut edits: Vec<&Edit> = fixes.flat_map(|fix| fix.edits.iter().chain(&fix.common)).collect();
    edits.sort();
    edits.dedup();
    let tidying = rewrite::tidying(&edits, &report.files);
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in edits.into_iter().chain(&tidying) {
        by_file.entry(edit.file).or_default().push(edit);
    }
    by_file
        .into_iter()
        .map(|(file, edits)| {
            let file = &report.files[file.index()];
            (file.path.clone(), rewrite::apply(&file.text, edits).into())
        })
        .collect()
}

/// Why a change must not stand: a file that cannot be read any more, a finding that was not there, or none that went.
fn objection(
    before: &Report,
    after: &Report,
    changed: &BTreeMap<PathBuf, Box<str>>,
    chosen: &[usize],
) -> Option<String> {
    let files = || before.files.iter().filter_map(|file| Some((file, changed.get(&file.path)?)));
    if files().any(|(file, after)| !rewrite::is_sound(&file.text, after, file.language)) {
        return Some("the result would not compile".to_owned());
    }
    let changed: BTreeSet<&str> = files().map(|(file, _)| file.display_path.as_str()).collect();
    let unread = |report: &Report| {
        report.problems.iter().filter(|it| it.location.is_some() && changed.contains(it.path.as_str())).count()
    };
    if unread(after) > unread(before) {
        return Some("the result could not be parsed".to_owned());
    }
    let counts = |report: &Report, least: Severity| {
        let mut counts: BTreeMap<(RuleId, String, String), usize> = BTreeMap::new();
        for finding in report.findings.iter().filter(|finding| finding.severity >= least) {
            let path = report.file(finding.location).display_path.clone();
            *counts.entry((finding.rule, path, finding.resource.clone())).or_default() += 1;
        }
        counts
    };
    let known = counts(before, Severity::Warning);
    for ((rule, path, resource), count) in counts(after, Severity::Warning) {
        if count > known.get(&(rule, path.clone(), resource.clone())).copied().unwrap_or_default() {
            return Some(format!("the result has a new finding: `{rule}` in `{path}`"));
        }
    }
    let total = |report: &Report, rule: RuleId| report.findings.iter().filter(|finding| finding.rule == rule).count();
    let stays = chosen.iter().map(|&at| before.findings[at].rule).find(|&rule| {
        let fixed = chosen.iter().filter(|&&at| before.findings[at].rule == rule).count();
        total(after, rule) + fixed > total(before, rule)
    });
    stays.map(|rule| format!("the result is still found by `{rule}`"))
}
