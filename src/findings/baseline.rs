//! The baseline: findings that were there before leaklint was introduced, so that later runs report new ones only.
//!
//! Takes findings as [`Key`]s; says which of them an earlier run knew, and which entries match nothing any more. A key
//! holds no line number, so edits elsewhere change nothing. A finding without an equal entry may match one that differs
//! in one thing: the file was renamed, the function was renamed, or the line was edited. That counts only if no other
//! finding and no other entry could be meant. Never reads or writes files.

use std::collections::BTreeMap;
use std::path::Path;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::Finding;
use super::fingerprint::line_hash;
use crate::discovery::location;
use crate::source::{LineIndex, SourceFile};

const VERSION: u32 = 1;

/// What makes two findings of two runs the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Relative to the baseline's directory, with `/`.
    pub path: String,
    pub rule: String,
    pub function: String,
    pub resource: String,
    /// A hash of the line's text without its white space.
    pub line: String,
}

/// How often a key is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(flatten)]
    pub key: Key,
    pub count: usize,
}

/// What an earlier run found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    /// Sorted, each key once.
    entries: BTreeMap<Key, usize>,
}

/// What a run knows by its baseline.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// For each finding, whether the baseline has it.
    pub known: Vec<bool>,
    /// What the baseline has and the run has not.
    pub stale: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    findings: Vec<Entry>,
}

/// The key of each finding; paths are relative to `directory`.
#[must_use]
pub fn keys(findings: &[Finding], files: &[SourceFile], directory: &Path) -> Vec<Key> {
    let mut indices = FxHashMap::default();
    let mut key = |finding: &Finding| {
        let file = &files[finding.location.file.index()];
        let lines = indices.entry(finding.location.file).or_insert_with(|| LineIndex::new(&file.text));
        Key {
            path: path_in(directory, file),
            rule: finding.rule.as_str().to_owned(),
            function: finding.function.clone(),
            resource: finding.resource.clone(),
            line: line_hash(&file.text, lines, finding.location.span.start),
        }
    };
    findings.iter().map(&mut key).collect()
}

/// A file's path as keys have it.
#[must_use]
pub fn path_in(directory: &Path, file: &SourceFile) -> String {
    location::relative(directory, &file.path).unwrap_or_else(|| file.display_path.clone())
}

impl Baseline {
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = Key>) -> Self {
        let mut baseline = Self::default();
        keys.into_iter().for_each(|key| *baseline.entries.entry(key).or_default() += 1);
        baseline
    }

    /// Reads what [`Baseline::to_text`] wrote.
    ///
    /// # Errors
    /// Why it cannot be read, in words for users.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_str(text).map_err(|error| format!("not a baseline: {error}"))?;
        if document.version != VERSION {
            return Err(format!("a baseline of version {}; this leaklint reads version {VERSION}", document.version));
        }
        let mut baseline = Self::default();
        for Entry { key, count } in document.findings {
            *baseline.entries.entry(key).or_default() += count;
        }
        Ok(baseline)
    }

    /// The text of its file.
    ///
    /// # Panics
    /// Never: texts and numbers can always be written.
    #[must_use]
    pub fn to_text(&self) -> String {
        let entry = |(key, count): (&Key, &usize)| Entry { key: key.clone(), count: *count };
        let document = Document { version: VERSION, findings: self.entries.iter().map(entry).collect() };
        serde_json::to_string_pretty(&document).expect("invariant: texts and numbers can be written") + "\n"
    }

    /// How many findings it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.values().sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Drops the entries whose path fits.
    pub fn drop_paths(&mut self, fits: impl Fn(&str) -> bool) {
        self.entries.retain(|key, _| !fits(&key.path));
    }

    /// Adds one finding.
    pub fn add(&mut self, key: Key) {
        *self.entries.entry(key).or_default() += 1;
    }

    /// Drops what a comparison called stale.
    pub fn prune(&mut self, stale: &[Entry]) {
        for Entry { key, count } in stale {
            if let Some(there) = self.entries.get_mut(key) {
                *there = there.saturating_sub(*count);
            }
        }
        self.entries.retain(|_, count| *count > 0);
    }

    /// Compares it with what a run found. `exists` says whether a path still is a file of the project.
    #[must_use]
    pub fn compare(&self, keys: &[Key], exists: impl Fn(&str) -> bool) -> Comparison {
        let mut matching = Matching { left: self.entries.clone(), keys, known: vec![false; keys.len()] };
        matching.pass(|key| Some(key.clone()), |key| Some(key.clone()));
        let nowhere = |key: &Key| Key { path: String::new(), ..key.clone() };
        matching.pass(|entry| (!exists(&entry.path)).then(|| nowhere(entry)), |key| Some(nowhere(key)));
        let of_none = |key: &Key| Some(Key { function: String::new(), ..key.clone() });
        matching.pass(of_none, of_none);
        let edited = |key: &Key| Some(Key { line: String::new(), ..key.clone() });
        matching.pass(edited, edited);
        let stale = matching.left.into_iter().filter(|(_, count)| *count > 0).map(|(key, count)| Entry { key, count });
        Comparison { known: matching.known, stale: stale.collect() }
    }
}

struct Matching<'k> {
    left: BTreeMap<Key, usize>,
    keys: &'k [Key],
    known: Vec<bool>,
}

impl Matching<'_> {
    /// Takes findings for entries that are the same under these two views, where only one entry and findings that are all
    /// alike have a view.
    fn pass(&mut self, of_entry: impl Fn(&Key) -> Option<Key>, of_finding: impl Fn(&Key) -> Option<Key>) {
        let mut entries: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
        for key in self.left.iter().filter(|(_, count)| **count > 0).map(|(key, _)| key) {
            if let Some(view) = of_entry(key) {
                entries.entry(view).or_default().push(key.clone());
            }
        }
        let mut findings: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for at in (0..self.keys.len()).filter(|at| !self.known[*at]) {
            if let Some(view) = of_finding(&self.keys[at]) {
                findings.entry(view).or_default().push(at);
            }
        }
        for (view, found) in findings {
            let Some([entry]) = entries.get(&view).map(Vec::as_slice) else { continue };
            if found.iter().any(|at| self.keys[*at] != self.keys[found[0]]) {
                continue;
            }
            let left = self.left.get_mut(entry).expect("invariant: the entry was taken from here");
            for at in found {
                if *left > 0 {
                    *left -= 1;
                    self.known[at] = true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path rule function resource line`
    fn key(text: &str) -> Key {
        let mut words = text.split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap();
        Key { path: word(), rule: word(), function: word(), resource: word(), line: word() }
    }

    fn keys(texts: &[&str]) -> Vec<Key> {
        texts.iter().map(|text| key(text)).collect()
    }

    /// What is new, as numbers of the findings, and how many entries are stale.
    #[track_caller]
    fn check(entries: &[&str], findings: &[&str], new: &[usize], stale: usize) {
        let findings = keys(findings);
        let exists = |path: &str| findings.iter().any(|key| key.path == path) || path == "still.ts";
        let comparison = Baseline::of(keys(entries)).compare(&findings, exists);
        let found: Vec<usize> = (0..findings.len()).filter(|at| !comparison.known[*at]).collect();
        assert_eq!(found, new, "{entries:?} and {findings:?}");
        assert_eq!(comparison.stale.iter().map(|entry| entry.count).sum::<usize>(), stale);
    }

    #[test]
    fn what_is_known_is_known_as_often_as_it_was() {
        check(&["a.ts r f p 1"], &["a.ts r f p 1"], &[], 0);
        check(&["a.ts r f p 1"], &["a.ts r f p 1", "a.ts r f p 1"], &[1], 0);
        check(&["a.ts r f p 1", "a.ts r f p 1"], &["a.ts r f p 1"], &[], 1);
        check(&["a.ts r f p 1"], &["a.ts q f p 1"], &[0], 1);
        check(&[], &["a.ts r f p 1"], &[0], 0);
    }

    #[test]
    fn renamed_files_functions_and_edited_lines_are_followed_where_nothing_else_can_be_meant() {
        check(&["a.ts r f p 1"], &["b.ts r f p 1"], &[], 0);
        check(&["a.ts r f p 1"], &["a.ts r g p 1"], &[], 0);
        check(&["a.ts r f p 1"], &["a.ts r f p 2"], &[], 0);
        // The file is still there: this is a copy.
        check(&["still.ts r f p 1"], &["b.ts r f p 1"], &[0], 1);
        // Two files may be the one that was renamed.
        check(&["a.ts r f p 1"], &["b.ts r f p 1", "c.ts r f p 1"], &[0, 1], 1);
        check(&["a.ts r f p 1", "d.ts r f p 1"], &["b.ts r f p 1"], &[0], 2);
        check(&["a.ts r f p 1"], &["a.ts r f p 2", "a.ts r f p 3"], &[0, 1], 1);
        check(&["a.ts r f p 1"], &["a.ts r g p 2"], &[0], 1);
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let mut baseline = Baseline::of(keys(&["b.ts r f p 1", "a.ts r f p 1", "b.ts r f p 1"]));
        assert_eq!(Baseline::parse(&baseline.to_text()), Ok(baseline.clone()));
        assert!(baseline.to_text().find("a.ts") < baseline.to_text().find("b.ts"));
        assert_eq!(baseline.len(), 3);
        baseline.prune(&[Entry { key: key("b.ts r f p 1"), count: 1 }, Entry { key: key("a.ts r f p 1"), count: 1 }]);
        assert_eq!(baseline, Baseline::of(keys(&["b.ts r f p 1"])));
        assert!(Baseline::parse("{").unwrap_err().starts_with("not a baseline: "));
        let error = Baseline::parse("{\"version\": 2, \"findings\": []}").unwrap_err();
        assert_eq!(error, "a baseline of version 2; this leaklint reads version 1");
    }
}
