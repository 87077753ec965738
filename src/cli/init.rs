//! `leaklint init`: a commented configuration that fits the project.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;

use super::Verdict;
use super::errors::UserError;
use crate::catalogue::Catalogue;
use crate::config::{self, FILE_NAMES};
use crate::discovery::{self, Discovered};
use crate::run::Request;
use crate::source::Language;

/// Names of directories whose code nobody writes by hand.
const GENERATED: [&str; 6] = ["generated", "__generated__", "gen", "vendor", "vendored", "third_party"];

pub(super) fn init(directory: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let working_directory = std::env::current_dir().context("the current directory cannot be read")?;
    let directory = working_directory.join(directory.unwrap_or(Path::new("")));
    if let Some(there) = FILE_NAMES.iter().map(|name| directory.join(name)).find(|path| path.exists()) {
        let message = format!("there is a configuration already: `{}`", there.display());
        let help = "edit it, or remove it first; `leaklint --show-config` says what it does".to_owned();
        return Err(UserError { message, help }.into());
    }
    let request = Request { configuration: config::Source::None, ..Request::new(&directory) };
    let text = written(&Found::of(&discovery::discover(&request)?));
    let path = directory.join(FILE_NAMES[0]);
    let shown = path.strip_prefix(&working_directory).unwrap_or(&path).display().to_string();
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("cannot write `{shown}`"))?;
    writeln!(out, "wrote {shown}; `leaklint` reads it from now on")?;
    Ok(Verdict::Clean)
}

/// What the file is about.
#[derive(Debug, Default)]
struct Found {
    has_typescript: bool,
    has_rust: bool,
    generated: BTreeSet<String>,
    /// What the catalogue has something to say about, of what the project depends on.
    known: BTreeSet<String>,
}

impl Found {
    fn of(discovered: &Discovered) -> Self {
        let mut found = Self::default();
        for (file, _) in discovered.files.iter().zip(&discovered.reported).filter(|(_, reported)| **reported) {
            let is_rust = file.language == Language::Rust;
            found.has_rust |= is_rust;
            found.has_typescript |= !is_rust;
            let mut directories: Vec<&str> = file.display_path.split('/').collect();
            directories.pop();
            if let Some(at) = directories.iter().position(|name| GENERATED.contains(name)) {
                found.generated.insert(format!("{}/", directories[..=at].join("/")));
            }
        }
        let catalogue = Catalogue::builtin();
        let packages = discovered.projects.iter().flat_map(|project| project.dependencies());
        found.known.extend(packages.filter(|name| catalogue.knows_package(name)).map(str::to_owned));
        let crates = discovered.crates.iter().flat_map(|it| it.dependencies.keys());
        found.known.extend(crates.filter(|name| catalogue.knows_package(&format!("crate:{name}"))).cloned());
        found
    }
}

fn written(found: &Found) -> String {
    let mut text = String::from(
        "# What leaklint does in the files below this directory. Without this file, or a line of it, the defaults hold.\n\
         # docs/configuration.md of leaklint has every key.\n",
    );
    if !found.known.is_empty() {
        let known: Vec<&str> = found.known.iter().map(String::as_str).collect();
        write_wrapped(&mut text, "# Known of what this project uses: ", &known.join(", "));
    }
    text.push_str("\n# Paths that take no part, as in a .gitignore. What git ignores takes no part anyhow.\n");
    let generated: Vec<String> = found.generated.iter().map(|path| format!("\"{path}\"")).collect();
    if generated.is_empty() {
        text.push_str("# exclude = [\"generated/\"]\n");
    } else {
        let _ = writeln!(text, "exclude = [{}]", generated.join(", "));
    }
    text.push_str(
        "\n# Drop what the analysis is less sure of: \"low\" (all is shown), \"medium\" or \"high\".\n\
         # min-confidence = \"medium\"\n\n\
         # A rule or a family: \"allow\" (drop), \"warn\" or \"deny\" (both fail a run). `leaklint rules` lists them.\n\
         [rules]\n# hygiene = \"warn\"\n# pool-per-call = \"deny\"\n\n\
         # Other levels for some paths. Tests, scripts and migrations are recognised without this.\n\
         # [[overrides]]\n# files = [\"tools/\"]\n# rules = { creation = \"allow\" }\n\n\
         # Functions that run again and again where leaklint cannot know: \"once\", \"per-request\", \"per-message\",\n\
         # \"per-tick\", \"per-render\".\n",
    );
    if found.has_rust && !found.has_typescript {
        text.push_str(
            "# [[entry]]\n# files = [\"src/jobs/**\"]\n# names = [\"run_*\"]\n# runs = \"per-message\"\n# label = \"a job\"\n",
        );
    } else {
        text.push_str(
            "# [[entry]]\n# files = [\"src/jobs/**\"]\n# exports = [\"run\"]\n# runs = \"per-message\"\n# label = \"a job\"\n",
        );
    }
    if found.has_typescript || !found.has_rust {
        text.push_str(
            "\n# A package that leaklint does not know. rules/README.md of leaklint explains the tables.\n\
             # [[library]]\n# name = \"our-db\"\n# packages = [\"@our/db\"]\n# [[library.resource]]\n\
             # id = \"our-db.Pool\"\n# kind = \"pool\"\n# noun = \"pool\"\n# create = [\"createPool()\"]\n\
             # release = [\"end\"]\n# shared = \"process\"\n",
        );
    }
    if found.has_rust {
        text.push_str(
            "\n# A crate that leaklint does not know. rules/README.md of leaklint explains the tables.\n\
             # [[crate]]\n# name = \"our-db\"\n# packages = [\"our_db\"]\n# [[crate.resource]]\n\
             # id = \"our-db.Pool\"\n# kind = \"pool\"\n# noun = \"pool\"\n# create = [\"Pool.connect()\"]\n\
             # release = [\"close\"]\n# shared = \"process\"\n",
        );
    }
    text
}

/// A comment of several lines.
fn write_wrapped(text: &mut String, head: &str, tail: &str) {
    const WIDTH: usize = 110;
    let mut line = head.to_owned();
    for word in tail.split(' ') {
        if line.len() + word.len() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = String::from("#   ");
        }
        line.push_str(word);
        line.push(' ');
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_with_and_without_its_comments() {
        let generated = BTreeSet::from(["src/generated/".to_owned()]);
        for (has_typescript, has_rust) in [(true, false), (false, true), (true, true), (false, false)] {
            let found = Found { has_typescript, has_rust, generated: generated.clone(), known: BTreeSet::new() };
            let text = written(&found);
            assert_eq!(text.contains("[[library]]"), has_typescript || !has_rust, "{text}");
            assert_eq!(text.contains("[[crate]]"), has_rust, "{text}");
            // Prose ends with a period or a comma; what is left is configuration that was taken out.
            let lines = text.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
            let lines = lines.filter(|line| !line.ends_with(['.', ',', ':']) && !line.starts_with("Drop what"));
            let all = lines.filter(|line| !line.starts_with("A rule or")).collect::<Vec<_>>().join("\n");
            for text in [&text, &all] {
                let directory = tempfile::tempdir().unwrap();
                std::fs::write(directory.path().join("leaklint.toml"), text).unwrap();
                let read = config::Configuration::above([directory.path()], directory.path());
                let read = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
                read.catalogue().unwrap_or_else(|error| panic!("{error}\n{text}"));
            }
        }
    }
}
