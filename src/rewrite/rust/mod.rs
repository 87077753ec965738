//! Rewrites of Rust.
//!
//! Takes a remedy and the file it is about; gives edits. Reads the file once more, because the tree is gone after
//! lowering.

mod found;
mod hoist;
mod name;
mod names;
mod printed;
mod types;
mod uses;

use super::{Fix, Remedy};
use crate::languages::rust::with_tree;
use crate::source::SourceFile;

pub(super) fn fix(remedy: &Remedy, files: &[SourceFile]) -> Option<Fix> {
    let id = remedy.file();
    let file = &files[id.index()];
    match remedy {
        Remedy::Hoist(remedy) => hoist::fix(remedy, files),
        Remedy::Name(guard) => with_tree(&file.text, |tree| name::fix(id, &file.text, tree, guard.span)).flatten(),
        _ => None,
    }
}
