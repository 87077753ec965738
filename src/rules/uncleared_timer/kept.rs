//! Handles that are kept where nothing can use them to stop anything.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::ownership::{Effect, Escape, Identity, Returned};
use crate::ir::{OpKind, Operand, Place, Root, VariableId};
use crate::linking::FunctionRef;

/// Whether only closures of the file have what an effect began, and none of them ends it or passes it on.
pub(super) fn is_only_captured(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let at = obligation.acquisition.at;
    let goes_on = |function: FunctionRef| {
        let solved = facts.solved(function);
        let is_it = |identity: &Identity| *identity == Identity::Acquired(obligation.id);
        let hands_out = solved
            .effects
            .returns
            .values()
            .flatten()
            .any(|(identity, how)| is_it(identity) && *how == Returned::Itself);
        let keeps = solved.effects.in_order().any(|(identity, effect)| {
            is_it(identity)
                && matches!(
                    effect,
                    Effect::Escape(Escape::Stored | Escape::Passed | Escape::Guarded | Escape::Returned)
                )
        });
        // Calling it may be what ends it.
        let calls = facts.program.function(function).ops().any(|(_, _, op)| {
            op.call().is_some_and(|call| {
                facts.evaluator.operand(function, &call.callee).resources().any(|called| called == obligation.id)
            })
        });
        hands_out || keeps || calls
    };
    facts.frequencies.lifecycles.effects.contains_key(&at.function)
        && !facts.program.module(at.function.file).functions().any(|(id, _)| goes_on(at.function.sibling(id)))
}

/// Whether the handle went only into variables of the file that nothing reads.
pub(super) fn is_in_a_dead_slot(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let function = obligation.acquisition.at.function;
    let module = facts.program.module(function.file);
    let mut slots: Vec<VariableId> = Vec::new();
    let mut fields: Vec<&str> = Vec::new();
    // The members of a component that is written as an object: all that has to do with them stands in its file.
    let is_member = |target: &Place| {
        module.language.is_component() && target.root == Root::This && facts.program.this_class(function).is_none()
    };
    for (block, index, op) in facts.program.function(function).ops() {
        let OpKind::Assign { target, value } = &op.kind else { continue };
        let holds = facts
            .evaluator
            .rvalue(function.op(block, index), value)
            .resources()
            .any(|resource| resource == obligation.id);
        match (holds, &target.root, target.as_variable()) {
            (false, ..) | (true, Root::Temp(_), _) => {}
            (true, _, Some(id)) => slots.push(id),
            (true, ..) if is_member(target) => match &target.path[..] {
                [field] => fields.extend(field.name()),
                _ => return false,
            },
            (true, ..) => return false,
        }
    }
    let is_exported =
        |id: VariableId| facts.program.own_exports(function.file).any(|(_, exported)| exported.variable == id);
    let is_read = |id: VariableId| {
        let reads = |place: &Place| place.root == Root::Variable(id);
        module.functions.iter().any(|body| {
            body.ops().any(|(_, _, op)| match &op.kind {
                OpKind::Assign { target, value } => {
                    (reads(target) && !target.path.is_empty())
                        || value.operands().into_iter().filter_map(Operand::place).any(reads)
                }
                _ => op.places().into_iter().any(reads),
            }) || body
                .blocks()
                .any(|(_, block)| block.terminator.operands().into_iter().filter_map(Operand::place).any(reads))
        })
    };
    let is_field_read = |name: &str| {
        let reads = |place: &Place| place.path.iter().any(|field| field.name() == Some(name));
        module.functions.iter().any(|body| {
            body.ops().any(|(_, _, op)| match &op.kind {
                OpKind::Assign { value, .. } => value.operands().into_iter().filter_map(Operand::place).any(reads),
                _ => op.places().into_iter().any(reads),
            }) || body
                .blocks()
                .any(|(_, block)| block.terminator.operands().into_iter().filter_map(Operand::place).any(reads))
        })
    };
    !(slots.is_empty() && fields.is_empty())
        && slots.into_iter().all(|id| !is_exported(id) && !is_read(id))
        && !fields.into_iter().any(is_field_read)
}
