//! Slots: where a function keeps the results of its calls beyond its own run.
//!
//! Computed backwards, once for all calls of a function: from the places that outlive it, through local names, object
//! literals and calls that take a value as an argument (wrappers), to the results of calls.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::ir::{Call, Collections, Field, FunctionId, Op, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::FunctionRef;

use super::memo::{Memo, lifetime};

/// The slots of a function, by the variable or temporary that reaches them.
#[derive(Debug, Default)]
pub(super) struct Slots {
    by_root: FxHashMap<Root, SmallVec<[Memo; 1]>>,
}

impl Slots {
    pub(super) fn of(evaluator: &Evaluator<'_>, function: FunctionRef) -> Self {
        let body = evaluator.program.function(function);
        let mut slots = Self::default();
        // Definitions precede uses in all but loops. What a loop brings round takes another round, and so does each table
        // that went into another: what it was made as is known to be kept only once its name is.
        let mut is_new = true;
        while is_new {
            is_new = false;
            for (_, block) in body.blocks().collect::<Vec<_>>().into_iter().rev() {
                for op in block.ops.iter().rev() {
                    is_new |= slots.op(evaluator, function, op);
                }
            }
        }
        slots
    }

    /// Where a variable or temporary is kept.
    pub(super) fn of_root(&self, root: &Root) -> &[Memo] {
        self.by_root.get(root).map_or(&[], SmallVec::as_slice)
    }

    /// Takes up what an operation says; whether it was not known yet.
    fn op(&mut self, evaluator: &Evaluator<'_>, function: FunctionRef, op: &Op) -> bool {
        match &op.kind {
            OpKind::Assign { target, value } => {
                if matches!(value, Rvalue::Compute(_) | Rvalue::Caught) {
                    return false;
                }
                let mut kept = self.behind(target);
                if evaluator.outlives(function, target) {
                    let keyed = target.path.contains(&Field::Computed);
                    kept.insert(0, slot(evaluator, function, target, keyed));
                }
                self.add(value.operands(), &kept)
            }
            OpKind::Call(call) => {
                let collections = Collections::of(evaluator.program.module(function.file).language);
                let replaces = |name: &str| collections.replaces(name);
                let stores = evaluator.is_storing(call) || fills(evaluator, function, call);
                let stores = stores.then(|| call.receiver()).flatten();
                let stores = stores.map(|(holder, _)| stands_for(evaluator, function, &holder, MAX_NAMES));
                let kept: SmallVec<[Memo; 1]> = match stores {
                    Some(holder) if evaluator.holder_outlives(function, &holder) => {
                        let is_whole = call.arguments.len() == 1 && call.method_name().is_some_and(replaces);
                        smallvec::smallvec![slot(evaluator, function, &holder, !is_whole)]
                    }
                    // Into a table of its own, which may go where the one before was.
                    Some(Place { root: root @ (Root::Variable(_) | Root::Temp(_)), .. }) => {
                        let result = self.of_root(&Root::Temp(call.result));
                        result.iter().chain(self.of_root(&root)).cloned().collect()
                    }
                    _ => self.of_root(&Root::Temp(call.result)).iter().cloned().collect(),
                };
                self.add(call.arguments.iter().map(|argument| &argument.value), &kept)
            }
            _ => false,
        }
    }

    /// The slots that a local name leads to.
    fn behind(&self, target: &Place) -> SmallVec<[Memo; 1]> {
        let is_name = matches!(target.root, Root::Variable(_) | Root::Temp(_)) && target.path.is_empty();
        let known = is_name.then(|| self.by_root.get(&target.root)).flatten();
        known.cloned().unwrap_or_default()
    }

    fn add<'o>(&mut self, operands: impl IntoIterator<Item = &'o Operand>, kept: &[Memo]) -> bool {
        if kept.is_empty() {
            return false;
        }
        let mut is_new = false;
        for place in operands.into_iter().filter_map(Operand::place) {
            if matches!(place.root, Root::This | Root::Global(_)) {
                continue;
            }
            let known = self.by_root.entry(place.root.clone()).or_default();
            for memo in kept {
                if !known.contains(memo) {
                    known.push(memo.clone());
                    is_new = true;
                }
            }
        }
        is_new
    }
}

/// Through so many names a holder is followed to where it is.
const MAX_NAMES: u32 = 4;

/// Methods that give a part of what they are called on.
const GIVES_PART: &[&str] = &["entry", "get_mut", "as_mut"];

/// Whether a call puts something into a map or a list, in a language whose collections are told by their methods.
fn fills(evaluator: &Evaluator<'_>, function: FunctionRef, call: &Call) -> bool {
    let collections = Collections::of(evaluator.program.module(function.file).language);
    evaluator.drops_implicitly(function)
        && call.method_name().is_some_and(|name| collections.fills(name) || collections.replaces(name))
}

/// The place that a local name stands for: `self.pools` for what its lock gave, or for an entry of it.
fn stands_for(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, names: u32) -> Place {
    let index = evaluator.program.index(function.file);
    let definitions = match place.root {
        Root::Variable(id) if !evaluator.holder_outlives(function, place) => index.of_variable(id),
        Root::Temp(temp) => index.of_temp(function.function, temp),
        _ => &[],
    };
    let ([definition], Some(names)) = (definitions, names.checked_sub(1)) else { return place.clone() };
    if definition.function != function.function || !evaluator.drops_implicitly(function) {
        return place.clone();
    }
    let at = function.definition(definition);
    match &evaluator.program.op(at).kind {
        OpKind::Assign {
            target,
            value: Rvalue::Use(Operand::Place(from)) | Rvalue::Await(Operand::Place(from)),
            ..
        } if target.path.is_empty() => stands_for(evaluator, function, from, names),
        OpKind::Call(call) if call.method_name().is_some_and(|name| GIVES_PART.contains(&name)) => {
            call.receiver().map_or_else(|| place.clone(), |(of, _)| stands_for(evaluator, function, &of, names))
        }
        // `self.pool()`, which gives a field.
        OpKind::Call(call) if call.receiver().is_some_and(|(of, _)| of == Place::new(Root::This)) => {
            let callee = evaluator.callee(at);
            let mut methods = callee.functions().map(|(method, _)| method);
            match (methods.next(), methods.next()) {
                (Some(getter), None) => given_field(evaluator, getter, names).unwrap_or_else(|| place.clone()),
                _ => place.clone(),
            }
        }
        // `cache()`, which gives a static.
        OpKind::Call(call) if call.arguments.is_empty() && call.callee.place().is_some_and(|it| it.path.is_empty()) => {
            let callee = evaluator.callee(at);
            let mut functions = callee.functions().map(|(getter, _)| getter);
            match (functions.next(), functions.next()) {
                (Some(getter), None) => {
                    given_static(evaluator, getter, function, names).unwrap_or_else(|| place.clone())
                }
                _ => place.clone(),
            }
        }
        _ => place.clone(),
    }
}

/// The static of the same file that a function does nothing but give, or make when it is first asked for.
fn given_static(evaluator: &Evaluator<'_>, getter: FunctionRef, user: FunctionRef, names: u32) -> Option<Place> {
    let body = evaluator.program.function(getter);
    let mut returned = body.blocks().filter_map(|(_, block)| match &block.terminator {
        Terminator::Return(Some(Operand::Place(returned))) => Some(returned),
        _ => None,
    });
    let (Some(place), None) = (returned.next(), returned.next()) else { return None };
    let held = stands_for(evaluator, getter, place, names);
    let index = evaluator.program.index(getter.file);
    let held = match &held.root {
        // `CACHE.get_or_init(HashMap::new)`
        Root::Temp(temp) => match index.of_temp(getter.function, *temp) {
            [definition] => {
                let at = getter.definition(definition);
                let call = evaluator.program.op(at).call()?;
                evaluator.function_fact(at)?.memoises?;
                call.receiver()?.0
            }
            _ => return None,
        },
        _ => held,
    };
    let Root::Variable(id) = held.root else { return None };
    let is_static = evaluator.program.variable(getter.variable(id)).owner == FunctionId::INITIALISER;
    (is_static && getter.file == user.file).then_some(held)
}

/// The field that a method does nothing but give.
fn given_field(evaluator: &Evaluator<'_>, getter: FunctionRef, names: u32) -> Option<Place> {
    let [block] = evaluator.program.function(getter).blocks.as_slice() else { return None };
    let Terminator::Return(Some(Operand::Place(returned))) = &block.terminator else { return None };
    Some(stands_for(evaluator, getter, returned, names)).filter(|place| place.root == Root::This)
}

fn slot(evaluator: &Evaluator<'_>, function: FunctionRef, target: &Place, keyed: bool) -> Memo {
    let slot = Place {
        root: target.root.clone(),
        // What a reference is written through to is what it refers to: `*guard = state`.
        path: target.path.iter().take_while(|it| **it != Field::Computed && it.name() != Some("*")).cloned().collect(),
    };
    Memo { lifetime: lifetime(evaluator, function, target), slot, keyed }
}
