//! What bounds a resource, and what waits for it.

use serde::{Deserialize, Serialize};

/// An option that bounds the resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Option names, any of which is enough; a dotted name looks inside: `extra.max`. In a connection string they are
    /// query parameters.
    #[serde(default)]
    pub options: Vec<String>,
    /// Methods of a builder, and fields of a struct of settings, any of which is enough.
    #[serde(default)]
    pub methods: Vec<String>,
    /// What the library does without it: `waits for ever`.
    pub default: String,
    /// A value that suits most programs, as it is written in code: what a rewrite proposes.
    #[serde(default)]
    pub value: String,
    /// Why its absence hurts, for the help text.
    #[serde(default)]
    pub why: String,
    /// Whether its absence alone is worth a finding; otherwise it is only mentioned together with others.
    #[serde(default)]
    pub important: bool,
    /// Platforms (`wasm32`) on which the library has no such option.
    #[serde(default)]
    pub absent_on: Vec<String>,
}

/// Which uses wait, and what limits the wait, where the resource itself has no limit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Methods that wait: of the resource, or at the end of a chain of calls that begins with it.
    pub uses: Vec<String>,
    /// Methods of that chain that limit the wait.
    #[serde(default)]
    pub methods: Vec<String>,
}
