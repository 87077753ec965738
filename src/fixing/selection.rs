//! Which fixes can be applied together.

use rustc_hash::FxHashSet;

use crate::findings::Finding;
use crate::rewrite::{Edit, Fix};

/// Of the wanted findings, those whose fixes can be applied at once, in order; a fix that is in the way of an earlier
/// one waits for the next pass.
pub(super) fn compatible(findings: &[Finding], wanted: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut taken = Taken::default();
    for at in wanted {
        if let Some(fix) = &findings[at].fix
            && taken.admits(fix)
        {
            taken.add(fix);
            chosen.push(at);
        }
    }
    chosen
}

#[derive(Default)]
struct Taken<'f> {
    /// By start, for asking what is near; a fix has few edits and a file few fixes, so a list will do.
    edits: Vec<&'f Edit>,
    common: FxHashSet<&'f Edit>,
}

impl<'f> Taken<'f> {
    fn admits(&self, fix: &Fix) -> bool {
        let common = || fix.common.iter().filter(|edit| !self.common.contains(edit));
        // What is declared or imported anew has names that were free as long as nothing else was.
        if common().any(|edit| self.common.iter().any(|taken| taken.file == edit.file)) {
            return false;
        }
        fix.edits
            .iter()
            .chain(common())
            .all(|edit| self.edits.iter().chain(&self.common).all(|taken| !edit.conflicts(taken)))
    }

    fn add(&mut self, fix: &'f Fix) {
        self.edits.extend(&fix.edits);
        self.common.extend(&fix.common);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::Applicability;
    use crate::source::{FileId, Span};

    fn fix(edits: &[(u32, u32)], common: &[(u32, u32)]) -> Fix {
        let edit = |&(start, end): &(u32, u32)| Edit::delete(FileId(0), Span::new(start, end));
        Fix {
            title: String::new(),
            applicability: Applicability::Safe,
            edits: edits.iter().map(edit).collect(),
            common: common.iter().map(edit).collect(),
            tidying: Vec::new(),
        }
    }

    #[test]
    fn what_overlaps_waits() {
        let mut taken = Taken::default();
        let (first, second) = (fix(&[(10, 20), (30, 40)], &[]), fix(&[(15, 16)], &[]));
        assert!(taken.admits(&first));
        taken.add(&first);
        assert!(!taken.admits(&second) && taken.admits(&fix(&[(22, 28)], &[])));
        assert!(!taken.admits(&first), "the same change twice is two changes");
    }

    #[test]
    fn what_is_needed_once_is_made_once() {
        let mut taken = Taken::default();
        let (first, second) = (fix(&[(10, 20)], &[(0, 0)]), fix(&[(30, 40)], &[(0, 0)]));
        taken.add(&first);
        assert!(taken.admits(&second));
        assert!(!taken.admits(&fix(&[(50, 60)], &[(0, 5)])));
        assert!(!taken.admits(&fix(&[(50, 60)], &[(70, 70)])), "the names could be the same");
    }
}
