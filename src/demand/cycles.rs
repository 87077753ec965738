//! Which functions may make something that holds itself, judged by what they contain alone.

use crate::ir::{Call, CallHolds, CallKind, Function, Holder, Holding, Module, OpKind, Place, Root, Slot, counted};
use crate::source::Language;

/// Whether a function puts a counted reference into something that may be held by what it refers to.
pub(super) fn may_hold_itself(module: &Module, function: &Function) -> bool {
    module.language == Language::Rust
        && counted::names_counted(module, function)
        && function.ops().any(|(_, _, op)| stores(&op.kind))
        && closes_cycle(module, function)
}

fn closes_cycle(module: &Module, function: &Function) -> bool {
    let holding = Holding::of(module, function, |_, _, call| may_hold(call));
    let is_shared = |number: &usize| holding.names(*number).any(|holder| is_counted(module, function, holder));
    holding.cycles().iter().any(|cycle| cycle.shared.iter().all(is_shared))
}

/// Whether an operation puts something somewhere: most functions have none that does.
fn stores(kind: &OpKind) -> bool {
    match kind {
        OpKind::Assign { target, .. } => !target.path.is_empty(),
        OpKind::Call(call) => call.has_receiver() && call.arguments.iter().any(|it| it.value.place().is_some()),
        _ => false,
    }
}

/// At most: what is made of something is it or holds it, and a method keeps what it is given.
fn may_hold(call: &Call) -> CallHolds {
    let arguments = || (0..).take(call.arguments.len()).map(Slot::Argument);
    let is_path = call.callee.place().is_some_and(is_of_type);
    if call.kind == CallKind::Call && is_path {
        let is_it = matches!(call.method_name(), Some("new" | "clone" | "pin" | "from"));
        let holds = arguments().map(|argument| (Slot::Result, argument, None)).collect();
        return CallHolds { result_is: is_it.then_some(0), holds };
    }
    let receiver = call.receiver().map(|_| Slot::Receiver);
    let holds = receiver.into_iter().flat_map(|it| arguments().map(move |argument| (it, argument, None))).collect();
    CallHolds { result_is: None, holds }
}

/// `Type::function`: types begin in upper case, values do not.
fn is_of_type(place: &Place) -> bool {
    place.split_last().is_some_and(|(owner, _)| match (owner.path.last(), &owner.root) {
        (Some(last), _) => last.name().is_some_and(|name| name.starts_with(char::is_uppercase)),
        (None, Root::Global(name)) => name.starts_with(char::is_uppercase),
        (None, _) => false,
    })
}

/// Whether something is written to be held by a counted reference.
fn is_counted(module: &Module, function: &Function, holder: &Holder) -> bool {
    match holder {
        Holder::Root(Root::This) => function.this_type.as_ref().is_some_and(|it| counted::mentions(module, it)),
        Holder::Root(Root::Variable(id)) => {
            module.variable(*id).annotation.as_ref().is_some_and(|it| counted::mentions(module, it))
        }
        Holder::Root(root) => {
            let mut calls = function.ops().filter_map(|(_, _, op)| op.call());
            calls.any(|call| *root == Root::Temp(call.result) && counted::makes(module, call))
        }
        Holder::Closure(_) | Holder::Returned => false,
    }
}
