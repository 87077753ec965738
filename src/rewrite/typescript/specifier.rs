//! Module specifiers: how a file refers to another, in the style of the imports it has.

use crate::discovery::location::{join, parent};

/// What `from` would write to import `to`; `like` are the specifiers it has, with the paths they lead to.
pub(super) fn specifier(from: &str, to: &str, like: &[(String, String)]) -> Option<String> {
    like.iter().find_map(|(written, target)| {
        let (stem, style) = Style::of(written, target)?;
        if written.starts_with('.') {
            return Some(style.apply(&relative(parent(from).unwrap_or(""), to)));
        }
        let alias = Alias::of(stem, target)?;
        Some(style.apply(&alias.apply(to)?))
    })
}

/// How specifiers end.
enum Style {
    /// As the file is called.
    Full,
    /// By what the file is compiled to.
    Compiled(String),
    Without,
    /// Not even `/index`.
    Directory,
}

impl Style {
    /// The style of a specifier, and what it is without its end.
    fn of<'w>(written: &'w str, target: &str) -> Option<(&'w str, Self)> {
        let (stem, extension) = split(target);
        let name = stem.rsplit('/').next()?;
        let last = written.rsplit('/').next()?;
        if let Some(end) = last.strip_prefix(name)
            && !end.is_empty()
        {
            let style = if end == extension { Self::Full } else { Self::Compiled(end.to_owned()) };
            return end.starts_with('.').then(|| (&written[..written.len() - end.len()], style));
        }
        if last == name {
            return Some((written, Self::Without));
        }
        (name == "index").then_some((written, Self::Directory))
    }

    fn apply(&self, path: &str) -> String {
        let (stem, extension) = split(path);
        match self {
            Self::Full => path.to_owned(),
            Self::Compiled(end) => {
                // `.mts` is compiled to `.mjs`, whatever the neighbour ends in.
                let end = match extension {
                    ".mts" => ".mjs",
                    ".cts" => ".cjs",
                    _ => end,
                };
                format!("{stem}{end}")
            }
            Self::Without | Self::Directory => stem.strip_suffix("/index").unwrap_or(stem).to_owned(),
        }
    }
}

/// A path that stands for another: `~/` for `src/`.
struct Alias<'p> {
    written: &'p str,
    meant: &'p str,
}

impl<'p> Alias<'p> {
    /// What is left when both ends are the same.
    fn of(written: &'p str, target: &'p str) -> Option<Self> {
        let target = split(target).0;
        let target = if written.ends_with("/index") { target } else { target.strip_suffix("/index").unwrap_or(target) };
        let same: usize = written
            .rsplit('/')
            .zip(target.rsplit('/'))
            .take_while(|(one, other)| one == other)
            .map(|(part, _)| part.len() + 1)
            .sum();
        let written = written.get(..(written.len() + 1).checked_sub(same)?)?;
        let meant = target.get(..(target.len() + 1).saturating_sub(same))?;
        // A package's own name is no alias: only some of its files can be had by it.
        (written.ends_with('/') && matches!(written, "~/" | "@/" | "#/" | "$/") || written.starts_with('$'))
            .then_some(Self { written, meant })
    }

    fn apply(&self, path: &str) -> Option<String> {
        Some(format!("{}{}", self.written, path.strip_prefix(self.meant)?))
    }
}

fn split(path: &str) -> (&str, &str) {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name..].rfind('.') {
        Some(dot) => path.split_at(name + dot),
        None => (path, ""),
    }
}

/// `to` seen from a directory.
fn relative(directory: &str, to: &str) -> String {
    let mut above = directory;
    let mut up = 0;
    loop {
        let inside =
            if above.is_empty() { Some(to) } else { to.strip_prefix(above).and_then(|it| it.strip_prefix('/')) };
        if let Some(rest) = inside {
            let up = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
            debug_assert_eq!(join(directory, &format!("{up}{rest}")).as_deref(), Some(to));
            return format!("{up}{rest}");
        }
        above = parent(above).unwrap_or("");
        up += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_written_like_those_that_are_there() {
        for (from, to, written, target, expected) in [
            ("src/a/b.ts", "src/db/config.ts", "../lib/db.ts", "src/lib/db.ts", Some("../db/config.ts")),
            ("src/a/b.ts", "src/a/config.ts", "../lib/db", "src/lib/db.ts", Some("./config")),
            ("src/a/b.ts", "src/db/config.ts", "../lib/db.js", "src/lib/db.ts", Some("../db/config.js")),
            ("src/a/b.ts", "src/db/index.ts", "../lib/db", "src/lib/db.ts", Some("../db")),
            ("src/a/b.ts", "src/db/index.ts", "../lib", "src/lib/index.ts", Some("../db")),
            ("src/a/b.ts", "src/db/config.ts", "~/lib/db", "src/lib/db.ts", Some("~/db/config")),
            ("src/a/b.ts", "src/db/config.ts", "@/lib", "src/lib/index.ts", Some("@/db/config")),
            ("src/a/b.ts", "other/config.ts", "~/lib/db", "src/lib/db.ts", None),
            ("src/a/b.ts", "packages/db/config.ts", "@acme/db", "packages/db/index.ts", None),
        ] {
            let like = [(written.to_owned(), target.to_owned())];
            assert_eq!(specifier(from, to, &like).as_deref(), expected, "{to} from {from} like {written}");
        }
    }
}
