//! Deadlines: which uses of a kind of resource wait, and whether anything ends the waiting.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::value::{AcquisitionId, How, Value, Values};
use crate::catalogue::ResourceId;
use crate::catalogue::schema::Deadline;
use crate::ir::{Field, FunctionId, Name, OpKind, Operand, Place, Property, Rvalue};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Span;

use super::chain::Chain;

/// The maximal number of callers that are searched for the resource and for a deadline.
const MAX_CALLERS: u32 = 6;

/// An operation that waits for a resource, or for something made from one.
#[derive(Debug, Clone)]
pub struct Use {
    pub at: OpRef,
    pub has_deadline: bool,
    /// The resource, where the program shows which it is.
    pub of: SmallVec<[AcquisitionId; 1]>,
    /// The names of the resource there.
    pub names: SmallVec<[Name; 1]>,
}

/// The uses of a kind of resource that wait, in program order.
#[must_use]
pub fn uses(facts: &Facts<'_>, resource: ResourceId, deadline: &Deadline) -> Vec<Use> {
    let mut found = Vec::new();
    for function in facts.program.functions().filter(|it| facts.is_held_to_account(*it)) {
        for (block, index, op) in facts.program.function(function).ops() {
            let OpKind::Call(call) = &op.kind else { continue };
            let Some((_, field)) = call.receiver() else { continue };
            if !field.name().is_some_and(|name| deadline.uses.iter().any(|it| it == name)) {
                continue;
            }
            let at = function.op(block, index);
            let chain = Chain::to(&facts.evaluator, at, &|place| is_kind(facts, function, place, resource));
            if chain.starts.is_empty() {
                continue;
            }
            let has_deadline =
                chain.is_partial || chain.has(&deadline.methods) || has_time(facts, at, Some(op.span), MAX_CALLERS);
            let mut of = SmallVec::new();
            for place in &chain.starts {
                acquired(facts, &facts.evaluator.place(function, place), MAX_CALLERS, &mut of);
            }
            let module = facts.program.module(function.file);
            let names = chain.starts.iter().filter_map(|place| module.last_name(place).cloned()).collect();
            found.push(Use { at, has_deadline, of, names });
        }
    }
    found
}

/// Whether a place holds such a resource.
fn is_kind(facts: &Facts<'_>, function: FunctionRef, place: &Place, resource: ResourceId) -> bool {
    let values = facts.evaluator.place(function, place);
    values.iter().any(|value| facts.evaluator.resources_of(value).contains(&resource))
}

/// The creations of a value, through the calls that return it.
fn acquired(facts: &Facts<'_>, values: &Values, depth: u32, found: &mut SmallVec<[AcquisitionId; 1]>) {
    for value in values {
        match value {
            Value::Resource(id) => {
                let mut id = *id;
                while let How::Received { inner } = facts.evaluator.acquisition(id).how {
                    id = inner;
                }
                if !found.contains(&id) {
                    found.push(id);
                }
            }
            Value::Parameter { function, index, path } if depth > 0 => {
                let fields: Vec<Field> = path.iter().cloned().map(Field::Named).collect();
                for call in callers(facts, *function) {
                    let given = facts.evaluator.fields(facts.evaluator.argument(call, *index), &fields);
                    acquired(facts, &given, depth - 1, found);
                }
            }
            _ => {}
        }
    }
}

/// How often a use happens: as often as the callers of its function run, if that is more than once for each of them.
#[must_use]
pub fn rate(facts: &Facts<'_>, at: OpRef) -> Rate {
    rate_within(facts, at, MAX_CALLERS)
}

fn rate_within(facts: &Facts<'_>, at: OpRef, depth: u32) -> Rate {
    let rate = facts.rate(at);
    if depth == 0 || rate != Rate::PerCall {
        return rate;
    }
    let above = callers(facts, at.function).into_iter().map(|call| rate_within(facts, call, depth - 1));
    above.fold(rate, Rate::max)
}

/// The names of a created resource in its function: of variables, and of fields it is put in.
#[must_use]
pub fn names_of(facts: &Facts<'_>, id: AcquisitionId) -> Vec<Name> {
    let function = facts.evaluator.acquisition(id).at.function;
    let is_it = |operand: &Operand| {
        facts.evaluator.operand(function, operand).iter().any(|value| value.acquisition() == Some(id))
    };
    let mut names = Vec::new();
    for (_, _, op) in facts.program.function(function).ops() {
        match &op.kind {
            OpKind::Assign { target, value: Rvalue::Use(operand) | Rvalue::Await(operand) } if is_it(operand) => {
                names.extend(
                    target.as_variable().map(|it| facts.program.module(function.file).variable(it).name.clone()),
                );
            }
            OpKind::Assign { value: Rvalue::Object(properties), .. } => {
                names.extend(properties.iter().filter_map(|property| match property {
                    Property::Field { name, value } if is_it(value) => name.name().map(Name::new),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    names
}

/// Whether something limits the wait of an operation: it is inside the argument of a time limit, all callers of its
/// function have one, or it is inside a closure that has one.
fn has_time(facts: &Facts<'_>, at: OpRef, span: Option<Span>, depth: u32) -> bool {
    let body = facts.program.function(at.function);
    let is_inside = body.ops().any(|(block, index, op)| {
        let OpKind::Call(call) = &op.kind else { return false };
        let is_given = call.arguments.iter().any(|argument| {
            span.is_some_and(|span| argument.span.start <= span.start && span.end <= argument.span.end)
        });
        is_given && limits_time(facts, at.function.op(block, index))
    });
    if is_inside {
        return true;
    }
    if let Some(parent) = body.parent.filter(|parent| *parent != FunctionId::INITIALISER) {
        let parent = at.function.sibling(parent);
        let inner = OpRef { function: parent, ..at };
        return has_time(facts, inner, Some(body.span), depth);
    }
    let known = if depth > 0 { callers(facts, at.function) } else { Vec::new() };
    !known.is_empty() && known.iter().all(|call| has_time(facts, *call, Some(facts.program.op(*call).span), depth - 1))
}

/// The calls that may run a function.
fn callers(facts: &Facts<'_>, function: FunctionRef) -> Vec<OpRef> {
    let mut found = facts.calls.callers(facts.program, function).to_vec();
    let Some(name) = facts.program.function(function).name.as_ref() else { return found };
    let named = facts.passing_calls().get(name).map_or(&[][..], Vec::as_slice);
    let is_it = |at: &&OpRef| facts.evaluator.callee(**at).functions().any(|(called, _)| called == function);
    found.extend(named.iter().filter(is_it));
    found
}

/// The calls in functions that are not in the call graph because they only pass on what others made, by the names of
/// their callees.
#[must_use]
pub fn passing_calls(facts: &Facts<'_>) -> FxHashMap<Name, Vec<OpRef>> {
    let mut found: FxHashMap<Name, Vec<OpRef>> = FxHashMap::default();
    for caller in facts.program.functions().filter(|it| !facts.program.is_relevant(*it)) {
        for (block, index, op) in facts.program.function(caller).ops() {
            let called = op.call().and_then(|call| facts.program.module(caller.file).called_name(call));
            if let Some(name) = called {
                found.entry(name.clone()).or_default().push(caller.op(block, index));
            }
        }
    }
    found
}

/// Whether a call limits the time of its argument.
fn limits_time(facts: &Facts<'_>, at: OpRef) -> bool {
    facts.evaluator.function_fact(at).is_some_and(|fact| fact.cancels.is_some())
}
