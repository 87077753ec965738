//! What a call leads to: whom it runs, whom it registers, and what it may keep for later.

use crate::analysis::evaluate::{CallTarget, Callee, Evaluator};
use crate::ir::{Binding, Call, Name, OpKind, Operand, Place, Root, Rvalue, VariableId};
use crate::linking::OpRef;

use super::entries::Entries;
use super::solver::Solver;
use super::{Evidence, Frequency, Node, Rate, Rerun, iteration};

/// Of so many implementations of a trait each is likely to be what a call runs. Of more, which of them it is, and whether
/// it is one of interest, is a matter of configuration: a plug-in is set up when somebody asks for it.
const MAX_LIKELY: usize = 3;

impl Solver<'_, '_> {
    pub(super) fn call(&mut self, at: OpRef, call: &Call, entries: &Entries<'_, '_>) {
        let callee = self.evaluator.callee(at);
        if self.evaluator.drops_implicitly(at.function) {
            if callee.functions().next().is_none() {
                let program = self.evaluator.program;
                let called = program.op(at).call().and_then(|call| program.module(at.function.file).called_name(call));
                self.not_understood.extend(called.map(Name::as_str));
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
