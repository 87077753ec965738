//! Where the tokens end that hide others: strings, raw strings, characters, comments.
//!
//! Takes a text and where such a token begins. What is not closed ends with the text.

/// The end of the string whose quote is at `start`; it may span lines.
pub(in crate::languages) fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// The end of the character at `start`, or of the quote of a lifetime or label.
pub(in crate::languages) fn quote_end(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start + 1..];
    if rest.first() == Some(&b'\\') {
        // The character behind the backslash may be a quote.
        let end = rest.iter().skip(2).position(|byte| matches!(byte, b'\'' | b'\n')).map(|found| found + 2);
        return end.map_or(bytes.len(), |end| start + 1 + end + usize::from(rest[end] == b'\''));
    }
    // One character takes at most four bytes; a lifetime's second byte is no quote, nor are those after it.
    let length = rest.iter().skip(1).position(|byte| byte & 0xC0 != 0x80).map_or(1, |more| more + 1);
    start + if rest.get(length) == Some(&b'\'') { length + 2 } else { 1 }
}

/// The end of the `/* … */` at `start`; comments nest.
pub(in crate::languages) fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let mut open = 0_usize;
    let mut at = start;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'/', b'*', rest)) {
        at += found;
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                open += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                at += 2;
                open -= 1;
                if open == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of the raw string that starts at `start`, if one does: `r"…"`, `br#"…"#`.
pub(in crate::languages) fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = &bytes[start..];
    let prefix = if matches!(rest[0], b'b' | b'c') { 2 } else { 1 };
    if rest.get(prefix - 1) != Some(&b'r') {
        return None;
    }
    let hashes = rest[prefix..].iter().take_while(|&&byte| byte == b'#').count();
    let text = prefix + hashes + 1;
    if rest.get(text - 1) != Some(&b'"') {
        return None;
    }
    let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let found = memchr::memmem::find(&rest[text..], &end);
    Some(found.map_or(bytes.len(), |found| start + text + found + end.len()))
}
