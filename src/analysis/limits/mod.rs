//! Limits: which options a builder was given, and whether waiting for a resource ends.
//!
//! Takes the evaluator; gives the methods of the chain that made something ([`Chain`]), and the uses of a kind of
//! resource that wait with and without a deadline ([`Use`]). Never says which limits something should have.

mod chain;
mod deadlines;

pub use chain::Chain;
pub use deadlines::{Use, names_of, passing_calls, rate, uses};
