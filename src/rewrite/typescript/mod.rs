//! Rewrites of TypeScript and JavaScript.
//!
//! Takes a remedy and the file it is about; gives edits that look as if the author of the file had made them. Parses
//! the file once more ([`syntax`]), because the tree is gone after lowering.

mod bound;
mod ending;
mod endings;
mod hoist;
mod hygiene;
mod imports;
mod keyed;
mod manner;
mod method;
mod pool;
mod release;
mod rollback;
mod settling;
mod sharing;
mod specifier;
mod syntax;
mod unwrap;

use super::{Edit, Fix, Remedy};
use crate::source::SourceFile;

pub(super) fn fix(remedy: &Remedy, files: &[SourceFile]) -> Option<Fix> {
    let file = remedy.file();
    syntax::read(file, &files[file.index()], |syntax| match remedy {
        Remedy::Release(remedy) => release::fix(syntax, remedy),
        Remedy::End(remedy) => ending::fix(syntax, remedy),
        Remedy::Hoist(remedy) => hoist::fix(syntax, remedy),
        Remedy::Keep(remedy) => keyed::fix(syntax, remedy),
        Remedy::Bound(remedy) => bound::fix(syntax, remedy),
        Remedy::Listen(remedy) => hygiene::listen(syntax, remedy),
        Remedy::Limit(remedy) => hygiene::limit(syntax, remedy),
        Remedy::Name(_) => None,
        Remedy::Pool(remedy) => pool::fix(syntax, remedy),
        Remedy::Rollback(remedy) => rollback::fix(syntax, remedy),
        Remedy::Share(remedy) => sharing::fix(syntax, remedy),
    })
}

/// What the edits of one file leave without a use.
pub(super) fn tidying(edits: &[&Edit], files: &[SourceFile]) -> Vec<Edit> {
    let Some(first) = edits.first() else { return Vec::new() };
    let file = first.file;
    syntax::read(file, &files[file.index()], |syntax| Some(imports::unused(syntax, edits))).unwrap_or_default()
}
