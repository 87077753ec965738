//! leaklint on itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

#[test]
fn nothing_leaks_here() {
    let run = Command::new(env!("CARGO_BIN_EXE_leaklint"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([".", "--output-format", "concise"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(run.stdout).unwrap(), "");
    assert!(run.status.success());
    // Without the sources the silence would say nothing.
    let summary = String::from_utf8(run.stderr).unwrap();
    let files: usize = summary.split_whitespace().rev().find_map(|word| word.parse().ok()).unwrap();
    assert!(files > 100, "{summary}");
}
