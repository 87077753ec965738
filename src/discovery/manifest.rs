//! Package manifests: what a directory of the tree is called, depends on and opens to others.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use serde_json::{Map, Value};

use super::location;

/// One package: a directory with a `package.json`, a `deno.json`, or both.
#[derive(Debug)]
pub struct Project {
    /// Relative to the analysed root; empty for the root itself.
    pub directory: String,
    pub name: Option<CompactString>,
    pub version: Option<CompactString>,
    /// Whether the directory, by its conventions, holds part of the product; see [`super::FileRole`].
    pub role: super::FileRole,
    /// `exports`, then `main` and its relatives, as written: paths relative to the directory.
    pub exports: Option<Value>,
    pub entries: Vec<String>,
    /// Subpath imports: `#name` to path, package or conditions.
    pub imports: Map<String, Value>,
    /// Commands it installs.
    pub binaries: Vec<String>,
    /// Globs of the packages it is the workspace of.
    pub workspaces: Vec<String>,
    pub has_tsconfig: bool,
    /// The import map of Deno, with its scopes.
    pub import_map: Option<ImportMap>,
    dependencies: Arc<Dependencies>,
}

/// Names to specifiers, as an import map writes them.
#[derive(Debug, Default, Clone)]
pub struct ImportMap {
    /// What relative values start from: the directory of the file that holds the map.
    pub directory: String,
    /// Longest key first, so that the first match is the most specific.
    pub imports: Vec<(String, String)>,
    /// The same for importers below a directory, deepest first.
    pub scopes: Vec<(String, Vec<(String, String)>)>,
}

/// What a package may import: by its manifest, and by those of the packages around it.
#[derive(Debug, Default)]
pub struct Dependencies {
    own: BTreeMap<CompactString, CompactString>,
    /// The versions of node that it is for.
    node: Option<CompactString>,
    /// Those of the enclosing package: what a workspace root installs, its members can import.
    above: Option<Arc<Dependencies>>,
}

/// A manifest as the walk read it.
#[derive(Debug)]
pub(super) struct Manifest {
    /// Relative to the analysed root.
    pub path: String,
    pub value: Value,
}

impl Dependencies {
    /// The range that the nearest manifest which names the package asks for.
    #[must_use]
    pub fn version_of(&self, name: &str) -> Option<&str> {
        let mut dependencies = Some(self);
        while let Some(level) = dependencies {
            if let Some(version) = level.own.get(name) {
                return Some(version);
            }
            dependencies = level.above.as_deref();
        }
        None
    }

    /// The versions of node that the nearest manifest which says so is for.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.node.as_deref().or_else(|| self.above.as_deref()?.node())
    }
}

impl Project {
    /// Whether its manifest, or that of a package around it, declares a dependency on the package `name`.
    #[must_use]
    pub fn depends_on(&self, name: &str) -> bool {
        self.version_of(name).is_some()
    }

    /// The range its manifest, or the nearest around it that names the package, asks for.
    #[must_use]
    pub fn version_of(&self, name: &str) -> Option<&str> {
        self.dependencies.version_of(name)
    }

    /// Whether a dependency on `range` of this package's name can mean this package rather than a published one.
    ///
    /// Workspaces link what fits the range; the major version settles nearly all of it. Doubt counts as yes.
    #[must_use]
    pub fn satisfies(&self, range: &str) -> bool {
        let major = |text: &str| text.trim_start_matches(['^', '~', '=', 'v']).split('.').next().map(str::to_owned);
        let is_number = |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let asked = major(range).filter(is_number);
        let has = self.version.as_deref().and_then(major).filter(is_number);
        if range.starts_with("npm:") || range.contains("://") {
            return false;
        }
        asked.is_none_or(|asked| has.is_none_or(|has| asked == has))
    }

    /// All that its files may import.
    #[must_use]
    pub fn all_dependencies(&self) -> Arc<Dependencies> {
        Arc::clone(&self.dependencies)
    }

    /// The names its own manifest declares as dependencies, sorted.
    pub fn dependencies(&self) -> impl Iterator<Item = &str> {
        self.dependencies.own.keys().map(CompactString::as_str)
    }
}

/// Builds the packages of a tree, sorted by directory, so that an enclosing package precedes what it holds.
pub(super) fn projects(manifests: &[Manifest], has_tsconfig: impl Fn(&str) -> bool) -> Vec<Project> {
    let mut by_directory: BTreeMap<&str, Vec<&Manifest>> = BTreeMap::new();
    for manifest in manifests {
        let directory = location::parent(&manifest.path).unwrap_or("");
        by_directory.entry(directory).or_default().push(manifest);
    }
    let mut projects: Vec<Project> = Vec::new();
    for (directory, manifests) in by_directory {
        let above = location::parent(directory).into_iter().flat_map(location::ancestors).find_map(|above| {
            let at = projects.binary_search_by(|project| project.directory.as_str().cmp(above)).ok()?;
            Some(Arc::clone(&projects[at].dependencies))
        });
        projects.push(project(directory, &manifests, above, has_tsconfig(directory)));
    }
    projects
}

fn project(directory: &str, manifests: &[&Manifest], above: Option<Arc<Dependencies>>, has_tsconfig: bool) -> Project {
    let (mut own, mut node) = (BTreeMap::new(), None);
    let mut project = Project {
        directory: directory.to_owned(),
        name: None,
        version: None,
        role: super::role_of(&format!("{directory}/index.ts")),
        exports: None,
        entries: Vec::new(),
        imports: Map::new(),
        binaries: Vec::new(),
        workspaces: Vec::new(),
        has_tsconfig,
        import_map: None,
        dependencies: Arc::default(),
    };
    for Manifest { path, value } in manifests {
        let name = path.rsplit('/').next().unwrap_or(path);
        if name == "package.json" {
            read_package(&mut project, &mut own, value);
            node = value["engines"]["node"].as_str().map(CompactString::from);
        } else if name.starts_with("deno.json") {
            read_deno(&mut project, value);
        }
        if name != "package.json" {
            read_import_map(&mut project, &mut own, value);
        }
    }
    project.dependencies = Arc::new(Dependencies { own, node, above });
    project
}

fn read_package(project: &mut Project, own: &mut BTreeMap<CompactString, CompactString>, value: &Value) {
    project.name = value["name"].as_str().map(CompactString::from);
    project.version = value["version"].as_str().map(CompactString::from);
    project.exports = value.get("exports").filter(|exports| !exports.is_null()).cloned();
    // `source` is what bundlers call the entry before it is built.
    for key in ["source", "module", "main", "types", "typings"] {
        project.entries.extend(value[key].as_str().map(str::to_owned));
    }
    if let Value::Object(imports) = &value["imports"] {
        project.imports.clone_from(imports);
    }
    match &value["bin"] {
        Value::String(path) => project.binaries.push(path.clone()),
        Value::Object(paths) => {
            project.binaries.extend(paths.values().filter_map(Value::as_str).map(str::to_owned));
        }
        _ => {}
    }
    project.workspaces = strings(value["workspaces"].get("packages").unwrap_or(&value["workspaces"]));
    for key in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
        let Value::Object(names) = &value[key] else { continue };
        for (name, version) in names {
            own.entry(name.as_str().into()).or_insert_with(|| version.as_str().unwrap_or("*").into());
        }
    }
}

fn read_deno(project: &mut Project, value: &Value) {
    if project.name.is_none() {
        project.name = value["name"].as_str().map(CompactString::from);
    }
    if project.exports.is_none() {
        project.exports = value.get("exports").filter(|exports| !exports.is_null()).cloned();
    }
    if project.workspaces.is_empty() {
        project.workspaces = strings(value["workspace"].get("members").unwrap_or(&value["workspace"]));
    }
}

fn read_import_map(project: &mut Project, own: &mut BTreeMap<CompactString, CompactString>, value: &Value) {
    let imports = pairs(&value["imports"]);
    let scopes = value["scopes"].as_object();
    if imports.is_empty() && scopes.is_none() {
        return;
    }
    for (_, target) in &imports {
        let Some(package) = target.strip_prefix("npm:").or_else(|| target.strip_prefix("jsr:")) else { continue };
        let package = package.trim_start_matches('/');
        let at = package.match_indices('@').map(|(at, _)| at).find(|at| *at > 0).unwrap_or(package.len());
        own.entry(package[..at].into()).or_insert_with(|| package[at..].trim_start_matches('@').into());
    }
    // `deno.json` and `import_map.json` beside each other: the first that has imports is the one in force.
    if project.import_map.is_none() {
        let mut scopes: Vec<(String, Vec<(String, String)>)> = scopes
            .into_iter()
            .flatten()
            .filter_map(|(scope, map)| Some((location::join(&project.directory, scope)?, pairs(map))))
            .collect();
        scopes.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        project.import_map = Some(ImportMap { directory: project.directory.clone(), imports, scopes });
    }
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, target)| Some((key.clone(), target.as_str()?.to_owned())))
        .collect();
    pairs.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
    pairs
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(manifests: &[(&str, &str)]) -> Vec<Project> {
        let manifests: Vec<Manifest> = manifests
            .iter()
            .map(|(path, text)| Manifest {
                path: (*path).to_owned(),
                value: super::super::jsonc::parse(text).expect("parses"),
            })
            .collect();
        projects(&manifests, |_| false)
    }

    #[test]
    fn members_see_the_dependencies_of_their_workspace() {
        let projects = build(&[
            ("package.json", r#"{"workspaces": ["packages/*"], "devDependencies": {"pg": "^8"}}"#),
            ("packages/a/package.json", r#"{"name": "@x/a", "dependencies": {"redis": "5", "pg": "7"}}"#),
        ]);
        assert_eq!(projects[0].workspaces, ["packages/*"]);
        assert!(projects[1].depends_on("redis") && projects[1].depends_on("pg"));
        assert_eq!(projects[1].version_of("pg"), Some("7"));
        assert!(!projects[0].depends_on("redis"));
        assert_eq!(projects[1].dependencies().collect::<Vec<_>>(), ["pg", "redis"]);
    }

    #[test]
    fn import_maps_name_dependencies() {
        let projects = build(&[(
            "deno.jsonc",
            r#"{"name": "@x/fn", "imports": {"pg": "npm:pg@8.11", "@std/": "jsr:/@std/", "s": "npm:@supabase/supabase-js@2"}}"#,
        )]);
        assert!(projects[0].depends_on("pg") && projects[0].depends_on("@supabase/supabase-js"));
        assert_eq!(projects[0].version_of("pg"), Some("8.11"));
    }

    #[test]
    fn fields_of_the_wrong_kind_are_as_if_absent() {
        let projects =
            build(&[("package.json", r#"{"name": 3, "dependencies": [], "workspaces": {"packages": "x"}}"#)]);
        assert!(projects[0].name.is_none() && projects[0].workspaces.is_empty());
    }
}
