//! `leaklint check`: from arguments to a request, from a report to stdout.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Verdict;
use super::arguments::{Check, Color};
use super::errors::UserError;
use super::fix;
use super::levels;
use super::progress::ProgressLine;
use super::show;
use crate::config::{self, Levels};
use crate::findings::Severity;
use crate::run::{self, Packages, Request};
use crate::{fixing, reporting};

/// Checks `packages`, or else what the paths name.
pub(super) fn check(arguments: &Check, levels: Levels, packages: Option<Packages>) -> anyhow::Result<Verdict> {
    match arguments.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();

    let request = request(arguments, levels, packages)?;
    if arguments.show_config {
        return show::configuration(&request);
    }
    if arguments.show_files {
        return show::files(&request);
    }
    let progress = ProgressLine::on_stderr(arguments.quiet);
    if arguments.fixing.diff {
        return show_diff(arguments, &request, &progress);
    }
    let checked = if arguments.fixing.fix {
        arguments.fixing.run(&request, &progress).map(|outcome| {
            progress.finish();
            fix::tell(&outcome, true, arguments.quiet).map(|()| outcome.report)
        })
    } else {
        run::check(&request, &progress).map(Ok).map_err(Into::into)
    };
    progress.finish();
    let report = checked.map_err(|error| explain_misplaced_verb(error, &arguments.paths))??;

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

/// What `--fix` would change; the exit code is that of the code as it is.
fn show_diff(arguments: &Check, request: &Request, progress: &ProgressLine) -> anyhow::Result<Verdict> {
    let outcome = arguments.fixing.run(request, progress);
    progress.finish();
    let outcome = outcome.map_err(|error| explain_misplaced_verb(error, &arguments.paths))?;
    let mut out = BufWriter::new(anstream::stdout().lock());
    for change in &outcome.changes {
        out.write_all(fixing::unified(change).as_bytes())?;
    }
    out.flush()?;
    fix::tell(&outcome, false, arguments.quiet)?;
    let fails = outcome.worst > Some(Severity::Note) && !arguments.exit_zero;
    Ok(if fails { Verdict::Findings } else { Verdict::Clean })
}

fn request(arguments: &Check, levels: Levels, packages: Option<Packages>) -> anyhow::Result<Request> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    Ok(Request {
        paths: arguments.paths.clone(),
        packages,
        threads: arguments.threads.map(Into::into),
        respect_ignore_files: !arguments.no_ignore,
        exclude: arguments.exclude.clone(),
        configuration: match &arguments.config {
            Some(path) => config::Source::File(path.clone()),
            None if arguments.no_config => config::Source::None,
            None => config::Source::Nearest,
        },
        levels,
        ..Request::new(working_directory)
    })
}

/// `leaklint --quiet check` reads as a path, because options before a command belong to none.
fn explain_misplaced_verb(error: anyhow::Error, paths: &[PathBuf]) -> anyhow::Error {
    const VERBS: [&str; 6] = ["check", "init", "rules", "explain", "catalogue", "completions"];
    let misplaced = VERBS.into_iter().find(|&verb| paths.iter().any(|path| path == Path::new(verb) && !path.exists()));
    match misplaced {
        Some(verb) => {
            let help = format!("put the command before its options: `leaklint {verb} …`");
            UserError { message: error.to_string(), help }.into()
        }
        None => error,
    }
}
