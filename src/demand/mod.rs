//! Demand: which modules the analyses need.
//!
//! Takes what discovery read; gives the lowered modules. Reading starts from the files that name a library or a word of
//! the catalogue. From there it continues to the files that import something which makes a resource ([`reach`]): their
//! calls say how often it is made, and they may have to release it. Files that only use what others made are not read.
//! Never evaluates anything.

mod collections;
mod cycles;
mod files;
mod reach;
mod seeds;

use std::collections::BTreeSet;

use globset::GlobSet;
use indexmap::IndexSet;
use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::catalogue::schema::Runs;
use crate::catalogue::{Catalogue, PackageSet, globs};
use crate::discovery::screen::{self, Clause, ImportEdge, Screened};
use crate::discovery::{Discovered, FileRole};
use crate::ir::{Binding, ExportSource, ImportName, Module, Name, ParseIssue};
use crate::languages;
use crate::linking::Target;
use crate::linking::resolution::{Resolver, external_name};
use crate::source::{FileId, Language};

use reach::{Level, Reach, State, Surroundings};

pub use seeds::Seeds;

/// Through how many files a class is followed to where it is declared.
const HOPS: u32 = 8;

/// A lowered file.
#[derive(Debug)]
pub struct Read {
    pub module: Module,
    pub issues: Vec<ParseIssue>,
    /// Where the module's requests lead.
    pub targets: Vec<Target>,
    /// By function: whether it has something to do with what can leak.
    pub relevant: Vec<bool>,
}

/// What was read of a project.
#[derive(Debug)]
pub struct Reading {
    /// The files that can matter, in order.
    pub modules: Vec<Read>,
    /// By file, read or not: the files it imports.
    pub imports: Vec<Vec<FileId>>,
}

/// Reads the files that can matter.
#[must_use]
pub fn read(discovered: &Discovered, catalogue: &Catalogue) -> Reading {
    let resolver = Resolver::new(discovered);
    let mut demand = Demand::new(discovered, &resolver, catalogue);
    while demand.round() {}
    demand.barrels();
    let mut read: Vec<Read> = demand.read.into_iter().flatten().collect();
    read.sort_unstable_by_key(|read| read.module.file);
    let imports = demand.screened.into_iter();
    let imports = imports.map(|screened| screened.imports.into_iter().map(|edge| edge.target).collect()).collect();
    Reading { modules: read, imports }
}

/// Whether files of a role are analysed. Tests and the like are held to nothing, and how they call a function says
/// nothing of how often it runs; in many projects they are most of the code.
fn counts(role: FileRole) -> bool {
    !matches!(role, FileRole::Test | FileRole::Benchmark | FileRole::Example | FileRole::Story | FileRole::Declaration)
}

struct Demand<'d> {
    discovered: &'d Discovered,
    resolver: &'d Resolver<'d>,
    catalogue: &'d Catalogue,
    /// The packages that have something which makes, wraps or releases.
    makers: PackageSet,
    screened: Vec<Screened>,
    /// By file: who imports it, with the position of the import among theirs.
    importers: Vec<Vec<(FileId, usize)>>,
    /// By file.
    read: Vec<Option<Read>>,
    /// By file: how far it was followed.
    states: Vec<Option<State>>,
    /// By file: the exports that lead to something.
    exports: Vec<FxHashMap<Name, Level>>,
    /// Names by which a function is one that rendering calls.
    rendered: GlobSet,
    /// Members that lead to something, in the order in which they became known.
    members: IndexSet<Name, FxBuildHasher>,
    /// How many of these, the first ones, are methods of libraries.
    of_libraries: usize,
    /// Whether some file makes a queue.
    has_queues: bool,
    /// Whether the catalogue says something of the project's own files.
    speaks_of_files: bool,
    /// Files to read next.
    wanted: BTreeSet<FileId>,
    /// Files that were read and import something that is now known to matter.
    stale: FxHashSet<FileId>,
    /// Files that import only what somebody else made, until they turn out to do something with it.
    bystanders: FxHashSet<FileId>,
}

/// A module so small that what it imports it passes on.
const PASSES_ON: usize = 1_000;

impl<'d> Demand<'d> {
    fn new(discovered: &'d Discovered, resolver: &'d Resolver<'d>, catalogue: &'d Catalogue) -> Self {
        let screened = screen::scan(&discovered.files, &Seeds::new(catalogue), |from, specifier| {
            resolver.resolve(from, specifier).into_imported()
        });
        let mut importers = vec![Vec::new(); screened.len()];
        for (file, screened) in files(&screened) {
            if counts(discovered.roles[file.index()]) {
                for (position, edge) in screened.imports.iter().enumerate() {
                    importers[edge.target.index()].push((file, position));
                }
            }
        }
        // What a Rust file imports shows when it is lowered, so all of them are.
        let is_rust = |file: FileId| discovered.files[file.index()].language == Language::Rust;
        let is_wanted =
            |file: FileId| (screened[file.index()].is_seed || is_rust(file)) && counts(discovered.roles[file.index()]);
        let wanted = files(&screened).map(|(file, _)| file).filter(|file| is_wanted(*file)).collect();
        let members: IndexSet<Name, FxBuildHasher> = catalogue.acting_methods().map(Name::new).collect();
        Self {
            discovered,
            resolver,
            catalogue,
            makers: catalogue.packages_with(|facts| reach::matters(catalogue, facts)),
            importers,
            read: screened.iter().map(|_| None).collect(),
            states: screened.iter().map(|_| None).collect(),
            exports: screened.iter().map(|_| FxHashMap::default()).collect(),
            screened,
            rendered: rendered(catalogue),
            of_libraries: members.len(),
            members,
            has_queues: false,
            speaks_of_files: catalogue.speaks_of_files(),
            wanted,
            stale: FxHashSet::default(),
            bystanders: FxHashSet::default(),
        }
    }

    /// Reads what is wanted and follows what it exports; whether there was anything to do.
    fn round(&mut self) -> bool {
        let wanted: Vec<FileId> = std::mem::take(&mut self.wanted).into_iter().collect();
        let stale = std::mem::take(&mut self.stale);
        if wanted.is_empty() && stale.is_empty() {
            return false;
        }
        self.lower(&wanted);
        let mut affected: Vec<FileId> = wanted.into_iter().chain(stale).collect();
        affected.sort_unstable();
        affected.dedup();
        let states: Vec<(FileId, Option<State>)> =
            affected.into_iter().map(|file| (file, self.states[file.index()].take())).collect();
        let reached: Vec<(FileId, (Reach, State))> = states
            .into_par_iter()
            .filter_map(|(file, state)| Some((file, self.reach(self.read[file.index()].as_ref()?, state))))
            .collect();
        let mut members = Vec::new();
        if !self.has_queues && reached.iter().any(|(_, (reach, _))| reach.makes_queue) {
            self.has_queues = true;
            let is_rust = |read: &&Read| read.module.language == Language::Rust;
            self.stale.extend(self.read.iter().flatten().filter(is_rust).map(|read| read.module.file));
        }
        for (file, (reach, state)) in reached {
            self.states[file.index()] = Some(state);
            if let Some(read) = &mut self.read[file.index()] {
                read.relevant = reach.functions;
            }
            let whole = reach.common_js.then(|| (Name::new("*"), Level::Maker));
            self.export(file, reach.exports.into_iter().chain(whole).collect());
            for import in reach.continued {
                self.export_continued(file, import, HOPS);
            }
            members.extend(reach.members.into_iter().filter(|name| self.members.insert(name.clone())));
        }
        self.call_up(&members);
        true
    }

    /// A class of another file has a member that matters: so the class does, to whoever imports it from where it is.
    fn export_continued(&mut self, file: FileId, import: u32, hops: u32) {
        let Some(read) = &self.read[file.index()] else { return };
        let import = &read.module.imports[import as usize];
        let ImportName::Named(name) = &import.name else { return };
        let target = read.targets.get(import.request.0 as usize).cloned();
        self.export_named(target.as_ref(), &name.clone(), hops);
    }

    /// A name that a file exports leads to something; so does what the file has it from.
    fn export_named(&mut self, target: Option<&Target>, name: &Name, hops: u32) {
        let Some(&Target::Module(home)) = target else { return };
        if hops == 0 {
            return;
        }
        self.export(home, vec![(name.clone(), Level::Maker)]);
        let Some(read) = &self.read[home.index()] else { return };
        let named = read.module.exports.iter().find(|export| export.name == *name);
        match named.map(|export| &export.source) {
            Some(ExportSource::Variable(variable)) => {
                if let Binding::Import(import) = read.module.variable(*variable).binding {
                    self.export_continued(home, import, hops - 1);
                }
            }
            Some(_) => {}
            None => {
                let globs = read.module.exports.iter().filter_map(|export| match export.source {
                    ExportSource::All { request } => read.targets.get(request.0 as usize).cloned(),
                    _ => None,
                });
                for target in globs.collect::<Vec<_>>() {
                    self.export_named(Some(&target), name, hops - 1);
                }
            }
        }
    }

    /// What a specifier names. A file that is not there may be one that a library writes for its users: its client,
    /// generated into the project.
    fn resolve(&self, from: FileId, specifier: &str) -> Target {
        match self.resolver.resolve(from, specifier) {
            Target::Unresolved if specifier.starts_with('.') && self.catalogue.knows_package(specifier) => {
                Target::External(external_name(specifier))
            }
            target => target,
        }
    }

    fn lower(&mut self, wanted: &[FileId]) {
        let read: Vec<Read> = wanted
            .par_iter()
            .map(|&file| {
                let (mut module, issues) = languages::lower(file, &self.discovered.files[file.index()]);
                let mut targets =
                    module.requests.iter().map(|request| self.resolve(file, &request.specifier)).collect();
                if self.speaks_of_files {
                    files::told(&mut module, &mut targets, self.discovered, self.catalogue);
                }
                Read { relevant: vec![false; module.functions.len()], module, issues, targets }
            })
            .collect();
        for read in read {
            if read.module.language == Language::Rust {
                self.note_imports(&read);
            }
            let file = read.module.file.index();
            self.read[file] = Some(read);
        }
    }

    /// Notes whom a lowered module imports from, where the screen did not see it.
    fn note_imports(&mut self, read: &Read) {
        let importer = read.module.file;
        let named = read.module.imports.iter().map(|import| {
            let clause = match &import.name {
                ImportName::Named(name) => Clause::Names(vec![name.clone()]),
                ImportName::Default | ImportName::Namespace => Clause::Everything,
            };
            (import.request, clause)
        });
        let passed_on = read.module.exports.iter().filter_map(|export| match export.source {
            ExportSource::All { request } => Some((request, Clause::Star)),
            _ => None,
        });
        for (request, clause) in named.chain(passed_on) {
            let (target, clause) = match read.targets.get(request.0 as usize) {
                Some(Target::Module(target)) => (target, clause),
                Some(Target::Member(target, names)) => (target, Clause::Names(names.iter().take(1).cloned().collect())),
                _ => continue,
            };
            if *target != importer {
                let edges = &mut self.screened[importer.index()].imports;
                self.importers[target.index()].push((importer, edges.len()));
                edges.push(ImportEdge { target: *target, clause });
            }
        }
    }

    fn reach(&self, read: &Read, state: Option<State>) -> (Reach, State) {
        reach::reach(
            &read.module,
            &Surroundings {
                catalogue: self.catalogue,
                makers: &self.makers,
                targets: &read.targets,
                imported: &|file, name| self.level(file, name),
                rendered: &self.rendered,
                members: &self.members,
                of_libraries: self.of_libraries,
                has_queues: self.has_queues,
            },
            state,
        )
    }

    /// What an export of a file leads to.
    fn level(&self, file: FileId, name: &ImportName) -> Option<Level> {
        let exports = &self.exports[file.index()];
        let named = match name {
            ImportName::Named(name) => exports.get(name),
            ImportName::Default => exports.get("default"),
            ImportName::Namespace => return exports.values().copied().max(),
        };
        named.copied().max(exports.get("*").copied())
    }

    /// Notes what exports of a file lead to, and tells those who import them.
    fn export(&mut self, file: FileId, exports: Vec<(Name, Level)>) {
        let mut work = vec![(file, exports)];
        while let Some((file, exports)) = work.pop() {
            let known = &mut self.exports[file.index()];
            let mut news: Vec<(Name, Level)> = Vec::new();
            for (name, level) in exports {
                // What is known of a name only rises: two files may pass on different things under it.
                if known.get(&name).is_none_or(|before| *before < level) {
                    known.insert(name.clone(), level);
                    news.push((name, level));
                }
            }
            if news.is_empty() {
                continue;
            }
            let any = news.iter().map(|(_, level)| *level).max();
            let by_name: FxHashMap<&str, Level> = news.iter().map(|(name, level)| (name.as_str(), *level)).collect();
            let whole = by_name.get("*").copied();
            let of = |wanted: &Name| if wanted == "*" { any } else { by_name.get(wanted.as_str()).copied().max(whole) };
            for at in 0..self.importers[file.index()].len() {
                let (importer, position) = self.importers[file.index()][at];
                let level = match &self.screened[importer.index()].imports[position].clause {
                    Clause::Star => {
                        work.push((importer, news.iter().filter(|(name, _)| name != "default").cloned().collect()));
                        None
                    }
                    Clause::Forward(names) => {
                        let renamed = names.iter().filter_map(|(name, renamed)| Some((renamed.clone(), of(name)?)));
                        work.push((importer, renamed.collect()));
                        None
                    }
                    Clause::Names(names) => names.iter().filter_map(of).max(),
                    Clause::Everything => any,
                    Clause::Types(names) => names.iter().filter_map(of).max().map(|_| Level::Held),
                };
                match level {
                    Some(_) if self.read[importer.index()].is_some() => {
                        self.stale.insert(importer);
                    }
                    Some(Level::Maker) => self.want(importer),
                    Some(_) => self.meet(importer),
                    None => {}
                }
            }
        }
    }

    fn want(&mut self, file: FileId) {
        if self.read[file.index()].is_none() {
            self.bystanders.remove(&file);
            self.wanted.insert(file);
        }
    }

    /// A file imports something that another made.
    fn meet(&mut self, file: FileId) {
        if self.wanted.contains(&file) || !self.bystanders.insert(file) {
            return;
        }
        let text = &self.discovered.files[file.index()].text;
        if text.len() < PASSES_ON || asks_for(text, |member| self.members.contains(member)) {
            self.want(file);
        }
    }

    /// Wants the bystanders that use one of these new members.
    fn call_up(&mut self, members: &[Name]) {
        let members: FxHashSet<&str> = members.iter().map(Name::as_str).collect();
        let acts =
            |file: &&FileId| asks_for(&self.discovered.files[file.index()].text, |member| members.contains(member));
        let acting: Vec<FileId> = self.bystanders.par_iter().filter(acts).copied().collect();
        for file in acting {
            self.want(file);
        }
    }

    /// Reads the barrels between files that were read, so that names lead through them.
    fn barrels(&mut self) {
        let mut leads: FxHashMap<FileId, bool> = FxHashMap::default();
        let mut wanted = Vec::new();
        for (file, screened) in files(&self.screened) {
            if self.read[file.index()].is_some() {
                for edge in &screened.imports {
                    self.lead_on(edge.target, &mut leads, &mut wanted);
                }
            }
        }
        self.lower(&wanted);
    }

    /// Whether a file was read, or passes on what one exports that was.
    fn lead_on(&self, file: FileId, known: &mut FxHashMap<FileId, bool>, wanted: &mut Vec<FileId>) -> bool {
        if self.read[file.index()].is_some() {
            return true;
        }
        if let Some(leads) = known.get(&file) {
            return *leads;
        }
        known.insert(file, false);
        let mut leads = false;
        for edge in &self.screened[file.index()].imports {
            if matches!(edge.clause, Clause::Star | Clause::Forward(_)) {
                leads |= self.lead_on(edge.target, known, wanted);
            }
        }
        if leads && counts(self.discovered.roles[file.index()]) {
            wanted.push(file);
        }
        known.insert(file, leads);
        leads
    }
}

/// Whether a text asks something for a member: `.name`.
fn asks_for(text: &str, is_member: impl Fn(&str) -> bool) -> bool {
    memchr::memchr_iter(b'.', text.as_bytes()).any(|at| {
        let rest = &text[at + 1..];
        let end = rest.find(|next: char| !next.is_alphanumeric() && next != '_' && next != '$').unwrap_or(rest.len());
        end > 0 && is_member(&rest[..end])
    })
}

/// The names of hooks.
fn rendered(catalogue: &Catalogue) -> GlobSet {
    let entries = catalogue.entries().filter(|entry| entry.runs == Runs::PerRender && entry.files.is_empty());
    globs(entries.flat_map(|entry| &entry.names))
}

fn files(screened: &[Screened]) -> impl Iterator<Item = (FileId, &Screened)> {
    (0u32..).map(FileId).zip(screened)
}
