//! `leaklint`: arguments in, exit code out.

use std::process::ExitCode;

/// Lowering and analysis make many small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    leaklint::cli::run(std::env::args_os())
}
