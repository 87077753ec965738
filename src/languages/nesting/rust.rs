//! What hides brackets in Rust: strings over several lines, raw strings, nested comments; and the quote that does not.

use super::scan::Scan;
use crate::languages::rust::lexis;

impl Scan<'_> {
    /// Steps over a token that means something else here than in the other languages; whether there was one.
    pub(super) fn rust_token(&mut self) -> bool {
        match self.bytes[self.at] {
            b'"' => {
                self.begin_operand();
                self.at = lexis::string_end(self.bytes, self.at);
            }
            b'\'' => {
                self.begin_operand();
                self.at = lexis::quote_end(self.bytes, self.at);
            }
            b'/' if self.peek(1) == b'*' => {
                let end = lexis::block_comment_end(self.bytes, self.at);
                self.newline |= memchr::memchr(b'\n', &self.bytes[self.at..end]).is_some();
                self.at = end;
            }
            b'/' if self.peek(1) == b'/' => self.skip_line(),
            b'/' => self.operator(b'/'),
            b'r' | b'b' | b'c' => match lexis::raw_string_end(self.bytes, self.at) {
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
}
