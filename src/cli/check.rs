//! `leaklint check`: from arguments to a request, from a report to stdout.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Verdict;
use super::arguments::{Check, Color};
use super::errors::UserError;
use super::fix;
use super::levels::{self, Levels};
use super::progress::ProgressLine;
use crate::run::{self, Packages, Report, Request};
use crate::{fixing, reporting};

/// Checks `packages`, or else what the paths name.
pub(super) fn check(arguments: &Check, levels: &Levels, packages: Option<Packages>) -> anyhow::Result<Verdict> {
    match arguments.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();

    let progress = ProgressLine::on_stderr(arguments.quiet);
    let request = request(arguments, packages)?;
    if arguments.fixing.diff {
        return show_diff(arguments, levels, &request, &progress);
    }
    let checked = if arguments.fixing.fix {
        let keep = |report: &mut Report| levels::apply(&mut report.findings, arguments, levels);
        arguments.fixing.run(&request, &keep, &progress).map(|outcome| {
            progress.finish();
            fix::tell(&outcome, true, arguments.quiet).map(|()| outcome.report)
        })
    } else {
        run::check(&request, &progress).map(Ok).map_err(Into::into)
    };
    progress.finish();
    let mut report = checked.map_err(|error| explain_misplaced_verb(error, &arguments.paths))??;
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

/// What `--fix` would change; the exit code is that of the code as it is.
fn show_diff(
    arguments: &Check,
    levels: &Levels,
    request: &Request,
    progress: &ProgressLine,
) -> anyhow::Result<Verdict> {
    let fails = std::sync::OnceLock::new();
    let keep = |report: &mut Report| {
        levels::apply(&mut report.findings, arguments, levels);
        fails.get_or_init(|| levels::fails(&report.findings));
    };
    let outcome = arguments.fixing.run(request, &keep, progress);
    progress.finish();
    let outcome = outcome.map_err(|error| explain_misplaced_verb(error, &arguments.paths))?;
    let mut out = BufWriter::new(anstream::stdout().lock());
    for change in &outcome.changes {
        out.write_all(fixing::unified(change).as_bytes())?;
    }
    out.flush()?;
    fix::tell(&outcome, false, arguments.quiet)?;
    let fails = fails.get().is_some_and(|fails| *fails) && !arguments.exit_zero;
    Ok(if fails { Verdict::Findings } else { Verdict::Clean })
}

fn request(arguments: &Check, packages: Option<Packages>) -> anyhow::Result<Request> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    Ok(Request {
        paths: arguments.paths.clone(),
        packages,
        threads: arguments.threads.map(Into::into),
        respect_ignore_files: !arguments.no_ignore,
        exclude: arguments.exclude.clone(),
        ..Request::new(working_directory)
    })
}

/// `leaklint --quiet check` reads as a path, because options before a command belong to none.
fn explain_misplaced_verb(error: anyhow::Error, paths: &[PathBuf]) -> anyhow::Error {
    const VERBS: [&str; 5] = ["check", "rules", "explain", "catalogue", "completions"];
    let misplaced = VERBS.into_iter().find(|&verb| paths.iter().any(|path| path == Path::new(verb) && !path.exists()));
    match misplaced {
        Some(verb) => {
            let help = format!("put the command before its options: `leaklint {verb} …`");
            UserError { message: error.to_string(), help }.into()
        }
        None => error,
    }
}
