//! The module trees of Rust crates: where a path of names leads.
//!
//! A file's place in its crate is told by where it stands, as the compiler looks for it: the module `a::b` is `a/b.rs` or
//! `a/b/mod.rs` beside the crate's root. What `#[path]` puts elsewhere is found from the file that says so; from others,
//! through what that file passes on.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::discovery::{Crate, location};
use crate::source::FileId;

/// Where a path of names leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Module(FileId),
    /// What a module has under the rest of the path: a crate that it passes on, an enum of its own.
    Member(FileId, Vec<Box<str>>),
    /// A crate from outside, or a module of one: the path as written.
    External,
    /// A path into the tree's own crates that is no file.
    Nothing,
}

/// The crates of the tree.
#[derive(Debug, Default)]
pub(super) struct Crates {
    /// By directory below which a module's children are: `src` for `src/lib.rs`, `src/a` for `src/a.rs`.
    modules: FxHashMap<Box<str>, FileId>,
    /// By directory, the files that are roots there: a library and programs may share one.
    roots: FxHashMap<Box<str>, FileId>,
    /// By name, as a path names it: the root of the library.
    libraries: FxHashMap<Box<str>, FileId>,
    /// By directory of a crate: whether its paths begin at the root.
    paths_from_root: FxHashMap<Box<str>, bool>,
    /// By directory of a crate: the names by which it may mean crates from outside.
    dependencies: FxHashMap<Box<str>, FxHashSet<Box<str>>>,
    /// By path.
    files: FxHashMap<Box<str>, FileId>,
    /// By file: the directory of its children.
    bases: FxHashMap<FileId, Box<str>>,
}

/// Files that are roots by their name; of two in one directory the library is what others mean.
const ROOTS: &[&str] = &["lib.rs", "main.rs"];

impl Crates {
    /// Puts a source file into the tree. `path` is relative to the analysed root.
    pub(super) fn insert(&mut self, path: &str, file: FileId) {
        let directory = location::parent(path).unwrap_or("");
        let name = path.rsplit('/').next().unwrap_or(path);
        self.files.insert(path.into(), file);
        if let Some(rank) = ROOTS.iter().position(|root| *root == name) {
            if rank == 0 || !self.roots.contains_key(directory) {
                self.roots.insert(directory.into(), file);
                self.modules.insert(directory.into(), file);
            }
            self.bases.insert(file, directory.into());
            return;
        }
        let base = if name == "mod.rs" { directory } else { path.strip_suffix(".rs").unwrap_or(path) };
        self.modules.entry(base.into()).or_insert(file);
        self.bases.insert(file, base.into());
    }

    /// A crate of the tree; `programs` are the roots that its manifest places.
    pub(super) fn name(&mut self, it: &Crate, library: Option<FileId>, programs: &[(&str, FileId)]) {
        for (path, root) in programs {
            let directory = location::parent(path).unwrap_or("");
            self.roots.entry(directory.into()).or_insert(*root);
            self.modules.entry(directory.into()).or_insert(*root);
            self.bases.insert(*root, directory.into());
        }
        let renamed = it.renamed.iter().map(|(name, _)| name);
        let names = it.dependencies.keys().chain(renamed).map(|name| name.as_str().into());
        self.dependencies.insert(it.directory.as_str().into(), names.collect());
        let directory = location::parent(&it.library).unwrap_or("");
        self.paths_from_root.insert(it.directory.as_str().into(), it.paths_from_root);
        if let Some(root) = library {
            self.roots.insert(directory.into(), root);
            self.modules.insert(directory.into(), root);
            self.bases.insert(root, directory.into());
            self.libraries.insert(it.name.as_str().into(), root);
        }
    }

    /// The file at a path relative to the analysed root.
    pub(super) fn file(&self, path: &str) -> Found {
        self.files.get(path).map_or(Found::Nothing, |file| Found::Module(*file))
    }

    /// Where `path` leads, seen from a file.
    pub(super) fn resolve(&self, from: FileId, path: &str) -> Found {
        let (is_outside, path) = path.strip_prefix("::").map_or((false, path), |path| (true, path));
        let mut names = path.split("::");
        let Some(first) = names.next() else { return Found::Nothing };
        let base = self.bases.get(&from).map_or("", |base| base);
        let start = match first {
            "crate" => self.root_above(base).map(str::to_owned),
            "self" => Some(base.to_owned()),
            "super" => Some(location::parent(base).unwrap_or("").to_owned()),
            // `mod db; use db::connect;`: what a file declares hides crates of the name.
            child if !is_outside && self.module(&below(base, child)).is_some() => Some(below(base, child)),
            library => match self.libraries.get(library) {
                Some(root) => self.bases.get(root).map(|base| base.to_string()),
                // Before 2018 `use db::pool` is what `use crate::db::pool` became.
                None => match self.root_above(base).filter(|root| self.is_old(root)) {
                    Some(root) if self.modules.contains_key(below(root, library).as_str()) => {
                        Some(below(root, library))
                    }
                    _ => match self.brought_by_glob(base, library) {
                        Some(module) if !is_outside => Some(module),
                        _ => return Found::External,
                    },
                },
            },
        };
        let Some(mut at) = start else { return Found::Nothing };
        let mut found = self.module(&at);
        let mut rest: Vec<Box<str>> = Vec::new();
        for name in names {
            at = match name {
                "super" => location::parent(&at).unwrap_or("").to_owned(),
                name => below(&at, name),
            };
            match self.module(&at) {
                Some(module) => {
                    found = Some(module);
                    rest.clear();
                }
                None => rest.push(name.into()),
            }
        }
        match found {
            Some(module) if rest.is_empty() => Found::Module(module),
            Some(module) => Found::Member(module, rest),
            None => Found::Nothing,
        }
    }

    /// The module of a name that is no crate's: `use super::*` brings the modules beside this one, `use crate::*` the crate's.
    fn brought_by_glob(&self, base: &str, name: &str) -> Option<String> {
        const STANDARD: &[&str] = &["std", "core", "alloc", "proc_macro", "test"];
        let known = location::ancestors(base).find_map(|above| self.dependencies.get(above))?;
        if STANDARD.contains(&name) || known.contains(name) {
            return None;
        }
        let beside = location::parent(base).map(|around| below(around, name));
        let of_crate = || self.root_above(base).map(|root| below(root, name));
        beside
            .filter(|it| self.modules.contains_key(it.as_str()))
            .or_else(|| of_crate().filter(|it| self.modules.contains_key(it.as_str())))
    }

    fn module(&self, base: &str) -> Option<FileId> {
        self.modules.get(base).copied()
    }

    fn is_old(&self, root: &str) -> bool {
        location::ancestors(root).find_map(|above| self.paths_from_root.get(above).copied()).unwrap_or(false)
    }

    /// The directory of the crate's root that `base` is below.
    fn root_above<'b>(&self, base: &'b str) -> Option<&'b str> {
        location::ancestors(base).find(|above| self.roots.contains_key(*above))
    }
}

fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::discovery::Dependency;

    const FILES: &[&str] = &[
        "app/src/main.rs",
        "app/src/db.rs",
        "app/src/db/pool.rs",
        "app/src/web/mod.rs",
        "app/src/web/routes.rs",
        "core-lib/src/lib.rs",
        "core-lib/src/main.rs",
        "core-lib/src/client.rs",
        "old/src/main.rs",
        "old/src/http.rs",
        "old/src/html/mod.rs",
        "tool/cmd/serve.rs",
        "tool/cmd/jobs.rs",
        "tool/cmd/routes.rs",
    ];

    #[track_caller]
    fn check(from: &str, path: &str, expected: Option<&str>) {
        let mut crates = Crates::default();
        let file = |name: &str| FileId(u32::try_from(FILES.iter().position(|it| *it == name).unwrap()).unwrap());
        for name in FILES {
            crates.insert(name, file(name));
        }
        crates.name(
            &Crate {
                name: "core_lib".to_owned(),
                directory: "core-lib".to_owned(),
                library: "core-lib/src/lib.rs".to_owned(),
                ..Crate::default()
            },
            Some(file("core-lib/src/lib.rs")),
            &[],
        );
        crates.name(
            &Crate {
                name: "tool".to_owned(),
                directory: "tool".to_owned(),
                library: "tool/src/lib.rs".to_owned(),
                programs: vec!["tool/cmd/serve.rs".to_owned()],
                dependencies: BTreeMap::from([("routes".to_owned(), Dependency::default())]),
                ..Crate::default()
            },
            None,
            &[("tool/cmd/serve.rs", file("tool/cmd/serve.rs"))],
        );
        crates.name(
            &Crate {
                name: "old".to_owned(),
                directory: "old".to_owned(),
                library: "old/src/lib.rs".to_owned(),
                paths_from_root: true,
                ..Crate::default()
            },
            None,
            &[],
        );
        let found = match crates.resolve(file(from), path) {
            Found::Module(FileId(at)) => Some(FILES[at as usize]),
            Found::Member(..) => Some("a member"),
            Found::External => Some("external"),
            Found::Nothing => None,
        };
        assert_eq!(found, expected, "{path} from {from}");
    }

    #[test]
    fn paths_lead_through_the_tree() {
        check("app/src/db/pool.rs", "crate", Some("app/src/main.rs"));
        check("app/src/db/pool.rs", "crate::web::routes", Some("app/src/web/routes.rs"));
        check("app/src/db/pool.rs", "super", Some("app/src/db.rs"));
        check("app/src/db/pool.rs", "super::super::web", Some("app/src/web/mod.rs"));
        check("app/src/web/mod.rs", "self::routes", Some("app/src/web/routes.rs"));
        check("app/src/web/mod.rs", "super::db", Some("app/src/db.rs"));
        check("app/src/main.rs", "self::db", Some("app/src/db.rs"));
        check("app/src/main.rs", "db::pool", Some("app/src/db/pool.rs"));
        check("app/src/web/mod.rs", "routes", Some("app/src/web/routes.rs"));
        check("app/src/web/routes.rs", "db", Some("external"));
        check("app/src/main.rs", "::db::pool", Some("external"));
        check("app/src/web/routes.rs", "db::pool", Some("external"));
    }

    #[test]
    fn crates_are_named_as_paths_name_them() {
        check("app/src/main.rs", "core_lib", Some("core-lib/src/lib.rs"));
        check("app/src/main.rs", "core_lib::client", Some("core-lib/src/client.rs"));
        check("core-lib/src/client.rs", "crate", Some("core-lib/src/lib.rs"));
        check("app/src/main.rs", "sqlx::postgres", Some("external"));
        check("app/src/main.rs", "crate::nowhere", Some("a member"));
    }

    #[test]
    fn programs_are_where_the_manifest_places_them() {
        check("tool/cmd/serve.rs", "jobs", Some("tool/cmd/jobs.rs"));
        check("tool/cmd/jobs.rs", "crate", Some("tool/cmd/serve.rs"));
    }

    #[test]
    fn globs_bring_modules_that_no_crate_has_the_name_of() {
        check("tool/cmd/routes.rs", "jobs", Some("tool/cmd/jobs.rs"));
        check("tool/cmd/jobs.rs", "routes", Some("external"));
        check("tool/cmd/jobs.rs", "std::sync", Some("external"));
    }

    #[test]
    fn before_2018_paths_begin_at_the_root() {
        check("old/src/html/mod.rs", "http", Some("old/src/http.rs"));
        check("old/src/html/mod.rs", "hyper::client", Some("external"));
        check("app/src/web/mod.rs", "db", Some("external"));
    }
}
