//! Walking a tree in parallel and reading what matters on the spot.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::overrides::Override;
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use super::content::{self, Content};
use super::root::Root;
use crate::config::{self, Configuration};
use crate::source::Language;

/// Directories of other people's code and of what tools write, whatever ignore files say.
const SKIPPED_DIRECTORIES: &[&str] = &["node_modules", "bower_components", "jspm_packages", "dist"];
const MANIFEST_NAMES: &[&str] = &["package.json", "deno.json", "deno.jsonc", "import_map.json", "importMap.json"];
const CARGO_MANIFEST: &str = "Cargo.toml";
const TSCONFIG_NAMES: &[&str] = &["tsconfig.json", "jsconfig.json"];

/// What a walk found, in no order.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub sources: Vec<(PathBuf, Language, Box<str>)>,
    pub manifests: Vec<(PathBuf, String)>,
    pub cargo_manifests: Vec<(PathBuf, String)>,
    pub tsconfigs: Vec<PathBuf>,
    /// Directories that have a configuration file of their own.
    pub configured: Vec<PathBuf>,
    /// Files passed over, with the reason.
    pub skipped: Vec<(PathBuf, &'static str)>,
    /// What could not be read, with the reason.
    pub problems: Vec<(PathBuf, String)>,
    /// The directories that were walked.
    pub roots: Vec<PathBuf>,
}

/// How to walk.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub threads: usize,
    pub respect_ignore_files: bool,
    pub exclude: Override,
    /// What the configuration files above the roots say of paths that take no part.
    pub configuration: Arc<Configuration>,
    /// Directories the user named: they and what leads to them are not skipped by name.
    pub named: Arc<Vec<PathBuf>>,
    /// Whether configuration files below the roots count.
    pub nested: bool,
}

impl Walked {
    pub(super) fn append(&mut self, other: &mut Self) {
        self.sources.append(&mut other.sources);
        self.manifests.append(&mut other.manifests);
        self.cargo_manifests.append(&mut other.cargo_manifests);
        self.tsconfigs.append(&mut other.tsconfigs);
        self.configured.append(&mut other.configured);
        self.skipped.append(&mut other.skipped);
        self.problems.append(&mut other.problems);
        self.roots.append(&mut other.roots);
    }
}

/// Reads every source file and manifest below `root`.
pub(super) fn walk(root: &Root, settings: &Settings) -> Walked {
    let mut builder = WalkBuilder::new(&root.directory);
    let named = Arc::clone(&settings.named);
    let configuration = Arc::clone(&settings.configuration);
    builder
        .standard_filters(settings.respect_ignore_files)
        .hidden(true)
        .parents(settings.respect_ignore_files && root.is_inside_repository)
        .require_git(false)
        .follow_links(false)
        .overrides(settings.exclude.clone())
        .threads(settings.threads)
        .filter_entry(move |entry| !is_skipped(entry, &named) && !is_excluded(entry, &configuration));
    let merged = Mutex::new(Walked::default());
    builder.build_parallel().visit(&mut Visitors { root: &root.directory, nested: settings.nested, merged: &merged });
    let mut walked = merged.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    walked.roots.push(root.directory.clone());
    walked
}

/// Reads one file the user named.
pub(super) fn read_named(path: &Path, walked: &mut Walked) {
    if let Some(language) = Language::of_path(path) {
        read_source(path.to_owned(), language, &mut Vec::new(), walked);
    }
}

/// Whether a directory has a configuration file of its own.
pub(super) fn is_configured(directory: &Path) -> bool {
    config::FILE_NAMES.iter().any(|name| directory.join(name).is_file())
}

fn is_skipped(entry: &DirEntry, named: &[PathBuf]) -> bool {
    if !entry.file_type().is_some_and(|kind| kind.is_dir()) || entry.depth() == 0 {
        return false;
    }
    let Some(name) = entry.file_name().to_str() else { return false };
    let is_by_name = SKIPPED_DIRECTORIES.contains(&name)
        // Cargo's output says that it is a cache.
        || name == "target" && entry.path().join("CACHEDIR.TAG").exists()
        // A business may insure coverage; a test runner's report holds one of these.
        || name == "coverage" && ["lcov.info", "lcov-report", "coverage-final.json"].iter().any(|report| entry.path().join(report).exists());
    is_by_name && !named.iter().any(|named| named.starts_with(entry.path()))
}

fn is_excluded(entry: &DirEntry, configuration: &Configuration) -> bool {
    let is_directory = entry.file_type().is_some_and(|kind| kind.is_dir());
    configuration.files().iter().any(|settings| settings.excludes(entry.path(), is_directory))
}

fn read_source(path: PathBuf, language: Language, buffer: &mut Vec<u8>, walked: &mut Walked) {
    match content::read(&path, language, buffer) {
        Content::Text(text) => walked.sources.push((path, language, text)),
        Content::Skip(reason) => walked.skipped.push((path, reason)),
        Content::Problem(message) => walked.problems.push((path, message)),
    }
}

struct Visitors<'s> {
    root: &'s Path,
    nested: bool,
    merged: &'s Mutex<Walked>,
}

impl<'s> ParallelVisitorBuilder<'s> for Visitors<'s> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        let Self { root, nested, merged } = *self;
        Box::new(Visitor { root, nested, merged, walked: Walked::default(), buffer: Vec::new() })
    }
}

/// One thread's share; merged when the thread ends, so that threads never wait for each other.
struct Visitor<'s> {
    root: &'s Path,
    nested: bool,
    merged: &'s Mutex<Walked>,
    walked: Walked,
    buffer: Vec<u8>,
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => self.visit_entry(entry),
            Err(error) => self.visit_error(&error),
        }
        WalkState::Continue
    }
}

impl Visitor<'_> {
    fn visit_entry(&mut self, entry: DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        if kind.is_dir() {
            // Here several threads ask, and the system has just looked at the directory.
            if self.nested && is_configured(entry.path()) {
                self.walked.configured.push(entry.into_path());
            }
            return;
        }
        let language = Language::of_path(entry.path());
        let name = entry.file_name().to_str();
        let is_manifest = name.is_some_and(|name| MANIFEST_NAMES.contains(&name));
        let is_cargo_manifest = name == Some(CARGO_MANIFEST);
        let is_tsconfig = name.is_some_and(|name| TSCONFIG_NAMES.contains(&name));
        if language.is_none() && !is_manifest && !is_cargo_manifest && !is_tsconfig {
            // A name that is not UTF-8 has no extension either; only say so where it looks like a source file.
            if name.is_none() && Language::of_path(Path::new(&*entry.file_name().to_string_lossy())).is_some() {
                self.walked.problems.push((entry.into_path(), "the file's name is not UTF-8".to_owned()));
            }
            return;
        }
        let path = entry.into_path();
        if kind.is_symlink() && !self.is_worth_following(&path) || !kind.is_symlink() && !kind.is_file() {
            return;
        }
        if path.to_str().is_none() {
            self.walked.problems.push((path, "the file's path is not UTF-8".to_owned()));
        } else if let Some(language) = language {
            read_source(path, language, &mut self.buffer, &mut self.walked);
        } else if is_tsconfig {
            self.walked.tsconfigs.push(path);
        } else {
            match std::fs::read_to_string(&path) {
                Ok(text) if is_cargo_manifest => self.walked.cargo_manifests.push((path, text)),
                Ok(text) => self.walked.manifests.push((path, text)),
                Err(error) => self.walked.problems.push((path, content::describe(&error))),
            }
        }
    }

    /// A symbolic link to a file outside the tree stands for that file; one to a file inside would double it.
    fn is_worth_following(&mut self, path: &Path) -> bool {
        match path.canonicalize() {
            Ok(target) => target.is_file() && !target.starts_with(self.root),
            Err(error) => {
                self.walked.problems.push((path.to_owned(), content::describe(&error)));
                false
            }
        }
    }

    fn visit_error(&mut self, error: &ignore::Error) {
        // Errors of ignore files themselves (a glob that does not parse) hide nothing and are nobody's leak.
        if let Some((path, message)) = unreadable(error, None) {
            self.walked.problems.push((path, message));
        }
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        self.merged.lock().unwrap_or_else(std::sync::PoisonError::into_inner).append(&mut self.walked);
    }
}

fn unreadable(error: &ignore::Error, at: Option<&Path>) -> Option<(PathBuf, String)> {
    match error {
        ignore::Error::WithPath { path, err } => unreadable(err, Some(path)),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => unreadable(err, at),
        ignore::Error::Io(error) => Some((at?.to_owned(), content::describe(error))),
        _ => None,
    }
}
