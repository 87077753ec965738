//! What can be asked for. The doc comments here are the help text.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::fix::Fixing;
use super::output::{Output, OutputParser};
use super::rule_argument::RuleArgument;
use crate::config::Selector;
use crate::findings::{Confidence, Severity};

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
    /// Record the present findings, so that later runs report new ones only
    Baseline(Box<Baseline>),
    #[command(flatten)]
    Other(OtherVerb),
}

/// The commands that do not look for leaks.
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
    /// Explain a rule: what it finds, why that hurts and how to fix it; or explain one finding
    Explain {
        /// A rule's id, as `leaklint rules` lists it
        #[arg(required_unless_present = "finding")]
        rule: Option<RuleArgument>,

        /// A finding: its `PATH:LINE`, or the beginning of its fingerprint
        #[arg(long, value_name = "FINDING", conflicts_with = "rule")]
        finding: Option<String>,
    },
    /// Show what is known of libraries, or what was inferred of the project's own code
    Catalogue {
        /// One library; without it, all of them, one line each
        library: Option<String>,

        /// Show what is inferred of the project's own factories, releasers and classes, in the form of `leaklint.toml`
        /// [default: of the current directory]
        #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = ".", conflicts_with = "library")]
        inferred: Option<PathBuf>,
    },
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and directories to report on; the project around them is analysed [default: the current directory]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Read this file's text from standard input and report on it: for editors, whose text is not saved
    #[arg(long, value_name = "PATH", conflicts_with_all = ["fix", "diff", "changed", "since", "staged"])]
    pub(super) stdin_filename: Option<PathBuf>,

    #[command(flatten)]
    pub(super) output: OutputOptions,

    #[command(flatten)]
    pub(super) rules: RuleOptions,

    #[command(flatten)]
    pub(super) fixing: Fixing,

    #[command(flatten)]
    pub(super) project: ProjectOptions,

    #[command(flatten)]
    pub(super) known: KnownOptions,

    #[command(flatten)]
    pub(super) show: ShowOptions,
}

/// `leaklint baseline`
#[derive(Debug, Args)]
pub(super) struct Baseline {
    /// Record the findings of these files and directories only, and keep the entries of others
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Record nothing, and drop entries that are not found any more
    #[arg(long)]
    pub(super) prune: bool,

    /// The baseline file [default: the nearest, or one at the top of the project]
    #[arg(long, value_name = "PATH")]
    pub(super) baseline: Option<PathBuf>,

    #[command(flatten)]
    pub(super) rules: RuleOptions,

    #[command(flatten)]
    pub(super) project: ProjectOptions,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputOptions {
    /// The output format, optionally with a file to write to instead of stdout (repeatable) [default: full; on GitHub
    /// Actions github]
    #[arg(long, value_name = "FORMAT[=PATH]", value_parser = OutputParser)]
    pub(super) output_format: Vec<Output>,

    /// Show at most N findings; the exit code still counts all
    #[arg(long, value_name = "N")]
    pub(super) max_diagnostics: Option<usize>,

    /// Print the number of findings of each rule, on stderr
    #[arg(long)]
    pub(super) statistics: bool,

    /// Print the whole argument for each finding, and the evidence against it (format full)
    #[arg(long)]
    pub(super) trace: bool,

    /// Print how long each stage took, on stderr
    #[arg(long)]
    pub(super) timings: bool,

    /// Print findings and problems only
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// When to colour the output
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(super) color: Color,

    /// Fail only when there are more than N warnings, or errors
    #[arg(long, value_name = "N")]
    pub(super) max_warnings: Option<usize>,

    /// Exit with 0 even if there are findings
    #[arg(long)]
    pub(super) exit_zero: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct RuleOptions {
    /// Keep only findings of this rule or family (repeatable)
    #[arg(long, value_name = "RULE")]
    pub(super) only: Vec<Selector>,

    /// Drop findings of a rule or family; the last of -A, -W and -D for a rule counts
    #[arg(short = 'A', long = "allow", value_name = "RULE")]
    pub(super) allow: Vec<Selector>,

    /// Make findings of a rule or family warnings; notes stay notes
    #[arg(short = 'W', long = "warn", value_name = "RULE")]
    pub(super) warn: Vec<Selector>,

    /// Make findings of a rule or family errors; notes stay notes
    #[arg(short = 'D', long = "deny", value_name = "RULE")]
    pub(super) deny: Vec<Selector>,

    /// Make every warning an error
    #[arg(long)]
    pub(super) deny_warnings: bool,

    /// Drop findings with a lower confidence
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) min_confidence: Option<ConfidenceArgument>,

    /// Drop findings with a lower severity
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) min_severity: Option<SeverityArgument>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Project")]
pub(super) struct ProjectOptions {
    /// Use this configuration file and no other; its globs start from the current directory
    #[arg(long, value_name = "PATH")]
    pub(super) config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, conflicts_with = "config")]
    pub(super) no_config: bool,

    /// Leave out paths that match a glob (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,

    /// Include files that .gitignore and the like hide
    #[arg(long)]
    pub(super) no_ignore: bool,

    /// How many threads to use [default: as many as there are cores]
    #[arg(short = 'j', long, value_name = "N")]
    pub(super) threads: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is known")]
pub(super) struct KnownOptions {
    /// Report only what this baseline does not contain [default: the nearest `leaklint-baseline.json`]
    #[arg(long, value_name = "PATH")]
    pub(super) baseline: Option<PathBuf>,

    /// Report everything, whatever a baseline contains
    #[arg(long, conflicts_with = "baseline")]
    pub(super) no_baseline: bool,

    /// Report only what changed since the last commit: findings in changed files, and new ones elsewhere. The whole
    /// project is analysed, and if needed also as it was before
    #[arg(long)]
    pub(super) changed: bool,

    /// Report only what changed since the branch left REF, or since a commit
    #[arg(long, value_name = "REF", conflicts_with = "changed")]
    pub(super) since: Option<String>,

    /// Report only what is staged, as it is in the files
    #[arg(long, conflicts_with_all = ["changed", "since"])]
    pub(super) staged: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Instead of looking")]
pub(super) struct ShowOptions {
    /// Print the configuration of the paths
    #[arg(long)]
    pub(super) show_config: bool,

    /// Print the files that are reported on
    #[arg(long, conflicts_with = "show_config")]
    pub(super) show_files: bool,
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
