//! `--fix` and `--diff` by the binary: what is written, what is not, and what is said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const POOL: &str = "\
import { Pool } from 'pg';
export const pool = new Pool({ connectionString: process.env.URL, connectionTimeoutMillis: 5000 });
pool.on('error', (error) => console.error(error));
";

const LEAK: &str = "\
import { pool } from './pool';

export async function user(id) {
  const client = await pool.connect();
  await client.query('update users set seen = now() where id = $1', [id]);
  const { rows } = await client.query('select 1 where id = $1', [id]);
  return rows[0];
}
";

const FIXED: &str = "\
import { pool } from './pool';

export async function user(id) {
  const client = await pool.connect();
  try {
    await client.query('update users set seen = now() where id = $1', [id]);
    const { rows } = await client.query('select 1 where id = $1', [id]);
    return rows[0];
  } finally {
    client.release();
  }
}
";

fn project(users: &str) -> TempDir {
    let directory = tempfile::Builder::new().prefix("leaklint-").tempdir().unwrap();
    fs::write(directory.path().join("package.json"), r#"{ "name": "users", "dependencies": { "pg": "8" } }"#).unwrap();
    fs::write(directory.path().join("pool.js"), POOL).unwrap();
    fs::write(directory.path().join("users.js"), users).unwrap();
    directory
}

fn git(directory: &Path, arguments: &str) {
    let mut command = Command::new("git");
    command.current_dir(directory).args(["-c", "user.name=a", "-c", "user.email=a@b"]);
    let output = command.args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

fn leaklint(directory: &Path, arguments: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    command.current_dir(directory).args(arguments.split_whitespace());
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "TERM"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn users(directory: &TempDir) -> String {
    fs::read_to_string(directory.path().join("users.js")).unwrap()
}

#[test]
fn what_is_fixed_is_written_and_no_longer_reported() {
    let directory = project(LEAK);
    let (code, stdout, stderr) = leaklint(directory.path(), "--fix --output-format concise");
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.starts_with("fixed 1 finding in 1 file\n"), "{stderr}");
    assert_eq!(users(&directory), FIXED);
    let (code, _, stderr) = leaklint(directory.path(), "--fix");
    assert_eq!(code, Some(0));
    assert!(stderr.starts_with("nothing to fix\n"), "{stderr}");
    assert_eq!(users(&directory), FIXED);
}

#[test]
fn only_what_was_asked_for_is_fixed() {
    let directory = project(LEAK);
    assert_eq!(leaklint(directory.path(), "--fix --only unclosed-client").0, Some(0));
    assert_eq!(leaklint(directory.path(), "--fix -A unreleased-lease").0, Some(0));
    assert_eq!(leaklint(directory.path(), "pool.js --fix").0, Some(0));
    assert_eq!(users(&directory), LEAK);
}

#[test]
fn a_diff_is_one_that_git_applies_and_writes_nothing() {
    let directory = project(LEAK);
    let (code, stdout, stderr) = leaklint(directory.path(), "--diff");
    assert_eq!(code, Some(1), "the code as it is has a finding: {stderr}");
    assert!(stdout.starts_with("--- a/users.js\n+++ b/users.js\n@@ "), "{stdout}");
    assert_eq!(stderr, "would fix 1 finding in 1 file\n");
    assert_eq!(users(&directory), LEAK);
    fs::write(directory.path().join("the.diff"), stdout).unwrap();
    git(directory.path(), "init --quiet");
    git(directory.path(), "apply the.diff");
    assert_eq!(users(&directory), FIXED);
    assert_eq!(leaklint(directory.path(), "--diff").1, "");
}

#[test]
fn line_endings_and_the_byte_order_mark_stay() {
    let crlf = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let directory = project(&crlf(LEAK));
    assert_eq!(leaklint(directory.path(), "--fix").0, Some(0));
    assert_eq!(users(&directory), crlf(FIXED));
}

#[test]
fn a_work_tree_with_changes_is_left_alone() {
    let directory = project(LEAK);
    let path = directory.path();
    git(path, "init --quiet");
    // A file that git does not know could not be had back.
    let (code, stdout, stderr) = leaklint(path, "--fix");
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("`users.js`") && stderr.contains("--allow-dirty"), "{stderr}");
    git(path, "add .");
    git(path, "commit --quiet -m first");
    fs::write(path.join("pool.js"), format!("{POOL}// changed\n")).unwrap();
    assert_eq!(leaklint(path, "--fix").0, Some(2));
    assert_eq!(users(&directory), LEAK);
    git(path, "checkout --quiet pool.js");
    // What git does not know and nobody changes is not in the way.
    fs::write(path.join("notes.txt"), "").unwrap();
    assert_eq!(leaklint(path, "--fix").0, Some(0));
    assert_eq!(users(&directory), FIXED);
    fs::write(path.join("users.js"), LEAK).unwrap();
    fs::write(path.join("pool.js"), format!("{POOL}// changed\n")).unwrap();
    assert_eq!(leaklint(path, "--fix --allow-dirty").0, Some(0));
    assert_eq!(users(&directory), FIXED);
}

/// A project whose catalogue proposes `value` as the limit of a pool.
fn with_limit(value: &str) -> TempDir {
    let directory = project(LEAK);
    let configuration = format!(
        r#"
[[library]]
name = "tank"
packages = ["tank"]

[[library.resource]]
id = "tank.Tank"
kind = "pool"
noun = "tank"
create = ["new Tank"]
release = ["end"]
opens = "lazily"
shared = "process"
collected = true
options = ["0"]
help = "share it"

[[library.resource.limit]]
options = ["patience"]
value = "{value}"
default = "waits for ever"
important = true
"#
    );
    fs::write(directory.path().join("leaklint.toml"), configuration).unwrap();
    fs::write(directory.path().join("tank.js"), TANK).unwrap();
    directory
}

const TANK: &str = "\
import { Tank } from 'tank';
export const tank = new Tank({ url: process.env.URL });
";

/// Fixes all there is, and says what became of the tank.
fn filled(value: &str) -> (String, String) {
    let directory = with_limit(value);
    let (_, _, stderr) = leaklint(directory.path(), "--fix --unsafe-fixes");
    // What else is fixed in the same pass stays fixed.
    assert_eq!(users(&directory), FIXED, "{stderr}");
    (fs::read_to_string(directory.path().join("tank.js")).unwrap(), stderr)
}

#[test]
fn a_fix_that_holds_stays() {
    let (text, stderr) = filled("5000");
    assert_eq!(text, TANK.replace("URL }", "URL, patience: 5000 }"), "{stderr}");
    assert!(stderr.starts_with("fixed 2 findings in 2 files\n"), "{stderr}");
}

#[test]
fn a_fix_whose_result_cannot_be_parsed_is_taken_back_and_told() {
    let (text, stderr) = filled("5000 5000");
    assert_eq!(text, TANK);
    assert!(stderr.contains("tank.js:2") && stderr.contains("would not compile"), "{stderr}");
    assert!(stderr.contains("fixed 1 finding in 1 file\n"), "{stderr}");
}

#[test]
fn a_fix_whose_result_a_compiler_would_refuse_is_taken_back_and_told() {
    let (text, stderr) = filled("((one, one) => one)(1, 2)");
    assert_eq!(text, TANK);
    assert!(stderr.contains("would not compile"), "{stderr}");
}

#[test]
fn a_fix_that_brings_another_finding_is_taken_back_and_told() {
    let (text, stderr) = filled("new Tank({ url: process.env.OTHER })");
    assert_eq!(text, TANK);
    assert!(stderr.contains("tank.js:2") && stderr.contains("is still found by `pool-without-limits`"), "{stderr}");
}

#[test]
fn fixes_are_shown_in_the_reports() {
    let directory = project(LEAK);
    let (_, stdout, _) = leaklint(directory.path(), "--output-format json");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let fix = &json["findings"][0]["fix"];
    assert_eq!(fix["applicability"], "safe");
    assert_eq!(fix["title"], "call `client.release()` in a `finally` block");
    let mut fixed = LEAK.to_owned();
    for edit in fix["edits"].as_array().unwrap().iter().rev() {
        assert_eq!(edit["path"], "users.js");
        let at = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
        fixed.replace_range(at("start")..at("end"), edit["text"].as_str().unwrap());
    }
    assert_eq!(fixed, FIXED);
    let (_, stdout, _) = leaklint(directory.path(), "");
    assert!(stdout.contains("fix: call `client.release()` in a `finally` block\n"), "{stdout}");
    assert!(stdout.contains("   5 +   try {\n"), "{stdout}");
}

/// The title of the only proposal, and the text it would make.
fn proposed(text: &str) -> (String, String) {
    let directory = project(text);
    let (_, stdout, _) = leaklint(directory.path(), "--output-format json");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let fix = &json["findings"][0]["fix"];
    assert_eq!(fix["applicability"], "display-only", "{json:#}");
    let mut after = text.to_owned();
    for edit in fix["edits"].as_array().unwrap().iter().rev() {
        let at = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
        after.replace_range(at("start")..at("end"), edit["text"].as_str().unwrap());
    }
    // It is shown, and never applied.
    assert_eq!(leaklint(directory.path(), "--fix --unsafe-fixes").0, Some(1));
    assert_eq!(users(&directory), text);
    (fix["title"].as_str().unwrap().to_owned(), after)
}

#[test]
fn what_depends_on_the_call_is_proposed_to_be_kept_by_what_it_depends_on() {
    let (title, after) = proposed(
        "\
import { Pool } from 'pg';
import express from 'express';

const app = express();

app.get('/:tenant/users', async (request, response) => {
  const tenant = request.params.tenant;
  const pool = new Pool({ database: tenant, connectionTimeoutMillis: 5000 });
  pool.on('error', (error) => console.error(error));
  response.json((await pool.query('select * from users limit 100')).rows);
});
",
    );
    assert_eq!(title, "keep one pool for each `tenant`, and not too many of them; or have it passed in");
    assert_eq!(
        after,
        "\
import { Pool } from 'pg';
import express from 'express';

const app = express();

const pools = new Map();

/** One for each `tenant`; when there are too many, the oldest goes. */
function poolFor(tenant) {
  const key = JSON.stringify([tenant]);
  let pool = pools.get(key);
  if (!pool) {
    pool = new Pool({ database: tenant, connectionTimeoutMillis: 5000 });
    pools.set(key, pool);
    if (pools.size > 16) {
      const [[oldest, ended]] = pools;
      pools.delete(oldest);
      void ended.end();
    }
  }
  return pool;
}

app.get('/:tenant/users', async (request, response) => {
  const tenant = request.params.tenant;
  const pool = poolFor(tenant);
  pool.on('error', (error) => console.error(error));
  response.json((await pool.query('select * from users limit 100')).rows);
});
"
    );
}

#[test]
fn what_only_grows_is_proposed_a_bound() {
    let (title, after) = proposed(
        "\
import express from 'express';

const app = express();
const visits = new Map();

app.get('/users/:id', (request, response) => {
  visits.set(request.params.id, Date.now());
  response.sendStatus(204);
});
",
    );
    assert_eq!(title, "bound `visits`: the oldest entry goes; or use a cache that does so by itself");
    assert!(
        after.contains(
            "\
  visits.set(request.params.id, Date.now());
  if (visits.size > 10_000) {
    visits.delete(visits.keys().next().value);
  }
  response.sendStatus(204);
"
        ),
        "{after}"
    );
}

#[test]
fn options_that_need_others_say_so() {
    for arguments in ["--unsafe-fixes", "--allow-dirty", "--fix --diff"] {
        let (code, _, stderr) = leaklint(project(LEAK).path(), arguments);
        assert_eq!(code, Some(2), "{arguments}: {stderr}");
    }
}
