//! Judging a file by its bytes: source text, something to pass over, or something to report.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::source::Language;

/// Files over this size are bundles or data; the limit other linters use.
pub const SIZE_LIMIT: usize = 1 << 20;

/// Machine-written code has lines of thousands of bytes; the longest mean of a hand-written file is below 120.
const MINIFIED_MEAN_LINE: usize = 400;
/// Below this a long line is a data URL or a licence, not a bundle.
const MINIFIED_SIZE: usize = 4 << 10;
/// A generated file says so in its first lines.
const GENERATED_LINES: usize = 5;

/// What reading a file gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    Text(Box<str>),
    /// Not what its name says, or not written by hand: passed over, with the reason.
    Skip(&'static str),
    /// Should have been source text and could not be read.
    Problem(String),
}

/// Reads `path` through `buffer`, which is reused from file to file.
///
/// The buffer holds one byte more than the limit, so that no file needs a `stat` to be refused for its size.
pub(super) fn read(path: &Path, language: Language, buffer: &mut Vec<u8>) -> Content {
    buffer.resize(SIZE_LIMIT + 1, 0);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Content::Problem(describe(&error)),
    };
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Content::Problem(describe(&error)),
        }
    }
    if length > SIZE_LIMIT {
        return Content::Skip("larger than 1 MiB");
    }
    judge(path, language, &buffer[..length])
}

/// An I/O error in the words of a report.
pub(super) fn describe(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::NotFound => "no such file or directory".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            let mut characters = text.chars();
            characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
        }
    }
}

fn judge(path: &Path, language: Language, bytes: &[u8]) -> Content {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Content::Problem("the file is UTF-16; only UTF-8 is read".to_owned());
    }
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Qt's translation sources share the extension `.ts`.
    if body.trim_ascii_start().starts_with(b"<?xml") || body.starts_with(b"<!DOCTYPE") {
        return Content::Skip("XML");
    }
    // MPEG transport streams share it too.
    if memchr::memchr(0, bytes).is_some() {
        return Content::Skip("binary");
    }
    if language == Language::JavaScript && is_minified(path, body) {
        return Content::Skip("minified");
    }
    if is_generated(body) {
        return Content::Skip("generated");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Content::Text(text.into()),
        Err(error) => {
            let line = memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count() + 1;
            Content::Problem(format!("not valid UTF-8: line {line}, byte {}", error.valid_up_to()))
        }
    }
}

fn is_minified(path: &Path, body: &[u8]) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if [".min.js", ".min.mjs", ".min.cjs", "-min.js"].iter().any(|end| name.ends_with(end)) {
        return true;
    }
    body.len() > MINIFIED_SIZE && body.len() / (memchr::memchr_iter(b'\n', body).count() + 1) > MINIFIED_MEAN_LINE
}

fn is_generated(body: &[u8]) -> bool {
    let end = memchr::memchr_iter(b'\n', body).nth(GENERATED_LINES - 1).unwrap_or(body.len());
    let head = &body[..end.min(2048)];
    // Only a comment at the top says it of the whole file.
    if !head.trim_ascii_start().starts_with(b"/") {
        return false;
    }
    let head = head.to_ascii_lowercase();
    let says = |words: &str| memchr::memmem::find(&head, words.as_bytes()).is_some();
    // The marker is spelt in two parts, lest this file bear it.
    says(concat!("@", "generated")) || says("do not edit") && says("generated")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, bytes: &[u8], expected: &str) {
        let language = Language::of_path(Path::new(name)).expect("a source name");
        let found = match judge(Path::new(name), language, bytes) {
            Content::Text(_) => "text".to_owned(),
            Content::Skip(reason) => format!("skip: {reason}"),
            Content::Problem(message) => message,
        };
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn source_text_is_kept_as_it_is() {
        check("a.ts", b"", "text");
        check("a.ts", b"\xef\xbb\xbfexport {}\r\n", "text");
        check("a.js", "x".repeat(3000).as_bytes(), "text");
        check("a.ts", "x".repeat(30_000).as_bytes(), "text");
    }

    #[test]
    fn what_no_one_wrote_by_hand_is_passed_over() {
        check("a.js", "x;".repeat(30_000).as_bytes(), "skip: minified");
        check("jquery.min.js", b"x", "skip: minified");
        check("a.ts", b"// @generated by protobuf-ts\nexport {}\n", "skip: generated");
        check("a.ts", b"export const marker = '@generated'\n", "text");
        check("a.ts", b"// 1\n// 2\n// 3\n// 4\n// 5\n// @generated\n", "text");
        check("a.ts", b"/* Code generated by x. DO NOT EDIT. */\n", "skip: generated");
        check("a.js", b"/* !!! This is code generated by x. Do not edit directly. !!! */\n", "skip: generated");
    }

    #[test]
    fn other_formats_behind_the_same_extension() {
        check("de.ts", b"<?xml version=\"1.0\"?>\n<TS/>", "skip: XML");
        check("de.ts", b"\xef\xbb\xbf\n<?xml version=\"1.0\"?>", "skip: XML");
        check("video.ts", b"G\x00\x11\x00", "skip: binary");
    }

    #[test]
    fn other_encodings_are_reported() {
        check("a.ts", b"\xff\xfea\x00", "the file is UTF-16; only UTF-8 is read");
        check("a.ts", b"a\nb\xff", "not valid UTF-8: line 2, byte 3");
    }
}
