//! Entry points: which functions a framework calls, by the catalogue's description of frameworks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use globset::{Candidate, GlobSet};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::{CallTarget, Callee, Evaluator};
use crate::analysis::value::{Value, Values};
use crate::catalogue::schema::{ArgumentLiteral, ArgumentTest, Ecosystem, EntryPoint, Runs};
use crate::catalogue::{globs, split_crate};
use crate::discovery::Dependencies;
use crate::ir::{
    Binding, Call, CallKind, ClassId, Decorator, Field, FunctionId, FunctionKind, Module, Name, Operand, TypeRef,
    TypeRoot,
};
use crate::linking::{ClassRef, FunctionRef, OpRef, Symbol, Target};
use crate::source::{FileId, Location};

use super::Rerun;

/// In a list of base types: some base.
const ANY: &str = "*";

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

    fn is_marked(&self, module: &Module, at: FunctionRef, entry: &EntryPoint) -> bool {
        let function = module.function(at.function);
        if matches!(
            function.kind,
            FunctionKind::ModuleInitialiser
                | FunctionKind::Constructor { .. }
                | FunctionKind::InstanceInitialiser { .. }
        ) {
            return false;
        }
        let named = |decorators: &[Decorator]| {
            self.is_decorated(module, function.parent.unwrap_or(FunctionId::INITIALISER), decorators, entry)
        };
        if named(&function.decorators) {
            return true;
        }
        if let Some(class) = function.class().map(|class| module.class(class)) {
            let is_method = |name: Option<&Name>| {
                entry.methods.is_empty() || name.is_some_and(|name| entry.methods.iter().any(|it| *it == *name))
            };
            if self.is_decorated(module, class.parent, &class.decorators, entry) && is_method(function.name.as_ref()) {
                return true;
            }
            let method = function.name.as_deref().unwrap_or_default();
            if !entry.base_types.is_empty()
                && (entry.methods.is_empty() || entry.methods.iter().any(|it| it == method))
                && self.extends_one_of(at, &entry.base_types)
            {
                return true;
            }
        }
        if !entry.return_types.is_empty()
            && function.return_type.as_ref().is_some_and(|written| self.returns(module, written, entry))
        {
            return true;
        }
        !entry.parameter_types.is_empty()
            && function.parameters.iter().any(|parameter| {
                let written = module.variable(parameter.variable).annotation.as_ref();
                written.is_some_and(|written| {
                    written_name(module, written).is_some_and(|name| entry.parameter_types.iter().any(|it| *it == name))
                        && self.may_come_from(module, written, &entry.needs_package)
                })
            })
    }

    /// Whether one of the decorators, which `parent` evaluates, is an entry point's, and says what that asks for.
    fn is_decorated(&self, module: &Module, parent: FunctionId, decorators: &[Decorator], entry: &EntryPoint) -> bool {
        decorators.iter().any(|decorator| {
            decorator_name(module, decorator).is_some_and(|name| entry.decorators.iter().any(|it| *it == name))
                && entry
                    .decorated_with
                    .as_ref()
                    .is_none_or(|asked| self.says(FunctionRef::new(module.file, parent), &decorator.arguments, asked))
        })
    }

    /// Whether an argument of a decorator is what an entry point asks for.
    fn says(&self, parent: FunctionRef, arguments: &[Operand], asked: &ArgumentTest) -> bool {
        let mut path = asked.argument.split('.');
        let index = path.next().and_then(|index| index.parse::<usize>().ok());
        let Some(argument) = index.and_then(|index| arguments.get(index)) else { return false };
        let fields: Vec<_> = path.map(|name| Field::Named(Name::new(name))).collect();
        let values = self.evaluator.fields(self.evaluator.operand(parent, argument), &fields);
        values.iter().any(|value| match (value, &asked.equals) {
            (Value::Text(text), Some(ArgumentLiteral::String(asked))) => *text == *asked,
            (Value::External(id), Some(ArgumentLiteral::String(asked))) => {
                self.evaluator.external_name(*id).path.last().is_some_and(|member| *member == *asked)
            }
            (_, None) => true,
            _ => false,
        })
    }

    /// Whether a written type, or one in it, is what an entry point of a kind returns.
    fn returns(&self, module: &Module, written: &TypeRef, entry: &EntryPoint) -> bool {
        let is_one = written_name(module, written).is_some_and(|name| entry.return_types.iter().any(|it| *it == name))
            && self.may_come_from(module, written, &entry.needs_package);
        is_one
            || match written {
                TypeRef::Named { arguments, .. } => arguments.iter().any(|it| self.returns(module, it, entry)),
                TypeRef::AnyOf(types) => types.iter().any(|it| self.returns(module, it, entry)),
                _ => false,
            }
    }

    /// Whether a written type may be one of these packages' own: names such as `Request` are everybody's, so one that
    /// no import gives, or the import of another package, is something else.
    fn may_come_from(&self, module: &Module, written: &TypeRef, packages: &[String]) -> bool {
        let program = self.evaluator.program;
        let TypeRef::Named { root, path, .. } = written else { return false };
        let is_one_of = |specifier: &str| {
            packages.iter().map(|package| package.strip_prefix("@types/").unwrap_or(package)).any(|package| {
                let specifier = specifier.strip_prefix("node:").unwrap_or(specifier);
                specifier
                    .strip_prefix(package)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '-']) || rest.starts_with("::"))
            })
        };
        let target = match root {
            _ if packages.is_empty() => return true,
            TypeRoot::Module(request) => Some(*request),
            TypeRoot::Variable(id) => match module.variable(*id).binding {
                Binding::Import(import) => match program.import(module.file, import) {
                    Some(Symbol::External { package, .. }) => return is_one_of(&package),
                    Some(Symbol::Variable(id)) if matches!(program.variable(id).binding, Binding::Class(_)) => {
                        return false;
                    }
                    Some(_) => None,
                    None => Some(module.imports[import as usize].request),
                },
                // One of the program's own that happens to have the name.
                Binding::Class(_) => return false,
                _ => None,
            },
            TypeRoot::Global(name) => return !path.is_empty() && is_one_of(&name.to_ascii_lowercase()),
        };
        target.is_none_or(|request| match program.target(module.file, request) {
            Target::External(package) => is_one_of(package),
            Target::Module(_) | Target::Unresolved => true,
        })
    }

    /// Whether the class of a method implements or extends something with one of these names, at any distance.
    fn extends_one_of(&self, method: FunctionRef, names: &[String]) -> bool {
        let class = self.evaluator.program.function(method).class();
        class.is_some_and(|class| self.class_extends_one_of(method.class(class), names))
    }

    fn class_extends_one_of(&self, class: ClassRef, names: &[String]) -> bool {
        let program = self.evaluator.program;
        let mut class = Some(class);
        for _ in 0..8 {
            let Some(at) = class else { return false };
            let (body, module) = (program.class(at), program.module(at.file));
            if body.extends.is_some() && names.iter().any(|name| name == ANY) {
                return true;
            }
            let extended = body.extends.as_ref().and_then(Operand::place);
            // `extends React.Component`
            let extended = extended.and_then(|place| match (place.path.last(), &place.root) {
                (Some(last), _) => last.name().map(Name::new),
                (None, crate::ir::Root::Variable(id)) => Some(module.name_of(*id).clone()),
                (None, crate::ir::Root::Global(name)) => Some(name.clone()),
                (None, _) => None,
            });
            let mut bases = body.implements.iter().filter_map(|it| written_name(module, it).cloned()).chain(extended);
            if bases.any(|base| names.iter().any(|it| *it == base)) {
                return true;
            }
            class = self.evaluator.base_class(at);
        }
        false
    }

    /// The functions that a call registers as entry points, and as which.
    pub(super) fn registered(
        &self,
        at: OpRef,
        call: &Call,
        callee: &Callee,
    ) -> Vec<(FunctionRef, &'e EntryPoint, String)> {
        let mut registered: Vec<(FunctionRef, &EntryPoint, String)> = Vec::new();
        for entry in self.candidates(at, call, callee).into_iter().filter(|entry| self.matches(at, call, entry)) {
            let label = match call.arguments.first().map(|first| &first.value) {
                Some(Operand::String(text)) => format!("{} `{text}`", entry.label),
                _ => entry.label.clone(),
            };
            for function in self.registered_by(at, call, entry) {
                if !registered.iter().any(|(known, ..)| *known == function) {
                    registered.push((function, entry, label.clone()));
                }
            }
        }
        registered
    }

    fn candidates(&self, at: OpRef, call: &Call, callee: &Callee) -> Vec<&'e EntryPoint> {
        let catalogue = self.evaluator.catalogue;
        let mut candidates: Vec<&EntryPoint> = Vec::new();
        let mut is_project = false;
        for target in &callee.targets {
            match target {
                CallTarget::External(id) => candidates.extend(self.evaluator.facts(*id).entries.iter().copied()),
                CallTarget::ProductMethod { of, is_new, name } => {
                    let maker = self.evaluator.external_name(*of);
                    if let Some(package) = &maker.package {
                        candidates.extend(catalogue.instance_entries(package, &maker.path, *is_new, name));
                    }
                }
                CallTarget::ResourceMethod { receiver, name } => {
                    for resource in self.evaluator.resources_of(receiver) {
                        candidates.extend(catalogue.method(resource, name).entries);
                    }
                }
                CallTarget::Function { .. } => is_project = true,
                CallTarget::Construct(_) | CallTarget::Parameter => {}
            }
        }
        // A receiver nothing is known of is judged by the method's name and what it is given.
        if candidates.is_empty()
            && !is_project
            && call.kind == CallKind::Call
            && call.has_receiver()
            && let Some(name) = call.method_name()
        {
            let entries = self.evaluator.any_method(at.function.file, name).entries;
            candidates.extend(entries.into_iter().filter(|entry| self.applies(at.function.file, entry)));
        }
        candidates
    }

    fn registered_by(&self, at: OpRef, call: &Call, entry: &EntryPoint) -> Vec<FunctionRef> {
        let mut values = Values::default();
        for path in &entry.argument_paths {
            match path.split_once(".*") {
                Some((object, rest)) => values.join(&self.members(self.evaluator.argument_path(at, object), rest)),
                // An object that is given in a function's place says by other paths which of its members count.
                None if !path.contains('.') => {
                    let given = self.evaluator.argument_path(at, path);
                    given
                        .iter()
                        .filter(|it| matches!(it, Value::Function { .. }))
                        .for_each(|it| values.add(it.clone()));
                }
                None => values.join(&self.evaluator.argument_path(at, path)),
            }
        }
        if entry.argument_paths.is_empty() {
            for (index, argument) in (0u32..).zip(&call.arguments) {
                if entry.arguments.is_empty() || entry.arguments.contains(&index) {
                    values.join(&self.evaluator.operand(at.function, &argument.value));
                }
            }
        }
        self.evaluator.functions_behind(&values)
    }

    /// What objects hold at the end of a path that begins with all their members: `.*` of `0.resolvers.*.*`,
    /// `.resolve` of `0.fields.*.resolve`. Functions are looked for in objects anyway, so the last members are left to that.
    fn members(&self, objects: Values, rest: &str) -> Values {
        let Some(rest) = rest.strip_prefix('.') else { return objects };
        let mut members = Values::default();
        for object in &objects {
            if let Value::Object { at, context } = object {
                members.join(self.evaluator.seen_parts(*at, *context));
            }
        }
        match rest.strip_prefix('*') {
            Some(rest) => self.members(members, rest),
            None => {
                let path: Vec<_> = rest.split('.').map(|name| Field::Named(Name::new(name))).collect();
                self.evaluator.fields(members, &path)
            }
        }
    }

    /// Whether the first argument is a member of a library's enum that has an event's name: `Events.MessageCreate`.
    fn names_event(&self, at: OpRef, entry: &EntryPoint) -> bool {
        self.evaluator.argument(at, 0).iter().any(|value| match value {
            Value::External(id) => self
                .evaluator
                .external_name(*id)
                .path
                .last()
                .is_some_and(|member| entry.events.iter().any(|event| event.eq_ignore_ascii_case(member))),
            _ => false,
        })
    }

    fn matches(&self, at: OpRef, call: &Call, entry: &EntryPoint) -> bool {
        let first_text = |accepts: &dyn Fn(&Name) -> bool| {
            self.evaluator.argument(at, 0).iter().any(|value| matches!(value, Value::Text(text) if accepts(text)))
        };
        if let Some(prefix) = &entry.first_argument
            && !(call.arguments.len() > 1 && first_text(&|text| text.starts_with(prefix.as_str())))
        {
            return false;
        }
        entry.events.is_empty()
            || first_text(&|text| entry.events.iter().any(|event| event == text.as_str()))
            || self.names_event(at, entry)
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

fn decorator_name(module: &Module, decorator: &Decorator) -> Option<Name> {
    match decorator.callee.path.last() {
        Some(field) => field.name().map(Name::new),
        None => match &decorator.callee.root {
            crate::ir::Root::Global(name) => Some(name.clone()),
            crate::ir::Root::Variable(id) => Some(module.name_of(*id).clone()),
            _ => None,
        },
    }
}

fn written_name<'m>(module: &'m Module, written: &'m TypeRef) -> Option<&'m Name> {
    let TypeRef::Named { root, path, .. } = written else { return None };
    module.type_name(root, path)
}

/// Whether a function is, or says, something that an entry point may be told by.
fn may_be_marked(module: &Module, function: &crate::ir::Function) -> bool {
    !function.decorators.is_empty()
        || function.return_type.is_some()
        || function.class().is_some()
        || function.parameters.iter().any(|parameter| module.variable(parameter.variable).annotation.is_some())
}

/// Whether a function has its name from a declaration or a variable, not from the property it is a value of.
fn is_declared(module: &Module, function: &crate::ir::Function) -> bool {
    module
        .variables
        .iter()
        .any(|variable| Some(&variable.name) == function.name.as_ref() && Some(variable.owner) == function.parent)
}

/// A function with a capital initial that makes JSX elements.
fn is_component(function: &crate::ir::Function) -> bool {
    let Some(name) = &function.name else { return false };
    name.starts_with(|first: char| first.is_uppercase())
        && function.class().is_none()
        && function.ops().any(|(_, _, op)| op.call().is_some_and(|call| call.kind == CallKind::Jsx))
}
