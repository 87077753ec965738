//! Duplicates: modules of one program that each make the same pool.
//!
//! `const db = new Client()` at the top of a module runs once, which is right. In four modules of one program it makes
//! four pools where one is meant. Only creations with the same arguments count, in modules that one module imports,
//! directly or through others, since a repository may hold several programs.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::likeness;
use crate::analysis::value::How;
use crate::catalogue::schema::{ResourceKind, Shared};
use crate::ir::FunctionId;
use crate::source::FileId;

/// One of several equal pools.
#[derive(Debug, Clone)]
pub struct Duplicate<'f> {
    pub obligation: &'f Obligation,
    /// One of the others; the exported one if there is one.
    pub other: &'f Obligation,
}

/// The pools that have duplicates, in program order; if one of them is exported, the others.
#[must_use]
pub fn duplicates<'f>(facts: &'f Facts<'_>) -> Vec<Duplicate<'f>> {
    let mut alike: BTreeMap<(u32, Vec<String>), Vec<&Obligation>> = BTreeMap::new();
    for obligation in facts.obligations.iter().filter(|obligation| is_of_a_module(facts, obligation)) {
        let Some((id, _)) = facts.resource(&obligation.acquisition) else { continue };
        if let Some(arguments) = likeness::arguments(&facts.evaluator, obligation.acquisition.at) {
            alike.entry((id.0, arguments)).or_default().push(obligation);
        }
    }
    alike.retain(|_, group| group.len() > 1);
    if alike.is_empty() {
        return Vec::new();
    }
    let importers = importers(facts);
    let mut found = Vec::new();
    for group in alike.into_values() {
        let above: Vec<FxHashSet<FileId>> = group.iter().map(|it| above(&importers, file(it))).collect();
        for (index, obligation) in group.iter().enumerate() {
            let together: Vec<&Obligation> = group
                .iter()
                .enumerate()
                .filter(|(other, it)| file(it) != file(obligation) && !above[*other].is_disjoint(&above[index]))
                .map(|(_, it)| *it)
                .collect();
            let shared = together.iter().find(|it| is_exported(facts, it));
            if let Some(other) = shared.or_else(|| together.first()).copied()
                && !is_exported(facts, obligation)
            {
                found.push(Duplicate { obligation, other });
            }
        }
    }
    found.sort_by_key(|it| it.obligation.acquisition.at);
    found
}

fn file(obligation: &Obligation) -> FileId {
    obligation.acquisition.at.function.file
}

/// Whether it is a pool that a module makes when it is loaded, for the life of the process.
fn is_of_a_module(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let at = obligation.acquisition.at;
    let is_pool = facts.resource(&obligation.acquisition).is_some_and(|(_, resource)| {
        (resource.kind == ResourceKind::Pool || resource.has_pool) && resource.shared == Shared::Process
    });
    is_pool
        && obligation.acquisition.how == How::Created
        && at.function.function == FunctionId::INITIALISER
        && !facts.evaluator.drops_implicitly(at.function)
        && facts.rate(at) == Rate::Once
        && facts.is_held_to_account(at.function)
}

/// Whether the module exports it.
fn is_exported(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    facts
        .program
        .own_exports(file(obligation))
        .any(|(_, variable)| facts.evaluator.variable(variable).resources().any(|id| id == obligation.id))
}

/// The importers of each file, read or not.
fn importers(facts: &Facts<'_>) -> FxHashMap<FileId, Vec<FileId>> {
    let mut importers: FxHashMap<FileId, Vec<FileId>> = FxHashMap::default();
    for (from, imported) in facts.program.imports().filter(|(from, _)| facts.is_source(*from)) {
        for to in imported {
            importers.entry(*to).or_default().push(from);
        }
    }
    importers
}

/// A file and all files that import it, directly or through others.
fn above(importers: &FxHashMap<FileId, Vec<FileId>>, file: FileId) -> FxHashSet<FileId> {
    let mut above = FxHashSet::default();
    let mut work = vec![file];
    while let Some(file) = work.pop() {
        if above.insert(file) {
            work.extend(importers.get(&file).into_iter().flatten());
        }
    }
    above
}
