//! Elsewhere: what else refers to a value that a function forgets.
//!
//! A pointer that was taken before, a file descriptor, a part of the value, the caller: what is forgotten here may be
//! dropped there.

use crate::analysis::facts::Facts;
use crate::ir::{Binding, Call, CallKind, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

/// The variables of a function that hold the same value.
pub(super) fn names_of(facts: &Facts<'_>, function: FunctionRef, root: Root) -> Vec<Root> {
    let mut names = vec![root];
    for (_, _, op) in facts.program.function(function).ops() {
        if let OpKind::Assign { target, value: Rvalue::Use(Operand::Place(from)) } = &op.kind
            && names.contains(&from.root)
        {
            names.push(target.root.clone());
        }
    }
    names
}

pub(super) fn is_given(call: &Call, names: &[Root]) -> bool {
    call.arguments.iter().filter_map(|it| it.value.place()).any(|place| names.contains(&place.root))
}

/// Whether something else refers to the value before it is forgotten (a pointer, a file descriptor, a part of it), or
/// has another claim on it afterwards.
pub(super) fn is_held_elsewhere(facts: &Facts<'_>, at: OpRef, forgetting: &Call, names: &[Root]) -> bool {
    let body = facts.program.function(at.function);
    let is_named = |place: &Place| names.contains(&place.root);
    let in_op = body.ops().any(|(_, _, op)| match &op.kind {
        OpKind::Call(call) if call.result == forgetting.result => false,
        OpKind::Call(call) => {
            let macro_reads = called_text(call).is_some_and(|name| name.ends_with('!'));
            let is_given = call.arguments.iter().filter_map(|it| it.value.place()).any(is_named);
            let is_pointer = call.receiver().is_some_and(|(receiver, _)| is_named(&receiver))
                && call.method_name().is_none_or(gives_pointer);
            is_given && !macro_reads || is_pointer
        }
        OpKind::Assign { target, value } => {
            let is_own = names.contains(&target.root) && target.path.is_empty();
            !is_own && value.operands().iter().filter_map(|it| it.place()).any(is_named)
        }
        OpKind::Dispose { .. } | OpKind::Delete { .. } => false,
        OpKind::Yield { .. } => true,
    });
    let result = Root::Temp(forgetting.result);
    let kept = names_of(facts, at.function, result);
    let is_returned = body.blocks.iter().any(|block| match &block.terminator {
        Terminator::Return(Some(Operand::Place(place))) => is_named(place) || kept.contains(&place.root),
        _ => false,
    });
    // What is wrapped so that it is not dropped is used through the wrapper.
    let uses_wrapper = body.ops().any(|(_, _, op)| match &op.kind {
        OpKind::Call(call) => {
            is_given(call, &kept)
                || call.receiver().is_some_and(|(receiver, _)| kept.contains(&receiver.root))
                    && call.method_name().is_none_or(gives_pointer)
        }
        OpKind::Assign { target, value } => {
            !(target.path.is_empty() && kept.contains(&target.root))
                && value.operands().iter().filter_map(|it| it.place()).any(|place| kept.contains(&place.root))
        }
        _ => false,
    });
    in_op || is_returned || uses_wrapper
}

fn called_text(call: &Call) -> Option<&str> {
    call.method_name().or_else(|| match &call.callee {
        Operand::Place(Place { root: Root::Global(name), .. }) => Some(name.as_str()),
        _ => None,
    })
}

/// Whether a method returns access to what the receiver owns, judging by its name: `as_mut_ptr`, `as_raw_fd`.
fn gives_pointer(name: &str) -> bool {
    name.starts_with("as_")
        || name.starts_with("into_")
        || ["ptr", "raw", "id", "handle"].iter().any(|it| name.ends_with(it))
}

/// Whether a pointer goes to users of the library: they may know how to give it back.
pub(super) fn leaves_program(facts: &Facts<'_>, at: OpRef, call: &Call) -> bool {
    if !facts.calls.callers(facts.program, at.function).is_empty() {
        return false;
    }
    let body = facts.program.function(at.function);
    let names = names_of(facts, at.function, Root::Temp(call.result));
    let is_returned = body.blocks.iter().any(|block| match &block.terminator {
        Terminator::Return(Some(Operand::Place(place))) => names.contains(&place.root),
        _ => false,
    });
    // `*out = Box::into_raw(x)`, `out.write(Box::into_raw(x))`, `Handle(Box::into_raw(x))`
    let is_parameter = |root: &Root| match root {
        Root::Variable(id) => {
            let binding = facts.program.module(at.function.file).variable(*id).binding;
            matches!(binding, Binding::Parameter(_))
        }
        Root::This => true,
        _ => false,
    };
    let is_handed_out = body.ops().any(|(_, _, op)| match &op.kind {
        OpKind::Assign { target, value } => {
            is_parameter(&target.root)
                && value.operands().iter().filter_map(|it| it.place()).any(|place| names.contains(&place.root))
        }
        OpKind::Call(call) => {
            is_given(call, &names)
                && (call.kind == CallKind::New
                    || call.receiver().is_some_and(|(receiver, _)| is_parameter(&receiver.root)))
        }
        _ => false,
    });
    is_returned || is_handed_out || names.iter().any(is_parameter)
}
