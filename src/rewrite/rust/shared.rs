//! Using an instance that the crate shares already: a static, or a function that returns one.

use syn::visit::Visit;
use syn::{Expr, Item, Visibility};

use super::meant::{given_by, meant};
use super::neighbours;
use super::printed;
use super::wanted::Wanted;
use crate::catalogue::schema::Kept;
use crate::languages::rust::with_tree;
use crate::rewrite::layout::Layout;
use crate::rewrite::{Applicability, Edit, Fix, Hoist};
use crate::source::SourceFile;

/// An instance with the same arguments.
struct Known {
    name: String,
    /// How its name gives it.
    had: &'static str,
    is_private: bool,
}

/// The fix that takes a clone of an existing instance; `None` if there is none, or it cannot be reached.
pub(super) fn fix(wanted: &Wanted, remedy: &Hoist, files: &[SourceFile]) -> Option<Fix> {
    let id = remedy.creation.file;
    if !wanted.is_top {
        return None;
    }
    let (path, had) = neighbours::of_crate(id, files).find_map(|(other, file)| {
        let known =
            with_tree(&file.text, |tree| tree.items.iter().find_map(|item| known(tree, item, wanted, remedy)))??;
        if known.is_private && other != id {
            return None;
        }
        Some((neighbours::path(id, other, &known.name, files)?, known.had))
    })?;
    let layout = Layout::of(&files[id.index()].text);
    let replacement = printed::linked(&layout, wanted.value, format!("{path}{had}"));
    let mut edits = vec![Edit::replace(id, wanted.value, replacement)];
    edits.extend(layout.removals(&wanted.gone).into_iter().map(|gone| Edit::delete(id, gone)));
    edits.sort();
    Some(Fix {
        title: format!("use `{path}`, which the crate shares"),
        applicability: if remedy.is_certain { Applicability::Safe } else { Applicability::Unsafe },
        edits,
        common: Vec::new(),
        tidying: Vec::new(),
    })
}

fn known(tree: &syn::File, item: &Item, wanted: &Wanted, remedy: &Hoist) -> Option<Known> {
    let is_alike = |function: &Expr| {
        given_by(function).is_some_and(|made| meant(tree, made).to_string() == wanted.made_meant.to_string())
    };
    let text = |kind: &dyn quote::ToTokens| meant(tree, kind.to_token_stream()).to_string().replace(' ', "");
    let is_private = |visibility: &Visibility| match visibility {
        Visibility::Public(_) => false,
        Visibility::Restricted(it) => !it.path.is_ident("crate"),
        Visibility::Inherited => true,
    };
    match item {
        Item::Static(it) => {
            let Expr::Call(call) = &*it.expr else { return None };
            let kind = text(&it.ty);
            let is_kept = remedy
                .keepers
                .iter()
                .any(|keeper| keeper.kept == Kept::Lazily && kind == format!("{}<{}>", keeper.path, wanted.kind_meant));
            let is_it = is_kept && call.args.first().is_some_and(is_alike);
            is_it.then(|| Known { name: it.ident.to_string(), had: ".clone()", is_private: is_private(&it.vis) })
        }
        Item::Fn(it) => {
            let syn::ReturnType::Type(_, given) = &it.sig.output else { return None };
            let (kind, had) = match &**given {
                syn::Type::Reference(reference) => (text(&reference.elem), "().clone()"),
                kind => (text(kind), "()"),
            };
            let is_plain = it.sig.inputs.is_empty() && it.sig.asyncness.is_none() && kind == wanted.kind_meant;
            let mut kept = Vec::new();
            Makers(&mut kept).visit_block(&it.block);
            let is_it = is_plain && kept.iter().any(|function| is_alike(function));
            is_it.then(|| Known { name: it.sig.ident.to_string(), had, is_private: is_private(&it.vis) })
        }
        _ => None,
    }
}

/// The functions that something within is made by once: what `get_or_init` is given.
struct Makers<'k, 't>(&'k mut Vec<&'t Expr>);

impl<'t> Visit<'t> for Makers<'_, 't> {
    fn visit_expr_method_call(&mut self, call: &'t syn::ExprMethodCall) {
        if call.method == "get_or_init" {
            self.0.extend(call.args.first());
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}
