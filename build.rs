//! Turns `rules/catalogue/<language>/*.toml` into one file for each language that the binary embeds and reads at
//! start-up without parsing TOML, which would take longer than the whole run on a small project.

#[path = "src/catalogue/schema/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "the build script only passes the types through")]
mod schema;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use walkdir::WalkDir;

use schema::Library;

const LANGUAGES: &[&str] = &["typescript", "rust"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/catalogue/schema");
    println!("cargo:rerun-if-changed=rules/catalogue");
    let target = PathBuf::from(env::var("OUT_DIR")?);
    for language in LANGUAGES {
        let libraries = libraries(&Path::new("rules/catalogue").join(language))?;
        fs::write(target.join(format!("{language}.bin")), postcard::to_allocvec(&libraries)?)?;
    }
    Ok(())
}

/// Every library of a folder, in the order of the file names.
fn libraries(folder: &Path) -> Result<Vec<Library>, Box<dyn Error>> {
    let mut libraries = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(path)?;
            libraries.push(toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?);
        }
    }
    Ok(libraries)
}
