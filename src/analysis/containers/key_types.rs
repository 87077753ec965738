//! What the written type of a key says of how many there can be.

use crate::ir::{Binding, Name, TypeRef, TypeRoot};
use crate::linking::{ClassRef, Symbol, VariableRef};
use crate::source::Language;

use super::keys::{Key, Keys};

impl Keys<'_, '_, '_> {
    /// What a written type says of keys; `None` for text, numbers and what is not known.
    pub(super) fn typed(&self, id: VariableRef, written: &TypeRef, depth: u32) -> Option<Key> {
        match written {
            TypeRef::Literals => Some(Key::Closed),
            TypeRef::Named { root: TypeRoot::Variable(variable), .. } if depth > 0 => {
                let mut named = VariableRef { file: id.file, variable: *variable };
                if let Binding::Import(import) = self.facts.program.variable(named).binding {
                    match self.facts.program.import(id.file, import) {
                        Some(Symbol::Variable(variable)) => named = variable,
                        _ => return Some(Key::Named),
                    }
                }
                let variable = self.facts.program.variable(named);
                match variable.binding {
                    // In Rust one of a fixed list, as all types are that have no fields.
                    Binding::Class(class)
                        if self.facts.program.module(named.file).language == Language::Rust
                            && self
                                .facts
                                .program
                                .class(ClassRef { file: named.file, class })
                                .field_types
                                .is_empty() =>
                    {
                        Some(Key::Closed)
                    }
                    // An enum is a value; its type has its members.
                    Binding::Value => Some(Key::Closed),
                    Binding::Type => match &variable.annotation {
                        Some(TypeRef::Other) => None,
                        Some(written) => self.typed(named, written, depth - 1),
                        None => Some(Key::Named),
                    },
                    _ => Some(Key::Named),
                }
            }
            TypeRef::Named { root: TypeRoot::Global(name), arguments, .. } => match name.as_str() {
                "bool" | "char" | "u8" | "i8" => Some(Key::Closed),
                "str" | "String" => None,
                "Lowercase" | "Uppercase" | "NonNullable" | "Readonly" => {
                    arguments.first().filter(|_| depth > 0).and_then(|inner| self.typed(id, inner, depth - 1))
                }
                _ => Some(Key::Named),
            },
            TypeRef::AnyOf(parts) if depth > 0 => {
                let parts: Option<Vec<Key>> = parts.iter().map(|part| self.typed(id, part, depth - 1)).collect();
                parts?.into_iter().max()
            }
            TypeRef::Named { .. } | TypeRef::TypeOf(_) | TypeRef::Array(_) | TypeRef::Shape(_) | TypeRef::AnyOf(_) => {
                Some(Key::Named)
            }
            TypeRef::Part { of, name } if depth > 0 => self.typed_part(id, of, name, depth - 1),
            TypeRef::Part { .. } | TypeRef::Other => None,
        }
    }

    /// The same of a field of a written type: `Plan["size"]`.
    fn typed_part(&self, id: VariableRef, of: &TypeRef, name: &Name, depth: u32) -> Option<Key> {
        match of {
            TypeRef::Shape(fields) => {
                fields.iter().find(|(field, _)| field == name).and_then(|(_, written)| self.typed(id, written, depth))
            }
            TypeRef::AnyOf(parts) => parts.iter().find_map(|part| self.typed_part(id, part, name, depth)),
            TypeRef::Named { root: TypeRoot::Variable(variable), path, .. } if path.is_empty() && depth > 0 => {
                let named = VariableRef { file: id.file, variable: *variable };
                // A type that is not in sight names its fields' types, whatever they are.
                let Some((file, _, written)) = self.facts.evaluator.declared_type(named) else {
                    return Some(Key::Named);
                };
                self.typed_part(VariableRef { file, ..named }, written, name, depth - 1)
            }
            _ => None,
        }
    }
}
