//! Collections: what makes one, and which a module's functions fill.

use rustc_hash::FxHashSet;

use crate::catalogue::schema::Collection;
use crate::ir::{CallKind, Collections, Field, Function, FunctionId, Module, Name, OpKind, Root, Rvalue};
use crate::source::Language;

/// What functions of a module put entries into.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) variables: Vec<bool>,
    pub(super) fields: FxHashSet<Name>,
}

impl Filled {
    pub(super) fn of(module: &Module) -> Self {
        let collections = Collections::of(module.language);
        let mut filled = Self { variables: vec![false; module.variables.len()], fields: FxHashSet::default() };
        for (id, function) in module.functions() {
            for (_, _, op) in function.ops() {
                let place = match &op.kind {
                    OpKind::Assign { target, .. } if target.path.contains(&Field::Computed) => target,
                    OpKind::Call(call) if call.method_name().is_some_and(|name| collections.fills(name)) => {
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

/// What makes a collection that another module may fill or empty. Arrays and plain objects are in every file; they are
/// followed where something else keeps the file.
pub(super) fn made_by_new() -> &'static [&'static str] {
    Collections::of(Language::TypeScript).keyed
}

/// Whether a function makes a queue or a list (a set of tasks), or a table that it may give to what keeps it: it is a closure that
/// fills a static, a function of a type, or it makes an instance. `made` is what its calls of libraries make.
pub(super) fn makes_one_to_keep(function: &Function, made: &mut impl Iterator<Item = Collection>) -> bool {
    let makes_instance = || function.ops().filter_map(|(_, _, op)| op.call()).any(|call| call.kind == CallKind::New);
    let may_keep = || function.name.is_none() || function.class().is_some() || makes_instance();
    made.any(|made| match made {
        Collection::List | Collection::Queue => true,
        Collection::Keyed => may_keep(),
        Collection::Row | Collection::Bounded | Collection::Reply => false,
    })
}

/// `{}`, `[]`: something to fill.
pub(super) fn is_empty_literal(value: &Rvalue) -> bool {
    match value {
        Rvalue::Object(properties) => properties.is_empty(),
        Rvalue::Array(elements) => elements.is_empty(),
        _ => false,
    }
}
