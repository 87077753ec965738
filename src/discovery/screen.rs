//! The screen: which files can matter at all.
//!
//! Takes the texts, the packages and words the catalogue is about, and a way to resolve imports; gives each file's
//! [`Relevance`] by scanning bytes, without a parse. Errs towards keeping: what looks like an import in a comment or
//! a string counts as one. Never looks at what is imported from a package, or whether anything is done with it.

use aho_corasick::packed;
use compact_str::CompactString;
use memchr::memmem::Finder;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::source::{FileId, SourceFile};

/// What to look for.
#[derive(Debug, Default, Clone, Copy)]
pub struct Interest<'a> {
    /// Packages, with or without a subpath, by their normalised names. A file that imports one is kept, and so is
    /// whatever imports that file: a wrapper can be anywhere between the package and its use. An import of types is
    /// evidence for the file that has it and is not followed further, since nothing of it runs.
    pub packages: &'a [&'a str],
    /// Packages that keep only the files that import them: what everything imports (`fs`) would keep everything.
    pub lone_packages: &'a [&'a str],
    /// Bytes that keep the files they stand in: `setInterval`, `new Map`.
    pub words: &'a [&'a str],
    /// Bytes that keep, besides the file they stand in, whatever imports it: a container that one module makes is
    /// filled and emptied by others.
    pub shared_words: &'a [&'a str],
}

/// Why a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relevance {
    /// It names a package or a word.
    Seed,
    /// It imports, over however many files, one that names a package.
    Importer,
    Out,
}

/// What a specifier names, as far as the screen cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    File(FileId),
    /// By its normalised name.
    Package(CompactString),
}

/// Judges every file. `resolve` is asked for each specifier a file seems to import, from several threads.
pub fn select(
    files: &[SourceFile],
    interest: &Interest<'_>,
    resolve: impl Fn(FileId, &str) -> Option<Imported> + Sync,
) -> Vec<Relevance> {
    let scan = Scan::new(interest);
    // The order of the result is the order of the files, whatever the number of threads.
    let scanned: Vec<Scanned> = (0..files.len())
        .into_par_iter()
        .with_min_len(16)
        .map(|at| scan.file(FileId(id(at)), &files[at].text, &resolve))
        .collect();
    close_over_importers(&scanned)
}

/// Calls `found` with every specifier that `text` seems to import: after `from`, `import`, `import(`, `require(`.
pub fn specifiers<'t>(text: &'t str, mut found: impl FnMut(&'t str)) {
    Keywords::new().specifiers(text, &mut |specifier, _| found(specifier));
}

/// What one file holds.
#[derive(Debug, Default)]
struct Scanned {
    names_package: bool,
    names_other: bool,
    imports: Vec<u32>,
    type_imports: Vec<u32>,
}

struct Scan<'i> {
    packages: FxHashSet<&'i str>,
    lone_packages: FxHashSet<&'i str>,
    keywords: Keywords,
    words: Words<'i>,
    shared_words: Words<'i>,
}

impl<'i> Scan<'i> {
    fn new(interest: &Interest<'i>) -> Self {
        Self {
            packages: interest.packages.iter().copied().collect(),
            lone_packages: interest.lone_packages.iter().copied().collect(),
            keywords: Keywords::new(),
            words: Words::new(interest.words),
            shared_words: Words::new(interest.shared_words),
        }
    }

    fn file(&self, file: FileId, text: &str, resolve: &impl Fn(FileId, &str) -> Option<Imported>) -> Scanned {
        let mut scanned = Scanned::default();
        self.keywords.specifiers(text, &mut |specifier, is_type| match resolve(file, specifier) {
            Some(Imported::File(target)) if is_type => scanned.type_imports.push(target.0),
            Some(Imported::File(target)) => scanned.imports.push(target.0),
            Some(Imported::Package(name)) => {
                let is_wanted = holds(&self.packages, &name);
                scanned.names_package |= is_wanted && !is_type;
                scanned.names_other |= is_wanted && is_type || holds(&self.lone_packages, &name);
            }
            None => {}
        });
        scanned.imports.sort_unstable();
        scanned.imports.dedup();
        scanned.names_package |= !scanned.names_package && self.shared_words.is_in(text.as_bytes());
        scanned.names_other |= !scanned.names_package && self.words.is_in(text.as_bytes());
        scanned
    }
}

/// Whether a package, or the subpath of one, is in the set.
fn holds(packages: &FxHashSet<&str>, name: &str) -> bool {
    !packages.is_empty()
        && (packages.contains(name) || name.match_indices('/').any(|(at, _)| packages.contains(&name[..at])))
}

fn close_over_importers(scanned: &[Scanned]) -> Vec<Relevance> {
    let mut importers: Vec<Vec<u32>> = vec![Vec::new(); scanned.len()];
    for (at, file) in scanned.iter().enumerate() {
        for import in &file.imports {
            importers[*import as usize].push(id(at));
        }
    }
    let mut relevance: Vec<Relevance> = scanned
        .iter()
        .map(|file| if file.names_package || file.names_other { Relevance::Seed } else { Relevance::Out })
        .collect();
    let mut is_reached: Vec<bool> = scanned.iter().map(|file| file.names_package).collect();
    let mut pending: Vec<u32> = (0..id(scanned.len())).filter(|at| is_reached[*at as usize]).collect();
    while let Some(at) = pending.pop() {
        for &importer in &importers[at as usize] {
            if !std::mem::replace(&mut is_reached[importer as usize], true) {
                if relevance[importer as usize] == Relevance::Out {
                    relevance[importer as usize] = Relevance::Importer;
                }
                pending.push(importer);
            }
        }
    }
    // A parameter typed by a file that deals with a package holds what that package makes.
    for (at, file) in scanned.iter().enumerate() {
        if relevance[at] == Relevance::Out && file.type_imports.iter().any(|of| scanned[*of as usize].names_package) {
            relevance[at] = Relevance::Importer;
        }
    }
    relevance
}

/// The words of imports. One search a keyword is several times faster than one automaton for all.
struct Keywords {
    from: Finder<'static>,
    import: Finder<'static>,
    require: Finder<'static>,
}

impl Keywords {
    fn new() -> Self {
        Self { from: Finder::new("from"), import: Finder::new("import"), require: Finder::new("require") }
    }

    /// Calls `found` with each specifier, and whether only types are imported.
    fn specifiers<'t>(&self, text: &'t str, found: &mut impl FnMut(&'t str, bool)) {
        let bytes = text.as_bytes();
        for at in self.from.find_iter(bytes) {
            if let Some(specifier) = literal(text, skip_space(bytes, at + 4)) {
                found(specifier, imports_types(&bytes[..at]));
            }
        }
        for at in self.import.find_iter(bytes) {
            let next = skip_space(bytes, at + 6);
            let next = if bytes.get(next) == Some(&b'(') { skip_space(bytes, next + 1) } else { next };
            if let Some(specifier) = literal(text, next) {
                found(specifier, false);
            }
        }
        for at in self.require.find_iter(bytes) {
            let next = skip_space(bytes, at + 7);
            if bytes.get(next) == Some(&b'(')
                && let Some(specifier) = literal(text, skip_space(bytes, next + 1))
            {
                found(specifier, false);
            }
        }
    }
}

/// Whether what ends before `from` is `import type …` or `export type …`.
fn imports_types(before: &[u8]) -> bool {
    // Walk back over what a clause is made of, and no further: `{ a as b, C }`, `* as d`.
    let is_clause = |byte: &u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || !byte.is_ascii() || b"{},*_$".contains(byte)
    };
    let start = before.iter().rposition(|byte| !is_clause(byte)).map_or(0, |at| at + 1);
    let clause = &before[start..];
    let keyword = [b"import", b"export"].iter().filter_map(|word| memchr::memmem::rfind(clause, *word)).max();
    let Some(rest) = keyword.map(|at| clause[at + 6..].trim_ascii_start()) else { return false };
    let Some(rest) = rest.strip_prefix(b"type") else { return false };
    // `import type from "a"` and `import type, { b } from "a"` import a value called `type`.
    rest.first().is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'{' | b'*'))
        && !matches!(rest.trim_ascii_start().first(), None | Some(b','))
}

/// A comment between a keyword and its specifier is a hint of a few words; a longer search would let a file of
/// unclosed comments take quadratic time.
const MAXIMAL_HINT: usize = 512;

/// Past white space and block comments (bundlers read hints in `import(/* … */ "a")`).
fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let rest = &bytes[at.min(bytes.len())..];
        let Some(comment) = rest.strip_prefix(b"/*") else { return at };
        let Some(length) = memchr::memmem::find(&comment[..comment.len().min(MAXIMAL_HINT)], b"*/") else { return at };
        at += length + 4;
    }
}

/// The string literal that starts at `at`, if one does and ends on its line.
fn literal(text: &str, at: usize) -> Option<&str> {
    let quote = *text.as_bytes().get(at).filter(|quote| matches!(quote, b'"' | b'\'' | b'`'))?;
    let rest = &text.as_bytes()[at + 1..];
    let length = memchr::memchr3(quote, b'\n', b'$', rest)?;
    (rest[length] == quote && length > 0).then(|| &text[at + 1..at + 1 + length])
}

/// A search for any of several words.
enum Words<'i> {
    /// All at once, where the processor has the instructions.
    Packed(packed::Searcher),
    Single(Vec<Finder<'i>>),
}

impl<'i> Words<'i> {
    fn new(words: &[&'i str]) -> Self {
        let searcher = (words.len() > 2).then(|| packed::Searcher::new(words)).flatten();
        searcher.map_or_else(|| Self::Single(words.iter().copied().map(Finder::new).collect()), Self::Packed)
    }

    fn is_in(&self, text: &[u8]) -> bool {
        match self {
            Self::Packed(searcher) => searcher.find(text).is_some(),
            Self::Single(finders) => finders.iter().any(|finder| finder.find(text).is_some()),
        }
    }
}

fn id(at: usize) -> u32 {
    u32::try_from(at).expect("invariant: file ids are 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Language;

    fn check(files: &[(&str, &str)], interest: &Interest<'_>, expected: &[Relevance]) {
        let sources: Vec<SourceFile> = files
            .iter()
            .map(|(name, text)| SourceFile {
                path: name.into(),
                display_path: (*name).to_owned(),
                language: Language::TypeScript,
                text: (*text).into(),
            })
            .collect();
        let resolve = |_, specifier: &str| match specifier.strip_prefix("./") {
            Some(name) => files.iter().position(|(file, _)| *file == name).map(|at| Imported::File(FileId(id(at)))),
            None => Some(Imported::Package(specifier.into())),
        };
        assert_eq!(select(&sources, interest, resolve), expected, "{files:?}");
    }

    #[test]
    fn imports_in_every_spelling() {
        let text = "import a from 'a'; import'b'\nexport*from\"c\"\nconst d = require( 'd' )
            await import(/* chunk */ `e`); import f = require(\"f\"); import type { G } from 'g'; from 'h\n' from `${i}`
            import {\n j\n} from\n 'j' /* import";
        let mut found = Vec::new();
        specifiers(text, |specifier| found.push(specifier));
        found.sort_unstable();
        assert_eq!(found, ["a", "b", "c", "d", "e", "f", "g", "j"]);
    }

    #[test]
    fn importers_of_a_package_are_kept_at_any_distance() {
        check(
            &[
                ("db", "import { Pool } from 'pg'"),
                ("index", "export * from './db'"),
                ("users", "import { pool } from './index'"),
                ("types", "export type A = 'pg'"),
                ("page", "import './types'"),
            ],
            &Interest { packages: &["pg"], ..Interest::default() },
            &[Relevance::Seed, Relevance::Importer, Relevance::Importer, Relevance::Out, Relevance::Out],
        );
    }

    #[test]
    fn words_and_lone_packages_keep_their_files_alone() {
        check(
            &[
                ("timer", "setInterval(f, 1)"),
                ("fs", "import fs from 'fs/promises'"),
                ("both", "import './timer'; import './fs'"),
            ],
            &Interest {
                packages: &["pg"],
                lone_packages: &["fs"],
                words: &["setInterval", "new Map", "new Set"],
                shared_words: &[],
            },
            &[Relevance::Seed, Relevance::Seed, Relevance::Out],
        );
    }

    #[test]
    fn a_seed_by_a_word_still_passes_on_what_it_imports() {
        check(
            &[
                ("db", "import 'drizzle-orm/node-postgres'"),
                ("both", "import './db'; setInterval(f, 1)"),
                ("page", "import './both'"),
            ],
            &Interest { packages: &["drizzle-orm"], words: &["setInterval"], ..Interest::default() },
            &[Relevance::Seed, Relevance::Seed, Relevance::Importer],
        );
    }

    #[test]
    fn imports_of_types_are_not_followed() {
        check(
            &[
                ("db", "import { Pool } from 'pg'"),
                ("typed", "import type { Db } from './db'"),
                ("further", "import { typed } from './typed'"),
                ("client", "import type { PoolClient } from 'pg'"),
                ("further2", "import { release } from './client'"),
            ],
            &Interest { packages: &["pg"], ..Interest::default() },
            &[Relevance::Seed, Relevance::Importer, Relevance::Out, Relevance::Seed, Relevance::Out],
        );
    }

    #[test]
    fn clauses_of_types() {
        for (text, expected) in [
            ("import type { A } ", true),
            ("import 'x'\nimport type A ", true),
            ("export type * ", true),
            ("export type{A, B as C} ", true),
            ("import type ", false),
            ("import type, { a } ", false),
            ("import { type A } ", false),
            ("import typed ", false),
            ("import type { A } from 'a'; import b ", false),
            ("", false),
        ] {
            assert_eq!(imports_types(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_package_is_matched_by_whole_parts() {
        check(
            &[("a", "import 'pg-promise'"), ("b", "import '@x/pg'"), ("c", "import 'pg/lib/a'")],
            &Interest { packages: &["pg"], ..Interest::default() },
            &[Relevance::Out, Relevance::Out, Relevance::Seed],
        );
    }
}
