//! Findings: the diagnostic type, suppression, fingerprints.

mod diagnostic;
mod fingerprint;
pub mod suppression;

pub use diagnostic::{Confidence, Finding, Severity, TraceStep};
pub use fingerprint::fingerprints;
