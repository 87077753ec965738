#![allow(clippy::cast_possible_truncation, reason = "the texts are short")]

use super::*;
use crate::findings::{Confidence, Severity, TraceStep};
use crate::source::Language;

/// Every `LEAK` of the text is a `pool-per-call`, every `STEP` a step of the trace of the last one before it.
fn run(text: &str, report_unused: bool) -> (Suppressed, String) {
    let file = FileId(0);
    let location = |start: usize| Location { file, span: Span::new(start as u32, start as u32 + 4) };
    let mut findings: Vec<Finding> = Vec::new();
    for (start, word) in text.match_indices("LEAK").chain(text.match_indices("STEP")) {
        if word == "LEAK" {
            findings.push(Finding::new(RuleId::PoolPerCall, Severity::Error, Confidence::High, location(start)));
        } else {
            let finding = findings.iter_mut().rfind(|finding| (finding.location.span.start as usize) < start);
            finding.expect("a leak first").trace.push(TraceStep { location: location(start), message: String::new() });
        }
    }
    let mut comments = Vec::new();
    for (start, _) in text.match_indices("//").chain(text.match_indices("/*")) {
        let rest = &text[start..];
        let end =
            if rest.starts_with("//") { rest.find('\n').unwrap_or(rest.len()) } else { rest.find("*/").unwrap() + 2 };
        let span = Span::new(start as u32, (start + end) as u32);
        comments.push(Comment { text: text[span.range()].into(), span });
    }
    comments.sort_by_key(|comment| comment.span);
    let files = [SourceFile {
        path: "a.ts".into(),
        display_path: "a.ts".to_owned(),
        language: Language::TypeScript,
        text: text.into(),
    }];
    let result = apply(&findings, &files, &[(file, &comments)], report_unused);
    let kept: Vec<String> = findings
        .iter()
        .zip(&result.by)
        .filter(|(_, by)| by.is_none())
        .map(|(finding, _)| LineIndex::new(text).position(finding.location.span.start).line.to_string())
        .collect();
    (result, kept.join(" "))
}

/// The lines of the findings that are kept.
fn check(text: &str, kept: &str) {
    let (result, lines) = run(text, false);
    assert_eq!(lines, kept, "{text}");
    assert_eq!(result.issues, [], "{text}");
}

fn check_issues(text: &str, expected: &[(&str, &str)]) {
    let (result, _) = run(text, true);
    let issues: Vec<(&str, &str)> =
        result.issues.iter().map(|issue| (&text[issue.location.span.range()], issue.message.as_str())).collect();
    assert_eq!(issues, expected, "{text}");
}

#[test]
fn a_directive_covers_its_line_or_the_next() {
    check("LEAK // leaklint: ignore[pool-per-call] -- why\nLEAK", "2");
    check("// leaklint: ignore[pool-per-call] -- why\nLEAK\nLEAK", "3");
    check("/* leaklint: ignore[pool-per-call] -- why */ LEAK\nLEAK", "2");
    check("LEAK // leaklint: ignore[unclosed-client] -- why\n", "1");
}

#[test]
fn the_reason_is_kept() {
    let (result, _) = run("LEAK // leaklint: ignore[pool-per-call] --  a script \nLEAK", false);
    let reasons: Vec<_> = result.by.iter().map(|by| by.as_ref().map(|by| by.reason.as_str())).collect();
    assert_eq!(reasons, [Some("a script"), None]);
}

#[test]
fn other_comments_may_stand_between() {
    check("// leaklint: ignore[pool-per-call] -- why\n// more\n/* and\nmore */\nLEAK\nLEAK", "6");
    check("/**\n * leaklint: ignore[pool-per-call] -- why\n */\nLEAK\nLEAK", "5");
    check("// leaklint: ignore[pool-per-call] -- why\n\nLEAK", "3");
}

#[test]
fn comments_of_jsx_count() {
    check("<p>\n  {/* leaklint: ignore[pool-per-call] -- why */}\n  {LEAK}\n</p>", "");
}

#[test]
fn a_directive_above_covers_a_broken_line() {
    check("// leaklint: ignore[pool-per-call] -- why\nconst a =\n  LEAK;\nLEAK", "4");
    check("// leaklint: ignore[pool-per-call] -- why\nexport const a = b(\n  c,\n  LEAK,\n)", "");
    check("// leaklint: ignore[pool-per-call] -- why\nfunction a() {\n  LEAK", "3");
}

#[test]
fn attributes_stand_between_a_directive_and_its_line() {
    check("// leaklint: ignore[pool-per-call] -- why\n#[allow(unused)]\n  #[cfg(\n  a\n)]\nlet a = LEAK;\nLEAK", "7");
    check("// leaklint: ignore[pool-per-call] -- why\n#[doc = \"]\"] LEAK\nLEAK", "3");
}

#[test]
fn a_directive_on_a_step_covers_the_finding() {
    check("LEAK\nb();\nSTEP // leaklint: ignore[pool-per-call] -- why\n", "");
}

#[test]
fn a_directive_at_the_top_covers_the_file() {
    check("#!/usr/bin/env node\n// leaklint: ignore-file[pool-per-call] -- a script\n'use strict';\nLEAK\nLEAK", "");
    check("#![allow(a)]\n//! b\n#![cfg(\n  c\n)]\n// leaklint: ignore-file[pool-per-call] -- d\nLEAK", "");
    check("'use client';\n/* leaklint: ignore-file[pool-per-call] -- a script */\nLEAK", "");
}

#[test]
fn mistakes_are_reported_where_they_are() {
    check_issues(
        "LEAK // leaklint: ignore[pool-per-call]\n",
        &[("leaklint: ignore[pool-per-call]", "this directive gives no reason")],
    );
    check_issues("LEAK // leaklint: ignore[pool-per-call, nope] -- why\n", &[("nope", "there is no rule `nope`")]);
    check_issues(
        "b(); // leaklint: ignore[pool-per-call] -- why\n",
        &[("pool-per-call", "there is no `pool-per-call` here to suppress")],
    );
    check_issues(
        "b();\n// leaklint: ignore-file[pool-per-call] -- why\n",
        &[(
            "leaklint: ignore-file[pool-per-call] -- why",
            "`ignore-file` stands after the first code, and suppresses nothing",
        )],
    );
}

#[test]
fn what_is_used_is_not_reported() {
    check_issues("LEAK // leaklint: ignore[pool-per-call] -- why\n", &[]);
}
