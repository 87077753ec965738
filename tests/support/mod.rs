//! What the tests over fixtures and pages share: projects with marks, and the comparison with what is found.
//!
//! A mark says what is found in a line: `//~ rule-id` at its end, `//~^ rule-id` in the line below (more carets, more
//! lines), `//~v rule-id` in the line above. Several ids stand side by side. A finding that is a note is marked
//! `note:rule-id`, a place that could not be read `problem`. What is not marked must not be found.

#![allow(dead_code, reason = "each test binary uses its part of this")]

pub(crate) mod marks;
pub(crate) mod project;

use std::path::{Path, PathBuf};

/// A path of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Whether a front end reads files of this name.
pub(crate) fn is_source(path: &Path) -> bool {
    leaklint::source::Language::of_path(path).is_some()
}

/// The directories directly in `parent`, by name; none when there is no such directory.
pub(crate) fn directories(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    paths.sort();
    paths
}

/// All files under `parent`, by path; none when there is no such directory.
pub(crate) fn files(parent: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(parent).sort_by_file_name();
    walk.into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}
