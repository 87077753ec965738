//! Reducing a report to what a change is about.
//!
//! Takes the report of the whole project; keeps the findings in files that changed, and those elsewhere that are new.
//! To know which are new, the project as it was before the change is analysed too, and the two reports are compared as
//! with a baseline.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::{self, BaselineSource};
use crate::discovery::changes::{Changes, ChangesError};
use crate::findings::baseline::{Baseline, keys, path_in};
use crate::run::{self, Packages, Progress, Report, Request, RunError};

/// Keeps of a report what the changes brought.
pub(crate) fn reduce(
    report: &mut Report,
    changes: &Changes,
    request: &Request,
    progress: &dyn Progress,
) -> Result<(), RunError> {
    if !changes.others.is_empty() {
        let others: Vec<bool> = report.files.iter().map(|file| changes.others.contains(&file.path)).collect();
        report.retain(|finding| !others[finding.location.file.index()]);
    }
    let is_changed: Vec<bool> = report.files.iter().map(|file| changes.files.contains(&file.path)).collect();
    let is_elsewhere = |finding: &crate::findings::Finding| !is_changed[finding.location.file.index()];
    let known = if report.findings.iter().any(is_elsewhere) {
        let paths: BTreeSet<String> = report.files.iter().map(|file| path_in(&changes.top, file)).collect();
        let found = keys(&report.findings, &report.files, &changes.top);
        before(changes, request, progress)?.compare(&found, |path| paths.contains(path)).known
    } else {
        vec![false; report.findings.len()]
    };
    let mut known = known.into_iter();
    let findings = std::mem::take(&mut report.findings).into_iter();
    let named = findings.zip(std::mem::take(&mut report.fingerprints));
    (report.findings, report.fingerprints) =
        named.filter(|(finding, _)| !(known.next().unwrap_or_default() && is_elsewhere(finding))).unzip();
    report.hidden.retain(|hidden| !is_elsewhere(&hidden.finding));
    let changed_paths: BTreeSet<&str> =
        report.files.iter().zip(&is_changed).filter(|(_, is)| **is).map(|(file, _)| &*file.display_path).collect();
    report.problems.retain(|problem| changed_paths.contains(problem.path.as_str()));
    let reported = report.reported.iter().zip(&is_changed);
    report.changed = Some(reported.filter(|(reported, changed)| **reported && **changed).count());
    Ok(())
}

/// What was found before the changes.
fn before(changes: &Changes, request: &Request, progress: &dyn Progress) -> Result<Baseline, RunError> {
    let directory = tempfile::Builder::new().prefix("leaklint-").tempdir().map_err(ChangesError::Io)?;
    // The system's own directory may be a link.
    let place = directory.path().canonicalize().map_err(ChangesError::Io)?;
    if !changes.take_out(&place)? {
        return Ok(Baseline::default());
    }
    let tree = place.join("tree");
    let Some(request) = moved(request, &changes.top, &tree).map_err(ChangesError::Io)? else {
        return Ok(Baseline::default());
    };
    let report = run::run(&request, progress)?;
    let hidden = report.hidden.into_iter().map(|hidden| hidden.finding);
    let findings: Vec<_> = report.findings.into_iter().chain(hidden).collect();
    Ok(Baseline::of(keys(&findings, &report.files, &tree)))
}

/// The same request about the old tree; none where nothing was there that it is about.
fn moved(request: &Request, top: &Path, tree: &Path) -> std::io::Result<Option<Request>> {
    let absolute = |path: &Path| crate::discovery::location::normalise(&request.working_directory.join(path));
    let there = |path: &Path| Some(tree.join(absolute(path).strip_prefix(top).ok()?)).filter(|path| path.exists());
    let all_there = |paths: &[PathBuf]| -> Vec<PathBuf> { paths.iter().filter_map(|path| there(path)).collect() };
    let paths = all_there(&request.paths);
    let working_directory = tree.join(request.working_directory.strip_prefix(top).unwrap_or(Path::new("")));
    std::fs::create_dir_all(&working_directory)?;
    if paths.is_empty() && !request.paths.is_empty() {
        return Ok(None);
    }
    Ok(Some(Request {
        paths,
        root: request.root.as_deref().and_then(there),
        packages: request.packages.as_ref().map(|packages| Packages {
            chosen: all_there(&packages.chosen),
            around: all_there(&packages.around),
            are_named: packages.are_named,
        }),
        configuration: match &request.configuration {
            config::Source::File(path) => config::Source::File(absolute(path)),
            other => other.clone(),
        },
        baseline: BaselineSource::None,
        since: None,
        overlay: std::collections::BTreeMap::new(),
        working_directory,
        ..request.clone()
    }))
}
