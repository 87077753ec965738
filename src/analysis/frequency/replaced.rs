//! Replaced: results that take the place of an earlier result in ways other than assigning a field.
//!
//! `*session.write() = Some(start())` on a variable around the loop, and `let next = prepare(); state.swap(next)`,
//! whose method stores it.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::Evaluator;
use crate::ir::{OpKind, Operand, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef};

/// Whether `result`, which the call at `at` gives, is put over a variable from around its loop, or given to a function
/// of the project of which `keeps` says that it puts this parameter of its own in place.
pub(super) fn of(
    evaluator: &Evaluator<'_>,
    at: OpRef,
    result: &Root,
    keeps: &dyn Fn(FunctionRef, Root) -> bool,
) -> bool {
    let body = evaluator.program.function(at.function);
    if !evaluator.drops_implicitly(at.function) {
        return false;
    }
    let mut names = FxHashSet::from_iter([result.clone()]);
    loop {
        let before = names.len();
        for (block, index, op) in body.ops() {
            let has = |operand: &Operand| {
                operand.place().is_some_and(|place| place.path.is_empty() && names.contains(&place.root))
            };
            match &op.kind {
                OpKind::Assign { target, value: value @ (Rvalue::Use(_) | Rvalue::Await(_) | Rvalue::Object(_)) } => {
                    if !value.operands().into_iter().any(has) {
                        continue;
                    }
                    if target.path.is_empty() {
                        names.insert(target.root.clone());
                    } else if is_before_loop(evaluator, at, &target.root) {
                        return true;
                    }
                }
                OpKind::Call(call) => {
                    let given = (0u32..).zip(&call.arguments).filter(|(_, argument)| has(&argument.value));
                    let given: Vec<u32> = given.map(|(index, _)| index).collect();
                    let receives = call.receiver().is_some_and(|(receiver, _)| {
                        receiver.path.is_empty() && names.contains(&receiver.root) && call.arguments.is_empty()
                    });
                    if receives {
                        // `attempt.await?`, `made.unwrap()`
                        names.insert(Root::Temp(call.result));
                    }
                    if given.is_empty() {
                        continue;
                    }
                    for (function, _) in evaluator.callee(at.function.op(block, index)).functions() {
                        let parameters = &evaluator.program.function(function).parameters;
                        let stores = given.iter().filter_map(|index| parameters.get(*index as usize));
                        if stores.into_iter().any(|it| keeps(function, Root::Variable(it.variable))) {
                            return true;
                        }
                    }
                }
                _ => {}
            }
        }
        if names.len() == before {
            return false;
        }
    }
}

/// Whether a local name leads to what was there before the loop around `at`: it is written through a reference to it.
fn is_before_loop(evaluator: &Evaluator<'_>, at: OpRef, root: &Root) -> bool {
    let body = evaluator.program.function(at.function);
    let depth = body.block(at.block).loop_depth;
    let mut roots = vec![root.clone()];
    let mut seen = 0;
    while let Some(root) = roots.get(seen).cloned() {
        seen += 1;
        let definitions = evaluator.program.index(at.function.file).of_root(at.function.function, &root);
        for definition in definitions.iter().filter(|it| it.function == at.function.function) {
            if matches!(root, Root::Variable(_)) && body.block(definition.block).loop_depth < depth {
                return true;
            }
            let from = match &evaluator.program.op(at.function.definition(definition)).kind {
                OpKind::Assign {
                    value: Rvalue::Use(Operand::Place(from)) | Rvalue::Await(Operand::Place(from)),
                    ..
                } => Some(from.root.clone()),
                OpKind::Call(call) => call.receiver().map(|(receiver, _)| receiver.root),
                _ => None,
            };
            roots.extend(from.filter(|from| !roots.contains(from)).into_iter().collect::<Vec<_>>());
        }
    }
    false
}
