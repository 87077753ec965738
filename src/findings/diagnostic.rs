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
    /// A finding that says nothing yet: what is left out of the rest stays empty.
    #[must_use]
    pub fn new(rule: RuleId, severity: Severity, confidence: Confidence, location: Location) -> Self {
        Self {
            rule,
            severity,
            confidence,
            location,
            label: String::new(),
            function: String::new(),
            resource: String::new(),
            message: String::new(),
            help: String::new(),
            trace: Vec::new(),
            fix: None,
        }
    }

    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    #[must_use]
    pub fn function(self, function: impl Into<String>) -> Self {
        Self { function: function.into(), ..self }
    }

    #[must_use]
    pub fn resource(self, resource: impl Into<String>) -> Self {
        Self { resource: resource.into(), ..self }
    }

    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    #[must_use]
    pub fn trace(self, trace: Vec<TraceStep>) -> Self {
        Self { trace, ..self }
    }

    #[must_use]
    pub fn family(&self) -> Family {
        self.rule.family()
    }
}
