//! Entry points: which functions a framework calls, by the catalogue's description of frameworks.

use globset::{Glob, GlobSet, GlobSetBuilder};
use rustc_hash::FxHashSet;

use crate::analysis::evaluate::{CallTarget, Callee, Evaluator};
use crate::analysis::value::Value;
use crate::catalogue::schema::{EntryPoint, Runs};
use crate::ir::{Call, CallKind, Decorator, FunctionKind, Module, Name, Operand, TypeRef, TypeRoot};
use crate::linking::{FunctionRef, OpRef, Target};
use crate::source::Location;

/// The entry points that are found by location, decorator or type, made ready to match.
pub(super) struct Entries<'e> {
    evaluator: &'e Evaluator<'e>,
    located: Vec<(&'e EntryPoint, GlobSet)>,
    marked: Vec<&'e EntryPoint>,
}

impl<'e> Entries<'e> {
    pub(super) fn new(evaluator: &'e Evaluator<'_>) -> Self {
        let packages = requested_packages(evaluator);
        let applies = |entry: &&EntryPoint| {
            entry.needs_package.is_empty() || entry.needs_package.iter().any(|package| packages.contains(package.as_str()))
        };
        let mut located = Vec::new();
        let mut marked = Vec::new();
        for entry in evaluator.catalogue.entries().filter(applies) {
            if !entry.files.is_empty() {
                located.push((entry, globs(&entry.files)));
            }
            if !(entry.decorators.is_empty() && entry.parameter_types.is_empty() && entry.base_types.is_empty()) {
                marked.push(entry);
            }
        }
        Self { evaluator, located, marked }
    }

    /// Reports the functions of a module that are entry points by themselves.
    pub(super) fn of_module(&self, module: &Module, report: &mut dyn FnMut(FunctionRef, Runs, String, Location)) {
        let path = &self.evaluator.program.files[module.file.index()].display_path;
        for (entry, globs) in &self.located {
            if globs.is_match(path) {
                self.exports(module, entry, report);
            }
        }
        for (id, function) in module.functions() {
            let at = FunctionRef::new(module.file, id);
            let location = Location { file: module.file, span: function.name_span };
            if let Some(entry) = self.marked.iter().find(|entry| self.is_marked(module, at, entry)) {
                report(at, entry.runs, entry.label.clone(), location);
            }
            if is_component(module, at) {
                report(at, Runs::PerRender, "a component".to_owned(), location);
            }
        }
    }

    fn exports(&self, module: &Module, entry: &EntryPoint, report: &mut dyn FnMut(FunctionRef, Runs, String, Location)) {
        for (name, variable) in self.evaluator.program.own_exports(module.file) {
            let wanted = |name: &str| entry.exports.is_empty() || entry.exports.iter().any(|export| export == name);
            if !wanted(name) {
                continue;
            }
            let declared = Location { file: module.file, span: self.evaluator.program.variable(variable).span };
            for value in self.evaluator.variable(variable).iter() {
                let functions = match value {
                    Value::Function { function, .. } => vec![*function],
                    Value::Object { .. } | Value::Product { .. } => self.evaluator.functions_reachable(value),
                    _ => Vec::new(),
                };
                for function in functions {
                    report(function, entry.runs, format!("{} (`{name}`)", entry.label), declared);
                }
            }
        }
    }

    fn is_marked(&self, module: &Module, at: FunctionRef, entry: &EntryPoint) -> bool {
        let function = module.function(at.function);
        if matches!(function.kind, FunctionKind::ModuleInitialiser | FunctionKind::Constructor { .. } | FunctionKind::InstanceInitialiser { .. }) {
            return false;
        }
        let named = |decorators: &[Decorator]| {
            decorators.iter().filter_map(decorator_name).any(|name| entry.decorators.iter().any(|it| *it == name))
        };
        if named(&function.decorators) {
            return true;
        }
        if let Some(class) = function.class().map(|class| module.class(class)) {
            let bases = class.implements.iter().filter_map(type_name);
            let extended = class.extends.as_ref().and_then(Operand::place).and_then(|place| match &place.root {
                crate::ir::Root::Variable(id) => Some(module.variable(*id).name.clone()),
                crate::ir::Root::Global(name) => Some(name.clone()),
                _ => None,
            });
            let method = function.name.as_deref().unwrap_or_default();
            if bases.chain(extended).any(|base| entry.base_types.iter().any(|it| *it == base))
                && (entry.exports.is_empty() || entry.exports.iter().any(|it| it == method))
            {
                return true;
            }
        }
        !entry.parameter_types.is_empty()
            && function.parameters.iter().any(|parameter| {
                let written = module.variable(parameter.variable).annotation.as_ref();
                written.and_then(|written| written_name(module, written)).is_some_and(|name| {
                    entry.parameter_types.iter().any(|it| *it == name)
                })
            })
    }

    /// Whether the function at an argument of a call is registered as an entry point, and as which.
    pub(super) fn of_registration(&self, at: OpRef, call: &Call, callee: &Callee, argument: usize) -> Option<(Runs, String)> {
        let catalogue = self.evaluator.catalogue;
        let mut candidates: Vec<&EntryPoint> = Vec::new();
        for target in &callee.targets {
            match target {
                CallTarget::External(id) => candidates.extend(self.evaluator.facts(*id).entries.iter().copied()),
                CallTarget::ProductMethod { of, name } => {
                    let maker = self.evaluator.external_name(*of);
                    if let Some(package) = &maker.package {
                        candidates.extend(catalogue.instance_entries(package, &maker.path, name));
                    }
                }
                _ => {}
            }
        }
        if candidates.is_empty()
            && !callee.targets.iter().any(|target| matches!(target, CallTarget::Function { .. }))
            && call.kind == CallKind::Call
            && let Some(name) = call.method_name()
            && call.receiver().is_some()
        {
            candidates.extend(catalogue.any_method(name).entries.iter().copied());
        }
        candidates.into_iter().find(|entry| self.matches(at, call, entry, argument)).map(|entry| {
            let route = match call.arguments.first().map(|first| &first.value) {
                Some(Operand::String(text)) => format!("{} `{text}`", entry.label),
                _ => entry.label.clone(),
            };
            (entry.runs, route)
        })
    }

    fn matches(&self, at: OpRef, call: &Call, entry: &EntryPoint, argument: usize) -> bool {
        let position = u32::try_from(argument).unwrap_or(u32::MAX);
        if !entry.arguments.is_empty() && !entry.arguments.contains(&position) {
            return false;
        }
        let first = || self.evaluator.argument(at, 0);
        let first_text = |accepts: &dyn Fn(&Name) -> bool| {
            first().iter().any(|value| matches!(value, Value::Text(text) if accepts(text)))
        };
        if let Some(prefix) = &entry.first_argument
            && !(call.arguments.len() > 1 && first_text(&|text| text.starts_with(prefix.as_str())))
        {
            return false;
        }
        entry.events.is_empty() || first_text(&|text| entry.events.iter().any(|event| event == text.as_str()))
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
                let parts = if name.starts_with('@') { 2 } else { 1 };
                packages.insert(name.split('/').take(parts).collect::<Vec<_>>().join("/"));
            }
        }
    }
    packages
}

fn globs(patterns: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        // The catalogue's test refuses patterns that do not parse; a user's were checked when they were read.
        if let Ok(glob) = Glob::new(pattern) {
            builder.add(glob);
        }
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

fn decorator_name(decorator: &Decorator) -> Option<Name> {
    match decorator.callee.path.last() {
        Some(field) => field.name().map(Name::new),
        None => match &decorator.callee.root {
            crate::ir::Root::Global(name) => Some(name.clone()),
            _ => None,
        },
    }
}

fn type_name(written: &TypeRef) -> Option<Name> {
    match written {
        TypeRef::Named { root: TypeRoot::Global(name), path, .. } => Some(path.last().unwrap_or(name).clone()),
        TypeRef::Named { path, .. } => path.last().cloned(),
        _ => None,
    }
}

fn written_name(module: &Module, written: &TypeRef) -> Option<Name> {
    match written {
        TypeRef::Named { root: TypeRoot::Variable(id), path, .. } if path.is_empty() => {
            Some(module.variable(*id).name.clone())
        }
        other => type_name(other),
    }
}

/// A function with a capital initial that makes JSX elements, or one that is named as a hook and belongs to a module
/// that makes some: called for every render.
fn is_component(module: &Module, at: FunctionRef) -> bool {
    let function = module.function(at.function);
    let Some(name) = &function.name else { return false };
    name.starts_with(|first: char| first.is_uppercase())
        && function.class().is_none()
        && function.ops().any(|(_, _, op)| op.call().is_some_and(|call| call.kind == CallKind::Jsx))
}
