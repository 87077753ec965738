//! The pipeline: discover, read, link, analyse, judge, compare.

use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::Answers;
use crate::analysis::facts::Facts;
use crate::catalogue::Catalogue;
use crate::demand::{self, Read, Reading};
use crate::discovery;
use crate::findings::suppression::{self, Suppressed};
use crate::findings::{Finding, fingerprints};
use crate::linking::{Linkable, Program};
use crate::source::{FileId, Location, SourceFile};
use crate::{rewrite, rules};

use super::{Compared, Explain, Hidden, HiddenBy, Problem, Progress, Report, Request, RunError, Statistics};

/// The pipeline, on the threads of the caller.
pub(crate) fn run(request: &Request, progress: &dyn Progress) -> Result<Report, RunError> {
    progress.stage("reading", 0, 0);
    let mut clock = Clock::start();
    let mut discovered = discovery::discover(request)?;
    let own = discovered.configuration.catalogue()?;
    let catalogue = own.as_ref().unwrap_or_else(|| Catalogue::builtin());
    clock.stage("reading");
    progress.stage("parsing", 0, discovered.files.len());
    let Reading { modules: read, imports } = demand::read(&discovered, catalogue);
    drop_unread(&mut discovered.files, &read);
    clock.stage("parsing");

    let governance = discovered.governance();
    let mut problems: Vec<Problem> = discovered
        .problems
        .into_iter()
        .map(|problem| Problem { path: problem.path, location: None, message: problem.message })
        .collect();
    let mut modules = Vec::with_capacity(read.len());
    for Read { module, issues, targets, relevant } in read {
        let path = &discovered.files[module.file.index()].display_path;
        problems.extend(issues.into_iter().map(|issue| Problem {
            path: path.clone(),
            location: Some(Location { file: module.file, span: issue.span }),
            message: issue.message,
        }));
        modules.push(Linkable { module, targets, relevant });
    }
    let statistics = Statistics {
        files_discovered: discovered.files_discovered,
        files_parsed: modules.len(),
        elapsed: Duration::ZERO,
    };

    progress.stage("analysing", 0, modules.len());
    let program = Program::new(discovered.files, discovered.roles, modules).governed(governance).importing(imports);
    clock.stage("linking");
    let answers = Answers::default();
    let facts = Facts::of(&program, catalogue, &answers);
    clock.stage("analysing");
    let mut findings = rules::judge(&facts);
    clock.stage("judging");
    findings.retain(|finding| !is_in_doubt(&program, &problems, finding));
    let comments: Vec<_> = program.modules().map(|module| (module.file, module.comments.as_slice())).collect();
    let Suppressed { by: mut suppressed, issues } = suppression::apply(&findings, &program.files, &comments, true);
    problems.extend(false_owners(&facts, &findings, &mut suppressed));
    problems.extend(issues.into_iter().map(|issue| Problem {
        path: program.files[issue.location.file.index()].display_path.clone(),
        location: Some(issue.location),
        message: format!("{}; {}", issue.message, issue.help),
    }));
    let reported = discovered.reported;
    problems.retain(|problem| problem.location.is_none_or(|location| reported[location.file.index()]));

    // Names and the baseline go by all that was found, whatever is told of it.
    let mut names = fingerprints(&findings, &program.files, &discovered.root).into_iter();
    let mut suppressed = suppressed.into_iter();
    let configuration = discovered.configuration;
    let mut report = Report {
        problems,
        statistics,
        baseline: configuration.baseline(&request.baseline, &request.working_directory)?.map(Compared::new),
        configuration,
        root: discovered.root,
        reported,
        ..Report::default()
    };
    let known = report.baseline.as_mut().map(|it| it.compare(&findings, &program.files, &report.reported, request));
    for (at, mut finding) in findings.into_iter().enumerate() {
        let (name, by) = (names.next(), suppressed.next().flatten());
        let fingerprint = name.expect("invariant: each finding has a name");
        let file = finding.location.file.index();
        let path = &program.files[file].path;
        if !report.reported[file] || !request.levels.apply(&mut finding, report.configuration.of(path), path) {
            continue;
        }
        let hidden_by = match by {
            Some(by) => Some(HiddenBy::Directive(by.reason)),
            None => known.as_ref().is_some_and(|known| known[at]).then_some(HiddenBy::Baseline),
        };
        let is_asked_for = matches!(request.explain, Explain::Only(_));
        if request.explain.wants(&finding, &fingerprint, &program.files) {
            report.arguments.push((fingerprint.clone(), rules::argument(&facts, &finding)));
        } else if is_asked_for {
            continue;
        }
        match hidden_by.filter(|_| !is_asked_for) {
            Some(by) => report.hidden.push(Hidden { finding, fingerprint, by }),
            None => {
                finding.fix = rewrite::fix(&rules::remedies(&facts, &finding), &program.files);
                report.findings.push(finding);
                report.fingerprints.push(fingerprint);
            }
        }
    }
    drop(facts);
    answers.discard();
    report.files = program.into_files();
    clock.stage("comparing");
    report.timings = clock.stages;
    Ok(report)
}

/// Gives back the texts of files that were not read: nothing can be found in them, and they are half of most trees.
fn drop_unread(files: &mut [SourceFile], read: &[Read]) {
    let read: FxHashSet<FileId> = read.iter().map(|read| read.module.file).collect();
    for (file, id) in files.iter_mut().zip((0..).map(FileId)) {
        if !read.contains(&id) {
            file.text = Box::default();
        }
    }
}

/// How long the stages take.
struct Clock {
    last: Instant,
    stages: Vec<(&'static str, Duration)>,
}

impl Clock {
    fn start() -> Self {
        Self { last: Instant::now(), stages: Vec::new() }
    }

    /// A stage is over.
    fn stage(&mut self, name: &'static str) {
        let now = Instant::now();
        self.stages.push((name, now - self.last));
        self.last = now;
    }
}

/// Owners that directives name and that are none: those suppress nothing.
fn false_owners(
    facts: &Facts<'_>,
    findings: &[Finding],
    suppressed: &mut [Option<suppression::Suppression>],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (finding, by) in findings.iter().zip(suppressed) {
        let Some((path, symbol)) = by.as_ref().and_then(|by| rules::named_in(&by.reason)) else { continue };
        if let Some(complaint) = rules::complaint(facts, finding, path, symbol) {
            let location = by.take().map(|by| by.location);
            problems.push(Problem {
                path: facts.program.path(finding.location.file).to_owned(),
                location,
                message: format!("{complaint}; so the finding is told"),
            });
        }
    }
    problems
}

/// Whether a part of the function that a finding is in could not be read: the release may have stood there.
fn is_in_doubt(program: &Program, problems: &[Problem], finding: &Finding) -> bool {
    let unread = problems.iter().filter_map(|problem| problem.location);
    let unread: Vec<_> = unread.filter(|location| location.file == finding.location.file).collect();
    if unread.is_empty() {
        return false;
    }
    let module = program.module(finding.location.file);
    let around = module
        .functions()
        .map(|(_, function)| function.span)
        .filter(|span| span.contains(finding.location.span))
        .min_by_key(|span| span.end - span.start);
    around.is_some_and(|around| unread.iter().any(|location| around.contains(location.span)))
}
