//! Caches with a limit that a project has: from a library in its manifest, or of its own.

use crate::analysis::facts::Facts;
use crate::catalogue::schema::Ecosystem;
use crate::linking::FunctionRef;
use crate::rewrite::Cache;
use crate::source::{FileId, Language};

/// The caches that a file could use, the project's own first.
pub(super) fn caches(facts: &Facts<'_>, file: FileId) -> Vec<Cache> {
    let is_rust = facts.program.module(file).language == Language::Rust;
    if is_rust {
        return of_crates(facts, file);
    }
    own(facts, file).into_iter().chain(of_packages(facts, file)).collect()
}

fn of_packages(facts: &Facts<'_>, file: FileId) -> Vec<Cache> {
    let Some(governing) = facts.program.governing(file) else { return Vec::new() };
    let libraries = facts.evaluator.catalogue.libraries().iter().filter(|it| it.ecosystem == Ecosystem::Npm);
    let known = libraries.filter_map(|library| {
        let module = library.packages.iter().find(|package| governing.may_import(package))?;
        library.functions.iter().find_map(|fact| {
            let evicts = fact.evicts.as_ref().filter(|evicts| !evicts.bound.is_empty())?;
            let mut classes = fact.call.iter().filter_map(|call| call.strip_prefix("new "));
            let name = classes.find(|name| *name != "default").map(str::to_owned);
            Some(Cache::Package { module: module.clone(), name, bound: evicts.bound.clone() })
        })
    });
    known.collect()
}

fn of_crates(facts: &Facts<'_>, file: FileId) -> Vec<Cache> {
    let Some(of) = facts.program.governing(file).and_then(|it| it.in_crate.as_deref()) else { return Vec::new() };
    let libraries = facts.evaluator.catalogue.libraries().iter().filter(|it| it.ecosystem == Ecosystem::Crates);
    let bounded = libraries.flat_map(|library| &library.bounded);
    let has = |path: &&String| path.split("::").next().is_some_and(|root| of.dependencies.contains_key(root));
    bounded.filter(has).map(|path| Cache::Crate(path.clone())).collect()
}

/// Classes with a method that both puts something in and takes something out.
fn own(facts: &Facts<'_>, file: FileId) -> Option<Cache> {
    let program = facts.program;
    let trims = |function: FunctionRef| {
        let names = program.function(function).ops().filter_map(|(_, _, op)| op.call()?.method_name());
        let names: Vec<&str> = names.collect();
        names.contains(&"set") && names.contains(&"delete")
    };
    program.classes().filter(|class| facts.is_source(class.file)).find_map(|class| {
        let name = program.class(class).name.as_ref()?;
        let mut members = program.members(class).filter(|(_, member)| !member.is_static);
        let is_one = members.any(|(function, member)| member.name == "set" && trims(function));
        let is_same_language = program.module(class.file).language != Language::Rust;
        let is_exported = class.file == file || program.own_exports(class.file).any(|(export, _)| export == *name);
        (is_one && is_same_language && is_exported)
            .then(|| Cache::Own { name: name.to_string(), path: program.path(class.file).to_owned() })
    })
}
