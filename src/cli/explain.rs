//! `leaklint explain RULE`: the rule's page, for a terminal. `--finding`: the whole argument for one finding.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;

use super::Verdict;
use super::errors::UserError;
use super::rule_argument::RuleArgument;
use crate::reporting::{self, Format};
use crate::run::{self, Explain, Request};

pub(super) fn explain(rule: RuleArgument, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    write_page(rule.0.page(), out)?;
    Ok(Verdict::Clean)
}

/// Looks again, and says all there is to say of one finding.
pub(super) fn finding(name: &str, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    let request = Request { explain: Explain::Only(name.to_owned()), ..Request::new(working_directory) };
    let report = run::check(&request, &run::Silent)?;
    if report.findings.is_empty() {
        let message = format!("nothing is found that is called `{name}`");
        let help = "take `PATH:LINE` or a `fingerprint` of `leaklint --output-format json`".to_owned();
        return Err(UserError { message, help }.into());
    }
    reporting::write(Format::Full, &report, reporting::Options { quiet: true, ..Default::default() }, out)?;
    for fingerprint in &report.fingerprints {
        writeln!(out, "fingerprint {fingerprint}")?;
    }
    Ok(Verdict::Clean)
}

/// Markdown as far as the pages use it: headings, fenced code, `code` in the text.
fn write_page(page: &str, out: &mut dyn Write) -> io::Result<()> {
    let heading = Style::new().bold();
    let code = AnsiColor::Cyan.on_default();
    let mut in_code = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            writeln!(out, "    {code}{}{code:#}", without_mark(line))?;
        } else if let Some(title) = line.strip_prefix('#') {
            writeln!(out, "{heading}{}{heading:#}", title.trim_start_matches('#').trim())?;
        } else {
            write_text(line, code, out)?;
        }
    }
    Ok(())
}

/// Text with its code spans coloured; the backticks stay, for readers without colour.
fn write_text(line: &str, code: Style, out: &mut dyn Write) -> io::Result<()> {
    let line = without_links(line);
    let mut parts = line.split('`');
    write!(out, "{}", parts.next().unwrap_or_default())?;
    let mut in_code = true;
    for part in parts {
        if in_code {
            write!(out, "{code}`{part}`{code:#}")?;
        } else {
            write!(out, "{part}")?;
        }
        in_code = !in_code;
    }
    writeln!(out)
}

/// `[text](page.md)` as `text`: there is nothing to click on.
fn without_links(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once('[') {
        let Some((label, (_, behind))) =
            link.split_once("](").and_then(|(label, target)| Some((label, target.split_once(')')?)))
        else {
            break;
        };
        text.push_str(before);
        text.push_str(label);
        rest = behind;
    }
    text + rest
}

/// The pages are tests too: `//~` marks where the rule must find something. A reader is told in words.
fn without_mark(line: &str) -> String {
    match line.split_once("//~") {
        Some((code, mark)) if !mark.starts_with(['^', 'v']) => format!("{code}// <- found here"),
        Some((_, _)) => String::new(),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, expected: &str) {
        let mut out = anstream::StripStream::new(Vec::new());
        write_page(page, &mut out).unwrap();
        assert_eq!(String::from_utf8(out.into_inner()).unwrap(), expected);
    }

    #[test]
    fn links_are_their_text() {
        check("See [`a`](a.md), [b](b.md) and c[0].\n", "See `a`, b and c[0].\n");
    }

    #[test]
    fn fences_and_hashes_are_layout() {
        check("# id\n\nUses `a` and `b`.\n", "id\n\nUses `a` and `b`.\n");
        check("```ts\nnew Pool(); //~\nok();\n```\n", "    new Pool(); // <- found here\n    ok();\n");
    }
}
