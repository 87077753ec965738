//! `sarif`: version 2.1.0, for code scanning. Everything is said that the analysis knows: the rules' pages, the path that
//! leaks as a code flow, names that outlive edits, and what was suppressed by whom.
//!
//! Columns count code points. Paths are relative to the directory of the run, which `%SRCROOT%` stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::positions::{Place, Positions};
use super::{Options, uri};
use crate::findings::{Confidence, Finding, Severity};
use crate::rewrite::{Applicability, Fix};
use crate::rules::RuleId;
use crate::run::{Hidden, HiddenBy, Problem, Report};
use crate::source::{FileId, Location};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name of our fingerprints; another way to make them gets another name.
const FINGERPRINT: &str = "leaklint/v1";

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    let shown = options.shown(report);
    let hidden = report.hidden.iter().map(|hidden| &hidden.finding);
    let rules: BTreeSet<RuleId> = shown.iter().chain(hidden).map(|finding| finding.rule).collect();
    let rules: Vec<RuleId> = rules.into_iter().collect();
    let writer = Writer { report, positions: &positions, rules: &rules };
    let mut results: Vec<Value> = shown
        .iter()
        .zip(&report.fingerprints)
        .map(|(finding, fingerprint)| writer.result(finding, fingerprint, None))
        .collect();
    results.extend(report.hidden.iter().map(|it| writer.result(&it.finding, &it.fingerprint, Some(it))));
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "leaklint",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| description(*rule)).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications":
                    report.problems.iter().map(|problem| writer.notification(problem)).collect::<Vec<_>>(),
            }],
            "originalUriBaseIds": {
                "%SRCROOT%": { "description": { "text": "the directory that leaklint was run in" } },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// A rule with its page.
fn description(rule: RuleId) -> Value {
    let mut description = json!({
        "id": rule.as_str(),
        "shortDescription": { "text": rule.summary() },
        "fullDescription": { "text": rule.summary() },
        "help": { "text": rule.page(), "markdown": rule.page() },
        "properties": { "tags": [crate::config::family_name(rule.family()), "resource-leak"] },
    });
    let repository = env!("CARGO_PKG_REPOSITORY");
    if !repository.is_empty() {
        description["helpUri"] = json!(format!("{repository}/blob/main/rules/{rule}.md"));
    }
    description
}

struct Writer<'r> {
    report: &'r Report,
    positions: &'r Positions<'r>,
    rules: &'r [RuleId],
}

impl Writer<'_> {
    fn result(&self, finding: &Finding, fingerprint: &str, hidden: Option<&Hidden>) -> Value {
        let mut location = self.location(finding.location);
        let function = &finding.function;
        if !function.is_empty() && !function.starts_with('<') {
            location
                .insert("logicalLocations".to_owned(), json!([{ "fullyQualifiedName": function, "kind": "function" }]));
        }
        let mut result = json!({
            "ruleId": finding.rule.as_str(),
            "ruleIndex": self.rules.binary_search(&finding.rule).unwrap_or_default(),
            "level": level(finding.severity),
            "message": { "text": message(finding) },
            "locations": [location],
            "partialFingerprints": { FINGERPRINT: fingerprint },
            "properties": { "confidence": confidence(finding.confidence), "resource": finding.resource },
        });
        if !finding.trace.is_empty() {
            let steps: Vec<Value> = finding.trace.iter().map(|step| self.step(step.location, &step.message)).collect();
            let related = (1..).zip(&steps).map(|(id, step)| {
                let mut step = step.clone();
                step["id"] = json!(id);
                step
            });
            result["relatedLocations"] = related.collect();
            let flow: Vec<Value> = steps.iter().map(|step| json!({ "location": step })).collect();
            result["codeFlows"] = json!([{ "threadFlows": [{ "locations": flow }] }]);
        }
        if let Some(fix) = finding.fix.as_ref().filter(|fix| fix.applicability > Applicability::DisplayOnly) {
            result["fixes"] = json!([self.fix(fix)]);
        }
        if self.report.baseline.is_some() {
            let is_known = hidden.is_some_and(|hidden| hidden.by == HiddenBy::Baseline);
            result["baselineState"] = json!(if is_known { "unchanged" } else { "new" });
        }
        if let Some(hidden) = hidden {
            result["suppressions"] = json!([suppression(&hidden.by)]);
        }
        result
    }

    fn fix(&self, fix: &Fix) -> Value {
        let mut by_file: BTreeMap<FileId, Vec<Value>> = BTreeMap::new();
        for edit in fix.all_edits() {
            let place = self.positions.place(Location { file: edit.file, span: edit.span });
            by_file
                .entry(edit.file)
                .or_default()
                .push(json!({ "deletedRegion": region(place), "insertedContent": { "text": edit.text } }));
        }
        let changes = by_file.into_iter().map(|(file, replacements)| {
            let path = &self.report.files[file.index()].display_path;
            json!({ "artifactLocation": artifact(path), "replacements": replacements })
        });
        json!({
            "description": { "text": fix.title },
            "artifactChanges": changes.collect::<Vec<_>>(),
            "properties": { "applicability": fix.applicability },
        })
    }

    fn step(&self, location: Location, message: &str) -> Value {
        let mut step = self.location(location);
        step.insert("message".to_owned(), json!({ "text": message }));
        Value::Object(step)
    }

    fn location(&self, location: Location) -> Map<String, Value> {
        let place = self.positions.place(location);
        let mut object = Map::new();
        object.insert(
            "physicalLocation".to_owned(),
            json!({
                "artifactLocation": artifact(place.path),
                "region": region(place),
            }),
        );
        object
    }

    fn notification(&self, problem: &Problem) -> Value {
        let location = match problem.location {
            Some(location) => Value::Object(self.location(location)),
            None => json!({ "physicalLocation": { "artifactLocation": artifact(&problem.path) } }),
        };
        json!({ "level": "warning", "message": { "text": problem.message }, "locations": [location] })
    }
}

fn region(place: Place<'_>) -> Value {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
    })
}

fn artifact(path: &str) -> Value {
    let uri = uri::of_path(path);
    // What lies outside the directory of the run has no place below its root.
    if uri.starts_with("file:") || uri.starts_with("../") {
        return json!({ "uri": uri });
    }
    json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
}

fn message(finding: &Finding) -> String {
    if finding.help.is_empty() {
        finding.message.clone()
    } else {
        format!("{}\nhelp: {}", finding.message, finding.help)
    }
}

fn suppression(by: &HiddenBy) -> Value {
    match by {
        HiddenBy::Directive(reason) if reason.is_empty() => json!({ "kind": "inSource" }),
        HiddenBy::Directive(reason) => json!({ "kind": "inSource", "justification": reason }),
        HiddenBy::Baseline => json!({ "kind": "external", "justification": "it is in the baseline" }),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}
