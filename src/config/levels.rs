//! Which findings are kept, and how severe they are: the configuration of their file first, the command line last.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Settings;
use super::selector::Selector;
use crate::findings::{Confidence, Finding, Severity};
use crate::rules::RuleId;

/// What becomes of the findings of a rule. Notes stay notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// They are dropped.
    Allow,
    /// They are warnings.
    Warn,
    /// They are errors.
    Deny,
}

/// What the command line says about levels; it has the last word.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    /// In the order they were given: the last one for a rule counts.
    pub rules: Vec<(Selector, Level)>,
    /// Only these are kept, where there are any.
    pub only: Vec<Selector>,
    pub deny_warnings: bool,
    pub min_confidence: Option<Confidence>,
    pub min_severity: Option<Severity>,
}

impl Levels {
    /// The level of a rule in the file at `path`, where somebody gave it one.
    #[must_use]
    pub fn of(&self, rule: RuleId, settings: Option<&Settings>, path: &Path) -> Option<Level> {
        last(&self.rules, rule).or_else(|| settings?.level(rule, path))
    }

    #[must_use]
    pub fn min_confidence(&self, settings: Option<&Settings>) -> Confidence {
        self.min_confidence.or(settings.and_then(|it| it.min_confidence)).unwrap_or(Confidence::Low)
    }

    #[must_use]
    pub fn min_severity(&self, settings: Option<&Settings>) -> Severity {
        self.min_severity.or(settings.and_then(|it| it.min_severity)).unwrap_or(Severity::Note)
    }

    /// Makes a finding in the file at `path` as severe as was asked for; says whether it is kept.
    pub fn apply(&self, finding: &mut Finding, settings: Option<&Settings>, path: &Path) -> bool {
        let level = self.of(finding.rule, settings, path);
        // A note is a remark beside what fails: no level makes a failure of it.
        if finding.severity > Severity::Note {
            match level {
                Some(Level::Warn) => finding.severity = Severity::Warning,
                Some(Level::Deny) => finding.severity = Severity::Error,
                Some(Level::Allow) | None => {}
            }
            if self.deny_warnings {
                finding.severity = Severity::Error;
            }
        }
        level != Some(Level::Allow)
            && finding.confidence >= self.min_confidence(settings)
            && finding.severity >= self.min_severity(settings)
            && (self.only.is_empty() || self.only.iter().any(|selector| selector.matches(finding.rule)))
    }
}

/// The level that the last of these gives a rule.
pub(super) fn last(levels: &[(Selector, Level)], rule: RuleId) -> Option<Level> {
    levels.iter().rev().find(|(selector, _)| selector.matches(rule)).map(|&(_, level)| level)
}
