//! The scan over code: brackets, statements and chains of operators.

use crate::source::Language;

use super::lexis::{Word, classify, closing, is_word};

/// What one open bracket, tag or statement head weighs; a link of an operator chain weighs one. A level of brackets
/// passes through about this many times the stack of a level of `a + b + c` in parsers and visitors.
pub(super) const LEVEL: u32 = 8;
/// What a prefix operator, assignment, arrow or condition weighs: between the two.
pub(super) const PREFIX: u32 = 2;

/// What the last token was, as far as the next one's meaning depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Previous {
    /// An operator, an opening bracket, a separator or the start: an operand comes next.
    Operator,
    /// A name, a literal or a closing bracket: an operand has ended.
    Operand,
    /// `)` of `if (…)`: a statement comes next.
    Head,
    /// `}`: of a block or of an object.
    Brace,
    /// `if`, `for`, `while`, `with`: its brackets come next.
    HeadWord,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Between brackets; the closing one.
    Code(u8),
    /// `(…)` after `if` and the like.
    Head,
    /// `${…}`; a template goes on after it.
    Substitution,
    /// `<name …`.
    Tag,
    /// Between tags.
    Children,
}

#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Operators since the expression began.
    pub(super) chain: u32,
    /// `<` that may be open type arguments since the statement began.
    pub(super) angles: u32,
    /// `if`, `for`, `do`… since the statement began, `else` branches included.
    pub(super) heads: u32,
    /// Between `case` and its colon.
    pub(super) in_case: bool,
}

impl Frame {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, chain: 0, angles: 0, heads: 0, in_case: false }
    }

    pub(super) fn weight(&self) -> u32 {
        self.chain + (self.angles + self.heads) * LEVEL
    }
}

pub(super) struct Scan<'t> {
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    pub(super) jsx: bool,
    rust: bool,
    pub(super) frames: Vec<Frame>,
    pub(super) frame: Frame,
    /// The weight of everything in `frames`.
    pub(super) outer_weight: u32,
    pub(super) previous: Previous,
    /// A line ended since the last token.
    pub(super) newline: bool,
    /// A `;` stands before this token: the statement is over unless `else` follows.
    pub(super) ended: bool,
    /// Until the line ends, quotes and slashes hide nothing.
    pub(super) raw_line: bool,
    pub(super) deepest: u32,
    pub(super) deepest_at: usize,
    pub(super) stop_above: u32,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str, language: Language, stop_above: u32) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            jsx: matches!(language, Language::Tsx | Language::JavaScript),
            rust: language == Language::Rust,
            frames: Vec::new(),
            frame: Frame::new(Kind::Code(0)),
            outer_weight: 0,
            previous: Previous::Operator,
            newline: false,
            ended: false,
            raw_line: false,
            deepest: 0,
            deepest_at: 0,
            stop_above: stop_above.saturating_mul(LEVEL).saturating_add(LEVEL - 1),
        }
    }

    pub(super) fn run(&mut self) {
        let mark = "\u{feff}".as_bytes();
        if self.bytes.strip_prefix(mark).unwrap_or(self.bytes).starts_with(b"#!") {
            self.skip_line();
        }
        while self.at < self.bytes.len() && self.deepest <= self.stop_above {
            if self.frame.kind == Kind::Tag {
                self.tag();
            } else {
                self.token();
            }
        }
    }

    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn token(&mut self) {
        if self.rust && self.rust_token() {
            return;
        }
        let byte = self.bytes[self.at];
        if is_word(byte) {
            return self.word();
        }
        if byte == b' ' {
            let rest = &self.bytes[self.at + 1..];
            self.at += 1 + rest.iter().position(|&byte| byte != b' ').unwrap_or(rest.len());
            return;
        }
        let hides = !self.raw_line && self.frame.kind != Kind::Children;
        match byte {
            b'\n' | b'\r' => {
                self.newline = true;
                self.raw_line = false;
                self.at += 1;
            }
            b'\t' => self.at += 1,
            b'"' | b'\'' if hides => {
                self.begin_operand();
                self.skip_string(byte);
            }
            b'`' if hides => {
                // A template after an operand is a tag's: one more link of a chain of calls.
                if self.previous == Previous::Operand {
                    self.link(1);
                } else {
                    self.begin_operand();
                }
                self.at += 1;
                self.template();
            }
            b'/' if hides => self.slash(),
            b'(' | b'[' | b'{' => self.open(byte),
            b')' | b']' | b'}' => self.close(byte),
            b';' => {
                self.frame.chain = 0;
                self.frame.angles = 0;
                self.ended = true;
                self.previous = Previous::Operator;
                self.at += 1;
            }
            b',' => {
                self.frame.chain = 0;
                self.previous = Previous::Operator;
                self.at += 1;
            }
            b'<' => self.less_than(),
            _ => self.operator(byte),
        }
    }

    /// A name, keyword or number.
    fn word(&mut self) {
        let start = self.at;
        let rest = &self.bytes[start..];
        let word = &rest[..rest.iter().position(|&byte| !is_word(byte)).unwrap_or(rest.len())];
        self.at += word.len();
        let is_property = start > 0 && self.bytes[start - 1] == b'.' && self.previous == Previous::Operator;
        let can_be_keyword = matches!(word.len(), 2..=10) && word[0].is_ascii_lowercase();
        let kind = if is_property || !can_be_keyword { Word::Name } else { classify(word) };
        let follows_operand = matches!(self.previous, Previous::Operand | Previous::Brace);
        let continues = matches!(kind, Word::Binary | Word::Else);
        if self.ended || (follows_operand && !continues && (self.newline || self.previous == Previous::Brace)) {
            self.end_statement(kind == Word::Else);
        }
        self.after_token();
        match kind {
            Word::Name => self.previous = Previous::Operand,
            Word::Binary => self.link(1),
            Word::Prefix => self.link(PREFIX),
            Word::Else => self.previous = Previous::Operator,
            Word::Do => {
                self.head();
                self.previous = Previous::Operator;
            }
            Word::Head => {
                self.head();
                self.previous = Previous::HeadWord;
            }
            Word::Case => {
                self.end_statement(false);
                self.frame.in_case = true;
                self.previous = Previous::Operator;
            }
        }
    }

    pub(super) fn begin_operand(&mut self) {
        if self.ended || (self.previous == Previous::Operand && self.newline) {
            self.end_statement(false);
        }
        self.after_token();
        self.previous = Previous::Operand;
    }

    pub(super) fn end_statement(&mut self, goes_on_with_else: bool) {
        self.frame.chain = 0;
        self.frame.angles = 0;
        if !goes_on_with_else {
            self.frame.heads = 0;
        }
    }

    pub(super) fn after_token(&mut self) {
        self.newline = false;
        self.ended = false;
    }

    /// One more link of the running chain of operators.
    pub(super) fn link(&mut self, weight: u32) {
        self.frame.chain += weight;
        self.previous = Previous::Operator;
        self.after_token();
        self.note();
    }

    pub(super) fn head(&mut self) {
        self.frame.heads += 1;
        self.note();
    }

    pub(super) fn note(&mut self) {
        let weight = self.outer_weight + self.frame.weight();
        if weight > self.deepest {
            self.deepest = weight;
            self.deepest_at = self.at.min(self.bytes.len() - 1);
        }
    }

    pub(super) fn operator(&mut self, byte: u8) {
        if self.ended {
            self.end_statement(false);
        }
        let next = self.peek(1);
        let (length, weight) = match (byte, next) {
            (b'=', b'>') => (2, PREFIX * 2),
            (b'>', _) if self.frame.angles > 0 => {
                self.frame.angles -= 1;
                self.at += 1;
                self.previous = Previous::Operand;
                self.after_token();
                return;
            }
            (b':', _) if self.frame.in_case => {
                self.frame.in_case = false;
                self.end_statement(false);
                self.at += 1;
                self.previous = Previous::Operator;
                return;
            }
            (b'=' | b'!', b'=') => (if self.peek(2) == b'=' { 3 } else { 2 }, 1),
            (b'&', b'&') | (b'|', b'|') | (b'?', b'?') | (b'*', b'*') => (2, 1),
            (b'+', b'+') | (b'-', b'-') => (2, PREFIX),
            (b'?', b'.') => (2, 1),
            (b'.', b'.') if self.peek(2) == b'.' => (3, 1),
            (b'.' | b'|' | b'&' | b'+' | b'*' | b'%' | b'^' | b'/' | b'>', _) => {
                (1, if self.previous == Previous::Operator { PREFIX } else { 1 })
            }
            _ => (1, PREFIX),
        };
        // `a++` and `a!` end an operand: what follows a line end is then a new statement.
        let ends_operand = self.previous == Previous::Operand
            && (matches!((byte, next), (b'+', b'+') | (b'-', b'-')) || (byte == b'!' && length == 1));
        self.at += length;
        self.link(weight);
        if ends_operand {
            self.previous = Previous::Operand;
        }
    }

    fn open(&mut self, byte: u8) {
        let mut kind = Kind::Code(closing(byte));
        match self.previous {
            Previous::HeadWord if byte == b'(' => kind = Kind::Head,
            // A call or an index: one more link.
            Previous::Operand if byte != b'{' && !self.ended => self.frame.chain += 1,
            Previous::Operand | Previous::Brace if byte == b'{' && self.newline => self.end_statement(false),
            _ if self.ended => self.end_statement(false),
            _ => {}
        }
        self.at += 1;
        self.push(kind);
    }

    pub(super) fn push(&mut self, kind: Kind) {
        self.outer_weight += self.frame.weight() + LEVEL;
        self.frames.push(self.frame);
        self.frame = Frame::new(kind);
        self.previous = Previous::Operator;
        self.after_token();
        self.note();
    }

    pub(super) fn pop(&mut self) -> Kind {
        let closed = self.frame.kind;
        if let Some(frame) = self.frames.pop() {
            self.frame = frame;
            self.outer_weight -= self.frame.weight() + LEVEL;
        }
        closed
    }

    /// Closes the innermost bracket of this sort. What is open inside it was left open by text that only looks like
    /// code, so it goes too; but nothing beyond a tag is touched.
    pub(super) fn close(&mut self, byte: u8) {
        self.at += 1;
        let matches = |kind: Kind| match kind {
            Kind::Code(closing) => closing == byte,
            Kind::Head => byte == b')',
            Kind::Substitution => byte == b'}',
            Kind::Tag | Kind::Children => false,
        };
        if !matches(self.frame.kind) {
            let open = std::iter::once(&self.frame).chain(self.frames.iter().rev());
            let found = open
                .take(64)
                .take_while(|frame| !matches!(frame.kind, Kind::Tag | Kind::Children))
                .position(|frame| matches(frame.kind));
            let Some(above) = found else { return };
            for _ in 0..above {
                self.pop();
            }
        }
        let kind = self.pop();
        self.after_token();
        match kind {
            Kind::Substitution => {
                self.template();
                self.previous = Previous::Operand;
            }
            Kind::Head => self.previous = Previous::Head,
            _ if byte == b'}' => self.previous = Previous::Brace,
            _ => self.previous = Previous::Operand,
        }
    }
}
