//! Patterns: the variables they bind, and what each is given.

use crate::ir::{Binding, Operand, Place, Rvalue, TypeRef};

use super::lowering::Lowering;
use super::paths::name_of;
use super::range;

impl Lowering<'_> {
    /// Declares what the pattern binds and assigns it from `value`.
    pub(super) fn bind(&mut self, pattern: &syn::Pat, value: &Operand, annotation: Option<TypeRef>) {
        match pattern {
            // A constructor without fields, or a constant: no name is written so.
            syn::Pat::Ident(binding) if binding.ident == "None" => {}
            syn::Pat::Ident(binding) => {
                let at = range(binding.ident.span());
                let id = self.new_variable(name_of(&binding.ident), Binding::Value, annotation, at);
                self.variables[id.0 as usize].is_constant = binding.mutability.is_none();
                self.body.assign(Place::variable(id), Rvalue::Use(value.clone()), at);
                self.refers(id, value);
                if binding.by_ref.is_none() {
                    self.owns(id);
                }
                self.declare(id);
                if let Some((_, inner)) = &binding.subpat {
                    self.bind(inner, &Place::variable(id).into(), None);
                }
            }
            syn::Pat::Type(typed) => {
                let annotation = self.type_ref(&typed.ty);
                self.bind(&typed.pat, value, Some(annotation));
            }
            syn::Pat::Paren(inner) => self.bind(&inner.pat, value, annotation),
            syn::Pat::Reference(inner) => self.bind(&inner.pat, value, annotation),
            syn::Pat::Guard(guarded) => self.bind(&guarded.pat, value, annotation),
            // All alternatives bind the same names.
            syn::Pat::Or(alternatives) => {
                if let Some(first) = alternatives.cases.first() {
                    self.bind(first, value, annotation);
                }
            }
            syn::Pat::Tuple(tuple) => {
                for (index, part) in tuple.elems.iter().enumerate() {
                    let part_value = self.part(value, &index.to_string());
                    self.bind(part, &part_value, None);
                }
            }
            syn::Pat::TupleStruct(variant) => {
                let is_transparent = variant.elems.len() == 1 && is_success(&variant.path);
                for (index, part) in variant.elems.iter().enumerate() {
                    if is_transparent {
                        self.bind(part, value, None);
                        continue;
                    }
                    let index = index.to_string();
                    let (part_value, written) = (self.part(value, &index), self.member_type(&variant.path, &index));
                    self.bind(part, &part_value, written);
                }
            }
            syn::Pat::Struct(fields) => {
                for field in &fields.fields {
                    let member = member_name(&field.member);
                    let (part_value, written) = (self.part(value, &member), self.member_type(&fields.path, &member));
                    self.bind(&field.pat, &part_value, written);
                }
            }
            syn::Pat::Slice(slice) => {
                for part in &slice.elems {
                    let element = self.body.temp_of(Rvalue::ElementOf(value.clone()), super::span_of(part));
                    self.bind(part, &element.into(), None);
                }
            }
            _ => {}
        }
    }

    fn part(&mut self, value: &Operand, name: &str) -> Operand {
        match value {
            Operand::Place(place) => place.clone().named(name).into(),
            _ => Operand::Opaque,
        }
    }
}

/// `Some(x)` and `Ok(x)`: the pattern takes the value that `?` would.
pub(super) fn is_success(path: &syn::Path) -> bool {
    path.segments.last().is_some_and(|last| last.ident == "Some" || last.ident == "Ok")
}

pub(super) fn member_name(member: &syn::Member) -> String {
    match member {
        syn::Member::Named(name) => name_of(name).to_string(),
        syn::Member::Unnamed(index) => index.index.to_string(),
    }
}
