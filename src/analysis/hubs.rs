//! Hubs: functions of the project that keep a callback until the function they return is called.
//!
//! `subscribe(listener) { this.listeners.add(listener); return () => this.listeners.delete(listener); }` is a
//! registration that no catalogue can know. Only the returned function can remove the callback, so a caller that drops
//! it leaves the callback there for as long as the hub lives.

use rustc_hash::FxHashMap;

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::facts::Facts;
use crate::analysis::registrations::PlaceId;
use crate::analysis::value::Value;
use crate::ir::{Binding, Call, Collections, Field, FunctionId, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef, VariableRef};

/// A callback that was given to a hub, if the function that removes it is dropped.
#[derive(Debug, Clone)]
pub struct Left {
    /// The call of the hub's function.
    pub at: OpRef,
    /// Where the hub keeps the callback.
    pub kept: OpRef,
    /// The function that would remove it.
    pub remover: FunctionRef,
}

/// What a function keeps of its arguments.
#[derive(Debug, Clone)]
struct Hub {
    parameter: u32,
    kept: OpRef,
    place: PlaceId,
    remover: FunctionRef,
}

/// The maximal number of aliases of the collection that are followed: `const of = this.listeners.get(event)`.
const MAX_NAMES: u32 = 3;

/// The calls of the program that leave a callback in a hub which lives as long as the process.
#[must_use]
pub fn left_in_hubs(facts: &Facts<'_>) -> Vec<Left> {
    let mut known: FxHashMap<FunctionRef, Option<Hub>> = FxHashMap::default();
    let mut found = Vec::new();
    for function in facts.program.relevant_functions() {
        for (block, index, op) in facts.program.function(function).ops() {
            let (at, Some(call)) = (function.op(block, index), op.call()) else { continue };
            let gives_function =
                |argument: &crate::ir::Argument| !matches!(argument.value, Operand::String(_) | Operand::Number(_));
            if !call.arguments.iter().any(gives_function) {
                continue;
            }
            let callee = facts.evaluator.callee(at);
            let ([CallTarget::Function { function: of, .. }], false) = (callee.targets.as_slice(), callee.open) else {
                continue;
            };
            let hub = known.entry(*of).or_insert_with(|| hub(&facts.evaluator, *of));
            if let Some(hub) = hub
                && is_made_here(facts, function, call.argument(hub.parameter as usize))
                && lives_on(facts, at, call, &hub.place)
                && !is_read(facts, function, call)
            {
                found.push(Left { at, kept: hub.kept, remover: hub.remover });
            }
        }
    }
    found
}

/// Whether anything of the function reads what a call gives.
fn is_read(facts: &Facts<'_>, function: FunctionRef, call: &Call) -> bool {
    let body = facts.program.function(function);
    let reads = |operand: &Operand| operand.place().is_some_and(|place| place.root == Root::Temp(call.result));
    body.ops().any(|(_, _, op)| match &op.kind {
        OpKind::Assign { target, value } => {
            target.root == Root::Temp(call.result) || value.operands().into_iter().any(reads)
        }
        _ => op.places().into_iter().any(|place| place.root == Root::Temp(call.result)),
    }) || body.blocks().any(|(_, block)| block.terminator.operands().into_iter().any(reads))
}

/// Whether a callback is made for the call, or by a function that may run again: passing the same function twice may
/// keep it once.
fn is_made_here(facts: &Facts<'_>, function: FunctionRef, operand: Option<&Operand>) -> bool {
    match operand {
        Some(Operand::Function(_)) => true,
        Some(Operand::Place(Place { root: Root::Temp(_), path })) if path.is_empty() => true,
        Some(Operand::Place(Place { root: Root::Variable(id), path })) if path.is_empty() => {
            let variable = facts.program.variable(function.variable(*id));
            variable.owner != FunctionId::INITIALISER && !matches!(variable.binding, Binding::Parameter(_))
        }
        _ => false,
    }
}

/// Whether a hub lives as long as the process: it keeps callbacks in a variable of a module, or is such a variable
/// itself.
fn lives_on(facts: &Facts<'_>, at: OpRef, call: &Call, place: &PlaceId) -> bool {
    match place {
        // Removing a callback may replace the whole list.
        PlaceId::Variable(id, _) => facts.program.variable(*id).owner == FunctionId::INITIALISER,
        PlaceId::Field(..) => call.receiver().is_some_and(|(receiver, _)| {
            matches!(PlaceId::of(&facts.evaluator, at.function, &receiver), PlaceId::Variable(id, path)
                if path.is_empty() && is_of_module(facts, id))
        }),
        _ => false,
    }
}

/// Whether a variable is assigned when its module is loaded.
fn is_of_module(facts: &Facts<'_>, id: VariableRef) -> bool {
    let definitions = facts.program.index(id.file).of_variable(id.variable);
    facts.program.variable(id).owner == FunctionId::INITIALISER
        && !definitions.is_empty()
        && definitions.iter().all(|definition| definition.function == FunctionId::INITIALISER)
}

/// What a function keeps of its parameters until the function that it returns is called.
fn hub(evaluator: &Evaluator<'_>, function: FunctionRef) -> Option<Hub> {
    let removers: Vec<FunctionRef> = evaluator
        .returns(function)
        .iter()
        .filter_map(|value| match value {
            Value::Function { function: given, .. } if *given != function && evaluator.is_within(*given, function) => {
                Some(*given)
            }
            _ => None,
        })
        .collect();
    if removers.is_empty() {
        return None;
    }
    let body = evaluator.program.function(function);
    let collections = Collections::of(evaluator.program.module(function.file).language);
    for (block, index, op) in body.ops() {
        let fills = |call: &&Call| call.method_name().is_some_and(|name| collections.fills(name));
        let Some(call) = op.call().filter(fills) else { continue };
        let parameter = call.arguments.iter().find_map(|argument| {
            let id = argument.value.place()?.as_variable()?;
            let position = body.parameters.iter().position(|parameter| parameter.variable == id)?;
            // What a table is keyed by is not what it keeps.
            let is_key = call.method_name() == Some("set") && call.argument(0) == Some(&argument.value);
            (!is_key).then_some(position)
        });
        let (Some(parameter), Some((receiver, _))) = (parameter, call.receiver()) else { continue };
        let Some(place) = collection(evaluator, function, &receiver, MAX_NAMES) else { continue };
        if let Some(remover) = removers.iter().find(|remover| takes_out(evaluator, **remover, &place)) {
            let parameter = u32::try_from(parameter).expect("invariant: a function has fewer than 2^32 parameters");
            return Some(Hub { parameter, kept: function.op(block, index), place, remover: *remover });
        }
    }
    None
}

/// The collection outside the function that a place is, or is read from.
fn collection(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, names: u32) -> Option<PlaceId> {
    let end = place.path.iter().position(|field| *field == Field::Computed).unwrap_or(place.path.len());
    let whole = Place { root: place.root.clone(), path: place.path[..end].into() };
    let definitions = match &whole.root {
        Root::This => return (!whole.path.is_empty()).then(|| PlaceId::of(evaluator, function, &whole)),
        Root::Variable(id) => {
            let variable = evaluator.program.variable(function.variable(*id));
            if variable.owner == FunctionId::INITIALISER {
                return Some(PlaceId::of(evaluator, function, &whole));
            }
            evaluator.program.index(function.file).of_variable(*id)
        }
        Root::Temp(temp) => evaluator.program.index(function.file).of_temp(function.function, *temp),
        Root::Global(_) => return None,
    };
    if names == 0 {
        return None;
    }
    definitions.iter().find_map(|definition| {
        let owner = function.sibling(definition.function);
        let at = owner.definition(definition);
        let from = match &evaluator.program.op(at).kind {
            OpKind::Assign { value: Rvalue::Use(Operand::Place(from)), .. } => from.clone(),
            OpKind::Call(call) if call.method_name() == Some("get") => call.receiver()?.0,
            _ => return None,
        };
        collection(evaluator, owner, &from, names - 1)
    })
}

/// Whether a function, or one within it, removes something from a collection, or replaces it.
fn takes_out(evaluator: &Evaluator<'_>, function: FunctionRef, place: &PlaceId) -> bool {
    let is_it = |of: &Place| collection(evaluator, function, of, MAX_NAMES).as_ref() == Some(place);
    let collections = Collections::of(evaluator.program.module(function.file).language);
    let here = evaluator.program.function(function).ops().any(|(_, _, op)| match &op.kind {
        OpKind::Call(call) => {
            call.method_name().is_some_and(|name| collections.empties(name))
                && call.receiver().is_some_and(|(receiver, _)| is_it(&receiver))
        }
        OpKind::Assign { target, .. } => !matches!(target.root, Root::Temp(_)) && is_it(target),
        OpKind::Delete { place } => is_it(place),
        _ => false,
    });
    here || evaluator.program.children(function).any(|child| takes_out(evaluator, child, place))
}
