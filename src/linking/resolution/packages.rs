//! Packages of the tree itself: from the names in their manifests to their sources.
//!
//! leaklint needs nothing to be installed or built. So the paths of `exports` and `main`, which point into build
//! output, are mapped back to the sources.

use serde_json::Value;

use super::files::Files;
use crate::discovery::{Project, location};
use crate::source::FileId;

/// Directories builds go to.
const BUILT: &[&str] =
    &["build", "lib", "out", "output", "es", "esm", "cjs", "umd", "module", "types", "typings", "npm"];
const SOURCES: &[&str] = &["src", "", "lib", "source"];
/// Where the entry of a package is when its manifest does not lead to it.
const ENTRIES: &[&str] = &["src/index", "index", "src/main", "lib/index", "source/index", "mod", "src/mod", "main"];

/// The file that an import of `subpath` (empty for the package itself) from `project` names.
pub(super) fn entry(files: &Files, project: &Project, subpath: &str) -> Option<FileId> {
    let opened = project.exports.as_ref().and_then(|exports| {
        let key = if subpath.is_empty() { ".".to_owned() } else { format!("./{subpath}") };
        targets(exports, &key).iter().find_map(|target| source_of(files, project, target))
    });
    if opened.is_some() {
        return opened;
    }
    if subpath.is_empty() {
        let named = project.entries.iter().find_map(|entry| source_of(files, project, entry));
        return named.or_else(|| {
            ENTRIES.iter().find_map(|entry| files.lookup_file(&location::join(&project.directory, entry)?))
        });
    }
    source_of(files, project, subpath)
        .or_else(|| SOURCES.iter().find_map(|source| lookup(files, project, &format!("{source}/{subpath}"))))
}

/// The file or external specifier that the subpath import `#name` of `project` stands for.
pub(super) fn subpath_import(files: &Files, project: &Project, specifier: &str) -> Option<Result<FileId, String>> {
    let mut external = None;
    for target in matching(&project.imports, specifier) {
        if target.starts_with('.') {
            if let Some(file) = source_of(files, project, &target) {
                return Some(Ok(file));
            }
        } else if external.is_none() {
            external = Some(target);
        }
    }
    external.map(Err)
}

/// The source behind a path of a manifest.
fn source_of(files: &Files, project: &Project, target: &str) -> Option<FileId> {
    if let Some(file) = lookup(files, project, target) {
        return Some(file);
    }
    let target = target.trim_start_matches("./");
    let (first, rest) = target.split_once('/')?;
    if !(first.starts_with("dist") || BUILT.contains(&first) || first.starts_with('.')) {
        return None;
    }
    // `dist/index.js`, `dist/esm/index.js`, `dist/src/index.js`.
    let below = rest.split_once('/').map(|(_, below)| below);
    [Some(rest), below].into_iter().flatten().find_map(|rest| {
        SOURCES
            .iter()
            .find_map(|source| files.lookup_built(&location::join(&project.directory, &format!("{source}/{rest}"))?))
    })
}

fn lookup(files: &Files, project: &Project, path: &str) -> Option<FileId> {
    files.lookup(&location::join(&project.directory, path)?)
}

/// What `exports` says of `key`, most source-like first.
fn targets(exports: &Value, key: &str) -> Vec<String> {
    match exports {
        Value::Object(map) if map.keys().any(|key| key.starts_with('.')) => matching(map, key),
        conditions if key == "." => {
            let mut found = Vec::new();
            collect(conditions, "", &mut found);
            sources_first(found)
        }
        _ => Vec::new(),
    }
}

/// The targets of the entry of `map` that fits `key` best: itself, else the pattern with the longest prefix.
fn matching(map: &serde_json::Map<String, Value>, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(value) = map.get(key) {
        collect(value, "", &mut found);
        return sources_first(found);
    }
    let best = map
        .iter()
        .filter_map(|(pattern, value)| {
            let (prefix, suffix) = match pattern.split_once('*') {
                Some(parts) => parts,
                None if pattern.ends_with('/') => (pattern.as_str(), ""),
                None => return None,
            };
            let star = key.strip_prefix(prefix)?.strip_suffix(suffix)?;
            (!star.is_empty()).then_some((prefix.len(), star, value, pattern.ends_with('/')))
        })
        .max_by_key(|(length, ..)| *length);
    if let Some((_, star, value, is_directory)) = best {
        collect(value, star, &mut found);
        if is_directory {
            found.iter_mut().filter(|target| target.ends_with('/')).for_each(|target| target.push_str(star));
        }
    }
    sources_first(found)
}

/// Every target below `value`, whatever its conditions: which of them is in force depends on who imports, but all are
/// built from the same sources.
fn collect(value: &Value, star: &str, found: &mut Vec<String>) {
    match value {
        Value::String(target) => found.push(target.replace('*', star)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, star, found)),
        Value::Object(map) => map.values().for_each(|value| collect(value, star, found)),
        _ => {}
    }
}

fn sources_first(mut targets: Vec<String>) -> Vec<String> {
    let is_source = |target: &str| {
        [".ts", ".tsx", ".mts"].iter().any(|end| target.ends_with(end))
            && !target.ends_with(".d.ts")
            && !target.ends_with(".d.mts")
    };
    targets.sort_by_key(|target| !is_source(target));
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exports: &str, key: &str, expected: &[&str]) {
        let exports = serde_json::from_str(exports).expect("parses");
        let mut found = targets(&exports, key);
        found.sort();
        assert_eq!(found, expected, "{key}");
    }

    #[test]
    fn exports() {
        check(r#""./a.js""#, ".", &["./a.js"]);
        check(
            r#"{"import": "./a.mjs", "require": {"types": "./a.d.cts", "default": "./a.cjs"}}"#,
            ".",
            &["./a.cjs", "./a.d.cts", "./a.mjs"],
        );
        let map =
            r#"{".": ["./a.js"], "./b/*": "./dist/b/*.js", "./b/c/*.js": "./c/*.js", "./d/": "./e/", "./x": null}"#;
        check(map, ".", &["./a.js"]);
        check(map, "./b/q", &["./dist/b/q.js"]);
        check(map, "./b/c/q.js", &["./c/q.js"]);
        check(map, "./d/q.js", &["./e/q.js"]);
        check(map, "./x", &[]);
        check(map, "./y", &[]);
    }
}
