//! The request: what to look at, by what rules, and how.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::{self, BaselineSource, Levels};
use crate::discovery::changes::Since;
use crate::findings::Finding;
use crate::source::{LineIndex, SourceFile};

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
    pub(super) fn wants(&self, finding: &Finding, fingerprint: &str, files: &[SourceFile]) -> bool {
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
