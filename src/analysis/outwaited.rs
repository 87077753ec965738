//! Outwaited tasks: tasks that somebody waits for with a time limit, by the only handle there is.
//!
//! Takes the facts; gives the calls (`timeout(limit, spawn(work))`) that drop a task's handle when the time is over: the task
//! goes on, and nothing can end it any more. What runs out of time once does so again, while those before are still running.
//! Never judges how often that happens.

use crate::analysis::facts::Facts;
use crate::analysis::value::{Acquisition, How};
use crate::catalogue::schema::ResourceKind;
use crate::ir::{Function, Op, OpKind, Operand, Place, Root, Rvalue, Temp, VariableId};
use crate::linking::OpRef;

/// A task that goes on when who waits for it has given up.
#[derive(Debug)]
pub struct Outwaited {
    pub task: Acquisition,
    /// The call that gives up.
    pub at: OpRef,
}

/// The outwaited tasks of the program, in its order.
#[must_use]
pub fn outwaited(facts: &Facts<'_>) -> Vec<Outwaited> {
    let mut found = Vec::new();
    let tasks = facts.obligations.iter().filter(|it| facts.kind(&it.acquisition) == ResourceKind::Task);
    for obligation in tasks.filter(|it| it.acquisition.how == How::Created && it.function == it.acquisition.at.function)
    {
        let function = obligation.function;
        let body = facts.program.function(function);
        let Some(made) = facts.program.op(obligation.acquisition.at).call() else { continue };
        let names = names(body, made.result);
        let at = body.ops().find_map(|(block, index, op)| {
            let given = op.call()?.arguments.iter().position(|argument| names.is(&argument.value))?;
            let at = function.op(block, index);
            let fact = facts.evaluator.function_fact(at)?;
            (fact.cancels == u32::try_from(given).ok()).then_some(at)
        });
        if let Some(at) = at
            && is_only_use(facts, at, &names)
        {
            found.push(Outwaited { task: obligation.acquisition.clone(), at });
        }
    }
    found
}

/// What a handle is called in the function that has it.
struct Names {
    result: Temp,
    variable: Option<VariableId>,
}

impl Names {
    fn is(&self, operand: &Operand) -> bool {
        operand.place().is_some_and(|place| self.has(place))
    }

    fn has(&self, place: &Place) -> bool {
        match place.root {
            Root::Temp(temp) => temp == self.result,
            Root::Variable(id) => Some(id) == self.variable,
            Root::This | Root::Global(_) => false,
        }
    }
}

fn names(body: &Function, result: Temp) -> Names {
    let variable = body.ops().find_map(|(_, _, op)| match &op.kind {
        OpKind::Assign {
            target: Place { root: Root::Variable(id), path },
            value: Rvalue::Use(Operand::Place(from)),
        } if path.is_empty() && *from == Place::temp(result) => Some(*id),
        _ => None,
    });
    Names { result, variable }
}

/// Whether nothing but the call at `at` has to do with the handle: who has another, or looks at it again, may end the task.
fn is_only_use(facts: &Facts<'_>, at: OpRef, names: &Names) -> bool {
    let uses = |op: &&Op| {
        let is_definition = matches!(&op.kind, OpKind::Assign { target, .. } if names.has(target))
            || op.call().is_some_and(|call| call.result == names.result);
        !is_definition && !matches!(op.kind, OpKind::Dispose { .. }) && op.places().into_iter().any(|it| names.has(it))
    };
    let body = facts.program.function(at.function);
    let is_used_once = body.ops().map(|(_, _, op)| op).filter(uses).count() == 1;
    let is_captured = |id: VariableId| {
        let functions = facts.program.module(at.function.file).functions();
        let mut others = functions.filter(|(function, _)| *function != at.function.function);
        others.any(|(_, body)| body.mentioned_places().any(|place| place.root == Root::Variable(id)))
    };
    is_used_once && !names.variable.is_some_and(is_captured)
}
