//! The baseline, as a user meets it: recorded once, read by every later run, pruned when things get better.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::path::Path;

use binary::{CLEAN, LEAK, found, project, run, write};

const FILE: &str = "leaklint-baseline.json";

fn recorded(directory: &Path) -> u64 {
    let text = fs::read_to_string(directory.join(FILE)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["findings"].as_array().unwrap().iter().map(|entry| entry["count"].as_u64().unwrap()).sum()
}

#[test]
fn what_is_recorded_is_not_told_again_and_what_is_new_is() {
    let directory = project(&[("package.json", "{}"), ("src/a.ts", LEAK)]);
    let directory = directory.path();
    let (stdout, _) = run(directory, "baseline", 0);
    assert_eq!(stdout, "recorded 3 findings in leaklint-baseline.json; from now on `leaklint` tells of new ones\n");
    insta::assert_snapshot!("file", fs::read_to_string(directory.join(FILE)).unwrap());
    let (stdout, stderr) = run(directory, "", 0);
    assert_eq!(stdout, "");
    assert!(
        stderr.starts_with("no new leaks found in 1 file, ")
            && stderr.ends_with("; 3 more in leaklint-baseline.json\n"),
        "{stderr}"
    );
    // Wherever the run is started, and for a part of the project as well.
    run(&directory.join("src"), "a.ts", 0);
    run(directory, "--no-baseline", 1);
    write(directory, "src/b.ts", LEAK);
    assert!(found(directory, "", 1).lines().all(|line| line.starts_with("src/b.ts: ")));
    let (stdout, _) = run(directory, "", 1);
    assert!(stdout.contains("; 3 more in leaklint-baseline.json\n"), "{stdout}");
}

#[test]
fn lines_move_and_things_are_renamed() {
    let directory = project(&[("package.json", "{}"), ("src/a.ts", LEAK)]);
    let directory = directory.path();
    run(directory, "baseline", 0);
    write(directory, "src/a.ts", &format!("// a\n// b\n\n{}", LEAK.replace("  const pool", "      const pool")));
    run(directory, "", 0);
    write(directory, "src/a.ts", &LEAK.replace("process.env.DATABASE_URL", "process.env.URL"));
    run(directory, "", 0);
    fs::rename(directory.join("src/a.ts"), directory.join("src/renamed.ts")).unwrap();
    write(directory, "src/renamed.ts", LEAK);
    run(directory, "", 0);
    // A copy is new.
    write(directory, "src/a.ts", LEAK);
    assert!(found(directory, "", 1).lines().all(|line| line.starts_with("src/renamed.ts: ")));
}

#[test]
fn what_is_gone_is_told_and_pruned() {
    let directory = project(&[("package.json", "{}"), ("src/a.ts", LEAK), ("src/b.ts", LEAK)]);
    let directory = directory.path();
    run(directory, "baseline", 0);
    write(directory, "src/a.ts", CLEAN);
    let (_, stderr) = run(directory, "", 0);
    insta::assert_snapshot!(stderr.lines().skip(1).collect::<Vec<_>>().join("\n"), @r"
    3 findings of leaklint-baseline.json not found any more:
      src/a.ts: pool-per-call
      src/a.ts: pool-without-error-handler
      src/a.ts: pool-without-limits
    `leaklint baseline --prune` drops them
    ");
    // What was not asked for is not gone.
    assert_eq!(run(directory, "src/b.ts", 0).1.lines().count(), 1);
    assert_eq!(run(directory, "--quiet", 0).1, "");
    let (stdout, _) = run(directory, "baseline --prune", 0);
    assert_eq!(stdout, "dropped 3 findings that are gone from leaklint-baseline.json; 3 left\n");
    assert_eq!(run(directory, "", 0).1.lines().count(), 1);
    // What is fixed comes back as new.
    write(directory, "src/a.ts", LEAK);
    run(directory, "", 1);
}

#[test]
fn a_part_is_recorded_without_the_rest() {
    let directory = project(&[("package.json", "{}"), ("src/a.ts", LEAK), ("src/b.ts", LEAK)]);
    let directory = directory.path();
    run(directory, "baseline src/a.ts", 0);
    assert_eq!(recorded(directory), 3);
    run(directory, "baseline src/b.ts -A hygiene", 0);
    assert_eq!(recorded(directory), 4);
    fs::remove_file(directory.join("src/a.ts")).unwrap();
    run(directory, "baseline", 0);
    assert_eq!(recorded(directory), 3);
}

#[test]
fn it_lies_where_one_says() {
    let directory = project(&[
        ("package.json", "{}"),
        ("src/a.ts", LEAK),
        ("leaklint.toml", "baseline = \"ci/known.json\"\n"),
        ("ci/x", ""),
    ]);
    let directory = directory.path();
    run(directory, "", 1);
    run(directory, "baseline", 0);
    assert!(directory.join("ci/known.json").is_file());
    run(directory, "", 0);
    run(&directory.join("src"), "", 0);
    run(directory, "baseline --baseline other.json", 0);
    run(directory, "--baseline other.json", 0);
    let (_, stderr) = run(directory, "--baseline missing.json", 2);
    assert_eq!(stderr, "error: missing.json: no such file; `leaklint baseline` records one\n");
    write(directory, "ci/known.json", "[]");
    let (_, stderr) = run(directory, "", 2);
    assert!(stderr.starts_with("error: ci/known.json: not a baseline: "), "{stderr}");
}
