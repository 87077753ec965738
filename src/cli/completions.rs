//! `leaklint completions SHELL`.

use std::io::Write;

use clap::CommandFactory as _;

use super::Verdict;
use super::arguments::Cli;

pub(super) fn generate(shell: clap_complete::Shell, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    // The generator panics when it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "leaklint", &mut script);
    out.write_all(&script)?;
    Ok(Verdict::Clean)
}
