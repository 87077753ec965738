//! The files of the tree, by path: what a path in an import can mean.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::source::{FileId, SVELTE, VUE};

/// Extensions of source files, in the order in which an import without one tries them.
const EXTENSIONS: [&str; 10] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", VUE, SVELTE];

/// Index into [`EXTENSIONS`].
type Extension = u8;

/// Every discovered file under its path without the extension, since an import may write another extension or none.
#[derive(Debug, Default)]
pub(super) struct Files {
    by_stem: FxHashMap<Box<str>, SmallVec<[(Extension, FileId); 1]>>,
}

impl Files {
    pub(super) fn insert(&mut self, path: &str, file: FileId) {
        if let Some((stem, extension)) = split_extension(path) {
            let variants = self.by_stem.entry(stem.into()).or_default();
            variants.push((extension, file));
            variants.sort_unstable();
        }
    }

    /// The file an import of `path` names: as written, with the extension of the source it is compiled from, without
    /// an extension, or the index of a directory.
    pub(super) fn lookup(&self, path: &str) -> Option<FileId> {
        self.lookup_file(path).or_else(|| self.lookup_index(path))
    }

    /// The same, without indexes of directories.
    pub(super) fn lookup_file(&self, path: &str) -> Option<FileId> {
        let written = split_extension(path).and_then(|(stem, extension)| {
            let variants = self.by_stem.get(stem);
            let stands_for = |variant: Extension| sources_of(extension).contains(&variant);
            let found = variants.into_iter().flatten().find(|(variant, _)| stands_for(*variant));
            found.map(|(_, file)| *file).or_else(|| self.any(stem.strip_suffix(".d")?))
        });
        written.or_else(|| self.any(path))
    }

    /// The index of the directory `path`.
    pub(super) fn lookup_index(&self, path: &str) -> Option<FileId> {
        if path.is_empty() { self.any("index") } else { self.any(&format!("{path}/index")) }
    }

    /// The source a built file comes from, where both have the same place: only the stem counts.
    pub(super) fn lookup_built(&self, path: &str) -> Option<FileId> {
        let stem = split_extension(path).map_or(path, |(stem, _)| stem);
        let stem = stem.strip_suffix(".d").unwrap_or(stem);
        self.any(stem).or_else(|| self.lookup_index(stem))
    }

    fn any(&self, stem: &str) -> Option<FileId> {
        self.by_stem.get(stem)?.first().map(|(_, file)| *file)
    }
}

fn split_extension(path: &str) -> Option<(&str, Extension)> {
    let (stem, extension) = path.rsplit_once('.')?;
    let at = EXTENSIONS.iter().position(|known| *known == extension)?;
    Some((stem, u8::try_from(at).expect("invariant: ten extensions")))
}

/// What a file imported under an extension may be called on disk: compilers keep `.js` in imports of `.ts` files.
fn sources_of(extension: Extension) -> &'static [Extension] {
    match EXTENSIONS[extension as usize] {
        "js" => &[0, 1, 4, 5],
        "jsx" => &[1, 5],
        "mjs" => &[2, 6],
        "cjs" => &[3, 7],
        "ts" => &[0],
        "tsx" => &[1],
        "mts" => &[2],
        "cts" => &[3],
        VUE => &[8],
        _ => &[9],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], path: &str, expected: Option<&str>) {
        let mut table = Files::default();
        for (at, file) in files.iter().enumerate() {
            table.insert(file, FileId(u32::try_from(at).expect("few")));
        }
        assert_eq!(table.lookup(path).map(|file| files[file.index()]), expected, "{path}");
    }

    #[test]
    fn extensions() {
        check(&["a.ts"], "a", Some("a.ts"));
        check(&["a.ts"], "a.ts", Some("a.ts"));
        check(&["a.ts"], "a.js", Some("a.ts"));
        check(&["a.js", "a.ts"], "a.js", Some("a.ts"));
        check(&["a.js", "a.ts"], "a", Some("a.ts"));
        check(&["a.tsx"], "a.js", Some("a.tsx"));
        check(&["a.mts"], "a.mjs", Some("a.mts"));
        check(&["a.cts"], "a.cjs", Some("a.cts"));
        check(&["a.js"], "a.ts", None);
        check(&["a.ts"], "a.mjs", None);
        check(&["a.server.ts"], "a.server", Some("a.server.ts"));
        check(&["a.js.ts"], "a.js", Some("a.js.ts"));
        check(&["a.ts"], "a.css", None);
    }

    #[test]
    fn directories() {
        check(&["a/index.ts"], "a", Some("a/index.ts"));
        check(&["a.ts", "a/index.ts"], "a", Some("a.ts"));
        check(&["index.js"], "", Some("index.js"));
    }
}
