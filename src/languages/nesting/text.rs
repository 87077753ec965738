//! What hides brackets: strings, templates, comments, regular expressions.

use super::lexis::regular_expression_end;
use super::scan::{Kind, Previous, Scan};

impl Scan<'_> {
    /// A comment, a regular expression or a division.
    pub(super) fn slash(&mut self) {
        match self.peek(1) {
            b'/' => self.skip_line(),
            b'*' => {
                let end = memchr::memmem::find(&self.bytes[self.at + 2..], b"*/");
                let end = end.map_or(self.bytes.len(), |found| self.at + 2 + found + 2);
                self.newline |= memchr::memchr2(b'\n', b'\r', &self.bytes[self.at..end]).is_some();
                self.at = end;
            }
            _ => match self.previous {
                Previous::Operand => self.operator(b'/'),
                // After a block it begins a pattern, after an object it divides: hide nothing.
                Previous::Brace => {
                    self.raw_line = true;
                    self.operator(b'/');
                }
                _ => match regular_expression_end(self.bytes, self.at) {
                    Some(end) => {
                        self.begin_operand();
                        self.at = end;
                    }
                    None => {
                        self.raw_line = true;
                        self.operator(b'/');
                    }
                },
            },
        }
    }

    /// The text of a template, from after the backtick or the substitution's brace.
    pub(super) fn template(&mut self) {
        loop {
            let rest = &self.bytes[self.at..];
            let Some(found) = memchr::memchr3(b'`', b'\\', b'$', rest) else {
                self.at = self.bytes.len();
                return;
            };
            self.at += found;
            match (self.bytes[self.at], self.peek(1)) {
                (b'`', _) => {
                    self.at += 1;
                    self.previous = Previous::Operand;
                    self.after_token();
                    return;
                }
                (b'$', b'{') => {
                    self.at += 2;
                    self.push(Kind::Substitution);
                    return;
                }
                (b'\\', _) => self.at = (self.at + 2).min(self.bytes.len()),
                _ => self.at += 1,
            }
        }
    }

    pub(super) fn skip_string(&mut self, quote: u8) {
        self.at += 1;
        while let Some(found) = self.bytes[self.at..].iter().position(|&b| b == quote || b == b'\\' || b == b'\n') {
            self.at += found;
            match self.bytes[self.at] {
                b'\\' => self.at = (self.at + 2).min(self.bytes.len()),
                b'\n' => return,
                _ => {
                    self.at += 1;
                    return;
                }
            }
        }
        self.at = self.bytes.len();
    }

    pub(super) fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    }

    pub(super) fn skip_past(&mut self, byte: u8) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr(byte, rest).map_or(rest.len(), |found| found + 1);
    }

    pub(super) fn skip_past_after(&mut self, quote: u8) {
        self.at += 1;
        self.skip_past(quote);
    }
}
