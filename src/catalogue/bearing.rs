//! Bearing: what an import of a library says of a file, whichever members it imports.

use super::schema::{EntryPoint, Library, Resource, Runs};

/// What a library that holds nothing itself says of the files that import it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bearing {
    /// They run for each request or message.
    Serves,
    /// They show components, and so say of which there is one.
    Mounts,
    /// They keep what they are given: that is all the library does.
    Keeps,
}

impl Bearing {
    /// That of a library; `None` for one that holds something itself, of which the members decide.
    pub(super) fn of(library: &Library) -> Option<Self> {
        let serves = |entry: &EntryPoint| matches!(entry.runs, Runs::PerRequest | Runs::PerMessage);
        match () {
            () if library.resources.iter().any(Resource::gives_or_holds) || !library.wrappers.is_empty() => None,
            () if library.entries.iter().any(serves) => Some(Self::Serves),
            // What a library is for: of one with many uses most files have another.
            () if keeps(library) => Some(Self::Keeps),
            () if !library.entries.is_empty() => None,
            () => library.functions.iter().any(|function| function.mounts.is_some()).then_some(Self::Mounts),
        }
    }
}

/// Whether all that a library does is to keep what it is given.
fn keeps(library: &Library) -> bool {
    !library.functions.is_empty() && library.functions.iter().all(|function| !function.filled_by.is_empty())
}
