//! Configuration: what people say about their project.
//!
//! Takes directories; gives the configuration files that govern them, read, checked and with what they extend. Of the
//! configuration files above a source file the nearest one decides its levels; files are not merged. What they say of
//! the program (excluded paths, libraries, entry points) holds for all of it. A mistake is an error, because a
//! configuration that says something else than its author thinks is worse than none. Reads nothing but configuration
//! files, never source.

mod baseline;
mod form;
mod levels;
mod mistake;
mod mistakes;
mod read;
#[cfg(test)]
mod schema;
mod selector;
mod suggest;

use std::path::{Path, PathBuf};

use ignore::gitignore::Gitignore;

use crate::catalogue::schema::Library;
use crate::catalogue::{Catalogue, LoadError};
use crate::findings::{Confidence, Severity};
use crate::rules::RuleId;

pub use baseline::{BASELINE_NAME, BaselineFile, BaselineSource};
pub use levels::{Level, Levels};
pub use mistake::Mistake;
pub use selector::{FAMILIES, Selector, family_name};
pub(crate) use suggest::did_you_mean;

/// The names a configuration file has; of several in one directory the first counts. `Cargo.toml` may hold one, too.
pub const FILE_NAMES: [&str; 2] = ["leaklint.toml", ".leaklint.toml"];
const MANIFEST: &str = "Cargo.toml";

/// Which configuration a run has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Source {
    /// The files that are found.
    #[default]
    Nearest,
    /// This file alone; its globs start from the working directory.
    File(PathBuf),
    /// The defaults.
    None,
}

/// One configuration file with what it extends.
#[derive(Debug, Clone)]
pub struct Settings {
    pub path: PathBuf,
    /// As messages show it.
    pub display_path: String,
    /// What it governs: everything below.
    pub base: PathBuf,
    /// The files it begins with, as messages show them.
    pub extends: Vec<String>,
    /// As written.
    pub exclude_globs: Vec<String>,
    pub min_confidence: Option<Confidence>,
    pub min_severity: Option<Severity>,
    pub baseline: Option<PathBuf>,
    /// The weightiest last.
    rules: Vec<(Selector, Level)>,
    overrides: Vec<Overriding>,
    exclude: Gitignore,
    libraries: Vec<Library>,
    /// What the file says, for what is wrong with its libraries.
    text: String,
}

#[derive(Debug, Clone)]
struct Overriding {
    files: Gitignore,
    rules: Vec<(Selector, Level)>,
}

/// The configuration files of a run.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    files: Vec<Settings>,
}

impl Settings {
    /// The level it gives a rule in the file at `path`.
    #[must_use]
    pub fn level(&self, rule: RuleId, path: &Path) -> Option<Level> {
        let fitting = |it: &&Overriding| it.files.matched_path_or_any_parents(path, false).is_ignore();
        let mut overriding = self.overrides.iter().rev().filter(|it| levels::last(&it.rules, rule).is_some());
        overriding
            .find(fitting)
            .and_then(|it| levels::last(&it.rules, rule))
            .or_else(|| levels::last(&self.rules, rule))
    }

    /// Whether a path takes no part by itself; a directory's answer holds for what is below.
    pub(crate) fn excludes(&self, path: &Path, is_directory: bool) -> bool {
        path.starts_with(&self.base) && self.exclude.matched(path, is_directory).is_ignore()
    }
}

impl Configuration {
    /// The file of a run that names one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_file(path: &Path, working_directory: &Path) -> Result<Self, Box<Mistake>> {
        let settings = read::file(&working_directory.join(path), working_directory, working_directory)?;
        Ok(Self { files: vec![settings] })
    }

    /// The files that govern these directories: in them and above, up to the top of the repository.
    ///
    /// # Errors
    /// The first mistake in one of them.
    pub(crate) fn above<'d>(
        directories: impl IntoIterator<Item = &'d Path>,
        working_directory: &Path,
    ) -> Result<Self, Box<Mistake>> {
        let mut found = Self::default();
        for directory in directories {
            for above in directory.ancestors().take_while(|it| !is_public(it)) {
                found.add(above, working_directory)?;
                if above.join(".git").exists() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Reads the file of a directory, if there is one that was not read.
    pub(crate) fn add(&mut self, directory: &Path, working_directory: &Path) -> Result<(), Box<Mistake>> {
        if self.files.iter().any(|settings| settings.base == directory) {
            return Ok(());
        }
        if let Some(settings) = read::of_directory(directory, working_directory)? {
            let at = self.files.partition_point(|other| other.base < settings.base);
            self.files.insert(at, settings);
        }
        Ok(())
    }

    /// Every file, in the order of the directories they govern.
    #[must_use]
    pub fn files(&self) -> &[Settings] {
        &self.files
    }

    /// What governs a path: the nearest file above it.
    #[must_use]
    pub fn of(&self, path: &Path) -> Option<&Settings> {
        self.files.iter().filter(|settings| path.starts_with(&settings.base)).max_by_key(|it| it.base.as_os_str().len())
    }

    /// Whether a file takes no part.
    pub(crate) fn excludes_file(&self, path: &Path) -> bool {
        self.files
            .iter()
            .any(|it| path.starts_with(&it.base) && it.exclude.matched_path_or_any_parents(path, false).is_ignore())
    }

    /// The shipped catalogue with what the files say of libraries; `None` where they say nothing.
    ///
    /// # Errors
    /// When a library speaks of a resource that does not exist.
    pub fn catalogue(&self) -> Result<Option<Catalogue>, Box<Mistake>> {
        let own: Vec<Library> = self.files.iter().flat_map(|settings| settings.libraries.iter().cloned()).collect();
        if own.is_empty() {
            return Ok(None);
        }
        Catalogue::with(own).map(Some).map_err(|error| self.mistake_of(&error).into())
    }

    fn mistake_of(&self, error: &LoadError) -> Mistake {
        let says_it = |settings: &&Settings| settings.libraries.iter().any(|library| library.name == error.path);
        let settings = self.files.iter().find(says_it);
        let text = settings.map_or_else(String::new, |it| it.text.clone());
        let named = error.message.split('`').nth(1).unwrap_or(&error.path);
        Mistake {
            path: settings.map_or_else(|| error.path.clone(), |it| it.display_path.clone()),
            span: crate::catalogue::find_string(&text, named),
            text,
            message: error.message.clone(),
            help: None,
            more: Vec::new(),
        }
    }
}

/// Directories of everybody's files: what lies there is nobody's configuration.
fn is_public(directory: &Path) -> bool {
    let home = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from);
    directory.parent().is_none() || home.as_deref() == Some(directory) || std::env::temp_dir() == directory
}

#[cfg(test)]
mod tests;
