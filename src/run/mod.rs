//! The façade: one call from a request to a report.
//!
//! Takes paths and options; gives findings and problems in an order that does not depend on threads. Never prints and
//! never decides what fails a run.

mod pipeline;
mod report;
mod request;

use std::time::Instant;

use crate::analysis::evaluate::Answers;
use crate::analysis::facts::Facts;
use crate::catalogue::Catalogue;
use crate::config::{self, Configuration};
use crate::demand::{self, Read, Reading};
use crate::discovery::changes::{Changes, ChangesError};
use crate::discovery::{self, DiscoveryError, location};
use crate::linking::{Linkable, Program};
use crate::source::FileId;
use crate::{changed, languages};

pub(crate) use pipeline::run;
pub use report::{Compared, Hidden, HiddenBy, Problem, Report, Statistics};
pub use request::{Explain, Packages, Request};

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
        let Reading { modules, imports } = demand::read(&discovered, catalogue);
        let modules =
            modules.into_iter().map(|Read { module, targets, relevant, .. }| Linkable { module, targets, relevant });
        let (modules, governance) = (modules.collect(), discovered.governance());
        let program = Program::new(discovered.files, discovered.roles, modules).governed(governance).importing(imports);
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
