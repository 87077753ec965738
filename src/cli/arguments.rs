//! What can be asked for. The doc comments here are the help text.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::fix::Fixing;
use super::rule_argument::RuleArgument;
use crate::config::Selector;
use crate::findings::{Confidence, Severity};
use crate::reporting::Format;

/// Finds the resource leaks that take services down, before they ship
#[derive(Debug, Parser)]
#[command(name = "leaklint", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
    #[command(flatten)]
    pub(super) check: Check,
}

pub(super) const EXIT_CODES: &str = "Exit codes: 0 nothing that fails a run, 1 findings, 2 the run itself failed.";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Look for leaks (what happens without a command)
    #[command(after_help = EXIT_CODES)]
    Check(Box<Check>),
    #[command(flatten)]
    Other(OtherVerb),
}

/// What looks for nothing.
#[derive(Debug, Subcommand)]
pub(super) enum OtherVerb {
    /// Write a `leaklint.toml` that fits the project
    Init {
        /// The directory to write it to [default: the current directory]
        #[arg(value_name = "DIRECTORY")]
        directory: Option<PathBuf>,
    },
    /// List the rules
    Rules,
    /// Say what a rule finds, why it hurts and how to fix it
    Explain {
        /// A rule's id, as `leaklint rules` lists it
        rule: RuleArgument,
    },
    /// Say what is known of libraries
    Catalogue {
        /// One library; without it, all of them in one line each
        library: Option<String>,
    },
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and directories to report on; the project around them is analysed [default: the current directory]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// How findings are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output")]
    pub(super) output_format: Format,

    /// Show at most N findings; the exit code still counts all
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(super) max_diagnostics: Option<usize>,

    /// Say how many findings each rule has, on stderr
    #[arg(long, help_heading = "Output")]
    pub(super) statistics: bool,

    /// Print findings and problems only
    #[arg(short, long, help_heading = "Output")]
    pub(super) quiet: bool,

    /// When to colour the output
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, help_heading = "Output")]
    pub(super) color: Color,

    #[command(flatten)]
    pub(super) fixing: Fixing,

    /// Keep only findings of this rule or family (repeatable)
    #[arg(long, value_name = "RULE", help_heading = "Rules")]
    pub(super) only: Vec<Selector>,

    /// Drop findings of a rule or family; of -A, -W and -D the last one for a rule counts
    #[arg(short = 'A', long = "allow", value_name = "RULE", help_heading = "Rules")]
    pub(super) allow: Vec<Selector>,

    /// Make findings of a rule or family warnings; notes stay notes
    #[arg(short = 'W', long = "warn", value_name = "RULE", help_heading = "Rules")]
    pub(super) warn: Vec<Selector>,

    /// Make findings of a rule or family errors; notes stay notes
    #[arg(short = 'D', long = "deny", value_name = "RULE", help_heading = "Rules")]
    pub(super) deny: Vec<Selector>,

    /// Make every warning an error
    #[arg(long, help_heading = "Rules")]
    pub(super) deny_warnings: bool,

    /// Drop findings the analysis is less sure of
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Rules")]
    pub(super) min_confidence: Option<ConfidenceArgument>,

    /// Drop findings that are less severe
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Rules")]
    pub(super) min_severity: Option<SeverityArgument>,

    /// Exit with 0 also when there are findings
    #[arg(long, help_heading = "Rules")]
    pub(super) exit_zero: bool,

    /// Take this configuration file and no other; its globs start from the current directory
    #[arg(long, value_name = "PATH", help_heading = "Configuration")]
    pub(super) config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, conflicts_with = "config", help_heading = "Configuration")]
    pub(super) no_config: bool,

    /// Print what is configured for the paths, and look for nothing
    #[arg(long, help_heading = "Configuration")]
    pub(super) show_config: bool,

    /// Print the files that are reported on, and look for nothing
    #[arg(long, conflicts_with = "show_config", help_heading = "Configuration")]
    pub(super) show_files: bool,

    /// Leave out paths that match a glob (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Files")]
    pub(super) exclude: Vec<String>,

    /// Look at files that .gitignore and its like hide, too
    #[arg(long, help_heading = "Files")]
    pub(super) no_ignore: bool,

    /// How many threads to use [default: as many as there are cores]
    #[arg(short = 'j', long, value_name = "N", help_heading = "Files")]
    pub(super) threads: Option<NonZeroUsize>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ConfidenceArgument {
    Low,
    Medium,
    High,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SeverityArgument {
    Note,
    Warning,
    Error,
}

impl From<ConfidenceArgument> for Confidence {
    fn from(argument: ConfidenceArgument) -> Self {
        match argument {
            ConfidenceArgument::Low => Self::Low,
            ConfidenceArgument::Medium => Self::Medium,
            ConfidenceArgument::High => Self::High,
        }
    }
}

impl From<SeverityArgument> for Severity {
    fn from(argument: SeverityArgument) -> Self {
        match argument {
            SeverityArgument::Note => Self::Note,
            SeverityArgument::Warning => Self::Warning,
            SeverityArgument::Error => Self::Error,
        }
    }
}
