//! The incidents, live: their services on a real PostgreSQL, before and after `--fix`. `fixtures/live/README.md` says what
//! runs.
//!
//! Needs node, npm and, the first time, a network. Set `LEAKLINT_LIVE=1` to have it run or fail: that installs the
//! packages of the lock file into the target directory, and from then on the proof is a part of the tests. Until then
//! it is listed as ignored, and says why.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use support::{files, repository};

const PROOFS: [(&str, &str, Proof); 3] = [
    ("000-pool-per-call", "--fix", a_pool_for_each_call_starves_the_sixth),
    ("001-discarded-cleanup", "--fix", a_pool_for_each_call_starves_the_sixth),
    ("002-single-client", "--fix --unsafe-fixes", one_client_for_all_is_too_slow_and_is_never_replaced),
];

type Proof = fn(before: &Value, after: &Value) -> Result<(), String>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let is_demanded = std::env::var("LEAKLINT_LIVE").is_ok_and(|value| !value.is_empty() && value != "0");
    let missing = missing();
    if let Some(missing) = missing.as_ref().filter(|_| !is_demanded) {
        #[allow(clippy::print_stderr, reason = "what is not run is said to be")]
        {
            eprintln!("live proofs are ignored: {missing}; LEAKLINT_LIVE=1 runs them");
        }
    }
    let trials = PROOFS.map(|(incident, arguments, proof)| {
        let trial = Trial::test(incident, move || prove(incident, arguments, proof));
        trial.with_ignored_flag(missing.is_some() && !is_demanded)
    });
    // One after the other: they measure how long things take.
    libtest_mimic::run(&Arguments { test_threads: Some(1), ..arguments }, trials.into()).exit_code()
}

/// Where the packages are installed, with the scripts beside them.
fn installed() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("live")
}

/// What is not there, in words.
fn missing() -> Option<&'static str> {
    let runs = |program: &str| {
        let mut command = Command::new(program);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !runs("node") {
        return Some("there is no node");
    }
    let is_current = fs::read(installed().join("installed.json")).ok() == Some(lock_file());
    (!is_current).then_some("the packages are not installed")
}

fn lock_file() -> Vec<u8> {
    fs::read(repository("fixtures/live/package-lock.json")).unwrap()
}

/// Brings the scripts and their packages up to date.
fn install() -> Result<PathBuf, Failed> {
    let directory = installed();
    fs::create_dir_all(&directory)?;
    for path in files(&repository("fixtures/live")) {
        fs::copy(&path, directory.join(path.file_name().unwrap()))?;
    }
    if missing().is_some() {
        // No script of a package has a part in this.
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&directory))?;
        fs::write(directory.join("installed.json"), lock_file())?;
    }
    Ok(directory)
}

fn prove(incident: &str, arguments: &str, proof: Proof) -> Result<(), Failed> {
    let directory = install()?;
    let scratch = tempfile::Builder::new().prefix("leaklint-").tempdir()?;
    let before = repository("fixtures/incidents").join(incident).join("before");
    for path in files(&before) {
        let copy = scratch.path().join(path.strip_prefix(&before).unwrap());
        fs::create_dir_all(copy.parent().unwrap())?;
        fs::copy(&path, copy)?;
    }
    run(Command::new(env!("CARGO_BIN_EXE_leaklint")).args(arguments.split(' ')).current_dir(scratch.path()))?;
    let version = |name: &str, root: &Path| format!("{name}={}", root.display());
    let mut prove = Command::new("node");
    prove.arg("prove.mjs").arg(incident).current_dir(&directory);
    let printed = run(prove.args([version("before", &before), version("after", scratch.path())]))?;
    let results: Value = serde_json::from_str(&printed)?;
    proof(&results["before"], &results["after"]).map_err(|why| format!("{why}\n{results:#}").into())
}

/// What a command prints; a failure says all that it said.
fn run(command: &mut Command) -> Result<String, Failed> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(stdout.into_owned()),
        false => Err(format!("{command:?}: {}\n{stdout}{stderr}", output.status).into()),
    }
}

/// Before, each page takes one of the five connections and keeps it; after, twelve pages get by with one.
fn a_pool_for_each_call_starves_the_sixth(before: &Value, after: &Value) -> Result<(), String> {
    let pages = |of: &Value| of["statuses"].as_array().unwrap().clone();
    let (answered, sixth) = (pages(before), pages(before).pop());
    expect(answered.len() == 6 && answered[..5].iter().all(is_success), "before, five pages are answered")?;
    expect(sixth.is_some_and(|it| it == "timeout"), "before, the sixth is not answered in time")?;
    expect(before["open"].as_u64() >= Some(12), "before, every page leaves a connection open")?;
    expect(pages(after).len() == 12 && pages(after).iter().all(is_success), "after, all pages are answered")?;
    expect(after["open"].as_u64() <= Some(5), "after, no more than five connections are open")
}

/// Before, most of a hundred pages at once are not answered in time, and none is once the connection is lost.
fn one_client_for_all_is_too_slow_and_is_never_replaced(before: &Value, after: &Value) -> Result<(), String> {
    let answered = |of: &Value| of["statuses"].as_array().unwrap().iter().filter(|it| is_success(it)).count();
    expect(answered(before) < 60, "before, many of a hundred pages are not answered in time")?;
    expect(!is_success(&before["afterLoss"]), "before, a lost connection is not replaced")?;
    expect(answered(after) == 100, "after, all hundred are answered")?;
    expect(is_success(&after["afterLoss"]), "after, a lost connection is replaced")
}

fn is_success(status: &Value) -> bool {
    status.as_u64().is_some_and(|status| (200..300).contains(&status))
}

fn expect(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("not so: {what}")) }
}
