//! `leaklint baseline`: records what is found now, so that later runs tell of what is new.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Verdict;
use super::arguments::Baseline as Arguments;
use super::progress::ProgressLine;
use crate::config::{BASELINE_NAME, BaselineFile, BaselineSource, FILE_NAMES};
use crate::findings::baseline::{Baseline, keys, path_in};
use crate::reporting::Count;
use crate::run::{self, Report, Request};

pub(super) fn baseline(arguments: &Arguments, request: Request, out: &mut dyn Write) -> anyhow::Result<Verdict> {
    let progress = ProgressLine::on_stderr(false);
    let source = if arguments.prune { request.baseline.clone() } else { BaselineSource::None };
    let request = Request { baseline: source, ..request };
    let checked = run::check(&request, &progress);
    progress.finish();
    let report = checked?;
    if arguments.prune {
        prune(&report, out)?;
    } else {
        record(arguments, &request, &report, out)?;
    }
    Ok(Verdict::Clean)
}

/// Drops what is not found any more.
fn prune(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(compared) = &report.baseline else {
        writeln!(out, "there is no baseline to prune")?;
        return Ok(());
    };
    let BaselineFile { path, display_path, baseline } = &compared.file;
    let mut baseline = baseline.clone();
    let before = baseline.len();
    baseline.prune(&compared.stale);
    if baseline.len() != before {
        write_whole(path, &baseline.to_text()).with_context(|| format!("cannot write `{display_path}`"))?;
    }
    let pruned = Count(before - baseline.len(), "finding");
    writeln!(out, "dropped {pruned} that are gone from {display_path}; {} left", baseline.len())?;
    Ok(())
}

/// Records all that is found in what is reported on; what is known of other files stays.
fn record(arguments: &Arguments, request: &Request, report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    let named = match &arguments.baseline {
        Some(path) => BaselineSource::File(path.clone()),
        None => BaselineSource::Nearest,
    };
    let path = report.configuration.baseline_path(&named, &request.working_directory);
    let path = path.unwrap_or_else(|| default_path(report, &request.working_directory));
    let directory = path.parent().unwrap_or(&path);
    let display_path = path.strip_prefix(&request.working_directory).unwrap_or(&path).display().to_string();
    let mut baseline = match std::fs::read_to_string(&path) {
        Ok(text) => Baseline::parse(&text).map_err(|reason| anyhow::anyhow!("{display_path}: {reason}"))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Baseline::default(),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{display_path}`")),
    };
    let is_whole = request.paths.is_empty() && request.packages.is_none();
    let files = report.files.iter().zip(&report.reported);
    let files: BTreeMap<String, bool> = files.map(|(file, reported)| (path_in(directory, file), *reported)).collect();
    // Files that are gone are forgotten when everything was looked at.
    baseline.drop_paths(|path| files.get(path).copied().unwrap_or(is_whole));
    for key in keys(&report.findings, &report.files, directory) {
        baseline.add(key);
    }
    write_whole(&path, &baseline.to_text()).with_context(|| format!("cannot write `{display_path}`"))?;
    let recorded = Count(report.findings.len(), "finding");
    writeln!(out, "recorded {recorded} in {display_path}; from now on `leaklint` tells of new ones")?;
    Ok(())
}

/// Beside the configuration, or at the top of the project.
fn default_path(report: &Report, working_directory: &Path) -> PathBuf {
    let configuration = report.configuration.of(&working_directory.join("*"));
    let is_own = |path: &Path| path.file_name().is_some_and(|name| FILE_NAMES.iter().any(|own| name == *own));
    let beside = configuration.filter(|settings| is_own(&settings.path)).map(|settings| settings.base.as_path());
    beside.unwrap_or(&report.root).join(BASELINE_NAME)
}

/// Writes the file as a whole or not at all.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path).inspect_err(|_| drop(std::fs::remove_file(&beside)))
}
