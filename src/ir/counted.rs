//! Counted references: which functions mention one, as far as their code shows it.

use super::{Binding, Call, Function, Module, OpKind, Place, Root, TypeRef, TypeRoot, VariableId};

/// The pointers of a language that count who has them.
const COUNTED: &[&str] = &["Arc", "Rc"];

/// Whether a type of this name counts who has it.
#[must_use]
pub fn is_counted(name: &str) -> bool {
    COUNTED.contains(&name)
}

/// Whether anything in a function is written to be held by a counted reference.
#[must_use]
pub fn names_counted(module: &Module, function: &Function) -> bool {
    let is_typed = |id: VariableId| module.variable(id).annotation.as_ref().is_some_and(|it| mentions(module, it));
    function.this_type.as_ref().is_some_and(|written| mentions(module, written))
        || function.parameters.iter().any(|parameter| is_typed(parameter.variable))
        || function.ops().any(|(_, _, op)| match &op.kind {
            OpKind::Call(call) => makes(module, call),
            OpKind::Assign { target: Place { root: Root::Variable(id), path }, .. } => path.is_empty() && is_typed(*id),
            _ => false,
        })
}

/// Whether a call is of a function of such a type, or of an alias of this file: `Arc::new(…)`, `Shared::clone(…)`.
#[must_use]
pub fn makes(module: &Module, call: &Call) -> bool {
    let Some((owner, _)) = call.receiver() else { return false };
    let is_alias = |id| {
        let variable = module.variable(id);
        variable.binding == Binding::Type
            && variable.annotation.as_ref().is_some_and(|written| mentions(module, written))
    };
    module.last_name(&owner).is_some_and(|name| is_counted(name)) || owner.as_variable().is_some_and(is_alias)
}

/// Whether a written type names a counted reference, at whatever depth.
#[must_use]
pub fn mentions(module: &Module, written: &TypeRef) -> bool {
    mentions_beside(module, written, &mut Vec::new())
}

/// The same, where the aliases in `followed` are being looked at already: one may name itself.
fn mentions_beside(module: &Module, written: &TypeRef, followed: &mut Vec<VariableId>) -> bool {
    let TypeRef::Named { root, path, arguments } = written else { return false };
    if module.type_name(root, path).is_some_and(|name| is_counted(name))
        || arguments.iter().any(|argument| mentions_beside(module, argument, followed))
    {
        return true;
    }
    // An alias of this file; one that is imported may be anything, and is asked about later.
    let TypeRoot::Variable(alias) = root else { return false };
    let variable = module.variable(*alias);
    let Some(behind) = variable.annotation.as_ref().filter(|_| path.is_empty() && variable.binding == Binding::Type)
    else {
        return false;
    };
    if followed.contains(alias) {
        return false;
    }
    followed.push(*alias);
    mentions_beside(module, behind, followed)
}
