//! Edits and fixes: what a finding's rewrite is, whoever applies it.

use serde::Serialize;

use crate::source::{FileId, Span};

/// How far a fix may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// A suggestion that leaves parts to the reader. Never applied.
    DisplayOnly,
    /// Type-checks, but may change what the program does: when something closes, how often, with which limits.
    Unsafe,
    /// Keeps what the program does, apart from the leak.
    Safe,
}

/// A text in place of a span.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    pub file: FileId,
    pub span: Span,
    pub text: String,
}

/// A rewrite that ends a leak: applied whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in the imperative: lower case, no final period.
    pub title: String,
    pub applicability: Applicability,
    /// The edits. No two of them overlap.
    pub edits: Vec<Edit>,
    /// Edits that several fixes may share and need once: imports, a shared declaration.
    pub common: Vec<Edit>,
    /// Removals of what this fix leaves unused if it is applied alone: imports.
    pub tidying: Vec<Edit>,
}

impl Edit {
    #[must_use]
    pub fn insert(file: FileId, at: u32, text: impl Into<String>) -> Self {
        Self { file, span: Span::new(at, at), text: text.into() }
    }

    #[must_use]
    pub fn replace(file: FileId, span: Span, text: impl Into<String>) -> Self {
        Self { file, span, text: text.into() }
    }

    #[must_use]
    pub fn delete(file: FileId, span: Span) -> Self {
        Self { file, span, text: String::new() }
    }

    /// Whether two edits conflict. Two insertions in one place would have no order, and an edit that touches another
    /// may depend on the old text.
    #[must_use]
    pub fn conflicts(&self, other: &Self) -> bool {
        self.file == other.file && self.span.start <= other.span.end && other.span.start <= self.span.end
    }
}

impl Fix {
    /// Every edit, in the order of files and positions.
    #[must_use]
    pub fn all_edits(&self) -> Vec<&Edit> {
        let mut edits: Vec<&Edit> = self.edits.iter().chain(&self.common).chain(&self.tidying).collect();
        edits.sort();
        edits
    }
}

/// `text` with the edits made. Of two that start in one place, what is only inserted comes first.
///
/// # Panics
/// When edits overlap or lie outside the text.
#[must_use]
pub fn apply<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut done = 0;
    for edit in edits {
        out.push_str(&text[done..edit.span.start as usize]);
        out.push_str(&edit.text);
        done = edit.span.end as usize;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = FileId(0);

    #[test]
    fn edits_are_made_in_order_of_place() {
        let edits = [
            Edit::replace(FILE, Span::new(4, 7), "two"),
            Edit::insert(FILE, 4, "and "),
            Edit::delete(FILE, Span::new(0, 4)),
        ];
        assert_eq!(apply("one six", &edits), "and two");
    }

    #[test]
    fn what_touches_conflicts() {
        let change = Edit::delete(FILE, Span::new(2, 4));
        for (start, end, conflicts) in [(0, 1, false), (0, 2, true), (3, 3, true), (4, 4, true), (5, 9, false)] {
            assert_eq!(change.conflicts(&Edit::delete(FILE, Span::new(start, end))), conflicts, "{start}..{end}");
        }
        assert!(!change.conflicts(&Edit::delete(FileId(1), Span::new(2, 4))));
    }
}
