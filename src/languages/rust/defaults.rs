//! What `Default` makes: of a struct that derives it, and of a field that is given `Default::default()`.
//!
//! A derived `default` has no code, but the types of the fields say what it does: each is made by the `default` of its
//! own type. So it is lowered as if somebody had written that.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Expr, Fields, ItemImpl, ItemStruct, Path, PathArguments, Type};

use crate::ir::{ClassId, Name};

use super::attributes::derives;
use super::lowering::Lowering;
use super::patterns::member_name;

/// Made by what they hold, so that the default of one is the default of that.
const HOLDERS: &[&str] = &["Arc", "Box", "Cell", "Mutex", "Rc", "RefCell", "RwLock"];

/// Types that hold nothing by default, of which every program has many.
const PLAIN: &[&str] = &["Option", "String", "PathBuf", "Duration", "PhantomData"];

impl Lowering<'_> {
    /// Remembers by what the fields of a struct are made by default.
    pub(super) fn remember_defaults(&mut self, class: ClassId, fields: &Fields) {
        let of_field = |(index, field): (usize, &syn::Field)| {
            let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
            Some((Name::from(name), made_by(&field.ty)?))
        };
        let defaults: Vec<(Name, Path)> = fields.iter().enumerate().filter_map(of_field).collect();
        if !defaults.is_empty() {
            self.defaults.insert(class, defaults);
        }
    }

    /// Remembers what a name of this file stands for: `type Peers = Arc<Mutex<HashMap<…>>>`.
    pub(super) fn remember_alias(&mut self, alias: &syn::ItemType) {
        if let Some(made) = made_by(&alias.ty) {
            self.aliases.insert(Name::from(alias.ident.to_string()), made);
        }
    }

    /// The type behind a name, as far as this file says.
    fn behind(&self, made: Path) -> Path {
        let alias = made.get_ident().and_then(|name| self.aliases.get(name.to_string().as_str()));
        alias.cloned().unwrap_or(made)
    }

    /// `#[derive(Default)]`: the `default` that nobody wrote.
    pub(super) fn derived_default(&mut self, item: &ItemStruct) {
        if !derives(&item.attrs).iter().any(|path| path.is_ident("Default")) {
            return;
        }
        let fields = item.fields.iter().enumerate().filter_map(|(index, field)| {
            let made = self.behind(made_by(&field.ty)?);
            let member = field.ident.clone().map_or_else(|| syn::Member::from(index), syn::Member::from);
            let span = field.ty.span();
            Some(quote::quote_spanned!(span=> #member: #made::default()))
        });
        let fields: Vec<_> = fields.collect();
        if fields.is_empty() {
            return;
        }
        let (name, span): (_, Span) = (&item.ident, item.ident.span());
        let written = quote::quote_spanned!(span=> impl #name { fn default() -> Self { Self { #(#fields),* } } });
        if let Ok(implementation) = syn::parse2::<ItemImpl>(written) {
            self.implementation_of(&implementation, true);
        }
    }

    /// What a field of a struct literal is given, where that is left to its type.
    pub(super) fn default_of(&self, literal: &syn::ExprStruct, field: &syn::FieldValue) -> Option<Expr> {
        if !is_default(&field.expr) {
            return None;
        }
        let last = literal.path.segments.last()?;
        let class = if last.ident == "Self" {
            self.class_of(self.self_type?)?
        } else {
            self.class_named(&super::paths::name_of(&last.ident))?.1
        };
        let name = member_name(&field.member);
        let (_, made) = self.defaults.get(&class)?.iter().find(|(known, _)| *known == name)?;
        let (made, span) = (self.behind(made.clone()), field.expr.span());
        syn::parse2(quote::quote_spanned!(span=> #made::default())).ok()
    }
}

/// `Default::default()`
fn is_default(value: &Expr) -> bool {
    let Expr::Call(call) = value else { return false };
    let Expr::Path(path) = &*call.func else { return false };
    let named: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    path.qself.is_none() && named == ["Default", "default"]
}

/// The type whose `default` makes what a field of this type holds, without what it is of.
fn made_by(written: &Type) -> Option<Path> {
    let Type::Path(written) = written else { return None };
    let last = written.path.segments.last()?;
    let is = |names: &[&str]| names.iter().any(|name| last.ident == name);
    if is(HOLDERS) {
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        let Some(syn::GenericArgument::Type(held)) = arguments.args.first() else { return None };
        return made_by(held);
    }
    if written.qself.is_some() || is(PLAIN) || last.ident.to_string().starts_with(char::is_lowercase) {
        return None;
    }
    let mut path = written.path.clone();
    path.segments.iter_mut().for_each(|segment| segment.arguments = PathArguments::None);
    Some(path)
}
