//! Brackets: the keys of `table[key] = …`.

use crate::ir::{Binding, Operand, Place, Root};
use crate::linking::OpRef;

use super::keys::Keys;

/// What stands before the `=` of a compound assignment.
const OPERATORS: &[char] = &[' ', '\n', '\t', '+', '-', '*', '?', '|', '&'];

impl Keys<'_, '_, '_> {
    /// The name in the brackets of `table[name] = …`. The intermediate form keeps no computed keys, so this asks the
    /// text; anything but names with dots is not understood.
    pub(super) fn in_brackets(&self, at: OpRef) -> Option<Operand> {
        let text = self.facts.program.text(self.facts.location(at));
        let (before, _) = text.split_once('=')?;
        let (_, key) = before.trim_end_matches(OPERATORS).strip_suffix(']')?.rsplit_once('[')?;
        // `table[request.ip]`, `table[entry?.id!]`.
        let mut parts = key.trim().trim_end_matches('!').split('.').map(|part| part.trim_end_matches(['?', '!']));
        let root = parts.next()?;
        let is_word =
            |part: &str| part.chars().all(|character| character.is_alphanumeric() || "_$#".contains(character));
        let fields: Vec<&str> = parts.collect();
        if !fields.iter().copied().all(is_word) {
            return None;
        }
        let with_fields = |root| {
            let place = fields.iter().fold(Place::new(root), |place, field| place.named(*field));
            Some(Operand::Place(place))
        };
        if root == "this" {
            return with_fields(Root::This);
        }
        let module = self.facts.program.module(at.function.file);
        let mut scope = Some(at.function.function);
        while let Some(function) = scope {
            let found = (0u32..).zip(&module.variables).find(|(_, variable)| {
                variable.owner == function && variable.name == root && variable.binding != Binding::Type
            });
            if let Some((index, _)) = found {
                return with_fields(Root::Variable(crate::ir::VariableId(index)));
            }
            scope = self.facts.program.function(at.function.sibling(function)).parent;
        }
        None
    }
}
