//! Fingerprints: names for findings that survive edits elsewhere in the file.

use std::collections::BTreeMap;

use super::Finding;
use crate::source::SourceFile;

/// The fingerprint of each finding, in their order.
///
/// Made of the rule, the path, the function, the resource and the text of the range without its layout; findings that
/// agree in all of them are counted from the top of the file. Lines and offsets are no part of it.
#[must_use]
pub fn fingerprints(findings: &[Finding], files: &[SourceFile]) -> Vec<String> {
    let mut seen = BTreeMap::<u64, u32>::new();
    findings
        .iter()
        .map(|finding| {
            let file = &files[finding.location.file.index()];
            let text = file.text.get(finding.location.span.range()).unwrap_or_default();
            let mut hash = Fnv::default();
            for part in [finding.rule.as_str(), &file.display_path, &finding.function, &finding.resource] {
                hash.part(part);
            }
            text.split_whitespace().for_each(|word| hash.part(word));
            let twins = seen.entry(hash.0).or_default();
            *twins += 1;
            hash.part(&twins.to_string());
            format!("{:016x}", hash.0)
        })
        .collect()
}

/// FNV-1a with 64 bits: fixed for ever, unlike the standard library's hashers, because baselines store the result.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds one part and a separator that no text holds.
    fn part(&mut self, part: &str) {
        for byte in part.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::{Confidence, Severity};
    use crate::rules::RuleId;
    use crate::source::{FileId, Language, Location, Span};

    fn of(text: &str, needles: &[usize]) -> Vec<String> {
        let files = [SourceFile {
            path: "a.ts".into(),
            display_path: "a.ts".into(),
            language: Language::TypeScript,
            text: text.into(),
        }];
        let findings: Vec<_> = needles
            .iter()
            .map(|&start| Finding {
                rule: RuleId::PoolPerCall,
                severity: Severity::Error,
                confidence: Confidence::High,
                location: Location {
                    file: FileId(0),
                    span: Span::new(u32::try_from(start).unwrap(), u32::try_from(text.len()).unwrap()),
                },
                label: String::new(),
                function: "f".into(),
                resource: "pg.Pool".into(),
                message: String::new(),
                help: String::new(),
                trace: Vec::new(),
            })
            .collect();
        fingerprints(&findings, &files)
    }

    #[test]
    fn edits_above_and_layout_do_not_change_it() {
        assert_eq!(of("new Pool( a )", &[0]), of("// more\n\nnew  Pool(\n a )", &[9]));
    }

    #[test]
    fn other_text_changes_it() {
        assert_ne!(of("new Pool(a)", &[0]), of("new Pool(b)", &[0]));
    }

    #[test]
    fn twins_differ() {
        let twins = of("new Pool(a)", &[0, 0]);
        assert_ne!(twins[0], twins[1]);
    }
}
