//! Mentions: which functions of a module name a method of something, or a field of `this`.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::ir::{Call, Field, FunctionId, Module, Name, Operand, Place, Root};

/// The functions that mention each name, gathered once: a module hears of new names many times.
#[derive(Debug)]
pub(super) struct Mentions(IndexMap<Name, SmallVec<[FunctionId; 4]>, FxBuildHasher>);

impl Mentions {
    pub(super) fn of(module: &Module) -> Self {
        let mut mentions = Self(IndexMap::default());
        for (id, function) in module.functions() {
            for (_, _, op) in function.ops() {
                if let Some(name) = op.call().filter(|call| call.has_receiver()).and_then(Call::method_name) {
                    mentions.note(name, id);
                }
                for place in op.places() {
                    mentions.note_field(place, id);
                }
            }
            for block in &function.blocks {
                for place in block.terminator.operands().into_iter().filter_map(Operand::place) {
                    mentions.note_field(place, id);
                }
            }
        }
        mentions
    }

    fn note_field(&mut self, place: &Place, function: FunctionId) {
        if let (Root::This, Some(name)) = (&place.root, place.path.first().and_then(Field::name)) {
            self.note(name, function);
        }
    }

    fn note(&mut self, name: &str, function: FunctionId) {
        match self.0.get_mut(name) {
            Some(functions) if functions.last() == Some(&function) => {}
            Some(functions) => functions.push(function),
            None => {
                self.0.insert(Name::new(name), smallvec::smallvec![function]);
            }
        }
    }

    /// The functions that mention one of the names for which `is_new` holds, some of them several times.
    pub(super) fn among(&self, is_new: impl Fn(&str) -> bool) -> impl Iterator<Item = FunctionId> {
        self.0.iter().filter(move |(name, _)| is_new(name)).flat_map(|(_, functions)| functions.iter().copied())
    }
}
