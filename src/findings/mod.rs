//! Findings: the diagnostic type, suppression, fingerprints, the baseline.

pub mod argument;
pub mod baseline;
mod diagnostic;
mod fingerprint;
pub mod suppression;

pub use diagnostic::{Confidence, Finding, Severity, TraceStep};
pub use fingerprint::fingerprints;
