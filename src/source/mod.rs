//! File text and positions.
//!
//! Takes bytes read from disk; gives [`SourceFile`]s with stable [`FileId`]s, half-open byte [`Span`]s and, only when
//! something is printed, [`Position`]s. Never touches the file system.

mod line_index;
mod span;

pub use line_index::{LineIndex, Position};
pub use span::{FileId, Location, Span};

use std::path::PathBuf;

/// One source file that takes part in a run.
#[derive(Debug)]
pub struct SourceFile {
    /// Where the file is, as the walk found it.
    pub path: PathBuf,
    /// The path as reports show it: relative to the working directory where possible, with `/` separators.
    pub display_path: String,
    pub language: Language,
    /// The text as it is on disk, byte-order mark included: every span is an offset into it.
    pub text: Box<str>,
}

/// Extensions of markup with scripts in it.
pub const VUE: &str = "vue";
pub const SVELTE: &str = "svelte";

/// Which front end reads a file, and in which dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// `.ts`, `.mts`, `.cts`: types, no JSX.
    TypeScript,
    /// `.tsx`: types and JSX.
    Tsx,
    /// `.js`, `.jsx`, `.mjs`, `.cjs`: JSX allowed in all of them, as bundlers do.
    JavaScript,
    /// `.vue`: markup around scripts; the one marked `setup` runs for each instance.
    Vue,
    /// `.svelte`: markup around scripts, which run for each instance unless they are the module's.
    Svelte,
    /// `.rs`.
    Rust,
}

impl Language {
    /// Whether the file is markup with scripts in it.
    #[must_use]
    pub fn is_component(self) -> bool {
        matches!(self, Self::Vue | Self::Svelte)
    }

    /// The language a path's extension names; `None` for files no front end reads. `.d.ts` files declare and never
    /// run, so they have no language either.
    #[must_use]
    pub fn of_path(path: &std::path::Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.strip_suffix(".d").is_some() && matches!(extension, "ts" | "mts" | "cts") {
            return None;
        }
        match extension {
            "ts" | "mts" | "cts" => Some(Self::TypeScript),
            "tsx" => Some(Self::Tsx),
            "js" | "jsx" | "mjs" | "cjs" => Some(Self::JavaScript),
            VUE => Some(Self::Vue),
            SVELTE => Some(Self::Svelte),
            "rs" => Some(Self::Rust),
            _ => None,
        }
    }
}
