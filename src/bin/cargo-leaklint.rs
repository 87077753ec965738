//! `cargo leaklint`: the same command line, as cargo calls it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    // Cargo repeats the subcommand's name as the first argument.
    if arguments.get(1).is_some_and(|argument| argument == "leaklint") {
        arguments.remove(1);
    }
    leaklint::cli::run(arguments)
}
