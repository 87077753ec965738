//! The command line: arguments to a request, a report to text and an exit code.
//!
//! Takes the process's arguments; gives an exit code, findings on stdout and everything about the run itself on stderr.
//! Never analyses, and never writes to the project.

mod arguments;
mod catalogue;
mod check;
mod completions;
mod errors;
mod explain;
mod levels;
mod progress;
mod rules;
mod selection;
mod suggest;

use std::ffi::OsString;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use arguments::{Cli, Verb};

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
    let outcome = catch_unwind(AssertUnwindSafe(|| dispatch(arguments)));
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
        // Help and version come this way too, with exit code 0.
        Err(error) => {
            error.print()?;
            return Ok(if error.exit_code() == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) });
        }
    };
    let verdict = match cli.verb {
        None => check::check(&cli.check, &levels::Levels::from_matches(&matches))?,
        Some(Verb::Check(check)) => {
            let own = matches.subcommand_matches("check").unwrap_or(&matches);
            check::check(&check, &levels::Levels::from_matches(own))?
        }
        Some(Verb::Rules) => rules::list(&mut anstream::stdout().lock())?,
        Some(Verb::Explain { rule }) => explain::explain(rule, &mut anstream::stdout().lock())?,
        Some(Verb::Catalogue { library }) => catalogue::show(library.as_deref(), &mut anstream::stdout().lock())?,
        Some(Verb::Completions { shell }) => completions::generate(shell, &mut anstream::stdout().lock())?,
    };
    Ok(match verdict {
        Verdict::Clean => ExitCode::SUCCESS,
        Verdict::Findings => ExitCode::from(FINDINGS),
    })
}
