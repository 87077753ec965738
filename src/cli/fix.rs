//! `--fix` and `--diff`: applying rewrites, or showing what would be applied.

use std::io::Write as _;

use clap::Args;

use super::errors::UserError;
use crate::fixing::{self, Outcome};
use crate::reporting::Count;
use crate::rewrite::Applicability;
use crate::run::{Progress, Request};

#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Fixing")]
pub(super) struct Fixing {
    /// Rewrite the code of findings that have a safe fix, and report what is left
    #[arg(long, group = "rewriting")]
    pub(super) fix: bool,

    /// Print what --fix would change as a unified diff, and write nothing
    #[arg(long, group = "rewriting")]
    pub(super) diff: bool,

    /// Apply fixes that may change what the program does, too
    #[arg(long, requires = "rewriting")]
    pub(super) unsafe_fixes: bool,

    /// Fix also where the git work tree has changes that are not committed
    #[arg(long, requires = "fix")]
    pub(super) allow_dirty: bool,
}

impl Fixing {
    /// Applies the fixes of what is found; writes them with `--fix`.
    pub(super) fn run(&self, request: &Request, progress: &dyn Progress) -> anyhow::Result<Outcome> {
        let required = if self.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
        let outcome = fixing::fix(request, required, progress)?;
        if self.fix {
            if !self.allow_dirty {
                fixing::check_clean(&outcome.changes).map_err(|dirty| UserError {
                    message: dirty.to_string(),
                    help: "commit or stash them first, or fix all the same with `--allow-dirty`".to_owned(),
                })?;
            }
            fixing::write(&outcome.changes)?;
        }
        Ok(outcome)
    }
}

/// Whether fixes were written to the files, or only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Written,
    Shown,
}

/// Says on stderr what was done, or would be.
pub(super) fn tell(outcome: &Outcome, done: Done, quiet: bool) -> std::io::Result<()> {
    let mut err = anstream::stderr().lock();
    for undone in &outcome.undone {
        writeln!(
            err,
            "{}:{}: warning: a fix for `{}` was taken back ({}): {}",
            undone.display_path, undone.line, undone.rule, undone.title, undone.reason
        )?;
    }
    if !quiet && done == Done::Written && outcome.applied.is_empty() {
        writeln!(err, "nothing to fix")?;
    } else if !quiet && !outcome.applied.is_empty() {
        let fixed = match done {
            Done::Written => "fixed",
            Done::Shown => "would fix",
        };
        let findings = Count(outcome.applied.len(), "finding");
        writeln!(err, "{fixed} {findings} in {}", Count(outcome.changes.len(), "file"))?;
    }
    Ok(())
}
