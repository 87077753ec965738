//! How deeply a text nests, told from its bytes before any parser sees it.
//!
//! Takes a text; gives the depth of its deepest point. Never recurses, never fails, never builds a tree. Parsers and
//! the visitors of their trees recurse, and a stack that overflows cannot be caught: so depth is measured first, and
//! what is too deep is refused.
//!
//! The scan is rough on purpose and errs upwards: where a byte may be code or text (a slash after `}`, the words
//! between JSX tags), its brackets count. Closing brackets only close what was opened on the same side of a JSX tag.

use crate::source::Language;

/// What one open bracket, tag or statement head weighs; a link of an operator chain weighs one. A level of brackets
/// passes through about this many times the stack of a level of `a + b + c` in parsers and visitors.
const LEVEL: u32 = 8;
/// What a prefix operator, assignment, arrow or condition weighs: between the two.
const PREFIX: u32 = 2;

/// The deepest point of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// In levels of brackets; long chains of operators count for a fraction each.
    pub levels: u32,
    /// Where that depth is reached first.
    pub offset: u32,
}

/// The offset at which `text` first nests deeper than `limit` levels.
#[must_use]
pub fn depth_exceeds(text: &str, language: Language, limit: u32) -> Option<u32> {
    let depth = deepest(text, language, limit);
    (depth.levels > limit).then_some(depth.offset)
}

/// The deepest point of `text`; the scan stops at the first point deeper than `stop_above`.
#[must_use]
pub fn deepest(text: &str, language: Language, stop_above: u32) -> Depth {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
        jsx: language != Language::TypeScript,
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
    };
    scan.run();
    Depth {
        levels: scan.deepest / LEVEL,
        offset: u32::try_from(scan.deepest_at).expect("invariant: files over 4 GiB are refused when they are read"),
    }
}

/// What the last token was, as far as the next one's meaning depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Previous {
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
enum Kind {
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
struct Frame {
    kind: Kind,
    /// Operators since the expression began.
    chain: u32,
    /// `<` that may be open type arguments since the statement began.
    angles: u32,
    /// `if`, `for`, `do`… since the statement began, `else` branches included.
    heads: u32,
    /// Between `case` and its colon.
    in_case: bool,
}

impl Frame {
    fn new(kind: Kind) -> Self {
        Self { kind, chain: 0, angles: 0, heads: 0, in_case: false }
    }

    fn weight(&self) -> u32 {
        self.chain + (self.angles + self.heads) * LEVEL
    }
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    jsx: bool,
    frames: Vec<Frame>,
    frame: Frame,
    /// The weight of everything in `frames`.
    outer_weight: u32,
    previous: Previous,
    /// A line ended since the last token.
    newline: bool,
    /// A `;` stands before this token: the statement is over unless `else` follows.
    ended: bool,
    /// Until the line ends, quotes and slashes hide nothing.
    raw_line: bool,
    deepest: u32,
    deepest_at: usize,
    stop_above: u32,
}

impl Scan<'_> {
    fn run(&mut self) {
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

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn token(&mut self) {
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

    fn begin_operand(&mut self) {
        if self.ended || (self.previous == Previous::Operand && self.newline) {
            self.end_statement(false);
        }
        self.after_token();
        self.previous = Previous::Operand;
    }

    fn end_statement(&mut self, goes_on_with_else: bool) {
        self.frame.chain = 0;
        self.frame.angles = 0;
        if !goes_on_with_else {
            self.frame.heads = 0;
        }
    }

    fn after_token(&mut self) {
        self.newline = false;
        self.ended = false;
    }

    /// One more link of the running chain of operators.
    fn link(&mut self, weight: u32) {
        self.frame.chain += weight;
        self.previous = Previous::Operator;
        self.after_token();
        self.note();
    }

    fn head(&mut self) {
        self.frame.heads += 1;
        self.note();
    }

    fn note(&mut self) {
        let weight = self.outer_weight + self.frame.weight();
        if weight > self.deepest {
            self.deepest = weight;
            self.deepest_at = self.at.min(self.bytes.len() - 1);
        }
    }

    fn operator(&mut self, byte: u8) {
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

    fn push(&mut self, kind: Kind) {
        self.outer_weight += self.frame.weight() + LEVEL;
        self.frames.push(self.frame);
        self.frame = Frame::new(kind);
        self.previous = Previous::Operator;
        self.after_token();
        self.note();
    }

    fn pop(&mut self) -> Kind {
        let closed = self.frame.kind;
        if let Some(frame) = self.frames.pop() {
            self.frame = frame;
            self.outer_weight -= self.frame.weight() + LEVEL;
        }
        closed
    }

    /// Closes the innermost bracket of this sort. What is open inside it was left open by text that only looks like
    /// code, so it goes too; but nothing beyond a tag is touched.
    fn close(&mut self, byte: u8) {
        self.at += 1;
        let matches = |kind: Kind| match kind {
            Kind::Code(closing) => closing == byte,
            Kind::Head => byte == b')',
            Kind::Substitution => byte == b'}',
            Kind::Tag | Kind::Children => false,
        };
        let open = std::iter::once(&self.frame).chain(self.frames.iter().rev());
        let found = open
            .take(64)
            .take_while(|frame| !matches!(frame.kind, Kind::Tag | Kind::Children))
            .position(|frame| matches(frame.kind));
        let Some(above) = found else { return };
        for _ in 0..above {
            self.pop();
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

    fn less_than(&mut self) {
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
    fn is_generic_head(&self) -> bool {
        let mut rest = &self.bytes[self.at + 1..];
        let name = rest.iter().take_while(|&&byte| is_word(byte)).count();
        rest = &rest[name..];
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        rest = &rest[blanks..];
        rest.starts_with(b",") || (blanks > 0 && rest.starts_with(b"extends "))
    }

    /// One step inside `<name …>`.
    fn tag(&mut self) {
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

    /// A comment, a regular expression or a division.
    fn slash(&mut self) {
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
    fn template(&mut self) {
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

    fn skip_string(&mut self, quote: u8) {
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

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    }

    fn skip_past(&mut self, byte: u8) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr(byte, rest).map_or(rest.len(), |found| found + 1);
    }

    fn skip_past_after(&mut self, quote: u8) {
        self.at += 1;
        self.skip_past(quote);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Name,
    /// Joins two operands.
    Binary,
    /// Stands before an operand.
    Prefix,
    Else,
    Do,
    /// `if`, `for`: brackets, then a statement.
    Head,
    Case,
}

fn classify(word: &[u8]) -> Word {
    match word {
        b"in" | b"instanceof" | b"as" | b"satisfies" | b"of" | b"extends" | b"is" => Word::Binary,
        b"typeof" | b"void" | b"delete" | b"await" | b"new" | b"yield" | b"keyof" | b"infer" | b"readonly"
        | b"unique" | b"return" | b"throw" | b"default" | b"async" => Word::Prefix,
        b"else" => Word::Else,
        b"do" => Word::Do,
        b"if" | b"for" | b"while" | b"with" => Word::Head,
        b"case" => Word::Case,
        _ => Word::Name,
    }
}

/// A byte of a name, keyword or number.
#[expect(clippy::cast_possible_truncation, reason = "the index of a table of 256 is a byte")]
const IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        let is_ascii_word =
            (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'$' | b'#' | b'@' | b'\\');
        table[byte] = is_ascii_word || byte >= 0x80;
        byte += 1;
    }
    table
};

fn is_word(byte: u8) -> bool {
    IS_WORD[byte as usize]
}

fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// The end of the regular expression that starts at `start`; `None` when the line ends first.
fn regular_expression_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    let mut in_class = false;
    loop {
        match *bytes.get(at)? {
            b'\n' | b'\r' => return None,
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &str, language: Language) -> u32 {
        deepest(text, language, u32::MAX / LEVEL - 1).levels
    }

    /// The text is as deep as expected, give or take the operators in it.
    fn check(text: &str, expected: u32) {
        let levels = levels(text, Language::Tsx);
        assert!((expected..=expected + 1).contains(&levels), "{levels} levels, not {expected}, in {text:?}");
    }

    fn check_deep(text: &str, at_least: u32) {
        for language in [Language::TypeScript, Language::Tsx] {
            let levels = levels(text, language);
            assert!(
                levels >= at_least,
                "{levels} levels, fewer than {at_least}, in {:?}…",
                &text[..40.min(text.len())]
            );
        }
    }

    #[test]
    fn brackets_nest() {
        check("f(a, [b, { c: (d) }])", 4);
        check("f(a); g(b); h(c)", 1);
        check("", 0);
    }

    #[test]
    fn text_hides_brackets() {
        check(r#"x = "((((((" + '[[[[\'[[['"#, 0);
        check("// ((((((((\n/* [[[[[ */ x", 0);
        check("x = /[(/]((((\\/((/g", 0);
        check("x = `(((( ${ y } ((((`", 1);
        check("x = `${`${`${ y }`}`}`", 3);
        check("#!/usr/bin/env ((((\nx", 0);
        check("<p>it's {a} don't (see {b}) can't</p>", 3);
    }

    #[test]
    fn a_slash_after_a_brace_hides_nothing() {
        check("{} /'/; ((((x))))", 4);
        check("if (a) /'/.test(((b)))", 4);
    }

    #[test]
    fn statements_end_chains() {
        check(&"a.b.c.d = e + f + g;\n".repeat(1000), 0);
        check(&"a.b.c.d = e + f + g\n".repeat(1000), 0);
        check(&"const f = (x) => x!\n".repeat(1000), 1);
        check(&"if (a) b()\n".repeat(1000), 2);
        check(&"if (a) { b() } else { c() }\n".repeat(1000), 2);
        check(&"class A { b() {} c = 1 }\n".repeat(1000), 2);
        check(&format!("switch (a) {{ {} }}", "case 1: b(); break; ".repeat(1000)), 2);
        check(&format!("switch (a) {{ {} }}", "case 1: ".repeat(1000)), 1);
        check(&format!("interface A {{ {} }}", "b: Map<string, C<D>>\n".repeat(1000)), 3);
        check(&format!("x = {{ {} }}", "b: c ? d : e, ".repeat(1000)), 1);
        check(&"<p>a < b. <b>c</b></p>;\n".repeat(1000), 2);
    }

    #[test]
    fn every_sort_of_nesting_counts() {
        let deep = |unit: &str| unit.repeat(1000);
        for unit in [
            "(",
            "[",
            "{",
            "a(",
            "`${",
            "[{a:",
            "{ if (a) ",
            "() => { ",
            "V<V, ",
            "if (a) ",
            "else if (a) ",
            "while(a)\n",
        ] {
            check_deep(&deep(unit), 900);
        }
        assert!(levels(&format!("x = {}", deep("<a>")), Language::Tsx) >= 900);
        check_deep(&format!("if (a) b; {}", deep("else if (a) b; ")), 900);
        check_deep(&format!("if (a) {{}} {}", deep("else if (a) { b } ")), 900);
        for unit in ["!", "<a>", "a = ", "a => ", "a ? b : ", "typeof ", "- ", "await ", "a\n= "] {
            check_deep(&deep(unit), 200);
        }
        for unit in ["+ 1 ", ".b()", "\n.b()", "(a)", "[0]", "`a`", "?.b", "&& b "] {
            check_deep(&format!("a{}", deep(unit)), 120);
        }
    }

    #[test]
    fn the_scan_says_where() {
        assert_eq!(depth_exceeds("((((x))))", Language::TypeScript, 2), Some(3));
        assert_eq!(depth_exceeds("((((x))))", Language::TypeScript, 4), None);
    }
}
