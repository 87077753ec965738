//! Collections: what makes one, and which a module's functions fill.

use rustc_hash::FxHashSet;

use crate::catalogue::Catalogue;
use crate::catalogue::schema::Collection;
use crate::ir::{
    CallKind, Collections, Field, Function, FunctionId, Module, Name, Op, OpKind, Operand, Root, Rvalue, Terminator,
    VariableId,
};
use crate::source::Language;

/// What becomes of the collections of a module, by the names they have.
#[derive(Debug)]
pub(super) struct Filled {
    /// By variable: whether another function than the one it is local to puts entries in.
    pub(super) variables: Vec<bool>,
    /// By variable: whether it is given to somebody, who may do so.
    handed_on: Vec<bool>,
    pub(super) fields: FxHashSet<Name>,
    /// By function: the one as a part of which it runs. A closure that is lent to a method (`items.some(item => …)`) is
    /// done when that returns.
    homes: Vec<FunctionId>,
}

impl Filled {
    pub(super) fn of(module: &Module, catalogue: &Catalogue) -> Self {
        let collections = Collections::of(module.language);
        let count = module.variables.len();
        let mut filled = Self {
            variables: vec![false; count],
            handed_on: vec![false; count],
            fields: FxHashSet::default(),
            homes: homes(module, catalogue),
        };
        for (id, function) in module.functions() {
            for (_, _, op) in function.ops() {
                filled.hand_on(op);
                let place = match &op.kind {
                    OpKind::Assign { target, .. } if target.path.contains(&Field::Computed) => target,
                    OpKind::Call(call) => {
                        let Some(place) = call.callee.place() else { continue };
                        if !matches!(place.root, Root::Variable(_) | Root::This) {
                            continue;
                        }
                        // What a library memoises is filled by calling it.
                        let fills = |name: &str| {
                            collections.fills(name) || catalogue.fills_something(module.language.into(), name)
                        };
                        if !call.method_name().map_or(place.path.is_empty(), fills) {
                            continue;
                        }
                        place
                    }
                    _ => continue,
                };
                match (&place.root, place.path.first()) {
                    (Root::Variable(variable), _) if filled.home(id) != module.variable(*variable).owner => {
                        filled.variables[variable.0 as usize] = true;
                    }
                    (Root::This, Some(Field::Named(name))) => {
                        filled.fields.insert(name.clone());
                    }
                    // An alias may be filled: what it stands for is not looked up.
                    _ => {}
                }
            }
            for block in &function.blocks {
                if let Terminator::Return(Some(operand)) | Terminator::Throw(operand) = &block.terminator {
                    filled.hand_on_operand(operand);
                }
            }
        }
        filled
    }

    /// Whether a collection that is in this variable is as its own function left it, whoever looks at it.
    pub(super) fn is_constant(&self, variable: VariableId) -> bool {
        let at = variable.0 as usize;
        !self.variables[at] && !self.handed_on[at]
    }

    /// The function as a part of which one runs.
    pub(super) fn home(&self, function: FunctionId) -> FunctionId {
        self.homes[function.index()]
    }

    fn hand_on(&mut self, op: &Op) {
        match &op.kind {
            OpKind::Assign { value: Rvalue::ElementOf(_), .. } => {}
            OpKind::Assign { value: Rvalue::Array(elements), .. } => {
                let whole = elements.iter().filter(|element| !element.spread);
                whole.for_each(|element| self.hand_on_operand(&element.value));
            }
            _ => op.operands().into_iter().for_each(|operand| self.hand_on_operand(operand)),
        }
    }

    fn hand_on_operand(&mut self, operand: &Operand) {
        let Some(place) = operand.place() else { return };
        let is_count = matches!(place.path.last().and_then(Field::name), Some("size" | "length"));
        if let Some(variable) = place.root_variable().filter(|_| !is_count) {
            self.handed_on[variable.0 as usize] = true;
        }
    }
}

/// By function: the one as a part of which it runs.
fn homes(module: &Module, catalogue: &Catalogue) -> Vec<FunctionId> {
    let mut homes: Vec<FunctionId> = module.functions().map(|(id, _)| id).collect();
    let borrows =
        |name: &str| catalogue.any_method(module.language.into(), name).function.is_some_and(|fact| fact.borrows);
    // A function comes after the one it is written in.
    for (id, function) in module.functions() {
        for call in function.ops().filter_map(|(_, _, op)| op.call()) {
            let mut closures = call.arguments.iter().filter_map(|argument| match argument.value {
                Operand::Function(closure) => Some(closure),
                _ => None,
            });
            if let Some(closure) = closures.next()
                && call.method_name().filter(|_| call.has_receiver()).is_some_and(borrows)
            {
                homes[closure.index()] = homes[id.index()];
            }
        }
    }
    homes
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
