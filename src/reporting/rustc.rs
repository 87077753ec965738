//! `rustc`: what cargo prints with `--message-format=json`, for editors that run it in the place of `cargo check`.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::positions::Positions;
use super::{Options, full, severity_word};
use crate::findings::Finding;
use crate::rewrite::Applicability;
use crate::run::Report;
use crate::source::Location;

/// Longer lines are not shown: an editor has them.
const LINE_LIMIT: usize = 500;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    for finding in options.shown(report) {
        let message = json!({
            "reason": "compiler-message",
            "package_id": "leaklint",
            "manifest_path": "Cargo.toml",
            "target": {
                "kind": ["lib"],
                "crate_types": ["lib"],
                "name": "leaklint",
                "src_path": positions.place(finding.location).path,
                "edition": "2024",
                "doc": false,
                "doctest": false,
                "test": false,
            },
            "message": diagnostic(finding, &positions)?,
        });
        serde_json::to_writer(&mut *out, &message)?;
        writeln!(out)?;
    }
    writeln!(out, "{}", json!({ "reason": "build-finished", "success": true }))
}

fn diagnostic(finding: &Finding, positions: &Positions<'_>) -> io::Result<Value> {
    let mut rendered = anstream::StripStream::new(Vec::new());
    full::write_finding(finding, positions, &mut rendered)?;
    let mut spans = vec![span(finding.location, &finding.label, true, positions)];
    let steps = (1..).zip(&finding.trace).filter(|(_, step)| step.location != finding.location);
    spans.extend(
        steps.map(|(number, step)| span(step.location, &format!("{number}. {}", step.message), false, positions)),
    );
    let help = Some(&finding.help).filter(|help| !help.is_empty()).map(
        |help| json!({ "message": help, "code": null, "level": "help", "spans": [], "children": [], "rendered": null }),
    );
    Ok(json!({
        "$message_type": "diagnostic",
        "message": finding.message,
        "code": { "code": finding.rule.as_str(), "explanation": null },
        "level": severity_word(finding.severity),
        "spans": spans,
        "children": help.into_iter().chain(suggestion(finding, positions)).collect::<Vec<_>>(),
        "rendered": String::from_utf8_lossy(&rendered.into_inner()),
    }))
}

/// The fix, for editors to offer.
fn suggestion(finding: &Finding, positions: &Positions<'_>) -> Option<Value> {
    let fix = finding.fix.as_ref()?;
    let applicability = match fix.applicability {
        Applicability::Safe => "MachineApplicable",
        Applicability::Unsafe => "MaybeIncorrect",
        Applicability::DisplayOnly => return None,
    };
    let spans = fix.all_edits().into_iter().map(|edit| {
        let mut span = span(Location { file: edit.file, span: edit.span }, "", true, positions);
        span["suggested_replacement"] = json!(edit.text);
        span["suggestion_applicability"] = json!(applicability);
        span
    });
    let spans: Vec<Value> = spans.collect();
    Some(json!({
        "message": fix.title, "code": null, "level": "help", "spans": spans, "children": [], "rendered": null
    }))
}

fn span(location: Location, label: &str, is_primary: bool, positions: &Positions<'_>) -> Value {
    let place = positions.place(location);
    let text = &positions.file(location).text;
    let lines = positions.lines(location);
    let shown = (place.start.line..=place.end.line).map(|number| {
        let line = lines.line_range(number).map_or("", |range| text[range].trim_start_matches('\u{feff}'));
        let start = if number == place.start.line { place.start.column as usize } else { 1 };
        let end = if number == place.end.line { place.end.column as usize } else { line.chars().count() + 1 };
        (line, start, end)
    });
    let shown: Vec<_> = shown.collect();
    let shown = if shown.iter().any(|(line, ..)| line.len() > LINE_LIMIT) { Vec::new() } else { shown };
    json!({
        "file_name": place.path,
        "byte_start": place.start.byte,
        "byte_end": place.end.byte,
        "line_start": place.start.line,
        "line_end": place.end.line,
        "column_start": place.start.column,
        "column_end": place.end.column,
        "is_primary": is_primary,
        "text": shown
            .into_iter()
            .map(|(line, start, end)| json!({ "text": line, "highlight_start": start, "highlight_end": end }))
            .collect::<Vec<_>>(),
        "label": Some(label).filter(|label| !label.is_empty()),
        "suggested_replacement": null,
        "suggestion_applicability": null,
        "expansion": null,
    })
}
