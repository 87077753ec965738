//! `--changed`, `--since` and `--staged`, in repositories as people have them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::path::Path;
use std::process::Command;

use binary::{CLEAN, LEAK, found, project, run, write};

/// What `getDb` gives has to be closed by whoever calls it.
const FACTORY: &str = "import postgres from 'postgres';
import { drizzle } from 'drizzle-orm/postgres-js';
export async function getDb() {
  const client = postgres(process.env.URL!, { max: 5, max_lifetime: 1800 });
  return { db: drizzle(client), cleanup: () => client.end() };
}
";

/// Everybody shares what `getDb` gives.
const SHARED: &str = "import postgres from 'postgres';
import { drizzle } from 'drizzle-orm/postgres-js';
const client = postgres(process.env.URL!, { max: 5, max_lifetime: 1800 });
export async function getDb() {
  return { db: drizzle(client), cleanup: async () => {} };
}
";

const CALLER: &str = "import { getDb } from './db';
import { users } from './schema';
export class Users {
  async create(name: string) {
    const { db } = await getDb();
    return db.insert(users).values({ name }).returning();
  }
}
";

fn git(directory: &Path, arguments: &str) {
    let mut command = Command::new("git");
    command.current_dir(directory).args(["-c", "user.name=a", "-c", "user.email=a@example.org"]);
    let output = command.args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "git {arguments}: {output:?}");
}

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = project(files);
    git(directory.path(), "init --quiet -b main");
    git(directory.path(), "add .");
    git(directory.path(), "commit --quiet -m first");
    directory
}

#[test]
fn only_what_changed_is_told() {
    let directory = repository(&[("package.json", "{}"), ("src/old.ts", LEAK), ("src/a.ts", CLEAN)]);
    let directory = directory.path();
    assert!(found(directory, "", 1).contains("src/old.ts"));
    assert_eq!(found(directory, "--changed", 0), "");
    let (_, stderr) = run(directory, "--changed", 0);
    assert!(stderr.starts_with("no new leaks found in 2 files, 0 changed, "), "{stderr}");
    write(directory, "src/a.ts", LEAK);
    write(directory, "src/untracked.ts", LEAK);
    let told = found(directory, "--changed", 1);
    assert!(told.contains("src/a.ts") && told.contains("src/untracked.ts") && !told.contains("src/old.ts"), "{told}");
    assert_eq!(found(directory, "--staged", 0), "");
    git(directory, "add src/a.ts");
    let told = found(directory, "--staged", 1);
    assert!(told.lines().all(|line| line.starts_with("src/a.ts: ")), "{told}");
    let told = found(&directory.join("src"), "--staged", 1);
    assert!(told.lines().all(|line| line.starts_with("a.ts: ")), "{told}");
}

#[test]
fn what_a_change_causes_elsewhere_is_told_and_what_was_there_is_not() {
    let directory =
        repository(&[("package.json", "{}"), ("src/db.ts", SHARED), ("src/users.ts", CALLER), ("src/old.ts", LEAK)]);
    let directory = directory.path();
    git(directory, "checkout --quiet -b feature");
    write(directory, "src/db.ts", FACTORY);
    git(directory, "commit --quiet -am second");
    assert_eq!(found(directory, "--changed", 0), "");
    let told = found(directory, "--since main", 1);
    // The call stands in a file that did not change.
    assert!(told.contains("src/users.ts: error[discarded-cleanup]") && !told.contains("src/old.ts"), "{told}");
    let told = found(directory, "--since main src/users.ts", 1);
    assert_eq!(told, "src/users.ts: error[discarded-cleanup]");
    assert!(git_status(directory).is_empty(), "the repository was written to");
}

fn git_status(directory: &Path) -> String {
    let output = Command::new("git").current_dir(directory).args(["status", "--porcelain"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_main_got_in_the_meantime_is_no_change_of_the_branch() {
    let directory = repository(&[("package.json", "{}"), ("src/a.ts", LEAK), ("src/b.ts", CLEAN)]);
    let directory = directory.path();
    git(directory, "checkout --quiet -b feature");
    git(directory, "checkout --quiet main");
    write(directory, "src/a.ts", CLEAN);
    git(directory, "commit --quiet -am fixed");
    git(directory, "checkout --quiet feature");
    assert_eq!(found(directory, "--since main", 0), "");
}

#[test]
fn a_renamed_file_brings_nothing_new() {
    let directory = repository(&[("package.json", "{}"), ("src/a.ts", LEAK)]);
    let directory = directory.path();
    fs::create_dir(directory.join("src/more")).unwrap();
    git(directory, "mv src/a.ts src/more/a.ts");
    // It is a changed file all the same, and what stands in one is told.
    assert!(found(directory, "--changed", 1).contains("src/more/a.ts"));
}

#[test]
fn without_a_commit_everything_is_new_and_without_git_it_is_an_error() {
    let directory = project(&[("package.json", "{}"), ("src/a.ts", LEAK)]);
    let directory = directory.path();
    let (_, stderr) = run(directory, "--changed", 2);
    assert!(stderr.starts_with("error: ") && stderr.contains("is in no git repository"), "{stderr}");
    git(directory, "init --quiet -b main");
    assert!(found(directory, "--changed", 1).contains("src/a.ts"));
    assert_eq!(found(directory, "--staged", 0), "");
    git(directory, "add .");
    assert!(found(directory, "--staged", 1).contains("src/a.ts"));
    git(directory, "commit --quiet -m first");
    let (_, stderr) = run(directory, "--since nowhere", 2);
    assert_eq!(stderr, "error: git knows no `nowhere`\n");
    run(directory, "--since --option", 2);
}
