//! Whether there is a way back: changes that are not committed would be mixed with ours.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Change;

/// A work tree with changes of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the work tree `{}` has changes that are not committed: {}", .root.display(), list(.files))]
pub struct DirtyTree {
    pub root: PathBuf,
    /// Relative to the root.
    pub files: Vec<String>,
}

/// Refuses when a git work tree that a change lies in has changes already, or a file to be changed is not tracked. Where
/// there is no work tree, or nobody to ask about it, there is nothing to refuse.
///
/// # Errors
/// The first tree with changes.
pub fn check_clean(changes: &[Change]) -> Result<(), DirtyTree> {
    let directories: BTreeSet<&Path> = changes.iter().filter_map(|change| change.path.parent()).collect();
    let roots: BTreeSet<PathBuf> = directories.into_iter().filter_map(root).collect();
    for root in roots {
        let ours = |file: &str| changes.iter().any(|change| is_same(&change.path, &root.join(file)));
        let files: Vec<String> = status(&root)
            .into_iter()
            .filter(|(state, file)| state != "??" || ours(file))
            .map(|(_, file)| file)
            .collect();
        if !files.is_empty() {
            return Err(DirtyTree { root, files });
        }
    }
    Ok(())
}

fn root(directory: &Path) -> Option<PathBuf> {
    let out = git(directory, &["rev-parse", "--show-toplevel"])?;
    Some(PathBuf::from(out.trim_end_matches(['\n', '\r'])))
}

/// State and path of everything that is not as committed.
fn status(root: &Path) -> Vec<(String, String)> {
    let out = git(root, &["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"]);
    let out = out.unwrap_or_default();
    out.split('\0').filter_map(|entry| Some((entry.get(..2)?.to_owned(), entry.get(3..)?.to_owned()))).collect()
}

fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(directory).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn list(files: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = files.iter().take(SHOWN).map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ");
    if files.len() > SHOWN {
        text.push_str(&format!(" and {} more", files.len() - SHOWN));
    }
    text
}
