//! What hides brackets in Rust: strings over several lines, raw strings, nested comments; and the quote that does not.

use super::scan::Scan;

impl Scan<'_> {
    /// Steps over a token that means something else here than in the other languages; whether there was one.
    pub(super) fn rust_token(&mut self) -> bool {
        match self.bytes[self.at] {
            b'"' => {
                self.begin_operand();
                self.skip_multiline_string();
            }
            b'\'' => {
                self.begin_operand();
                self.quote();
            }
            b'/' if self.peek(1) == b'*' => self.skip_nested_comment(),
            b'/' if self.peek(1) == b'/' => self.skip_line(),
            b'/' => self.operator(b'/'),
            b'r' | b'b' | b'c' => match self.raw_string_end() {
                Some(end) => {
                    self.begin_operand();
                    self.at = end;
                }
                None => return false,
            },
            _ => return false,
        }
        true
    }

    fn skip_multiline_string(&mut self) {
        self.at += 1;
        while let Some(found) = memchr::memchr2(b'"', b'\\', &self.bytes[self.at..]) {
            self.at += found + 1;
            if self.bytes[self.at - 1] == b'"' {
                return;
            }
            self.at = (self.at + 1).min(self.bytes.len());
        }
        self.at = self.bytes.len();
    }

    /// A character, or the quote of a lifetime or label.
    fn quote(&mut self) {
        if self.peek(1) == b'\\' {
            return self.skip_string(b'\'');
        }
        // One character takes at most four bytes; a lifetime's second byte is no quote, nor are those after it.
        let rest = &self.bytes[self.at + 1..];
        let length = rest.iter().skip(1).position(|byte| byte & 0xC0 != 0x80).map_or(1, |more| more + 1);
        self.at += if rest.get(length) == Some(&b'\'') { length + 2 } else { 1 };
    }

    fn skip_nested_comment(&mut self) {
        let mut open = 0u32;
        while self.at < self.bytes.len() {
            match (self.bytes[self.at], self.peek(1)) {
                (b'/', b'*') => {
                    open += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    open -= 1;
                    self.at += 2;
                    if open == 0 {
                        return;
                    }
                }
                (byte, _) => {
                    self.newline |= byte == b'\n';
                    self.at += 1;
                }
            }
        }
    }

    /// Where the raw string that starts here ends: `r"…"`, `br#"…"#`.
    fn raw_string_end(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let prefix = if matches!(rest[0], b'b' | b'c') { 2 } else { 1 };
        if rest.get(prefix - 1) != Some(&b'r') {
            return None;
        }
        let hashes = rest[prefix..].iter().take_while(|&&byte| byte == b'#').count();
        let start = prefix + hashes + 1;
        if rest.get(start - 1) != Some(&b'"') {
            return None;
        }
        let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
        let found = memchr::memmem::find(&rest[start..], &end);
        Some(found.map_or(self.bytes.len(), |found| self.at + start + found + end.len()))
    }
}
