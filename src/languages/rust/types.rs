//! Written types, as far as they are evidence.

use crate::ir::{Name, TypeRef, TypeRoot};

use super::lowering::Lowering;
use super::paths::name_of;

impl Lowering<'_> {
    pub(super) fn type_ref(&mut self, written: &syn::Type) -> TypeRef {
        match written {
            syn::Type::Path(path) => self.path_type(&path.path),
            // `&'static str`: text that the program was written with.
            syn::Type::Reference(inner)
                if inner.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
                    && matches!(&*inner.elem, syn::Type::Path(path) if path.path.is_ident("str")) =>
            {
                TypeRef::Literals
            }
            syn::Type::Reference(inner) => self.type_ref(&inner.elem),
            syn::Type::Paren(inner) => self.type_ref(&inner.elem),
            syn::Type::Group(inner) => self.type_ref(&inner.elem),
            syn::Type::Array(array) => TypeRef::Array(Box::new(self.type_ref(&array.elem))),
            syn::Type::Slice(slice) => TypeRef::Array(Box::new(self.type_ref(&slice.elem))),
            syn::Type::ImplTrait(bounds) => self.bounds(bounds.bounds.iter()),
            syn::Type::TraitObject(bounds) => self.bounds(bounds.bounds.iter()),
            _ => TypeRef::Other,
        }
    }

    /// `Result<T>` or `Option<T>`: what `?` takes apart.
    pub(super) fn is_fallible(output: &syn::ReturnType) -> bool {
        let syn::ReturnType::Type(_, written) = output else { return false };
        let syn::Type::Path(path) = &**written else { return false };
        // `io::Result`, `anyhow::Result`, `HttpResult`: aliases keep the last word.
        path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            name == "Option" || name.ends_with("Result")
        })
    }

    pub(super) fn path_type(&mut self, path: &syn::Path) -> TypeRef {
        // `T: Store`: whatever it is, it has what the trait gives.
        if let Some(name) = path.get_ident()
            && let Some((_, bound)) = self.bounded.iter().rev().find(|(parameter, _)| name == parameter)
        {
            return bound.clone();
        }
        let Some((root, rest)) = self.type_root(path) else { return TypeRef::Other };
        let arguments = match path.segments.last().map(|last| &last.arguments) {
            Some(syn::PathArguments::AngleBracketed(written)) => written
                .args
                .iter()
                .filter_map(|argument| match argument {
                    syn::GenericArgument::Type(written) => Some(self.type_ref(written)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        TypeRef::Named { root, path: rest.into_iter().collect::<thin_vec::ThinVec<Name>>(), arguments }
    }

    /// What the variants of an enum hold, as fields of it: `Sync.0`.
    pub(super) fn payloads(&mut self, declared: &syn::ItemEnum) -> Vec<(Name, TypeRef)> {
        let mut types = Vec::new();
        for variant in &declared.variants {
            for (index, field) in variant.fields.iter().enumerate() {
                let member = field.ident.as_ref().map_or_else(|| index.to_string().into(), name_of);
                types.push((payload(&name_of(&variant.ident), &member), self.type_ref(&field.ty)));
            }
        }
        types
    }

    /// The type of what a pattern takes out of a variant or a struct.
    pub(super) fn member_type(&mut self, path: &syn::Path, member: &str) -> Option<TypeRef> {
        let mut segments: Vec<&syn::PathSegment> = path.segments.iter().collect();
        let mut field = Name::from(member);
        // `Command::Sync` is a variant, `models::User` a struct.
        if let [.., of, variant] = segments.as_slice()
            && of.ident.to_string().starts_with(|first: char| first.is_uppercase())
        {
            field = payload(&name_of(&variant.ident), member);
            segments.pop();
        }
        let segments = segments.into_iter().cloned().collect();
        let of = self.path_type(&syn::Path { leading_colon: path.leading_colon, segments });
        matches!(of, TypeRef::Named { .. }).then(|| TypeRef::Part { of: Box::new(of), name: field })
    }

    /// Puts what type parameters are asked to implement in sight. Gives how much was in sight before.
    pub(super) fn open_generics(&mut self, generics: &syn::Generics) -> usize {
        let before = self.bounded.len();
        for parameter in generics.type_params() {
            self.bound(&parameter.ident, parameter.bounds.iter());
        }
        for predicate in generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
            if let syn::WherePredicate::Type(predicate) = predicate
                && let syn::Type::Path(of) = &predicate.bounded_ty
                && let Some(parameter) = of.path.get_ident()
            {
                self.bound(parameter, predicate.bounds.iter());
            }
        }
        before
    }

    pub(super) fn close_generics(&mut self, before: usize) {
        self.bounded.truncate(before);
    }

    fn bound<'b>(&mut self, parameter: &syn::Ident, bounds: impl Iterator<Item = &'b syn::TypeParamBound>) {
        let name = name_of(parameter);
        let mut traits: Vec<TypeRef> = match self.bounds(bounds) {
            TypeRef::AnyOf(traits) => traits,
            bound => vec![bound],
        };
        // What the language has for everybody says nothing of what it is.
        traits.retain(|bound| matches!(bound, TypeRef::Named { root: TypeRoot::Variable(_), .. }));
        match traits.len() {
            0 => {}
            1 => self.bounded.push((name, traits.remove(0))),
            _ => self.bounded.push((name, TypeRef::AnyOf(traits))),
        }
    }

    fn bounds<'b>(&mut self, bounds: impl Iterator<Item = &'b syn::TypeParamBound>) -> TypeRef {
        let traits = bounds.filter_map(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => Some(&bound.path),
            _ => None,
        });
        let mut named: Vec<TypeRef> = traits.map(|path| self.path_type(path)).collect();
        match named.len() {
            0 => TypeRef::Other,
            1 => named.remove(0),
            _ => TypeRef::AnyOf(named),
        }
    }
}

fn payload(variant: &str, member: &str) -> Name {
    Name::from(format!("{variant}.{member}"))
}
