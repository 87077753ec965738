//! What holds for every text: lowering neither fails nor panics, no position leaves its text, and what is blanked is
//! all that changes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use leaklint::ir::{Module, ParseIssue, verify};
use leaklint::languages::{FrontEnd, MAX_LEVELS, TypeScript, healing, lower};
use leaklint::source::{FileId, Language, SourceFile, Span};
use proptest::prelude::*;

/// Whole files, and one broken thing in each sort of place.
const FILES: [(&str, Language); 3] = [
    (include_str!("../fixtures/broken/whole/service.ts"), Language::TypeScript),
    (include_str!("../fixtures/broken/whole/component.tsx"), Language::Tsx),
    (include_str!("../fixtures/broken/whole/legacy.js"), Language::JavaScript),
];

const LANGUAGES: [Language; 3] = [Language::TypeScript, Language::Tsx, Language::JavaScript];

/// What an unfinished edit leaves behind.
const PIECES: [&str; 48] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    ";",
    ",",
    ".",
    "?.",
    "=",
    "=>",
    "`",
    "${",
    "'",
    "\"",
    "/",
    "//",
    "/*",
    "*/",
    "...",
    ":",
    "?",
    "!",
    "#",
    "@",
    "\\",
    "\n",
    "\r\n",
    "\u{feff}",
    "é𝄞",
    "\u{2028}",
    "\0",
    "async ",
    "await ",
    "function ",
    "class ",
    "const ",
    "import ",
    "export ",
    "if (",
    "else ",
    "return ",
    "case ",
    "<<<<<<< a\n",
    "=======\n>>>>>>> b\n",
];

fn source(text: &str, language: Language) -> SourceFile {
    SourceFile { path: "a.ts".into(), display_path: "a.ts".to_owned(), language, text: text.into() }
}

/// Lowers `text` and checks what has to hold for any.
fn check(text: &str, language: Language) -> (Module, Vec<ParseIssue>) {
    let file = source(text, language);
    let lowered = catch_unwind(AssertUnwindSafe(|| lower(FileId(0), &file)));
    let (module, issues) = lowered.unwrap_or_else(|_| panic!("lowering panicked on {text:?}"));
    assert_eq!(verify(&module, text), Vec::<String>::new(), "in {text:?}");
    for span in issues.iter().map(|issue| issue.span) {
        assert!(text.get(span.range()).is_some(), "{span:?} is no range of {text:?}");
    }
    for issue in &issues {
        assert!(!issue.message.contains("parser failed"), "a front end panicked on {text:?}");
    }
    assert!(!module.functions.is_empty(), "there is always an initialiser");
    (module, issues)
}

/// One edit: at a character, remove some characters and put a piece in.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, &'static str)>> {
    let piece = prop_oneof![Just(""), prop::sample::select(&PIECES[..])];
    prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![Just(0), Just(1), 0..40usize], piece), 1..4)
}

fn edited(text: &str, edits: &[(prop::sample::Index, usize, &'static str)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (index, removed, piece) in edits {
        let at = index.index(characters.len() + 1);
        let end = (at + removed).min(characters.len());
        characters.splice(at..end, piece.chars());
    }
    characters.into_iter().collect()
}

fn function_spans(module: &Module, prefix: &str) -> Vec<(String, Span)> {
    let functions = module.functions().map(|(id, function)| (module.qualified_name(id), function.span));
    functions.filter(|(name, _)| name.starts_with(prefix)).collect()
}

#[test]
fn an_error_within_a_character_is_of_all_of_it() {
    let text = "async `return \0\"await ?//import \0const ${}class (return ...;:=======\n>>>>>>> b\nelse `function :@${\n=>\u{2028}";
    for language in LANGUAGES {
        check(text, language);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_lowered(text in "\\PC{0,200}", language in prop::sample::select(&LANGUAGES[..])) {
        check(&text, language);
    }

    #[test]
    fn any_sequence_of_pieces_is_lowered(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60),
        language in prop::sample::select(&LANGUAGES[..]),
    ) {
        check(&pieces.concat(), language);
    }

    #[test]
    fn edited_files_are_lowered(file in prop::sample::select(&FILES[..]), edits in edits()) {
        let (text, language) = file;
        check(&edited(text, &edits), language);
    }

    #[test]
    fn healing_keeps_length_and_lines(file in prop::sample::select(&FILES[..]), edits in edits()) {
        let (text, language) = file;
        let text = edited(text, &edits);
        prop_assume!(TypeScript.accepts(&text, language).is_err());
        if let Some(healed) = healing::heal(&text, language, |text| TypeScript.accepts(text, language)) {
            prop_assert_eq!(healed.text.len(), text.len());
            prop_assert!(TypeScript.accepts(&healed.text, language).is_ok());
            let mut end = 0;
            for blanked in &healed.blanked {
                prop_assert!(blanked.span.start >= end, "ranges overlap");
                end = blanked.span.end;
            }
            for (at, (before, after)) in text.bytes().zip(healed.text.bytes()).enumerate() {
                let is_blanked = healed.blanked.iter().any(|blanked| blanked.span.range().contains(&at));
                let is_line_end = matches!(before, b'\n' | b'\r');
                prop_assert!(before == after || (is_blanked && after == b' ' && !is_line_end));
            }
        }
    }

    #[test]
    fn a_broken_function_leaves_the_others_where_they_are(
        broken in 0..5usize,
        edit in prop::sample::select(&["{", "}", "(", ")", "= =", "if (", "."][..]),
    ) {
        let functions: Vec<String> = (0..5).map(|n| format!("export async function f{n}(a) {{\n  const b = await a.g{n}();\n  return b;\n}}\n")).collect();
        let whole = functions.concat();
        let (expected, issues) = check(&whole, Language::TypeScript);
        prop_assert_eq!(issues, vec![]);
        let mut functions = functions;
        // As long as what it replaces, so that the others do not move.
        let replaced = functions[broken].find("return b").expect("there");
        functions[broken].replace_range(replaced..replaced + 8, &format!("{edit:8}"));
        let (module, issues) = check(&functions.concat(), Language::TypeScript);
        prop_assert!(!issues.is_empty());
        for other in (0..5).filter(|&other| other != broken) {
            let name = format!("f{other}");
            prop_assert_eq!(function_spans(&module, &name), function_spans(&expected, &name));
        }
    }
}

#[test]
fn whole_files_are_read_whole() {
    for (text, language) in FILES {
        let (module, issues) = check(text, language);
        assert_eq!(issues, vec![]);
        assert!(module.functions.len() > 5);
    }
}

#[test]
fn what_nests_too_deeply_is_refused() {
    let nested = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    let texts = [
        nested("(", "x", ")", 100_000),
        nested("[", "", "]", 10_000),
        format!("x = {}", nested("{ a: ", "1", " }", 10_000)),
        nested("{", "", "}", 10_000),
        nested("if (a) { ", "", " }", 10_000),
        format!("x = {}", nested("() => { ", "", " }", 10_000)),
        format!("x = {}1", "a => ".repeat(10_000)),
        format!("x = {}c", "a ? b : ".repeat(10_000)),
        format!("x = {}", nested("<a>", "", "</a>", 10_000)),
        format!("x = {}", nested("`${", "x", "}`", 10_000)),
        format!("if (a) b(); {}", "else if (a) b(); ".repeat(10_000)),
        format!("x = a{}", ".b()".repeat(30_000)),
        format!("x = 1{}", " + 1".repeat(30_000)),
        format!("{}1", "a = ".repeat(30_000)),
        format!("x = {}1", "!".repeat(30_000)),
        format!("x = {}", nested("f(", "", ")", 30_000)),
        format!("type X = {}", nested("V<", "x", ">", 30_000)),
        nested("class A { a() { ", "", " } }", 10_000),
        nested("function a() { ", "", " }", 10_000),
    ];
    for text in &texts {
        let started = Instant::now();
        let (module, issues) = check(text, Language::Tsx);
        assert_eq!(module.functions.len(), 1);
        assert!(issues.len() == 1 && issues[0].message.starts_with("nested too deeply"), "{issues:?}");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}

#[test]
fn what_nests_just_not_too_deeply_is_read() {
    let nested = |open: &str, middle: &str, close: &str, times: u32| {
        format!("{}{middle}{}", open.repeat(times as usize), close.repeat(times as usize))
    };
    let (deep, chained) = (MAX_LEVELS - 10, MAX_LEVELS * 8 - 100);
    let texts = [
        nested("(", "x", ")", deep),
        nested("[", "", "]", deep),
        format!("x = {}", nested("{ a: ", "1", " }", deep / 2)),
        nested("{", "", "}", deep),
        nested("if (a) { ", "", " }", deep / 2),
        format!("x = {}", nested("() => { ", "", " }", deep / 2)),
        format!("x = {}1", "a => ".repeat(deep as usize)),
        format!("x = {}c", "a ? b : ".repeat(deep as usize)),
        format!("x = {}", nested("<a>", "", "</a>", deep)),
        format!("x = {}", nested("`${", "x", "}`", deep)),
        format!("if (a) b(); {}", "else if (a) b(); ".repeat(deep as usize - 5)),
        format!("x = a{}", ".b()".repeat(chained as usize / 2)),
        format!("x = 1{}", " + 1".repeat(chained as usize)),
        format!("x = a{}", " && a".repeat(chained as usize)),
        format!("{}1", "a = ".repeat(deep as usize * 4)),
        format!("x = {}1", "!".repeat(deep as usize * 4)),
        format!("x = {}", nested("f(", "", ")", deep * 8 / 10)),
        format!("x = {}", nested("f(async () => { ", "", " })", deep / 3)),
        format!("type X = {}", nested("V<", "x", ">", deep / 2)),
        nested("class A { a() { ", "", " } }", deep / 3),
        nested("function a() { ", "", " }", deep / 3),
        nested("try { ", "", " } finally { a(); }", deep / 2),
    ];
    for text in &texts {
        let started = Instant::now();
        let (_, issues) = check(text, Language::Tsx);
        assert_eq!(issues, vec![], "{:?}", &text[..40]);
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}: {:?}", &text[..40], started.elapsed());
    }
}
