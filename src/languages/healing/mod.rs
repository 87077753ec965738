//! Healing: making a file with syntax errors readable by blanking the little that is broken.
//!
//! Takes a text that the precise parser refuses and that parser's opinion of any other text; gives a text of the same
//! length, with the same lines, that it accepts, and the ranges that were blanked. Where the breakage is, two guesses
//! tell: the layout ([`layout`]: a line that starts a statement further left than the unclosed one began) and the tree
//! of an error-tolerant grammar ([`units`]). Neither is trusted: only what the precise parser accepts counts, and of
//! two answers the one that blanks less wins.
//!
//! Never looks at the clock: effort is counted in bytes parsed, so the same text always heals the same way.

mod conflicts;
mod layout;
mod units;

use std::cell::Cell;
use std::ops::Range;

use crate::source::{Language, Span};

/// Files larger than this are not healed: nobody types in them.
const MAX_LEN: usize = 1 << 20;
/// How many bytes the precise parser may read for one file, above twenty readings of it.
const PRECISE_FUEL: usize = 24 << 20;
/// How many bytes the tolerant grammar may read for one file: it is twenty times slower.
const TOLERANT_FUEL: usize = 3 << 20;
/// When more pieces than this have been refused, no more are tried: nobody breaks that much of a program.
const MAX_REFUSED: usize = 100;
/// A text with more broken pieces than this, and more of it broken than whole, is not code.
const MAX_PIECES: usize = 16;

/// A text that reads, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healed {
    /// As long as the original, its lines at the same offsets.
    pub text: String,
    /// The ranges that were blanked, in order, apart from each other.
    pub blanked: Vec<Blanked>,
}

/// A range that was blanked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blanked {
    pub span: Span,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Broken,
    /// The sides of a conflict that were not taken.
    Conflict,
    /// The line that opens a conflict.
    ConflictMarker,
}

/// Heals `text`. `parse` is the precise parser: `Err` holds the offsets of its errors, the first first. `None` when
/// the text is too large, is no code, or nothing of it reads.
pub fn heal(text: &str, language: Language, parse: impl Fn(&str) -> Result<(), Vec<u32>>) -> Option<Healed> {
    if text.len() > MAX_LEN || !is_plausibly_code(text) {
        return None;
    }
    let conflicts = conflicts::unchosen_sides(text);
    let mut patient = Patient::new(text, language, &parse);
    for range in &conflicts {
        patient.blank(range);
    }
    let whole = 0..text.len();
    let broken = if patient.first_error(&whole).is_none() {
        Vec::new()
    } else {
        let original = patient.bytes.clone();
        patient.blank(&whole);
        // The parser refuses even nothing.
        if patient.first_error(&whole).is_some() {
            return None;
        }
        let ranges = patient.narrow(&original, whole.clone(), whole.clone(), 0);
        patient.bytes = original;
        for range in &ranges {
            patient.blank(range);
        }
        if patient.first_error_unbounded(&whole).is_some() {
            return None;
        }
        ranges
    };
    let lost: usize = broken.iter().map(|range| visible(&text.as_bytes()[range.clone()])).sum();
    let total = visible(text.as_bytes());
    if lost == total || (broken.len() > MAX_PIECES && lost * 2 > total) {
        return None;
    }
    let conflicts = conflicts.into_iter().enumerate();
    let conflicts = conflicts.map(|(n, range)| (range, if n % 2 == 0 { Why::ConflictMarker } else { Why::Conflict }));
    let mut blanked: Vec<_> = broken.into_iter().map(|range| (range, Why::Broken)).chain(conflicts).collect();
    blanked.sort_by_key(|(range, _)| range.start);
    let text = String::from_utf8(patient.bytes).expect("invariant: only whole characters are blanked");
    let blanked = blanked.into_iter().map(|(range, why)| Blanked { span: to_span(&range), why }).collect();
    Some(Healed { text, blanked })
}

/// The text under treatment. `bytes` is what the parsers see; ranges are put back and blanked in it.
struct Patient<'p> {
    bytes: Vec<u8>,
    language: Language,
    parse: &'p dyn Fn(&str) -> Result<(), Vec<u32>>,
    precise_fuel: Cell<usize>,
    tolerant_fuel: Cell<usize>,
    refused: Cell<usize>,
}

impl<'p> Patient<'p> {
    fn new(text: &str, language: Language, parse: &'p dyn Fn(&str) -> Result<(), Vec<u32>>) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            language,
            parse,
            precise_fuel: Cell::new(PRECISE_FUEL + 20 * text.len()),
            tolerant_fuel: Cell::new(TOLERANT_FUEL),
            refused: Cell::new(0),
        }
    }

    /// Overwrites `range` with spaces, its line ends kept. The byte-order mark is no part of any line.
    fn blank(&mut self, range: &Range<usize>) {
        let mark = if self.bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        for byte in &mut self.bytes[range.start.max(mark)..range.end.max(mark)] {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }

    fn restore(&mut self, original: &[u8], range: &Range<usize>) {
        self.bytes[range.clone()].copy_from_slice(&original[range.clone()]);
    }

    fn text(&self, range: &Range<usize>) -> &str {
        std::str::from_utf8(&self.bytes[range.clone()]).expect("invariant: only whole characters are blanked")
    }

    /// Where the precise parser first stumbles over `context` as it stands; also where there is no fuel left.
    fn first_error(&self, context: &Range<usize>) -> Option<usize> {
        let Some(left) = self.precise_fuel.get().checked_sub(context.len()) else {
            return Some(context.start);
        };
        self.precise_fuel.set(left);
        self.first_error_unbounded(context)
    }

    fn first_error_unbounded(&self, context: &Range<usize>) -> Option<usize> {
        let offsets = (self.parse)(self.text(context)).err()?;
        let first = offsets.first().map_or(0, |&offset| offset as usize);
        Some(context.start + first.min(context.len()))
    }

    fn is_hopeless(&self) -> bool {
        self.refused.get() > MAX_REFUSED
    }

    /// What of `range` has to stay blank. On entry and on return `range` is blank and `context`, which holds it, reads.
    fn narrow(&mut self, original: &[u8], context: Range<usize>, range: Range<usize>, depth: u32) -> Vec<Range<usize>> {
        let whole = trim(original, range.clone());
        let mut best = vec![whole];
        if visible(&original[range.clone()]) == 0 {
            return Vec::new();
        }
        if self.is_hopeless() {
            return best;
        }
        let by_layout = layout::narrow(self, original, &context, &range, depth);
        // The layout's pieces are whole statements; the grammar's marks, in what it could not read, are guesses. It has
        // had its say about each piece already, so it is asked about the whole only when the pieces cost much.
        let mut discount = 1;
        if let Some(ranges) = by_layout {
            discount = 4;
            keep_cheaper(original, &mut best, ranges);
        }
        let is_cut = cost(original, &best) * 4 < visible(&original[range.clone()]);
        if !is_cut
            && !self.is_hopeless()
            && let Some(ranges) = units::narrow(self, original, &context, &range)
            && cost(original, &ranges) * discount < cost(original, &best)
        {
            best = ranges;
        }
        best
    }
}

fn keep_cheaper(original: &[u8], best: &mut Vec<Range<usize>>, other: Vec<Range<usize>>) {
    if cost(original, &other) < cost(original, best) {
        *best = other;
    }
}

/// How many characters that can be seen the ranges take.
fn cost(original: &[u8], ranges: &[Range<usize>]) -> usize {
    ranges.iter().map(|range| visible(&original[range.clone()])).sum()
}

fn visible(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !byte.is_ascii_whitespace()).count()
}

/// `range` without the white space at its ends.
fn trim(original: &[u8], range: Range<usize>) -> Range<usize> {
    let bytes = &original[range.clone()];
    let start = bytes.len() - bytes.trim_ascii_start().len();
    let length = bytes.trim_ascii().len();
    range.start + start..range.start + start + length
}

fn to_span(range: &Range<usize>) -> Span {
    let offset = |at| u32::try_from(at).expect("invariant: large files are not healed");
    Span::new(offset(range.start), offset(range.end))
}

/// Whether the text may be a program: not markup, not binary. Translators' files are called `.ts` too, and error
/// recovery on five megabytes of XML takes seconds.
fn is_plausibly_code(text: &str) -> bool {
    let head = text.trim_start_matches('\u{feff}').trim_start();
    let markup = ["<?xml", "<!DOCTYPE", "<!doctype", "<TS ", "<html"];
    !markup.iter().any(|start| head.starts_with(start)) && memchr::memchr(0, text.as_bytes()).is_none()
}
