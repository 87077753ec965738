//! `cargo leaklint`, as cargo calls it, in workspaces as people have them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A library function that leaks what it makes at each call.
const LEAK: &str = "pub fn name(n: u64) -> &'static str {\n    format!(\"{n}\").leak()\n}\n";
const LEAK_IN_TYPESCRIPT: &str = "\
import express from 'express';
import { Pool } from 'pg';
const app = express();
app.get('/users', async (request, response) => {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 5, connectionTimeoutMillis: 5 });
  response.json((await pool.query('select * from users')).rows);
});
";

fn project(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::Builder::new().prefix("leaklint-").tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

/// `cargo-leaklint leaklint …`, which is what `cargo leaklint …` runs.
fn cargo_leaklint(directory: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-leaklint"));
    command.current_dir(directory).arg("leaklint").args(arguments.split_whitespace());
    // What a test sees must not depend on where it runs.
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "TERM", "GITHUB_ACTIONS"] {
        command.env_remove(variable);
    }
    command
}

fn streams(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace('\\', "/");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The files with findings, in order; nothing but the summary may stand on stderr.
#[track_caller]
fn check(directory: &Path, arguments: &str, expected: &[&str]) {
    let arguments = format!("{arguments} --output-format concise");
    let (code, stdout, stderr) = streams(&cargo_leaklint(directory, &arguments).output().unwrap());
    let found: Vec<&str> = stdout.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(found, expected, "{arguments}\n{stdout}\n{stderr}");
    assert_eq!(code, Some(i32::from(!expected.is_empty())), "{arguments}\n{stdout}\n{stderr}");
    assert!(stderr.is_empty() || stderr.starts_with("no leaks found"), "{arguments}\n{stderr}");
}

/// What is said when the run cannot be made.
#[track_caller]
fn check_failure(directory: &Path, arguments: &str, expected: &str) {
    let (code, stdout, stderr) = streams(&cargo_leaklint(directory, arguments).output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments}\n{stderr}");
    let stderr = stderr.replace(&*directory.to_str().unwrap().replace('\\', "/"), "[DIRECTORY]");
    assert_eq!(stderr, expected, "{arguments}");
}

fn manifest(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n")
}

/// A virtual workspace of three; `api` depends on `shared`, and there is a stranger nobody names.
fn workspace(more: &str) -> TempDir {
    let api = manifest("api") + "[dependencies]\nshared = { path = \"../shared\" }\n";
    project(&[
        ("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n{more}")),
        ("crates/api/Cargo.toml", &api),
        ("crates/api/src/lib.rs", LEAK),
        ("crates/shared/Cargo.toml", &manifest("shared")),
        ("crates/shared/src/lib.rs", LEAK),
        ("crates/worker/Cargo.toml", &manifest("worker")),
        ("crates/worker/src/lib.rs", LEAK),
        ("crates/worker/src/more.rs", LEAK),
        ("stranger/src/lib.rs", LEAK),
    ])
}

const API: &str = "crates/api/src/lib.rs";
const SHARED: &str = "crates/shared/src/lib.rs";
const WORKER: [&str; 2] = ["crates/worker/src/lib.rs", "crates/worker/src/more.rs"];
const ALL: [&str; 4] = [API, SHARED, WORKER[0], WORKER[1]];

#[test]
fn a_fresh_package() {
    let directory = project(&[]);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let made = Command::new(cargo).current_dir(&directory).args(["new", "--lib", "--quiet", "fresh"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let fresh = directory.path().join("fresh");
    check(&fresh, "", &[]);
    fs::write(fresh.join("src/lib.rs"), LEAK).unwrap();
    check(&fresh, "", &["src/lib.rs"]);
    check(&fresh, "-p fresh", &["src/lib.rs"]);
    check(&fresh.join("src"), "check", &["lib.rs"]);
    assert!(!fresh.join("Cargo.lock").exists() && !fresh.join("target").exists(), "the project was written to");
}

#[test]
fn packages_of_a_workspace() {
    let directory = workspace("");
    let directory = directory.path();
    check(directory, "", &ALL);
    check(directory, "-p shared", &[SHARED]);
    check(directory, "-p api -p shared", &[API, SHARED]);
    check(directory, "--package=*r*e*", &[SHARED, WORKER[0], WORKER[1]]);
    check(directory, "check -p api@0.1", &[API]);
    check(directory, "--workspace --exclude worker --exclude a*", &[SHARED]);
    check(directory, "--all --exclude-path **/more.rs --exclude api", &[SHARED, WORKER[0]]);
    check(directory, "crates/worker/src/more.rs", &[WORKER[1]]);
    check(directory, "-p worker crates/api crates/worker/src/more.rs", &[WORKER[1]]);
    check(&directory.join("crates/worker/src"), "", &["lib.rs", "more.rs"]);
    check(
        &directory.join("crates"),
        "",
        &["api/src/lib.rs", "shared/src/lib.rs", "worker/src/lib.rs", "worker/src/more.rs"],
    );
    let elsewhere = project(&[]);
    let manifest = directory.join("crates/api/Cargo.toml");
    let mut command = cargo_leaklint(elsewhere.path(), "--output-format concise");
    let (code, stdout, _) = streams(&command.arg("--manifest-path").arg(&manifest).output().unwrap());
    assert!(code == Some(1) && stdout.lines().count() == 1 && stdout.contains("crates/api/src/lib.rs:"), "{stdout}");
}

#[test]
fn the_defaults_are_cargos() {
    let directory = workspace("default-members = [\"crates/shared\"]\n");
    check(directory.path(), "", &[SHARED]);
    check(&directory.path().join("crates/api"), "", &["src/lib.rs"]);
    check(directory.path(), "--workspace", &ALL);

    let root = manifest("root") + "[workspace]\nmembers = [\"inner\"]\nexclude = [\"apart\"]\n";
    let directory = project(&[
        ("Cargo.toml", &root),
        ("src/lib.rs", LEAK),
        ("inner/Cargo.toml", &manifest("inner")),
        ("inner/src/lib.rs", LEAK),
        ("apart/Cargo.toml", &manifest("apart")),
        ("apart/src/lib.rs", LEAK),
    ]);
    check(directory.path(), "", &["src/lib.rs"]);
    check(directory.path(), "--workspace", &["inner/src/lib.rs", "src/lib.rs"]);
    check(&directory.path().join("apart"), "", &["src/lib.rs"]);
}

/// The pool is made in one package and per request in another: only the whole shows it.
#[test]
fn what_is_not_reported_is_analysed() {
    let api = manifest("api") + "[dependencies]\nshared = { path = \"../shared\" }\naxum = \"0.8\"\n";
    let handler = "use axum::{Router, routing::get};\n\
        async fn users() -> String {\n    let pool = shared::connect().await.unwrap();\n    \
        sqlx::query(\"select 1\").execute(&pool).await.unwrap();\n    String::new()\n}\n\
        pub fn app() -> Router {\n    Router::new().route(\"/users\", get(users))\n}\n";
    let shared = "use sqlx::PgPool;\npub async fn connect() -> Result<PgPool, sqlx::Error> {\n    \
        PgPool::connect(\"postgres://localhost\").await\n}\n";
    let directory = project(&[
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"api\", \"shared\"]\n"),
        ("api/Cargo.toml", &api),
        ("api/src/lib.rs", handler),
        ("shared/Cargo.toml", &(manifest("shared") + "[dependencies]\nsqlx = \"0.8\"\n")),
        ("shared/src/lib.rs", shared),
    ]);
    check(directory.path(), "--only pool-per-call", &["shared/src/lib.rs"]);
    check(directory.path(), "--only pool-per-call -p shared", &["shared/src/lib.rs"]);
    check(directory.path(), "--only pool-per-call -p api", &[]);
}

/// A package's scripts are part of it; a directory with a `package.json` of its own belongs to another world.
#[test]
fn a_repository_of_two_languages() {
    let directory = project(&[
        ("pnpm-workspace.yaml", "packages:\n  - web/*\n"),
        ("package.json", "{ \"name\": \"root\" }"),
        ("web/shop/package.json", "{ \"name\": \"shop\" }"),
        ("web/shop/src/index.ts", LEAK_IN_TYPESCRIPT),
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n"),
        ("crates/api/Cargo.toml", &manifest("api")),
        ("crates/api/src/lib.rs", LEAK),
        ("crates/api/assets/serve.ts", LEAK_IN_TYPESCRIPT),
        ("crates/api/ui/package.json", "{ \"name\": \"ui\" }"),
        ("crates/api/ui/index.ts", LEAK_IN_TYPESCRIPT),
        ("crates/api/ui/embed.rs", LEAK),
    ]);
    let only = "--only pool-per-call --only forgotten-value";
    let expected = ["crates/api/assets/serve.ts", "crates/api/src/lib.rs", "crates/api/ui/embed.rs"];
    check(directory.path(), only, &expected);
    check(directory.path(), &format!("{only} -p api"), &expected);
    // The other command reports on everything.
    let mut everything = Command::new(env!("CARGO_BIN_EXE_leaklint"));
    let everything = everything.current_dir(&directory).args(["--output-format", "concise", "--only", "pool-per-call"]);
    let (_, stdout, _) = streams(&everything.output().unwrap());
    assert_eq!(stdout.lines().count(), 3, "{stdout}");
}

#[test]
fn what_is_not_there_is_told() {
    let directory = workspace("");
    check_failure(
        directory.path(),
        "-p wroker",
        "error: no package of the workspace is called `wroker`\nhelp: did you mean `worker`?\n",
    );
    check_failure(
        directory.path(),
        "-p x*",
        "error: no package of the workspace is called `x*`\nhelp: the workspace has `api`, `shared`, `worker`\n",
    );
    check_failure(
        directory.path(),
        "--manifest-path crates/Cargo.toml",
        "error: no such file: `crates/Cargo.toml`\nhelp: `--manifest-path` takes the path of a `Cargo.toml`\n",
    );
    check_failure(
        directory.path(),
        "--manifest-path crates/api",
        "error: not the path of a `Cargo.toml`: `crates/api`\nhelp: its manifest is `crates/api/Cargo.toml`\n",
    );
    let nothing = project(&[("src/lib.rs", LEAK)]);
    check_failure(
        nothing.path(),
        "",
        "error: there is no `Cargo.toml` in `[DIRECTORY]` or above it\n\
         help: go to a cargo package or name one with `--manifest-path`; `leaklint` looks at any directory\n",
    );
    let (code, _, stderr) = streams(&cargo_leaklint(directory.path(), "--exclude api").output().unwrap());
    assert!(code == Some(2) && stderr.contains("--workspace"), "{stderr}");
}

#[test]
fn manifests_are_read_where_cargo_cannot_be_asked() {
    let note = "note: cargo does not describe this workspace, so the manifests were read instead: ";
    let without_cargo = |directory: &Path, arguments: &str| {
        let mut command = cargo_leaklint(directory, arguments);
        streams(&command.env_remove("CARGO").env("PATH", directory).output().unwrap())
    };
    let directory = workspace("");
    let (code, stdout, stderr) = without_cargo(directory.path(), "-p shared --output-format concise");
    assert!(code == Some(1) && stdout.starts_with(SHARED) && stdout.lines().count() == 1, "{stdout}");
    assert_eq!(stderr, format!("{note}there is no `cargo` to run\n"));
    let (_, stdout, stderr) = without_cargo(directory.path(), "--quiet --output-format concise");
    assert!(stdout.lines().count() == 4 && stderr.is_empty(), "{stdout}{stderr}");

    // Cargo is there, and refuses: a member of the future.
    let future = manifest("future").replace("2024", "2099");
    let directory = project(&[("Cargo.toml", &future), ("src/lib.rs", LEAK)]);
    let (code, stdout, stderr) =
        streams(&cargo_leaklint(directory.path(), "--output-format concise").output().unwrap());
    assert!(code == Some(1) && stdout.starts_with("src/lib.rs:"), "{stdout}");
    assert!(stderr.starts_with(note) && stderr.lines().count() == 1, "{stderr}");

    let directory = project(&[("Cargo.toml", "[package\n")]);
    let (code, _, stderr) = without_cargo(directory.path(), "");
    assert!(code == Some(2) && stderr.starts_with("error: cannot read `"), "{stderr}");
}

/// `cargo help leaklint` runs the command with `--help`, and so does whoever installed no manual pages.
#[test]
fn help() {
    let directory = project(&[]);
    let help = |arguments: &str| {
        let (code, stdout, stderr) = streams(&cargo_leaklint(directory.path(), arguments).output().unwrap());
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments}");
        stdout
    };
    insta::assert_snapshot!("help", help("--help"));
    assert_eq!(help("check --help").lines().last(), help("--help").lines().last());
    assert!(help("-h").lines().count() < help("--help").lines().count());
    assert!(help("--version").starts_with("cargo-leaklint "));

    // Through cargo itself, which finds the binary on the path.
    let binary = Path::new(env!("CARGO_BIN_EXE_cargo-leaklint"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(binary.parent().unwrap().to_owned()).chain(std::env::split_paths(&path));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&directory).args(["help", "leaklint"]).env("PATH", std::env::join_paths(path).unwrap());
    let (code, stdout, stderr) = streams(&cargo.output().unwrap());
    assert!(code == Some(0) && stdout == help("--help"), "{stdout}\n{stderr}");
}

#[test]
fn the_compilers_messages_may_come_first() {
    let directory = project(&[("Cargo.toml", &manifest("app")), ("src/lib.rs", LEAK)]);
    let arguments = "--with-check --output-format rustc";
    let output = cargo_leaklint(directory.path(), arguments).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    let messages: Vec<_> = cargo_metadata::Message::parse_stream(stdout.as_bytes()).map(Result::unwrap).collect();
    assert!(messages.iter().any(|it| matches!(it, cargo_metadata::Message::CompilerArtifact(_))), "{stdout}");
    let last = messages.iter().rev().find_map(|it| match it {
        cargo_metadata::Message::CompilerMessage(message) => message.message.code.as_ref(),
        _ => None,
    });
    assert_eq!(last.map(|code| code.code.as_str()), Some("forgotten-value"), "{stdout}");
    fs::write(directory.path().join("src/lib.rs"), "fn main( {").unwrap();
    let (code, ..) = streams(&cargo_leaklint(directory.path(), arguments).output().unwrap());
    assert_eq!(code, Some(1));
}
