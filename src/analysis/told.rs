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
    let mut wanted: FxHashSet<Root> = facts.program.op(at).places().into_iter().filter_map(local).collect();
    for call in chain.calls.iter().rev() {
        let told = sources(facts, function, wanted);
        // What a closure captures, whoever hands it on has; other files have other variables.
        let is_around = call.function.file == function.file && call.function != function;
        wanted = told.around.into_iter().filter(|_| is_around).collect();
        if let Some(given) = facts.program.op(*call).call() {
            let arguments = told.parameters.iter().filter_map(|index| given.argument(*index as usize));
            wanted.extend(arguments.filter_map(Operand::place).filter_map(local));
        }
        if wanted.is_empty() {
            return false;
        }
        function = call.function;
    }
    let body = facts.program.function(function);
    let told = sources(facts, function, wanted);
    told.parameters.iter().any(|index| body.parameters.get(*index as usize).is_some_and(|it| !it.is_shared))
}

/// What roots of a function were made of.
struct Sources {
    /// By their indices.
    parameters: Vec<u32>,
    /// Variables of the functions around it.
    around: Vec<Root>,
}

fn sources(facts: &Facts<'_>, function: FunctionRef, wanted: FxHashSet<Root>) -> Sources {
    let body = facts.program.function(function);
    let mut sources = Sources { parameters: Vec::new(), around: Vec::new() };
    let mut seen = wanted.clone();
    let mut work: Vec<Root> = wanted.into_iter().collect();
    while let Some(root) = work.pop() {
        let mut made_of = Vec::new();
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
                    let tells_it = || call.receiver().is_some_and(|(receiver, _)| receiver.root == root);
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
    matches!(place.root, Root::Variable(_) | Root::Temp(_)).then(|| place.root.clone())
}
