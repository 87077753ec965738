//! Fingerprints: names for findings that outlive edits elsewhere in the file.
//!
//! Takes findings and the texts they are in; gives one 16-digit hexadecimal name for each. A name is FNV-1a (64 bits,
//! the standard offset basis and prime) over rule, path, function, resource and the text of the line without its
//! white space, and, where several findings agree in all of these, their number in order. So moving the line, or
//! formatting it, keeps the name; changing what it says, or the function it is in, gives a new one. Baselines hold
//! these names: what goes into them cannot change without invalidating every baseline.

use std::path::Path;

use rustc_hash::FxHashMap;

use crate::discovery::location;
use crate::source::{LineIndex, SourceFile};

use super::Finding;

/// A name for each of `findings`, in their order. Paths count from `root`, wherever the run was started.
#[must_use]
pub fn fingerprints(findings: &[Finding], files: &[SourceFile], root: &Path) -> Vec<String> {
    let mut line_indexes = FxHashMap::default();
    let mut times_seen: FxHashMap<u64, u32> = FxHashMap::default();
    // Equal findings are numbered by where they stand, not by the order a run happened to report them in.
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|&index| findings[index].location);
    let mut names = vec![String::new(); findings.len()];
    for index in order {
        let finding = &findings[index];
        let file = &files[finding.location.file.index()];
        let lines = line_indexes.entry(finding.location.file).or_insert_with(|| LineIndex::new(&file.text));
        let line = line_at(&file.text, lines, finding.location.span.start);
        let path = location::relative(root, &file.path).unwrap_or_else(|| file.display_path.clone());
        let mut hash = Fnv::new();
        for part in [finding.rule.as_str(), &path, &finding.function, &finding.resource] {
            hash.write(part.as_bytes());
            hash.write(&[0]);
        }
        line.split_whitespace().for_each(|word| hash.write(word.as_bytes()));
        let count = times_seen.entry(hash.0).or_default();
        if *count > 0 {
            hash.write(&[0]);
            hash.write(&count.to_le_bytes());
        }
        *count += 1;
        names[index] = format!("{:016x}", hash.0);
    }
    names
}

/// A name for the text of the line that holds an offset, without its white space.
pub(super) fn line_hash(text: &str, lines: &LineIndex<'_>, offset: u32) -> String {
    let mut hash = Fnv::new();
    line_at(text, lines, offset).split_whitespace().for_each(|word| hash.write(word.as_bytes()));
    format!("{:016x}", hash.0)
}

fn line_at<'t>(text: &'t str, lines: &LineIndex<'_>, offset: u32) -> &'t str {
    lines.line_range(lines.position(offset).line).map_or("", |range| &text[range])
}

struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "the texts are short")]
mod tests {
    use super::*;
    use crate::findings::{Confidence, Severity};
    use crate::rules::RuleId;
    use crate::source::{FileId, Language, Location, Span};

    /// The names of a finding at every `LEAK` of the text.
    fn names(text: &str, function: &str) -> Vec<String> {
        let findings: Vec<Finding> = text
            .match_indices("LEAK")
            .map(|(start, _)| {
                Finding::new(
                    RuleId::PoolPerCall,
                    Severity::Error,
                    Confidence::High,
                    Location { file: FileId(0), span: Span::new(start as u32, start as u32 + 4) },
                )
                .function(function.to_owned())
                .resource("pool")
            })
            .collect();
        let file = SourceFile {
            path: "a.ts".into(),
            display_path: "a.ts".to_owned(),
            language: Language::TypeScript,
            text: text.into(),
        };
        fingerprints(&findings, &[file], Path::new(""))
    }

    #[test]
    fn a_name_is_what_it_always_was() {
        assert_eq!(Fnv::new().0, 0xcbf2_9ce4_8422_2325);
        let mut hash = Fnv::new();
        hash.write(b"foobar");
        assert_eq!(hash.0, 0x8594_4171_f739_67e8);
        assert_eq!(names("a = LEAK;", "f"), ["8e7dda67b1813e90"]);
    }

    #[test]
    fn edits_elsewhere_keep_the_name() {
        let before = names("a = LEAK;\nb();", "f");
        assert_eq!(names("// new\n\n  a  = LEAK;\r\nc();", "f"), before);
    }

    #[test]
    fn what_matters_changes_it() {
        let before = names("a = LEAK;", "f");
        assert_ne!(names("b = LEAK;", "f"), before);
        assert_ne!(names("a = LEAK;", "g"), before);
    }

    #[test]
    fn equal_findings_have_names_of_their_own() {
        let names = names("a = LEAK;\nb();\na = LEAK;", "f");
        assert_ne!(names[0], names[1]);
        assert_eq!(names[0], self::names("a = LEAK;", "f")[0]);
    }
}
