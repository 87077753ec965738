//! What changes, for reading.

use similar::{Algorithm, DiffTag, TextDiff, capture_diff_slices};

use super::Change;

/// A change as `git apply` and `patch` read it.
#[must_use]
pub fn unified(change: &Change) -> String {
    let path = change.display_path.as_str();
    let diff = TextDiff::from_lines(&*change.before, &*change.after);
    diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

/// A line that goes or comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'t> {
    /// 1-based: in the old text of a line that goes, in the new text of a line that comes.
    pub number: usize,
    pub is_new: bool,
    /// Without what ends it.
    pub text: &'t str,
}

/// The lines that say something else, in order: those that only stand further in are left out.
#[must_use]
pub fn changed_lines<'t>(before: &'t str, after: &'t str) -> Vec<Line<'t>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let words = |lines: &[&'t str]| lines.iter().map(|line| line.trim()).collect::<Vec<_>>();
    let mut changed = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, &words(&old), &words(&new)) {
        if op.tag() == DiffTag::Equal {
            continue;
        }
        let gone = op.old_range().map(|at| Line { number: at + 1, is_new: false, text: old[at] });
        let come = op.new_range().map(|at| Line { number: at + 1, is_new: true, text: new[at] });
        changed.extend(gone.chain(come));
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_moves_in_is_not_told() {
        let changed = changed_lines("a;\nb;\n", "try {\n  a;\n} finally {\n  b;\n}\n");
        let lines: Vec<_> = changed.iter().map(|line| (line.number, line.is_new, line.text)).collect();
        assert_eq!(lines, [(1, true, "try {"), (3, true, "} finally {"), (5, true, "}")]);
    }
}
