//! Import resolution: from a specifier to the file of the tree, or the package outside it, that it names.
//!
//! Takes what discovery read; answers from memory, from any thread, and never touches the file system: nothing has to
//! be installed. A relative import takes one or two hash lookups; other imports are resolved once for all importers
//! that share a package and a compiler configuration.

mod crates;
mod external;
mod files;
mod packages;

pub use external::{external_name, package_of};

use crates::{Crates, Found};
use external::external_crate;

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use compact_str::CompactString;
use rustc_hash::FxHashMap;
use thin_vec::ThinVec;

use crate::discovery::screen::Imported;
use crate::discovery::{Discovered, FileRole, ImportMap, Project, TsConfig, location};
use crate::ir::Name;
use crate::source::{FileId, Language};
use files::Files;

/// What a specifier names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A file of the tree.
    Module(FileId),
    /// What a file of the tree has under such names: a crate that it passes on.
    Member(FileId, ThinVec<Name>),
    /// A package, under its normalised name: see [`external_name`].
    External(CompactString),
    /// Nothing that is source text: an asset, a missing file, an undeclared alias.
    Unresolved,
}

impl Target {
    /// The same for the screen, which stands before linking and does not know it.
    #[must_use]
    pub fn into_imported(self) -> Option<Imported> {
        match self {
            Self::Module(file) | Self::Member(file, _) => Some(Imported::File(file)),
            Self::External(name) => Some(Imported::Package(name)),
            Self::Unresolved => None,
        }
    }
}

/// Prefixes that bundlers and frameworks alias to the sources by convention, and that no package can have.
const CONVENTIONAL_ALIASES: &[(&str, &[&str])] = &[
    ("@/", &["src", "", "app"]),
    ("~/", &["src", "", "app"]),
    ("@@/", &[""]),
    ("~~/", &[""]),
    ("$lib/", &["src/lib"]),
    ("/", &["", "src"]),
];

/// Resolves the imports of one tree.
#[derive(Debug)]
pub struct Resolver<'d> {
    discovered: &'d Discovered,
    files: Files,
    crates: Crates,
    /// Projects by directory and by name.
    by_directory: FxHashMap<&'d str, u32>,
    by_name: FxHashMap<&'d str, Vec<u32>>,
    /// Per file, its directory and its context.
    places: Vec<(u32, u32)>,
    directories: Vec<String>,
    contexts: Vec<Context>,
    /// Per context, the answers given so far.
    answers: Vec<RwLock<FxHashMap<CompactString, Target>>>,
}

/// How compiler configurations resolve a specifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alias {
    None,
    /// It fits an alias that leads to no source file: an asset, a declaration, something generated.
    OfNothing,
    Of(FileId),
}

/// What the answer for an importer depends on, besides the specifier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Context {
    project: Option<u32>,
    tsconfig: Option<u32>,
    /// The scope of the nearest import map that the importer is in.
    scope: Option<u32>,
}

impl<'d> Resolver<'d> {
    #[must_use]
    pub fn new(discovered: &'d Discovered) -> Self {
        let mut resolver = Self {
            discovered,
            files: Files::default(),
            crates: Crates::default(),
            by_directory: FxHashMap::default(),
            by_name: FxHashMap::default(),
            places: Vec::with_capacity(discovered.files.len()),
            directories: Vec::new(),
            contexts: Vec::new(),
            answers: Vec::new(),
        };
        for (at, project) in (0..).zip(&discovered.projects) {
            resolver.by_directory.insert(&project.directory, at);
            if let Some(name) = &project.name {
                resolver.by_name.entry(name).or_default().push(at);
            }
        }
        resolver.place_files();
        resolver
    }

    /// What `specifier` names when the file `from` imports it.
    #[must_use]
    pub fn resolve(&self, from: FileId, specifier: &str) -> Target {
        if self.discovered.files[from.index()].language == Language::Rust {
            let found = if specifier.starts_with("./") {
                let (directory, _) = self.places[from.index()];
                let path = location::join(&self.directories[directory as usize], specifier);
                path.map_or(Found::Nothing, |path| self.crates.file(&path))
            } else {
                self.crates.resolve(from, specifier)
            };
            return match found {
                Found::Module(file) => Target::Module(file),
                Found::Member(file, names) => Target::Member(file, names.iter().map(Name::new).collect()),
                Found::External => Target::External(external_crate(&self.crate_name(from, specifier))),
                Found::Nothing => Target::Unresolved,
            };
        }
        let (directory, context) = self.places[from.index()];
        if specifier.starts_with('.') {
            return self.relative(&self.directories[directory as usize], specifier).unwrap_or(Target::Unresolved);
        }
        let answers = &self.answers[context as usize];
        if let Some(answer) = answers.read().unwrap_or_else(PoisonError::into_inner).get(specifier) {
            return answer.clone();
        }
        let answer = self.bare(&self.contexts[context as usize], specifier);
        answers.write().unwrap_or_else(PoisonError::into_inner).insert(specifier.into(), answer.clone());
        answer
    }

    /// A path into a crate from outside, under the name the crate has itself.
    fn crate_name<'s>(&self, from: FileId, path: &'s str) -> Cow<'s, str> {
        let path = path.strip_prefix("::").unwrap_or(path);
        let (first, rest) = path.split_at(path.find("::").unwrap_or(path.len()));
        let (directory, _) = self.places[from.index()];
        let directory = &self.directories[directory as usize];
        let crates = &self.discovered.crates;
        let nearest = location::ancestors(directory).find_map(|above| {
            crates.binary_search_by(|it| it.directory.as_str().cmp(above)).ok().map(|at| &crates[at])
        });
        let renamed = nearest.and_then(|it| it.renamed.iter().find(|(name, _)| name == first));
        renamed.map_or(Cow::Borrowed(path), |(_, package)| Cow::Owned(format!("{package}{rest}")))
    }

    /// Files are sorted by path, so those of a directory follow each other.
    fn place_files(&mut self) {
        let tsconfigs: FxHashMap<&str, u32> =
            (0..).zip(&self.discovered.tsconfigs).map(|(at, config)| (config.directory.as_str(), at)).collect();
        let mut known: FxHashMap<String, (u32, u32)> = FxHashMap::default();
        let mut contexts: FxHashMap<Context, u32> = FxHashMap::default();
        let mut roots: FxHashMap<String, FileId> = FxHashMap::default();
        for at in 0..self.discovered.files.len() {
            let file = FileId(u32::try_from(at).expect("invariant: file ids are 32 bits"));
            let path = self.discovered.relative_path(file);
            self.files.insert(&path, file);
            if self.discovered.files[at].language == Language::Rust {
                self.crates.insert(&path, file);
                roots.insert(path.clone(), file);
            }
            let directory = location::parent(&path).unwrap_or("");
            if let Some(place) = known.get(directory) {
                self.places.push(*place);
                continue;
            }
            let nearest =
                |map: &FxHashMap<&str, u32>| location::ancestors(directory).find_map(|above| map.get(above).copied());
            let project = nearest(&self.by_directory);
            let scope = self
                .import_maps(project)
                .next()
                .and_then(|map| map.scopes.iter().position(|(scope, _)| location::is_below(directory, scope)));
            let scope = scope.and_then(|scope| u32::try_from(scope).ok());
            let context = Context { project, tsconfig: nearest(&tsconfigs), scope };
            let next = u32::try_from(contexts.len()).expect("invariant: fewer contexts than files");
            let context_id = *contexts.entry(context.clone()).or_insert_with(|| {
                self.contexts.push(context);
                self.answers.push(RwLock::default());
                next
            });
            let directory_id = u32::try_from(self.directories.len()).expect("invariant: fewer directories than files");
            self.directories.push(directory.to_owned());
            known.insert(directory.to_owned(), (directory_id, context_id));
            self.places.push((directory_id, context_id));
        }
        for it in &self.discovered.crates {
            let programs = it.programs.iter().filter_map(|path| Some((path.as_str(), *roots.get(path)?)));
            self.crates.name(it, roots.get(&it.library).copied(), &programs.collect::<Vec<_>>());
        }
    }

    /// A path seen from a directory; `None` where no source file is.
    fn relative(&self, directory: &str, specifier: &str) -> Option<Target> {
        let specifier = match specifier.split_once('?') {
            // Bundlers take a query for how to import: as text, as a URL, as a worker.
            Some((_, "raw" | "url" | "inline")) => return None,
            Some((path, _)) => path,
            None => specifier,
        };
        let path = location::join(directory, specifier)?;
        let names_directory = specifier.ends_with(['/']) || matches!(specifier.rsplit('/').next(), Some("." | ".."));
        let file = if names_directory { None } else { self.files.lookup_file(&path) };
        let file = file.or_else(|| {
            let project = self.by_directory.get(path.as_str()).map(|at| &self.discovered.projects[*at as usize]);
            project.and_then(|project| packages::entry(&self.files, project, ""))
        });
        file.or_else(|| self.files.lookup_index(&path)).or_else(|| self.built(&path)).map(Target::Module)
    }

    /// The source of a file that is imported, past all manifests, from where another package's build puts it.
    fn built(&self, path: &str) -> Option<FileId> {
        let (package, below) = path.split_once("/dist/").or_else(|| Some(("", path.strip_prefix("dist/")?)))?;
        let project = &self.discovered.projects[*self.by_directory.get(package)? as usize];
        packages::entry(&self.files, project, &format!("dist/{below}"))
    }

    fn bare(&self, context: &Context, specifier: &str) -> Target {
        if let Some(mapped) = self.mapped(context, specifier) {
            return mapped;
        }
        if specifier.contains("://") || specifier.starts_with("data:") {
            return if specifier.starts_with("http") {
                Target::External(external_name(specifier))
            } else {
                Target::Unresolved
            };
        }
        let project = context.project.map(|at| &self.discovered.projects[at as usize]);
        let alias = self.aliased(context, specifier);
        if let Alias::Of(file) = alias {
            return Target::Module(file);
        }
        if specifier.starts_with('#') {
            let nearest = self.projects_above(context.project).find(|project| !project.imports.is_empty());
            return match nearest.and_then(|project| packages::subpath_import(&self.files, project, specifier)) {
                Some(Ok(file)) => Target::Module(file),
                Some(Err(external)) => self.package(project, &external),
                None => Target::Unresolved,
            };
        }
        if let Some(answer) = self.conventional(context, specifier) {
            return answer;
        }
        let is_alias_of_nothing = alias == Alias::OfNothing
            && !project.is_some_and(|project| project.depends_on(package_of(specifier)))
            && !self.by_name.contains_key(package_of(specifier));
        if is_alias_of_nothing { Target::Unresolved } else { self.package(project, specifier) }
    }

    /// How an import map of the importer's package, or of one around it, resolves the specifier.
    fn mapped(&self, context: &Context, specifier: &str) -> Option<Target> {
        for (depth, map) in self.import_maps(context.project).enumerate() {
            let scope = context.scope.filter(|_| depth == 0).and_then(|scope| map.scopes.get(scope as usize));
            let lists = scope.map(|(_, list)| list).into_iter().chain([&map.imports]);
            for list in lists {
                let Some(target) = list.iter().find_map(|(key, target)| {
                    let rest = specifier.strip_prefix(key.as_str())?;
                    (rest.is_empty() || key.ends_with('/')).then(|| format!("{target}{rest}"))
                }) else {
                    continue;
                };
                if target.starts_with('.') || target.starts_with('/') {
                    return Some(self.relative(&map.directory, &target).unwrap_or(Target::Unresolved));
                }
                let project = context.project.map(|at| &self.discovered.projects[at as usize]);
                return Some(self.package(project, &target));
            }
        }
        None
    }

    /// How the compiler configurations above the importer resolve the specifier.
    fn aliased(&self, context: &Context, specifier: &str) -> Alias {
        let nearest = context.tsconfig.map(|at| &self.discovered.tsconfigs[at as usize]);
        // A compiler stops at the nearest; bundlers and monorepos are often configured in one further up.
        let above = nearest.into_iter().flat_map(|config| location::ancestors(&config.directory).skip(1));
        let above = above.filter_map(|directory| {
            let tsconfigs = &self.discovered.tsconfigs;
            let at = tsconfigs.binary_search_by(|config| config.directory.as_str().cmp(directory)).ok()?;
            Some(&tsconfigs[at])
        });
        let mut alias = Alias::None;
        for config in nearest.into_iter().chain(above) {
            match self.alias_in(config, specifier) {
                Alias::None => {}
                Alias::OfNothing => alias = Alias::OfNothing,
                Alias::Of(file) => return Alias::Of(file),
            }
        }
        alias
    }

    fn alias_in(&self, config: &TsConfig, specifier: &str) -> Alias {
        let mut result = Alias::None;
        for alias in &config.paths {
            let Some(star) = alias.matches(specifier) else { continue };
            for target in &alias.targets {
                if let Some(Target::Module(file)) = self.relative("", &target.replacen('*', star, 1)) {
                    return Alias::Of(file);
                }
            }
            if !alias.prefix.is_empty() {
                result = Alias::OfNothing;
            }
        }
        let based = config.base_url.as_ref().and_then(|base| self.relative(base, specifier));
        if let Some(Target::Module(file)) = based { Alias::Of(file) } else { result }
    }

    fn conventional(&self, context: &Context, specifier: &str) -> Option<Target> {
        let (prefix, places) = CONVENTIONAL_ALIASES.iter().find(|(prefix, _)| specifier.starts_with(prefix))?;
        let rest = &specifier[prefix.len()..];
        let directory = context.project.map_or("", |at| self.discovered.projects[at as usize].directory.as_str());
        let found = places.iter().find_map(|place| self.relative(&location::join(directory, place)?, rest));
        Some(found.unwrap_or(Target::Unresolved))
    }

    /// A package by name: one of the tree's own, else an external one.
    fn package(&self, importer: Option<&Project>, specifier: &str) -> Target {
        let mut name = external_name(specifier);
        let is_plain = name == specifier;
        let package = package_of(&name);
        if is_plain || specifier.starts_with("jsr:") || specifier.starts_with("npm:") {
            let subpath = name[package.len()..].trim_start_matches('/');
            let own = self.own_package(importer, package);
            if let Some(file) = own.and_then(|project| packages::entry(&self.files, project, subpath)) {
                return Target::Module(file);
            }
        }
        // `"pg": "npm:@neon/pg@1"` in a manifest: the package goes by another name here.
        let real = importer.filter(|_| is_plain).and_then(|importer| importer.version_of(package));
        if let Some(real) = real.filter(|version| version.starts_with("npm:")) {
            let real = external_name(real);
            // Deno's manifests hold ranges under the name itself.
            if real.starts_with(|first: char| first == '@' || first.is_ascii_alphabetic()) {
                name = CompactString::from(format!("{real}{}", &name[package.len()..]));
            }
        }
        Target::External(name)
    }

    /// The package of the tree called `name` that an importer in `importer` gets, if it is not one from outside.
    fn own_package(&self, importer: Option<&Project>, name: &str) -> Option<&'d Project> {
        let from = importer.map_or("", |importer| importer.directory.as_str());
        let role = importer.map_or(FileRole::Source, |importer| importer.role);
        let candidates = self.by_name.get(name)?.iter().map(|at| &self.discovered.projects[*at as usize]);
        candidates
            // A fixture may bear the name of a library that the product imports.
            .filter(|project| project.role == FileRole::Source || role != FileRole::Source)
            .filter(|project| {
                importer.and_then(|importer| importer.version_of(name)).is_none_or(|range| project.satisfies(range))
            })
            .max_by_key(|project| (common_parts(&project.directory, from), std::cmp::Reverse(&project.directory)))
    }

    fn projects_above(&self, project: Option<u32>) -> impl Iterator<Item = &'d Project> {
        let directory = project.map(|at| self.discovered.projects[at as usize].directory.as_str());
        let directories = directory.into_iter().flat_map(location::ancestors);
        directories.filter_map(|above| self.by_directory.get(above).map(|at| &self.discovered.projects[*at as usize]))
    }

    fn import_maps(&self, project: Option<u32>) -> impl Iterator<Item = &'d ImportMap> {
        self.projects_above(project).filter_map(|project| project.import_map.as_ref())
    }
}

/// How many leading parts two paths share.
fn common_parts(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count()
}
