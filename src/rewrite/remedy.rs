//! Remedies: what would end a leak, as facts. The rules know these; the texts of a language follow from them.

use crate::source::{Location, Span};

/// What would end a leak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    Release(Release),
}

/// Releasing a resource however the function is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The call that acquires it.
    pub acquisition: Location,
    pub by: By,
    /// Whether the release gives a promise.
    pub waits: bool,
    /// The calls in the function that release it already, on some paths.
    pub present: Vec<Span>,
}

/// How a resource is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A method on what the call gives: `client.release()`.
    Method(String),
    /// A member of what the call gives, besides the resource: `cleanup` of `{ db, cleanup }`.
    Member(String),
    /// Calling what the call gives.
    Itself,
    /// A sibling of the function that is called, with what the call gives: `fs.closeSync(file)`.
    Function(String),
}

impl Remedy {
    /// The file that has to change first of all.
    #[must_use]
    pub fn file(&self) -> crate::source::FileId {
        match self {
            Self::Release(release) => release.acquisition.file,
        }
    }
}
