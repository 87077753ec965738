//! Paths as URI references.

/// `path` with everything escaped that means something else in a URI.
pub(super) fn of_path(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    // An absolute path on Windows begins with a drive.
    let path = if path.as_bytes().get(1) == Some(&b':') { format!("/{path}") } else { path.to_owned() };
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b',') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_escaped() {
        assert_eq!(of_path("src/été/[id] 50%.ts"), "src/%C3%A9t%C3%A9/%5Bid%5D%2050%25.ts");
        assert_eq!(of_path("/srv/a.ts"), "file:///srv/a.ts");
        assert_eq!(of_path("C:/a.ts"), "file:///C%3A/a.ts");
        assert_eq!(of_path("../a.ts"), "../a.ts");
    }
}
