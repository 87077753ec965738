//! Targets: the paths a run is asked about, and the directories that are walked for them.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::Request;

use super::root::{self, Root};
use super::{DiscoveryError, content, location};

/// The requested paths, absolute; the chosen packages or the working directory where none is given.
pub(super) fn of(request: &Request, working_directory: &Path) -> Result<Vec<PathBuf>, DiscoveryError> {
    let here = [PathBuf::from(".")];
    let otherwise = request.packages.as_ref().map_or(&here[..], |packages| &packages.chosen);
    existing(if request.paths.is_empty() { otherwise } else { &request.paths }, working_directory)
}

/// Paths, absolute; all of them have to be there.
pub(super) fn existing(paths: &[PathBuf], working_directory: &Path) -> Result<Vec<PathBuf>, DiscoveryError> {
    paths
        .iter()
        .map(|path| {
            let absolute = location::normalise(&working_directory.join(path));
            let metadata = std::fs::metadata(&absolute).map_err(|error| unreadable(path, &error))?;
            if !metadata.is_dir() && !metadata.is_file() {
                return Err(DiscoveryError::Special(path.clone()));
            }
            // The walk does not follow links, but a link the user names stands for what it leads to.
            if absolute.is_symlink() {
                return absolute.canonicalize().map_err(|error| unreadable(path, &error));
            }
            Ok(absolute)
        })
        .collect()
}

/// The directories to walk, none below another.
pub(super) fn roots(
    request: &Request,
    targets: &[PathBuf],
    working_directory: &Path,
) -> Result<Vec<Root>, DiscoveryError> {
    if let Some(root) = &request.root {
        let directory = location::normalise(&working_directory.join(root));
        if !directory.is_dir() {
            return Err(DiscoveryError::Missing(root.clone()));
        }
        return Ok(vec![Root { directory, is_inside_repository: false, is_project: true }]);
    }
    let mut seen = FxHashSet::default();
    let mut roots: Vec<Root> = Vec::new();
    for target in targets {
        // Hooks pass hundreds of files of a few directories.
        if seen.insert(if target.is_file() { target.parent() } else { Some(target.as_path()) }) {
            roots.push(root::enclosing(target));
        }
    }
    roots.sort_by(|a, b| a.directory.cmp(&b.directory).then(b.is_project.cmp(&a.is_project)));
    let mut outermost: Vec<Root> = Vec::new();
    for root in roots {
        if !outermost.iter().any(|outer| outer.is_project && root.directory.starts_with(&outer.directory)) {
            outermost.push(root);
        }
    }
    Ok(outermost)
}

pub(super) fn common_ancestor(roots: &[Root]) -> PathBuf {
    let mut roots = roots.iter().map(|root| root.directory.as_path());
    let first = roots.next().unwrap_or(Path::new("/"));
    let common =
        roots.fold(first, |common, next| common.ancestors().find(|above| next.starts_with(above)).unwrap_or(common));
    common.to_owned()
}

pub(super) fn absolute(path: &Path) -> Result<PathBuf, DiscoveryError> {
    let absolute = std::path::absolute(path).map_err(|error| unreadable(path, &error))?;
    Ok(location::normalise(&absolute))
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> DiscoveryError {
    if error.kind() == std::io::ErrorKind::NotFound {
        return DiscoveryError::Missing(path.to_owned());
    }
    DiscoveryError::Unreadable { path: path.to_owned(), reason: content::describe(error) }
}
