//! The types in which a crate can keep a shared value, preferring those that it uses already.

use crate::catalogue::schema::{Keeper, Kept};
use crate::rewrite::Hoist;
use crate::source::SourceFile;

/// One for each way in which it gets its value, if there is one.
pub(super) struct Keepers<'r> {
    pub(super) lazy: Option<&'r Keeper>,
    pub(super) set: Option<&'r Keeper>,
    pub(super) awaited: Option<&'r Keeper>,
}

impl<'r> Keepers<'r> {
    pub(super) fn of(remedy: &'r Hoist, file: &SourceFile, files: &[SourceFile]) -> Self {
        let of = |kept| remedy.keepers.iter().filter(move |keeper| keeper.kept == kept);
        let name = |keeper: &Keeper| keeper.path.rsplit("::").next().unwrap_or_default().to_owned();
        // A crate that does without the standard library may have to build where there is none.
        let goes_without = of(Kept::Lazily).next().is_some_and(|first| !mentions(file, files, &name(first)));
        let usual = |kept| {
            let module = |keeper: &Keeper| keeper.path[..keeper.path.len() - name(keeper).len()].to_owned();
            let mut others = of(kept).skip(1).filter(|_| goes_without);
            others.find(|it| mentions(file, files, &module(it))).or_else(|| of(kept).next())
        };
        Self { lazy: usual(Kept::Lazily), set: usual(Kept::WhenSet), awaited: usual(Kept::WhenAwaited) }
    }
}

/// Whether a file of the crate contains something.
fn mentions(file: &SourceFile, files: &[SourceFile], what: &str) -> bool {
    let root = |path: &str| path.find("src/").map(|at| path[..at].to_owned());
    let own = root(&file.display_path);
    files.iter().any(|other| root(&other.display_path) == own && other.text.contains(what))
}
