pub mod catalogue;
pub mod discovery;
pub mod findings;
pub mod ir;
pub mod linking;
pub mod rules;
pub mod source;

use std::path::PathBuf;

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// Files and directories to report on; empty means the working directory. They shrink the report, not the analysis.
    pub paths: Vec<PathBuf>,
    /// What relative paths start from, and what reported paths are relative to.
    pub working_directory: PathBuf,
    /// The directory to analyse, where it is known; otherwise it is found from the paths.
    pub root: Option<PathBuf>,
    /// How many threads to use; `None` leaves it to the machine.
    pub threads: Option<usize>,
    /// Whether `.gitignore` and `.ignore` files hide what they name.
    pub respect_ignore_files: bool,
    /// Globs of paths that take no part, in the syntax of ignore files, relative to the working directory.
    pub exclude: Vec<String>,
}

impl Request {
    /// A request with the default settings, without paths.
    #[must_use]
    pub fn new(working_directory: impl Into<PathBuf>) -> Self {
        Self {
            paths: Vec::new(),
            working_directory: working_directory.into(),
            root: None,
            threads: None,
            respect_ignore_files: true,
            exclude: Vec::new(),
        }
    }
}
