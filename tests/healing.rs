//! Healing, judged with the real parser: what a syntax error costs, and what it must not.

use std::fmt::Write as _;

use leaklint::ir::verify;
use leaklint::languages::healing::{Healed, Why, heal};
use leaklint::languages::lower;
use leaklint::source::{FileId, Language, LineIndex, SourceFile};
use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_span::SourceType;

fn parse(text: &str, language: Language) -> Result<(), Vec<u32>> {
    let source_type = match language {
        Language::TypeScript => SourceType::ts(),
        Language::Tsx => SourceType::tsx(),
        Language::JavaScript => SourceType::jsx(),
        Language::Vue | Language::Svelte | Language::Rust => panic!("another parser's"),
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, source_type).parse();
    if !parsed.panicked {
        return Ok(());
    }
    Err(parsed.diagnostics.errors().flat_map(|error| error.labels.iter().map(|label| label.offset())).collect())
}

fn healed(text: &str, language: Language) -> Option<Healed> {
    assert!(parse(text, language).is_err(), "the text is not broken:\n{text}");
    let healed = heal(text, language, |text| parse(text, language))?;
    assert_eq!(healed.text.len(), text.len());
    assert!(parse(&healed.text, language).is_ok());
    for (before, after) in text.bytes().zip(healed.text.bytes()) {
        assert!(before == after || (after == b' ' && !matches!(before, b'\n' | b'\r')));
    }
    Some(healed)
}

/// The parts of `text` between guillemets, and nothing else, are blanked.
fn check(marked: &str) {
    check_in(marked, Language::TypeScript);
    check_in(marked, Language::JavaScript);
}

fn check_in(marked: &str, language: Language) {
    let text = marked.replace(['«', '»'], "");
    let expected: Vec<&str> = marked.split('«').skip(1).map(|rest| rest.split_once('»').expect("closed").0).collect();
    let healed = healed(&text, language).expect("some of it reads");
    let blanked: Vec<&str> = healed.blanked.iter().map(|blanked| text[blanked.span.range()].trim()).collect();
    assert_eq!(blanked, expected, "in {language:?}:\n{text}");
}

#[test]
fn a_broken_statement_costs_itself() {
    check("function a() {\n  b();\n  «const c = ;»\n  return d;\n}\n");
    check("a();\n«b(;»\nc();\n");
    check("const x = 1;\nfunction a() { b(); «c( ;» d(); }\n");
    check("if (a) {\n  «b c d»\n} else {\n  e();\n}\n");
}

#[test]
fn a_broken_member_costs_itself() {
    check("class A {\n  a() { return 1 }\n\n  «b( { return 2 }»\n\n  c() { return 3 }\n}\n");
    check(
        "export class A {\n  a() {\n    return 1;\n  }\n  b() {\n    «if (x) {\n      return 2;»\n  }\n\n  c() {\n    return 3;\n  }\n}\n",
    );
}

#[test]
fn a_broken_property_costs_itself() {
    check("const a = {\n  b: 1,\n  «c: (,»\n  d: 2,\n};\n");
    check("const a = { b: 1, «c: = 3,» d: 2 };\nconst e = 1;\n");
}

#[test]
fn an_unclosed_brace_costs_its_function() {
    check("function a() {\n  «if (x) {\n    b();»\n}\n\nexport function c() {\n  return 1;\n}\n");
    check(
        "export const x = 1;\n\n«export function a() {\n  b();\n\n»export async function c() {\n  return 1;\n}\n"
            .replace("\n\n»", "»\n\n")
            .as_str(),
    );
    check("import a from 'a';\n«const b = [1, 2»\nconst c = () => {\n  d();\n};\n");
}

#[test]
fn what_is_being_typed_costs_its_statement() {
    check(
        "async function a(pool) {\n  const client = await pool.connect();\n  try {\n    «client.»\n  } finally {\n    client.release();\n  }\n}\n",
    );
}

#[test]
fn several_errors_cost_what_they_stand_in() {
    check(
        "function a() {\n  «b(;»\n}\n\nfunction c() {\n  d();\n  «e = = 1;»\n}\n\nclass F {\n  «g( {}»\n  h() {}\n}\n",
    );
}

#[test]
fn broken_arguments_cost_the_whole_call() {
    check("a();\n«b(\n  1,\n  2 3,\n  4,\n);»\nc();\n");
}

#[test]
fn text_outside_ascii_keeps_its_length() {
    check("const a = 'ä';\n«const b = 'ö' 'ü' → 𝄞;»\nconst c = 'é';\n");
}

#[test]
fn a_byte_order_mark_and_line_ends_stay() {
    check("\u{feff}«const b = ;»\r\nconst c = 1;\r\n");
}

#[test]
fn conflicts_keep_their_first_side() {
    let text = "a();\n<<<<<<< HEAD\nb();\n=======\nc();\n>>>>>>> other\nd();\n";
    let healed = healed(text, Language::TypeScript).expect("readable");
    assert_eq!(healed.text.split_whitespace().collect::<Vec<_>>(), ["a();", "b();", "d();"]);
    let why: Vec<Why> = healed.blanked.iter().map(|blanked| blanked.why).collect();
    assert_eq!(why, [Why::ConflictMarker, Why::Conflict]);
}

#[test]
fn what_is_no_code_is_refused() {
    for text in ["<?xml version=\"1.0\"?>\n<TS><context/></TS>\n", "(\u{0}\u{1}", "((((", "= = ="] {
        assert_eq!(healed(text, Language::TypeScript), None, "{text:?}");
    }
}

/// The files of `fixtures/broken`: what is reported of each, and the functions that are still there.
#[test]
fn broken_files_are_read_as_far_as_they_can_be() {
    let mut report = String::new();
    for entry in walkdir::WalkDir::new("fixtures/broken").sort_by_file_name().max_depth(1) {
        let entry = entry.expect("a readable directory");
        let Some(language) = Language::of_path(entry.path()) else { continue };
        // Some are no text: reading them is not what this is about.
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = SourceFile { path: entry.into_path(), display_path: name.clone(), language, text: text.into() };
        let (module, issues) = lower(FileId(0), &file);
        assert_eq!(verify(&module, &file.text), Vec::<String>::new(), "{name}");
        let functions: Vec<String> = module.functions().skip(1).map(|(id, _)| module.qualified_name(id)).collect();
        writeln!(report, "{name}: {}", functions.join(" ")).expect("a string takes everything");
        let lines = LineIndex::new(&file.text);
        for issue in issues {
            let (start, end) = (lines.position(issue.span.start), lines.position(issue.span.end));
            let range = format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column);
            writeln!(report, "  {range} {}", issue.message).expect("a string takes everything");
        }
    }
    insta::assert_snapshot!(report);
}
