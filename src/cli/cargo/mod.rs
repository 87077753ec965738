//! `cargo leaklint`: the packages of a cargo workspace.
//!
//! Takes the arguments cargo passes on; says which packages are reported on. Everything else is `leaklint`'s.

mod arguments;
mod selection;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _};

use super::check;
use super::errors::UserError;
use super::levels;
use super::{Verdict, finish, other, usage};
use crate::discovery::workspace::{self, WorkspaceError};
use crate::run::Packages;
use arguments::{CargoCli, CargoVerb, PackageOptions, PackagesCheck};

/// The name cargo knows us under.
const SUBCOMMAND: &str = "leaklint";

pub(super) fn dispatch(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> anyhow::Result<ExitCode> {
    let mut arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    // Cargo repeats the subcommand's name as the first argument.
    if arguments.get(1).is_some_and(|argument| argument == SUBCOMMAND) {
        arguments.remove(1);
    }
    let command = arguments::name_options_apart(CargoCli::command());
    let parsed = command.try_get_matches_from(arguments).and_then(|matches| {
        let cli = CargoCli::from_arg_matches(&matches)?;
        Ok((matches, cli))
    });
    let (matches, cli) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    let (arguments, matches) = match &cli.verb {
        None => (&cli.check, &matches),
        Some(CargoVerb::Check(check)) => (&**check, matches.subcommand_matches("check").unwrap_or(&matches)),
        Some(CargoVerb::Other(verb)) => return other(verb).map(finish),
    };
    let has_compiled = !arguments.with_check || cargo_check(&arguments.packages)?;
    let packages = packages(arguments)?;
    let verdict = check::check(&arguments.check, levels::read(&arguments.check.rules, matches), Some(packages))?;
    Ok(finish(if has_compiled { verdict } else { Verdict::Findings }))
}

/// Runs `cargo check` with its messages as JSON on stdout; says whether everything compiled.
fn cargo_check(options: &PackageOptions) -> anyhow::Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["check", "--all-targets", "--message-format=json"]);
    command.args(options.package.iter().flat_map(|spec| ["--package", spec]));
    command.args(options.workspace.then_some("--workspace"));
    command.args(options.excluded_packages.iter().flat_map(|spec| ["--exclude", spec]));
    if let Some(path) = &options.manifest_path {
        command.arg("--manifest-path").arg(path);
    }
    Ok(command.status().context("cannot run `cargo check`")?.success())
}

fn packages(arguments: &PackagesCheck) -> anyhow::Result<Packages> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    let manifest = workspace::locate(&working_directory, arguments.packages.manifest_path.as_deref());
    let workspace = manifest.and_then(|manifest| workspace::read(&manifest)).map_err(explain)?;
    let mut err = anstream::stderr();
    if let Some(reason) = workspace.fallback.as_ref().filter(|_| !arguments.check.output.quiet) {
        writeln!(err, "note: cargo does not describe this workspace, so the manifests were read instead: {reason}")?;
    }
    let (chosen, remarks) = selection::choose(&workspace, &arguments.packages, !arguments.check.paths.is_empty())?;
    for remark in remarks {
        writeln!(err, "warning: {remark}")?;
    }
    let directory = |at: &usize| workspace.packages[*at].directory.clone();
    // Whoever stands in a package means it, wherever it lies.
    let is_alone = chosen.len() == 1 && !arguments.packages.workspace && arguments.check.paths.is_empty();
    Ok(Packages {
        chosen: chosen.iter().map(directory).collect(),
        are_named: is_alone || !arguments.packages.package.is_empty(),
        around: std::iter::once(workspace.root).chain(workspace.packages.into_iter().map(|it| it.directory)).collect(),
    })
}

fn explain(error: WorkspaceError) -> anyhow::Error {
    let help = match &error {
        WorkspaceError::NoManifest(_) => {
            "go to a cargo package or name one with `--manifest-path`; `leaklint` looks at any directory".to_owned()
        }
        WorkspaceError::NotAManifest(path) if path.is_dir() => {
            format!("its manifest is `{}`", path.join("Cargo.toml").display())
        }
        WorkspaceError::NotAManifest(_) | WorkspaceError::Missing(_) => {
            "`--manifest-path` takes the path of a `Cargo.toml`".to_owned()
        }
        WorkspaceError::Broken { .. } => return error.into(),
    };
    UserError { message: error.to_string(), help }.into()
}
