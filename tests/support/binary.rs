//! Scratch projects, and the binaries run in them as a user runs them.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A request handler that builds a pool for each request; the pool is made in line 6, column 16.
pub(crate) const LEAK: &str = "\
import express from 'express';
import { Pool } from 'pg';

const app = express();
app.get('/users', async (request, response) => {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL });
  const { rows } = await pool.query('select * from users');
  response.json(rows);
});
";

pub(crate) const CLEAN: &str = "export function add(a, b) {\n  return a + b;\n}\n";

/// Variables of the environment that tests must not see: where they run is nobody's business.
pub(crate) const VARIABLES: [&str; 8] =
    ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "TERM", "GITHUB_ACTIONS", "CI_PROJECT_DIR"];

pub(crate) fn project(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::Builder::new().prefix("leaklint-").tempdir().unwrap();
    for (path, text) in files {
        write(directory.path(), path, text);
    }
    directory
}

pub(crate) fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn leaklint(directory: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    command.current_dir(directory).args(arguments.split_whitespace());
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn streams(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Runs in a directory and compares the exit code; gives stdout and stderr.
#[track_caller]
pub(crate) fn run(directory: &Path, arguments: &str, expected: i32) -> (String, String) {
    let (code, stdout, stderr) = streams(&leaklint(directory, arguments).output().unwrap());
    assert_eq!(code, Some(expected), "leaklint {arguments}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

/// The findings of a run: `path: severity[rule]`, one a line.
#[track_caller]
pub(crate) fn found(directory: &Path, arguments: &str, expected: i32) -> String {
    let (stdout, _) = run(directory, &format!("{arguments} --output-format concise"), expected);
    let line = |line: &str| {
        let mut parts = line.splitn(5, ':');
        let path = parts.next().unwrap();
        let what = parts.nth(2).unwrap();
        format!("{path}:{what}")
    };
    stdout.lines().map(line).collect::<Vec<_>>().join("\n")
}
