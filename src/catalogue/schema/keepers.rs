//! Places that keep what is made once.

use serde::{Deserialize, Serialize};

/// A type whose statics keep what was made once for the process: what a rewrite keeps a shared instance in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Keeper {
    /// As it is imported: `std::sync::LazyLock`.
    pub path: String,
    pub kept: Kept,
    /// What makes one that a static can hold.
    #[serde(default = "new")]
    pub make: String,
    /// The first version that has it: of the package, or of the compiler for what comes with that.
    #[serde(default)]
    pub since: String,
    /// Features of the package, one of which it needs.
    #[serde(default)]
    pub features: Vec<String>,
}

fn new() -> String {
    "new".to_owned()
}

/// How it comes by what it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// By the function it is made with, when it is first needed.
    Lazily,
    /// By `set`; `get` gives it, if there is one.
    WhenSet,
    /// By the future that `get_or_init` or `get_or_try_init` is given, and waits for.
    WhenAwaited,
}
