//! Findings: the diagnostic type, suppression, fingerprints.

mod diagnostic;

pub use diagnostic::{Confidence, Finding, Severity, TraceStep};
