//! The solver: from calls, exports and entry points to rates.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::{CallTarget, Callee, Evaluator};
use crate::analysis::value::{Value, Values};
use crate::discovery::FileRole;
use crate::ir::{
    Binding, Call, FunctionId, FunctionKind, Module, OpKind, Operand, Place, RequestId, Root, Rvalue, VariableId,
};
use crate::linking::{FunctionRef, OpRef, Program, Target};
use crate::source::{FileId, Language};

use super::dispatch::Implementations;
use super::entries::Entries;
use super::{Evidence, Frequencies, Frequency, Lifecycles, Node, Rate, Rerun, iteration, memo};

/// Of so many implementations of a trait each is likely to be what a call runs. Of more, which of them it is, and whether
/// it is one of interest, is a matter of configuration: a plug-in is set up when somebody asks for it.
const MAX_LIKELY: usize = 3;

/// Gathers who calls whom and lets the rates go along.
pub(super) struct Solver<'e, 'p> {
    evaluator: &'e Evaluator<'p>,
    /// From a function to what its operations reach.
    edges: FxHashMap<FunctionRef, Vec<(Node, OpRef)>>,
    /// The same for what an operation may reach, by its name alone.
    possible: FxHashMap<FunctionRef, Vec<(Node, OpRef)>>,
    /// Calls that run what they are given for each of what they go through.
    iterations: FxHashSet<OpRef>,
    roots: Vec<(Node, Frequency)>,
    /// What somebody outside the program calls, whatever the program itself does with it.
    public: Vec<(Node, Frequency)>,
    memoised: FxHashSet<FunctionRef>,
    /// Functions of the project that run one of their arguments once and keep what it returns, with its index.
    memoisers: FxHashMap<FunctionRef, u32>,
    callers_of_parameters: FxHashSet<FunctionRef>,
    lifecycles: Lifecycles,
    implementations: Implementations,
    /// The names of what is called, or handed on, where nobody looks: in functions that have no part in the call graph.
    called_unseen: FxHashSet<&'p str>,
    /// The same of calls that were looked at, and not understood.
    not_understood: FxHashSet<&'p str>,
    /// What only its own crate can name.
    private: Vec<(FunctionRef, Evidence)>,
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
            callers_of_parameters: memo::callers_of_parameters(evaluator),
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
    fn of_programs(&self) -> FxHashSet<FileId> {
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

    fn root(&mut self, function: FunctionRef, rate: Rate, evidence: Evidence) {
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

    fn edge(&mut self, from: FunctionRef, to: Node, at: OpRef) {
        self.edges.entry(from).or_default().push((to, at));
    }

    fn call(&mut self, at: OpRef, call: &Call, entries: &Entries<'_, '_>) {
        let callee = self.evaluator.callee(at);
        if self.evaluator.drops_implicitly(at.function) {
            if callee.functions().next().is_none() {
                let program = self.evaluator.program;
                let (module, place) =
                    (program.module(at.function.file), program.op(at).call().and_then(|it| it.callee.place()));
                self.not_understood.extend(place.and_then(|place| last_name(module, place)));
                if iteration::goes_through(self.evaluator, at) {
                    self.iterations.insert(at);
                }
            }
            let dispatch = self.implementations.of_call(self.evaluator, at, call);
            let is_one_of_many = dispatch.methods.len() > MAX_LIKELY;
            let (likely, mut possible) =
                if is_one_of_many { (Vec::new(), dispatch.methods) } else { (dispatch.methods, Vec::new()) };
            for method in likely {
                self.edge(at.function, Node::Function(method), at);
            }
            possible.extend(dispatch.namesakes);
            if !possible.is_empty() {
                let possible = possible.into_iter().map(|method| (Node::Function(method), at));
                self.possible.entry(at.function).or_default().extend(possible);
            }
        }
        let mut memoised_argument = None;
        for target in &callee.targets {
            match target {
                CallTarget::Function { function, .. } => {
                    self.edge(at.function, Node::Function(*function), at);
                    if let Some(block) = self.evaluator.block_given(*function) {
                        self.edge(at.function, Node::Function(block), at);
                    }
                    memoised_argument = memoised_argument.or(self.memoisers.get(function).copied());
                }
                CallTarget::Construct(class) => self.edge(at.function, Node::Class(*class), at),
                CallTarget::External(id) => {
                    memoised_argument = self.evaluator.facts(*id).function.and_then(|fact| fact.memoises);
                }
                _ => {}
            }
        }
        memoised_argument = memoised_argument.or_else(|| {
            let fact = self.evaluator.fact_by_name(at, call, callee)?;
            fact.memoises.filter(|_| !fact.keyed)
        });
        // A callee nothing is known of may keep a callback and call it whenever it likes.
        let mut is_kept = None;
        let mut registered = None;
        self.members_registered(at, call, callee, entries);
        for (index, argument) in (0u32..).zip(&call.arguments) {
            if !matches!(argument.value, Operand::Place(_) | Operand::Function(_) | Operand::Module(_)) {
                continue;
            }
            let values = self.evaluator.operand_values(at.function, &argument.value);
            for function in self.evaluator.functions_behind(&values) {
                let registered = registered.get_or_insert_with(|| entries.registered(at, call, callee));
                if memoised_argument == Some(index) {
                    self.memoised.insert(function);
                    self.root(function, Rate::Once, Evidence::Called { at });
                } else if let Some((_, entry, label)) = registered.iter().find(|(known, ..)| *known == function) {
                    let evidence = Evidence::Entry { label: label.clone(), at: self.evaluator.program.op_location(at) };
                    self.root(function, entry.runs.into(), evidence);
                    if entry.returns_cleanup {
                        self.lifecycles.effects.insert(function, at);
                    }
                    match entry.dependencies {
                        _ if !entry.reruns => {}
                        Some(dependencies) if depends_on_nothing(self.evaluator, at, dependencies) => {}
                        Some(dependencies) => {
                            let rerun = Rerun::When { effect: at, dependencies };
                            self.lifecycles.reruns.insert(function, rerun);
                        }
                        None => {
                            let rerun = Rerun::Always { at: self.evaluator.program.op_location(at) };
                            self.lifecycles.reruns.insert(function, rerun);
                        }
                    }
                    if entry.ends {
                        self.lifecycles.endings.insert(function, at);
                    }
                } else {
                    self.edge(at.function, Node::Function(function), at);
                    let is_kept = *is_kept.get_or_insert_with(|| {
                        let by_name = self.evaluator.fact_by_name(at, call, callee);
                        !call.awaited
                            && by_name.is_none_or(|fact| fact.calls_once.is_none())
                            && (self.may_keep_callbacks(callee)
                                || self.may_wrap(at, call, callee)
                                || self.may_register(at, call, callee))
                    });
                    if is_kept {
                        let frequency = Frequency { rate: Rate::PerCall, evidence: Evidence::Called { at } };
                        self.public.push((Node::Function(function), frequency));
                    }
                }
            }
        }
    }

    /// Functions that stand deeper in what a registration is given than functions are looked for otherwise:
    /// `{ resolvers: { Query: { things() {} } } }`.
    fn members_registered(&mut self, at: OpRef, call: &Call, callee: &Callee, entries: &Entries<'_, '_>) {
        let registers = |target: &CallTarget| match target {
            CallTarget::External(id) => {
                let entries = &self.evaluator.facts(*id).entries;
                entries.iter().flat_map(|entry| &entry.argument_paths).any(|path| path.contains(".*."))
            }
            _ => false,
        };
        if callee.targets.iter().any(registers) {
            for (function, entry, label) in entries.registered(at, call, callee) {
                let evidence = Evidence::Entry { label, at: self.evaluator.program.op_location(at) };
                self.root(function, entry.runs.into(), evidence);
            }
        }
    }

    fn may_keep_callbacks(&self, callee: &Callee) -> bool {
        callee.targets.iter().all(|target| match target {
            CallTarget::External(id) => !self.evaluator.facts(*id).known,
            CallTarget::ProductMethod { .. } => true,
            CallTarget::Function { function, .. } => !self.callers_of_parameters.contains(function),
            CallTarget::Construct(_) | CallTarget::ResourceMethod { .. } | CallTarget::Parameter => false,
        }) && !callee.is_unknown()
    }

    /// Whether the callee is a method of something imported from a file that was not read: `builder.field(…)`, where the
    /// builder is a schema, a router or a queue of the project's own.
    fn may_register(&self, at: OpRef, call: &Call, callee: &Callee) -> bool {
        let program = self.evaluator.program;
        let receiver = call.receiver().and_then(|(receiver, _)| receiver.root_variable());
        callee.is_unknown()
            && receiver.is_some_and(|variable| {
                matches!(program.variable(at.function.variable(variable)).binding, Binding::Import(_))
            })
    }

    /// Whether a function that was imported from a file that was not read gives something back that is used: it may be
    /// another face of a function it was given.
    fn may_wrap(&self, at: OpRef, call: &Call, callee: &Callee) -> bool {
        let program = self.evaluator.program;
        let is_imported = call.callee.place().and_then(Place::as_variable).is_some_and(|variable| {
            matches!(program.variable(at.function.variable(variable)).binding, Binding::Import(_))
        });
        is_imported
            && callee.is_unknown()
            && program.function(at.function).mentioned_places().any(|place| place.root == Root::Temp(call.result))
            && !self.is_only_an_object(at, call)
    }

    /// Whether what a call gives is used by its members alone, in the file that has it: no function that somebody calls.
    fn is_only_an_object(&self, at: OpRef, call: &Call) -> bool {
        let program = self.evaluator.program;
        let names: Vec<VariableId> = program
            .function(at.function)
            .ops()
            .filter_map(|(_, _, op)| match &op.kind {
                OpKind::Assign { target, value: Rvalue::Use(Operand::Place(from)) }
                    if from.root == Root::Temp(call.result) =>
                {
                    Some(target.as_variable())
                }
                _ if op.places().into_iter().any(|place| place.root == Root::Temp(call.result)) => Some(None),
                _ => None,
            })
            .collect::<Option<_>>()
            .unwrap_or_default();
        let [name] = names[..] else { return false };
        let is_exported = program.own_exports(at.function.file).any(|(_, exported)| exported.variable == name);
        let is_whole = |place: &Place| place.root == Root::Variable(name) && place.path.is_empty();
        !is_exported
            && !program.module(at.function.file).functions().any(|(_, body)| {
                let in_ops = body.ops().any(|(_, _, op)| match &op.kind {
                    OpKind::Assign { value, .. } => {
                        value.operands().into_iter().filter_map(Operand::place).any(is_whole)
                    }
                    _ => op.places().into_iter().any(is_whole),
                });
                in_ops
                    || body.blocks().any(|(_, block)| {
                        block.terminator.operands().into_iter().filter_map(Operand::place).any(is_whole)
                    })
            })
    }

    pub(super) fn solve(mut self) -> Frequencies {
        let mut frequencies = Frequencies {
            nodes: Arc::default(),
            memos: RefCell::default(),
            keeping: RefCell::new(vec![None; self.evaluator.program.numbers().functions()]),
            memoised: Arc::new(std::mem::take(&mut self.memoised)),
            lifecycles: Arc::new(std::mem::take(&mut self.lifecycles)),
            of_programs: Arc::new(self.of_programs()),
        };
        let mut work = Vec::new();
        let is_call = |at: &OpRef| self.evaluator.program.op(*at).call().is_some();
        let called: FxHashSet<Node> = self
            .edges
            .values()
            .chain(self.possible.values())
            .flatten()
            .filter(|(_, at)| is_call(at))
            .map(|(to, _)| *to)
            .collect();
        // Where the framework says that it calls something once, nobody else is presumed to.
        let once: FxHashSet<Node> = self
            .roots
            .iter()
            .filter(|(_, frequency)| {
                frequency.rate == Rate::Once && matches!(frequency.evidence, Evidence::Entry { .. })
            })
            .map(|(node, _)| *node)
            .collect();
        for (node, frequency) in self.public.drain(..).filter(|(node, _)| !once.contains(node)) {
            raise(Arc::make_mut(&mut frequencies.nodes), node, frequency, &mut work);
        }
        let mut put_off = Vec::new();
        for (node, frequency) in self.roots.drain(..) {
            // What is exported (or a method) and called by the program itself is judged by those calls; "whenever
            // somebody calls it" is for what nobody here does.
            let is_memoised = matches!(node, Node::Function(it) if frequencies.memoised.contains(&it));
            if frequency.rate == Rate::PerCall && (called.contains(&node) || once.contains(&node) || is_memoised) {
                put_off.push((node, frequency));
                continue;
            }
            raise(Arc::make_mut(&mut frequencies.nodes), node, frequency, &mut work);
        }
        self.spread(&mut frequencies, &mut work);
        // Functions that call each other and that nobody else calls: somebody outside has to begin.
        for (node, frequency) in put_off {
            if !frequencies.nodes.contains_key(&node) && self.calls_itself(node) {
                raise(Arc::make_mut(&mut frequencies.nodes), node, frequency, &mut work);
                self.spread(&mut frequencies, &mut work);
            }
        }
        frequencies
    }

    /// Whether a function leads back to itself by calls.
    fn calls_itself(&self, node: Node) -> bool {
        let mut seen = FxHashSet::default();
        let mut work = vec![node];
        while let Some(Node::Function(function)) = work.pop() {
            for (to, _) in self.edges.get(&function).into_iter().flatten() {
                if *to == node {
                    return true;
                }
                if matches!(to, Node::Function(_)) && seen.insert(*to) {
                    work.push(*to);
                }
            }
        }
        false
    }

    /// Lets rates go along calls until they stand still.
    fn spread(&self, frequencies: &mut Frequencies, work: &mut Vec<Node>) {
        while let Some(node) = work.pop() {
            let Node::Function(function) = node else {
                let Node::Class(class) = node else { continue };
                let rate = frequencies.nodes[&node].rate;
                let body = self.evaluator.program.class(class);
                for part in [body.instance_initialiser, body.constructor].into_iter().flatten() {
                    let evidence = frequencies.nodes[&node].evidence.clone();
                    let part = Node::Function(FunctionRef::new(class.file, part));
                    raise(Arc::make_mut(&mut frequencies.nodes), part, Frequency { rate, evidence }, work);
                }
                if let Some(base) = self.evaluator.base_class(class) {
                    let evidence = frequencies.nodes[&node].evidence.clone();
                    raise(Arc::make_mut(&mut frequencies.nodes), Node::Class(base), Frequency { rate, evidence }, work);
                }
                continue;
            };
            // Only what is kept for an instance comes at another rate than its line, or a lower one.
            let is_of_instance = self.evaluator.program.this_class(function).is_some();
            for (to, at) in self.edges.get(&function).into_iter().flatten() {
                if matches!(to, Node::Function(to) if frequencies.memoised.contains(to)) {
                    continue;
                }
                let line = frequencies.of_line(self.evaluator, *at);
                let is_iterated = self.iterations.contains(at);
                let most = if is_iterated { line.max(Rate::PerTurn) } else { line };
                if !is_of_instance && frequencies.nodes.get(to).is_some_and(|known| known.rate >= most) {
                    continue;
                }
                let rate = match frequencies.kept(self.evaluator, *at, line) {
                    Rate::Once if is_iterated => Rate::PerTurn,
                    rate => rate,
                };
                if rate > Rate::Never {
                    let frequency = Frequency { rate, evidence: Evidence::Called { at: *at } };
                    raise(Arc::make_mut(&mut frequencies.nodes), *to, frequency, work);
                }
            }
            // What may be called is not taken to be called as often as the line runs: in a loop of what runs once it is
            // one of many, and otherwise nobody knows how often.
            for (to, at) in self.possible.get(&function).into_iter().flatten() {
                let rate = match frequencies.of_op(self.evaluator, *at) {
                    Rate::PerTurn => Rate::Once,
                    rate => rate.min(Rate::PerCall),
                };
                if rate > Rate::Never {
                    // It shows that somebody may, not who.
                    raise(
                        Arc::make_mut(&mut frequencies.nodes),
                        *to,
                        Frequency { rate, evidence: Evidence::None },
                        work,
                    );
                }
            }
        }
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
                names.extend(last_name(module, place));
            }
        }
    }
    names
}

fn last_name<'p>(module: &'p Module, place: &'p Place) -> Option<&'p str> {
    match (place.path.last(), &place.root) {
        (Some(field), _) => field.name(),
        (None, Root::Variable(id)) => Some(module.variable(*id).name.as_str()),
        (None, _) => None,
    }
}

fn raise(nodes: &mut FxHashMap<Node, Frequency>, node: Node, frequency: Frequency, work: &mut Vec<Node>) {
    match nodes.get(&node) {
        Some(known) if known.rate >= frequency.rate => {}
        _ => {
            nodes.insert(node, frequency);
            work.push(node);
        }
    }
}

/// Whether a module is the root of a program: nobody outside can call what it has, since there is no name for it.
fn is_program(module: &Module) -> bool {
    let mut functions = module.functions.iter().filter(|function| function.parent == Some(FunctionId::INITIALISER));
    module.language == Language::Rust && functions.any(|function| function.name.as_deref() == Some("main"))
}

/// Whether the argument of a registration at an index is an empty list: what it registers runs once for its owner.
fn depends_on_nothing(evaluator: &Evaluator<'_>, registration: OpRef, index: u32) -> bool {
    let list = evaluator.program.op(registration).call().and_then(|call| call.argument(index as usize));
    let Some(Operand::Place(Place { root: Root::Temp(temp), path })) = list else { return false };
    let definitions =
        evaluator.program.index(registration.function.file).of_temp(registration.function.function, *temp);
    path.is_empty()
        && definitions.iter().all(|definition| {
            let at = registration.function.sibling(definition.function).definition(definition);
            matches!(&evaluator.program.op(at).kind, OpKind::Assign { value: Rvalue::Array(elements), .. } if elements.is_empty())
        })
}
