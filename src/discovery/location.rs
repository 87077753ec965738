//! Paths within the analysed tree: relative to its root, `/` between parts, `""` for the root itself.

use std::path::{Component, Path, PathBuf};

/// `path` relative to `root`; `None` outside it, or where it is not UTF-8.
pub(crate) fn relative(root: &Path, path: &Path) -> Option<String> {
    if std::path::MAIN_SEPARATOR != '/' {
        return Some(path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/"));
    }
    // By bytes, since this is asked of every file: both are normalised, so a prefix of parts is a prefix of bytes.
    let rest = path.to_str()?.strip_prefix(root.to_str()?)?;
    let is_whole_part = rest.is_empty() || rest.starts_with('/') || root.parent().is_none();
    is_whole_part.then(|| rest.trim_start_matches('/').to_owned())
}

/// `specifier` seen from `directory`, without `.` and `..`; `None` where it leads above the root.
pub(crate) fn join(directory: &str, specifier: &str) -> Option<String> {
    let mut out = String::with_capacity(directory.len() + 1 + specifier.len());
    out.push_str(directory);
    for part in specifier.split('/') {
        match part {
            "" | "." => {}
            ".." if out.is_empty() => return None,
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            part => {
                if !out.is_empty() {
                    out.push('/');
                }
                out.push_str(part);
            }
        }
    }
    Some(out)
}

/// The directory that holds `path`; `None` for the root.
pub(crate) fn parent(path: &str) -> Option<&str> {
    if path.is_empty() { None } else { Some(path.rfind('/').map_or("", |at| &path[..at])) }
}

/// `directory` and every directory above it, up to the root.
pub(crate) fn ancestors(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(directory), |directory| parent(directory))
}

/// Whether `path` is `directory` or lies below it.
pub(crate) fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `path` without `.` and `..`, by its text alone: the file system is not asked.
pub(crate) fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// A path's bytes, by which files are put in order.
pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining() {
        for (directory, specifier, expected) in [
            ("src", "./a", Some("src/a")),
            ("src/b", "../a.js", Some("src/a.js")),
            ("src", "..", Some("")),
            ("src", ".", Some("src")),
            ("", "./a/./b/../c", Some("a/c")),
            ("src", "../../a", None),
            ("src", "./a/", Some("src/a")),
        ] {
            assert_eq!(join(directory, specifier).as_deref(), expected, "{specifier} from {directory}");
        }
    }

    #[test]
    fn above() {
        assert_eq!(ancestors("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(ancestors("").collect::<Vec<_>>(), [""]);
        assert!(is_below("a/b", "a") && is_below("a", "a") && is_below("a", "") && !is_below("ab", "a"));
    }
}
