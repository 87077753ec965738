//! Reach: which exports of one module lead to something that can leak.
//!
//! By names alone: a function matters that mentions what makes a resource, a container or something else that matters;
//! a variable, when it is assigned from such a thing. Nothing is evaluated.

mod calls;

use globset::GlobSet;
use rustc_hash::FxHashSet;

use crate::catalogue::schema::Collection;
use crate::catalogue::{Catalogue, PackageSet, RUST_PRELUDE, SymbolFacts};
use crate::ir::{
    Argument, Binding, Call, CallKind, ClassId, ExportSource, Field, Function, FunctionId, Import, ImportName, Module,
    Name, Op, OpKind, Operand, Place, Root, Rvalue, Temp, Terminator, VariableId,
};
use crate::linking::Target;
use crate::source::{FileId, Language};

use super::collections::{Filled, is_empty_literal, makes_one_to_keep};
use super::cycles::may_hold_itself;

use calls::{CallFacts, Made};

/// What something that matters is to who has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// A collection that is local so far.
    Container,
    /// What a method of something made gave: rows, most of all. Its methods are nothing of the program's.
    Given,
    /// The result of something that makes: who only reads it need not be known.
    Held,
    /// A function, a class, an object of functions: whoever mentions it may make something.
    Maker,
}

/// What a module's exports lead to.
#[derive(Debug, Default)]
pub(super) struct Reach {
    pub(super) exports: Vec<(Name, Level)>,
    /// Whether `module.exports` leads to something.
    pub(super) common_js: bool,
    /// Members of classes and objects that lead to something.
    pub(super) members: Vec<Name>,
    /// By function: whether it has something to do with what can leak.
    pub(super) functions: Vec<bool>,
    /// The imports whose classes have members here that matter.
    pub(super) continued: Vec<u32>,
    pub(super) makes_queue: bool,
}

/// What is known outside the module.
pub(super) struct Surroundings<'s> {
    pub(super) catalogue: &'s Catalogue,
    /// The packages that have something which matters.
    pub(super) makers: &'s PackageSet,
    /// Where the module's requests lead.
    pub(super) targets: &'s [Target],
    /// What an export of another file leads to.
    pub(super) imported: &'s dyn Fn(FileId, &ImportName) -> Option<Level>,
    /// Names by which a function is one that rendering calls.
    pub(super) rendered: &'s GlobSet,
    /// Members anywhere that lead to something.
    pub(super) members: &'s FxHashSet<Name>,
    /// Whether the program makes queues: then whoever puts something into one, or takes it out, matters.
    pub(super) has_queues: bool,
}

/// Follows what matters through a module, from where an earlier walk left off.
pub(super) fn reach(module: &Module, surroundings: &Surroundings<'_>, state: Option<State>) -> (Reach, State) {
    let is_new = state.is_none();
    let mut walk = Walk { module, surroundings, state: state.unwrap_or_else(|| State::new(module)) };
    if is_new {
        walk.note_calls();
        walk.note_aliases();
    }
    walk.changed = is_new || surroundings.has_queues && !std::mem::replace(&mut walk.knows_queues, true);
    walk.imports();
    while std::mem::take(&mut walk.changed) {
        walk.next_call = 0;
        for (id, function) in module.functions() {
            if is_new {
                let calls = function.ops().filter(|(_, _, op)| op.call().is_some()).count();
                let calls = &walk.calls[walk.next_call..walk.next_call + calls];
                let mut made = calls.iter().filter_map(|call| call.collection);
                let makes_queue = made.clone().any(|it| it == Collection::Queue);
                if makes_one_to_keep(function, &mut made) || may_hold_itself(module, function) {
                    walk.mark(id);
                    walk.makes_queue |= makes_queue;
                }
            }
            walk.function(id, function);
        }
        walk.classes();
    }
    walk.finish()
}

/// The number of the first temporary of each function.
fn first_temps(module: &Module) -> Vec<u32> {
    let counts = module.functions.iter().map(|function| function.temps);
    counts.scan(0, |next, count| Some(std::mem::replace(next, *next + count))).collect()
}

struct Walk<'m, 's> {
    module: &'m Module,
    surroundings: &'m Surroundings<'s>,
    state: State,
}

/// What is known of a module so far; it only grows.
#[derive(Debug)]
pub(super) struct State {
    filled: Filled,
    functions: Vec<bool>,
    /// Components and hooks among them: who renders one says nothing more of how often its code runs.
    rendered: Vec<bool>,
    classes: Vec<bool>,
    variables: Vec<Option<Level>>,
    /// By function: the number of its first temporary.
    first_temps: Vec<u32>,
    temps: Vec<Option<Level>>,
    /// The temporaries that are object and array literals.
    literals: Vec<bool>,
    /// By call, in the order of the walk: what the catalogue says of it. A module is walked several times.
    calls: Vec<CallFacts>,
    /// The call that the walk is at.
    next_call: usize,
    /// By variable: whether it is a library's class or factory taken as a value.
    aliases: Vec<bool>,
    /// Fields of `this` that hold containers or what matters.
    fields: FxHashSet<Name>,
    members: FxHashSet<Name>,
    knows_queues: bool,
    makes_queue: bool,
    changed: bool,
}

impl State {
    fn new(module: &Module) -> Self {
        Self {
            filled: Filled::of(module),
            functions: vec![false; module.functions.len()],
            rendered: vec![false; module.functions.len()],
            classes: vec![false; module.classes.len()],
            variables: vec![None; module.variables.len()],
            temps: vec![None; module.functions.iter().map(|function| function.temps as usize).sum()],
            literals: vec![false; module.functions.iter().map(|function| function.temps as usize).sum()],
            first_temps: first_temps(module),
            calls: Vec::new(),
            next_call: 0,
            aliases: Vec::new(),
            fields: FxHashSet::default(),
            members: FxHashSet::default(),
            knows_queues: false,
            makes_queue: false,
            changed: false,
        }
    }
}

impl std::ops::Deref for Walk<'_, '_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl std::ops::DerefMut for Walk<'_, '_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Walk<'_, '_> {
    fn note_aliases(&mut self) {
        let count = u32::try_from(self.module.variables.len()).expect("invariant: fewer than 2^32 variables");
        self.state.aliases = (0..count).map(|id| self.is_alias(VariableId(id))).collect();
    }

    fn imports(&mut self) {
        for import in &self.module.imports {
            let level = match self.surroundings.targets.get(import.request.0 as usize) {
                Some(Target::Module(file)) => (self.surroundings.imported)(*file, &import.name),
                _ => None,
            };
            if let Some(level) = level {
                self.variable(import.variable, level);
            }
        }
    }

    fn function(&mut self, id: FunctionId, function: &Function) {
        for (_, _, op) in function.ops() {
            let matters = self.op(id, op);
            if matters {
                self.mark(id);
            }
        }
        for block in &function.blocks {
            if let Terminator::Branch { .. } | Terminator::Return(_) | Terminator::Throw(_) = &block.terminator
                && block.terminator.operands().iter().any(|operand| self.operand(id, operand) == Some(Level::Maker))
            {
                self.mark(id);
            }
        }
    }

    /// Follows an operation; whether it makes its function matter.
    fn op(&mut self, function: FunctionId, op: &Op) -> bool {
        match &op.kind {
            OpKind::Assign { target, value } => {
                let level = value.operands().into_iter().filter_map(|operand| self.operand(function, operand)).max();
                let level = level.or_else(|| is_empty_literal(value).then_some(Level::Container));
                if let (Root::Temp(temp), Rvalue::Object(_) | Rvalue::Array(_)) = (&target.root, value) {
                    let number = self.temp_number(function, *temp);
                    self.literals[number] = true;
                }
                if let Some(level) = level {
                    self.assigned(function, target, level);
                }
                let keeps = self.place(function, target) == Some(Level::Maker);
                level == Some(Level::Maker) || keeps
            }
            OpKind::Call(call) => self.call(function, call),
            OpKind::Yield { value } => self.operand(function, value) == Some(Level::Maker),
            OpKind::Delete { place } | OpKind::Dispose { place } => self.place(function, place) == Some(Level::Maker),
        }
    }

    fn call(&mut self, function: FunctionId, call: &Call) -> bool {
        let facts = self.calls[self.next_call];
        self.next_call += 1;
        let given = call.arguments.iter().filter_map(|argument| self.operand(function, &argument.value)).max();
        let made = facts.made;
        let called = match call.callee.place() {
            // What a call of a library's function does the catalogue says.
            Some(_) if facts.is_library => None,
            Some(Place { root: Root::Global(_), .. }) => facts.is_global.then_some(Level::Maker),
            _ => self.operand(function, &call.callee),
        };
        let by_name = call.method_name().filter(|_| call.has_receiver()).is_some_and(|name| {
            facts.acts
                || facts.is_end && self.surroundings.has_queues
                || self.members.contains(name)
                // A type tells the members of a Rust value, and is evaluated later.
                || ((called.is_some_and(|level| level != Level::Given) || self.module.language == Language::Rust)
                    && self.surroundings.members.contains(name))
        });
        // What a library makes of `{ config() { … } }` cannot be seen to call it: nobody who has that need be known.
        let is_option = |argument: &Argument| self.is_literal(function, &argument.value);
        let are_options = facts.is_library && call.arguments.iter().all(is_option);
        let result = match (made, called, given) {
            (Some(Made::Container), ..) => Some(Level::Container),
            (Some(Made::Maker), ..) => Some(Level::Maker),
            (_, _, Some(Level::Maker)) => Some(if are_options { Level::Held } else { Level::Maker }),
            // What is made of a function is often one: `memoise(load)`.
            (_, Some(Level::Maker), _) if self.is_given_function(call) => Some(Level::Maker),
            (Some(Made::Resource), ..) | (_, Some(Level::Maker), _) => Some(Level::Held),
            (_, Some(Level::Held), _) if call.has_receiver() && !by_name => Some(Level::Given),
            (_, held, given) => held.or(given),
        };
        if let Some(level) = result {
            self.temp(function, call.result, level);
        }
        made > Some(Made::Container) || called == Some(Level::Maker) || given == Some(Level::Maker) || by_name
    }

    /// Whether an argument is written out where it is given: `{ … }`, a text.
    fn is_literal(&self, function: FunctionId, operand: &Operand) -> bool {
        match operand {
            Operand::Place(Place { root: Root::Temp(temp), path }) => {
                path.is_empty() && self.literals[self.temp_number(function, *temp)]
            }
            Operand::Place(_) | Operand::Function(_) | Operand::Class(_) | Operand::Module(_) => false,
            Operand::String(_) | Operand::Number(_) | Operand::Boolean(_) | Operand::Nullish | Operand::Opaque => true,
        }
    }

    fn is_given_function(&self, call: &Call) -> bool {
        call.arguments.iter().any(|argument| match &argument.value {
            Operand::Function(_) => true,
            Operand::Place(place) => {
                place.as_variable().is_some_and(|id| matches!(self.module.variable(id).binding, Binding::Function(_)))
            }
            _ => false,
        })
    }

    /// What is known of a place that begins with a name imported from packages.
    fn symbols<'w>(&'w self, id: VariableId, place: &'w Place) -> impl Iterator<Item = SymbolFacts<'w>> {
        self.packages(id).map(|(package, name)| {
            let first = match name {
                ImportName::Named(name) => Some(name.clone()),
                ImportName::Default | ImportName::Namespace => None,
            };
            let path: Vec<Name> = first.into_iter().chain(names(&place.path)).collect();
            self.surroundings.catalogue.symbol(package, &path)
        })
    }

    fn matters(&self, facts: &SymbolFacts<'_>) -> bool {
        matters(self.surroundings.catalogue, facts)
    }

    fn operand(&self, function: FunctionId, operand: &Operand) -> Option<Level> {
        match operand {
            Operand::Place(place) => self.place(function, place),
            Operand::Function(id) => self.functions[id.index()].then_some(Level::Maker),
            Operand::Class(id) => self.classes[id.0 as usize].then_some(Level::Maker),
            Operand::Module(request) => match self.surroundings.targets.get(request.0 as usize) {
                Some(Target::Module(file)) => (self.surroundings.imported)(*file, &ImportName::Namespace),
                Some(Target::External(package)) if self.makes(package) => Some(Level::Maker),
                _ => None,
            },
            _ => None,
        }
    }

    fn place(&self, function: FunctionId, place: &Place) -> Option<Level> {
        match &place.root {
            Root::Variable(id) => {
                let alias = self.aliases[id.0 as usize].then_some(Level::Maker);
                let level = self.variables[id.0 as usize].or(alias)?;
                let is_captured = self.module.variable(*id).owner != function;
                Some(if level == Level::Container && is_captured { Level::Maker } else { level })
            }
            Root::Temp(temp) => self.temps[self.temp_number(function, *temp)],
            Root::This => {
                let name = place.path.first()?.name()?;
                let leads = self.fields.contains(name) || self.members.contains(name);
                leads.then_some(Level::Maker)
            }
            Root::Global(_) => self.global(place).then_some(Level::Maker),
        }
    }

    /// Whether a global makes, wraps or releases something.
    fn global(&self, place: &Place) -> bool {
        let Root::Global(name) = &place.root else { return false };
        let catalogue = self.surroundings.catalogue;
        let path = || -> Vec<Name> { std::iter::once(name.clone()).chain(names(&place.path)).collect() };
        match self.module.language {
            Language::Rust => self.matters(&catalogue.symbol(RUST_PRELUDE, &path())),
            _ => catalogue.knows_global(name) && self.matters(&catalogue.global(&path())),
        }
    }

    /// A library's class or factory taken as a value: `const { Pool } = pg`, `class Db extends Client`.
    fn is_alias(&self, id: VariableId) -> bool {
        let catalogue = self.surroundings.catalogue;
        self.packages(id).any(|(package, name)| match name {
            ImportName::Named(name) => self.matters(&catalogue.symbol(package, std::slice::from_ref(name))),
            ImportName::Default | ImportName::Namespace => self.makes(package),
        })
    }

    /// Whether some member of a package makes, wraps or releases something.
    fn makes(&self, package: &str) -> bool {
        self.surroundings.catalogue.is_of(self.surroundings.makers, package)
    }

    /// The packages a variable may be imported from, and what of them: more than one only where globs bring it.
    fn packages(&self, id: VariableId) -> impl Iterator<Item = (&str, &ImportName)> {
        let import = match self.module.variable(id).binding {
            Binding::Import(import) => Some(&self.module.imports[import as usize]),
            _ => None,
        };
        import.into_iter().flat_map(|import| {
            let is_glob = self.is_by_glob(import);
            let globs = self.module.exports.iter().filter(move |_| is_glob).filter_map(|export| match export.source {
                ExportSource::All { request } => Some(request),
                _ => None,
            });
            let requests = globs.chain((!is_glob).then_some(import.request));
            requests.filter_map(|request| match self.surroundings.targets.get(request.0 as usize)? {
                Target::External(package) => Some((package.as_str(), &import.name)),
                Target::Module(_) | Target::Unresolved => None,
            })
        })
    }

    /// Whether a variable is imported from a package. What a glob may bring may be of a file as well.
    fn is_library(&self, id: VariableId) -> bool {
        let is_glob = match self.module.variable(id).binding {
            Binding::Import(import) => self.is_by_glob(&self.module.imports[import as usize]),
            _ => false,
        };
        !is_glob && self.packages(id).next().is_some()
    }

    /// Whether an import asks the module's own exports for what some glob brings.
    fn is_by_glob(&self, import: &Import) -> bool {
        self.module.language == Language::Rust && self.module.requests[import.request.0 as usize].specifier == "self"
    }

    fn assigned(&mut self, function: FunctionId, target: &Place, level: Level) {
        match &target.root {
            Root::Variable(id) => self.variable(*id, level),
            Root::Temp(temp) => self.temp(function, *temp, level),
            Root::This => {
                if let Some(name) = target.path.first().and_then(Field::name)
                    && (level == Level::Maker || level == Level::Container && self.filled.fields.contains(name))
                {
                    self.changed |= self.fields.insert(Name::new(name));
                }
            }
            Root::Global(_) => {}
        }
    }

    fn classes(&mut self) {
        for (id, class) in self.module.classes() {
            let extends = class.extends.as_ref().and_then(|operand| self.operand(class.parent, operand));
            if extends.is_some() && !std::mem::replace(&mut self.classes[id.0 as usize], true) {
                self.changed = true;
            }
            if !self.classes[id.0 as usize] {
                continue;
            }
            if let Some(variable) = class.variable {
                self.variable(variable, Level::Maker);
            }
            if class.parent != FunctionId::INITIALISER {
                self.mark(class.parent);
            }
        }
        for (index, variable) in self.module.variables.iter().enumerate() {
            if let Binding::Function(function) = variable.binding
                && self.functions[function.index()]
            {
                let id = VariableId(u32::try_from(index).expect("invariant: fewer than 2^32 variables"));
                self.variable(id, Level::Maker);
            }
        }
    }

    /// A function matters: so do its class and the function it is written in.
    fn mark(&mut self, id: FunctionId) {
        if id == FunctionId::INITIALISER || self.functions[id.index()] || self.rendered[id.index()] {
            return;
        }
        let function = self.module.function(id);
        let is_rendered = function.name.as_ref().filter(|_| function.class().is_none()).is_some_and(|name| {
            let makes_elements =
                || function.ops().any(|(_, _, op)| op.call().is_some_and(|call| call.kind == CallKind::Jsx));
            (name.starts_with(char::is_uppercase) && makes_elements()) || self.surroundings.rendered.is_match(name)
        });
        self.rendered[id.index()] = is_rendered;
        if self.rendered[id.index()] {
            return;
        }
        self.functions[id.index()] = true;
        self.changed = true;
        if let Some(class) = function.class() {
            self.classes[class.0 as usize] = true;
        }
        if let Some(name) = &function.name {
            self.members.insert(name.clone());
        }
        if let Some(parent) = function.parent {
            self.mark(parent);
        }
    }

    /// The class in whose code a function stands.
    fn class_around(&self, function: &Function) -> Option<ClassId> {
        let mut at = function;
        loop {
            if let Some(class) = at.class() {
                return Some(class);
            }
            at = self.module.function(at.parent?);
        }
    }

    fn variable(&mut self, id: VariableId, level: Level) {
        let is_shared = level == Level::Container
            && self.module.variable(id).owner == FunctionId::INITIALISER
            && (self.filled.variables[id.0 as usize] || self.is_exported(id));
        let level = if is_shared { Level::Maker } else { level };
        let known = &mut self.variables[id.0 as usize];
        if *known < Some(level) {
            *known = Some(level);
            self.changed = true;
        }
    }

    fn is_exported(&self, id: VariableId) -> bool {
        self.module.exports.iter().any(|export| export.source == ExportSource::Variable(id))
    }

    fn temp_number(&self, function: FunctionId, temp: Temp) -> usize {
        (self.first_temps[function.index()] + temp.0) as usize
    }

    fn temp(&mut self, function: FunctionId, temp: Temp, level: Level) {
        let number = self.temp_number(function, temp);
        let known = &mut self.temps[number];
        // Whoever reads it for the first time comes later in the same walk, unless there is a loop.
        let is_raised = known.is_some_and(|known| known < level);
        *known = (*known).max(Some(level));
        self.changed |= is_raised;
    }

    /// Whether it is a closure of a function that matters: in Rust a program is put together in such closures, routes and
    /// all.
    fn is_within_marked(&self, function: &Function) -> bool {
        self.module.language == Language::Rust
            && function.name.is_none()
            && function.parent.is_some_and(|parent| {
                self.functions[parent.index()] || self.is_within_marked(self.module.function(parent))
            })
    }

    fn finish(self) -> (Reach, State) {
        let exports = self.module.exports.iter().filter_map(|export| match export.source {
            ExportSource::Variable(variable) => Some((export.name.clone(), self.variables[variable.0 as usize]?)),
            _ => None,
        });
        let functions = self.module.functions().map(|(id, function)| {
            id == FunctionId::INITIALISER
                || self.functions[id.index()]
                || self.rendered[id.index()]
                || self.class_around(function).is_some_and(|class| self.classes[class.0 as usize])
                || self.is_within_marked(function)
        });
        let (functions, exports) = (functions.collect(), exports.collect());
        let marked = self.module.classes().filter(|(id, _)| self.classes[id.0 as usize]);
        let continued = marked.filter_map(|(_, class)| match self.module.variable(class.continues?).binding {
            Binding::Import(import) => Some(import),
            _ => None,
        });
        let continued = continued.collect();
        let mut members: Vec<Name> = self.members.iter().cloned().collect();
        members.sort_unstable();
        let reach = Reach {
            functions,
            exports,
            continued,
            makes_queue: self.makes_queue,
            common_js: self.module.common_js_exports.is_some_and(|id| self.variables[id.0 as usize].is_some()),
            members,
        };
        (reach, self.state)
    }
}

/// Whether calling or constructing makes, wraps or releases something.
pub(super) fn matters(catalogue: &Catalogue, facts: &SymbolFacts<'_>) -> bool {
    let holds = |resource| catalogue.resource(resource).gives_or_holds();
    [facts.new, facts.call].into_iter().flatten().any(holds)
        || facts.builds
        || facts.wrapper_new.is_some()
        || facts.wrapper_call.is_some()
        || facts.releases.is_some()
        || facts.function.is_some_and(|fact| {
            !fact.releases.is_empty()
                || fact.forgets.is_some()
                || fact.reclaims
                || fact.delays.is_some()
                || fact.defers.is_some()
        })
}

/// The leading names of a path.
fn names(path: &[Field]) -> impl Iterator<Item = Name> + '_ {
    path.iter().map_while(Field::name).map(Name::new)
}
