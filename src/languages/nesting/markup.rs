//! `<`: a comparison, type arguments, or a tag of JSX.

use super::lexis::{closing, is_word};
use super::scan::{Frame, Kind, PREFIX, Previous, Scan};

impl Scan<'_> {
    pub(super) fn less_than(&mut self) {
        if self.frame.kind == Kind::Children && self.peek(1) == b'/' {
            self.skip_past(b'>');
            self.pop();
            self.previous = Previous::Operand;
            return;
        }
        let starts_operand = self.frame.kind == Kind::Children
            || !matches!(self.previous, Previous::Operand | Previous::Brace | Previous::HeadWord);
        let next = self.peek(1);
        if self.jsx && starts_operand && (is_word(next) || next == b'>') && !self.is_generic_head() {
            self.at += 1;
            self.push(Kind::Tag);
            return;
        }
        self.at += 1;
        match next {
            b'=' => {
                self.at += 1;
                self.link(1);
            }
            b'<' => {
                self.at += 1;
                self.link(1);
            }
            _ => {
                self.frame.angles += 1;
                // `<T>value` is a prefix too.
                self.link(PREFIX);
            }
        }
    }

    /// `<T,>(…)` and `<T extends U>(…)`: how a generic arrow is written where JSX is allowed.
    pub(super) fn is_generic_head(&self) -> bool {
        let mut rest = &self.bytes[self.at + 1..];
        let name = rest.iter().take_while(|&&byte| is_word(byte)).count();
        rest = &rest[name..];
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        rest = &rest[blanks..];
        rest.starts_with(b",") || (blanks > 0 && rest.starts_with(b"extends "))
    }

    /// One step inside `<name …>`.
    pub(super) fn tag(&mut self) {
        let byte = self.bytes[self.at];
        match byte {
            b'"' | b'\'' => self.skip_past_after(byte),
            b'{' => {
                self.at += 1;
                self.push(Kind::Code(b'}'));
            }
            b'/' if self.peek(1) == b'>' => {
                self.at += 2;
                self.pop();
                self.previous = Previous::Operand;
                self.after_token();
            }
            b'/' if matches!(self.peek(1), b'*' | b'/') => self.slash(),
            b'>' if self.frame.angles > 0 => {
                self.frame.angles -= 1;
                self.at += 1;
            }
            b'>' => {
                self.at += 1;
                self.frame = Frame::new(Kind::Children);
                self.previous = Previous::Operator;
            }
            b'<' => {
                self.frame.angles += 1;
                self.note();
                self.at += 1;
            }
            // Brackets belong to type arguments here, if to anything.
            b'(' | b'[' => {
                self.at += 1;
                self.push(Kind::Code(closing(byte)));
            }
            _ => self.at += 1,
        }
    }
}
