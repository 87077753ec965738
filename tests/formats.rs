//! The formats, each over the same report made by hand: a byte-order mark, CRLF, tabs, characters of several bytes, a
//! minified line, ranges over several lines, steps in other files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::time::Duration;

use leaklint::findings::{Confidence, Finding, Severity, TraceStep, fingerprints};
use leaklint::reporting::{self, Format, Options};
use leaklint::rewrite::{Applicability, Edit, Fix};
use leaklint::rules::RuleId;
use leaklint::source::{FileId, Language, Location, SourceFile, Span};
use leaklint::{Problem, Report, Statistics};

const FACTORY: &str = "\
import postgres from 'postgres';
import { drizzle } from 'drizzle-orm/postgres-js';

export async function getDB() {
  const client = postgres(process.env.URL);
  return { db: drizzle(client), cleanup: () => client.end() };
}
";

const REPOSITORY: &str = "\u{feff}import { getDB } from '../db';\r\n\
\r\n\
export class ÉtéRepository {\r\n\
\tasync créer(𝄞: string) { /* é𝄞 */ const { db } = await getDB();\r\n\
\t\treturn db.insert(\r\n\
\t\t\t𝄞,\r\n\
\t\t);\r\n\
\t}\r\n\
}\r\n";

fn report() -> Report {
    let minified = format!("{}setInterval(f,1e3);{}", "a();".repeat(400), "b();".repeat(400));
    let files = [
        ("src/db.ts", FACTORY),
        ("src/été/repository.ts", REPOSITORY),
        ("dist/bundle,50%.js", &minified),
        ("src/evil.ts", "new Pool(/* \u{1b}[2J */)"),
    ];
    let at = |file: usize, needle: &str| {
        let start = files[file].1.find(needle).unwrap_or_else(|| panic!("no {needle:?}"));
        let span = Span::new(u32::try_from(start).unwrap(), u32::try_from(start + needle.len()).unwrap());
        Location { file: FileId(u32::try_from(file).unwrap()), span }
    };
    let edit = |at: Location, text: &str| Edit::replace(at.file, at.span, text);
    let step = |location, message: &str| TraceStep { location, message: message.into() };
    let findings = vec![
        Finding {
            rule: RuleId::UnclearedTimer,
            severity: Severity::Warning,
            confidence: Confidence::Medium,
            location: at(2, "setInterval(f,1e3)"),
            label: "this interval is never cleared".into(),
            function: "<module>".into(),
            resource: "timers.interval".into(),
            message: "the interval runs for ever: 100%\nof the time".into(),
            help: "keep what `setInterval` returns and pass it to `clearInterval`".into(),
            trace: vec![],
            fix: None,
        },
        Finding {
            rule: RuleId::PoolPerCall,
            severity: Severity::Note,
            confidence: Confidence::Low,
            location: at(3, "new Pool(/* \u{1b}[2J */)"),
            label: "a pool is created here".into(),
            function: "<module>".into(),
            resource: "pg.Pool".into(),
            message: "a pool is created and closed each time".into(),
            help: "share one pool".into(),
            trace: vec![step(at(3, "new Pool(/* \u{1b}[2J */)"), "a pool is created here")],
            fix: Some(Fix {
                title: "share it".into(),
                applicability: Applicability::DisplayOnly,
                edits: vec![edit(at(3, "/* \u{1b}[2J */"), "{ max: 5 }")],
                common: vec![],
                tidying: vec![],
            }),
        },
        Finding {
            rule: RuleId::DiscardedCleanup,
            severity: Severity::Error,
            confidence: Confidence::High,
            location: at(1, "{ db } = await getDB()"),
            label: "`cleanup` is not taken".into(),
            function: "ÉtéRepository.créer".into(),
            resource: "postgres".into(),
            message: "`cleanup` of `getDB` is never called".into(),
            help: "take `cleanup` too and call it in `finally`".into(),
            trace: vec![
                step(at(0, "postgres(process.env.URL)"), "the pool is created here"),
                step(at(0, "() => client.end()"), "only this closes it"),
                step(at(1, "{ db } = await getDB()"), "what `getDB` returns is taken apart here"),
                step(at(1, "db.insert(\r\n\t\t\t𝄞,\r\n\t\t)"), "the function ends without it"),
            ],
            fix: Some(Fix {
                title: "use `database` for all".into(),
                applicability: Applicability::Safe,
                edits: vec![edit(at(1, "{ db } = await getDB()"), "db = database()")],
                common: vec![edit(at(1, "import { getDB }"), "import { database }")],
                tidying: vec![edit(at(0, "import { drizzle } from 'drizzle-orm/postgres-js';\n"), "")],
            }),
        },
    ];
    let problems = vec![
        Problem { path: "src/broken.ts".into(), location: None, message: "the file is not valid UTF-8".into() },
        Problem { path: "src/db.ts".into(), location: Some(at(0, "drizzle }")), message: "unexpected token".into() },
    ];
    let files: Vec<_> = files
        .map(|(path, text)| SourceFile {
            path: path.into(),
            display_path: path.into(),
            language: Language::TypeScript,
            text: text.into(),
        })
        .into();
    Report {
        fingerprints: fingerprints(&findings, &files, Path::new("")),
        files,
        findings,
        problems,
        statistics: Statistics { files_discovered: 120, files_parsed: 4, elapsed: Duration::from_millis(340) },
        ..Report::default()
    }
}

fn written(format: Format, report: &Report, options: Options) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    reporting::write(format, report, options, &mut out).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}

#[test]
fn full() {
    insta::assert_snapshot!(written(Format::Full, &report(), Options::default()));
}

#[test]
fn concise() {
    insta::assert_snapshot!(written(Format::Concise, &report(), Options::default()));
}

#[test]
fn json() {
    insta::assert_snapshot!(written(Format::Json, &report(), Options::default()));
}

#[test]
fn github() {
    insta::assert_snapshot!(written(Format::Github, &report(), Options::default()));
}

#[test]
fn full_is_coloured_for_those_who_keep_the_colour() {
    let mut out = Vec::new();
    reporting::write(Format::Full, &report(), Options::default(), &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().starts_with('\u{1b}'));
}

#[test]
fn no_more_than_asked_for_is_shown_and_all_is_counted() {
    let options = Options { max_findings: Some(1), quiet: false };
    let full = written(Format::Full, &report(), options);
    assert_eq!(full.matches("┌─").count(), 1, "one finding, in one file:\n{full}");
    assert!(full.contains("2 findings not shown\n3 findings (1 error, 1 warning, 1 note) in 120 files, 0.3 s\n"));
    let json: serde_json::Value = serde_json::from_str(&written(Format::Json, &report(), options)).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    assert_eq!(json["summary"]["findings"], 3);
}

#[test]
fn quiet_leaves_the_findings_only() {
    let full = written(Format::Full, &report(), Options { quiet: true, max_findings: None });
    assert!(!full.contains("3 findings"), "{full}");
    assert!(!full.contains("leaklint explain"), "{full}");
}

#[test]
fn a_clean_report_is_empty_for_people_and_whole_for_scripts() {
    let clean = Report { findings: vec![], problems: vec![], ..report() };
    assert_eq!(written(Format::Full, &clean, Options::default()), "");
    assert_eq!(written(Format::Concise, &clean, Options::default()), "");
    assert_eq!(written(Format::Github, &clean, Options::default()), "");
    let json: serde_json::Value = serde_json::from_str(&written(Format::Json, &clean, Options::default())).unwrap();
    assert_eq!(json["findings"], serde_json::json!([]));
}

/// Counted by hand: the byte-order mark takes three bytes and no column, a line ends after `\r\n`, a tab is one column,
/// `é` is two bytes and one column, `𝄞` is four bytes and one column.
#[test]
fn json_positions_are_right() {
    let json: serde_json::Value = serde_json::from_str(&written(Format::Json, &report(), Options::default())).unwrap();
    let finding = &json["findings"][2];
    assert_eq!(finding["path"], "src/été/repository.ts");
    let position =
        |line: u32, column: u32, byte: u32| serde_json::json!({ "line": line, "column": column, "byte": byte });
    // BOM 3 + line 1 (30 + 2) + line 2 (2) + line 3 (30 + 2) = 69 bytes before line 4.
    assert_eq!(finding["range"]["start"], position(4, 42, 69 + 41 + 1 + 3 + 1 + 3));
    assert_eq!(finding["trace"][0]["range"]["start"], position(5, 18, 33 + 51 + 1 + 32 + 17));
}

#[test]
fn paths_with_marks_of_direction_and_escapes_stay_harmless() {
    let mut report = report();
    report.files[1].display_path = "src/\u{1b}[31m\u{202e}st.ts".into();
    for format in [Format::Full, Format::Concise] {
        let text = written(format, &report, Options::default());
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
}
