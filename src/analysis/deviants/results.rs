//! Results: what a function does with the result of one of its calls.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::value::Value;
use crate::ir::{BlockId, Call, Edges, FunctionId, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::{is_ending, is_of};

/// What becomes of the result of a call in its function, and in the functions written within that.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pub(crate) endings: Vec<OpRef>,
    /// Other code may end it, or it lives on by itself.
    pub(crate) escapes: bool,
    pub(crate) is_returned: bool,
    pub(super) is_used: bool,
    /// The names it has.
    roots: Vec<(FunctionId, Root)>,
}

/// Methods that subscribe others to a thing: it has a life of its own.
const OBSERVED: &[&str] = &["on", "once", "addListener", "addEventListener", "pipe", "subscribe", "then", "unref"];

impl Uses {
    pub(crate) fn of(facts: &Facts<'_>, at: OpRef) -> Self {
        match facts.program.op(at).call() {
            Some(call) => Self::of_root(facts, at.function, Root::Temp(call.result)),
            None => Self::default(),
        }
    }

    /// The same for the value of a variable or temporary.
    pub(crate) fn of_root(facts: &Facts<'_>, function: FunctionRef, root: Root) -> Self {
        let mut uses = Self::default();
        uses.roots.push((function.function, root));
        uses.name(facts, function);
        for function in facts.program.with_nested(function) {
            uses.read(facts, function);
        }
        uses
    }

    /// Finds the variables that hold it.
    fn name(&mut self, facts: &Facts<'_>, function: FunctionRef) {
        loop {
            let before = self.roots.len();
            for (block, index, op) in facts.program.function(function).ops() {
                if let OpKind::Call(call) = &op.kind {
                    self.name_given_back(facts, function.op(block, index), call);
                    continue;
                }
                let OpKind::Assign { target, value } = &op.kind else { continue };
                let (Rvalue::Use(Operand::Place(of)) | Rvalue::Await(Operand::Place(of))) = value else { continue };
                if !of.path.is_empty()
                    || !target.path.is_empty()
                    || !is_of(&self.roots, function, of)
                    || is_of(&self.roots, function, target)
                {
                    continue;
                }
                match target.root {
                    Root::Temp(_) => self.roots.push((function.function, target.root.clone())),
                    // A variable of another function outlives this one.
                    Root::Variable(id)
                        if facts.program.variable(function.variable(id)).owner == function.function
                            && function.function != FunctionId::INITIALISER =>
                    {
                        self.roots.push((function.function, target.root.clone()));
                    }
                    _ => self.escapes = true,
                }
            }
            if self.roots.len() == before {
                return;
            }
        }
    }

    /// `await new Inspector(url).connect()`, where the method of the project gives what it was called on.
    fn name_given_back(&mut self, facts: &Facts<'_>, at: OpRef, call: &Call) {
        let root = (at.function.function, Root::Temp(call.result));
        let is_on_it = |place: &Place| place.path.len() == 1 && is_of(&self.roots, at.function, place);
        if call.callee.place().is_some_and(is_on_it) && !self.roots.contains(&root) {
            let gives_itself = |value: &Value| matches!(value, Value::This { path, .. } if path.is_empty());
            let gives = |method: &FunctionRef| facts.evaluator.returns(*method).iter().any(gives_itself);
            if facts.called(at).iter().any(gives) {
                self.roots.push(root);
            }
        }
    }

    fn read(&mut self, facts: &Facts<'_>, function: FunctionRef) {
        let body = facts.program.function(function);
        for (block, index, op) in body.ops() {
            match &op.kind {
                OpKind::Call(call) => {
                    if let Some(callee) = call.callee.place().filter(|it| is_of(&self.roots, function, it)) {
                        match callee.path.as_slice() {
                            [] => self.escapes = true,
                            [method] if is_ending(Some(method)) => self.endings.push(function.op(block, index)),
                            [method] if method.name().is_some_and(|name| OBSERVED.contains(&name)) => {
                                self.escapes = true;
                            }
                            _ => self.is_used = true,
                        }
                    }
                    let called = facts.program.module(function.file).called_name(call);
                    let ends_it = called.is_some_and(|it| is_teardown(it) || it.starts_with("clear"));
                    for argument in &call.arguments {
                        let is_it = |place: &&Place| place.path.is_empty() && is_of(&self.roots, function, place);
                        match argument.value.place().filter(is_it) {
                            Some(_) if ends_it => self.endings.push(function.op(block, index)),
                            _ => self.hand_on(function, &argument.value, ends_it),
                        }
                    }
                }
                OpKind::Assign { target, value } => {
                    let is_name = target.path.is_empty() && is_of(&self.roots, function, target);
                    let is_plain = matches!(value, Rvalue::Use(_) | Rvalue::Await(_));
                    if !is_name || !is_plain {
                        // `return x && { … }`, a comparison: the result is not kept.
                        let is_kept = !matches!(value, Rvalue::Compute(_));
                        for operand in value.operands().into_iter().filter(|_| is_kept) {
                            self.hand_on(function, operand, false);
                        }
                    }
                }
                OpKind::Yield { value } => self.hand_on(function, value, false),
                OpKind::Dispose { place } => self.escapes |= is_of(&self.roots, function, place),
                OpKind::Delete { .. } => {}
            }
        }
        for (_, block) in body.blocks() {
            if let Terminator::Return(Some(Operand::Place(place))) = &block.terminator
                && is_of(&self.roots, function, place)
            {
                let is_own = function.function == self.roots[0].0;
                self.is_returned |= place.path.is_empty() && is_own;
                self.escapes |= place.path.is_empty() && !is_own || is_ending(place.path.last());
            }
        }
    }

    /// An operand that is passed on: the thing as a whole, or a method that ends it.
    fn hand_on(&mut self, function: FunctionRef, operand: &Operand, to_end: bool) {
        let Some(place) = operand.place().filter(|place| is_of(&self.roots, function, place)) else { return };
        self.is_used = true;
        self.escapes |= place.path.is_empty() || to_end || is_ending(place.path.last());
    }

    /// An ending on an exceptional path.
    pub(crate) fn ended_on_throw(&self, facts: &Facts<'_>, at: OpRef) -> Option<OpRef> {
        let body = facts.program.function(at.function);
        self.endings.iter().copied().find(|ending| {
            // Endings in other functions are not followed.
            ending.function != at.function
                || body.blocks().filter_map(|(_, block)| block.unwind).any(|handler| {
                    handler == ending.block || body.reaches(handler, ending.block, BlockId::NOWHERE, Edges::Normal)
                })
        })
    }

    /// What is awaited between the call and the endings, and may throw.
    pub(crate) fn interrupted(&self, facts: &Facts<'_>, at: OpRef) -> Option<OpRef> {
        let body = facts.program.function(at.function);
        // The first call on it may open it: if that fails, there is nothing to close.
        let is_on_it = |call: &Call| call.callee.place().is_some_and(|it| is_of(&self.roots, at.function, it));
        let mut calls = body.ops().filter(|(_, _, op)| op.call().is_some_and(is_on_it));
        let first = calls.next().map(|(block, index, _)| at.function.op(block, index));
        body.ops()
            .map(|(block, index, op)| (at.function.op(block, index), op))
            .find(|(between, op)| {
                let waits = op.call().is_some_and(|call| call.awaited);
                waits
                    && Some(*between) != first
                    && !self.endings.contains(between)
                    && comes_after(facts, at, *between)
                    && self.endings.iter().any(|ending| comes_after(facts, *between, *ending))
            })
            .map(|(between, _)| between)
    }
}

fn comes_after(facts: &Facts<'_>, first: OpRef, then: OpRef) -> bool {
    if first.block == then.block {
        return first.index < then.index;
    }
    facts.program.function(first.function).reaches(first.block, then.block, BlockId::NOWHERE, Edges::Normal)
}
