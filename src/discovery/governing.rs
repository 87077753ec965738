//! What governs a file beside its text: the manifests and compiler configurations around it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::version::{Version, least};
use super::{Crate, Dependencies, Discovered, TsConfig, location};
use crate::source::{FileId, Language};

/// By file: what governs it.
#[derive(Debug, Default)]
pub struct Governance {
    /// Each once.
    sets: Vec<Governing>,
    /// By file: which of them.
    of: Vec<u32>,
}

/// What is around a file.
#[derive(Debug, Clone, Default)]
pub struct Governing {
    /// What its package may import.
    pub packages: Option<Arc<Dependencies>>,
    /// The crate it belongs to; Rust only.
    pub in_crate: Option<Arc<Crate>>,
    pub compiler: Option<Arc<TsConfig>>,
}

impl Governance {
    /// What governs a file; nothing is known of files that discovery did not find.
    #[must_use]
    pub fn of(&self, file: FileId) -> Option<&Governing> {
        self.sets.get(*self.of.get(file.index())? as usize)
    }
}

impl Governing {
    /// Whether a manifest lets the file import a package.
    #[must_use]
    pub fn may_import(&self, package: &str) -> bool {
        self.packages.as_ref().is_some_and(|it| it.version_of(package).is_some())
    }

    /// The oldest version of a package that the manifests admit.
    #[must_use]
    pub fn least_version(&self, package: &str) -> Option<Version> {
        least(self.packages.as_ref()?.version_of(package)?)
    }

    /// The oldest version of node that the manifests admit.
    #[must_use]
    pub fn least_node(&self) -> Option<Version> {
        least(self.packages.as_ref()?.node()?)
    }
}

impl Discovered {
    /// What governs each file. Files are sorted by path, so those of a directory follow each other.
    #[must_use]
    pub fn governance(&self) -> Governance {
        let crates: FxHashMap<&str, &Arc<Crate>> = self.crates.iter().map(|it| (it.directory.as_str(), it)).collect();
        let compilers: FxHashMap<&str, &Arc<TsConfig>> =
            self.tsconfigs.iter().map(|it| (it.directory.as_str(), it)).collect();
        let mut governance = Governance::default();
        let mut known: FxHashMap<(String, bool), u32> = FxHashMap::default();
        let mut last: Option<(String, bool, u32)> = None;
        for (at, file) in self.files.iter().enumerate() {
            let path = self.relative_path(FileId(super::index(at)));
            let is_rust = file.language == Language::Rust;
            let directory = location::parent(&path).unwrap_or("");
            if let Some((_, _, set)) = last.as_ref().filter(|(of, rust, _)| of == directory && *rust == is_rust) {
                governance.of.push(*set);
                continue;
            }
            let next = super::index(governance.sets.len());
            let set = *known.entry((directory.to_owned(), is_rust)).or_insert_with(|| {
                let mut above = location::ancestors(directory);
                governance.sets.push(match is_rust {
                    true => Governing {
                        in_crate: above.find_map(|above| crates.get(above)).map(|it| Arc::clone(it)),
                        ..Governing::default()
                    },
                    false => Governing {
                        packages: self.project_of(FileId(super::index(at))).map(super::Project::all_dependencies),
                        compiler: above.find_map(|above| compilers.get(above)).map(|it| Arc::clone(it)),
                        in_crate: None,
                    },
                });
                next
            });
            governance.of.push(set);
            last = Some((directory.to_owned(), is_rust, set));
        }
        governance
    }
}
