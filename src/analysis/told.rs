//! What a creation depends on: whether data of a request decides what is made.
//!
//! Takes the facts; follows the arguments of a builder backwards, through the callers of the chain of evidence, to what
//! the framework passed to the handler. What no other request could use cannot be shared. Never judges.

use rustc_hash::FxHashSet;

use crate::analysis::facts::Facts;
use crate::ir::{Binding, FunctionId, FunctionKind, OpKind, Operand, Place, Root};
use crate::linking::{FunctionRef, OpRef};

/// Whether the creation at `at` depends on data of the request that it serves.
#[must_use]
pub fn by_request(facts: &Facts<'_>, at: OpRef) -> bool {
    let chain = facts.frequencies.chain(&facts.evaluator, at.function);
    // Without an entry point only a receiving loop can provide such data, and those are known of Rust alone.
    if chain.entry.is_none() && !facts.evaluator.drops_implicitly(at.function) {
        return false;
    }
    let mut function = at.function;
    let mut wanted: Vec<Wanted> = places(facts, at).into_iter().map(|root| (root, As::Told)).collect();
    let mut done = at;
    for call in chain.calls.iter().rev() {
        let sources = sources(facts, function, wanted);
        if is_told_by_message(facts, done, &sources) {
            return true;
        }
        done = *call;
        // A closure's captures are known to whoever passes it on; other files have other variables.
        let is_around = call.function.file == function.file && call.function != function;
        wanted = sources.around.into_iter().filter(|_| is_around).collect();
        if let Some(given) = facts.program.op(*call).call() {
            let argument = |index: u32| given.argument(index as usize)?.place().and_then(local);
            let arguments = sources.parameters.iter().filter_map(|(index, how)| Some((argument(*index)?, *how)));
            wanted.extend(arguments);
            if sources.instance {
                let is_method = facts.program.function(function).binds_this;
                let instance = if is_method { given.receiver().map(|(it, _)| it.root) } else { Some(Root::This) };
                let instance = instance.filter(|root| !matches!(root, Root::Global(_)));
                wanted.extend(instance.map(|root| (root, As::Instance)));
            }
        }
        if wanted.is_empty() {
            return false;
        }
        function = call.function;
    }
    let sources = sources(facts, function, wanted);
    if is_told_by_message(facts, done, &sources) {
        return true;
    }
    if chain.entry.is_none() {
        return false;
    }
    let body = facts.program.function(function);
    let is_of_request = |index: u32| body.parameters.get(index as usize).is_some_and(|it| !it.is_shared);
    sources.parameters.iter().any(|(index, how)| *how == As::Told && is_of_request(*index))
}

/// Whether the loop around an operation receives its data: `while let Some(address) = joined.recv().await`.
fn is_told_by_message(facts: &Facts<'_>, at: OpRef, sources: &Sources) -> bool {
    let wait = facts.frequencies.wait(&facts.evaluator, at).map(|(wait, _)| facts.program.op(wait));
    wait.and_then(|op| op.call()).is_some_and(|call| sources.made_of.contains(&(Root::Temp(call.result), As::Told)))
}

/// The arguments of a call, and those of the builder methods after it: `Client::default().with_url(url)`.
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

/// How something relates to what is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum As {
    /// It decides what is created.
    Told,
    /// It contains something that does. Calling its methods later adds nothing, and a handler's argument as a whole may
    /// be the same for all requests.
    Instance,
}

type Wanted = (Root, As);

/// The origins of a function's values.
struct Sources {
    /// By their indices.
    parameters: Vec<(u32, As)>,
    /// Variables of the functions around it.
    around: Vec<Wanted>,
    /// The instance that the function is a method of.
    instance: bool,
    /// All of them, on any path.
    made_of: FxHashSet<Wanted>,
}

fn sources(facts: &Facts<'_>, function: FunctionRef, wanted: Vec<Wanted>) -> Sources {
    let body = facts.program.function(function);
    let mut sources =
        Sources { parameters: Vec::new(), around: Vec::new(), instance: false, made_of: FxHashSet::default() };
    let mut seen: FxHashSet<Wanted> = wanted.iter().cloned().collect();
    let mut work = wanted;
    while let Some((root, how)) = work.pop() {
        let mut made_of: Vec<Wanted> = Vec::new();
        sources.instance |= root == Root::This;
        if let Root::Variable(id) = root {
            let variable = facts.program.variable(function.variable(id));
            // Variables of a module are shared by all requests.
            if variable.owner == FunctionId::INITIALISER {
                continue;
            }
            if variable.owner != function.function {
                sources.around.push((root, how));
                continue;
            }
            if let Binding::Parameter(index) = variable.binding {
                sources.parameters.push((index, how));
            }
        }
        for (_, _, op) in body.ops() {
            match &op.kind {
                OpKind::Assign { target, value } if target.root == root => {
                    let from = value.operands().into_iter().filter_map(Operand::place).filter_map(local);
                    made_of.extend(from.map(|root| (root, how)));
                }
                OpKind::Call(call) => {
                    let receiver = call.receiver().map(|(receiver, _)| receiver.root);
                    let gives_it = Root::Temp(call.result) == root;
                    // `builder.region(name)`
                    let tells_it = || how == As::Told && receiver.as_ref() == Some(&root);
                    if gives_it || tells_it() {
                        let places = op.places().into_iter().filter_map(local);
                        made_of.extend(places.map(|root| {
                            let is_receiver = receiver.as_ref() == Some(&root);
                            (root, if is_receiver { how } else { As::Told })
                        }));
                    }
                }
                _ => {}
            }
        }
        work.extend(made_of.into_iter().filter(|wanted| seen.insert(wanted.clone())));
    }
    sources.made_of = seen;
    // A closure gets data of what it is passed to; a handler gets data of the request.
    if matches!(body.kind, FunctionKind::Free) && body.name.is_none() && !sources.around.is_empty() {
        sources.parameters.clear();
    }
    sources
}

fn local(place: &Place) -> Option<Root> {
    let is_whole = place.root == Root::This && place.path.is_empty();
    (matches!(place.root, Root::Variable(_) | Root::Temp(_) | Root::This) && !is_whole).then(|| place.root.clone())
}
