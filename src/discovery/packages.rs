//! Packages: the manifests and compiler configurations of a tree, read; those that do not parse become problems.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::walk::Walked;
use super::{Crate, FileRole, Project, TsConfig, cargo, jsonc, location, manifest, role_of, tsconfig};

/// Packages and compiler configurations of the tree; those that do not parse become problems.
pub(super) fn configurations(
    root: &Path,
    walked: &Walked,
    problems: &mut Vec<(PathBuf, String)>,
) -> (Vec<Project>, Vec<Arc<TsConfig>>) {
    let mut manifests = Vec::new();
    let parsed: Vec<_> = walked.manifests.par_iter().map(|(_, text)| jsonc::parse(text)).collect();
    for ((path, text), parsed) in walked.manifests.iter().zip(parsed) {
        let Some(relative) = location::relative(root, path) else { continue };
        match parsed {
            Ok(value) => manifests.push(manifest::Manifest { path: relative, value }),
            // Templates and fixtures hold manifests that are not meant to be read.
            Err(_) if role_of(&relative) != FileRole::Source || text.trim().is_empty() || text.contains("{{") => {}
            Err(error) => problems.push((path.clone(), format!("not valid JSON: {error}"))),
        }
    }
    manifests.sort_by(|a, b| a.path.cmp(&b.path));
    let mut paths: Vec<&PathBuf> = walked.tsconfigs.iter().collect();
    paths.sort_unstable_by(|a, b| location::bytes(b).cmp(location::bytes(a)));
    paths.dedup();
    let with_tsconfig: FxHashSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
    let projects = manifest::projects(&manifests, |directory| with_tsconfig.contains(root.join(directory).as_path()));

    let packages: FxHashMap<&str, &str> =
        projects.iter().filter_map(|project| Some((project.name.as_deref()?, project.directory.as_str()))).collect();
    let mut reader = tsconfig::Reader::new(root, &packages);
    reader.read_ahead(&paths);
    // Names are in descending order: `tsconfig.json` before `jsconfig.json` of the same directory.
    let mut tsconfigs: Vec<_> = paths.into_iter().filter_map(|path| reader.read(path).map(Arc::new)).collect();
    tsconfigs.sort_by(|a, b| a.directory.cmp(&b.directory));
    tsconfigs.dedup_by(|a, b| a.directory == b.directory);
    for (path, error) in reader.broken {
        if location::relative(root, &path).is_some_and(|relative| role_of(&relative) == FileRole::Source) {
            problems.push((path, format!("not valid JSON: {error}")));
        }
    }
    (projects, tsconfigs)
}

/// The crates of the tree; manifests that do not parse become problems.
pub(super) fn crates(root: &Path, walked: &Walked, problems: &mut Vec<(PathBuf, String)>) -> Vec<Arc<Crate>> {
    let mut crates = Vec::new();
    let manifests: Vec<(String, &str)> = walked
        .cargo_manifests
        .iter()
        .filter_map(|(path, text)| Some((location::relative(root, path)?, text.as_str())))
        .collect();
    for (read, (relative, text)) in cargo::read(&manifests).into_iter().zip(&manifests) {
        match read {
            Ok(read) => crates.extend(read.map(Arc::new)),
            // Templates hold manifests that are not meant to be read.
            Err(_) if role_of(relative) != FileRole::Source || text.contains("{{") => {}
            Err(error) => problems.push((root.join(relative), format!("not valid TOML: {error}"))),
        }
    }
    crates.sort_by(|a, b| a.directory.cmp(&b.directory));
    crates
}
