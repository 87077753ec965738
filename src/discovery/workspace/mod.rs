//! Cargo workspaces: which packages there are, and which of them a command is about by default.
//!
//! Takes a manifest; gives the workspace around it, as cargo sees it. Cargo itself is asked ([`metadata`]); if it
//! cannot answer, the manifests are read instead ([`manifests`]), and the workspace says so. Never uses the network,
//! never writes.

mod manifests;
mod metadata;

use std::path::{Path, PathBuf};

use super::location;

/// A workspace, or a package that stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// The directory of the manifest that names the members.
    pub root: PathBuf,
    /// Sorted by name.
    pub packages: Vec<Package>,
    /// What a command is about that names no package, as indices into `packages`: the package of the manifest, or the
    /// default members of a workspace.
    pub default: Vec<usize>,
    /// Why cargo was not the one to answer.
    pub fallback: Option<String>,
}

/// A member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// Where its manifest is.
    pub directory: PathBuf,
}

/// Why there is no workspace to speak of.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    #[error("there is no `Cargo.toml` in `{}` or above it", .0.display())]
    NoManifest(PathBuf),
    #[error("no such file: `{}`", .0.display())]
    Missing(PathBuf),
    #[error("not the path of a `Cargo.toml`: `{}`", .0.display())]
    NotAManifest(PathBuf),
    #[error("cannot read `{}`: {reason}", .path.display())]
    Broken { path: PathBuf, reason: String },
}

/// The manifest a command is about: the given one, else the nearest.
///
/// # Errors
/// When there is none.
pub fn locate(working_directory: &Path, given: Option<&Path>) -> Result<PathBuf, WorkspaceError> {
    if let Some(given) = given {
        let path = location::normalise(&working_directory.join(given));
        return match path.file_name() {
            Some(name) if name == MANIFEST && path.is_file() => Ok(path),
            Some(name) if name == MANIFEST || !path.exists() => Err(WorkspaceError::Missing(given.to_owned())),
            _ => Err(WorkspaceError::NotAManifest(given.to_owned())),
        };
    }
    let found = working_directory.ancestors().map(|directory| directory.join(MANIFEST)).find(|path| path.is_file());
    found.ok_or_else(|| WorkspaceError::NoManifest(working_directory.to_owned()))
}

/// The workspace a manifest belongs to.
///
/// # Errors
/// When neither cargo nor we can read the manifest.
pub fn read(manifest: &Path) -> Result<Workspace, WorkspaceError> {
    let mut workspace = match metadata::read(manifest) {
        Ok(workspace) => workspace,
        Err(reason) => Workspace { fallback: Some(reason), ..manifests::read(manifest)? },
    };
    // Cargo's own order depends on the manifest it was asked about.
    let mut order: Vec<usize> = (0..workspace.packages.len()).collect();
    order.sort_by_key(|at| &workspace.packages[*at]);
    let place = |at: &usize| order.iter().position(|it| it == at).unwrap_or_default();
    workspace.default = workspace.default.iter().map(place).collect();
    workspace.default.sort_unstable();
    workspace.packages.sort();
    Ok(workspace)
}

const MANIFEST: &str = "Cargo.toml";
