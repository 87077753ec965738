//! `full`: for people. Source, the path that leaks as numbered spans, and what to do.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use codespan_reporting::diagnostic::{self, Diagnostic, LabelStyle};
use codespan_reporting::files;
use codespan_reporting::term::{self, WriteStyle};

use super::excerpt::{Excerpt, Mark};
use super::positions::Positions;
use super::proposal;
use super::summary::{Count, summary_line};
use super::text::printable;
use super::{Options, argument};
use crate::findings::{Confidence, Finding, Severity};
use crate::run::Report;

pub(super) fn write(report: &Report, options: Options<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report);
    let shown = options.shown(report);
    for (finding, fingerprint) in shown.iter().zip(&report.fingerprints) {
        write_finding(finding, &positions, out)?;
        if let Some(fix) = &finding.fix {
            proposal::write(report, fix, finding.location.file, out)?;
        }
        if let Some((_, argument)) = report.arguments.iter().find(|(of, _)| of == fingerprint) {
            argument::write(argument, &positions, out)?;
        }
    }
    if options.quiet || report.findings.is_empty() {
        return Ok(());
    }
    let hidden = report.findings.len() - shown.len();
    if hidden > 0 {
        writeln!(out, "{} not shown", Count(hidden, "finding"))?;
    }
    writeln!(out, "{}", summary_line(report))?;
    // The first of the worst.
    if let Some(worst) = shown.iter().rev().max_by_key(|finding| finding.severity) {
        writeln!(out, "`leaklint explain {}` tells why it matters and how to fix it", worst.rule)?;
    }
    Ok(())
}

/// One finding, as people read it.
pub(super) fn write_finding(finding: &Finding, positions: &Positions<'_>, out: &mut dyn Write) -> io::Result<()> {
    let marks = marks(finding);
    let excerpt = Excerpt::new(&marks, positions);
    let diagnostic = diagnostic(finding, &excerpt);
    let painted = &mut Painter { out };
    term::emit_to_write_style(painted, &term::Config::default(), &excerpt, &diagnostic).map_err(|error| match error {
        files::Error::Io(error) => error,
        other => io::Error::other(other),
    })
}

/// What is pointed at: the finding's own place first, then the steps. A step at the finding's own place shares its
/// mark, or the same text would stand twice under the same carets.
fn marks(finding: &Finding) -> Vec<Mark> {
    let mut primary =
        Mark { location: finding.location, style: LabelStyle::Primary, text: printable(&finding.label).into_owned() };
    let mut steps = Vec::new();
    for (number, step) in (1..).zip(&finding.trace) {
        let text = format!("{number}. {}", printable(&step.message));
        if step.location == finding.location {
            let repeats = primary.text.is_empty() || primary.text == step.message;
            primary.text = if repeats { text } else { format!("{}; {text}", primary.text) };
        } else {
            steps.push(Mark { location: step.location, style: LabelStyle::Secondary, text });
        }
    }
    std::iter::once(primary).chain(steps).collect()
}

fn diagnostic(finding: &Finding, excerpt: &Excerpt<'_>) -> Diagnostic<usize> {
    let severity = match finding.severity {
        Severity::Note => diagnostic::Severity::Note,
        Severity::Warning => diagnostic::Severity::Warning,
        Severity::Error => diagnostic::Severity::Error,
    };
    let mut notes = Vec::new();
    if !finding.help.is_empty() {
        notes.push(format!("help: {}", finding.help.lines().map(printable).collect::<Vec<_>>().join("\n")));
    }
    let function = printable(&finding.function);
    let is_named = function.is_empty() || function.starts_with('<') || finding.message.contains(&*function);
    if !is_named {
        notes.push(format!("in `{function}`"));
    }
    match finding.confidence {
        Confidence::High => {}
        Confidence::Medium => notes.push("confidence: medium".to_owned()),
        Confidence::Low => notes.push("confidence: low".to_owned()),
    }
    Diagnostic::new(severity)
        .with_code(finding.rule.as_str())
        .with_message(printable(&finding.message))
        .with_labels(excerpt.labels())
        .with_notes(notes)
}

/// Writes the renderer's styles as escape sequences.
pub(super) struct Painter<'w> {
    pub(super) out: &'w mut dyn Write,
}

impl Painter<'_> {
    fn set(&mut self, style: Style) -> io::Result<()> {
        write!(self.out, "{style}")
    }
}

impl Write for Painter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl WriteStyle for Painter<'_> {
    fn set_header(&mut self, severity: diagnostic::Severity) -> io::Result<()> {
        self.set(colour(severity).on_default().bold())
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        self.set(Style::new().bold())
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.set(AnsiColor::Blue.on_default())
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.set(AnsiColor::Blue.on_default())
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.set(AnsiColor::Blue.on_default())
    }

    fn set_label(&mut self, severity: diagnostic::Severity, style: LabelStyle) -> io::Result<()> {
        self.set(match style {
            LabelStyle::Primary => colour(severity).on_default(),
            LabelStyle::Secondary => AnsiColor::Cyan.on_default(),
        })
    }

    fn reset(&mut self) -> io::Result<()> {
        write!(self.out, "{}", anstyle::Reset)
    }
}

fn colour(severity: diagnostic::Severity) -> AnsiColor {
    match severity {
        diagnostic::Severity::Bug | diagnostic::Severity::Error => AnsiColor::Red,
        diagnostic::Severity::Warning => AnsiColor::Yellow,
        diagnostic::Severity::Note | diagnostic::Severity::Help => AnsiColor::Green,
    }
}
