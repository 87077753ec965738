//! Exports: what an exported or imported name stands for, through barrels and re-exports.

use std::sync::{Mutex, MutexGuard};

use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};
use thin_vec::ThinVec;

use crate::catalogue::split_crate;
use crate::ir::{Binding, ExportSource, ImportName, Name, RequestId};
use crate::source::{FileId, Language};

use super::{Program, Target, VariableRef};

/// What an imported or exported name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Symbol {
    Variable(VariableRef),
    /// All exports of a module.
    Namespace(FileId),
    /// A member of a package.
    External {
        package: CompactString,
        path: ThinVec<Name>,
    },
}

/// What the exports of each file stand for, computed on first use. Hundreds of files import from one barrel, and each
/// name is searched in everything behind it.
#[derive(Debug)]
pub(super) struct KnownExports(Vec<Mutex<FxHashMap<Name, Exported>>>);

/// What an export stands for, and whether the search for it met a name that was being looked for already. Such an answer
/// holds for a search that begins with this export, and not for one that only passes through it.
type Exported = (Option<Symbol>, bool);

/// The names that are being looked for on the way to one export.
#[derive(Default)]
pub(super) struct Search {
    seen: FxHashSet<(FileId, Name)>,
    /// Whether a name was met again since the last began to be looked for.
    is_cut: bool,
}

impl KnownExports {
    /// Nothing yet, for so many files.
    pub(super) fn new(files: usize) -> Self {
        Self((0..files).map(|_| Mutex::default()).collect())
    }

    fn of(&self, file: FileId) -> MutexGuard<'_, FxHashMap<Name, Exported>> {
        self.0[file.index()].lock().expect("invariant: nothing panics that has the lock")
    }
}

impl Program {
    /// What a request's whole namespace stands for.
    #[must_use]
    pub fn namespace(&self, file: FileId, request: RequestId) -> Option<Symbol> {
        match self.target(file, request) {
            Target::Module(to) if self.is_lowered(*to) => Some(Symbol::Namespace(*to)),
            Target::External(package) => Some(external(package, None)),
            Target::Member(to, names) => self.member(*to, names, &mut Search::default()),
            Target::Module(_) | Target::Unresolved => None,
        }
    }

    /// What a module has under names that lead through what it passes on.
    fn member(&self, file: FileId, names: &[Name], search: &mut Search) -> Option<Symbol> {
        names.iter().try_fold(Symbol::Namespace(file), |symbol, name| match symbol {
            Symbol::Namespace(file) => self.exported(file, name, search),
            Symbol::External { package, mut path } => {
                path.push(name.clone());
                Some(Symbol::External { package, path })
            }
            Symbol::Variable(_) => None,
        })
    }

    /// What an imported variable stands for; `None` where the import leads nowhere known.
    #[must_use]
    pub fn import(&self, file: FileId, import: u32) -> Option<Symbol> {
        let import = &self.module(file).imports[import as usize];
        self.imported(file, import.request, &import.name, &mut Search::default())
    }

    fn imported(&self, file: FileId, request: RequestId, name: &ImportName, search: &mut Search) -> Option<Symbol> {
        match (self.target(file, request), name) {
            (Target::Module(to), ImportName::Namespace) if self.is_lowered(*to) => Some(Symbol::Namespace(*to)),
            (Target::Module(to), ImportName::Default) => self.exported(*to, &Name::new("default"), search),
            (Target::Module(to), ImportName::Named(name)) => self.exported(*to, name, search),
            (Target::External(package), name) => {
                let name = match name {
                    ImportName::Namespace => None,
                    ImportName::Default => Some(Name::new("default")),
                    ImportName::Named(name) => Some(name.clone()),
                };
                Some(external(package, name))
            }
            (Target::Member(to, names), name) => {
                let mut names = names.clone();
                names.extend(match name {
                    ImportName::Namespace => None,
                    ImportName::Default => Some(Name::new("default")),
                    ImportName::Named(name) => Some(name.clone()),
                });
                self.member(*to, &names, search)
            }
            (Target::Module(_) | Target::Unresolved, _) => None,
        }
    }

    /// What a module exports under a name, through re-exports and barrels.
    #[must_use]
    pub fn export(&self, file: FileId, name: &Name) -> Option<Symbol> {
        self.exported(file, name, &mut Search::default())
    }

    fn exported(&self, file: FileId, name: &Name, search: &mut Search) -> Option<Symbol> {
        if !self.is_lowered(file) || !self.may_export(file, name) {
            return None;
        }
        if let Some((known, is_cut)) = self.known_exports.of(file).get(name)
            && (!is_cut || search.seen.is_empty())
        {
            return known.clone();
        }
        if !search.seen.insert((file, name.clone())) {
            search.is_cut = true;
            return None;
        }
        let is_first = search.seen.len() == 1;
        let was_cut = std::mem::take(&mut search.is_cut);
        let symbol = self.look_up_export(file, name, search);
        if is_first || !search.is_cut {
            self.known_exports.of(file).insert(name.clone(), (symbol.clone(), search.is_cut));
        }
        search.is_cut |= was_cut;
        symbol
    }

    /// Whether a module exports this name, or re-exports everything of others: most modules behind a barrel do neither.
    fn may_export(&self, file: FileId, name: &Name) -> bool {
        let module = self.module(file);
        name == "default" && module.common_js_exports.is_some()
            || module.exports.iter().any(|it| matches!(it.source, ExportSource::All { .. }) || it.name == *name)
    }

    fn look_up_export(&self, file: FileId, name: &Name, search: &mut Search) -> Option<Symbol> {
        let module = self.module(file);
        let mut whole = None;
        for export in module.exports.iter().filter(|export| export.name == *name) {
            let symbol = match &export.source {
                ExportSource::Variable(variable) => {
                    Some(self.through_import(VariableRef { file, variable: *variable }, search))
                }
                ExportSource::ReExport { request, name } => self.imported(file, *request, name, search),
                ExportSource::All { .. } => continue,
            };
            match symbol {
                // `mod solve; pub use solve::solve;`: the module and what it is about have one name.
                Some(Symbol::Namespace(_)) if module.language == Language::Rust => whole = whole.or(symbol),
                symbol => return symbol,
            }
        }
        if whole.is_some() {
            return whole;
        }
        let barrels = module.exports.iter().filter_map(|export| match export.source {
            ExportSource::All { request } if name != "default" => Some(request),
            _ => None,
        });
        // The exports of a package are unknown, so the files of the tree are asked first.
        let (outside, inside): (Vec<_>, Vec<_>) =
            barrels.partition(|request| matches!(self.target(file, *request), Target::External(_)));
        let through_barrel = inside
            .into_iter()
            .chain(outside)
            .find_map(|request| self.imported(file, request, &ImportName::Named(name.clone()), search));
        // `import x from "./common.js"` gives the whole of `module.exports`.
        through_barrel.or_else(|| {
            let exports = module.common_js_exports?;
            (name == "default").then_some(Symbol::Variable(VariableRef { file, variable: exports }))
        })
    }

    /// An exported variable that is itself an import stands for what it imports.
    pub(super) fn through_import(&self, variable: VariableRef, search: &mut Search) -> Symbol {
        if let Binding::Import(import) = self.variable(variable).binding {
            let import = &self.module(variable.file).imports[import as usize];
            if let Some(symbol) = self.imported(variable.file, import.request, &import.name, search) {
                return symbol;
            }
        }
        Symbol::Variable(variable)
    }

    /// Everything a module exports to other packages, its own and what it passes on from others.
    #[must_use]
    pub fn all_exports(&self, file: FileId) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        for export in self.module(file).exports.iter().filter(|export| export.is_public) {
            match &export.source {
                ExportSource::Variable(variable) => {
                    symbols
                        .push(self.through_import(VariableRef { file, variable: *variable }, &mut Search::default()));
                }
                ExportSource::ReExport { request, name } => {
                    symbols.extend(self.imported(file, *request, name, &mut Search::default()));
                }
                ExportSource::All { request } => {
                    if let Target::Module(from) = self.target(file, *request)
                        && self.is_lowered(*from)
                    {
                        symbols.extend(self.own_exports(*from).map(|(_, variable)| Symbol::Variable(variable)));
                    }
                }
            }
        }
        symbols
    }

    /// The variables behind what a module exports, and whether other packages see them.
    pub fn exported_variables(&self, file: FileId) -> impl Iterator<Item = (VariableRef, bool)> {
        self.module(file).exports.iter().filter_map(move |export| match export.source {
            ExportSource::Variable(variable) => Some((VariableRef { file, variable }, export.is_public)),
            _ => None,
        })
    }

    /// The names a module exports with the variables of its own behind them, in source order.
    pub fn own_exports(&self, file: FileId) -> impl Iterator<Item = (&Name, VariableRef)> {
        self.module(file).exports.iter().filter_map(move |export| match export.source {
            ExportSource::Variable(variable) => Some((&export.name, VariableRef { file, variable })),
            _ => None,
        })
    }
}

/// What a package gives under a name, or as a whole. Modules of a crate are a part of the path.
fn external(package: &CompactString, name: Option<Name>) -> Symbol {
    match split_crate(package) {
        Some((package, modules)) => {
            Symbol::External { package: package.into(), path: modules.map(Name::new).chain(name).collect() }
        }
        None => Symbol::External { package: package.clone(), path: name.into_iter().collect() },
    }
}
