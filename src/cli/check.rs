//! `leaklint check`: from arguments to a request, from a report to stdout.

use std::io::{BufWriter, Write as _};

use anyhow::Context as _;

use super::Verdict;
use super::arguments::{Check, Color};
use super::levels::{self, Levels};
use super::progress::ProgressLine;
use crate::reporting;
use crate::run::{self, Request};

pub(super) fn check(arguments: &Check, levels: &Levels) -> anyhow::Result<Verdict> {
    match arguments.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();

    let progress = ProgressLine::on_stderr(arguments.quiet);
    let checked = run::check(&request(arguments)?, &progress);
    progress.finish();
    let mut report = checked?;
    levels::apply(&mut report.findings, arguments, levels);

    let options = reporting::Options { quiet: arguments.quiet, max_findings: arguments.max_diagnostics };
    let mut out = BufWriter::new(anstream::stdout().lock());
    reporting::write(arguments.output_format, &report, options, &mut out)?;
    out.flush()?;

    let mut err = anstream::stderr().lock();
    if !arguments.output_format.carries_problems() {
        reporting::write_problems(&report, &mut err)?;
    }
    if arguments.statistics {
        reporting::statistics(&report, &mut err)?;
    }
    if report.findings.is_empty() && !arguments.quiet {
        writeln!(err, "{}", reporting::clean_line(&report))?;
    }
    let fails = levels::fails(&report.findings) && !arguments.exit_zero;
    Ok(if fails { Verdict::Findings } else { Verdict::Clean })
}

fn request(arguments: &Check) -> anyhow::Result<Request> {
    let paths = if arguments.paths.is_empty() { vec![".".into()] } else { arguments.paths.clone() };
    Ok(Request {
        root: None,
        paths,
        working_directory: std::env::current_dir().context("the current directory cannot be read")?,
        threads: arguments.threads.map(Into::into),
        respect_ignore_files: !arguments.no_ignore,
        exclude: arguments.exclude.clone(),
    })
}
