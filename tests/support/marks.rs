//! Reading marks.

/// What is expected, or found, at a line of a file. Ordered for comparison and for printing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expectation {
    pub(crate) path: String,
    pub(crate) line: usize,
    /// `rule-id`, `note:rule-id` or `problem`.
    pub(crate) what: String,
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// The marks of a file. `default` is what a mark without an id means; without it such a mark is a mistake.
pub(crate) fn of(path: &str, text: &str, default: Option<&str>) -> Result<Vec<Expectation>, String> {
    let mut expectations = Vec::new();
    for (number, line) in (1_usize..).zip(text.lines()) {
        let Some((_, mark)) = line.split_once("//~") else { continue };
        let up = mark.chars().take_while(|&c| c == '^').count();
        let down = usize::from(mark.starts_with("v "));
        let target = (number + down)
            .checked_sub(up)
            .filter(|&line| line > 0)
            .ok_or_else(|| format!("{path}:{number}: the mark points above the file"))?;
        let ids = mark[up + down..].trim().trim_end_matches("*/}").trim_end_matches("*/");
        let mut ids: Vec<_> = ids.split_whitespace().collect();
        if ids.is_empty() {
            ids.push(default.ok_or_else(|| format!("{path}:{number}: the mark names no rule"))?);
        }
        for id in ids {
            let rule = id.strip_prefix("note:").unwrap_or(id);
            if id != "problem" && leaklint::rules::RuleId::from_id(rule).is_none() {
                return Err(format!("{path}:{number}: no such rule: `{rule}`"));
            }
            expectations.push(Expectation { path: path.to_owned(), line: target, what: id.to_owned() });
        }
    }
    Ok(expectations)
}
