//! What the manifests say of a workspace, where cargo cannot be asked.
//!
//! A member is what `members` names, what the root's own manifest describes, and every package below the root that a
//! member depends on by its path; less what `exclude` names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use globset::Glob;
use toml::{Table, Value};

use super::super::location;
use super::{MANIFEST, Package, Workspace, WorkspaceError};

pub(super) fn read(manifest: &Path) -> Result<Workspace, WorkspaceError> {
    let own = table(manifest)?;
    let directory = directory_of(manifest);
    let (root, root_table) = match root_of(&directory, &own)? {
        Some(root) if root != directory => {
            let table = table(&root.join(MANIFEST))?;
            (root, table)
        }
        _ => (directory.clone(), own.clone()),
    };
    let directories = members(&root, &root_table);
    if !directories.contains(&directory) && directory != root {
        // A workspace above does not know it, so it stands alone.
        let packages = vec![package(&directory, &own, &root_table)];
        return Ok(Workspace { root: directory, packages, default: vec![0], fallback: None });
    }
    let chosen: BTreeSet<PathBuf> = match root_table.get("workspace").and_then(|it| it.get("default-members")) {
        Some(default) if directory == root => expand(&root, default).into_iter().collect(),
        _ if own.contains_key("package") => BTreeSet::from([directory]),
        _ => directories.clone(),
    };
    let default = (0..).zip(&directories).filter(|(_, it)| chosen.contains(*it)).map(|(at, _)| at).collect();
    let packages = directories.iter().map(|directory| {
        let table = table(&directory.join(MANIFEST)).unwrap_or_default();
        package(directory, &table, &root_table)
    });
    Ok(Workspace { packages: packages.collect(), root, default, fallback: None })
}

fn table(manifest: &Path) -> Result<Table, WorkspaceError> {
    let broken = |reason: String| WorkspaceError::Broken { path: manifest.to_owned(), reason };
    let text = std::fs::read_to_string(manifest).map_err(|error| broken(error.to_string()))?;
    text.parse().map_err(|error: toml::de::Error| broken(error.message().to_owned()))
}

fn directory_of(manifest: &Path) -> PathBuf {
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// The directory whose manifest has the workspace in it.
fn root_of(directory: &Path, own: &Table) -> Result<Option<PathBuf>, WorkspaceError> {
    if own.contains_key("workspace") {
        return Ok(Some(directory.to_owned()));
    }
    let named = own.get("package").and_then(|package| package.get("workspace")?.as_str());
    if let Some(named) = named {
        return Ok(Some(location::normalise(&directory.join(named))));
    }
    for above in directory.ancestors().skip(1) {
        let manifest = above.join(MANIFEST);
        if manifest.is_file() && table(&manifest)?.contains_key("workspace") {
            return Ok(Some(above.to_owned()));
        }
    }
    Ok(None)
}

/// The directories of a workspace's packages.
fn members(root: &Path, table_of_root: &Table) -> BTreeSet<PathBuf> {
    let workspace = table_of_root.get("workspace");
    let list = |key: &str| workspace.and_then(|workspace| workspace.get(key));
    let named = list("members").map_or_else(Vec::new, |members| expand(root, members));
    let excluded = list("exclude").map_or_else(Vec::new, |excluded| written(root, excluded));
    let is_excluded = |directory: &Path| {
        excluded.iter().any(|excluded| directory.starts_with(excluded))
            && !list("members").is_some_and(|members| written(root, members).iter().any(|it| directory.starts_with(it)))
    };

    let mut found = BTreeSet::new();
    let mut work = named;
    work.extend(table_of_root.contains_key("package").then(|| root.to_owned()));
    while let Some(directory) = work.pop() {
        let manifest = directory.join(MANIFEST);
        if is_excluded(&directory) || !manifest.is_file() || !found.insert(directory.clone()) {
            continue;
        }
        if workspace.is_some() {
            let read = table(&manifest).unwrap_or_default();
            let depended = dependencies(&read).filter_map(|(name, dependency)| {
                let path = |value: &Value| Some(value.get("path")?.as_str()?.to_owned());
                let inherited = || {
                    let of_root = list("dependencies")?.get(name)?;
                    Some(root.join(path(of_root)?))
                };
                path(dependency).map(|path| directory.join(path)).or_else(inherited)
            });
            work.extend(depended.map(|path| location::normalise(&path)).filter(|path| path.starts_with(root)));
        }
    }
    found
}

/// Everything a manifest depends on, in whatever section.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let targets = targets.filter_map(Value::as_table);
    let tables = std::iter::once(manifest).chain(targets);
    tables
        .flat_map(|table| SECTIONS.into_iter().filter_map(|section| table.get(section)?.as_table()))
        .flat_map(Table::iter)
}

fn package(directory: &Path, manifest: &Table, root: &Table) -> Package {
    let package = manifest.get("package");
    let text = |key: &str| package.and_then(|package| package.get(key)?.as_str()).map(str::to_owned);
    let inherited = || root.get("workspace")?.get("package")?.get("version")?.as_str().map(str::to_owned);
    let fallback = || directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Package {
        name: text("name").unwrap_or_else(fallback),
        version: text("version").or_else(inherited).unwrap_or_else(|| "0.0.0".to_owned()),
        directory: directory.to_owned(),
    }
}

/// The paths of a list, as they are written.
fn written(root: &Path, list: &Value) -> Vec<PathBuf> {
    let paths = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    paths.map(|path| location::normalise(&root.join(path))).collect()
}

/// The directories that a list of paths and globs names.
fn expand(root: &Path, list: &Value) -> Vec<PathBuf> {
    let patterns = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    patterns.flat_map(|pattern| expand_one(root, pattern)).collect()
}

fn expand_one(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_owned()];
    for part in pattern.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".") {
        if !part.contains(['*', '?', '[']) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        let Ok(glob) = Glob::new(part).map(|glob| glob.compile_matcher()) else { return Vec::new() };
        let reach = if part == "**" { usize::MAX } else { 1 };
        found = found.iter().flat_map(|path| below(path, reach)).collect();
        if part != "**" {
            found.retain(|path| path.file_name().is_some_and(|name| glob.is_match(name)));
        }
    }
    found.into_iter().map(|path| location::normalise(&path)).collect()
}

/// The directories in one, at most so far down; with more than one level, itself too.
fn below(directory: &Path, levels: usize) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(directory).sort_by_file_name().max_depth(levels);
    let walk = walk.min_depth(usize::from(levels == 1)).into_iter();
    let is_hidden = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && (entry.file_name().as_encoded_bytes().starts_with(b".") || entry.file_name() == "target")
    };
    let entries = walk.filter_entry(|entry| !is_hidden(entry)).filter_map(Result::ok);
    entries.filter(|entry| entry.path().is_dir()).map(walkdir::DirEntry::into_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path=text` for each manifest; the packages as `name`, those meant by default with a `*`.
    #[track_caller]
    fn check(manifests: &[&str], from: &str, expected: &str) {
        let directory = tempfile::tempdir().unwrap();
        for manifest in manifests {
            let (path, text) = manifest.split_once(": ").unwrap();
            let path = directory.path().join(path).join(MANIFEST);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let read = read(&directory.path().join(from).join(MANIFEST)).unwrap();
        let names = read.packages.iter().enumerate().map(|(at, package)| {
            let mark = if read.default.contains(&at) { "*" } else { "" };
            format!("{}{mark}", package.name)
        });
        assert_eq!(names.collect::<Vec<_>>().join(" "), expected, "{manifests:?} from {from:?}");
    }

    const A: &str = "crates/a: [package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n";
    const B: &str = "crates/b: [package]\nname = \"b\"\n";
    const C: &str = "tools/c: [package]\nname = \"c\"\n";

    #[test]
    fn members_are_named_by_globs() {
        check(&[".: [workspace]\nmembers = [\"crates/*\", \"./tools/c/\"]", A, B, C], "", "a* b* c*");
        check(&[".: [workspace]\nmembers = [\"crates/[ab]\"]", A, B, C], "", "a* b*");
        check(&[".: [workspace]\nmembers = [\"**/c\"]", A, B, C], "", "c*");
        check(&[".: [workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/b\"]", A, B], "", "a*");
    }

    #[test]
    fn what_members_depend_on_by_path_is_a_member() {
        check(&[".: [workspace]\nmembers = [\"crates/a\"]", A, B, C], "", "a* b*");
        let inherits = "crates/a: [package]\nname = \"a\"\n[target.x.dependencies]\nb = { workspace = true }";
        let root = ".: [workspace]\nmembers = [\"crates/a\"]\n[workspace.dependencies]\nb = { path = \"crates/b\" }";
        check(&[root, inherits, B], "", "a* b*");
    }

    #[test]
    fn the_package_of_the_manifest_is_meant() {
        let root = ".: [package]\nname = \"root\"\n[workspace]\nmembers = [\"crates/*\"]";
        check(&[root, A, B], "", "root* a b");
        check(&[root, A, B], "crates/b", "root a b*");
        let root = ".: [workspace]\nmembers = [\"crates/*\"]\ndefault-members = [\"crates/b\"]";
        check(&[root, A, B], "", "a b*");
        check(&[root, A, B], "crates/a", "a* b");
    }

    #[test]
    fn a_package_may_stand_alone() {
        check(&[B], "crates/b", "b*");
        check(&[".: [workspace]\nmembers = [\"crates/a\"]", A, B, C], "tools/c", "c*");
    }
}
