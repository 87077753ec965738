//! Sources: the functions in which resources begin and end, found without following any of them.
//!
//! Most functions of a program neither acquire nor release anything. The dataflow runs on those that do, and on what
//! they hand their resources to.

use rustc_hash::FxHashSet;

use crate::analysis::call_graph::CallGraph;
use crate::analysis::evaluate::{CallTarget, Callee, Evaluator};
use crate::analysis::value::{AcquiredKind, AcquisitionId, Value, Values};
use crate::ir::{Call, OpKind};
use crate::linking::{ClassRef, FunctionRef, OpRef, Program};

use super::captures::Captures;
use super::effects::Identity;
use super::effects::is_followed;
use super::leases::LeaseCallbacks;
use super::summary::is_owning;

/// Where resources begin and end.
#[derive(Debug, Default)]
pub struct Sources {
    /// By the function's number: whether it acquires something or is given a lease.
    acquires: Vec<bool>,
    /// The functions that release something directly: by a method, a library's function, the end of a scope.
    releasers: Vec<(FunctionRef, Released)>,
    /// Classes whose code acquires something.
    holding: FxHashSet<ClassRef>,
    /// Those of them whose instances somebody has to close, and the classes that make such instances.
    owning: FxHashSet<ClassRef>,
}

/// What a function releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Released {
    Something,
    /// A parameter, or a part of one.
    Given,
}

impl Sources {
    pub(super) fn of(evaluator: &Evaluator<'_>, lease_callbacks: &LeaseCallbacks) -> Self {
        let program = evaluator.program;
        let mut sources = Self::default();
        let mut acquires = vec![false; program.numbers().functions()];
        let mut made: Vec<(FunctionRef, ClassRef)> = Vec::new();
        for function in program.functions() {
            if !program.is_relevant(function) {
                // A helper may release what it is given: its name for that is all there is to go by.
                let by_name = released_by_name(evaluator, function);
                sources.releasers.extend(by_name.map(|released| (function, released)));
                continue;
            }
            let mut releases = None;
            for (block, index, op) in program.function(function).ops() {
                let at = function.op(block, index);
                match &op.kind {
                    OpKind::Call(call) => {
                        for id in begun_at(evaluator, at) {
                            match evaluator.acquisition(id).kind {
                                AcquiredKind::Instance(class) => made.push((function, class)),
                                AcquiredKind::Catalogued(_) if is_followed(evaluator, id) => {
                                    acquires[program.numbers().function(function)] = true;
                                    let class = program.this_class(function);
                                    sources.holding.extend(class);
                                    sources.owning.extend(class.filter(|_| is_owning(evaluator, id)));
                                }
                                AcquiredKind::Catalogued(_) => {}
                            }
                        }
                        let callee = evaluator.callee(at);
                        acquires[program.numbers().function(function)] |= begins_lease(evaluator, callee);
                        releases = releases.max(released_by(evaluator, at, call, callee));
                    }
                    OpKind::Dispose { .. } if !evaluator.drops_implicitly(function) => {
                        releases = releases.max(Some(Released::Something));
                    }
                    _ => {}
                }
            }
            if let Some(released) = releases {
                sources.releasers.push((function, released));
            }
        }
        sources.close_over_owners(evaluator, &made);
        for (function, class) in made {
            acquires[program.numbers().function(function)] |= sources.owning.contains(&class);
        }
        for (function, _) in lease_callbacks.in_order() {
            acquires[program.numbers().function(function)] = true;
        }
        sources.acquires = acquires;
        sources
    }

    /// Whether a function acquires something or is given a lease.
    #[must_use]
    pub fn acquires(&self, program: &Program, function: FunctionRef) -> bool {
        self.acquires[program.numbers().function(function)]
    }

    /// Whether an acquisition can ever hold something.
    #[must_use]
    pub fn may_hold(&self, evaluator: &Evaluator<'_>, id: AcquisitionId) -> bool {
        match evaluator.acquisition(id).kind {
            AcquiredKind::Instance(class) => self.owning.contains(&class),
            AcquiredKind::Catalogued(_) => is_followed(evaluator, id),
        }
    }

    /// Whether methods of a class may do something to what the class acquires.
    #[must_use]
    pub fn is_holding(&self, class: ClassRef) -> bool {
        self.holding.contains(&class)
    }

    /// The functions that release something, directly or by handing it to one that does.
    #[must_use]
    pub fn releasing(&self, evaluator: &Evaluator<'_>, graph: &CallGraph) -> FxHashSet<FunctionRef> {
        let program = evaluator.program;
        let mut found: FxHashSet<FunctionRef> = self.releasers.iter().map(|(function, _)| *function).collect();
        let mut work: Vec<FunctionRef> =
            self.releasers.iter().filter(|(_, of)| *of == Released::Given).map(|(function, _)| *function).collect();
        let mut seen: FxHashSet<FunctionRef> = work.iter().copied().collect();
        while let Some(function) = work.pop() {
            for &at in graph.callers(program, function) {
                found.insert(at.function);
                let Some(call) = program.op(at).call() else { continue };
                let receiver = call.receiver().map(|(place, _)| evaluator.place(at.function, &place));
                let arguments = call.arguments.iter().map(|argument| evaluator.operand(at.function, &argument.value));
                if receiver.into_iter().chain(arguments).any(|values| is_given(&values)) && seen.insert(at.function) {
                    work.push(at.function);
                }
            }
        }
        found
    }

    /// A class that makes an instance of an owning class for itself, or extends one, owns as well.
    fn close_over_owners(&mut self, evaluator: &Evaluator<'_>, made: &[(FunctionRef, ClassRef)]) {
        let program = evaluator.program;
        let extended: Vec<(ClassRef, ClassRef)> =
            program.classes().filter_map(|class| Some((class, evaluator.base_class(class)?))).collect();
        loop {
            let before = self.owning.len();
            for (function, class) in made {
                if self.owning.contains(class) {
                    self.owning.extend(program.this_class(*function));
                }
            }
            for (class, base) in &extended {
                if self.owning.contains(base) {
                    self.owning.insert(*class);
                }
            }
            if self.owning.len() == before {
                self.holding.extend(&self.owning);
                return;
            }
        }
    }
}

/// The resources that nobody had before the call at `at`.
fn begun_at(evaluator: &Evaluator<'_>, at: OpRef) -> Vec<AcquisitionId> {
    let Some(call) = evaluator.program.op(at).call() else { return Vec::new() };
    // A value that does not come from the call holds nothing new.
    let may_carry = |value: &Value| match value {
        Value::Resource(id) | Value::View { of: id, .. } | Value::Method { of: id, .. } => {
            evaluator.acquisition(*id).at == at
        }
        Value::Object { context, .. } | Value::Function { context, .. } => {
            evaluator.outermost_call(*context) == Some(at)
        }
        _ => false,
    };
    let mut values = evaluator.temp(at.function, call.result).clone();
    values.retain(may_carry);
    if values.is_empty() {
        return Vec::new();
    }
    let mut reachable = FxHashSet::default();
    evaluator.reachable(&values, 0, &mut reachable);
    for identity in Captures::new(evaluator).mentions_of(&values) {
        if let Identity::Acquired(id) = identity {
            reachable.insert(id);
        }
    }
    let mut begun: Vec<_> = reachable.into_iter().filter(|id| evaluator.acquisition(*id).at == at).collect();
    begun.sort_unstable();
    begun
}

/// Whether a call may turn its receiver into a lease: `transaction.begin()`.
fn begins_lease(evaluator: &Evaluator<'_>, callee: &Callee) -> bool {
    callee.targets.iter().any(|target| {
        let CallTarget::ResourceMethod { receiver, name } = target else { return false };
        evaluator.resources_of(receiver).iter().any(|resource| {
            let lease = evaluator.catalogue.method(*resource, name).lease;
            lease.is_some_and(|(lease, _)| lease.receiver || !lease.statements.is_empty())
        })
    })
}

/// What a function releases by methods with the name of a release.
fn released_by_name(evaluator: &Evaluator<'_>, function: FunctionRef) -> Option<Released> {
    let calls = evaluator.program.function(function).ops().filter_map(|(block, index, op)| {
        let call = op.call()?;
        has_name_of_release(evaluator, function, call).then(|| given_or_not(evaluator, function.op(block, index), call))
    });
    calls.max()
}

fn has_name_of_release(evaluator: &Evaluator<'_>, at: FunctionRef, call: &Call) -> bool {
    call.has_receiver() && call.method_name().is_some_and(|name| evaluator.any_method(at.file, name).releases_something)
}

/// Whether a call may release something by itself, and what.
fn released_by(evaluator: &Evaluator<'_>, at: OpRef, call: &Call, callee: &Callee) -> Option<Released> {
    let releases = has_name_of_release(evaluator, at.function, call)
        || callee.targets.iter().any(|target| match target {
            CallTarget::External(id) => {
                let facts = evaluator.facts(*id);
                facts.releases.is_some() || facts.function.is_some_and(|fact| !fact.releases.is_empty())
            }
            CallTarget::ResourceMethod { receiver, name } => evaluator.resources_of(receiver).iter().any(|resource| {
                let facts = evaluator.catalogue.method(*resource, name);
                facts.release || facts.takes_back.is_some()
            }),
            _ => false,
        });
    releases.then(|| given_or_not(evaluator, at, call))
}

fn given_or_not(evaluator: &Evaluator<'_>, at: OpRef, call: &Call) -> Released {
    let receiver = call.receiver().map(|(place, _)| evaluator.place(at.function, &place));
    let arguments = call.arguments.iter().map(|argument| evaluator.operand(at.function, &argument.value));
    match receiver.into_iter().chain(arguments).any(|values| is_given(&values)) {
        true => Released::Given,
        false => Released::Something,
    }
}

fn is_given(values: &Values) -> bool {
    values.iter().any(|value| matches!(value, Value::Parameter { .. }))
}
