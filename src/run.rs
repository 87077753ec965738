//! The façade: one call from a request to a report.
//!
//! Takes paths and how to walk them; gives findings and problems in an order that does not depend on threads. Never
//! prints and never decides what fails a run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::Answers;
use crate::analysis::facts::Facts;
use crate::catalogue::Catalogue;
use crate::config::{self, BaselineFile, BaselineSource, Configuration, Levels};
use crate::demand::{self, Read};
use crate::discovery::changes::{Changes, ChangesError, Since};
use crate::discovery::{self, DiscoveryError, location};
use crate::findings::argument::Argument;
use crate::findings::baseline::{self, Entry};
use crate::findings::suppression::{self, Suppressed};
use crate::findings::{Finding, fingerprints};
use crate::linking::{Linkable, Program};
use crate::source::{FileId, LineIndex, Location, SourceFile};
use crate::{changed, languages, rewrite, rules};

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// Files and directories to report on; empty means the working directory. They shrink the report, not the analysis.
    pub paths: Vec<PathBuf>,
    /// What relative paths start from, and what reported paths are relative to.
    pub working_directory: PathBuf,
    /// The directory to analyse, where it is known; otherwise it is found from the paths.
    pub root: Option<PathBuf>,
    /// The cargo packages to report on, where some were chosen; then `paths` only narrow what is reported of them.
    pub packages: Option<Packages>,
    /// How many threads to use; `None` leaves it to the machine.
    pub threads: Option<usize>,
    /// Whether `.gitignore` and `.ignore` files hide what they name.
    pub respect_ignore_files: bool,
    /// Globs of paths that take no part, in the syntax of ignore files, relative to the working directory.
    pub exclude: Vec<String>,
    /// Texts to take in the place of what files on disk hold, by absolute path: what would be if they were written.
    pub overlay: BTreeMap<PathBuf, Box<str>>,
    /// Which configuration files count.
    pub configuration: config::Source,
    /// What is said of levels beside the configuration; it has the last word.
    pub levels: Levels,
    /// Which baseline says what is known already.
    pub baseline: BaselineSource,
    /// Report only what a change brought: what stands in files that changed, and what was not there before it.
    pub since: Option<Since>,
    /// Which findings are argued for at length.
    pub explain: Explain,
}

/// Which findings a report gives the whole argument for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Explain {
    #[default]
    None,
    All,
    /// Only these are in the report at all, hidden ones too: a fingerprint, the beginning of one, or `path:line`.
    Only(String),
}

impl Explain {
    fn wants(&self, finding: &Finding, fingerprint: &str, files: &[SourceFile]) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(name) => match name.rsplit_once(':').map(|(path, line)| (path, line.parse::<u32>())) {
                Some((path, Ok(line))) => {
                    let file = &files[finding.location.file.index()];
                    let at = LineIndex::new(&file.text).position(finding.location.span.start);
                    file.display_path == path.trim_start_matches("./") && at.line == line
                }
                _ => fingerprint.starts_with(name.as_str()),
            },
        }
    }
}

/// Packages of a cargo workspace: each is what lies below its directory, other packages aside.
#[derive(Debug, Clone, Default)]
pub struct Packages {
    /// The directories of those that are reported on.
    pub chosen: Vec<PathBuf>,
    /// Whether the run is about these: a package below `examples/` that is named is, for this run, the product.
    pub are_named: bool,
    /// The directories that are analysed with them: those of the workspace.
    pub around: Vec<PathBuf>,
}

impl Request {
    /// A request with the default settings, without paths.
    #[must_use]
    pub fn new(working_directory: impl Into<PathBuf>) -> Self {
        Self {
            paths: Vec::new(),
            working_directory: working_directory.into(),
            root: None,
            packages: None,
            threads: None,
            respect_ignore_files: true,
            exclude: Vec::new(),
            overlay: BTreeMap::new(),
            configuration: config::Source::Nearest,
            levels: Levels::default(),
            baseline: BaselineSource::Nearest,
            since: None,
            explain: Explain::None,
        }
    }
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Report {
    /// Every file a position can point into, indexed by [`crate::source::FileId`]; those that need not be read are empty.
    pub files: Vec<SourceFile>,
    pub findings: Vec<Finding>,
    /// Their names, in the same order.
    pub fingerprints: Vec<String>,
    /// What was found and is not told of, for formats that say so.
    pub hidden: Vec<Hidden>,
    pub problems: Vec<Problem>,
    pub statistics: Statistics,
    /// The configuration files that had a say.
    pub configuration: Configuration,
    /// What the run knew already.
    pub baseline: Option<Compared>,
    /// The analysed project.
    pub root: PathBuf,
    /// Whether each file is reported on.
    pub reported: Vec<bool>,
    /// How many of the reported files changed, where that was asked for.
    pub changed: Option<usize>,
    /// By fingerprint: the arguments that were asked for.
    pub arguments: Vec<(String, Argument)>,
    /// How long each stage took, in their order.
    pub timings: Vec<(&'static str, Duration)>,
}

/// A finding that somebody has looked at.
#[derive(Debug, Clone)]
pub struct Hidden {
    pub finding: Finding,
    pub fingerprint: String,
    pub by: HiddenBy,
}

/// Why a finding is not told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HiddenBy {
    /// A directive, with its reason.
    Directive(String),
    Baseline,
}

/// The baseline of a run, and how it fits.
#[derive(Debug, Clone)]
pub struct Compared {
    pub file: BaselineFile,
    /// What it has and the run, as far as it looked, has not.
    pub stale: Vec<Entry>,
}

/// A file, or a part of one, that was not looked at; the rest was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// As reports show it: relative to the working directory, with `/`.
    pub path: String,
    pub location: Option<Location>,
    /// Lower case, no final period.
    pub message: String,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    pub files_discovered: usize,
    pub files_parsed: usize,
    pub elapsed: Duration,
}

/// Told how far a run is, from any thread.
pub trait Progress: Send + Sync {
    /// `done` of `total` units of a stage are behind; `total` is 0 where it is not known.
    fn stage(&self, stage: &str, done: usize, total: usize);
}

/// Nobody wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _stage: &str, _done: usize, _total: usize) {}
}

/// Why a run could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    #[error(transparent)]
    Configuration(#[from] Box<config::Mistake>),
    #[error(transparent)]
    Changes(#[from] ChangesError),
    #[error("cannot start the worker threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// The files that a request is about, as reports show them: those that are reported on, of which each is a source.
///
/// # Errors
/// As for [`check`].
pub fn files(request: &Request) -> Result<Vec<String>, RunError> {
    let discovered = discovery::discover(request)?;
    let files = discovered.files.into_iter().zip(discovered.reported);
    Ok(files.filter(|(_, reported)| *reported).map(|(file, _)| file.display_path).collect())
}

/// The configuration files that have a say in what a request is about.
///
/// # Errors
/// As for [`check`].
pub fn configuration(request: &Request) -> Result<Configuration, RunError> {
    let configuration = discovery::discover(request)?.configuration;
    configuration.catalogue()?;
    Ok(configuration)
}

/// Runs the pipeline.
///
/// # Errors
///
/// Only when nothing can be looked at: a path that does not exist, no threads. A file that cannot be read or
/// understood is a [`Problem`] of the report.
pub fn check(request: &Request, progress: &dyn Progress) -> Result<Report, RunError> {
    on_threads(request.threads, || check_here(request, progress))?
}

/// Does `work` on threads of which [`check_here`] makes use: as many as the machine has where `threads` says nothing.
///
/// # Errors
///
/// Where there are no threads to be had.
pub fn on_threads<R: Send>(threads: Option<usize>, work: impl FnOnce() -> R + Send) -> Result<R, RunError> {
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).stack_size(languages::STACK_SIZE).build()?;
    Ok(pool.install(work))
}

/// [`check`] on the threads that are there, for those who run it several times.
///
/// # Errors
///
/// As [`check`].
pub fn check_here(request: &Request, progress: &dyn Progress) -> Result<Report, RunError> {
    let started = Instant::now();
    let changes = request.since.as_ref().map(|since| Changes::since(since, &request.working_directory)).transpose()?;
    let mut report = run(request, progress)?;
    if let Some(changes) = changes {
        changed::reduce(&mut report, &changes, request, progress)?;
    }
    report.sort();
    report.statistics.elapsed = started.elapsed();
    Ok(report)
}

/// Runs the pipeline as far as the facts, for whoever looks at these; `catalogue` takes the place of all that is known
/// otherwise.
///
/// # Errors
///
/// As [`check`].
pub fn inspect<R: Send>(
    request: &Request,
    catalogue: Option<&Catalogue>,
    look: impl FnOnce(&Facts<'_>, &Scope) -> R + Send,
) -> Result<R, RunError> {
    on_threads(request.threads, || {
        let mut discovered = discovery::discover(request)?;
        let own = discovered.configuration.catalogue()?;
        let catalogue = catalogue.or(own.as_ref()).unwrap_or_else(|| Catalogue::builtin());
        let read = demand::read(&discovered, catalogue).into_iter();
        let modules = read.map(|Read { module, targets, relevant, .. }| Linkable { module, targets, relevant });
        let (modules, governance) = (modules.collect(), discovered.governance());
        let program = Program::new(discovered.files, discovered.roles, modules).governed(governance);
        let paths = program.files.iter().map(|file| location::relative(&discovered.root, &file.path));
        let reported = std::mem::take(&mut discovered.reported).into_iter();
        let paths = paths.zip(reported).map(|(path, is)| path.filter(|_| is)).collect();
        let answers = Answers::default();
        Ok(look(&Facts::of(&program, catalogue, &answers), &Scope { paths }))
    })?
}

/// What a request is about.
#[derive(Debug)]
pub struct Scope {
    /// By file.
    paths: Vec<Option<String>>,
}

impl Scope {
    /// The path of a file from the top of the project, if the request is about it.
    #[must_use]
    pub fn path(&self, file: FileId) -> Option<&str> {
        self.paths[file.index()].as_deref()
    }
}

/// The pipeline, on the threads of the caller.
pub(crate) fn run(request: &Request, progress: &dyn Progress) -> Result<Report, RunError> {
    progress.stage("reading", 0, 0);
    let mut clock = Clock::start();
    let mut discovered = discovery::discover(request)?;
    let own = discovered.configuration.catalogue()?;
    let catalogue = own.as_ref().unwrap_or_else(|| Catalogue::builtin());
    clock.stage("reading");
    progress.stage("parsing", 0, discovered.files.len());
    let read = demand::read(&discovered, catalogue);
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
    let program = Program::new(discovered.files, discovered.roles, modules).governed(governance);
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

impl Compared {
    fn new(file: BaselineFile) -> Self {
        Self { file, stale: Vec::new() }
    }

    /// Compares the baseline with all that was found; says of each finding whether it is known.
    fn compare(
        &mut self,
        findings: &[Finding],
        files: &[SourceFile],
        reported: &[bool],
        request: &Request,
    ) -> Vec<bool> {
        let directory = self.file.directory();
        let paths: FxHashMap<String, bool> =
            files.iter().zip(reported).map(|(file, is)| (baseline::path_in(directory, file), *is)).collect();
        let keys = baseline::keys(findings, files, directory);
        let comparison = self.file.baseline.compare(&keys, |path| paths.contains_key(path));
        let is_whole = request.paths.is_empty() && request.packages.is_none();
        self.stale = comparison.stale;
        self.stale.retain(|entry| paths.get(&entry.key.path).copied().unwrap_or(is_whole));
        comparison.known
    }
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

impl Report {
    /// Puts findings and problems into the order every format keeps: by path, position, rule, message.
    pub fn sort(&mut self) {
        let files = &self.files;
        let compare = |a: &Finding, b: &Finding| {
            let key = |finding: &Finding| {
                let location = finding.location;
                (&*files[location.file.index()].display_path, location.span.start, location.span.end, finding.rule)
            };
            let (of_a, of_b) = (key(a), key(b));
            of_a.cmp(&of_b).then_with(|| a.message.cmp(&b.message)).then_with(|| a.function.cmp(&b.function))
        };
        let findings = std::mem::take(&mut self.findings).into_iter();
        let mut named: Vec<(Finding, String)> = findings.zip(std::mem::take(&mut self.fingerprints)).collect();
        named.sort_by(|(a, _), (b, _)| compare(a, b));
        (self.findings, self.fingerprints) = named.into_iter().unzip();
        self.hidden.sort_by(|a, b| compare(&a.finding, &b.finding));
        self.problems.sort_by(|a, b| {
            let key = |problem: &Problem| problem.location.map(|location| location.span.start);
            a.path.cmp(&b.path).then_with(|| key(a).cmp(&key(b))).then_with(|| a.message.cmp(&b.message))
        });
    }

    /// Keeps the findings that fit, with their names.
    pub fn retain(&mut self, mut fits: impl FnMut(&Finding) -> bool) {
        let findings = std::mem::take(&mut self.findings).into_iter();
        let named = findings.zip(std::mem::take(&mut self.fingerprints));
        (self.findings, self.fingerprints) = named.filter(|(finding, _)| fits(finding)).unzip();
    }

    /// The file a location is in.
    #[must_use]
    pub fn file(&self, location: Location) -> &SourceFile {
        &self.files[location.file.index()]
    }
}
