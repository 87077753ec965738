//! The report: what a run found, in an order that does not depend on threads.

use std::path::PathBuf;
use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::config::{BaselineFile, Configuration};
use crate::findings::Finding;
use crate::findings::argument::Argument;
use crate::findings::baseline::{self, Entry};
use crate::source::{Location, SourceFile};

use super::Request;

/// What a run found.
#[derive(Debug, Default)]
pub struct Report {
    /// Every file a position can point into, indexed by [`crate::source::FileId`]; those that need not be read are empty.
    pub files: Vec<SourceFile>,
    pub findings: Vec<Finding>,
    /// Their names, in the same order.
    pub fingerprints: Vec<String>,
    /// What was found and is not told of, for formats that say so.
    pub hidden: Vec<Hidden>,
    pub problems: Vec<Problem>,
    pub statistics: Statistics,
    /// The configuration files that had a say.
    pub configuration: Configuration,
    /// What the run knew already.
    pub baseline: Option<Compared>,
    /// The analysed project.
    pub root: PathBuf,
    /// Whether each file is reported on.
    pub reported: Vec<bool>,
    /// How many of the reported files changed, where that was asked for.
    pub changed: Option<usize>,
    /// By fingerprint: the arguments that were asked for.
    pub arguments: Vec<(String, Argument)>,
    /// How long each stage took, in their order.
    pub timings: Vec<(&'static str, Duration)>,
}

/// A finding that somebody has looked at.
#[derive(Debug, Clone)]
pub struct Hidden {
    pub finding: Finding,
    pub fingerprint: String,
    pub by: HiddenBy,
}

/// Why a finding is not told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HiddenBy {
    /// A directive, with its reason.
    Directive(String),
    Baseline,
}

/// The baseline of a run, and how it fits.
#[derive(Debug, Clone)]
pub struct Compared {
    pub file: BaselineFile,
    /// What it has and the run, as far as it looked, has not.
    pub stale: Vec<Entry>,
}

/// A file, or a part of one, that was not looked at; the rest was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// As reports show it: relative to the working directory, with `/`.
    pub path: String,
    pub location: Option<Location>,
    /// Lower case, no final period.
    pub message: String,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    pub files_discovered: usize,
    pub files_parsed: usize,
    pub elapsed: Duration,
}

impl Report {
    /// Puts findings and problems into the order every format keeps: by path, position, rule, message.
    pub fn sort(&mut self) {
        let files = &self.files;
        let compare = |a: &Finding, b: &Finding| {
            let key = |finding: &Finding| {
                let location = finding.location;
                (&*files[location.file.index()].display_path, location.span.start, location.span.end, finding.rule)
            };
            let (of_a, of_b) = (key(a), key(b));
            of_a.cmp(&of_b).then_with(|| a.message.cmp(&b.message)).then_with(|| a.function.cmp(&b.function))
        };
        let findings = std::mem::take(&mut self.findings).into_iter();
        let mut named: Vec<(Finding, String)> = findings.zip(std::mem::take(&mut self.fingerprints)).collect();
        named.sort_by(|(a, _), (b, _)| compare(a, b));
        (self.findings, self.fingerprints) = named.into_iter().unzip();
        self.hidden.sort_by(|a, b| compare(&a.finding, &b.finding));
        self.problems.sort_by(|a, b| {
            let key = |problem: &Problem| problem.location.map(|location| location.span.start);
            a.path.cmp(&b.path).then_with(|| key(a).cmp(&key(b))).then_with(|| a.message.cmp(&b.message))
        });
    }

    /// Keeps the findings that fit, with their names.
    pub fn retain(&mut self, mut fits: impl FnMut(&Finding) -> bool) {
        let findings = std::mem::take(&mut self.findings).into_iter();
        let named = findings.zip(std::mem::take(&mut self.fingerprints));
        (self.findings, self.fingerprints) = named.filter(|(finding, _)| fits(finding)).unzip();
    }

    /// The file a location is in.
    #[must_use]
    pub fn file(&self, location: Location) -> &SourceFile {
        &self.files[location.file.index()]
    }
}

impl Compared {
    pub(super) fn new(file: BaselineFile) -> Self {
        Self { file, stale: Vec::new() }
    }

    /// Compares the baseline with all that was found; says of each finding whether it is known.
    pub(super) fn compare(
        &mut self,
        findings: &[Finding],
        files: &[SourceFile],
        reported: &[bool],
        request: &Request,
    ) -> Vec<bool> {
        let directory = self.file.directory();
        let paths: FxHashMap<String, bool> =
            files.iter().zip(reported).map(|(file, is)| (baseline::path_in(directory, file), *is)).collect();
        let keys = baseline::keys(findings, files, directory);
        let comparison = self.file.baseline.compare(&keys, |path| paths.contains_key(path));
        let is_whole = request.paths.is_empty() && request.packages.is_none();
        self.stale = comparison.stale;
        self.stale.retain(|entry| paths.get(&entry.key.path).copied().unwrap_or(is_whole));
        comparison.known
    }
}
