//! The comments of a file. The tokenizer drops them, so they are found in the text.

use compact_str::CompactString;

use crate::ir::Comment;
use crate::source::Span;

use super::lexis::{block_comment_end, quote_end, raw_string_end, string_end};

/// The comments that may hold a directive for us. Documentation holds none: it may quote one as an example, and it is
/// printed for people who do not read the code.
pub(super) fn directive_comments(text: &str) -> Vec<Comment> {
    let finder = memchr::memmem::Finder::new("leaklint");
    if finder.find(text.as_bytes()).is_none() {
        return Vec::new();
    }
    let comments = comments(text.as_bytes()).into_iter().filter_map(|at| {
        let comment = &text[at.range()];
        let holds_some = finder.find(comment.as_bytes()).is_some() && !is_documentation(comment);
        holds_some.then(|| Comment { text: CompactString::from(comment), span: at })
    });
    comments.collect()
}

/// `///`, `//!`, `/**` and `/*!`; but `////`, `/***` and `/**/` are plain comments.
fn is_documentation(comment: &str) -> bool {
    let is_outer = |mark: &str, more: &[char]| comment.strip_prefix(mark).is_some_and(|rest| !rest.starts_with(more));
    comment.starts_with("//!") || comment.starts_with("/*!") || is_outer("///", &['/']) || is_outer("/**", &['*', '/'])
}

/// Every comment of a text, in order.
fn comments(bytes: &[u8]) -> Vec<Span> {
    let mut comments = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        at = match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'/')) => {
                let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found);
                let end = if bytes[end - 1] == b'\r' { end - 1 } else { end };
                comments.push(span(at, end));
                end
            }
            (b'/', Some(b'*')) => {
                let end = block_comment_end(bytes, at);
                comments.push(span(at, end));
                end
            }
            (b'"', _) => string_end(bytes, at),
            (b'\'', _) => quote_end(bytes, at),
            (byte, _) if is_word(byte) => raw_string_end(bytes, at).unwrap_or_else(|| word_end(bytes, at)),
            _ => at + 1,
        };
    }
    comments
}

/// Past the word at `start`: its last letters are no prefix of a raw string.
fn word_end(bytes: &[u8], start: usize) -> usize {
    start + bytes[start..].iter().take_while(|byte| is_word(**byte)).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn span(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).expect("invariant: files over 4 GiB are refused when they are read");
    Span::new(offset(start), offset(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The comments of a text, whatever they say.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = comments(text.as_bytes()).iter().map(|at| &text[at.range()]).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn comments_end_with_the_line_or_are_closed() {
        check("a(); // one\r\nb(); /* two\r\n */ c(); // three", &["// one", "/* two\r\n */", "// three"]);
        check("/* a /* b */ // c */ d // e", &["/* a /* b */ // c */", "// e"]);
        check("/* never closed", &["/* never closed"]);
        check("//", &["//"]);
        check("a / b /", &[]);
    }

    #[test]
    fn what_looks_like_a_comment_is_none_in_a_text() {
        check(r#"f("// a", "\"// b", b"// c", c"/* d"); // e"#, &["// e"]);
        check(r###"f(r"\"); // a"###, &["// a"]);
        check(r###"f(r#"" // a"#, br##""# // b"##, cr"// c"); // d"###, &["// d"]);
        check("f('\"', '\\'', b'\"', '\\\\', '/'); // a", &["// a"]);
        check("fn f<'a>(x: &'a str) { 'b: loop {} } // \"", &["// \""]);
        check("let r#type = br; let bar\"\" = 1; // a", &["// a"]);
    }

    #[test]
    fn other_scripts_are_text_too() {
        check("let naïve = 'ï'; let s = \"𝑛\"; // 𝑛 ’", &["// 𝑛 ’"]);
        check("\u{feff}// first\nlet 𝑛 = '𝑛'; // second", &["// first", "// second"]);
    }

    #[test]
    fn documentation_holds_no_directives() {
        for (text, holds) in [
            ("// leaklint: x", true),
            ("//// leaklint: x", true),
            ("/* leaklint: x */", true),
            ("/*** leaklint: x */", true),
            ("/// leaklint: x", false),
            ("//! leaklint: x", false),
            ("/** leaklint: x */", false),
            ("/*! leaklint: x */", false),
            ("// something else", false),
            ("let s = \"// leaklint: x\";", false),
        ] {
            assert_eq!(!directive_comments(text).is_empty(), holds, "{text}");
        }
    }
}
