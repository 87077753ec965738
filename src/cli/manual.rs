//! `leaklint man`: the manual page.

use std::io::Write;

use clap::CommandFactory as _;

use super::Verdict;
use super::arguments::Cli;

pub(super) fn write(out: &mut dyn Write) -> anyhow::Result<Verdict> {
    // Without a date: the page of a version is always the same.
    clap_mangen::Man::new(Cli::command()).date("").render(out)?;
    Ok(Verdict::Clean)
}
