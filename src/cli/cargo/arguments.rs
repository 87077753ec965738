//! What can be asked for through cargo. The doc comments here are the help text.

use std::path::PathBuf;

use clap::{Args, Command, Parser, Subcommand};

use super::super::arguments::{Check, EXIT_CODES, OtherVerb};

/// Finds the resource leaks of cargo packages, before they ship
///
/// Reports on the package of the current directory; at the root of a workspace without a package of its own, on its
/// default members, or on all. The whole workspace is analysed, with the path dependencies inside it, and never code
/// from a registry: choosing packages makes the report smaller, but does not change its findings.
///
/// A package is everything below its `Cargo.toml` except other packages. TypeScript and JavaScript in it are part of
/// it, except below a `package.json` of their own: `leaklint` reports on those.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-leaklint",
    bin_name = "cargo leaklint",
    version,
    args_conflicts_with_subcommands = true,
    after_help = EXIT_CODES
)]
pub(super) struct CargoCli {
    #[command(subcommand)]
    pub(super) verb: Option<CargoVerb>,
    #[command(flatten)]
    pub(super) check: PackagesCheck,
}

#[derive(Debug, Subcommand)]
pub(super) enum CargoVerb {
    /// Look for leaks (what happens without a command)
    #[command(after_help = EXIT_CODES)]
    Check(Box<PackagesCheck>),
    #[command(flatten)]
    Other(OtherVerb),
}

#[derive(Debug, Args)]
pub(super) struct PackagesCheck {
    #[command(flatten)]
    pub(super) packages: PackageOptions,
    /// Run `cargo check` first and pass on its messages, for editors that run this in its place
    #[arg(long, help_heading = "Output")]
    pub(super) with_check: bool,

    #[command(flatten)]
    pub(super) check: Check,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Packages")]
pub(super) struct PackageOptions {
    /// Report on this package: a name, `name@version`, or a glob of names (repeatable)
    #[arg(short, long, value_name = "SPEC")]
    pub(super) package: Vec<String>,

    /// Report on all packages of the workspace
    #[arg(long, visible_alias = "all")]
    pub(super) workspace: bool,

    /// With --workspace, leave out a package (repeatable)
    #[arg(long = "exclude", value_name = "SPEC", requires = "workspace")]
    pub(super) excluded_packages: Vec<String>,

    /// The `Cargo.toml` to start from [default: the nearest]
    #[arg(long, value_name = "PATH")]
    pub(super) manifest_path: Option<PathBuf>,
}

/// Cargo's `--exclude` is about packages, so the one about paths has another name here.
pub(super) fn name_options_apart(command: Command) -> Command {
    fn renamed(command: Command) -> Command {
        command
            .mut_arg("exclude", |exclude| exclude.long("exclude-path"))
            .mut_arg("paths", |paths| paths.help("Report on these files and directories of the packages only"))
    }
    renamed(command).mut_subcommand("check", renamed)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_is_consistent() {
        name_options_apart(CargoCli::command()).debug_assert();
    }
}
