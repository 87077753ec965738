//! JSON as people write it into configuration files: with comments, trailing commas and a byte-order mark.

use serde_json::Value;

/// Parses `text`; positions in an error are those of the text as it is.
pub(super) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&blank(text)))
}

/// Replaces comments and trailing commas with spaces.
fn blank(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    // The comma that ends the last value, as long as nothing but space follows it.
    let mut comma = None;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                comma = None;
                at = end_of_string(&bytes, at);
                continue;
            }
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                let end = end_of_comment(&bytes, at);
                for byte in &mut bytes[at..end] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
                continue;
            }
            b',' => comma = Some(at),
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    String::from_utf8(bytes).expect("invariant: whole comments and single ASCII bytes become spaces")
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_comment(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start + 2..];
    let length = if bytes[start + 1] == b'/' {
        memchr::memchr(b'\n', rest)
    } else {
        memchr::memmem::find(rest, b"*/").map(|end| end + 2)
    };
    length.map_or(bytes.len(), |length| start + 2 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(parse(text).expect("parses").to_string(), expected, "{text}");
    }

    #[test]
    fn comments_and_trailing_commas() {
        check("\u{feff}{\"a\": 1}", r#"{"a":1}"#);
        check("{ // é\n \"a\": [1, 2, /* x */ ], }", r#"{"a":[1,2]}"#);
        check(
            r#"{ "@/*": ["./src/*"], /* , */ "b": "// no \" comment /*", }"#,
            r#"{"@/*":["./src/*"],"b":"// no \" comment /*"}"#,
        );
    }

    #[test]
    fn what_is_no_json_stays_an_error() {
        for text in ["", "/* open", "{\"a\": \"", "{\"a\\", "{,}x", "{{name}}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
