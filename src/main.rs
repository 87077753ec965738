//! `leaklint`: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    leaklint::cli::run(std::env::args_os())
}
