//! The solver: from calls, exports and entry points to rates.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::Evaluator;
use crate::analysis::value::{Value, Values};
use crate::discovery::FileRole;
use crate::ir::{FunctionId, FunctionKind, Module, Name, OpKind, Operand, RequestId};
use crate::linking::{FunctionRef, OpRef, Program, Target};
use crate::source::{FileId, Language};

use super::dispatch::Implementations;
use super::entries::Entries;
use super::{Evidence, Frequency, Lifecycles, Node, Rate, memo};

/// Gathers who calls whom and lets the rates go along.
pub(super) struct Solver<'e, 'p> {
    pub(super) evaluator: &'e Evaluator<'p>,
    /// From a function to what its operations reach.
    pub(super) edges: FxHashMap<FunctionRef, Vec<(Node, OpRef)>>,
    /// The same for what an operation may reach, by its name alone.
    pub(super) possible: FxHashMap<FunctionRef, Vec<(Node, OpRef)>>,
    /// Calls that run what they are given for each of what they go through.
    pub(super) iterations: FxHashSet<OpRef>,
    pub(super) roots: Vec<(Node, Frequency)>,
    /// What somebody outside the program calls, whatever the program itself does with it.
    pub(super) public: Vec<(Node, Frequency)>,
    pub(super) memoised: FxHashSet<FunctionRef>,
    /// Functions of the project that run one of their arguments once and keep what it returns, with its index.
    pub(super) memoisers: FxHashMap<FunctionRef, u32>,
    pub(super) callers_of_parameters: FxHashSet<FunctionRef>,
    pub(super) lifecycles: Lifecycles,
    pub(super) implementations: Implementations,
    /// The names of what is called, or handed on, where nobody looks: in functions that have no part in the call graph.
    pub(super) called_unseen: FxHashSet<&'p str>,
    /// The same of calls that were looked at, and not understood.
    pub(super) not_understood: FxHashSet<&'p str>,
    /// What only its own crate can name.
    pub(super) private: Vec<(FunctionRef, Evidence)>,
}

impl<'e, 'p> Solver<'e, 'p> {
    pub(super) fn new(evaluator: &'e Evaluator<'p>) -> Self {
        let mut solver = Self {
            evaluator,
            edges: FxHashMap::default(),
            possible: FxHashMap::default(),
            iterations: FxHashSet::default(),
            roots: Vec::new(),
            public: Vec::new(),
            memoised: FxHashSet::default(),
            memoisers: memo::memoisers(evaluator),
            callers_of_parameters: memo::callers_of_parameters(evaluator.program),
            lifecycles: Lifecycles::default(),
            implementations: Implementations::of(evaluator),
            called_unseen: called_unseen(evaluator.program),
            not_understood: FxHashSet::default(),
            private: Vec::new(),
        };
        solver.collect();
        solver
    }

    fn collect(&mut self) {
        let entries = Entries::new(self.evaluator);
        let program = self.evaluator.program;
        for module in program.modules() {
            let initialiser = program.initialiser(module.file);
            self.root(initialiser, Rate::Once, Evidence::None);
            entries.of_module(module, &mut |function, runs, label, at| {
                self.roots.push((
                    Node::Function(function),
                    Frequency { rate: runs.into(), evidence: Evidence::Entry { label, at } },
                ));
            });
            entries.of_classes(module, &mut |class, runs, label, at| {
                let evidence = Evidence::Entry { label, at };
                self.roots.push((Node::Class(class), Frequency { rate: runs.into(), evidence }));
            });
            for (variable, is_public) in program.exported_variables(module.file) {
                self.export(self.evaluator.variable(variable), is_public);
            }
            if let Some(exports) = module.common_js_exports {
                let exported = self.evaluator.variable(initialiser.variable(exports));
                self.export(exported, true);
                for definition in program.index(module.file).of_variable(exports) {
                    let function = FunctionRef::new(module.file, definition.function);
                    let at = function.definition(definition);
                    if let OpKind::Assign { target, value } = &program.op(at).kind
                        && target.path.len() == 1
                    {
                        self.export(&self.evaluator.rvalue(at, value), true);
                    }
                }
            }
        }
        self.public_exports();
        for function in program.relevant_functions() {
            self.function(function, &entries);
        }
        self.private_ones();
        self.lifecycles.reentered = entries.reentered.take();
        self.lifecycles.reruns.extend(entries.reruns.take());
    }

    /// The exports of modules that no module of the program imports: a package's face to the outside.
    fn public_exports(&mut self) {
        let program = self.evaluator.program;
        let imported = program.imported_modules();
        let is_face = |module: &&Module| !imported.contains(&module.file) && !is_program(module);
        for module in program.modules().filter(is_face) {
            for symbol in program.all_exports(module.file) {
                for value in &self.evaluator.symbol_values(&symbol) {
                    if let Value::Function { function, .. } = value {
                        let frequency = Frequency { rate: Rate::PerCall, evidence: Evidence::Exported };
                        self.public.push((Node::Function(*function), frequency));
                    }
                }
            }
        }
    }

    /// The files that programs of the product are made of: their own and those of the libraries they use.
    pub(super) fn of_programs(&self) -> FxHashSet<FileId> {
        let program = self.evaluator.program;
        let of_product = |module: &&Module| is_program(module) && program.role(module.file) == FileRole::Source;
        let mut work: Vec<FileId> = program.modules().filter(of_product).map(|module| module.file).collect();
        let mut found = FxHashSet::default();
        let lowered: FxHashSet<FileId> = program.modules().map(|module| module.file).collect();
        while let Some(file) = work.pop() {
            if !lowered.contains(&file) || !found.insert(file) {
                continue;
            }
            for request in 0..u32::try_from(program.module(file).requests.len()).unwrap_or(u32::MAX) {
                if let Target::Module(of) = program.target(file, RequestId(request)) {
                    work.push(*of);
                }
            }
        }
        found
    }

    pub(super) fn root(&mut self, function: FunctionRef, rate: Rate, evidence: Evidence) {
        self.roots.push((Node::Function(function), Frequency { rate, evidence }));
    }

    /// What somebody outside may call, as often as they like. What only the crate can name is called by what was seen to
    /// call it, unless there is a call that may be one of it.
    fn presumed(&mut self, function: FunctionRef, evidence: Evidence) {
        if self.evaluator.program.function(function).is_private {
            self.private.push((function, evidence));
        } else {
            self.root(function, Rate::PerCall, evidence);
        }
    }

    fn private_ones(&mut self) {
        for (function, evidence) in std::mem::take(&mut self.private) {
            let name = self.evaluator.program.function(function).name.as_deref().unwrap_or_default();
            if self.called_unseen.contains(name) || self.not_understood.contains(name) {
                self.root(function, Rate::PerCall, evidence);
            }
        }
    }

    fn export(&mut self, values: &Values, is_public: bool) {
        for value in values {
            match value {
                Value::Function { .. } => {
                    for function in self.evaluator.functions_behind(&Values::one(value.clone())) {
                        self.presumed(function, Evidence::Exported);
                    }
                }
                Value::Class(class) if is_public => {
                    let frequency = Frequency { rate: Rate::PerCall, evidence: Evidence::Exported };
                    self.roots.push((Node::Class(*class), frequency));
                }
                Value::Object { at, .. } => {
                    for part in self.evaluator.object_parts(*at) {
                        if let Value::Function { function, .. } = part {
                            self.presumed(*function, Evidence::Exported);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, function: FunctionRef, entries: &Entries<'_, '_>) {
        let program = self.evaluator.program;
        let body = program.function(function);
        match body.kind {
            // Whoever has the instance may call its methods, as often as they like.
            FunctionKind::Method { .. } | FunctionKind::Getter { .. } | FunctionKind::Setter { .. } => {
                self.presumed(function, Evidence::None);
            }
            _ => {}
        }
        // Tests and examples show how something may be called, not how often it is.
        if matches!(
            program.role(function.file),
            FileRole::Test | FileRole::Benchmark | FileRole::Example | FileRole::Story
        ) {
            return;
        }
        for (block, index, op) in body.ops() {
            let at = function.op(block, index);
            match &op.kind {
                OpKind::Call(call) => {
                    self.call(at, call, entries);
                }
                OpKind::Assign { value, .. } => {
                    // A function put somewhere is called, if at all, at least as often as the code that puts it there.
                    for operand in value.operands() {
                        if let Operand::Function(child) = operand {
                            self.edge(function, Node::Function(function.sibling(*child)), at);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn edge(&mut self, from: FunctionRef, to: Node, at: OpRef) {
        self.edges.entry(from).or_default().push((to, at));
    }
}

/// The last names of what functions call and hand on that the analyses do not look at of their own accord.
fn called_unseen(program: &Program) -> FxHashSet<&str> {
    let unseen = program.functions().filter(|function| !program.is_relevant(*function));
    let mut names = FxHashSet::default();
    for function in unseen {
        let module = program.module(function.file);
        if module.language != Language::Rust {
            continue;
        }
        for (_, _, op) in program.function(function).ops() {
            for place in op.places() {
                names.extend(module.last_name(place).map(Name::as_str));
            }
        }
    }
    names
}

/// Whether a module is the root of a program: nobody outside can call what it has, since there is no name for it.
fn is_program(module: &Module) -> bool {
    let mut functions = module.functions.iter().filter(|function| function.parent == Some(FunctionId::INITIALISER));
    module.language == Language::Rust && functions.any(|function| function.name.as_deref() == Some("main"))
}
