//! Collections: what makes one, and which a module's functions fill.

use rustc_hash::FxHashSet;

use crate::ir::{Call, Field, FunctionId, Module, Name, OpKind, Root, Rvalue};

/// What makes a collection that another module may fill or empty. Arrays and plain objects are in every file; they are
/// followed where something else keeps the file.
pub(super) const COLLECTIONS: &[&str] = &["Map", "Set", "WeakMap", "WeakSet"];

/// What functions of a module put entries into.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) variables: Vec<bool>,
    pub(super) fields: FxHashSet<Name>,
}

impl Filled {
    pub(super) fn of(module: &Module) -> Self {
        let mut filled = Self { variables: vec![false; module.variables.len()], fields: FxHashSet::default() };
        for (id, function) in module.functions() {
            for (_, _, op) in function.ops() {
                let place = match &op.kind {
                    OpKind::Assign { target, .. } if target.path.contains(&Field::Computed) => target,
                    OpKind::Call(call) if call.method_name().is_some_and(Call::is_filling) => {
                        let Some(place) = call.callee.place() else { continue };
                        place
                    }
                    _ => continue,
                };
                match (&place.root, place.path.first()) {
                    (Root::Variable(variable), _) if id != FunctionId::INITIALISER => {
                        filled.variables[variable.0 as usize] = true;
                    }
                    (Root::This, Some(Field::Named(name))) => {
                        filled.fields.insert(name.clone());
                    }
                    // An alias may be filled: what it stands for is not looked up.
                    _ => {}
                }
            }
        }
        filled
    }
}

/// `{}`, `[]`: something to fill.
pub(super) fn is_empty_literal(value: &Rvalue) -> bool {
    match value {
        Rvalue::Object(properties) => properties.is_empty(),
        Rvalue::Array(elements) => elements.is_empty(),
        _ => false,
    }
}
