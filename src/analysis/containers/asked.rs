//! Asked for: removals that only happen when somebody asks for them, who may as well just go away.

use crate::analysis::evaluate::Evaluator;
use crate::analysis::facts::is_teardown;
use crate::analysis::frequency::Rate;
use crate::analysis::value::Value;
use crate::catalogue::schema::Resource;
use crate::ir::{
    Binding, BlockId, Condition, Edges, FunctionId, OpKind, Operand, Place, Root, Rvalue, Terminator, VariableId,
};
use crate::linking::{FunctionRef, OpRef};

use super::uses::Uses;

impl Uses<'_, '_, '_> {
    /// Whether a removal only happens when the other side asks for it, who may as well just go away.
    pub(super) fn is_on_demand(&self, at: OpRef) -> bool {
        let evaluator = &self.facts.evaluator;
        let chain = self.facts.frequencies.chain(evaluator, at.function);
        chain.entry.is_some_and(|(label, _)| {
            evaluator.catalogue.entries().any(|entry| entry.on_demand && entry.label == label)
        }) || self.is_called_on_demand(at.function, 3)
    }

    /// Whether an entry is only ever taken out by who comes back with its key, in the course of a request: the lockout of
    /// an account by its next right password. What ends by itself (a timer, a connection, the call that put it in) is not
    /// asked for.
    pub(super) fn is_asked_for(&self, site: OpRef, at: OpRef, key: Option<&Operand>) -> bool {
        let is_in_flight = self.found.sites[&site].writes.iter().any(|write| write.at.function == at.function);
        let body = self.facts.program.function(at.function);
        key.is_some()
            && !is_in_flight
            && (body.block(at.block).loop_depth == 0 || self.is_chosen_by_caller(at, key))
            && self.is_of_a_visit(at.function, 4)
    }

    /// Whether a function runs only because somebody asks for something, as far as its callers are seen.
    fn is_of_a_visit(&self, function: FunctionRef, depth: u32) -> bool {
        let (program, evaluator) = (self.facts.program, &self.facts.evaluator);
        let body = program.function(function);
        let rate = self.facts.frequencies.of_function(function);
        let chain = self.facts.frequencies.chain(evaluator, function);
        if depth == 0 || body.name.as_deref().is_some_and(is_teardown) || matches!(rate, Rate::PerTick | Rate::PerTurn)
        {
            return false;
        }
        if chain.calls.is_empty() && chain.entry.is_some() {
            return rate >= Rate::PerMessage;
        }
        // What a closure is for is not to be seen, unless somebody calls it by its name.
        let mut callers = self.aliases.callers(function).peekable();
        let is_named = body.parent.is_none_or(|parent| parent == FunctionId::INITIALISER) || body.class().is_some();
        (is_named || callers.peek().is_some())
            && callers.all(|call| {
                let caller = program.function(call.function);
                caller.block(call.block).loop_depth == 0 && self.is_of_a_visit(call.function, depth - 1)
            })
    }

    /// Whether a removal happens once, when the process is told to end.
    pub(super) fn is_at_the_end(&self, function: FunctionRef) -> bool {
        let frequencies = &self.facts.frequencies;
        if self.facts.evaluator.drops_implicitly(function) || frequencies.of_function(function) != Rate::Once {
            return false;
        }
        let chain = frequencies.chain(&self.facts.evaluator, function);
        chain.runs_once && chain.entry.is_some()
    }

    /// Whether a function only runs when the other side asks for the end of something: it is what a field of that is
    /// given to be called then (`transport.onclose = () => sessions.delete(id)`), and the program never ends one itself.
    fn is_called_on_demand(&self, function: FunctionRef, depth: u32) -> bool {
        if depth == 0 {
            return false;
        }
        let body = self.facts.program.function(function);
        let outer = body.parent.map(|parent| function.sibling(parent));
        if outer.is_some_and(|outer| self.is_given_for_the_end(outer, function)) {
            return true;
        }
        let mut callers = self.aliases.callers(function).peekable();
        callers.peek().is_some() && callers.all(|call| self.is_called_on_demand(call.function, depth - 1))
    }

    fn is_given_for_the_end(&self, outer: FunctionRef, function: FunctionRef) -> bool {
        let evaluator = &self.facts.evaluator;
        self.facts.program.function(outer).ops().any(|(_, _, op)| {
            let OpKind::Assign { target, value: Rvalue::Use(given) } = &op.kind else { return false };
            let Some((holder, field)) = target.split_last() else { return false };
            let name = field.name().unwrap_or_default();
            let is_it = match given {
                Operand::Function(given) => *given == function.function,
                Operand::Place(place) => {
                    let is_it =
                        |value: &Value| matches!(value, Value::Function { function: it, .. } if *it == function);
                    evaluator.place(outer, place).iter().any(is_it)
                }
                _ => false,
            };
            is_it
                && evaluator.place(outer, &holder).iter().flat_map(|value| evaluator.resources_of(value)).any(|id| {
                    let resource = evaluator.catalogue.resource(id);
                    resource.called_on_demand.iter().any(|it| it == name) && !self.is_ended_here(outer, resource)
                })
        })
    }

    /// Whether something in the file may end such a resource before the process ends: a sweep of idle sessions.
    fn is_ended_here(&self, function: FunctionRef, resource: &Resource) -> bool {
        let program = self.facts.program;
        program.module(function.file).functions().any(|(id, body)| {
            let by = function.sibling(id);
            body.ops().filter_map(|(_, _, op)| op.call()).any(|call| {
                call.receiver().is_some_and(|(receiver, method)| {
                    method.name().is_some_and(|name| resource.release.iter().any(|it| it == name))
                        && may_be(&self.facts.evaluator, by, &receiver, resource)
                })
            }) && !self.is_at_the_end(by)
        })
    }

    /// Whether an entry is taken out of a loop over all of them because its key fits what the function was given:
    /// `if (key.startsWith(prefix)) cache.delete(key)`.
    fn is_chosen_by_caller(&self, at: OpRef, key: Option<&Operand>) -> bool {
        let Some(key) = key.and_then(Operand::place).and_then(Place::as_variable) else { return false };
        let body = self.facts.program.function(at.function);
        body.blocks().any(|(block, content)| {
            let Terminator::Branch { condition, then, otherwise } = &content.terminator else { return false };
            let sides = [then, otherwise].into_iter();
            let leads = |side: &&BlockId| **side == at.block || body.reaches(**side, at.block, block, Edges::Normal);
            sides.filter(leads).count() == 1 && self.compares_with_given(at.function, condition, key)
        })
    }

    /// Whether a condition is what a call says of a key and a parameter of the function.
    fn compares_with_given(&self, function: FunctionRef, condition: &Condition, key: VariableId) -> bool {
        let Condition::Truthy(Operand::Place(Place { root: Root::Temp(temp), .. })) = condition else { return false };
        let is_given = |place: &Place| {
            place.root_variable().is_some_and(|id| {
                let variable = self.facts.program.variable(function.variable(id));
                variable.owner == function.function && matches!(variable.binding, Binding::Parameter(_))
            })
        };
        let definitions = self.facts.program.index(function.file).of_temp(function.function, *temp);
        definitions.iter().any(|definition| {
            let op = self.facts.program.op(function.definition(definition));
            let Some(call) = op.call() else { return false };
            let about: Vec<Place> = call
                .receiver()
                .map(|(receiver, _)| receiver)
                .into_iter()
                .chain(call.arguments.iter().filter_map(|argument| argument.value.place().cloned()))
                .collect();
            about.iter().any(|place| place.as_variable() == Some(key)) && about.iter().any(is_given)
        })
    }
}

/// Whether a place may hold such a resource: it does, or nothing is known of it.
fn may_be(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, resource: &Resource) -> bool {
    let values = evaluator.place(function, place);
    let is_one = |value: &Value| {
        evaluator.resources_of(value).into_iter().any(|id| evaluator.catalogue.resource(id).id == resource.id)
    };
    values.is_empty() || values.iter().any(is_one) || values.iter().all(|value| matches!(value, Value::Nullish))
}
