//! How long the stages of a run take, over the projects of the fixtures.
//!
//! `cargo bench` runs them all, `cargo bench -- judge` one. Everything happens on one thread: what is measured here is
//! work, and how well it goes side by side is for runs over real projects to show.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

use std::path::PathBuf;

use divan::{Bencher, black_box};
use leaklint::analysis::evaluate::Answers;
use leaklint::analysis::facts::Facts;
use leaklint::catalogue::Catalogue;
use leaklint::demand::{self, Read, Reading, Seeds};
use leaklint::discovery::screen;
use leaklint::discovery::{self, Discovered};
use leaklint::linking::{Linkable, Program};
use leaklint::source::FileId;
use leaklint::{Request, languages, rules, run};

fn main() {
    run::on_threads(Some(1), divan::main).unwrap();
}

/// What the fixtures have of whole projects.
fn directories() -> Vec<PathBuf> {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let within = |directory: &str| {
        let entries = fixtures.join(directory).read_dir().unwrap();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    };
    let mut directories: Vec<PathBuf> = within("projects").collect();
    directories.extend(within("incidents").map(|incident| incident.join("before")).filter(|path| path.is_dir()));
    directories.sort();
    directories
}

fn discovered() -> Vec<Discovered> {
    let request = |root: PathBuf| Request { root: Some(root.clone()), ..Request::new(root) };
    directories().into_iter().map(|root| discovery::discover(&request(root)).unwrap()).collect()
}

fn program(discovered: Discovered) -> Program {
    let Reading { modules, imports } = demand::read(&discovered, Catalogue::builtin());
    let governance = discovered.governance();
    Program::new(discovered.files, discovered.roles, linkable(modules)).governed(governance).importing(imports)
}

fn linkable(read: Vec<Read>) -> Vec<Linkable> {
    read.into_iter().map(|Read { module, targets, relevant, .. }| Linkable { module, targets, relevant }).collect()
}

#[divan::bench]
fn discover(bencher: Bencher<'_, '_>) {
    bencher.bench_local(discovered);
}

#[divan::bench]
fn screen(bencher: Bencher<'_, '_>) {
    let interest = Seeds::new(Catalogue::builtin());
    let projects = discovered();
    bencher.bench_local(|| {
        for project in &projects {
            black_box(screen::scan(&project.files, &interest, |_, _| None));
        }
    });
}

#[divan::bench]
fn lower(bencher: Bencher<'_, '_>) {
    let projects = discovered();
    bencher.bench_local(|| {
        for (id, file) in projects.iter().flat_map(|project| (0u32..).zip(&project.files)) {
            black_box(languages::lower(FileId(id), file));
        }
    });
}

/// Screening, lowering what is wanted, and finding out what that is.
#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    let projects = discovered();
    bencher.bench_local(|| {
        for project in &projects {
            black_box(demand::read(project, Catalogue::builtin()));
        }
    });
}

#[divan::bench]
fn link(bencher: Bencher<'_, '_>) {
    let read = |discovered: Discovered| {
        let read = linkable(demand::read(&discovered, Catalogue::builtin()).modules);
        (discovered.files, discovered.roles, read)
    };
    bencher.with_inputs(|| discovered().into_iter().map(read).collect::<Vec<_>>()).bench_local_values(|projects| {
        let programs = projects.into_iter().map(|(files, roles, modules)| Program::new(files, roles, modules));
        programs.collect::<Vec<_>>()
    });
}

#[divan::bench]
fn analyse(bencher: Bencher<'_, '_>) {
    let programs: Vec<Program> = discovered().into_iter().map(program).collect();
    bencher.bench_local(|| {
        for program in &programs {
            let answers = Answers::default();
            black_box(Facts::of(program, Catalogue::builtin(), &answers).obligations.len());
        }
    });
}

#[divan::bench]
fn judge(bencher: Bencher<'_, '_>) {
    let programs: Vec<Program> = discovered().into_iter().map(program).collect();
    let answers: Vec<Answers> = programs.iter().map(|_| Answers::default()).collect();
    let of = |(program, answers)| Facts::of(program, Catalogue::builtin(), answers);
    let facts: Vec<Facts<'_>> = programs.iter().zip(&answers).map(of).collect();
    // What is gathered on the way is kept, so each run goes on from the facts as they were.
    bencher.with_inputs(|| facts.iter().map(Facts::fork).collect::<Vec<_>>()).bench_local_values(|forks| {
        for fork in forks {
            let answers = Answers::default();
            black_box(rules::judge(&fork.open(&answers)));
        }
    });
}
