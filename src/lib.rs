//! leaklint finds the resource leaks that take services down.
//!
//! The pipeline, and the order to read the folders in:
//!
//! ```text
//! discover → screen → lower → link → analyse → judge → rewrite → report
//! ```
//!
//! [`check`] runs it as far as the findings and their rewrites; [`fixing`] applies those; [`reporting`] prints them; [`cli`] is the command line around both.

pub mod source;

pub mod config;

pub mod discovery;

pub mod languages;

pub mod demand;

pub mod ir;

pub mod catalogue;

pub mod linking;

pub mod analysis;

pub mod rules;

pub mod findings;

pub mod rewrite;

pub mod run;

mod changed;

pub mod fixing;

pub mod reporting;

pub mod cli;

pub use run::{
    Explain, Hidden, HiddenBy, Packages, Problem, Progress, Report, Request, RunError, Silent, Statistics, check,
};
