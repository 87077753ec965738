//! What one comment says: `leaklint: ignore[rule-id, rule-id] -- reason`.

use std::ops::Range;

use crate::rules::RuleId;

/// How a directive is written, for help texts.
const FORM: &str = "write `// leaklint: ignore[rule-id] -- why this is no leak`";

/// A well-formed directive. Ranges are offsets into the comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) whole_file: bool,
    pub(super) rules: Vec<(RuleId, Range<usize>)>,
    pub(super) reason: String,
    pub(super) range: Range<usize>,
}

/// Something wrong with a directive.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

/// The directives of a comment, one a line at most. A directive with a small mistake still counts: what its author
/// meant is clear.
pub(super) fn read(comment: &str) -> (Vec<Directive>, Vec<Mistake>) {
    let mut directives = Vec::new();
    let mut mistakes = Vec::new();
    let body = comment.strip_suffix("*/").unwrap_or(comment);
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let text = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '*' | '!'));
        let start = at + line.len() - text.len();
        at += line.len();
        let text = text.trim_end();
        if let Some(rest) = after_marker(text) {
            let offset = start + text.len() - rest.len();
            directives.extend(read_line(rest, offset, start..start + text.len(), &mut mistakes));
        }
    }
    (directives, mistakes)
}

/// What follows `leaklint:`. Prose that begins with the tool's name is no directive, a forgotten colon is.
fn after_marker(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("leaklint")?;
    if let Some(rest) = rest.strip_prefix(':') {
        return Some(rest.trim_start());
    }
    let rest = rest.strip_prefix([' ', '-', '_'])?.trim_start();
    ["ignore", "disable", "allow", "expect", "suppress"].iter().any(|verb| rest.starts_with(verb)).then_some(text)
}

fn read_line(rest: &str, offset: usize, range: Range<usize>, mistakes: &mut Vec<Mistake>) -> Option<Directive> {
    let mut malformed = |range: Range<usize>, message: &str| {
        mistakes.push(Mistake { range, message: message.to_owned(), help: FORM.to_owned() });
    };
    let Some(after_verb) = rest.strip_prefix("ignore") else {
        malformed(range, "this directive is none that leaklint knows, and suppresses nothing");
        return None;
    };
    let (whole_file, after_verb) = match after_verb.strip_prefix("-file") {
        Some(after) => (true, after),
        None => (false, after_verb),
    };
    let Some(list) = after_verb.trim_start().strip_prefix('[') else {
        malformed(range, "this directive names no rule, and suppresses nothing");
        return None;
    };
    let Some((list, tail)) = list.split_once(']') else {
        malformed(range, "this directive's list of rules is not closed, and suppresses nothing");
        return None;
    };
    if list.trim().is_empty() {
        malformed(range, "this directive names no rule, and suppresses nothing");
        return None;
    }
    let reason = tail.trim_start().strip_prefix("--").unwrap_or_default().trim().to_owned();
    if reason.is_empty() {
        malformed(range.clone(), "this directive gives no reason");
    }
    let mut rules = Vec::new();
    let list_start = offset + rest.len() - tail.len() - 1 - list.len();
    let mut at = list_start;
    for entry in list.split(',') {
        let id = entry.trim();
        let start = at + entry.len() - entry.trim_start().len();
        at += entry.len() + 1;
        let range = start..start + id.len();
        match RuleId::from_id(id) {
            Some(rule) => rules.push((rule, range)),
            // A trailing comma.
            None if id.is_empty() => {}
            None => mistakes.push(unknown_rule(id, range)),
        }
    }
    Some(Directive { whole_file, rules, reason, range })
}

fn unknown_rule(id: &str, range: Range<usize>) -> Mistake {
    let nearest = RuleId::ALL.iter().map(|rule| (edit_distance(id, rule.as_str()), rule)).min();
    let help = match nearest {
        Some((distance, rule)) if distance <= 2.max(id.len() / 3) => format!("did you mean `{rule}`?"),
        _ => "`leaklint rules` lists the rules".to_owned(),
    };
    Mistake { range, message: format!("there is no rule `{id}`"), help }
}

/// Levenshtein's distance.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(l != *r)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(comment: &str, rules: &[&str], mistakes: &[&str]) {
        let (directives, found) = read(comment);
        let named: Vec<&str> = directives
            .iter()
            .flat_map(|directive| &directive.rules)
            .map(|(_, range)| &comment[range.clone()])
            .collect();
        let said: Vec<String> = found.iter().map(|m| format!("{}; {}", m.message, m.help)).collect();
        assert_eq!(named, rules, "{comment}");
        assert_eq!(said.len(), mistakes.len(), "{comment}: {said:?}");
        for (said, expected) in said.iter().zip(mistakes) {
            assert!(said.contains(expected), "{comment}: {said:?}");
        }
    }

    #[test]
    fn directives_are_read() {
        check("// leaklint: ignore[pool-per-call] -- a script", &["pool-per-call"], &[]);
        check("//leaklint:ignore[ pool-per-call ,unclosed-client ]--both", &["pool-per-call", "unclosed-client"], &[]);
        check("/* leaklint: ignore-file[pool-per-call] -- generated */", &["pool-per-call"], &[]);
        check("/**\n * About it.\n * leaklint: ignore[pool-per-call] -- a script\n */", &["pool-per-call"], &[]);
    }

    #[test]
    fn prose_is_no_directive() {
        check("// leaklint finds leaks", &[], &[]);
        check("// see what leaklint: ignore[x] does", &[], &[]);
    }

    #[test]
    fn mistakes_are_named() {
        check("// leaklint: ignore[pool-per-call]", &["pool-per-call"], &["no reason"]);
        check("// leaklint: ignore[pool-per-call] because", &["pool-per-call"], &["no reason"]);
        check(
            "// leaklint: ignore[pool-per-cal] -- x",
            &[],
            &["no rule `pool-per-cal`; did you mean `pool-per-call`?"],
        );
        check("// leaklint: ignore[zzz] -- x", &[], &["`leaklint rules` lists"]);
        check("// leaklint: ignore -- x", &[], &["names no rule"]);
        check("// leaklint: ignore[] -- x", &[], &["names no rule"]);
        check("// leaklint: ignore[pool-per-call -- x", &[], &["not closed"]);
        check("// leaklint: disable-next-line pool-per-call", &[], &["none that leaklint knows"]);
        check("// leaklint-ignore pool-per-call", &[], &["none that leaklint knows"]);
    }
}
