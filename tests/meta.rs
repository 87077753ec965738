//! The house rules that no compiler checks, over our own sources.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use leaklint::catalogue::schema::Library;
use leaklint::rules::RuleId;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use support::{files, is_source, repository};
use syn::visit_mut::VisitMut;

/// Folders whose code knows no library: what libraries do is data.
const ENGINE: [&str; 7] = ["ir", "languages", "linking", "analysis", "rules", "discovery", "rewrite"];

/// Modules that come with the platform: engine code may name these words for what else they mean.
const PLATFORM: [&str; 34] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "stream",
    "timers",
    "tls",
    "url",
    "util",
    "vm",
    "worker_threads",
    "zlib",
];

/// Packages that are called like something else the engine has to name: a rate and an option of listeners, and a
/// directory that tests are kept in, a folder of a package host; and the crates that come with the language.
const OTHER_MEANINGS: [&str; 6] = ["alloc", "core", "level", "once", "playwright", "std"];

#[test]
fn engine_code_names_no_library() {
    let libraries = library_names();
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| ENGINE.iter().any(|folder| source.is_in(folder))) {
        for (text, span) in source.strings() {
            if libraries.contains(&text) {
                complaints.push(source.at(span, &format!("the library {text:?} is named in engine code")));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn only_the_command_line_and_the_reports_print() {
    const PRINTING: [&str; 4] = ["print", "println", "eprint", "eprintln"];
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| !source.is_in("cli") && !source.is_in("reporting")) {
        for (name, span) in source.macros() {
            if PRINTING.contains(&&*name) {
                complaints.push(source.at(span, &format!("`{name}!` outside src/cli and src/reporting")));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn nothing_is_unwrapped_or_left_to_do() {
    const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];
    let mut complaints = Vec::new();
    for source in sources() {
        for (name, span) in source.macros() {
            if UNFINISHED.contains(&&*name) {
                complaints.push(source.at(span, &format!("`{name}!` outside tests")));
            }
        }
        for (name, argument, span) in source.method_calls() {
            if name == "unwrap" || name == "unwrap_err" {
                complaints.push(source.at(span, &format!("`.{name}()` outside tests")));
            }
            if name == "expect" && argument.is_some_and(|text| !text.starts_with("invariant: ")) {
                complaints.push(source.at(span, "`.expect(…)` does not name its invariant"));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn diagnostics_are_lower_case_phrases() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| source.is_in("rules")) {
        for (field, text, span) in source.wordings() {
            let text = text.trim();
            if text.starts_with(char::is_uppercase) || text.ends_with('.') {
                complaints.push(source.at(span, &format!("`{field}` is no lower-case phrase: {text:?}")));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn every_folder_says_what_it_is() {
    let mut complaints = Vec::new();
    for source in sources() {
        let opens = matches!(source.path.as_str(), "src/lib.rs" | "src/main.rs") || source.path.ends_with("/mod.rs");
        if opens && !source.text.starts_with("//! ") {
            complaints.push(format!("{}: does not open with `//! `", source.path));
        }
    }
    assert_none(&complaints);
}

#[test]
fn every_rule_has_a_fixture_that_leaks_and_one_that_does_not() {
    let mut complaints = Vec::new();
    for rule in RuleId::ALL {
        let fixtures = files(&repository(&format!("fixtures/rules/{rule}")));
        let texts: Vec<_> =
            fixtures.iter().filter(|path| is_source(path)).map(|path| fs::read_to_string(path).unwrap()).collect();
        let marks = |text: &String| {
            support::marks::of("", text, None)
                .is_ok_and(|marks| marks.iter().any(|mark| mark.what.trim_start_matches("note:") == rule.as_str()))
        };
        if !texts.iter().any(marks) {
            complaints.push(format!("fixtures/rules/{rule}: no file with a mark of the rule"));
        }
        if !texts.iter().any(|text| !text.contains("//~")) {
            complaints.push(format!("fixtures/rules/{rule}: no quiet file"));
        }
    }
    assert_none(&complaints);
}

#[test]
fn fixtures_belong_to_a_rule() {
    let folders = support::directories(&repository("fixtures/rules"));
    let names = folders.iter().map(|path| path.file_name().unwrap().to_str().unwrap());
    let strays: Vec<_> = names.filter(|name| RuleId::from_id(name).is_none()).map(str::to_owned).collect();
    assert_none(&strays);
}

#[test]
fn incidents_are_found_before_and_not_after() {
    let mut complaints = Vec::new();
    for incident in support::directories(&repository("fixtures/incidents")) {
        let sides = support::directories(&incident);
        for side in ["before", "after"] {
            if !sides.contains(&incident.join(side)) {
                complaints.push(format!("{}: no `{side}`", incident.display()));
            }
        }
        for side in &sides {
            let name = side.file_name().unwrap().to_str().unwrap();
            let marks = marks_under(side);
            let leaks = marks.iter().any(|mark| !mark.starts_with("note:"));
            // Variants are `before-…` and `after-…`. A variant of the repair may still deserve a remark.
            let fits = match name {
                "after" => marks.is_empty(),
                _ if name.starts_with("after-") => !leaks,
                _ => leaks && name.starts_with("before"),
            };
            if !fits {
                complaints.push(format!("{}: marked {marks:?}", side.display()));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn the_checks_above_see_what_they_look_for() {
    let source = Source::parse(
        "src/rules/example.rs",
        "fn f() { a.unwrap(); b.expect(\"because\"); println!(\"{}\", matches!(x, \"pg\")); }\n\
         fn g() -> Finding { Finding { message: format!(\"Bad {x}.\"), help: \"Worse.\".into() } }\n\
         #[cfg(test)] mod tests { fn h() { c.unwrap(); todo!(); } }\n",
    );
    let calls: Vec<_> = source.method_calls().into_iter().map(|(name, argument, _)| (name, argument)).collect();
    assert_eq!(calls[..2], [("unwrap".into(), None), ("expect".into(), Some("because".into()))]);
    let macros: Vec<_> = source.macros().into_iter().map(|(name, _)| name).collect();
    assert_eq!(macros, ["println", "matches", "format"]);
    assert!(source.strings().iter().any(|(text, _)| text == "pg"));
    let wordings: Vec<_> = source.wordings().into_iter().map(|(field, text, _)| (field, text)).collect();
    assert_eq!(wordings, [("message".into(), "Bad {x}.".into()), ("help".into(), "Worse.".into())]);
}

/// A file of ours without its tests.
struct Source {
    path: String,
    text: String,
    tokens: Vec<TokenTree>,
}

fn sources() -> Vec<Source> {
    let root = repository("");
    let is_rust = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
    let paths = files(&repository("src")).into_iter().filter(|path| is_rust(path));
    let sources: Vec<_> = paths
        .map(|path| {
            let relative = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            Source::parse(&relative, &fs::read_to_string(&path).unwrap())
        })
        // A `tests.rs` is the body of a `#[cfg(test)] mod tests;`.
        .filter(|source| !source.path.ends_with("/tests.rs"))
        .collect();
    assert!(sources.len() > 10, "the sources were not found");
    sources
}

impl Source {
    fn parse(path: &str, text: &str) -> Self {
        let mut file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        WithoutTests.visit_file_mut(&mut file);
        let mut tokens = Vec::new();
        flatten(file.into_token_stream(), &mut tokens);
        Self { path: path.to_owned(), text: text.to_owned(), tokens }
    }

    fn is_in(&self, folder: &str) -> bool {
        self.path.starts_with(&format!("src/{folder}/"))
    }

    fn at(&self, span: Span, complaint: &str) -> String {
        format!("{}:{}: {complaint}", self.path, span.start().line)
    }

    /// String literals, also those in macros.
    fn strings(&self) -> Vec<(String, Span)> {
        self.tokens.iter().filter_map(|token| Some((string(token)?, token.span()))).collect()
    }

    /// Names of macros that are called.
    fn macros(&self) -> Vec<(String, Span)> {
        let calls = self.tokens.windows(3).filter_map(|window| match window {
            [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(_)] if bang.as_char() == '!' => {
                Some((name.to_string(), name.span()))
            }
            _ => None,
        });
        calls.collect()
    }

    /// `.name(…)`, with the argument when it is a string alone.
    fn method_calls(&self) -> Vec<(String, Option<String>, Span)> {
        let calls = self.tokens.windows(3).filter_map(|window| match window {
            [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(arguments)]
                if dot.as_char() == '.' && arguments.delimiter() == Delimiter::Parenthesis =>
            {
                let mut tokens = arguments.stream().into_iter();
                let argument = tokens.next().and_then(|token| string(&token)).filter(|_| tokens.next().is_none());
                Some((name.to_string(), argument, name.span()))
            }
            _ => None,
        });
        calls.collect()
    }

    /// What is written for the fields of diagnostics: `message: "…"`, `help: format!("…", …)`.
    fn wordings(&self) -> Vec<(String, String, Span)> {
        const FIELDS: [&str; 3] = ["message", "label", "help"];
        let mut wordings = Vec::new();
        for window in self.tokens.windows(5) {
            let [TokenTree::Ident(field), TokenTree::Punct(colon), value, bang, arguments] = window else { continue };
            if colon.as_char() != ':' || !FIELDS.contains(&&*field.to_string()) {
                continue;
            }
            let text = match (value, bang, arguments) {
                (TokenTree::Ident(_), TokenTree::Punct(bang), TokenTree::Group(group)) if bang.as_char() == '!' => {
                    group.stream().into_iter().next().and_then(|token| string(&token))
                }
                _ => string(value),
            };
            wordings.extend(text.map(|text| (field.to_string(), text, field.span())));
        }
        wordings
    }
}

/// Takes out what is compiled for tests only.
struct WithoutTests;

impl VisitMut for WithoutTests {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        file.items.retain(|item| !is_test(item));
        syn::visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|item| !is_test(item));
        }
        syn::visit_mut::visit_item_mod_mut(self, module);
    }
}

fn is_test(item: &syn::Item) -> bool {
    let attributes = match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| attribute.meta.to_token_stream().to_string().replace(' ', "") == "cfg(test)")
}

/// All tokens in reading order; a group stands before what is in it.
fn flatten(stream: TokenStream, into: &mut Vec<TokenTree>) {
    for token in stream {
        let inner = match &token {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        };
        into.push(token);
        if let Some(inner) = inner {
            flatten(inner, into);
        }
    }
}

/// The value of a string literal.
fn string(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    match syn::Lit::new(literal.clone()) {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

/// What is marked in the sources under a directory.
fn marks_under(directory: &Path) -> Vec<String> {
    let sources = files(directory).into_iter().filter(|path| is_source(path));
    let marks = sources.flat_map(|path| {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        support::marks::of(path.to_str().unwrap(), &text, None).unwrap_or_else(|error| panic!("{error}"))
    });
    marks.map(|mark| mark.what).collect()
}

/// The packages of the shipped catalogue.
fn library_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in files(&repository("rules/catalogue")) {
        if path.extension().is_some_and(|extension| extension == "toml") {
            let library: Library = toml::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            names.extend(library.packages);
        }
    }
    names.retain(|name| {
        let first = name.split('/').next().unwrap_or(name);
        !name.starts_with('<') && !PLATFORM.contains(&first) && !OTHER_MEANINGS.contains(&first)
    });
    names
}

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
