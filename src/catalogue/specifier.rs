//! Import specifiers: the many ways to write the same package, and how library files name packages.

use std::borrow::Cow;

use crate::ir::Name;

use super::pattern::{Pattern, last_name};
use super::schema::{Library, ResourceKind};

/// The prefix of crates: packages of other registries may have the same name.
pub const CRATE: &str = "crate:";

/// The crate of a path such as `crate:sqlx::postgres`, and the modules that lead on from it.
#[must_use]
pub fn split_crate(specifier: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let path = specifier.strip_prefix(CRATE)?;
    let end = CRATE.len() + path.find("::").unwrap_or(path.len());
    Some((&specifier[..end], specifier[end..].split("::").filter(|name| !name.is_empty())))
}

/// What library files write for names that need no import.
pub(super) const GLOBAL: &str = "<global>";

/// Hosts that serve packages by name.
const HOSTS: &[&str] = &[
    "https://esm.sh/",
    "https://esm.run/",
    "https://cdn.skypack.dev/",
    "https://cdn.jsdelivr.net/npm/",
    "https://unpkg.com/",
    "https://",
];

/// The global object's names in its various hosts.
const GLOBAL_OBJECTS: &[&str] = &["globalThis", "window", "self", "global"];

/// The package and subpath of a specifier, without scheme, host and version: `npm:pg@8` is `pg`.
#[must_use]
pub fn normalise(specifier: &str) -> Cow<'_, str> {
    let mut rest = specifier;
    for scheme in ["npm:", "node:", "jsr:"] {
        rest = rest.strip_prefix(scheme).unwrap_or(rest);
    }
    rest = rest.strip_prefix('/').filter(|_| rest.len() < specifier.len()).unwrap_or(rest);
    if let Some(path) = HOSTS.iter().find_map(|host| rest.strip_prefix(host)) {
        rest = path.split(['?', '#']).next().unwrap_or(path);
        rest = rest.strip_prefix("stable/").unwrap_or(rest);
    }
    // The version's `@` is not the one that starts a scope.
    let Some(at) = rest.get(1..).and_then(|tail| tail.find('@')).map(|at| at + 1) else {
        return Cow::Borrowed(rest);
    };
    match rest[at..].find('/') {
        None => Cow::Borrowed(&rest[..at]),
        // `@` may also be an alias of the project: `~/@types/x`.
        Some(_) if rest[..at].ends_with('/') => Cow::Borrowed(rest),
        Some(slash) => Cow::Owned([&rest[..at], &rest[at + slash..]].concat()),
    }
}

/// The path below the global object.
pub(super) fn is_global_object(name: &str) -> bool {
    GLOBAL_OBJECTS.contains(&name)
}

pub(super) fn without_global_object(path: &[Name]) -> &[Name] {
    match path {
        [first, rest @ ..] if !rest.is_empty() && GLOBAL_OBJECTS.contains(&first.as_str()) => rest,
        _ => path,
    }
}

/// The file extension and `index` that an import of a project's own file may have or leave out.
pub(super) fn without_extension(specifier: &str) -> &str {
    let stem = [".js", ".ts", ".mjs", ".mts", ".cjs", ".cts"]
        .iter()
        .find_map(|extension| specifier.strip_suffix(extension))
        .unwrap_or(specifier);
    stem.strip_suffix("/index").unwrap_or(stem)
}

/// How library files name a file of the project itself, by its path from the top: `./src/db` is `src/db/index.ts`.
#[must_use]
pub fn file_package(path: &str) -> String {
    let stem = [".tsx", ".jsx", ".rs"].iter().find_map(|extension| path.strip_suffix(extension)).unwrap_or(path);
    format!("{FILES}{}", without_extension(stem))
}

/// What those names start with.
pub(super) const FILES: &str = "./";

/// Names of at least this length are unambiguous.
const LONG_NAME: usize = 12;

/// Words that a file must contain to use a resource of these libraries that needs no import.
pub(super) fn words<'c>(libraries: impl Iterator<Item = &'c Library>) -> Vec<String> {
    let mut words = Vec::new();
    for library in libraries {
        let holding = || library.resources.iter().filter(|resource| resource.kind != ResourceKind::Stateless);
        for package in library.packages.iter().filter(|_| holding().any(|resource| !resource.create.is_empty())) {
            match package.split_once('#') {
                // `Deno.connect`: the name of the method alone says nothing.
                Some((GLOBAL, member)) => words.push(member.to_owned()),
                None if package == GLOBAL => {
                    let patterns = holding().flat_map(|resource| &resource.create);
                    words.extend(patterns.filter_map(|pattern| match Pattern::parse(pattern) {
                        Ok(Pattern::Symbol { path, .. }) => telling(&path).map(ToString::to_string),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        // Files that may end something from afar have to be read.
        let ends = holding().filter(|resource| resource.ended_by_project);
        let paths = ends.flat_map(|it| it.release.iter().chain(&it.release_functions));
        words.extend(paths.map(|path| last_name(path).to_owned()));
        let is_global = library.packages.iter().any(|package| package == GLOBAL);
        let late = library
            .functions
            .iter()
            .filter(|function| is_global && (function.delays.is_some() || function.defers.is_some()));
        words.extend(late.flat_map(|function| &function.call).filter_map(|pattern| match Pattern::parse(pattern) {
            Ok(Pattern::Symbol { path, .. }) => path.last().map(ToString::to_string),
            _ => None,
        }));
        for registration in holding().filter_map(|resource| resource.registration.as_ref()) {
            // A removal alone is worth reading where it must name the very same function: then it may remove nothing.
            let removing = registration.remove.iter().filter(|_| registration.capture);
            words.extend(registration.add.iter().chain(&registration.add_once).chain(removing).map(|method| {
                // A long name is unambiguous, even if something stands between it and its call.
                let bracket = if method.len() < LONG_NAME { "(" } else { "" };
                format!(".{method}{bracket}")
            }));
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The most telling name of a path: the longest one below the object that it begins with.
fn telling(path: &[Name]) -> Option<&Name> {
    let below = if path.len() > 1 { &path[1..] } else { path };
    below.iter().max_by_key(|name| name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(specifier: &str, expected: &str) {
        assert_eq!(normalise(specifier), expected);
    }

    #[test]
    fn schemes_versions_and_hosts_make_no_difference() {
        check("pg", "pg");
        check("npm:pg@8.11.0", "pg");
        check("npm:/pg@^8", "pg");
        check("node:fs/promises", "fs/promises");
        check("@supabase/supabase-js", "@supabase/supabase-js");
        check("jsr:@supabase/supabase-js@2", "@supabase/supabase-js");
        check("npm:drizzle-orm@0.45.0/node-postgres", "drizzle-orm/node-postgres");
        check("https://esm.sh/@supabase/supabase-js@2.39.3?target=deno", "@supabase/supabase-js");
        check("https://deno.land/x/postgres@v0.17.0/mod.ts", "deno.land/x/postgres/mod.ts");
        check("bun:sqlite", "bun:sqlite");
    }

    #[test]
    fn files_of_the_project_stay_as_they_are() {
        for own in ["./db", "../a@b/c", "@/lib/db", "~/@types/x", "/abs", "#internal"] {
            let expected = if own == "../a@b/c" { "../a/c" } else { own };
            check(own, expected);
        }
    }

    #[test]
    fn the_global_object_can_be_left_out() {
        let path = |names: &[&str]| names.iter().map(|name| Name::from(*name)).collect::<Vec<_>>();
        assert_eq!(without_global_object(&path(&["window", "setInterval"])), path(&["setInterval"]));
        assert_eq!(without_global_object(&path(&["window"])), path(&["window"]));
        assert_eq!(without_global_object(&path(&["process", "exit"])), path(&["process", "exit"]));
    }
}
