//! Cargo manifests: what the crates of the tree are called, where their roots are, and what they are built with.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::location;

/// A package with a `Cargo.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crate {
    /// As paths in the source name it: with `_` for `-`.
    pub name: String,
    /// The directory of the manifest, relative to the analysed root.
    pub directory: String,
    /// The library's root, relative to the analysed root.
    pub library: String,
    /// The roots of its programs that the manifest places, relative to the analysed root.
    pub programs: Vec<String>,
    /// Whether it runs in the compiler.
    pub is_macro: bool,
    /// Whether paths in `use` begin at the crate's root, as they did before the edition of 2018.
    pub paths_from_root: bool,
    /// Crates it depends on under another name: the name in the source, the package.
    pub renamed: Vec<(String, String)>,
    /// The packages it depends on, as the source names them.
    pub dependencies: BTreeMap<String, Dependency>,
    /// The oldest compiler that it has to build with.
    pub rust_version: Option<String>,
}

/// What a crate asks of a package that it depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependency {
    pub version: Option<String>,
    /// Those that are named.
    pub features: Vec<String>,
    /// Whether it is there only when somebody asks for it.
    pub is_optional: bool,
}

/// The crates of manifests, given by their paths from the root; `None` for a workspace without one.
///
/// Where a text is not TOML, the parser's words.
pub(super) fn read(manifests: &[(String, &str)]) -> Vec<Result<Option<Crate>, String>> {
    let parse = |text: &str| text.parse::<Table>().map_err(|error| error.message().to_owned());
    let tables: Vec<Result<Table, String>> = manifests.iter().map(|(_, text)| parse(text)).collect();
    let directory = |path: &String| location::parent(path).unwrap_or("").to_owned();
    let workspaces: BTreeMap<String, &Value> = manifests
        .iter()
        .zip(&tables)
        .filter_map(|((path, _), table)| Some((directory(path), table.as_ref().ok()?.get("workspace")?)))
        .collect();
    let read = |((path, _), table): (&(String, &str), &Result<Table, String>)| {
        let mut above = location::ancestors(location::parent(path).unwrap_or(""));
        let workspace = above.find_map(|directory| workspaces.get(directory)).copied();
        table.as_ref().map(|table| package(path, table, workspace)).map_err(Clone::clone)
    };
    manifests.iter().zip(&tables).map(read).collect()
}

/// The crate of a manifest, in the workspace around it.
fn package(relative: &str, manifest: &Table, workspace: Option<&Value>) -> Option<Crate> {
    let package = manifest.get("package")?;
    let name = package.get("name")?.as_str()?;
    let directory = location::parent(relative).unwrap_or("").to_owned();
    let library = manifest.get("lib");
    let of_library = |key: &str| library.and_then(|library| library.get(key)?.as_str());
    let path = of_library("path").unwrap_or("src/lib.rs");
    let placed = manifest.get("bin").and_then(Value::as_array).into_iter().flatten();
    let placed = placed.filter_map(|program| location::join(&directory, program.get("path")?.as_str()?));
    let is_macro = ["proc-macro", "proc_macro"]
        .iter()
        .any(|key| library.and_then(|library| library.get(key)).and_then(Value::as_bool).unwrap_or(false));
    let rust_version = package.get("rust-version").and_then(|version| match inherits(version) {
        true => workspace?.get("package")?.get("rust-version")?.as_str(),
        false => version.as_str(),
    });
    Some(Crate {
        programs: placed.collect(),
        is_macro,
        name: identifier(of_library("name").unwrap_or(name)),
        library: location::join(&directory, path).unwrap_or_default(),
        directory,
        paths_from_root: package.get("edition").is_none_or(|edition| edition.as_str() == Some("2015")),
        renamed: renamed(manifest),
        dependencies: dependencies(manifest, workspace.and_then(|it| it.get("dependencies"))),
        rust_version: rust_version.map(str::to_owned),
    })
}

/// Whether a value is the workspace's.
fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool).unwrap_or(false)
}

fn dependencies(manifest: &Table, of_workspace: Option<&Value>) -> BTreeMap<String, Dependency> {
    let dependencies = manifest.get("dependencies").and_then(Value::as_table).into_iter().flatten();
    let named = dependencies.map(|(name, own)| {
        let inherited = of_workspace.filter(|_| inherits(own)).and_then(|it| it.get(name));
        let said = || [Some(own), inherited].into_iter().flatten();
        let text = |key: &str| said().find_map(|it| it.get(key)?.as_str());
        let features = said().filter_map(|it| it.get("features")?.as_array()).flatten();
        let dependency = Dependency {
            version: text("version").or_else(|| said().find_map(Value::as_str)).map(str::to_owned),
            features: features.filter_map(Value::as_str).map(str::to_owned).collect(),
            is_optional: own.get("optional").and_then(Value::as_bool).unwrap_or(false),
        };
        (identifier(text("package").unwrap_or(name)), dependency)
    });
    named.collect()
}

fn renamed(manifest: &Table) -> Vec<(String, String)> {
    let dependencies = manifest.get("dependencies").and_then(Value::as_table);
    let renamed = dependencies.into_iter().flatten().filter_map(|(name, dependency)| {
        let package = dependency.get("package")?.as_str()?;
        Some((identifier(name), identifier(package)))
    });
    renamed.collect()
}

fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(relative: &str, text: &str) -> Result<Option<Crate>, String> {
        read(&[(relative.to_owned(), text)]).pop().expect("one for each")
    }

    fn dependency(version: &str, features: &[&str]) -> Dependency {
        let features = features.iter().map(|&it| it.to_owned()).collect();
        Dependency { version: Some(version.to_owned()), features, is_optional: false }
    }

    #[test]
    fn a_manifest_names_its_crate_and_what_it_calls_others() {
        let text = "[package]\nname = \"my-app\"\nedition = \"2021\"\n[lib]\npath = \"lib/root.rs\"\nproc-macro = true\n\
            [[bin]]\nname = \"serve\"\npath = \"cmd/serve.rs\"\n\
            [dependencies]\nserde = \"1\"\npg = { package = \"tokio-postgres\", version = \"0.7\" }\n";
        let expected = Crate {
            name: "my_app".to_owned(),
            directory: "crates/app".to_owned(),
            library: "crates/app/lib/root.rs".to_owned(),
            programs: vec!["crates/app/cmd/serve.rs".to_owned()],
            is_macro: true,
            renamed: vec![("pg".to_owned(), "tokio_postgres".to_owned())],
            dependencies: BTreeMap::from([
                ("serde".to_owned(), dependency("1", &[])),
                ("tokio_postgres".to_owned(), dependency("0.7", &[])),
            ]),
            ..Crate::default()
        };
        assert_eq!(alone("crates/app/Cargo.toml", text), Ok(Some(expected)));
    }

    #[test]
    fn a_member_has_what_its_workspace_says() {
        let root = "[workspace]\nmembers = [\"a\"]\n[workspace.package]\nrust-version = \"1.75\"\n\
            [workspace.dependencies]\ntokio = { version = \"1.40\", features = [\"rt\"] }\n";
        let member = "[package]\nname = \"a\"\nrust-version.workspace = true\n\
            [dependencies]\ntokio = { workspace = true, features = [\"sync\"] }\n";
        let mut read = read(&[("a/Cargo.toml".to_owned(), member), ("Cargo.toml".to_owned(), root)]).into_iter();
        let member = read.next().expect("the member").unwrap().unwrap();
        assert_eq!(member.rust_version.as_deref(), Some("1.75"));
        assert_eq!(member.dependencies["tokio"], dependency("1.40", &["sync", "rt"]));
    }

    #[test]
    fn without_an_edition_paths_begin_at_the_root() {
        let of = |edition: &str| alone("Cargo.toml", &format!("[package]\nname = \"a\"\n{edition}")).unwrap().unwrap();
        assert!(of("").paths_from_root && of("edition = \"2015\"").paths_from_root);
        assert!(!of("edition = \"2018\"").paths_from_root && !of("edition.workspace = true").paths_from_root);
    }

    #[test]
    fn a_workspace_is_no_crate_and_what_is_no_toml_is_told() {
        assert_eq!(alone("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"), Ok(None));
        assert!(alone("Cargo.toml", "[package\n").is_err());
    }
}
