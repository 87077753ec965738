//! What a creation is told, and by whom: whether the request that it is made for says what it is to be.
//!
//! Takes the facts; follows the arguments of the builder backwards, through the callers that the chain of evidence shows, to
//! what the framework handed to the handler. What no other request could use is not a thing to share. Never judges.

use rustc_hash::FxHashSet;

use crate::analysis::facts::Facts;
use crate::ir::{Binding, FunctionKind, OpKind, Operand, Place, Root};
use crate::linking::{FunctionRef, OpRef};

/// Whether what is created at `at` depends on what the request says that it is made for.
#[must_use]
pub fn by_request(facts: &Facts<'_>, at: OpRef) -> bool {
    let chain = facts.frequencies.chain(&facts.evaluator, at.function);
    if chain.entry.is_none() || !facts.evaluator.drops_implicitly(at.function) {
        return false;
    }
    let mut function = at.function;
    let mut wanted = Wanted { told: places(facts, at), instances: FxHashSet::default() };
    for call in chain.calls.iter().rev() {
        let sources = wanted.sources(facts, function);
        // What a closure captures, whoever hands it on has; other files have other variables.
        let is_around = call.function.file == function.file && call.function != function;
        wanted.told = sources.around.into_iter().filter(|_| is_around).collect();
        wanted.instances.clear();
        if let Some(given) = facts.program.op(*call).call() {
            let arguments = sources.parameters.iter().filter_map(|index| given.argument(*index as usize));
            wanted.told.extend(arguments.filter_map(Operand::place).filter_map(local));
            if sources.instance {
                let is_method = facts.program.function(function).binds_this;
                let instance = if is_method { given.receiver().map(|(it, _)| it.root) } else { Some(Root::This) };
                wanted.instances.extend(instance.filter(|root| !matches!(root, Root::Global(_))));
            }
        }
        if wanted.told.is_empty() && wanted.instances.is_empty() {
            return false;
        }
        function = call.function;
    }
    let body = facts.program.function(function);
    let told = wanted.sources(facts, function);
    told.parameters.iter().any(|index| body.parameters.get(*index as usize).is_some_and(|it| !it.is_shared))
}

/// What a call is given, and what the methods that give its result back are: `Client::default().with_url(url)`.
fn places(facts: &Facts<'_>, at: OpRef) -> FxHashSet<Root> {
    let op = facts.program.op(at);
    let mut found: FxHashSet<Root> = op.places().into_iter().filter_map(local).collect();
    let mut made: Vec<Root> = op.call().map(|call| Root::Temp(call.result)).into_iter().collect();
    let mut seen = 0;
    while let Some(root) = made.get(seen).cloned() {
        seen += 1;
        for (block, index, op) in facts.program.function(at.function).ops() {
            let Some((call, (receiver, _))) = op.call().and_then(|call| Some((call, call.receiver()?))) else {
                continue;
            };
            if receiver.root != root || !receiver.path.is_empty() {
                continue;
            }
            let later = at.function.op(block, index);
            let result = facts.evaluator.temp(at.function, call.result);
            let is_same = result.resources().any(|id| facts.evaluator.acquisition(id).at == at);
            if is_same && later != at {
                found.extend(call.arguments.iter().filter_map(|it| it.value.place()).filter_map(local));
                made.push(Root::Temp(call.result));
            }
        }
    }
    found
}

/// What is followed backwards.
struct Wanted {
    /// What the builder is told, and what that was made of.
    told: FxHashSet<Root>,
    /// Instances that know it: what they are asked later tells them nothing.
    instances: FxHashSet<Root>,
}

impl Wanted {
    fn sources(&self, facts: &Facts<'_>, function: FunctionRef) -> Sources {
        let mut told = sources(facts, function, self.told.clone(), true);
        let instances = sources(facts, function, self.instances.clone(), false);
        told.parameters.extend(instances.parameters);
        told.around.extend(instances.around);
        told.instance |= instances.instance;
        told
    }
}

/// What roots of a function were made of.
struct Sources {
    /// By their indices.
    parameters: Vec<u32>,
    /// Variables of the functions around it.
    around: Vec<Root>,
    /// The instance that the function is a method of.
    instance: bool,
}

fn sources(facts: &Facts<'_>, function: FunctionRef, wanted: FxHashSet<Root>, is_built: bool) -> Sources {
    let body = facts.program.function(function);
    let mut sources = Sources { parameters: Vec::new(), around: Vec::new(), instance: false };
    let mut seen = wanted.clone();
    let mut work: Vec<Root> = wanted.into_iter().collect();
    while let Some(root) = work.pop() {
        let mut made_of = Vec::new();
        sources.instance |= root == Root::This;
        if let Root::Variable(id) = root {
            let variable = facts.program.variable(function.variable(id));
            if variable.owner != function.function {
                sources.around.push(root);
                continue;
            }
            if let Binding::Parameter(index) = variable.binding {
                sources.parameters.push(index);
            }
        }
        for (_, _, op) in body.ops() {
            match &op.kind {
                OpKind::Assign { target, value } if target.root == root => {
                    made_of.extend(value.operands().into_iter().filter_map(Operand::place).filter_map(local));
                }
                OpKind::Call(call) => {
                    let gives_it = Root::Temp(call.result) == root;
                    // `builder.region(name)`
                    let tells_it = || is_built && call.receiver().is_some_and(|(receiver, _)| receiver.root == root);
                    if gives_it || tells_it() {
                        made_of.extend(op.places().into_iter().filter_map(local));
                    }
                }
                _ => {}
            }
        }
        work.extend(made_of.into_iter().filter(|root| seen.insert(root.clone())));
    }
    // A closure that is handed to something is given what that knows; a handler what the request says.
    if matches!(body.kind, FunctionKind::Free) && body.name.is_none() && !sources.around.is_empty() {
        sources.parameters.clear();
    }
    sources
}

fn local(place: &Place) -> Option<Root> {
    let is_whole = place.root == Root::This && place.path.is_empty();
    (matches!(place.root, Root::Variable(_) | Root::Temp(_) | Root::This) && !is_whole).then(|| place.root.clone())
}
