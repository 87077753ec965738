//! The files of a crate, and how one of them refers to what another declares.

use crate::source::{FileId, Language, SourceFile};

/// The root of a crate, judging by the path of one of its files: what precedes `src/`.
fn root(path: &str) -> Option<&str> {
    path.rfind("src/").map(|at| &path[..at])
}

/// The files of the crate that a file belongs to, with their texts.
pub(super) fn of_crate(file: FileId, files: &[SourceFile]) -> impl Iterator<Item = (FileId, &SourceFile)> {
    let own = root(&files[file.index()].display_path);
    all(files).filter(move |(_, other)| own.is_some() && root(&other.display_path) == own)
}

/// All files of Rust that were read.
pub(super) fn all(files: &[SourceFile]) -> impl Iterator<Item = (FileId, &SourceFile)> {
    (0..).map(FileId).zip(files).filter(|(_, file)| file.language == Language::Rust && !file.text.is_empty())
}

/// Whether others may use the crate as a library.
pub(super) fn is_library(file: FileId, files: &[SourceFile]) -> bool {
    of_crate(file, files).any(|(_, other)| other.display_path.ends_with("src/lib.rs"))
}

/// The module path of a file, from its crate's root: `crate::http::clients` for `src/http/clients.rs`.
fn module(path: &str) -> Option<Vec<&str>> {
    let below = &path[path.rfind("src/")? + "src/".len()..];
    let below = below.strip_suffix(".rs")?;
    let below = below.strip_suffix("/mod").unwrap_or(below);
    let mut names = vec!["crate"];
    names.extend(below.split('/').filter(|name| !matches!(*name, "main" | "lib")));
    // A program of its own.
    (!below.starts_with("bin/")).then_some(names)
}

/// How `from` refers to what `to` declares at its top, if the visibility of the modules in between allows it.
pub(super) fn path(from: FileId, to: FileId, name: &str, files: &[SourceFile]) -> Option<String> {
    if from == to {
        return Some(name.to_owned());
    }
    let of = |id: FileId| files[id.index()].display_path.as_str();
    let has = |end: &str| of_crate(from, files).any(|(_, other)| other.display_path.ends_with(end));
    // Beside a library, a program is a crate of its own.
    if has("src/lib.rs") && has("src/main.rs") {
        return None;
    }
    let (here, there) = (module(of(from))?, module(of(to))?);
    for (at, segment) in there.iter().enumerate().skip(1) {
        let above = &there[..at];
        let parent = of_crate(from, files).find(|(_, other)| module(&other.display_path).as_deref() == Some(above));
        let text = &parent?.1.text;
        let is_declared = |visibility: &str| {
            text.lines().any(|line| {
                let rest = line.trim().strip_prefix(visibility).and_then(|rest| rest.strip_prefix("mod "));
                rest.is_some_and(|rest| rest.trim_end_matches([';', '{', ' ']) == *segment)
            })
        };
        let is_visible =
            is_declared("pub ") || is_declared("pub(crate) ") || is_declared("") && here.starts_with(above);
        if !is_visible {
            return None;
        }
    }
    Some(format!("{}::{name}", there.join("::")))
}
