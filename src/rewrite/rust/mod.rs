//! Rewrites of Rust.
//!
//! Takes a remedy and the file it is about; gives edits. Parses the file once more, because the tree is gone after
//! lowering, together with other files of the crate that may contain what it looks for ([`neighbours`]).

mod bound;
mod found;
mod hoist;
mod keepers;
mod keyed;
mod meant;
mod name;
mod names;
mod neighbours;
mod plan;
mod printed;
mod shared;
mod state;
mod types;
mod uses;
mod wanted;

use super::{Applicability, Fix, Hoist, Remedy};
use crate::languages::rust::with_tree;
use crate::source::SourceFile;

pub(super) fn fix(remedy: &Remedy, files: &[SourceFile]) -> Option<Fix> {
    let id = remedy.file();
    let file = &files[id.index()];
    match remedy {
        Remedy::Hoist(remedy) => once(remedy, files),
        Remedy::Keep(remedy) => keyed::fix(remedy, files),
        Remedy::Bound(remedy) => bound::fix(remedy, files),
        Remedy::Name(guard) => with_tree(&file.text, |tree| name::fix(id, &file.text, tree, guard.span)).flatten(),
        _ => None,
    }
}

/// The resource is made once: there is one already, or the state that the handlers share gets it, or a static.
fn once(remedy: &Hoist, files: &[SourceFile]) -> Option<Fix> {
    // Everybody who uses a clone has a resource of the type there was.
    if !remedy.is_cloned || !remedy.present.is_empty() {
        return None;
    }
    let wanted = wanted::wanted(remedy, files);
    let known = wanted.as_ref().and_then(|wanted| shared::fix(wanted, remedy, files));
    let stated = || wanted.as_ref().and_then(|wanted| state::fix(wanted, remedy, files));
    let is_safe = |fix: &Fix| fix.applicability == Applicability::Safe;
    let by_state = known.or_else(stated);
    match by_state.filter(is_safe) {
        Some(fix) => Some(fix),
        None => hoist::fix(remedy, files),
    }
}
