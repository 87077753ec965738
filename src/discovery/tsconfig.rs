//! `tsconfig.json` and `jsconfig.json`: the aliases that imports go through, and the language that is written.
//!
//! Only `baseUrl`, `paths`, `target`, `lib`, `extends` and `references` are read. What a configuration extends may be a package that is
//! not installed; then the rest of it still counts.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::{jsonc, location};

/// `extends` chains longer than this are loops.
const MAXIMAL_CHAIN: usize = 16;

/// The aliases in force for the files of one directory and those below it without a configuration of their own.
#[derive(Debug, Default, Clone)]
pub struct TsConfig {
    /// Relative to the analysed root.
    pub directory: String,
    /// Where bare specifiers are tried, relative to the root.
    pub base_url: Option<String>,
    /// In the order in which they are to be tried: exact names first, then the longest prefix.
    pub paths: Vec<PathAlias>,
    /// What it is compiled to, in lower case.
    pub target: Option<String>,
    /// What is there at run time, in lower case; empty where the target says so.
    pub lib: Vec<String>,
}

/// One entry of `paths`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathAlias {
    pub prefix: String,
    /// What follows the `*`; `None` for a name without one.
    pub suffix: Option<String>,
    /// Relative to the root, with the `*`.
    pub targets: Vec<String>,
}

impl PathAlias {
    /// What the `*` stands for in `specifier`, empty for an exact name.
    #[must_use]
    pub fn matches<'s>(&self, specifier: &'s str) -> Option<&'s str> {
        let rest = specifier.strip_prefix(self.prefix.as_str())?;
        match &self.suffix {
            Some(suffix) => rest.strip_suffix(suffix.as_str()),
            None => rest.is_empty().then_some(""),
        }
    }
}

/// Reads configurations and what they extend, each file once.
pub(super) struct Reader<'a> {
    root: &'a Path,
    /// Directories of the tree's packages by name: a configuration may extend one that is a workspace member.
    packages: &'a FxHashMap<&'a str, &'a str>,
    parsed: FxHashMap<PathBuf, Option<Value>>,
    /// Files that exist and are not JSON.
    pub broken: Vec<(PathBuf, String)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Path, packages: &'a FxHashMap<&'a str, &'a str>) -> Self {
        Self { root, packages, parsed: FxHashMap::default(), broken: Vec::new() }
    }

    /// Reads files that will be asked for, on all threads.
    pub(super) fn read_ahead(&mut self, paths: &[&PathBuf]) {
        let values: Vec<_> = paths.par_iter().map(|path| parsed(path)).collect();
        for (path, value) in paths.iter().zip(values) {
            self.keep(path, value);
        }
    }

    /// The aliases of the configuration at `path`, an absolute path below the root.
    pub(super) fn read(&mut self, path: &Path) -> Option<TsConfig> {
        let directory = location::relative(self.root, path.parent()?)?;
        let mut config = TsConfig { directory, ..TsConfig::default() };
        self.extend(&mut config, path, MAXIMAL_CHAIN);
        if config.paths.is_empty() {
            // A solution: the aliases stand in the configurations it only refers to.
            let references = self.value(path).map(|value| value["references"].clone()).unwrap_or_default();
            for reference in references.as_array().into_iter().flatten() {
                let Some(target) = reference["path"].as_str() else { continue };
                let mut target = location::normalise(&path.with_file_name(target));
                if target.extension().is_none_or(|extension| extension != "json") {
                    target.push("tsconfig.json");
                }
                let mut referred = TsConfig::default();
                self.extend(&mut referred, &target, MAXIMAL_CHAIN);
                config.paths.extend(referred.paths);
                config.base_url = config.base_url.or(referred.base_url);
                config.target = config.target.or(referred.target);
                if config.lib.is_empty() {
                    config.lib = referred.lib;
                }
            }
        }
        config.paths.sort_by(|a, b| {
            (a.suffix.is_some(), b.prefix.len(), &a.prefix).cmp(&(b.suffix.is_some(), a.prefix.len(), &b.prefix))
        });
        config.paths.dedup();
        Some(config)
    }

    /// Lays what the configuration at `path` says, and what it extends, under what `config` has.
    fn extend(&mut self, config: &mut TsConfig, path: &Path, budget: usize) {
        let Some(value) = self.value(path).cloned() else { return };
        let directory = path.parent().and_then(|directory| location::relative(self.root, directory));
        let options = &value["compilerOptions"];
        if config.target.is_none() {
            config.target = options["target"].as_str().map(str::to_lowercase);
        }
        if config.lib.is_empty() {
            let names = options["lib"].as_array().into_iter().flatten().filter_map(Value::as_str);
            config.lib = names.map(str::to_lowercase).collect();
        }
        if let Some(directory) = &directory {
            let base_url = options["baseUrl"].as_str().and_then(|base| within(config, directory, base));
            if config.paths.is_empty()
                && let Some(paths) = options["paths"].as_object()
            {
                // Without a `baseUrl` in the same file the one it extends counts; that is rare, and `paths` then
                // usually start with `./`, which this reads alike wherever both files stand together.
                let from = base_url.clone().or_else(|| config.base_url.clone()).unwrap_or_else(|| directory.clone());
                config.paths = paths
                    .iter()
                    .map(|(pattern, targets)| {
                        let (prefix, suffix) = match pattern.split_once('*') {
                            Some((prefix, suffix)) => (prefix, Some(suffix.to_owned())),
                            None => (pattern.as_str(), None),
                        };
                        let targets = targets.as_array().into_iter().flatten().filter_map(Value::as_str);
                        let targets = targets.filter_map(|target| within(config, &from, target)).collect();
                        PathAlias { prefix: prefix.to_owned(), suffix, targets }
                    })
                    .collect();
            }
            config.base_url = config.base_url.take().or(base_url);
        }
        let Some(budget) = budget.checked_sub(1) else { return };
        let extends = match &value["extends"] {
            Value::String(one) => vec![one.as_str()],
            // Later entries win, and what is laid first stays.
            Value::Array(several) => several.iter().rev().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for target in extends {
            if let Some(target) = self.locate(path, target) {
                self.extend(config, &target, budget);
            }
        }
    }

    /// The file that `extends: target` in the configuration at `from` means.
    fn locate(&mut self, from: &Path, target: &str) -> Option<PathBuf> {
        let directory = from.parent()?;
        let mut candidates = Vec::new();
        let mut candidate = |path: PathBuf| {
            candidates.push(path.join("tsconfig.json"));
            let mut with_extension = path.clone().into_os_string();
            with_extension.push(".json");
            candidates.push(with_extension.into());
            candidates.push(path);
        };
        if target.starts_with('.') || Path::new(target).is_absolute() {
            candidate(location::normalise(&directory.join(target)));
        } else {
            let name_parts = if target.starts_with('@') { 2 } else { 1 };
            let name_length = target.match_indices('/').nth(name_parts - 1).map_or(target.len(), |(at, _)| at);
            if let Some(package) = self.packages.get(&target[..name_length]) {
                candidate(self.root.join(package).join(target[name_length..].trim_start_matches('/')));
            }
            for above in directory.ancestors().take_while(|above| above.starts_with(self.root)) {
                candidate(above.join("node_modules").join(target));
            }
        }
        candidates.into_iter().rev().find(|path| self.value(path).is_some())
    }

    fn value(&mut self, path: &Path) -> Option<&Value> {
        if !self.parsed.contains_key(path) {
            let value = parsed(path);
            self.keep(path, value);
        }
        self.parsed[path].as_ref()
    }

    fn keep(&mut self, path: &Path, value: Result<Option<Value>, String>) {
        let value = value.unwrap_or_else(|error| {
            self.broken.push((path.to_owned(), error));
            None
        });
        self.parsed.insert(path.to_owned(), value);
    }
}

/// What stands in a file, if there is one.
fn parsed(path: &Path) -> Result<Option<Value>, String> {
    match std::fs::read_to_string(path) {
        Err(_) => Ok(None),
        Ok(text) if text.trim_start_matches('\u{feff}').trim().is_empty() => Ok(Some(Value::Null)),
        Ok(text) => jsonc::parse(&text).map(Some).map_err(|error| error.to_string()),
    }
}

/// A path of a configuration in `directory`, relative to the root.
fn within(config: &TsConfig, directory: &str, path: &str) -> Option<String> {
    match path.strip_prefix("${configDir}") {
        Some(rest) => location::join(&config.directory, rest),
        None => location::join(directory, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)], path: &str) -> TsConfig {
        let root = tempfile::tempdir().expect("a temporary directory");
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let packages = FxHashMap::from_iter([("@x/config", "packages/config")]);
        Reader::new(root.path(), &packages).read(&root.path().join(path)).expect("below the root")
    }

    fn check(files: &[(&str, &str)], path: &str, expected: &[(&str, &[&str])]) {
        let config = read(files, path);
        let found: Vec<(String, Vec<String>)> = config
            .paths
            .into_iter()
            .map(|alias| {
                let star = alias.suffix.map(|suffix| format!("*{suffix}")).unwrap_or_default();
                (alias.prefix + &star, alias.targets)
            })
            .collect();
        let expected: Vec<(String, Vec<String>)> = expected
            .iter()
            .map(|(name, targets)| ((*name).to_owned(), targets.iter().map(|&target| target.to_owned()).collect()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_most_specific_alias_comes_first() {
        check(
            &[(
                "a/tsconfig.json",
                r#"{"compilerOptions": {"baseUrl": ".", "paths": {"*": ["./any/*"], "@/*": ["src/*"], "@/db/*": ["./db/*"], "@": ["../b"]}}, }"#,
            )],
            "a/tsconfig.json",
            &[("@", &["b"]), ("@/db/*", &["a/db/*"]), ("@/*", &["a/src/*"]), ("*", &["a/any/*"])],
        );
    }

    #[test]
    fn aliases_are_inherited_from_where_they_stand() {
        let base = r#"{"compilerOptions": {"paths": {"@/*": ["./src/*"], "~/*": ["${configDir}/lib/*"]}}}"#;
        let expected: &[(&str, &[&str])] = &[("@/*", &["src/*"]), ("~/*", &["a/lib/*"])];
        check(
            &[("tsconfig.base.json", base), ("a/tsconfig.json", r#"{"extends": "../tsconfig.base"}"#)],
            "a/tsconfig.json",
            expected,
        );
        check(
            &[
                ("tsconfig.base.json", base),
                ("a/tsconfig.json", r#"{"extends": ["../tsconfig.base.json", "@not/installed"]}"#),
            ],
            "a/tsconfig.json",
            expected,
        );
        check(
            &[
                ("packages/config/next.json", r##"{"compilerOptions": {"paths": {"#/*": ["../../*"]}}}"##),
                ("a/tsconfig.json", r#"{"extends": "@x/config/next.json"}"#),
            ],
            "a/tsconfig.json",
            &[("#/*", &["*"])],
        );
    }

    #[test]
    fn a_solution_has_the_aliases_of_its_parts() {
        check(
            &[
                (
                    "tsconfig.json",
                    r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}, {"path": "./gone"}]}"#,
                ),
                ("tsconfig.app.json", r#"{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}"#),
            ],
            "tsconfig.json",
            &[("@/*", &["src/*"])],
        );
    }

    #[test]
    fn the_language_is_that_of_the_nearest_that_says_so() {
        let config = read(
            &[
                ("tsconfig.base.json", r#"{"compilerOptions": {"target": "ES2020", "lib": ["ES2022", "DOM"]}}"#),
                ("tsconfig.json", r#"{"extends": "./tsconfig.base.json", "compilerOptions": {"target": "ESNext"}}"#),
            ],
            "tsconfig.json",
        );
        assert_eq!(config.target.as_deref(), Some("esnext"));
        assert_eq!(config.lib, ["es2022", "dom"]);
    }

    #[test]
    fn a_configuration_that_extends_itself_ends() {
        check(&[("tsconfig.json", r#"{"extends": "./tsconfig.json"}"#)], "tsconfig.json", &[]);
    }
}
