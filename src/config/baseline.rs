//! Where the baseline is, and what it says.

use std::path::{Path, PathBuf};

use super::{Configuration, Mistake, is_public};
use crate::discovery::location;
use crate::findings::baseline::Baseline;

/// The name of a baseline that nobody gave another.
pub const BASELINE_NAME: &str = "leaklint-baseline.json";

/// Which baseline a run has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BaselineSource {
    /// The one that the configuration names, or else the nearest.
    #[default]
    Nearest,
    /// This file.
    File(PathBuf),
    /// All findings are told.
    None,
}

/// A baseline with its place.
#[derive(Debug, Clone)]
pub struct BaselineFile {
    pub path: PathBuf,
    /// As messages show it.
    pub display_path: String,
    pub baseline: Baseline,
}

impl BaselineFile {
    /// What the paths in it start from.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
}

impl Configuration {
    /// Where the baseline of a run is, or would be: named, or the nearest there is.
    #[must_use]
    pub fn baseline_path(&self, source: &BaselineSource, working_directory: &Path) -> Option<PathBuf> {
        match source {
            BaselineSource::None => None,
            BaselineSource::File(path) => Some(location::normalise(&working_directory.join(path))),
            BaselineSource::Nearest => {
                let configured = self.of(&working_directory.join("*")).and_then(|settings| settings.baseline.clone());
                configured.map(|path| location::normalise(&path)).or_else(|| nearest(working_directory))
            }
        }
    }

    /// Reads the baseline of a run.
    ///
    /// # Errors
    /// When it is no baseline, or the one that the command line names is not there.
    pub fn baseline(
        &self,
        source: &BaselineSource,
        working_directory: &Path,
    ) -> Result<Option<BaselineFile>, Box<Mistake>> {
        let Some(path) = self.baseline_path(source, working_directory) else { return Ok(None) };
        let display_path = super::read::display(&path, working_directory);
        let mistake = |message: String| {
            Box::new(Mistake {
                path: display_path.clone(),
                text: String::new(),
                span: None,
                message,
                help: None,
                more: Vec::new(),
            })
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            // A configuration may name one that nobody has recorded yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && *source == BaselineSource::Nearest => {
                return Ok(None);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(mistake("no such file; `leaklint baseline` records one".to_owned()));
            }
            Err(error) => return Err(mistake(error.to_string())),
        };
        let baseline = Baseline::parse(&text).map_err(mistake)?;
        Ok(Some(BaselineFile { path, display_path, baseline }))
    }
}

/// The nearest baseline above a directory, up to the top of the repository.
fn nearest(directory: &Path) -> Option<PathBuf> {
    for above in directory.ancestors().take_while(|above| !is_public(above)) {
        let path = above.join(BASELINE_NAME);
        if path.is_file() {
            return Some(path);
        }
        if above.join(".git").exists() {
            break;
        }
    }
    None
}
