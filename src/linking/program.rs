//! The program: all modules, and what a name exported or imported anywhere stands for.

use std::sync::{Mutex, MutexGuard, OnceLock};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use thin_vec::ThinVec;

use crate::catalogue::split_crate;
use crate::discovery::{FileRole, Governance, Governing};
use crate::ir::{
    Binding, BlockId, ClassId, ClassMember, ExportSource, Function, FunctionId, ImportName, Module, Name, Op,
    RequestId, Variable,
};
use crate::source::{FileId, Location, SourceFile, Span};

use super::subclasses::Subclasses;
use super::{ClassRef, Definition, FunctionRef, ModuleIndex, Numbers, OpRef, Target, VariableRef};

/// The files of a run, those that were lowered, and how they hang together.
#[derive(Debug)]
pub struct Program {
    pub files: Vec<SourceFile>,
    pub roles: Vec<FileRole>,
    /// By file; `None` for files the screen left out.
    modules: Vec<Option<LinkedModule>>,
    numbers: Numbers,
    /// The class that a class of another file belongs to, and the other way around.
    homes: FxHashMap<ClassRef, ClassRef>,
    continued: FxHashMap<ClassRef, Vec<ClassRef>>,
    governance: Governance,
    /// By file: what its exports stand for, once somebody asked. Hundreds of files import from one barrel, and each name
    /// is looked for in all that is behind it.
    exported: Vec<Mutex<FxHashMap<Name, Exported>>>,
    /// By file.
    imports: Vec<Vec<FileId>>,
    /// Once somebody asked.
    subclasses: OnceLock<Subclasses>,
}

/// What an export stands for, and whether that was found by a search that met some name again: then it is the answer to
/// who asks for this export, and not to a search that comes by.
type Exported = (Option<Symbol>, bool);

/// The names that are being looked for on the way to one export.
#[derive(Default)]
struct Search {
    seen: FxHashSet<(FileId, Name)>,
    /// Whether a name was met again since the last began to be looked for.
    is_cut: bool,
}

/// A lowered module with what is known about it.
#[derive(Debug)]
pub struct Linkable {
    pub module: Module,
    /// Where its requests lead, by [`RequestId`].
    pub targets: Vec<Target>,
    /// By function: whether analyses look at it of their own accord. The others answer when they are asked.
    pub relevant: Vec<bool>,
}

#[derive(Debug)]
struct LinkedModule {
    module: Module,
    index: ModuleIndex,
    targets: Vec<Target>,
    relevant: Vec<bool>,
}

/// What an imported or exported name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Symbol {
    Variable(VariableRef),
    /// All exports of a module.
    Namespace(FileId),
    /// A member of a package.
    External {
        package: compact_str::CompactString,
        path: ThinVec<Name>,
    },
}

impl Program {
    /// Links lowered modules.
    ///
    /// # Panics
    /// When `files` and `roles` differ in length, or a module's file is not among them.
    #[must_use]
    pub fn new(files: Vec<SourceFile>, roles: Vec<FileRole>, modules: Vec<Linkable>) -> Self {
        assert_eq!(files.len(), roles.len(), "invariant: every file has a role");
        let mut by_file: Vec<Option<LinkedModule>> = files.iter().map(|_| None).collect();
        let linked: Vec<LinkedModule> = modules
            .into_par_iter()
            .map(|Linkable { module, targets, relevant }| {
                let index = ModuleIndex::new(&module);
                LinkedModule { module, index, targets, relevant }
            })
            .collect();
        for linked in linked {
            let file = linked.module.file.index();
            by_file[file] = Some(linked);
        }
        let numbers = Numbers::of(by_file.iter().map(|linked| linked.as_ref().map(|linked| &linked.module)));
        let (homes, continued) = (FxHashMap::default(), FxHashMap::default());
        let governance = Governance::default();
        let exported = by_file.iter().map(|_| Mutex::default()).collect();
        let mut program = Self {
            files,
            roles,
            modules: by_file,
            numbers,
            homes,
            continued,
            governance,
            exported,
            imports: Vec::new(),
            subclasses: OnceLock::new(),
        };
        program.join_classes();
        program
    }

    /// The same program, of files that are governed so.
    #[must_use]
    pub fn governed(mut self, governance: Governance) -> Self {
        self.governance = governance;
        self
    }

    /// The same program, whose files import these, also those that were not read.
    #[must_use]
    pub fn importing(mut self, imports: Vec<Vec<FileId>>) -> Self {
        self.imports = imports;
        self
    }

    /// Which files each file imports, as far as the screen saw.
    pub fn imports(&self) -> impl Iterator<Item = (FileId, &[FileId])> {
        (0u32..).map(FileId).zip(self.imports.iter().map(Vec::as_slice))
    }

    /// What governs a file beside its text.
    #[must_use]
    pub fn governing(&self, file: FileId) -> Option<&Governing> {
        self.governance.of(file)
    }

    /// Finds the classes whose members stand in several files.
    fn join_classes(&mut self) {
        let parts: Vec<(ClassRef, ClassRef)> = self
            .classes()
            .filter_map(|part| {
                let variable = VariableRef { file: part.file, variable: self.class(part).continues? };
                let Symbol::Variable(named) = self.through_import(variable, &mut Search::default()) else {
                    return None;
                };
                let Binding::Class(class) = self.variable(named).binding else { return None };
                let home = ClassRef { file: named.file, class };
                self.class(home).continues.is_none().then_some((part, home))
            })
            .collect();
        for (part, home) in parts {
            self.homes.insert(part, home);
            self.continued.entry(home).or_default().push(part);
        }
    }

    /// Gives the files back, for reporting.
    #[must_use]
    pub fn into_files(self) -> Vec<SourceFile> {
        // Taking millions of operations apart is nothing to wait for.
        let modules = self.modules;
        rayon::spawn(move || drop(modules));
        self.files
    }

    /// The lowered modules, in file order.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter().flatten().map(|linked| &linked.module)
    }

    /// Every function of the program, in order.
    pub fn functions(&self) -> impl Iterator<Item = FunctionRef> {
        self.modules().flat_map(|module| module.functions().map(|(id, _)| FunctionRef::new(module.file, id)))
    }

    /// The functions that have something to do with what can leak, in order.
    pub fn relevant_functions(&self) -> impl Iterator<Item = FunctionRef> {
        self.modules.iter().flatten().flat_map(|linked| {
            let functions = linked.module.functions().zip(&linked.relevant);
            functions.filter(|(_, relevant)| **relevant).map(|((id, _), _)| FunctionRef::new(linked.module.file, id))
        })
    }

    #[must_use]
    pub fn is_relevant(&self, function: FunctionRef) -> bool {
        self.linked(function.file).relevant[function.function.index()]
    }

    /// Numbers for tables that hold something of each function, variable or operation.
    #[must_use]
    pub fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Every class of the program, in order.
    pub fn classes(&self) -> impl Iterator<Item = ClassRef> {
        self.modules().flat_map(|module| module.classes().map(|(class, _)| ClassRef { file: module.file, class }))
    }

    #[must_use]
    pub fn is_lowered(&self, file: FileId) -> bool {
        self.modules[file.index()].is_some()
    }

    fn linked(&self, file: FileId) -> &LinkedModule {
        self.modules[file.index()].as_ref().expect("invariant: references are made of lowered modules only")
    }

    #[must_use]
    pub fn module(&self, file: FileId) -> &Module {
        &self.linked(file).module
    }

    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "`program[file]` would not say what it gives")]
    pub fn index(&self, file: FileId) -> &ModuleIndex {
        &self.linked(file).index
    }

    #[must_use]
    pub fn function(&self, id: FunctionRef) -> &Function {
        self.module(id.file).function(id.function)
    }

    #[must_use]
    pub fn variable(&self, id: VariableRef) -> &Variable {
        self.module(id.file).variable(id.variable)
    }

    #[must_use]
    pub fn class(&self, id: ClassRef) -> &crate::ir::Class {
        self.module(id.file).class(id.class)
    }

    #[must_use]
    pub fn op(&self, at: OpRef) -> &Op {
        &self.function(at.function).block(at.block).ops[at.index as usize]
    }

    /// The file's path, as it is reported.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        &self.files[file.index()].display_path
    }

    #[must_use]
    pub fn role(&self, file: FileId) -> FileRole {
        self.roles[file.index()]
    }

    #[must_use]
    pub fn location(&self, file: FileId, span: Span) -> Location {
        Location { file, span }
    }

    #[must_use]
    pub fn op_location(&self, at: OpRef) -> Location {
        Location { file: at.function.file, span: self.op(at).span }
    }

    /// The text of a span.
    #[must_use]
    pub fn text(&self, location: Location) -> &str {
        self.files[location.file.index()].text.get(location.span.range()).unwrap_or_default()
    }

    /// What people call a function.
    #[must_use]
    pub fn name_of(&self, id: FunctionRef) -> String {
        self.module(id.file).qualified_name(id.function)
    }

    /// The loop depth of a block.
    #[must_use]
    pub fn loop_depth(&self, function: FunctionRef, block: BlockId) -> u16 {
        self.function(function).block(block).loop_depth
    }

    /// The class whose instance `this` is in a function.
    #[must_use]
    pub fn this_class(&self, id: FunctionRef) -> Option<ClassRef> {
        let class: ClassId = self.index(id.file).this_class(id.function)?;
        let class = ClassRef { file: id.file, class };
        Some(self.homes.get(&class).copied().unwrap_or(class))
    }

    /// The parts a class consists of: itself, and what of it stands in other files.
    pub fn parts(&self, class: ClassRef) -> impl Iterator<Item = ClassRef> {
        let continued = self.continued.get(&class).into_iter().flatten().copied();
        std::iter::once(class).chain(continued)
    }

    /// The members of a class, in whatever file.
    pub fn members(&self, class: ClassRef) -> impl Iterator<Item = (FunctionRef, &ClassMember)> {
        self.parts(class).flat_map(|part| {
            let members = &self.class(part).members;
            members.iter().map(move |member| (FunctionRef::new(part.file, member.function), member))
        })
    }

    /// The classes that extend one by its name, at any distance.
    #[must_use]
    pub fn subclasses(&self, class: ClassRef) -> Vec<ClassRef> {
        self.subclasses.get_or_init(|| Subclasses::of(self)).below(class)
    }

    /// What assigns `this.field` (or deeper) in a class's own code, with the file it stands in.
    pub fn of_field(&self, class: ClassRef, field: &Name) -> impl Iterator<Item = (FileId, Definition)> {
        self.parts(class).flat_map(move |part| {
            let definitions = self.index(part.file).of_field(part.class, field);
            definitions.iter().map(move |definition| (part.file, *definition))
        })
    }

    /// What assigns any field of a class in its own code, in no order.
    pub fn definitions_of_fields(&self, class: ClassRef) -> impl Iterator<Item = (FileId, Definition)> {
        self.parts(class).flat_map(|part| {
            let definitions = self.index(part.file).of_fields(part.class);
            definitions.map(move |definition| (part.file, *definition))
        })
    }

    /// The module initialiser of a file.
    #[must_use]
    pub fn initialiser(&self, file: FileId) -> FunctionRef {
        FunctionRef::new(file, FunctionId::INITIALISER)
    }

    /// Where a request of a module leads.
    #[must_use]
    pub fn target(&self, file: FileId, request: RequestId) -> &Target {
        self.linked(file).targets.get(request.0 as usize).unwrap_or(&Target::Unresolved)
    }

    /// What a request's whole namespace stands for.
    #[must_use]
    pub fn namespace(&self, file: FileId, request: RequestId) -> Option<Symbol> {
        match self.target(file, request) {
            Target::Module(to) if self.is_lowered(*to) => Some(Symbol::Namespace(*to)),
            Target::External(package) => Some(external(package, None)),
            Target::Module(_) | Target::Unresolved => None,
        }
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
        if let Some((known, is_cut)) = self.known_exports(file).get(name)
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
            self.known_exports(file).insert(name.clone(), (symbol.clone(), search.is_cut));
        }
        search.is_cut |= was_cut;
        symbol
    }

    fn known_exports(&self, file: FileId) -> MutexGuard<'_, FxHashMap<Name, Exported>> {
        self.exported[file.index()].lock().expect("invariant: nothing panics that has the lock")
    }

    /// Whether a module exports something under a name, or passes on what may: most of what is behind a barrel does not.
    fn may_export(&self, file: FileId, name: &Name) -> bool {
        let module = self.module(file);
        name == "default" && module.common_js_exports.is_some()
            || module.exports.iter().any(|it| matches!(it.source, ExportSource::All { .. }) || it.name == *name)
    }

    fn look_up_export(&self, file: FileId, name: &Name, search: &mut Search) -> Option<Symbol> {
        let module = self.module(file);
        for export in module.exports.iter().filter(|export| export.name == *name) {
            match &export.source {
                ExportSource::Variable(variable) => {
                    return Some(self.through_import(VariableRef { file, variable: *variable }, search));
                }
                ExportSource::ReExport { request, name } => return self.imported(file, *request, name, search),
                ExportSource::All { .. } => {}
            }
        }
        let barrels = module.exports.iter().filter_map(|export| match export.source {
            ExportSource::All { request } if name != "default" => Some(request),
            _ => None,
        });
        // Of a package nobody knows what it has, so the files of the tree are asked first.
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
    fn through_import(&self, variable: VariableRef, search: &mut Search) -> Symbol {
        if let Binding::Import(import) = self.variable(variable).binding {
            let import = &self.module(variable.file).imports[import as usize];
            if let Some(symbol) = self.imported(variable.file, import.request, &import.name, search) {
                return symbol;
            }
        }
        Symbol::Variable(variable)
    }

    /// The modules that some source module of the program requests; tests and examples stand outside.
    #[must_use]
    pub fn imported_modules(&self) -> FxHashSet<FileId> {
        let sources = self.modules.iter().flatten().filter(|linked| self.role(linked.module.file) == FileRole::Source);
        let targets = sources.flat_map(|linked| &linked.targets);
        targets
            .filter_map(|target| match target {
                Target::Module(file) => Some(*file),
                Target::External(_) | Target::Unresolved => None,
            })
            .collect()
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
fn external(package: &compact_str::CompactString, name: Option<Name>) -> Symbol {
    match split_crate(package) {
        Some((package, modules)) => {
            Symbol::External { package: package.into(), path: modules.map(Name::new).chain(name).collect() }
        }
        None => Symbol::External { package: package.clone(), path: name.into_iter().collect() },
    }
}
