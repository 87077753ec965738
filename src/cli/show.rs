//! `--show-config` and `--show-files`: what a run would be based on, without the run.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Verdict;
use crate::config::{FAMILIES, Level, Settings, family_name};
use crate::findings::{Confidence, Severity};
use crate::rules::RuleId;
use crate::run::{self, Request};

/// The files that are reported on, one a line.
pub(super) fn files(request: &Request) -> anyhow::Result<Verdict> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    for path in run::files(request)? {
        writeln!(out, "{path}")?;
    }
    out.flush()?;
    Ok(Verdict::Clean)
}

/// What holds for each of the paths, as a configuration file that says it all.
pub(super) fn configuration(request: &Request) -> anyhow::Result<Verdict> {
    let configuration = run::configuration(request)?;
    let here = [PathBuf::from(".")];
    let paths = if request.paths.is_empty() { &here[..] } else { &request.paths };
    let mut out = BufWriter::new(anstream::stdout().lock());
    for (number, path) in paths.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let absolute = request.working_directory.join(path);
        // Of a directory everything is said that holds for files right in it.
        let place = if absolute.is_dir() { absolute.join("*") } else { absolute };
        let place = crate::discovery::location::normalise(&place);
        one(path, &place, configuration.of(&place), request, &mut out)?;
    }
    let nested: BTreeSet<&str> = configuration.files().iter().map(|settings| settings.display_path.as_str()).collect();
    if nested.len() > 1 {
        writeln!(out, "\n# configuration files found: {}", nested.into_iter().collect::<Vec<_>>().join(", "))?;
    }
    out.flush()?;
    Ok(Verdict::Clean)
}

fn one(
    path: &Path,
    place: &Path,
    settings: Option<&Settings>,
    request: &Request,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let levels = &request.levels;
    writeln!(out, "# {}: {}", path.display(), origin(settings))?;
    let mut exclude: Vec<&String> = settings.map_or_else(Vec::new, |it| it.exclude_globs.iter().collect());
    exclude.extend(&request.exclude);
    let exclude: Vec<String> = exclude.into_iter().map(|glob| toml::Value::from(glob.as_str()).to_string()).collect();
    writeln!(out, "exclude = [{}]", exclude.join(", "))?;
    let confidence = match levels.min_confidence(settings) {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    };
    let severity = match levels.min_severity(settings) {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    writeln!(out, "min-confidence = \"{confidence}\"\nmin-severity = \"{severity}\"")?;
    if let Some(baseline) = settings.and_then(|settings| settings.baseline.as_ref()) {
        writeln!(out, "baseline = {}", toml::Value::from(&*baseline.to_string_lossy()))?;
    }
    writeln!(out, "\n[rules]")?;
    for family in FAMILIES {
        writeln!(out, "# {}", family_name(family))?;
        for &rule in RuleId::ALL.iter().filter(|rule| rule.family() == family) {
            match levels.of(rule, settings, place) {
                Some(Level::Allow) => writeln!(out, "{rule} = \"allow\"")?,
                Some(Level::Warn) => writeln!(out, "{rule} = \"warn\"")?,
                Some(Level::Deny) => writeln!(out, "{rule} = \"deny\"")?,
                None => writeln!(out, "# {rule}: as severe as the rule says")?,
            }
        }
    }
    Ok(())
}

fn origin(settings: Option<&Settings>) -> String {
    match settings {
        None => "no configuration file".to_owned(),
        Some(settings) if settings.extends.is_empty() => settings.display_path.clone(),
        Some(settings) => format!("{}, which extends {}", settings.display_path, settings.extends.join(", ")),
    }
}
