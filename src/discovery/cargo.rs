//! Cargo manifests: what the crates of the tree are called, and where their roots are.

use super::location;

/// A package with a `Cargo.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The packages it depends on, as the source names them; sorted.
    pub dependencies: Vec<String>,
}

/// The crate of a manifest; `None` for a workspace without one.
///
/// # Errors
/// Where the text is not TOML, in the parser's words.
pub(super) fn read(relative: &str, text: &str) -> Result<Option<Crate>, String> {
    let manifest: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let Some(package) = manifest.get("package").and_then(|package| package.get("name")?.as_str()) else {
        return Ok(None);
    };
    let directory = location::parent(relative).unwrap_or("").to_owned();
    let library = manifest.get("lib");
    let of_library = |key: &str| library.and_then(|library| library.get(key)?.as_str());
    let path = of_library("path").unwrap_or("src/lib.rs");
    let placed = manifest.get("bin").and_then(toml::Value::as_array).into_iter().flatten();
    let placed = placed.filter_map(|program| location::join(&directory, program.get("path")?.as_str()?));
    let is_macro = ["proc-macro", "proc_macro"]
        .iter()
        .any(|key| library.and_then(|library| library.get(key)).and_then(toml::Value::as_bool).unwrap_or(false));
    Ok(Some(Crate {
        programs: placed.collect(),
        is_macro,
        name: identifier(of_library("name").unwrap_or(package)),
        library: location::join(&directory, path).unwrap_or_default(),
        directory,
        paths_from_root: manifest["package"].get("edition").is_none_or(|edition| edition.as_str() == Some("2015")),
        renamed: renamed(&manifest),
        dependencies: dependencies(&manifest),
    }))
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten();
    let mut names: Vec<String> = dependencies
        .map(|(name, dependency)| identifier(dependency.get("package").and_then(toml::Value::as_str).unwrap_or(name)))
        .collect();
    names.sort();
    names
}

fn renamed(manifest: &toml::Table) -> Vec<(String, String)> {
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
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
            paths_from_root: false,
            renamed: vec![("pg".to_owned(), "tokio_postgres".to_owned())],
            dependencies: vec!["serde".to_owned(), "tokio_postgres".to_owned()],
        };
        assert_eq!(read("crates/app/Cargo.toml", text), Ok(Some(expected)));
    }

    #[test]
    fn without_an_edition_paths_begin_at_the_root() {
        let of = |edition: &str| read("Cargo.toml", &format!("[package]\nname = \"a\"\n{edition}")).unwrap().unwrap();
        assert!(of("").paths_from_root && of("edition = \"2015\"").paths_from_root);
        assert!(!of("edition = \"2018\"").paths_from_root && !of("edition.workspace = true").paths_from_root);
    }

    #[test]
    fn a_workspace_is_no_crate_and_what_is_no_toml_is_told() {
        assert_eq!(read("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"), Ok(None));
        assert!(read("Cargo.toml", "[package\n").is_err());
    }
}
