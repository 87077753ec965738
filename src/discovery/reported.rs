//! Reported: for which of the files that are read findings are shown.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::source::Language;

use super::walk::Walked;

/// The requested paths, for asking of each file whether it lies under one.
pub(super) struct Reported<'t> {
    files: FxHashSet<&'t Path>,
    directories: Vec<&'t Path>,
    /// The packages whose files alone count.
    packages: Option<FxHashSet<&'t Path>>,
    owners: &'t Owners,
}

impl<'t> Reported<'t> {
    pub(super) fn new(targets: &'t [PathBuf], packages: Option<&'t [PathBuf]>, owners: &'t Owners) -> Self {
        let (directories, files): (Vec<&Path>, Vec<&Path>) =
            targets.iter().map(PathBuf::as_path).partition(|target| target.is_dir());
        let packages = packages.map(|packages| packages.iter().map(PathBuf::as_path).collect());
        Self { files: files.into_iter().collect(), directories, packages, owners }
    }

    pub(super) fn holds(&self, path: &Path, language: Language) -> bool {
        (self.files.contains(path) || self.directories.iter().any(|directory| path.starts_with(directory)))
            && self.packages.as_ref().is_none_or(|packages| {
                self.owners.of_file(path, language).is_some_and(|owner| packages.contains(owner))
            })
    }

    /// Whether what is wrong with a file is of concern: a source that is reported on, or else a manifest or a directory
    /// among the requested paths, or a manifest that governs them.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        if let Some(language) = Language::of_path(path) {
            return self.holds(path, language);
        }
        let mut targets = self.files.iter().chain(&self.directories);
        targets.any(|target| path.starts_with(target) || path.parent().is_some_and(|above| target.starts_with(above)))
    }
}

/// The directories with manifests, for asking which package a file belongs to.
pub(super) struct Owners {
    crates: FxHashSet<PathBuf>,
    packages: FxHashSet<PathBuf>,
}

impl Owners {
    pub(super) fn of(walked: &Walked) -> Self {
        let directories = |manifests: &[(PathBuf, String)]| {
            manifests.iter().filter_map(|(path, _)| path.parent()).map(Path::to_owned).collect()
        };
        Self { crates: directories(&walked.cargo_manifests), packages: directories(&walked.manifests) }
    }

    /// The nearest directory above a file with a manifest of its language. What is not Rust may belong to a crate, too.
    pub(super) fn of_file<'p>(&self, path: &'p Path, language: Language) -> Option<&'p Path> {
        path.ancestors().skip(1).find(|directory| {
            self.crates.contains(*directory) || language != Language::Rust && self.packages.contains(*directory)
        })
    }
}
