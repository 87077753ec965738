//! Reading libraries: the shipped ones from the form the build script wrote, users' own from TOML.

use std::ops::Range;

use thiserror::Error;

use super::pattern::{Pattern, parse_path};
use super::schema::{Ecosystem, Library};
use super::specifier::CRATE;

/// The libraries of `rules/catalogue/typescript`.
const TYPESCRIPT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/typescript.bin"));

/// The libraries of `rules/catalogue/rust`.
const RUST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rust.bin"));

/// What is wrong with a file of library facts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}: {message}")]
pub struct LoadError {
    /// The file, as the caller named it.
    pub path: String,
    /// The bytes of the file that have to change, where that is known.
    pub span: Option<Range<usize>>,
    /// Lower case, no final period.
    pub message: String,
}

/// The shipped libraries, in the order of their files' names.
pub(super) fn shipped() -> Vec<Library> {
    let read = |bytes: &'static [u8]| -> Vec<Library> {
        postcard::from_bytes(bytes).expect("invariant: the build script writes what these types read")
    };
    read(TYPESCRIPT).into_iter().chain(read(RUST).into_iter().map(of_crate)).collect()
}

/// The library of a file below `rust/`: its packages are crates, `<global>` the names that every Rust file has.
#[must_use]
pub fn of_crate(mut library: Library) -> Library {
    library.ecosystem = Ecosystem::Crates;
    let mut names: Vec<&mut String> = library.packages.iter_mut().collect();
    names.extend(library.resources.iter_mut().flat_map(|it| &mut it.from));
    names.extend(library.wrappers.iter_mut().flat_map(|it| &mut it.from));
    names.extend(library.functions.iter_mut().flat_map(|it| &mut it.from));
    names.extend(library.entries.iter_mut().flat_map(|it| it.from.iter_mut().chain(&mut it.needs_package)));
    for name in names {
        name.insert_str(0, CRATE);
    }
    library
}

/// Reads one library.
///
/// # Errors
/// The first mistake in the file: its syntax, an unknown key, a missing one, or a pattern that cannot be read.
pub fn library(path: &str, text: &str) -> Result<Library, LoadError> {
    let library: Library = toml::from_str(text).map_err(|error| LoadError {
        path: path.to_owned(),
        span: error.span(),
        message: error.message().to_owned(),
    })?;
    match mistake(&library) {
        None => Ok(library),
        Some((culprit, message)) => {
            Err(LoadError { path: path.to_owned(), span: find_string(text, &culprit), message })
        }
    }
}

/// The first string of the library that means nothing, and why.
pub(crate) fn mistake(library: &Library) -> Option<(String, String)> {
    let created =
        library.resources.iter().flat_map(|resource| resource.create.iter().chain(&resource.release_functions));
    let wrapped = library.wrappers.iter().flat_map(|wrapper| &wrapper.create);
    let called = library.functions.iter().flat_map(|function| &function.call);
    let registered = library.entries.iter().flat_map(|entry| &entry.registered_by);
    for text in created.chain(wrapped).chain(called).chain(registered) {
        if let Err(message) = Pattern::parse(text) {
            return Some((text.clone(), message));
        }
    }
    let released = library.resources.iter().flat_map(|resource| &resource.release_functions);
    for text in released.chain(library.wrappers.iter().flat_map(|wrapper| &wrapper.create)) {
        if !matches!(Pattern::parse(text), Ok(Pattern::Symbol { .. })) {
            let message =
                format!("`{text}` is a method, which creates nothing by itself: write a `lease` of its receiver");
            return Some((text.clone(), message));
        }
    }
    for text in library.resources.iter().flat_map(|resource| &resource.types) {
        if parse_path(text).is_none() {
            return Some((text.clone(), format!("`{text}` is no name of a type")));
        }
    }
    None
}

/// Where the TOML text has this string as a value, if it is written without escapes.
pub(crate) fn find_string(text: &str, value: &str) -> Option<Range<usize>> {
    ['"', '\''].into_iter().find_map(|quote| {
        let quoted = format!("{quote}{value}{quote}");
        text.find(&quoted).map(|start| start..start + quoted.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, culprit: &str, message: &str) {
        let error = library("facts.toml", text).expect_err("the text has a mistake");
        assert_eq!(error.message, message);
        assert_eq!(&text[error.span.clone().expect("the mistake has a place")], culprit);
        assert_eq!(error.to_string(), format!("facts.toml: {message}"));
    }

    #[test]
    fn a_mistake_is_shown_where_it_is() {
        check(
            "name = \"a\"\npackages = [\"a\"]\n[[function]]\ncall = [\"log\"]\n",
            "\"log\"",
            "`log` is no call pattern: it ends neither in `()` nor starts with `new `",
        );
        check(
            "name = \"a\"\npackages = []\n[[wrapper]]\ncreate = [\"new A.b()\"]\nwraps = []\n",
            "\"new A.b()\"",
            "`new A.b()` is a method, which creates nothing by itself: write a `lease` of its receiver",
        );
    }

    #[test]
    fn unknown_keys_are_mistakes() {
        let text = "name = \"a\"\npackages = []\nverison = \"1\"\n";
        let error = library("facts.toml", text).expect_err("a misspelt key");
        assert!(error.message.starts_with("unknown field `verison`"), "{}", error.message);
        assert_eq!(error.span.map(|span| &text[span]), Some("verison"));
    }
}
