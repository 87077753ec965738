//! Every fixture under all rules: a file of `fixtures/rules`, a directory of `fixtures/projects`, and each side of an
//! incident is one test.
//!
//! The incidents' `after` directories carry no marks: they are how it should have been, and must be quiet.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use support::project::Project;
use support::{directories, files, is_source, repository};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("harness::marks_are_read", || Ok(marks_are_read()?)),
        Trial::test("harness::a_mark_nothing_answers_fails", || Ok(a_mark_nothing_answers_fails()?)),
    ];
    for file in files(&repository("fixtures/rules")).into_iter().filter(|path| is_source(path)) {
        trials.push(trial(&file, |file| Project::from_file(file).check(None)));
    }
    for project in directories(&repository("fixtures/projects")) {
        trials.push(trial(&project, |project| Project::from_directory(project).check(None)));
    }
    for incident in directories(&repository("fixtures/incidents")) {
        for side in directories(&incident) {
            trials.push(trial(&side, |side| Project::from_directory(side).check(None)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(path: &Path, check: fn(&Path) -> Result<(), String>) -> Trial {
    let name = path.strip_prefix(repository("fixtures")).unwrap().display().to_string();
    let path: PathBuf = path.into();
    Trial::test(name, move || check(&path).map_err(Failed::from))
}

fn marks_are_read() -> Result<(), String> {
    let text = "a(); //~ pool-per-call\n\
                b(); //~ note:pool-per-call unbounded-cache\n\
                //~^ uncleared-timer\n\
                //~v problem\n\
                c();\n";
    let marks: Vec<_> = support::marks::of("a.ts", text, None)?.iter().map(ToString::to_string).collect();
    let expected = [
        "a.ts:1: pool-per-call",
        "a.ts:2: note:pool-per-call",
        "a.ts:2: unbounded-cache",
        "a.ts:2: uncleared-timer",
        "a.ts:5: problem",
    ];
    if marks == expected { Ok(()) } else { Err(format!("read {marks:?}")) }
}

fn a_mark_nothing_answers_fails() -> Result<(), String> {
    let mut project = Project::default();
    project.add("src/a.ts", b"export const nothing = 1; //~ pool-per-call\n");
    match project.check(None) {
        Err(complaint) if complaint == "not found:  src/a.ts:1: pool-per-call" => Ok(()),
        other => Err(format!("the comparison said {other:?}")),
    }
}
