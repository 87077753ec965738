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
use leaklint::{Hidden, HiddenBy, Problem, Report, Statistics};

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

fn written(format: Format, report: &Report, options: Options<'_>) -> String {
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
    let options = Options { max_findings: Some(1), ..Options::default() };
    let full = written(Format::Full, &report(), options);
    assert_eq!(full.matches("┌─").count(), 1, "one finding, in one file:\n{full}");
    assert!(full.contains("2 findings not shown\n3 findings (1 error, 1 warning, 1 note) in 120 files, 0.3 s\n"));
    let json: serde_json::Value = serde_json::from_str(&written(Format::Json, &report(), options)).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    assert_eq!(json["summary"]["findings"], 3);
}

#[test]
fn quiet_leaves_the_findings_only() {
    let full = written(Format::Full, &report(), Options { quiet: true, ..Options::default() });
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

#[test]
fn json_lines() {
    insta::assert_snapshot!(written(Format::JsonLines, &report(), Options::default()));
}

#[test]
fn gitlab() {
    insta::assert_snapshot!(written(Format::Gitlab, &report(), Options::default()));
    let options = Options { project_directory: Some(Path::new("src")), ..Options::default() };
    assert!(written(Format::Gitlab, &report(), options).contains("\"path\": \"été/repository.ts\""));
}

#[test]
fn junit() {
    insta::assert_snapshot!(written(Format::Junit, &report(), Options::default()));
    let clean = Report { findings: vec![], ..report() };
    insta::assert_snapshot!("junit_clean", written(Format::Junit, &clean, Options::default()));
}

/// The pages of the rules are long, and tested elsewhere.
fn sarif_without_pages(report: &Report) -> serde_json::Value {
    let mut json: serde_json::Value =
        serde_json::from_str(&written(Format::Sarif, report, Options::default())).unwrap();
    for rule in json["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap() {
        assert!(rule["help"]["markdown"].as_str().unwrap().starts_with("# "));
        rule["help"] = "the page".into();
    }
    json["runs"][0]["tool"]["driver"]["semanticVersion"] = "VERSION".into();
    json
}

fn hidden(report: &mut Report, by: HiddenBy) {
    let (finding, fingerprint) = (report.findings.remove(0), report.fingerprints.remove(0));
    report.hidden.push(Hidden { finding, fingerprint, by });
}

#[test]
fn sarif() {
    let mut report = report();
    hidden(&mut report, HiddenBy::Directive("a demo".into()));
    hidden(&mut report, HiddenBy::Baseline);
    insta::assert_snapshot!(serde_json::to_string_pretty(&sarif_without_pages(&report)).unwrap());
}

/// Counted by hand, as for `json`: columns are code points, a byte-order mark has none, lines end after CRLF.
#[test]
fn sarif_positions_are_right() {
    let json = sarif_without_pages(&report());
    assert_eq!(json["runs"][0]["columnKind"], "unicodeCodePoints");
    let result = &json["runs"][0]["results"][2];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/%C3%A9t%C3%A9/repository.ts");
    let region = serde_json::json!({ "startLine": 4, "startColumn": 42, "endLine": 4, "endColumn": 64 });
    assert_eq!(place["region"], region);
    let flow = &result["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(flow[0]["location"]["physicalLocation"]["region"]["startLine"], 5);
    assert_eq!(flow[0]["location"]["physicalLocation"]["region"]["startColumn"], 18);
    assert_eq!(flow[3]["location"]["physicalLocation"]["region"]["startLine"], 5);
    assert_eq!(flow[3]["location"]["physicalLocation"]["region"]["startColumn"], 10);
    assert_eq!(flow[3]["location"]["physicalLocation"]["region"]["endLine"], 7);
    assert_eq!(flow[3]["location"]["physicalLocation"]["region"]["endColumn"], 4);
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(result["ruleId"], json["runs"][0]["tool"]["driver"]["rules"][index]["id"]);
}

#[test]
fn rustc() {
    let text = written(Format::Rustc, &report(), Options::default());
    insta::assert_snapshot!(text);
    let messages = cargo_metadata::Message::parse_stream(text.as_bytes());
    let messages: Vec<_> = messages.map(Result::unwrap).collect();
    let diagnostics: Vec<_> = messages
        .iter()
        .filter_map(|message| match message {
            cargo_metadata::Message::CompilerMessage(message) => Some(&message.message),
            cargo_metadata::Message::TextLine(line) => panic!("no message of cargo: {line}"),
            _ => None,
        })
        .collect();
    assert_eq!(diagnostics.len(), 3);
    let primary = diagnostics[2].spans.iter().find(|span| span.is_primary).unwrap();
    assert_eq!((primary.line_start, primary.column_start, primary.byte_start), (4, 42, 69 + 41 + 1 + 3 + 1 + 3));
    assert!(matches!(messages.last(), Some(cargo_metadata::Message::BuildFinished(_))));
}
