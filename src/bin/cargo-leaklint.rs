//! `cargo leaklint`: the same for the packages of a cargo workspace.

use std::process::ExitCode;

/// Lowering and analysis make many small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    leaklint::cli::run_for_cargo(std::env::args_os())
}
