//! Findings: the diagnostic type, suppression, fingerprints.

mod diagnostic;
pub mod fingerprint;
pub mod suppression;

pub use diagnostic::{Confidence, Finding, Severity, TraceStep};
