//! Linking: names to declarations across files.

pub mod resolution;
