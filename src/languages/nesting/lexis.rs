//! Words and other tokens.

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
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

pub(super) fn classify(word: &[u8]) -> Word {
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
static IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = u8::MAX;
    while byte > 0 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'@' | b'\\') || byte >= 0x80;
        byte -= 1;
    }
    table
};

pub(super) fn is_word(byte: u8) -> bool {
    IS_WORD[byte as usize]
}

pub(super) fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// The end of the regular expression that starts at `start`; `None` when the line ends first.
pub(super) fn regular_expression_end(bytes: &[u8], start: usize) -> Option<usize> {
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
