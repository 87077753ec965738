//! Discovery: which files take part in a run.
//!
//! Takes a [`Request`]; gives every source file of the project around the requested paths as text, in path order, with
//! its [`FileRole`] and its package. Nothing else reads users' trees; what cannot be read is a [`Problem`], and the run
//! goes on. Never parses source text and never decides what a file's code means.

mod cargo;
pub mod changes;
mod content;
mod governing;
mod jsonc;
pub(crate) mod location;
mod manifest;
mod packages;
mod reported;
mod role;
mod root;
pub mod screen;
mod targets;
mod tsconfig;
pub mod version;
mod walk;
pub mod workspace;

pub use cargo::{Crate, Dependency};
pub use content::SIZE_LIMIT;
pub use governing::{Governance, Governing};
pub use manifest::{Dependencies, ImportMap, Project};
pub use role::{FileRole, role_of};
pub use tsconfig::{PathAlias, TsConfig};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Request;
use crate::config::{self, Configuration, Mistake};
use crate::source::{FileId, Language, SourceFile};
use reported::{Owners, Reported};
use root::Root;
use walk::Walked;

/// What a run reads.
#[derive(Debug)]
pub struct Discovered {
    /// The analysed project: every path in it is relative to this directory.
    pub root: PathBuf,
    /// Sorted by path; a [`FileId`] is an index into it.
    pub files: Vec<SourceFile>,
    /// Whether each file lies under one of the requested paths.
    pub reported: Vec<bool>,
    pub roles: Vec<FileRole>,
    /// Sorted by path.
    pub problems: Vec<Problem>,
    /// Packages, sorted by directory.
    pub projects: Vec<Project>,
    /// Rust crates, sorted by directory.
    pub crates: Vec<Arc<Crate>>,
    /// Compiler configurations, sorted by directory.
    pub tsconfigs: Vec<Arc<TsConfig>>,
    /// Source files seen, whether or not they could be read.
    pub files_discovered: usize,
    /// Source files passed over: bundles, generated code, other formats behind a source file's name.
    pub files_skipped: usize,
    pub configuration: Configuration,
    project_of: Vec<Option<u32>>,
}

/// Something that could not be read; the rest of the run is not affected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// As reports show it.
    pub path: String,
    pub message: String,
}

/// Why a run cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    #[error("no such file or directory: `{}`", .0.display())]
    Missing(PathBuf),
    #[error("cannot read `{}`: {reason}", .path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("neither a file nor a directory: `{}`", .0.display())]
    Special(PathBuf),
    #[error("not a glob: `{glob}`: {reason}")]
    Exclude { glob: String, reason: String },
    #[error(transparent)]
    Configuration(#[from] Box<Mistake>),
}

impl Discovered {
    /// The package the file belongs to: the nearest manifest above it.
    #[must_use]
    pub fn project_of(&self, file: FileId) -> Option<&Project> {
        self.project_of[file.index()].map(|at| &self.projects[at as usize])
    }

    /// The file's path relative to [`Self::root`], with `/` separators.
    ///
    /// # Panics
    /// For a file of another run.
    #[must_use]
    pub fn relative_path(&self, file: FileId) -> String {
        location::relative(&self.root, &self.files[file.index()].path)
            .expect("invariant: every file was found below the root and has a UTF-8 path")
    }
}

/// Finds and reads what `request` asks for, and the project around it.
///
/// # Errors
/// When a requested path does not exist or a glob is none: what the user has to put right before anything can run.
///
/// # Panics
/// Never, unless an invariant of the walk is broken.
pub fn discover(request: &Request) -> Result<Discovered, DiscoveryError> {
    let working_directory = targets::absolute(&request.working_directory)?;
    let targets = targets::of(request, &working_directory)?;
    let packages = request.packages.as_ref();
    let chosen = packages.map(|packages| targets::existing(&packages.chosen, &working_directory)).transpose()?;
    let around = packages.map_or_else(Vec::new, |packages| packages.around.clone());
    let roots = targets::roots(request, &[targets.as_slice(), around.as_slice()].concat(), &working_directory)?;
    let mut configuration = configuration(request, &roots, &targets, &working_directory)?;
    let mut settings = settings(request, &targets, &working_directory)?;
    settings.configuration = Arc::new(configuration.clone());

    let mut walked = Walked::default();
    for root in &roots {
        if root.is_project {
            walked.append(&mut walk::walk(root, &settings));
        }
    }
    read_what_was_named(&targets, &settings, &mut walked);
    if request.configuration == config::Source::Nearest {
        add_nested(&mut configuration, &walked, &working_directory)?;
    }
    walked.sources.retain(|(path, ..)| !configuration.excludes_file(path));
    walked.skipped.retain(|(path, _)| !configuration.excludes_file(path));
    walked.problems.retain(|(path, _)| !configuration.excludes_file(path));

    let root = targets::common_ancestor(&roots);
    let files_skipped = walked.skipped.len();
    let files_discovered = walked.sources.len() + files_skipped + walked.problems.len();
    let mut problems = std::mem::take(&mut walked.problems);

    let owners = Owners::of(&walked);
    let (projects, tsconfigs) = packages::configurations(&root, &walked, &mut problems);
    let crates = packages::crates(&root, &walked, &mut problems);
    walked.sources.sort_unstable_by(|a, b| location::bytes(&a.0).cmp(location::bytes(&b.0)));
    walked.sources.dedup_by(|a, b| a.0 == b.0);

    let bases = role_bases(request, &root, &targets);
    let by_directory: FxHashMap<&str, u32> =
        projects.iter().enumerate().map(|(at, project)| (project.directory.as_str(), index(at))).collect();
    let reported = Reported::new(&targets, chosen.as_deref(), &owners);
    let display = |path: &Path| display(&working_directory, path);
    problems.retain(|(path, _)| reported.concerns(path));
    let mut problems: Vec<Problem> =
        problems.into_iter().map(|(path, message)| Problem { path: display(&path), message }).collect();
    problems.sort();
    problems.dedup();
    let macros: Vec<String> = crates.iter().filter(|it| it.is_macro).map(|it| it.directory.clone()).collect();
    let mut discovered = Discovered {
        reported: Vec::with_capacity(walked.sources.len()),
        roles: Vec::with_capacity(walked.sources.len()),
        project_of: Vec::with_capacity(walked.sources.len()),
        files: Vec::with_capacity(walked.sources.len()),
        root,
        problems,
        projects: Vec::new(),
        crates,
        tsconfigs,
        files_discovered,
        files_skipped,
        configuration,
    };
    let describe = |(path, language, text): (PathBuf, Language, Box<str>)| {
        let text = request.overlay.get(&path).cloned().unwrap_or(text);
        let relative = location::relative(&discovered.root, &path)
            .expect("invariant: every file was found below the root and has a UTF-8 path");
        // What runs in the compiler makes what it makes once for a build.
        let is_of_macro = macros.iter().any(|directory| location::is_below(&relative, directory));
        let role = match role_below(&relative, &bases) {
            FileRole::Source if is_of_macro => FileRole::Build,
            role => role,
        };
        let directory = location::parent(&relative).unwrap_or("");
        let project = location::ancestors(directory).find_map(|above| by_directory.get(above).copied());
        let is_reported = reported.holds(&path, language);
        (SourceFile { display_path: display(&path), path, language, text }, role, project, is_reported)
    };
    let described: Vec<_> = walked.sources.into_par_iter().map(describe).collect();
    for (file, role, project, is_reported) in described {
        discovered.files.push(file);
        discovered.roles.push(role);
        discovered.project_of.push(project);
        discovered.reported.push(is_reported);
    }
    discovered.projects = projects;
    Ok(discovered)
}

/// The configuration that governs the directories that are walked, and what is asked for.
fn configuration(
    request: &Request,
    roots: &[Root],
    targets: &[PathBuf],
    working_directory: &Path,
) -> Result<Configuration, Box<Mistake>> {
    match &request.configuration {
        config::Source::Nearest => {
            let directories = roots.iter().map(|root| root.directory.as_path());
            // What is named may lie where no walk comes.
            let named = targets.iter().filter_map(|it| if it.is_dir() { Some(it.as_path()) } else { it.parent() });
            Configuration::above(directories.chain(named), working_directory)
        }
        config::Source::File(path) => Configuration::of_file(path, working_directory),
        config::Source::None => Ok(Configuration::default()),
    }
}

/// Reads the configuration files beside the sources and between them and the root.
fn add_nested(
    configuration: &mut Configuration,
    walked: &Walked,
    working_directory: &Path,
) -> Result<(), Box<Mistake>> {
    let manifests = walked.cargo_manifests.iter().filter(|(_, text)| text.contains("metadata.leaklint"));
    let manifests = manifests.filter_map(|(path, _)| path.parent());
    let roots: Vec<PathBuf> = configuration.files().iter().map(|settings| settings.base.clone()).collect();
    let is_inside = |directory: &Path| walked.roots.iter().any(|root| directory.starts_with(root) && directory != root);
    let governs_some = |directory: &Path| walked.sources.iter().any(|(path, ..)| path.starts_with(directory));
    let mut found: Vec<&Path> = walked.configured.iter().map(PathBuf::as_path).chain(manifests).collect();
    found.retain(|directory| {
        is_inside(directory) && !roots.iter().any(|root| root == directory) && governs_some(directory)
    });
    found.sort_unstable();
    found.dedup();
    found.into_iter().try_for_each(|directory| configuration.add(directory, working_directory))
}

fn settings(
    request: &Request,
    targets: &[PathBuf],
    working_directory: &Path,
) -> Result<walk::Settings, DiscoveryError> {
    let mut exclude = ignore::overrides::OverrideBuilder::new(working_directory);
    for glob in &request.exclude {
        exclude
            .add(&format!("!{}", glob.strip_prefix("./").unwrap_or(glob)))
            .map_err(|error| DiscoveryError::Exclude { glob: glob.clone(), reason: error.to_string() })?;
    }
    let exclude = exclude
        .build()
        .map_err(|error| DiscoveryError::Exclude { glob: request.exclude.join(" "), reason: error.to_string() })?;
    let threads = request.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    Ok(walk::Settings {
        threads: threads.max(1),
        respect_ignore_files: request.respect_ignore_files,
        exclude,
        configuration: Arc::default(),
        named: Arc::new(targets.to_vec()),
        nested: request.configuration == config::Source::Nearest,
    })
}

/// Reads the requested paths the walk did not come by: ignored, hidden, or below a skipped directory. A file that is
/// named and passed over is worth a word; one that is merely met is not.
fn read_what_was_named(targets: &[PathBuf], settings: &walk::Settings, walked: &mut Walked) {
    let missed: Vec<&PathBuf> = {
        let met = || {
            let skipped = walked.skipped.iter().map(|(path, _)| path);
            let problems = walked.problems.iter().map(|(path, _)| path);
            walked.sources.iter().map(|(path, ..)| path).chain(skipped).chain(problems)
        };
        let (directories, files): (Vec<&PathBuf>, Vec<&PathBuf>) = targets.iter().partition(|target| target.is_dir());
        let files_met: FxHashSet<&[u8]> =
            if files.is_empty() { FxHashSet::default() } else { met().map(|path| location::bytes(path)).collect() };
        let files = files.into_iter().filter(|target| !files_met.contains(location::bytes(target)));
        let is_met = |directory: &Path| met().any(|path| path.starts_with(directory));
        directories.into_iter().filter(|target| !is_met(target)).chain(files).collect()
    };
    for target in missed {
        if settings.exclude.matched(target, target.is_dir()).is_ignore() || settings.configuration.excludes_file(target)
        {
            continue;
        }
        if settings.nested {
            let above = target.ancestors().filter(|directory| walk::is_configured(directory));
            walked.configured.extend(above.map(Path::to_owned));
        }
        if target.is_file() {
            walk::read_named(target, walked);
        } else {
            let root = Root { directory: target.clone(), is_inside_repository: false, is_project: true };
            walked.append(&mut walk::walk(&root, settings));
        }
    }
    for target in targets {
        if let Some(at) = walked.skipped.iter().position(|(path, _)| path == target) {
            let (path, reason) = walked.skipped.swap_remove(at);
            walked.problems.push((path, format!("not analysed: {reason}")));
        }
    }
}

/// Directories that roles are judged from instead of the root: a package below `examples/` or `fixtures/` that the user
/// names is, for this run, the product.
fn role_bases(request: &Request, root: &Path, targets: &[PathBuf]) -> Vec<String> {
    if request.root.is_some() || request.packages.as_ref().is_some_and(|packages| !packages.are_named) {
        return Vec::new();
    }
    let packages = targets.iter().filter(|target| target.is_dir() && root::is_package(target));
    let mut bases: Vec<String> = packages.filter_map(|target| location::relative(root, target)).collect();
    bases.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    bases
}

fn role_below(relative: &str, bases: &[String]) -> FileRole {
    let base = bases.iter().find(|base| location::is_below(relative, base)).map_or(0, String::len);
    role_of(relative[base..].trim_start_matches('/'))
}

fn display(working_directory: &Path, path: &Path) -> String {
    match location::relative(working_directory, path) {
        Some(shown) if shown.is_empty() => ".".to_owned(),
        Some(shown) => shown,
        None if std::path::MAIN_SEPARATOR == '/' => path.to_string_lossy().into_owned(),
        None => path.to_string_lossy().replace('\\', "/"),
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("invariant: a tree holds fewer than 2^32 packages")
}
