//! Guarded: what a call puts into a guard, whose destructor does with it what it was put there for.
//!
//! `Finally::new(async move { client.abort_upload().upload_id(id).send().await })` and `AbortOnDrop { client, id }`: a
//! struct of the project whose `Drop` works with the field, or a library's guard. What is in one is ended on every way out
//! of the function, until somebody takes it out again. Asked about calls that are given a lease only.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::value::Values;
use crate::catalogue::schema::ResourceKind;
use crate::ir::{Call, CallKind, Name, Place, Root, TypeRef, TypeRoot};
use crate::linking::{ClassRef, FunctionRef, OpRef};

/// The trait, and its method, by which a type takes part in its drop.
const DROP_TRAIT: &str = "Drop";
const DROP: &str = "drop";

/// The destructor of a class.
#[must_use]
pub fn destructor(evaluator: &Evaluator<'_>, class: ClassRef) -> Option<FunctionRef> {
    let is_drop = |written: &TypeRef| match written {
        TypeRef::Named { root: TypeRoot::Global(name), path, .. } => path.is_empty() && name == DROP_TRAIT,
        _ => false,
    };
    let implements = evaluator.program.class(class).implements.iter().any(is_drop);
    let mut methods = evaluator.program.members(class).filter(|(_, member)| member.name == DROP);
    methods.next().map(|(method, _)| method).filter(|_| implements)
}

/// The values that the call at `at` puts into a guard.
pub(super) fn by_call(evaluator: &Evaluator<'_>, at: OpRef, call: &Call) -> Values {
    let mut guarded = Values::default();
    if !evaluator.drops_implicitly(at.function) {
        return guarded;
    }
    for target in &evaluator.callee(at).targets {
        match target {
            CallTarget::Construct(class) => guarded.join(&by_literal(evaluator, at, *class)),
            CallTarget::Function { function, .. } => {
                for (block, index, op) in evaluator.program.function(*function).ops() {
                    if op.call().is_none_or(|call| call.kind != CallKind::New) {
                        continue;
                    }
                    let literal = function.op(block, index);
                    for target in &evaluator.callee(literal).targets {
                        if let CallTarget::Construct(class) = target {
                            let held = by_literal(evaluator, literal, *class);
                            guarded.join(&evaluator.instantiate(&held, at, *function));
                        }
                    }
                }
            }
            CallTarget::External(id) => {
                let made = evaluator.facts(*id).call;
                if made.is_some_and(|made| evaluator.catalogue.resource(made).kind == ResourceKind::Guard) {
                    for argument in &call.arguments {
                        guarded.join(&evaluator.operand(at.function, &argument.value));
                    }
                }
            }
            _ => {}
        }
    }
    guarded
}

/// The values that a struct literal puts into the fields that its class's destructor uses.
fn by_literal(evaluator: &Evaluator<'_>, at: OpRef, class: ClassRef) -> Values {
    let mut held = Values::default();
    let Some(destructor) = destructor(evaluator, class) else { return held };
    let mut used = FxHashSet::default();
    fields_of(evaluator, destructor, class, &mut FxHashSet::default(), &mut used);
    for (_, part) in evaluator.members(&evaluator.argument(at, 0)).filter(|(name, _)| used.contains(name)) {
        held.join(&part);
    }
    held
}

/// The fields that a method, the functions within it and the methods of the same class that it calls mention.
fn fields_of(
    evaluator: &Evaluator<'_>,
    method: FunctionRef,
    class: ClassRef,
    seen: &mut FxHashSet<FunctionRef>,
    fields: &mut FxHashSet<Name>,
) {
    if !seen.insert(method) {
        return;
    }
    let body = evaluator.program.function(method);
    for place in body.mentioned_places().filter(|place| place.root == Root::This) {
        fields.extend(place.path.first().and_then(|field| field.name()).map(Name::new));
    }
    for (block, index, op) in body.ops() {
        let receiver = op.call().and_then(Call::receiver);
        if receiver.is_some_and(|(receiver, _)| receiver == Place::new(Root::This)) {
            for (called, _) in evaluator.callee(method.op(block, index)).functions() {
                if evaluator.program.this_class(called) == Some(class) {
                    fields_of(evaluator, called, class, seen, fields);
                }
            }
        }
    }
    for child in evaluator.program.children(method) {
        fields_of(evaluator, child, class, seen, fields);
    }
}
