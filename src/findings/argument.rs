//! Why a finding is reported, as far as the analysis can say.

use crate::source::Location;

/// The argument for a finding, and what speaks against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    pub sections: Vec<Section>,
}

/// One question that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub title: String,
    pub statements: Vec<Statement>,
}

/// What was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub location: Option<Location>,
    /// Lower case, no final period.
    pub text: String,
}

impl Statement {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { location: None, text }
    }
}
