//! Places that keep what is made once.

use serde::{Deserialize, Serialize};

/// A type whose statics keep a shared instance, as a rewrite uses it.
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
    /// The first version that has it: of the package, or of the compiler for types of the standard library.
    #[serde(default)]
    pub since: String,
    /// Features of the package, one of which must be enabled.
    #[serde(default)]
    pub features: Vec<String>,
}

fn new() -> String {
    "new".to_owned()
}

/// How it gets the value that it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// From the function it is made with, when the value is first needed.
    Lazily,
    /// From `set`; `get` returns the value, if there is one.
    WhenSet,
    /// From the future that `get_or_init` or `get_or_try_init` is given, and awaits.
    WhenAwaited,
}
