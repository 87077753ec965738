//! Collections that libraries make: caches without a limit, loaders that remember, functions that keep what they gave.
//!
//! What they are filled by is data. A memoised function is a table by what it is called with, and known by its name, since
//! what it holds as a value is the function behind it.

use rustc_hash::FxHashMap;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::value::ExternalId;
use crate::catalogue::CALL;
use crate::catalogue::schema::{Collection, FunctionFact};
use crate::ir::{Binding, Call, OpKind, Operand, Place, Root, VariableId};
use crate::linking::{FunctionRef, OpRef, Symbol, VariableRef};

use super::sites::Sites;
use super::{Container, Shape};

/// The shape of the collection that a call of a library's function makes.
pub(super) fn made_by(facts: &Facts<'_>, at: OpRef, callee: ExternalId) -> Option<Shape> {
    let fact = facts.evaluator.facts(callee).function?;
    let shape = match fact.makes? {
        Collection::Keyed => Shape::Keyed,
        Collection::List | Collection::Row => Shape::List,
        Collection::Queue | Collection::Bounded | Collection::Reply => return None,
    };
    let is_limited = fact.makes_unless.iter().any(|test| facts.evaluator.argument_passes(at, test));
    (!is_limited && !fact.filled_by.is_empty() && are_options_known(facts, at, fact)).then_some(shape)
}

/// Whether what is said of the options can be relied on: what would hold them is written out, or is not there.
fn are_options_known(facts: &Facts<'_>, at: OpRef, fact: &FunctionFact) -> bool {
    fact.makes_unless.iter().all(|test| {
        let is_whole = !test.argument.contains('.');
        is_whole || facts.evaluator.is_absent(at, &test.argument)
    })
}

/// What is known of the function of a library that makes something here, if one does.
pub(super) fn making<'f>(facts: &'f Facts<'_>, at: OpRef) -> Option<&'f FunctionFact> {
    facts.evaluator.callee(at).targets.iter().find_map(|target| match target {
        CallTarget::External(id) => facts.evaluator.facts(*id).function.filter(|fact| fact.makes.is_some()),
        _ => None,
    })
}

/// The memoised functions among the containers, by the variables that name them.
pub(super) fn memoised(facts: &Facts<'_>, sites: &Sites) -> FxHashMap<VariableRef, OpRef> {
    let called = sites.iter().filter(|(_, container)| container.filled_by.iter().any(|it| it == CALL));
    let named = called.filter_map(|(site, container)| {
        let function = container.at.function;
        match &facts.program.op(container.at).kind {
            OpKind::Assign { target, .. } => Some((function.variable(target.as_variable()?), *site)),
            _ => None,
        }
    });
    named.collect()
}

/// The variable of the program that a name of a module stands for.
pub(super) fn variable_behind(facts: &Facts<'_>, function: FunctionRef, id: VariableId) -> Option<VariableRef> {
    let variable = function.variable(id);
    match facts.program.variable(variable).binding {
        Binding::Import(import) => match facts.program.import(function.file, import)? {
            Symbol::Variable(variable) => Some(variable),
            _ => None,
        },
        _ => Some(variable),
    }
}

/// Whether a place is a memoised function itself, and not something that belongs to it.
pub(super) fn is_whole(place: &Place) -> Option<VariableId> {
    match place.root {
        Root::Variable(id) if place.path.is_empty() => Some(id),
        _ => None,
    }
}

/// Whether a call puts its entry away for a while only: `cache.set(key, value, seconds)`.
pub(super) fn has_own_end(container: &Container, call: &Call) -> bool {
    !container.filled_by.is_empty()
        && !container.filled_by.iter().any(|it| it == CALL)
        && call.arguments.len() > 2
        && !matches!(call.argument(2), Some(Operand::Nullish))
}
