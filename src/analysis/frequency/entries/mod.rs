//! Entry points: which functions a framework calls, by the catalogue's description of frameworks.

mod marks;
mod registered;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use globset::{Candidate, GlobSet};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::Evaluator;
use crate::analysis::value::Values;
use crate::catalogue::schema::{Ecosystem, EntryPoint, Runs};
use crate::catalogue::{globs, split_crate};
use crate::discovery::Dependencies;
use crate::ir::{CallKind, ClassId, Field, Module, Name};
use crate::linking::{ClassRef, FunctionRef, Target};
use crate::source::{FileId, Location};

use super::Rerun;
use marks::{is_declared, may_be_marked};

/// What a list of methods calls the making of an instance.
const CONSTRUCTOR: &str = "constructor";

/// The entry points that are found by location, decorator or type, made ready to match.
pub(super) struct Entries<'e, 'p> {
    evaluator: &'e Evaluator<'p>,
    located: Vec<Located<'e>>,
    /// Those met that may run again for the same instance.
    pub(super) reentered: RefCell<FxHashSet<FunctionRef>>,
    /// Those met that run again for the same instance without its end in between.
    pub(super) reruns: RefCell<Vec<(FunctionRef, Rerun)>>,
    marked: Vec<(Ecosystem, &'e EntryPoint)>,
    /// The packages that some file of the program imports.
    imported: FxHashSet<String>,
    /// By the packages that a file may import: which of them apply to it. There are hundreds of files to a manifest.
    applied: RefCell<FxHashMap<(Ecosystem, Option<*const Dependencies>), Rc<Applied<'e>>>>,
}

/// The entry points that apply to the files of a language under one manifest.
struct Applied<'e> {
    /// Which of those that are located.
    located: Vec<usize>,
    marked: Vec<&'e EntryPoint>,
}

/// An entry point by file, name or directive.
struct Located<'e> {
    ecosystem: Ecosystem,
    entry: &'e EntryPoint,
    files: Option<GlobSet>,
    names: Option<GlobSet>,
}

impl<'e, 'p> Entries<'e, 'p> {
    pub(super) fn new(evaluator: &'e Evaluator<'p>) -> Self {
        let mut located = Vec::new();
        let mut marked = Vec::new();
        for (ecosystem, entry) in evaluator.catalogue.entries_by_ecosystem() {
            let is_marked = !entry.decorators.is_empty() || !entry.base_types.is_empty();
            let is_located = !entry.files.is_empty()
                || !entry.names.is_empty()
                || !entry.directives.is_empty()
                || !entry.exports.is_empty()
                || entry.makes_elements;
            if is_located && !is_marked && entry.registered_by.is_empty() {
                let some = |patterns: &[String]| (!patterns.is_empty()).then(|| globs(patterns));
                located.push(Located { ecosystem, entry, files: some(&entry.files), names: some(&entry.names) });
            }
            if !(entry.decorators.is_empty()
                && entry.parameter_types.is_empty()
                && entry.return_types.is_empty()
                && entry.base_types.is_empty())
            {
                marked.push((ecosystem, entry));
            }
        }
        let imported = requested_packages(evaluator);
        Self {
            evaluator,
            located,
            reentered: RefCell::default(),
            reruns: RefCell::default(),
            marked,
            imported,
            applied: RefCell::default(),
        }
    }

    /// Whether the program imports one of the packages that an entry point needs, or the file's own package may.
    fn applies(&self, file: FileId, entry: &EntryPoint) -> bool {
        let is_named = |package: &String| {
            self.imported.contains(package.as_str())
                || self.evaluator.program.governing(file).is_some_and(|it| it.may_import(package))
        };
        let governing = self.evaluator.program.governing(file);
        let is_elsewhere = |package: &String| governing.is_some_and(|it| it.may_import(package));
        (entry.needs_package.is_empty() || entry.needs_package.iter().any(is_named))
            && !entry.unless_package.iter().any(is_elsewhere)
    }

    /// The entry points that are told by location, decorators or types, as far as they apply to a module.
    fn applied(&self, module: &Module) -> Rc<Applied<'e>> {
        let ecosystem = Ecosystem::from(module.language);
        let governing = self.evaluator.program.governing(module.file);
        let packages = governing.and_then(|it| it.packages.as_ref()).map(Arc::as_ptr);
        let mut applied = self.applied.borrow_mut();
        let applied = applied.entry((ecosystem, packages)).or_insert_with(|| {
            let is_one = |of: Ecosystem, entry: &EntryPoint| of == ecosystem && self.applies(module.file, entry);
            let located = self.located.iter().enumerate();
            let marked = self.marked.iter().filter(|(of, entry)| is_one(*of, entry));
            Rc::new(Applied {
                located: located.filter(|(_, it)| is_one(it.ecosystem, it.entry)).map(|(index, _)| index).collect(),
                marked: marked.map(|(_, entry)| *entry).collect(),
            })
        });
        Rc::clone(applied)
    }

    /// Reports the functions of a module that are entry points by themselves.
    pub(super) fn of_module(&self, module: &Module, report: &mut dyn FnMut(FunctionRef, Runs, String, Location)) {
        let applied = self.applied(module);
        let path = Candidate::new(&self.evaluator.program.files[module.file.index()].display_path);
        for located in applied.located.iter().map(|index| &self.located[*index]) {
            if !located.files.as_ref().is_none_or(|globs| globs.is_match_candidate(&path)) {
                continue;
            }
            match &located.names {
                None if located.entry.makes_elements => {
                    for (id, function) in module.functions().filter(|(_, function)| is_component(function)) {
                        let at = Location { file: module.file, span: function.name_span };
                        let runs = rendered_as(located.entry.runs, function.is_async);
                        report(FunctionRef::new(module.file, id), runs, located.entry.label.clone(), at);
                    }
                }
                Some(names) => {
                    for (id, function) in module.functions() {
                        if function.name.as_deref().is_some_and(|name| names.is_match(name))
                            && is_declared(module, function)
                            && self.is_directed(module, Some(function), located.entry)
                        {
                            let at = Location { file: module.file, span: function.name_span };
                            let runs = rendered_as(located.entry.runs, function.is_async);
                            report(FunctionRef::new(module.file, id), runs, located.entry.label.clone(), at);
                        }
                    }
                }
                None => self.exports(module, located.entry, report),
            }
        }
        for (id, function) in module.functions() {
            let at = FunctionRef::new(module.file, id);
            let location = Location { file: module.file, span: function.name_span };
            if may_be_marked(module, function)
                && let Some(entry) = applied.marked.iter().find(|entry| self.is_marked(module, at, entry))
            {
                if entry.reenters {
                    self.reentered.borrow_mut().insert(at);
                }
                if entry.reruns {
                    self.reruns.borrow_mut().push((at, Rerun::Always { at: location }));
                }
                report(at, entry.runs, entry.label.clone(), location);
            }
        }
    }

    /// Reports the classes of a module whose instances a framework makes.
    pub(super) fn of_classes(&self, module: &Module, report: &mut dyn FnMut(ClassRef, Runs, String, Location)) {
        if module.classes.is_empty() {
            return;
        }
        let applied = self.applied(module);
        for (index, class) in (0u32..).zip(&module.classes) {
            let at = ClassRef { file: module.file, class: ClassId(index) };
            let made = applied.marked.iter().find(|entry| {
                entry.methods.iter().any(|it| it == CONSTRUCTOR)
                    && (self.is_decorated(module, class.parent, &class.decorators, entry)
                        || !entry.base_types.is_empty() && self.class_extends_one_of(at, &entry.base_types))
            });
            if let Some(entry) = made {
                report(at, entry.runs, entry.label.clone(), Location { file: module.file, span: class.name_span });
            }
        }
    }

    /// Whether the directives that an entry point asks for stand at the head of the file or the function.
    fn is_directed(&self, module: &Module, function: Option<&crate::ir::Function>, entry: &EntryPoint) -> bool {
        let has = |prologue: &[compact_str::CompactString]| {
            prologue.iter().any(|directive| entry.directives.iter().any(|it| it == directive.as_str()))
        };
        entry.directives.is_empty() || has(&module.prologue) || function.is_some_and(|function| has(&function.prologue))
    }

    fn exports(
        &self,
        module: &Module,
        entry: &EntryPoint,
        report: &mut dyn FnMut(FunctionRef, Runs, String, Location),
    ) {
        for (name, variable) in self.evaluator.program.own_exports(module.file) {
            let declared = Location { file: module.file, span: self.evaluator.program.variable(variable).span };
            let values = self.evaluator.variable(variable);
            let mut report_all = |values: &Values, name: &str| {
                for function in self.evaluator.functions_behind(values) {
                    if self.is_directed(module, Some(self.evaluator.program.function(function)), entry) {
                        // What a component's file gives is the component.
                        let is_itself = module.language.is_component() && !name.contains('.');
                        let label = if is_itself { entry.label.clone() } else { format!("{} (`{name}`)", entry.label) };
                        report(function, entry.runs, label, declared);
                    }
                }
            };
            if entry.exports.is_empty() || entry.exports.iter().any(|export| *export == *name) {
                report_all(values, name);
            }
            for export in &entry.exports {
                let Some(member) = export.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('.')) else {
                    continue;
                };
                let found = match member.strip_prefix('*') {
                    Some(rest) => self.members(Values::clone(values), rest),
                    None => self.evaluator.fields(Values::clone(values), &[Field::Named(Name::new(member))]),
                };
                report_all(&found, export);
            }
        }
        if let Some(exports) = module.common_js_exports {
            let initialiser = self.evaluator.program.initialiser(module.file);
            let declared = Location { file: module.file, span: module.variable(exports).span };
            for export in &entry.exports {
                let place = export.split('.').fold(crate::ir::Place::variable(exports), crate::ir::Place::named);
                for function in self.evaluator.functions_behind(&self.evaluator.place(initialiser, &place)) {
                    report(function, entry.runs, format!("{} (`{export}`)", entry.label), declared);
                }
            }
        }
    }
}

/// The packages some file of the program names, without subpaths.
fn requested_packages(evaluator: &Evaluator<'_>) -> FxHashSet<String> {
    let mut packages = FxHashSet::default();
    for module in evaluator.program.modules() {
        for (index, _) in module.requests.iter().enumerate() {
            let request = crate::ir::RequestId(u32::try_from(index).expect("invariant: fewer than 2^32 requests"));
            if let Target::External(name) = evaluator.program.target(module.file, request) {
                packages.insert(name.to_string());
                if let Some((package, _)) = split_crate(name) {
                    packages.insert(package.to_owned());
                    continue;
                }
                let parts = if name.starts_with('@') { 2 } else { 1 };
                packages.insert(name.split('/').take(parts).collect::<Vec<_>>().join("/"));
            }
        }
    }
    packages
}

/// What renders asynchronously does so on a server, for each request.
fn rendered_as(runs: Runs, is_async: bool) -> Runs {
    if runs == Runs::PerRender && is_async { Runs::PerRequest } else { runs }
}

/// A function with a capital initial that makes JSX elements.
fn is_component(function: &crate::ir::Function) -> bool {
    let Some(name) = &function.name else { return false };
    name.starts_with(|first: char| first.is_uppercase())
        && function.class().is_none()
        && function.ops().any(|(_, _, op)| op.call().is_some_and(|call| call.kind == CallKind::Jsx))
}
