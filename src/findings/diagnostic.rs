//! One diagnostic type for every output.

use serde::{Deserialize, Serialize};

use crate::rewrite::Fix;
use crate::rules::{Family, RuleId};
use crate::source::Location;

/// How bad a finding is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never fails a run.
    Note,
    Warning,
    Error,
}

/// How sure the analysis is that it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// A leak, with the argument for it.
#[derive(Debug, Clone)]
pub struct Finding {
    pub rule: RuleId,
    pub severity: Severity,
    pub confidence: Confidence,
    /// The acquisition, creation or declaration that has to change, in the function that leaks.
    pub location: Location,
    /// The primary label: what stands there.
    pub label: String,
    /// Qualified name of the function that leaks: `ThreadRepository.create`.
    pub function: String,
    /// The catalogue's or project's name of the resource: `postgres`, `pg.Pool`.
    pub resource: String,
    /// One terse phrase that stands alone: lower case, no final period, names in backticks.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The path that leaks, in order.
    pub trace: Vec<TraceStep>,
    /// The rewrite that ends it. Rules leave it open: it is made for what is reported.
    pub fix: Option<Fix>,
}

/// One step of the path: shown as a numbered related span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceStep {
    pub location: Location,
    pub message: String,
}

impl Finding {
    #[must_use]
    pub fn family(&self) -> Family {
        self.rule.family()
    }
}
