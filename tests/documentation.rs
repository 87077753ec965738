//! Every command line of the README and of the pages in `docs/` runs as it is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use binary::{LEAK, VARIABLES, project};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The README and the pages, by name.
fn pages() -> Vec<(String, String)> {
    let mut paths = vec![repository("README.md")];
    paths.extend(fs::read_dir(repository("docs")).unwrap().map(|entry| entry.unwrap().path()));
    paths.sort();
    paths.into_iter().map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

/// The lines of the fenced blocks of a language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut parts = text.split("```");
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        let (info, body): (&'t str, &'t str) = block.split_once('\n').unwrap_or((block, ""));
        if info.trim() == language {
            blocks.push(body.to_owned());
        }
    }
    blocks
}

/// A project that has everything the command lines name, in a repository with a commit.
fn scratch() -> tempfile::TempDir {
    let directory = project(&[
        ("package.json", "{}"),
        ("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("src/lib.rs", ""),
        ("src/users.ts", LEAK),
        ("path/to/project/package.json", "{}"),
        ("path/to/project/a.ts", LEAK),
    ]);
    for arguments in ["init --quiet", "add .", "-c user.name=a -c user.email=a@example.org commit --quiet -m first"] {
        git(directory.path(), arguments);
    }
    directory
}

fn git(directory: &Path, arguments: &str) {
    let output = Command::new("git").current_dir(directory).args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[cfg(unix)]
#[test]
fn every_command_line_runs_as_written() {
    let binaries = Path::new(env!("CARGO_BIN_EXE_leaklint")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    // What installs, builds or tests leaklint itself is run by those who do so.
    let prelude = "cargo() { case \"$1\" in leaklint) command cargo-leaklint \"$@\";; esac; }\n";
    let mut lines = 0;
    for (page, text) in pages() {
        let directory = scratch();
        for line in blocks(&text, "sh").iter().flat_map(|block| block.lines()).filter(|line| !line.trim().is_empty()) {
            let mut command = Command::new("sh");
            command.current_dir(&directory).env("PATH", &path).arg("-c").arg(format!("{prelude}{line}"));
            for variable in VARIABLES {
                command.env_remove(variable);
            }
            let output = command.output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{page}: {line}\n{stderr}");
            assert!(!stderr.contains("panicked"), "{page}: {line}\n{stderr}");
            lines += 1;
            // What one line fixed the next one finds.
            git(directory.path(), "checkout --quiet .");
        }
    }
    assert!(lines > 10, "the pages have command lines");
}

#[test]
fn every_configuration_is_read() {
    for (page, text) in pages() {
        for block in blocks(&text, "toml") {
            let directory = project(&[("leaklint.toml", &block), ("a.ts", LEAK)]);
            let (code, _, stderr) =
                binary::streams(&binary::leaklint(directory.path(), "--show-config").output().unwrap());
            assert_eq!(code, Some(0), "{page}:\n{block}\n{stderr}");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for (page, text) in pages() {
        let directory = Path::new(&page).parent().unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            assert!(directory.join(target).exists(), "{page}: {target}");
        }
    }
}
