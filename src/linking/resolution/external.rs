//! One name for a package, whatever way an import spells it.

use compact_str::CompactString;

use crate::catalogue::CRATE;

/// Hosts that serve packages of npm under their names.
const PACKAGE_HOSTS: &[&str] = &[
    "esm.sh",
    "esm.run",
    "cdn.skypack.dev",
    "unpkg.com",
    "cdn.jsdelivr.net",
    "jspm.dev",
    "ga.jspm.io",
    "esm.unpkg.com",
];

/// The name of what a specifier that leads out of the tree stands for: without scheme, version and query, with the
/// subpath: `npm:pg@8/lib` and `https://esm.sh/pg@8.11/lib?bundle` are `pg/lib`. A URL that is no package's keeps its
/// host and loses its version.
#[must_use]
pub fn external_name(specifier: &str) -> CompactString {
    if let Some(url) = specifier.strip_prefix("https://").or_else(|| specifier.strip_prefix("http://")) {
        return from_url(url);
    }
    for scheme in ["npm:", "jsr:", "node:"] {
        if let Some(package) = specifier.strip_prefix(scheme) {
            return without_version(package.trim_start_matches('/'));
        }
    }
    without_version(specifier)
}

/// The name of what a path of Rust leads to outside the tree: `crate:sqlx::postgres`.
pub(super) fn external_crate(path: &str) -> CompactString {
    CompactString::from(format!("{CRATE}{path}"))
}

/// The package part of an external name: `@scope/name` or `name`.
#[must_use]
pub fn package_of(name: &str) -> &str {
    let parts = if name.starts_with('@') { 2 } else { 1 };
    name.match_indices('/').nth(parts - 1).map_or(name, |(at, _)| &name[..at])
}

fn from_url(url: &str) -> CompactString {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let (host, path) = url.split_once('/').unwrap_or((url, ""));
    if PACKAGE_HOSTS.contains(&host) {
        let mut path = path;
        // Build numbers, flags and registries some hosts put before the name.
        while let Some((first, rest)) = path.split_once('/') {
            let is_build = first.len() > 1 && first.starts_with('v') && first[1..].bytes().all(|b| b.is_ascii_digit());
            if !is_build && !matches!(first, "npm" | "stable" | "pin" | "jsr") {
                break;
            }
            path = rest;
        }
        let path = path.trim_start_matches("npm:").trim_start_matches('*');
        if !path.is_empty() && !path.starts_with("gh/") {
            return without_version(path.trim_end_matches("/+esm"));
        }
    }
    if host == "jsr.io" && path.starts_with('@') {
        return without_version(path);
    }
    // The standard library of Deno moved from URLs to a scope.
    if let Some(module) = path.strip_prefix("std").filter(|_| host == "deno.land") {
        let module = module.split_once('/').map_or("", |(_, module)| module);
        let module = module.strip_suffix(".ts").unwrap_or(module);
        return CompactString::from(format!("@std/{}", module.strip_suffix("/mod").unwrap_or(module)));
    }
    let parts: Vec<&str> = path.split('/').map(|part| part.split_once('@').map_or(part, before_version)).collect();
    CompactString::from(format!("https://{host}/{}", parts.join("/")))
}

/// `name@1.2/sub` is `name/sub`; the `@` of a scope stays.
fn without_version(package: &str) -> CompactString {
    let Some((at, _)) = package.match_indices('@').find(|(at, _)| *at > 0) else { return package.into() };
    let name = &package[..at];
    let is_in_name = name.matches('/').count() <= usize::from(name.starts_with('@'));
    if !is_in_name {
        return package.into();
    }
    let rest = package[at..].find('/').map_or("", |slash| &package[at + slash..]);
    CompactString::from(format!("{name}{rest}"))
}

fn before_version<'p>((name, version): (&'p str, &'p str)) -> &'p str {
    if name.is_empty() { version } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (specifier, expected) in [
            ("pg", "pg"),
            ("@prisma/client/edge", "@prisma/client/edge"),
            ("drizzle-orm/node-postgres", "drizzle-orm/node-postgres"),
            ("node:fs/promises", "fs/promises"),
            ("npm:pg@8.11.3", "pg"),
            ("npm:pg@^8/lib/client", "pg/lib/client"),
            ("npm:/@supabase/supabase-js@2/dist", "@supabase/supabase-js/dist"),
            ("jsr:@db/postgres@0.19", "@db/postgres"),
            ("bun:sqlite", "bun:sqlite"),
            ("https://esm.sh/pg@8?target=deno", "pg"),
            ("https://esm.sh/v135/@supabase/supabase-js@2.39.0", "@supabase/supabase-js"),
            ("https://esm.sh/*drizzle-orm@0.29/postgres-js", "drizzle-orm/postgres-js"),
            ("https://cdn.jsdelivr.net/npm/pg@8/+esm", "pg"),
            ("https://deno.land/x/postgres@v0.17.0/mod.ts", "https://deno.land/x/postgres/mod.ts"),
            ("https://deno.land/std@0.177.0/http/server.ts", "@std/http/server"),
            ("https://deno.land/std/async/mod.ts", "@std/async"),
            ("https://esm.sh/", "https://esm.sh/"),
            ("", ""),
            ("@", "@"),
            ("é@1", "é"),
        ] {
            assert_eq!(external_name(specifier), expected, "{specifier}");
        }
    }

    #[test]
    fn packages() {
        for (name, expected) in [("pg/lib", "pg"), ("@a/b/c", "@a/b"), ("@a/b", "@a/b"), ("@a", "@a"), ("", "")] {
            assert_eq!(package_of(name), expected);
        }
    }
}
