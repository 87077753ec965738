//! The screen: which files are worth reading for their own sake, and what every file seems to import.
//!
//! Takes the texts, the packages and words of the catalogue, and a way to resolve imports; scans bytes without parsing.
//! Errs towards keeping: what looks like an import in a comment or a string counts as one. Never looks at what is done
//! with an import: [`crate::demand`] finds out which other files to read.

use aho_corasick::packed;
use compact_str::CompactString;
use memchr::memmem::Finder;
use rayon::prelude::*;

use crate::ir::Name;
use crate::source::{FileId, SourceFile};

/// What to look for.
pub trait Interest: Sync {
    /// Bytes that stand in a text for themselves, and not within a longer word: `setInterval`, `new Map`.
    fn words(&self) -> &[String];

    /// What it says of a file that it imports this of a package (by its normalised name).
    fn of_import(&self, package: &str, clause: &Clause) -> Sign;
}

/// What an import says of the file it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    Nothing,
    /// That it is worth reading if it begins something to be filled, a plain object or array.
    IfItFills,
    /// That it is worth reading.
    Seed,
}

/// What one file holds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Screened {
    /// It imports something of interest or holds one of the words.
    pub is_seed: bool,
    /// Imports of files of the tree, in the order of the text.
    pub imports: Vec<ImportEdge>,
}

/// An import of a file of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportEdge {
    pub target: FileId,
    pub clause: Clause,
}

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    /// All there is, under a name or as a value: `import * as a`, `require`, `import()`.
    Everything,
    /// These exports; the default one is called `default`.
    Names(Vec<Name>),
    /// `export * from`: passed on under their own names.
    Star,
    /// `export { a as b } from`: passed on, with the new names; `*` stands for the whole.
    Forward(Vec<(Name, Name)>),
    /// These exports as types, named like those of `Names`, or `*` for all there is: nothing of it runs.
    Types(Vec<Name>),
}

/// What a specifier names, as far as the screen cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    File(FileId),
    /// By its normalised name.
    Package(CompactString),
}

/// Scans every file. `resolve` is asked for each specifier a file seems to import, from several threads.
pub fn scan(
    files: &[SourceFile],
    interest: &impl Interest,
    resolve: impl Fn(FileId, &str) -> Option<Imported> + Sync,
) -> Vec<Screened> {
    let scan = Scan::new(interest);
    // The order of the result is the order of the files, whatever the number of threads.
    (0..files.len())
        .into_par_iter()
        .with_min_len(16)
        .map(|at| scan.file(FileId(id(at)), &files[at].text, &resolve))
        .collect()
}

/// Calls `found` with every specifier that `text` seems to import: after `from`, `import`, `import(`, `require(`.
pub fn specifiers<'t>(text: &'t str, mut found: impl FnMut(&'t str)) {
    Keywords::new().specifiers(text, &mut |specifier, _| found(specifier));
}

struct Scan<'i, I> {
    interest: &'i I,
    keywords: Keywords,
    words: Words<'i>,
}

impl<'i, I: Interest> Scan<'i, I> {
    fn new(interest: &'i I) -> Self {
        Self { interest, keywords: Keywords::new(), words: Words::new(interest.words()) }
    }

    fn file(&self, file: FileId, text: &str, resolve: &impl Fn(FileId, &str) -> Option<Imported>) -> Screened {
        let mut screened = Screened::default();
        let mut sign = Sign::Nothing;
        self.keywords.specifiers(text, &mut |specifier, before| match resolve(file, specifier) {
            Some(Imported::File(target)) => {
                let clause = before.map_or(Clause::Everything, clause);
                screened.imports.push(ImportEdge { target, clause });
            }
            Some(Imported::Package(name)) if sign < Sign::Seed => {
                let clause = before.map_or(Clause::Everything, clause);
                sign = sign.max(self.interest.of_import(&name, &clause));
            }
            Some(Imported::Package(_)) | None => {}
        });
        screened.is_seed = match sign {
            Sign::Seed => true,
            Sign::IfItFills => begins_to_fill(text.as_bytes()) || self.words.are_in(text.as_bytes()),
            Sign::Nothing => self.words.are_in(text.as_bytes()),
        };
        screened
    }
}

/// Whether an empty object or array is kept under some name: `= {}`, `?? []`, `cache: {}`.
fn begins_to_fill(text: &[u8]) -> bool {
    let keeps = |before: &[u8]| matches!(before.trim_ascii_end().last(), Some(b'=' | b'|' | b'?' | b':'));
    [(b'{', b'}'), (b'[', b']')].into_iter().any(|(open, close)| {
        memchr::memchr_iter(open, text)
            .any(|at| text[at + 1..].trim_ascii_start().first() == Some(&close) && keeps(&text[..at]))
    })
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

    /// Calls `found` with each specifier and, where a clause says what is imported, the text before its `from`.
    fn specifiers<'t>(&self, text: &'t str, found: &mut impl FnMut(&'t str, Option<&'t str>)) {
        let bytes = text.as_bytes();
        for at in self.from.find_iter(bytes) {
            if let Some(specifier) = literal(text, skip_space(bytes, at + 4)) {
                found(specifier, Some(&text[..at]));
            }
        }
        for at in self.import.find_iter(bytes) {
            let next = skip_space(bytes, at + 6);
            let next = if bytes.get(next) == Some(&b'(') { skip_space(bytes, next + 1) } else { next };
            if let Some(specifier) = literal(text, next) {
                found(specifier, None);
            }
        }
        for at in self.require.find_iter(bytes) {
            let next = skip_space(bytes, at + 7);
            if bytes.get(next) == Some(&b'(')
                && let Some(specifier) = literal(text, skip_space(bytes, next + 1))
            {
                found(specifier, None);
            }
        }
    }
}

/// What the clause says that ends where `before` does: `import a, { b as c }`, `export *`.
fn clause(before: &str) -> Clause {
    // Walk back over what a clause is made of, and no further.
    let is_clause = |byte: &u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || !byte.is_ascii() || b"{},*_$".contains(byte)
    };
    let bytes = before.as_bytes();
    let start = bytes.iter().rposition(|byte| !is_clause(byte)).map_or(0, |at| at + 1);
    let text = &before[start..];
    let keyword = ["import", "export"].iter().filter_map(|word| Some((last_word(text, word)?, *word))).max();
    let Some((at, word)) = keyword else { return Clause::Everything };
    let rest = text[at + word.len()..].trim();
    if let Some(types) = rest.strip_prefix("type") {
        let next = types.bytes().next();
        // `import type from "a"` and `import type, { b } from "a"` import a value called `type`.
        if next.is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'{' | b'*'))
            && !types.trim_start().starts_with(',')
        {
            return Clause::Types(if types.contains('*') { vec![Name::new("*")] } else { imported(types) });
        }
    }
    if word == "export" {
        return match rest.strip_prefix('*').map(str::trim_start) {
            Some("") => Clause::Star,
            Some(renamed) => {
                Clause::Forward(vec![(Name::new("*"), Name::new(renamed.trim_start_matches("as ").trim()))])
            }
            None => Clause::Forward(names(rest).collect()),
        };
    }
    if rest.contains('*') {
        return Clause::Everything;
    }
    Clause::Names(imported(rest))
}

/// What an import takes under names: `a, { b as c }`.
fn imported(rest: &str) -> Vec<Name> {
    let default =
        rest.split('{').next().is_some_and(|before| !before.trim_matches([' ', ',', '\n', '\r', '\t']).is_empty());
    let named = names(rest).map(|(name, _)| name);
    default.then(|| Name::new("default")).into_iter().chain(named).collect()
}

/// Where `word` last stands in the text, not as a part of a longer one.
fn last_word(text: &str, word: &str) -> Option<usize> {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(byte));
    let bytes = text.as_bytes();
    let stands_alone =
        |at: usize| !is_part(at.checked_sub(1).map(|at| &bytes[at])) && !is_part(bytes.get(at + word.len()));
    text.rmatch_indices(word).map(|(at, _)| at).find(|at| stands_alone(*at))
}

/// The names in braces, each with the name it is given; types are left out.
fn names(clause: &str) -> impl Iterator<Item = (Name, Name)> {
    let inside = clause.split_once('{').map_or("", |(_, inside)| inside);
    inside.trim_end_matches('}').split(',').filter_map(|part| {
        let mut words = part.split_whitespace();
        let name = words.next()?;
        match (words.next(), words.next(), words.next()) {
            (None, ..) => Some((Name::new(name), Name::new(name))),
            (Some("as"), Some(renamed), None) => Some((Name::new(name), Name::new(renamed))),
            // `type A`, `type A as B`.
            _ => None,
        }
    })
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
    fn new(words: &'i [String]) -> Self {
        let searcher = (words.len() > 2).then(|| packed::Searcher::new(words)).flatten();
        searcher.map_or_else(|| Self::Single(words.iter().map(Finder::new).collect()), Self::Packed)
    }

    fn are_in(&self, text: &[u8]) -> bool {
        match self {
            Self::Packed(searcher) => {
                let mut from = 0;
                while let Some(found) = searcher.find_in(text, (from..text.len()).into()) {
                    if stands_alone(text, found.start(), found.end()) {
                        return true;
                    }
                    from = found.start() + 1;
                }
                false
            }
            Self::Single(finders) => finders
                .iter()
                .any(|finder| finder.find_iter(text).any(|at| stands_alone(text, at, at + finder.needle().len()))),
        }
    }
}

/// Whether what stands there is not a part of a longer word.
fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    let is_part = |at: Option<usize>| {
        at.and_then(|at| text.get(at)).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(byte))
    };
    let is_inside = |one: Option<usize>, other: Option<usize>| is_part(one) && is_part(other);
    !is_inside(start.checked_sub(1), Some(start)) && !is_inside(end.checked_sub(1), Some(end))
}

fn id(at: usize) -> u32 {
    u32::try_from(at).expect("invariant: file ids are 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Language;

    #[derive(Default)]
    struct Wanted {
        members: Vec<(&'static str, &'static str)>,
        serving: &'static str,
        words: Vec<String>,
    }

    impl Interest for Wanted {
        fn words(&self) -> &[String] {
            &self.words
        }

        fn of_import(&self, package: &str, clause: &Clause) -> Sign {
            let is_imported = |member: &str| match clause {
                Clause::Names(names) => names.iter().any(|name| name == member),
                _ => true,
            };
            let mut members = self.members.iter();
            match () {
                () if members.any(|(of, member)| *of == package && is_imported(member)) => Sign::Seed,
                () if package == self.serving => Sign::IfItFills,
                () => Sign::Nothing,
            }
        }
    }

    fn scanned(files: &[(&str, &str)], interest: &Wanted) -> Vec<Screened> {
        let sources: Vec<SourceFile> = files
            .iter()
            .map(|(name, text)| SourceFile {
                path: name.into(),
                display_path: (*name).to_owned(),
                language: Language::TypeScript,
                text: (*text).into(),
            })
            .collect();
        scan(&sources, interest, |_, specifier: &str| match specifier.strip_prefix("./") {
            Some(name) => files.iter().position(|(file, _)| *file == name).map(|at| Imported::File(FileId(id(at)))),
            None => Some(Imported::Package(specifier.into())),
        })
    }

    fn check(files: &[(&str, &str)], interest: &Wanted, seeds: &[bool]) {
        let found: Vec<bool> = scanned(files, interest).iter().map(|file| file.is_seed).collect();
        assert_eq!(found, seeds, "{files:?}");
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
    fn words_and_imports_make_seeds() {
        let words = ["setInterval", "new Map", ".on(", "Worker"].map(str::to_owned).to_vec();
        check(
            &[
                ("timer", "setInterval(f, 1)"),
                ("fs", "import { open } from 'fs'"),
                ("whole", "const fs = require('fs')"),
                ("both", "import './timer'; import './fs'"),
                ("other", "import { type open, stat } from 'fs'"),
                ("longer", "new MapView(), resetInterval, setIntervals, myWorker, Worker1"),
                ("later", "Worker1, new MapView() || bus.on('a')"),
                ("last", "Workers; Worker"),
            ],
            &Wanted { members: vec![("fs", "open")], words, ..Wanted::default() },
            &[true, true, true, false, false, false, true, true],
        );
    }

    #[test]
    fn what_serves_makes_a_seed_of_what_it_may_fill() {
        check(
            &[
                ("cache", "import a from 'server'; const cache = { }"),
                ("either", "import a from 'server'; cache = cache || []"),
                ("given", "import a from 'server'; a({}, [], cache[0] === b[c], () => {})"),
                ("alone", "const cache = {}"),
            ],
            &Wanted { serving: "server", ..Wanted::default() },
            &[true, true, false, false],
        );
    }

    #[test]
    fn edges_say_what_is_imported() {
        let text = "import a, { b as c } from './x'; import * as d from './x'
            import './x'; const e = require('./x'); export * from './x'
            export { f as g, h } from './x'; export * as i from './x'; import type { J } from './x'";
        let found = scanned(&[("x", ""), ("y", text)], &Wanted::default());
        let mut clauses: Vec<String> = found[1].imports.iter().map(|edge| format!("{:?}", edge.clause)).collect();
        clauses.sort_unstable();
        assert_eq!(
            clauses,
            [
                "Everything",
                "Everything",
                "Everything",
                r#"Forward([("*", "i")])"#,
                r#"Forward([("f", "g"), ("h", "h")])"#,
                r#"Names(["default", "b"])"#,
                "Star",
                r#"Types(["J"])"#,
            ]
        );
    }

    #[test]
    fn clauses() {
        let names = |names: &[&str]| Clause::Names(names.iter().map(Name::new).collect());
        let types = |names: &[&str]| Clause::Types(names.iter().map(Name::new).collect());
        for (text, expected) in [
            ("import type { A } ", types(&["A"])),
            ("import 'x'\nimport type A ", types(&["default"])),
            ("export type * ", types(&["*"])),
            ("export type{A, B as C} ", types(&["A", "B"])),
            ("import type ", names(&["default"])),
            ("import type, { a } ", names(&["default", "a"])),
            ("import { type A } ", names(&[])),
            ("import { type A, importB, exportC } ", names(&["importB", "exportC"])),
            ("import typed ", names(&["default"])),
            ("import type { A } from 'a'; import b ", names(&["default"])),
            ("import {\n  a, // the first\n  b\n} ", Clause::Everything),
            ("", Clause::Everything),
        ] {
            assert_eq!(clause(text), expected, "{text}");
        }
    }
}
