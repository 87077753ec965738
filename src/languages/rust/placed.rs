//! Modules that stand elsewhere than where the compiler would look: `#[path = "unix.rs"] mod imp;`.
//!
//! Takes the items of a file; gives the requests that lead to such modules, under the paths by which the file names them.

use super::attributes::{metas, serves_tests};
use super::lowering::Lowering;
use super::paths::name_of;
use super::range;

impl Lowering<'_> {
    /// Asks for the modules that attributes place, before anything names them. `directory` is where the modules of
    /// `items` are looked for, `path` what leads to them.
    pub(super) fn placed_modules(&mut self, items: &[syn::Item], directory: &str, path: &str) {
        for item in items {
            let syn::Item::Mod(module) = item else { continue };
            if serves_tests(&module.attrs) {
                if let Some(file) = placed_at(&module.attrs) {
                    self.request_for_tests(&format!("{directory}{file}"), range(module.ident.span()));
                }
                continue;
            }
            let name = name_of(&module.ident);
            if let Some((_, items)) = &module.content {
                self.placed_modules(items, &format!("{directory}{name}/"), &format!("{path}{name}::"));
            } else if let Some(file) = placed_at(&module.attrs) {
                let id = self.request(&format!("{directory}{file}"), range(module.ident.span()));
                self.request_ids.insert(format!("self::{path}{name}").into(), id);
                self.request_ids.insert(format!("{path}{name}").into(), id);
            }
        }
    }
}

/// Where `#[path = "unix.rs"] mod imp;` says that a module is, or says for some target.
fn placed_at(attributes: &[syn::Attribute]) -> Option<String> {
    let of = |meta: &syn::Meta| match meta {
        syn::Meta::NameValue(syn::MetaNameValue {
            path,
            value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
            ..
        }) if path.is_ident("path") => Some(text.value().replace('\\', "/")),
        _ => None,
    };
    attributes.iter().find_map(|attribute| metas(attribute).iter().find_map(of))
}
