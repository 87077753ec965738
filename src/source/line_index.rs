use serde::Serialize;

/// Where a byte stands for a reader: 1-based line, 1-based column in Unicode scalar values, 0-based byte offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    pub line: u32,
    pub column: u32,
    pub byte: u32,
}

/// The line starts of one text, for turning byte offsets into [`Position`]s.
///
/// Lines end at `\n`, `\r\n` or a lone `\r`. A byte-order mark takes no column.
#[derive(Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<u32>,
}

impl<'t> LineIndex<'t> {
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let is_first_half_of_crlf = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
            if !is_first_half_of_crlf {
                starts.push(to_offset(at + 1));
            }
        }
        Self { text, starts }
    }

    /// The position of `byte`; an offset past the end or inside a character is moved back to the nearest boundary.
    #[must_use]
    pub fn position(&self, byte: u32) -> Position {
        let mut at = (byte as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.starts.partition_point(|&start| start as usize <= at) - 1;
        let start = self.starts[line] as usize;
        let before = &self.text[start..at];
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        Position { line: to_offset(line + 1), column: to_offset(before.chars().count() + 1), byte: to_offset(at) }
    }

    /// The byte range of a 1-based line without its terminator; `None` past the last line.
    #[must_use]
    pub fn line_range(&self, line: u32) -> Option<std::ops::Range<usize>> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.starts.get(index)? as usize;
        let end = self.starts.get(index + 1).map_or(self.text.len(), |&next| next as usize);
        let line = &self.text[start..end];
        Some(start..start + line.trim_end_matches(['\n', '\r']).len())
    }
}

fn to_offset(value: usize) -> u32 {
    u32::try_from(value).expect("invariant: files over 4 GiB are refused when they are read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, byte: u32, expected: (u32, u32)) {
        let position = LineIndex::new(text).position(byte);
        assert_eq!((position.line, position.column), expected, "byte {byte} of {text:?}");
    }

    #[test]
    fn columns_count_scalar_values() {
        check("é𝄞x", 0, (1, 1));
        check("é𝄞x", 2, (1, 2));
        check("é𝄞x", 6, (1, 3));
    }

    #[test]
    fn every_line_ending_starts_a_line() {
        check("a\nb", 2, (2, 1));
        check("a\r\nb", 3, (2, 1));
        check("a\rb", 2, (2, 1));
        check("a\n", 2, (2, 1));
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        check("\u{feff}ab", 3, (1, 1));
        check("\u{feff}ab", 4, (1, 2));
    }

    #[test]
    fn an_offset_past_the_end_is_the_end() {
        check("ab", 99, (1, 3));
    }
}
