//! Suppression: findings that people have looked at and decided to live with.
//!
//! Takes findings and the comments that mention leaklint; says which findings are suppressed and why, and what is wrong
//! with the directives. A directive without rule ids suppresses nothing. A directive without a reason, with an unknown
//! id, or with nothing to suppress is reported. Never changes a finding.

mod directive;

use std::ops::RangeInclusive;

use crate::ir::Comment;
use crate::rules::RuleId;
use crate::source::{FileId, LineIndex, Location, SourceFile, Span};

use super::Finding;
use directive::Directive;

/// What [`apply`] gives.
#[derive(Debug, Default)]
pub struct Suppressed {
    /// For each finding what suppresses it, if anything does.
    pub by: Vec<Option<Suppression>>,
    /// In the order of the files and of the directives in them.
    pub issues: Vec<SuppressionIssue>,
}

/// A directive that suppresses a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Where it names the rule.
    pub location: Location,
    /// As its author wrote it; may be empty.
    pub reason: String,
}

/// Something wrong with a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionIssue {
    pub location: Location,
    pub message: String,
    pub help: String,
}

/// Finds the findings that a directive in `comments` covers. With `report_unused`, directives that cover none are
/// issues: only when every rule ran on every file can that be told.
#[must_use]
pub fn apply(
    findings: &[Finding],
    files: &[SourceFile],
    comments: &[(FileId, &[Comment])],
    report_unused: bool,
) -> Suppressed {
    let mut result = Suppressed { by: vec![None; findings.len()], issues: Vec::new() };
    for &(file, comments) in comments {
        if comments.is_empty() {
            continue;
        }
        let text = &*files[file.index()].text;
        let lines = LineIndex::new(text);
        let mut entries = entries(file, text, &lines, comments, &mut result.issues);
        for (finding, by) in findings.iter().zip(&mut result.by) {
            if finding.location.file != file {
                continue;
            }
            let at = lines_of(finding, &lines);
            for entry in entries.iter_mut().filter(|entry| entry.rule == finding.rule) {
                if entry.covers(&at, text, &lines) {
                    entry.used = true;
                    let (location, reason) = (entry.location, &entry.reason);
                    by.get_or_insert_with(|| Suppression { location, reason: reason.clone() });
                }
            }
        }
        let unused = entries.into_iter().filter(|entry| report_unused && !entry.used);
        result.issues.extend(unused.map(|entry| SuppressionIssue {
            location: entry.location,
            message: format!("there is no `{}` here to suppress", entry.rule),
            help: "remove the id, and the directive with its last one".to_owned(),
        }));
    }
    result.issues.sort_by(|a, b| (a.location, &a.message).cmp(&(b.location, &b.message)));
    result
}

/// One rule id of one directive.
struct Entry {
    rule: RuleId,
    scope: Scope,
    location: Location,
    reason: String,
    used: bool,
}

enum Scope {
    File,
    /// From the directive's first line to the line of code it is about.
    Lines(RangeInclusive<u32>),
}

impl Entry {
    fn covers(&self, lines: &[u32], text: &str, index: &LineIndex<'_>) -> bool {
        match &self.scope {
            Scope::File => true,
            Scope::Lines(covered) => lines.iter().any(|&line| {
                covered.contains(&line)
                    || (line > *covered.end() && is_one_statement(text, index, *covered.end(), line))
            }),
        }
    }
}

/// The lines a directive may stand on, or above: of what the finding points at, and of the steps that lead there.
fn lines_of(finding: &Finding, lines: &LineIndex<'_>) -> Vec<u32> {
    let steps = finding.trace.iter().map(|step| step.location);
    let locations = std::iter::once(finding.location).chain(steps);
    let here = locations.filter(|location| location.file == finding.location.file);
    here.map(|location| lines.position(location.span.start).line).collect()
}

fn entries(
    file: FileId,
    text: &str,
    lines: &LineIndex<'_>,
    comments: &[Comment],
    issues: &mut Vec<SuppressionIssue>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut first_code = None;
    for comment in comments {
        let (directives, mistakes) = directive::read(&comment.text);
        let locate = |range: &std::ops::Range<usize>| {
            let offset = |at: usize| comment.span.start + u32::try_from(at).unwrap_or(0);
            Location { file, span: Span::new(offset(range.start), offset(range.end)) }
        };
        issues.extend(mistakes.into_iter().map(|mistake| SuppressionIssue {
            location: locate(&mistake.range),
            message: mistake.message,
            help: mistake.help,
        }));
        for Directive { whole_file, rules, reason, range } in directives {
            let late = whole_file && comment.span.start > *first_code.get_or_insert_with(|| first_code_offset(text));
            if late {
                issues.push(SuppressionIssue {
                    location: locate(&range),
                    message: "`ignore-file` stands after the first code, and suppresses nothing".to_owned(),
                    help: "move it to the top of the file, or use `ignore` on the line".to_owned(),
                });
                continue;
            }
            entries.extend(rules.into_iter().map(|(rule, range)| Entry {
                rule,
                scope: if whole_file { Scope::File } else { Scope::Lines(covered_lines(text, lines, comment.span)) },
                location: locate(&range),
                reason: reason.clone(),
                used: false,
            }));
        }
    }
    entries
}

/// The lines from a comment to the code it is about: its own line where there is code on it, else the next line that
/// is not a comment.
fn covered_lines(text: &str, lines: &LineIndex<'_>, comment: Span) -> RangeInclusive<u32> {
    let first = lines.position(comment.start).line;
    let last = lines.position(comment.end.saturating_sub(1)).line;
    let head = lines.line_range(first).map_or("", |line| &text[line.start..comment.start as usize]);
    let tail = lines.line_range(last).map_or("", |line| &text[(comment.end as usize).min(line.end)..line.end]);
    // In JSX a comment stands in braces.
    let stands_alone =
        matches!(head.trim_start_matches('\u{feff}').trim(), "" | "{") && matches!(tail.trim(), "" | "}");
    if !stands_alone {
        return first..=last;
    }
    let mut target = last + 1;
    let mut in_block = false;
    while let Some(line) = lines.line_range(target) {
        let start = line.end - text[line.clone()].trim_start().len();
        let line = text[line].trim();
        let line = line.strip_prefix('{').filter(|line| line.starts_with("/*")).unwrap_or(line);
        if !in_block && line.starts_with("//") {
            target += 1;
        } else if in_block || line.starts_with("/*") {
            let after = line.find("*/").map(|end| line[end + 2..].trim());
            match after {
                None => in_block = true,
                Some("" | "}") => in_block = false,
                // Code follows on the comment's last line.
                Some(_) => break,
            }
            target += 1;
        } else if !in_block && line.starts_with("#[") {
            // What an attribute is about stands below it.
            let Some(end) = attribute_end(&text[start..]).map(|length| start + length) else { break };
            target = lines.position(u32::try_from(end).unwrap_or(u32::MAX)).line;
            let rest = lines.line_range(target).map_or("", |line| &text[end.min(line.end)..line.end]);
            if !rest.trim().is_empty() {
                break;
            }
            target += 1;
        } else {
            break;
        }
    }
    first..=target
}

/// How long the attribute is that `text` begins with: `#[…]` or `#![…]`.
fn attribute_end(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut quoted = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => drop(bytes.next()),
            b'[' if !quoted => open += 1,
            b']' if !quoted => {
                open = open.checked_sub(1)?;
                if open == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether the statement that begins on `first` goes on to `line`: what leaks is often not on its first line. Told from
/// how the lines between end, as far as formatters break them; when in doubt, it does not.
fn is_one_statement(text: &str, lines: &LineIndex<'_>, first: u32, line: u32) -> bool {
    const MAX_LINES: u32 = 6;
    let content = |line: u32| lines.line_range(line).map_or("", |range| text[range].trim());
    line - first <= MAX_LINES
        && (first..line).all(|at| {
            let goes_on = content(at).ends_with(['=', '(', '[', ',', '?', ':', '&', '|', '+', '.']);
            let arrow =
                content(at).ends_with("=>") || content(at).ends_with("return") || content(at).ends_with("await");
            goes_on || arrow || content(at + 1).starts_with(['.', '?', ':', '&', '|', '+'])
        })
}

/// Where the first code is: after comments, a byte-order mark, `#!` and what speaks of the whole file: the strings of the
/// prologue, `#![…]`.
fn first_code_offset(text: &str) -> u32 {
    let mut rest = text.trim_start_matches('\u{feff}');
    if rest.starts_with("#!") && !rest.starts_with("#![") {
        rest = rest.find('\n').map_or("", |end| &rest[end..]);
    }
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        let length = if rest.starts_with("//") {
            rest.find('\n')
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|end| end + 2)
        } else if rest.starts_with("#![") {
            attribute_end(rest)
        } else if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            rest[1..].find(quote).map(|end| end + 2)
        } else {
            let offset = text.len() - rest.len();
            return u32::try_from(offset).expect("invariant: files over 4 GiB are refused when they are read");
        };
        rest = length.map_or("", |length| &rest[length..]);
    }
}

#[cfg(test)]
mod tests;
