//! Call patterns: how the catalogue's files name functions, classes and methods.
//!
//! | pattern | means |
//! |---|---|
//! | `new Pool`, `new native.Pool` | the class at this path of the package, constructed |
//! | `createPool()`, `MongoClient.connect()` | the function at this path of the package, called |
//! | `default()`, `new default` | the default export, or the module itself, called or constructed |
//! | `console.*()` | every function below the path |
//! | `default().get()`, `new Hono.get()` | a method on what the call or constructor gives |
//! | `<kafkajs.Consumer>.run()` | a method on a resource of the catalogue |
//! | `*.push()` | a method on a receiver that nothing is known about |

use globset::{Glob, GlobSet, GlobSetBuilder};
use smallvec::SmallVec;

use crate::ir::Name;

/// A path of member names below a package; the package itself is the empty path.
pub type MemberPath = SmallVec<[Name; 2]>;

/// The name that stands for every member.
pub(super) const ANY: &str = "*";

/// A parsed call pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// `new path` or `path()`.
    Symbol { is_new: bool, path: MemberPath },
    /// A method on the result of `new path` or `path()`.
    Method { is_new: bool, path: MemberPath, method: Name },
    /// A method on a resource.
    Resource { resource: String, method: Name },
    /// `*.method()`.
    AnyReceiver { method: Name },
}

impl Pattern {
    /// Reads one pattern.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`{text}` is no call pattern: {why}"));
        if let Some(rest) = text.strip_prefix("*.") {
            return match rest.strip_suffix("()") {
                Some(method) if is_name(method) => Ok(Self::AnyReceiver { method: method.into() }),
                _ => wrong("after `*.` comes one method name with `()`"),
            };
        }
        if let Some(rest) = text.strip_prefix('<') {
            let parts = rest.rsplit_once(">.").and_then(|(resource, rest)| Some((resource, rest.strip_suffix("()")?)));
            return match parts {
                Some((resource, method)) if is_name(method) => {
                    Ok(Self::Resource { resource: resource.to_owned(), method: method.into() })
                }
                _ => wrong("after `<resource>.` comes one method name with `()`"),
            };
        }
        let (is_new, rest) = match text.strip_prefix("new ") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (creator, method) = match rest.split_once("()") {
            None if is_new => (rest, None),
            None => return wrong("it ends neither in `()` nor starts with `new `"),
            Some((path, "")) if is_new => match path.rsplit_once('.') {
                Some((path, method)) => (path, Some(method)),
                None => return wrong("a constructor is written without `()`"),
            },
            Some((path, "")) => (path, None),
            Some((path, rest)) => match rest.strip_prefix('.').and_then(|rest| rest.strip_suffix("()")) {
                Some(method) if !is_new => (path, Some(method)),
                _ => return wrong("after what gives the receiver comes one method with `()`"),
            },
        };
        let Some(path) = parse_path(creator) else {
            return wrong("names are joined by dots");
        };
        match method {
            None => Ok(Self::Symbol { is_new, path }),
            Some(method) if is_name(method) => Ok(Self::Method { is_new, path, method: method.into() }),
            Some(_) => wrong("the method is no name"),
        }
    }
}

/// Reads a member path: `Pool`, `native.Pool`, `default` (the empty path), with a final `*` for every member, or a `*` before
/// the last word that a family of names has: `*Client`.
#[must_use]
pub(super) fn parse_path(text: &str) -> Option<MemberPath> {
    let mut path = MemberPath::new();
    for (index, name) in text.split('.').enumerate() {
        if name == "default" && path.is_empty() {
            continue;
        }
        let is_ending = name.strip_prefix(ANY).is_some_and(|rest| is_name(rest) && ending(name) == Some(name.into()));
        if !(is_name(name) || is_ending || name == ANY && index > 0) {
            return None;
        }
        path.push(name.into());
    }
    Some(path)
}

/// The last name of a method or function as the catalogue writes it: `end` of `$pool.end`, `revokeObjectURL` of
/// `URL.revokeObjectURL()`. `()`, which is calling the resource itself, stays as it is.
#[must_use]
pub fn last_name(path: &str) -> &str {
    let last = path.rsplit('.').next().unwrap_or(path);
    last.strip_suffix("()").filter(|name| !name.is_empty()).unwrap_or(last)
}

/// What stands for all names with the same last word: `*Client` for `S3Client`.
#[must_use]
pub(super) fn ending(name: &str) -> Option<Name> {
    let at = name.rfind(|c: char| c.is_ascii_uppercase())?;
    (at > 0).then(|| format!("{ANY}{}", &name[at..]).into())
}

/// What `path` means: the default export and the module itself are the same thing, however the program reached it.
#[must_use]
pub fn without_default(mut path: &[Name]) -> &[Name] {
    while let [first, rest @ ..] = path
        && first == "default"
    {
        path = rest;
    }
    path
}

fn is_name(text: &str) -> bool {
    let rest = text.strip_prefix("@@").or_else(|| text.strip_prefix('#')).unwrap_or(text);
    // Macros are called by their names too.
    let rest = rest.strip_suffix('!').unwrap_or(rest);
    !rest.is_empty() && rest.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

/// The patterns of paths or names of an entry point, made ready to match.
#[must_use]
pub fn globs<'t>(patterns: impl IntoIterator<Item = &'t String>) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        // The catalogue's test refuses patterns that do not parse; a user's were checked when they were read.
        if let Ok(glob) = Glob::new(pattern) {
            builder.add(glob);
        }
    }
    builder.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> MemberPath {
        names.iter().map(|name| Name::from(*name)).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: Pattern) {
        assert_eq!(Pattern::parse(text), Ok(expected));
    }

    #[test]
    fn symbols() {
        check("new Pool", Pattern::Symbol { is_new: true, path: path(&["Pool"]) });
        check("new native.Pool", Pattern::Symbol { is_new: true, path: path(&["native", "Pool"]) });
        check("MongoClient.connect()", Pattern::Symbol { is_new: false, path: path(&["MongoClient", "connect"]) });
        check("console.*()", Pattern::Symbol { is_new: false, path: path(&["console", "*"]) });
    }

    #[test]
    fn the_default_export_is_the_module() {
        check("default()", Pattern::Symbol { is_new: false, path: path(&[]) });
        check("new default", Pattern::Symbol { is_new: true, path: path(&[]) });
        check("default.connect()", Pattern::Symbol { is_new: false, path: path(&["connect"]) });
        assert_eq!(without_default(&path(&["default", "default", "Pool"])), path(&["Pool"]).as_slice());
    }

    #[test]
    fn methods() {
        check("default().get()", Pattern::Method { is_new: false, path: path(&[]), method: "get".into() });
        check("new Hono.get()", Pattern::Method { is_new: true, path: path(&["Hono"]), method: "get".into() });
        check("new a.B.get()", Pattern::Method { is_new: true, path: path(&["a", "B"]), method: "get".into() });
        check("<a.B>.get()", Pattern::Resource { resource: "a.B".to_owned(), method: "get".into() });
        check("*.push()", Pattern::AnyReceiver { method: "push".into() });
    }

    #[test]
    fn what_is_no_pattern() {
        for text in
            ["", "Pool", "new ", "new Pool()", "a..b()", "*.push", "*.a.b()", "<a.B>()", "a().b().c()", "a b()", "*()"]
        {
            assert!(Pattern::parse(text).is_err(), "{text:?} was read");
        }
    }
}
