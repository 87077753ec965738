//! The program: all modules, with one address for everything in them.

use std::sync::OnceLock;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::discovery::{FileRole, Governance, Governing};
use crate::ir::{Binding, BlockId, ClassId, ClassMember, Function, FunctionId, Module, Name, Op, RequestId, Variable};
use crate::source::{FileId, Location, SourceFile, Span};

use super::exports::{KnownExports, Search};
use super::subclasses::Subclasses;
use super::{ClassRef, Definition, FunctionRef, ModuleIndex, Numbers, OpRef, Symbol, Target, VariableRef};

/// The files of a run, and the linked modules of those that were lowered.
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
    pub(super) known_exports: KnownExports,
    /// By file.
    imports: Vec<Vec<FileId>>,
    /// Once somebody asked.
    subclasses: OnceLock<Subclasses>,
}

/// A lowered module with what is known about it.
#[derive(Debug)]
pub struct Linkable {
    pub module: Module,
    /// Where its requests lead, by [`RequestId`].
    pub targets: Vec<Target>,
    /// By function: whether analyses look at it on their own. The others answer when they are asked.
    pub relevant: Vec<bool>,
}

#[derive(Debug)]
struct LinkedModule {
    module: Module,
    index: ModuleIndex,
    targets: Vec<Target>,
    relevant: Vec<bool>,
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
        let known_exports = KnownExports::new(by_file.len());
        let mut program = Self {
            files,
            roles,
            modules: by_file,
            numbers,
            homes,
            continued,
            governance,
            known_exports,
            imports: Vec::new(),
            subclasses: OnceLock::new(),
        };
        program.join_classes();
        program
    }

    /// The program with what governs its files.
    #[must_use]
    pub fn governed(mut self, governance: Governance) -> Self {
        self.governance = governance;
        self
    }

    /// The program with the imports of its files, including those that were not read.
    #[must_use]
    pub fn importing(mut self, imports: Vec<Vec<FileId>>) -> Self {
        self.imports = imports;
        self
    }

    /// Which files each file imports, as far as the screen saw.
    pub fn imports(&self) -> impl Iterator<Item = (FileId, &[FileId])> {
        (0u32..).map(FileId).zip(self.imports.iter().map(Vec::as_slice))
    }

    /// What governs a file besides its text.
    #[must_use]
    pub fn governing(&self, file: FileId) -> Option<&Governing> {
        self.governance.of(file)
    }

    /// Joins classes whose members are in several files.
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
        // Dropping millions of operations takes time that nobody has to wait for.
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

    /// The parts of a class: itself, and those in other files.
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

    /// The functions written directly within a function.
    pub fn children(&self, function: FunctionRef) -> impl Iterator<Item = FunctionRef> {
        self.index(function.file).children(function.function).iter().map(move |child| function.sibling(*child))
    }

    /// A function and all functions written within it, at whatever depth, outermost first.
    #[must_use]
    pub fn with_nested(&self, function: FunctionRef) -> Vec<FunctionRef> {
        let mut found = vec![function];
        let mut next = 0;
        while let Some(of) = found.get(next).copied() {
            found.extend(self.children(of));
            next += 1;
        }
        found
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

    /// The modules that some source module of the program requests; tests and examples stand outside.
    #[must_use]
    pub fn imported_modules(&self) -> FxHashSet<FileId> {
        let sources = self.modules.iter().flatten().filter(|linked| self.role(linked.module.file) == FileRole::Source);
        let targets = sources.flat_map(|linked| &linked.targets);
        targets
            .filter_map(|target| match target {
                Target::Module(file) | Target::Member(file, _) => Some(*file),
                Target::External(_) | Target::Unresolved => None,
            })
            .collect()
    }
}
