//! Memoisation: calls whose result is kept, and that a test of the kept result prevents from being repeated.
//!
//! `x ??= f()`, `if (!x) x = f()`, `if (x) return x; … x = f()`, `if (!map.has(k)) map.set(k, f())`, on variables that
//! outlive the function, on static fields and globals (once per process), and on fields of `this` (once per instance).

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::Evaluator;
use crate::ir::{Binding, BlockId, Call, Edges, Name, OpKind, Operand, Place, Root, Terminator};
use crate::linking::{ClassRef, FunctionRef, OpRef, Program, VariableRef};

use super::slots::Slots;

/// A memoised call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memo {
    pub lifetime: Lifetime,
    /// Where the result is kept.
    pub slot: Place,
    /// Whether the slot is a container and the result is kept under a key.
    pub keyed: bool,
}

/// How long what is kept is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    Process,
    Instance(ClassRef),
    /// As long as the variables of one run of a function: a closure keeps it.
    Run(FunctionRef),
}

/// A branch whose condition is about a slot: its block, and where it leads.
pub(super) type Test = (BlockId, BlockId, BlockId);

/// How what the operation at `at` puts into `result` is memoised, if it is; `tests` knows the branches about a slot.
#[must_use]
pub(super) fn of_result(
    evaluator: &Evaluator<'_>,
    slots: &Slots,
    at: OpRef,
    result: &Root,
    tests: impl Fn(&Place) -> Arc<[Test]>,
) -> Option<Memo> {
    let body = evaluator.program.function(at.function);
    if body.blocks.len() < 2 {
        return None;
    }
    let is_tested = |memo: &&Memo| {
        tests(&memo.slot).iter().any(|(block, then, otherwise)| {
            body.reaches(*then, at.block, *block, Edges::All) != body.reaches(*otherwise, at.block, *block, Edges::All)
        })
    };
    slots.of_root(result).iter().find(is_tested).cloned()
}

/// The branches of a function whose conditions are about a slot.
pub(super) fn tests(evaluator: &Evaluator<'_>, function: FunctionRef, slot: &Place) -> Arc<[Test]> {
    let is_about =
        |place: &Place| mentions(evaluator, function, place, slot, 3) || is_flag(evaluator, function, place, slot);
    let branches = evaluator.program.function(function).blocks().filter_map(|(block, content)| {
        let Terminator::Branch { condition, then, otherwise } = &content.terminator else { return None };
        condition.places().any(is_about).then_some((block, *then, *otherwise))
    });
    branches.collect()
}

/// The functions of the project that call one of their parameters and memoise what it returns, with the parameter's
/// index: `singleton("pool", () => new Pool())`.
#[must_use]
pub fn memoisers(evaluator: &Evaluator<'_>) -> FxHashMap<FunctionRef, u32> {
    let mut memoisers = FxHashMap::default();
    for (at, call, called) in calls_of_parameters(evaluator.program) {
        let variable = evaluator.program.variable(called);
        let Binding::Parameter(parameter) = variable.binding else { continue };
        let is_part = call.callee.place().is_some_and(|place| place.as_variable().is_none());
        if is_part {
            continue;
        }
        let slots = Slots::of(evaluator, at.function);
        let tests = |slot: &Place| tests(evaluator, at.function, slot);
        if of_result(evaluator, &slots, at, &Root::Temp(call.result), tests)
            .is_some_and(|memo| memo.lifetime == Lifetime::Process)
        {
            memoisers.insert(FunctionRef::new(called.file, variable.owner), parameter);
        }
    }
    memoisers
}

/// The functions of the project that call one of their parameters themselves, or a method of one.
#[must_use]
pub fn callers_of_parameters(program: &Program) -> FxHashSet<FunctionRef> {
    calls_of_parameters(program)
        .map(|(_, _, called)| FunctionRef::new(called.file, program.variable(called).owner))
        .collect()
}

/// The calls of parameters and of what they have, with the parameter.
fn calls_of_parameters(program: &Program) -> impl Iterator<Item = (OpRef, &Call, VariableRef)> {
    program.modules().flat_map(|module| {
        program.index(module.file).calls_of_parameters().iter().filter_map(|position| {
            let function = FunctionRef::new(module.file, position.function);
            let at = function.definition(position);
            let call = program.op(at).call()?;
            Some((at, call, function.variable(call.callee.place()?.root_variable()?)))
        })
    })
}

/// How long a place that outlives the function lives.
pub(super) fn lifetime(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place) -> Lifetime {
    match &place.root {
        Root::This => match evaluator.program.this_class(function) {
            Some(class) if !evaluator.is_static(function) => Lifetime::Instance(class),
            _ => Lifetime::Process,
        },
        Root::Variable(id) => {
            let variable = evaluator.program.variable(function.variable(*id));
            let owner = FunctionRef::new(function.file, variable.owner);
            let is_local = variable.owner != crate::ir::FunctionId::INITIALISER && owner != function;
            // What a parameter leads to may be as old as the process.
            if is_local && matches!(variable.binding, Binding::Value) {
                Lifetime::Run(owner)
            } else {
                Lifetime::Process
            }
        }
        _ => Lifetime::Process,
    }
}

/// Whether `place` is the slot, a part of it, or was read from it.
fn mentions(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, slot: &Place, depth: u32) -> bool {
    if is_slot(evaluator, function, place, slot) {
        return true;
    }
    if depth == 0 {
        return false;
    }
    let index = evaluator.program.index(function.file);
    let definitions = match &place.root {
        Root::Temp(temp) => index.of_temp(function.function, *temp),
        Root::Variable(id) if evaluator.program.variable(function.variable(*id)).owner == function.function => {
            index.of_variable(*id)
        }
        _ => return false,
    };
    definitions.iter().filter(|definition| definition.function == function.function).any(|definition| {
        let block = evaluator.program.function(function).block(definition.block);
        let op = &block.ops[definition.index as usize];
        match &op.kind {
            OpKind::Assign { value, .. } => value
                .operands()
                .into_iter()
                .filter_map(Operand::place)
                .any(|read| mentions(evaluator, function, read, slot, depth - 1)),
            OpKind::Call(call) => {
                let read = call.callee.place().into_iter();
                let arguments = call.arguments.iter().filter_map(|argument| argument.value.place());
                read.chain(arguments).any(|read| mentions(evaluator, function, read, slot, depth - 1))
                    || reads_slot(evaluator, function, definition, slot)
            }
            _ => false,
        }
    })
}

/// Whether a called function of the project reads the slot: `if (getCached(key))`.
fn reads_slot(
    evaluator: &Evaluator<'_>,
    function: FunctionRef,
    definition: &crate::linking::Definition,
    slot: &Place,
) -> bool {
    let at = function.definition(definition);
    evaluator.callee(at).functions().any(|(callee, _)| {
        callee.file == function.file
            && evaluator
                .program
                .function(callee)
                .mentioned_places()
                .any(|place| is_slot(evaluator, callee, place, slot))
    })
}

/// Whether a place is a flag that goes with the slot: it belongs to the same object, or is as long-lived, and the
/// function that fills the slot sets it (`if (this.connected) return this.pool; …; this.connected = true`).
fn is_flag(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, slot: &Place) -> bool {
    let is_same_object = place.root == slot.root && !place.path.is_empty();
    let are_module_level = matches!((&place.root, &slot.root), (Root::Variable(_), Root::Variable(_)));
    (is_same_object || are_module_level)
        && evaluator.outlives(function, place)
        && evaluator
            .program
            .function(function)
            .ops()
            .any(|(_, _, op)| matches!(&op.kind, OpKind::Assign { target, .. } if target == place))
}

fn is_slot(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, slot: &Place) -> bool {
    if place.root == slot.root {
        return place.path.starts_with(&slot.path);
    }
    // A static field is `this.f` in a static method and `Class.f` elsewhere.
    let first = |place: &Place| -> Option<Name> { place.path.first()?.name().map(Name::new) };
    let is_class = |root: &Root| match root {
        Root::This => true,
        Root::Variable(id) => {
            matches!(evaluator.program.variable(function.variable(*id)).binding, Binding::Class(_))
        }
        _ => false,
    };
    is_class(&place.root) && is_class(&slot.root) && first(place).is_some() && first(place) == first(slot)
}
