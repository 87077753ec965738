//! Rewrites: from what would end a leak to edits.
//!
//! Takes remedies from the rules and the texts of the files; gives fixes whose edits keep the style of the surrounding
//! code. One folder per language. Never reads or writes files, and never decides whether a fix is applied.

mod fix;
mod layout;
mod remedy;
mod rust;
mod typescript;

pub use fix::{Applicability, Edit, Fix, apply};
pub use remedy::{
    Absent, Bound, By, Cache, Ending, EndsBy, Hoist, Import, Limits, Listen, Owner, Pooled, Reach, Release, Remedy,
    Rollback, Shared,
};

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::languages::script;
use crate::source::{Language, SourceFile};

/// The fix for the first remedy whose code has a known form.
#[must_use]
pub fn fix(remedies: &[Remedy], files: &[SourceFile]) -> Option<Fix> {
    // A bug in a rewrite costs its fix, and no finding.
    let attempt = |remedy| catch_unwind(AssertUnwindSafe(|| fix_by(remedy, files))).ok().flatten();
    remedies.iter().find_map(attempt)
}

fn fix_by(remedy: &Remedy, files: &[SourceFile]) -> Option<Fix> {
    let mut fix = match files[remedy.file().index()].language {
        Language::Rust => rust::fix(remedy, files),
        _ => typescript::fix(remedy, files),
    }?;
    let edits: Vec<&Edit> = fix.edits.iter().chain(&fix.common).collect();
    // The markup around scripts is not edited.
    let is_in_script = |edit: &&Edit| {
        let file = &files[edit.file.index()];
        script(&file.text, file.language).spans.iter().any(|span| span.contains(edit.span))
    };
    if !edits.iter().all(is_in_script) {
        return None;
    }
    fix.tidying = tidying(&edits, files);
    Some(fix)
}

/// What edits leave unused, to be removed with them.
#[must_use]
pub fn tidying(edits: &[&Edit], files: &[SourceFile]) -> Vec<Edit> {
    let mut by_file: std::collections::BTreeMap<_, Vec<&Edit>> = std::collections::BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.file).or_default().push(edit);
    }
    by_file
        .into_iter()
        .flat_map(|(file, edits)| match files[file.index()].language {
            Language::Rust => Vec::new(),
            _ => typescript::tidying(&edits, files),
        })
        .collect()
}

/// Whether a new text is as valid a program as the one before, as far as can be said without types.
#[must_use]
pub fn is_sound(before: &str, after: &str, language: Language) -> bool {
    match language {
        Language::Rust => true,
        _ => {
            let complaints = |text| crate::languages::typescript::complaints(&script(text, language).text, language);
            complaints(after) <= complaints(before)
        }
    }
}
