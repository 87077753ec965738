//! Finding the project around a path: what has to be analysed so that what is reported on the path is right.

use std::path::{Path, PathBuf};

/// Files that say: the packages below belong together.
const WORKSPACE_FILES: &[&str] = &["pnpm-workspace.yaml", "lerna.json", "nx.json", "rush.json"];
/// Files that may say so.
const WORKSPACE_MANIFESTS: &[(&str, &str)] = &[
    ("package.json", "\"workspaces\""),
    ("deno.json", "\"workspace\""),
    ("deno.jsonc", "\"workspace\""),
    ("Cargo.toml", "[workspace"),
];
/// Files that say: this directory is a project.
const PROJECT_FILES: &[&str] =
    &["package.json", "tsconfig.json", "jsconfig.json", "deno.json", "deno.jsonc", "Cargo.toml"];

/// A directory to walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root {
    pub directory: PathBuf,
    /// Whether it lies inside a repository without being its top: then the ignore files above it count.
    pub is_inside_repository: bool,
    /// False for a lone file in a directory that is nobody's project: then only that file is read.
    pub is_project: bool,
}

/// Whether `directory` is a package of its own.
pub(super) fn is_package(directory: &Path) -> bool {
    PROJECT_FILES.iter().any(|name| directory.join(name).is_file())
}

/// The project around `path`: the nearest repository or workspace, else the nearest package, else the path itself.
///
/// `path` is absolute and exists. Never the home directory or the top of the file system, unless `path` is that.
pub(super) fn enclosing(path: &Path) -> Root {
    let start = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let home = home();
    let mut package = None;
    for directory in start.ancestors() {
        if directory.parent().is_none() || home.as_deref() == Some(directory) {
            break;
        }
        let is_repository = directory.join(".git").exists();
        if is_repository || is_workspace(directory) {
            if hides(directory, start) {
                break;
            }
            let is_inside_repository =
                !is_repository && directory.ancestors().skip(1).any(|above| above.join(".git").exists());
            return Root { directory: directory.to_owned(), is_inside_repository, is_project: true };
        }
        if package.is_none() && is_package(directory) {
            package = Some(directory);
        }
    }
    let is_public = [home, Some(std::env::temp_dir())].iter().flatten().any(|public| public == start);
    Root {
        directory: package.unwrap_or(start).to_owned(),
        is_inside_repository: false,
        is_project: package.is_some() || path.is_dir() || !(is_public || start.parent().is_none()),
    }
}

fn home() -> Option<PathBuf> {
    std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from)
}

fn is_workspace(directory: &Path) -> bool {
    WORKSPACE_FILES.iter().any(|name| directory.join(name).is_file())
        || WORKSPACE_MANIFESTS.iter().any(|(name, key)| {
            // The key alone decides; a manifest that is not JSON is reported when it is read.
            std::fs::read_to_string(directory.join(name)).is_ok_and(|text| text.contains(key))
        })
}

/// Whether the repository ignores the place: a scratch checkout below its build directory is no part of it.
fn hides(repository: &Path, place: &Path) -> bool {
    let (ignore, _) = ignore::gitignore::Gitignore::new(repository.join(".gitignore"));
    place != repository && ignore.matched_path_or_any_parents(place, true).is_ignore()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], path: &str, expected: &str) {
        let root = tempfile::tempdir().expect("a temporary directory");
        for file in files {
            let (file, text) = file.split_once('=').unwrap_or((file, "{}"));
            let file = root.path().join(file);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("made");
            std::fs::write(file, text).expect("written");
        }
        let path = root.path().join(path);
        std::fs::create_dir_all(&path).expect("made");
        assert_eq!(enclosing(&path).directory, root.path().join(expected), "{files:?}");
    }

    #[test]
    fn the_nearest_repository_or_workspace_wins() {
        check(&[".git/HEAD", "a/package.json"], "a/src", "");
        check(&["package.json={\"workspaces\": []}", "a/package.json"], "a/src", "");
        check(&["pnpm-workspace.yaml", "a/.git/HEAD", "a/package.json"], "a/src", "a");
        check(&["package.json", "a/tsconfig.json"], "a/src", "a");
        check(&["a/b.ts"], "a", "a");
    }

    #[test]
    fn an_ignored_place_is_no_part_of_the_repository() {
        check(&[".git/HEAD", ".gitignore=/scratch", "scratch/a/package.json"], "scratch/a/src", "scratch/a");
    }
}
