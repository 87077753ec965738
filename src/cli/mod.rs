//! The command line: arguments to a request, a report to text and an exit code.
//!
//! Takes the process's arguments; gives an exit code, findings on stdout and everything about the run itself on stderr.
//! Never analyses, and writes to the project only with `--fix` and for `init` and `baseline`.

mod arguments;
mod baseline;
mod cargo;
mod catalogue;
mod check;
mod completions;
mod errors;
mod explain;
mod fix;
mod init;
mod levels;
mod manual;
mod output;
mod progress;
mod rule_argument;
mod rules;
mod show;

use std::ffi::OsString;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use arguments::{Cli, OtherVerb, Verb};

use crate::config::BaselineSource;
use crate::run::Request;

/// How a run that could be made ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Clean,
    Findings,
}

const FINDINGS: u8 = 1;
const FAILURE: u8 = 2;

/// Runs the command line; the first argument is the program's name.
///
/// 0: nothing at or above the failing level. 1: findings. 2: the run itself failed. A reader that has had enough of the
/// output (`leaklint | head`) is no failure.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    guarded(|| dispatch(arguments))
}

/// The same for `cargo leaklint`, with the arguments as cargo passes them on.
#[must_use]
pub fn run_for_cargo(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    guarded(|| cargo::dispatch(arguments))
}

fn guarded(dispatch: impl FnOnce() -> anyhow::Result<ExitCode>) -> ExitCode {
    let outcome = catch_unwind(AssertUnwindSafe(dispatch));
    match outcome {
        Ok(Ok(code)) => code,
        Ok(Err(error)) if errors::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            // When stderr is gone as well there is nobody left to tell.
            let _ = errors::render(&error, &mut anstream::stderr());
            ExitCode::from(FAILURE)
        }
        Err(_) => {
            let _ = writeln!(anstream::stderr(), "error: leaklint itself failed; the message above says where");
            ExitCode::from(FAILURE)
        }
    }
}

fn dispatch(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> anyhow::Result<ExitCode> {
    let parsed = Cli::command().try_get_matches_from(arguments).and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((matches, cli))
    });
    let (matches, cli) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    let verdict = match &cli.verb {
        None => check::check(&cli.check, levels::read(&cli.check.rules, &matches), None)?,
        Some(Verb::Check(check)) => {
            let own = matches.subcommand_matches("check").unwrap_or(&matches);
            check::check(check, levels::read(&check.rules, own), None)?
        }
        Some(Verb::Baseline(arguments)) => {
            let own = matches.subcommand_matches("baseline").unwrap_or(&matches);
            let levels = levels::read(&arguments.rules, own);
            let request = check::request(&arguments.paths, &arguments.project, levels, None)?;
            let source = arguments.baseline.clone().map_or(BaselineSource::Nearest, BaselineSource::File);
            let request = Request { baseline: source, ..request };
            baseline::baseline(arguments, request, &mut anstream::stdout().lock())?
        }
        Some(Verb::Other(verb)) => other(verb)?,
    };
    Ok(finish(verdict))
}

/// What is wrong with the arguments; help and version come this way too, with exit code 0.
fn usage(error: &clap::Error) -> anyhow::Result<ExitCode> {
    error.print()?;
    Ok(if error.exit_code() == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

fn other(verb: &OtherVerb) -> anyhow::Result<Verdict> {
    let mut out = anstream::stdout().lock();
    match verb {
        OtherVerb::Init { directory } => init::init(directory.as_deref(), &mut out),
        OtherVerb::Rules => rules::list(&mut out),
        OtherVerb::Explain { finding: Some(finding), .. } => explain::finding(finding, &mut out),
        OtherVerb::Explain { rule: Some(rule), .. } => explain::explain(*rule, &mut out),
        OtherVerb::Explain { .. } => unreachable!("invariant: one of them is required"),
        OtherVerb::Catalogue { inferred: Some(path), .. } => catalogue::inferred(path, &mut out),
        OtherVerb::Catalogue { library, .. } => catalogue::show(library.as_deref(), &mut out),
        OtherVerb::Man => manual::write(&mut out),
        OtherVerb::Completions { shell } => completions::generate(*shell, &mut out),
    }
}

fn finish(verdict: Verdict) -> ExitCode {
    match verdict {
        Verdict::Clean => ExitCode::SUCCESS,
        Verdict::Findings => ExitCode::from(FINDINGS),
    }
}
