//! The form of a configuration file. The doc comments here are the descriptions in the JSON Schema.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::levels::Level;
use super::selector::Selector;
use crate::catalogue::schema::{EntryPoint, Library};
use crate::findings::{Confidence, Severity};

/// `leaklint.toml`: what leaklint does in the files below its directory
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct File {
    /// Configuration files that this one extends, relative to its directory; what stands here takes precedence, and of
    /// several files the later one
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub(super) extends: Vec<Spanned<String>>,

    /// Paths to leave out of the analysis, in the syntax of ignore files
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub(super) exclude: Vec<Spanned<String>>,

    /// Findings with a lower confidence are dropped
    pub(super) min_confidence: Option<Confidence>,

    /// Findings with a lower severity are dropped
    pub(super) min_severity: Option<Severity>,

    /// The baseline file, relative to the directory of this one; otherwise the nearest `leaklint-baseline.json`
    pub(super) baseline: Option<String>,

    /// The level of a rule or of a family; a rule takes precedence over its family
    #[cfg_attr(test, schemars(schema_with = "super::schema::rules"))]
    pub(super) rules: BTreeMap<Selector, Level>,

    /// Other levels for some paths; if several match, the later one counts
    pub(super) overrides: Vec<Override>,

    /// Functions of this project that run again and again, or once, where leaklint cannot know
    pub(super) entry: Vec<EntryPoint>,

    /// Facts about packages, for TypeScript and JavaScript
    pub(super) library: Vec<Library>,

    /// Facts about crates, for Rust
    #[serde(rename = "crate")]
    pub(super) crates: Vec<Library>,
}

/// Other levels for some paths
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Override {
    /// The paths, in the syntax of ignore files
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub(super) files: Vec<Spanned<String>>,

    /// The level of a rule or of a family; a rule counts more than its family
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "super::schema::rules"))]
    pub(super) rules: BTreeMap<Selector, Level>,
}

/// The same in `Cargo.toml`, below `[workspace.metadata.leaklint]` or `[package.metadata.leaklint]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Manifest {
    pub(super) workspace: Section,
    pub(super) package: Section,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Section {
    pub(super) metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) leaklint: Option<File>,
}
