//! `leaklint check`: from arguments to a request, from a report to stdout.

use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Verdict;
use super::arguments::{Check, Color, OutputOptions, ProjectOptions};
use super::errors::UserError;
use super::fix::{self, Done};
use super::levels;
use super::output::{self, Output};
use super::progress::ProgressLine;
use super::show;
use crate::config::{self, BaselineSource, Levels};
use crate::discovery::changes::Since;
use crate::discovery::location;
use crate::findings::Severity;
use crate::run::{self, Explain, Packages, Report, Request};
use crate::{fixing, reporting};

/// Checks `packages`, or else what the paths name.
pub(super) fn check(arguments: &Check, levels: Levels, packages: Option<Packages>) -> anyhow::Result<Verdict> {
    match arguments.output.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();

    let request = Request {
        baseline: match &arguments.known.baseline {
            Some(path) => BaselineSource::File(path.clone()),
            None if arguments.known.no_baseline => BaselineSource::None,
            None => BaselineSource::Nearest,
        },
        explain: if arguments.output.trace { Explain::All } else { Explain::None },
        since: match &arguments.known {
            known if known.changed => Some(Since::LastCommit),
            known if known.staged => Some(Since::Staged),
            known => known.since.clone().map(Since::Reference),
        },
        ..request(&arguments.paths, &arguments.project, levels, packages)?
    };
    let request = match &arguments.stdin_filename {
        Some(path) => with_unsaved(request, path, std::io::stdin().lock())?,
        None => request,
    };
    if arguments.show.show_config {
        return show::configuration(&request);
    }
    if arguments.show.show_files {
        return show::files(&request);
    }
    let outputs = output::chosen(&arguments.output.output_format)?;
    let progress = ProgressLine::on_stderr(arguments.output.quiet);
    if arguments.fixing.diff {
        return show_diff(arguments, &request, &progress);
    }
    let checked = if arguments.fixing.fix {
        arguments.fixing.run(&request, &progress).map(|outcome| {
            progress.finish();
            fix::tell(&outcome, Done::Written, arguments.output.quiet).map(|()| outcome.report)
        })
    } else {
        run::check(&request, &progress).map(Ok).map_err(Into::into)
    };
    progress.finish();
    let report = checked.map_err(|error| explain_misplaced_verb(error, &arguments.paths))??;

    output::write(&outputs, &report, &arguments.output)?;

    tell(&report, &outputs, &arguments.output)?;
    let fails =
        levels::fails(&report.findings, arguments.output.max_warnings.unwrap_or(0)) && !arguments.output.exit_zero;
    Ok(if fails { Verdict::Findings } else { Verdict::Clean })
}

/// Says on stderr what the chosen formats do not: problems, what was asked for, and one line that sums it up.
fn tell(report: &Report, outputs: &[Output], options: &OutputOptions) -> anyhow::Result<()> {
    let mut err = anstream::stderr().lock();
    let on_stdout = outputs.iter().find(|output| output.path.is_none());
    if !on_stdout.is_some_and(|output| output.format.carries_problems()) {
        reporting::write_problems(report, &mut err)?;
    }
    if options.statistics {
        reporting::statistics(report, &mut err)?;
    }
    if options.timings {
        reporting::timings(report, &mut err)?;
    }
    if report.findings.is_empty() && !options.quiet {
        writeln!(err, "{}", reporting::clean_line(report))?;
    } else if on_stdout.is_none() && !options.quiet {
        writeln!(err, "{}", reporting::summary_line(report))?;
    }
    if !options.quiet {
        tell_of_baseline(report, &mut err)?;
    }
    Ok(())
}

/// The request with `text` in the place of what a file holds, about that file. `-` among the paths stands for it, as elsewhere.
fn with_unsaved(mut request: Request, path: &Path, mut text: impl Read) -> anyhow::Result<Request> {
    let mut unsaved = String::new();
    text.read_to_string(&mut unsaved).context("standard input cannot be read")?;
    let path = location::normalise(&request.working_directory.join(path));
    request.overlay.insert(path.clone(), unsaved.into());
    request.paths.retain(|other| other != Path::new("-"));
    request.paths.push(path);
    Ok(request)
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
    fix::tell(&outcome, Done::Shown, arguments.output.quiet)?;
    let fails = outcome.worst > Some(Severity::Note) && !arguments.output.exit_zero;
    Ok(if fails { Verdict::Findings } else { Verdict::Clean })
}

pub(super) fn request(
    paths: &[PathBuf],
    project: &ProjectOptions,
    levels: Levels,
    packages: Option<Packages>,
) -> anyhow::Result<Request> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    Ok(Request {
        paths: paths.to_vec(),
        packages,
        threads: project.threads.map(Into::into),
        respect_ignore_files: !project.no_ignore,
        exclude: project.exclude.clone(),
        configuration: match &project.config {
            Some(path) => config::Source::File(path.clone()),
            None if project.no_config => config::Source::None,
            None => config::Source::Nearest,
        },
        levels,
        ..Request::new(working_directory)
    })
}

/// `leaklint --quiet check` reads as a path, because options before a command belong to none.
fn explain_misplaced_verb(error: anyhow::Error, paths: &[PathBuf]) -> anyhow::Error {
    const VERBS: [&str; 8] = ["check", "baseline", "init", "rules", "explain", "catalogue", "completions", "man"];
    let misplaced = VERBS.into_iter().find(|&verb| paths.iter().any(|path| path == Path::new(verb) && !path.exists()));
    match misplaced {
        Some(verb) => {
            let help = format!("put the command before its options: `leaklint {verb} …`");
            UserError { message: error.to_string(), help }.into()
        }
        None => error,
    }
}

/// What the baseline has that is not found any more.
fn tell_of_baseline(report: &Report, err: &mut dyn Write) -> anyhow::Result<()> {
    const SHOWN: usize = 5;
    let Some(compared) = report.baseline.as_ref().filter(|compared| !compared.stale.is_empty()) else { return Ok(()) };
    let gone: usize = compared.stale.iter().map(|entry| entry.count).sum();
    let file = &compared.file.display_path;
    writeln!(err, "{} of {file} not found any more:", reporting::Count(gone, "finding"))?;
    for entry in compared.stale.iter().take(SHOWN) {
        let function = Some(&entry.key.function).filter(|name| !name.starts_with('<'));
        let function = function.map_or_else(String::new, |name| format!(" in `{name}`"));
        writeln!(err, "  {}: {}{function}", entry.key.path, entry.key.rule)?;
    }
    if compared.stale.len() > SHOWN {
        writeln!(err, "  and {} more", compared.stale.len() - SHOWN)?;
    }
    writeln!(err, "`leaklint baseline --prune` drops them")?;
    Ok(())
}
