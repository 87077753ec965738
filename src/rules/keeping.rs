//! The types in which a file may keep a shared instance, given its compiler and its manifest.

use crate::analysis::facts::Facts;
use crate::catalogue::schema::{Ecosystem, Keeper};
use crate::discovery::version::{Version, least};
use crate::discovery::{Crate, Dependency};
use crate::source::FileId;

/// Crates that come with the compiler.
const PLATFORM: [&str; 3] = ["std", "core", "alloc"];

/// The types that a file of a crate can use, those of the standard library first.
pub(super) fn keepers(facts: &Facts<'_>, file: FileId) -> Vec<Keeper> {
    let governing = facts.program.governing(file);
    let of = governing.and_then(|it| it.in_crate.as_deref());
    let libraries = facts.evaluator.catalogue.libraries().iter().filter(|it| it.ecosystem == Ecosystem::Crates);
    let mut keepers: Vec<Keeper> = libraries.flat_map(|it| &it.keepers).filter(|it| can_use(of, it)).cloned().collect();
    keepers.sort_by_key(|keeper| !is_of_platform(keeper));
    keepers
}

/// Types of parameters through which handlers get what the program shares.
pub(super) fn carriers(facts: &Facts<'_>) -> Vec<String> {
    let libraries = facts.evaluator.catalogue.libraries().iter().filter(|it| it.ecosystem == Ecosystem::Crates);
    libraries.flat_map(|library| &library.carriers).cloned().collect()
}

fn root(keeper: &Keeper) -> &str {
    keeper.path.split("::").next().unwrap_or_default()
}

fn is_of_platform(keeper: &Keeper) -> bool {
    PLATFORM.contains(&root(keeper))
}

fn can_use(of: Option<&Crate>, keeper: &Keeper) -> bool {
    let is_new_enough = |has: Option<Version>| match (has, Version::parse(&keeper.since)) {
        (Some(has), Some(since)) => has >= since,
        // What says nothing is built with what is there.
        _ => true,
    };
    if is_of_platform(keeper) {
        return is_new_enough(of.and_then(|it| Version::parse(it.rust_version.as_deref()?)));
    }
    let asked: Option<&Dependency> = of.and_then(|it| it.dependencies.get(root(keeper)));
    asked.is_some_and(|asked| {
        let has_feature = keeper.features.is_empty() || keeper.features.iter().any(|it| asked.features.contains(it));
        !asked.is_optional && has_feature && is_new_enough(asked.version.as_deref().and_then(least))
    })
}
