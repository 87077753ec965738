//! Proposals for resources that depend on arguments: one per set of arguments, in a cache with a limit.

use quote::{ToTokens as _, format_ident, quote};
use syn::spanned::Spanned as _;

use super::found::find;
use super::hoist::free_name;
use super::keepers::Keepers;
use super::names::{Bound, Words};
use super::{printed, types};
use crate::languages::rust::{range, with_tree};
use crate::rewrite::layout::Layout;
use crate::rewrite::{Applicability, Edit, Fix, Hoist};
use crate::source::SourceFile;

/// A table that keeps one for each set of names; whether such a thing is right, or it should be passed in, is for the reader
/// to say.
pub(super) fn fix(remedy: &Hoist, files: &[SourceFile]) -> Option<Fix> {
    let id = remedy.creation.file;
    let file = &files[id.index()];
    if !remedy.is_cloned || !remedy.present.is_empty() {
        return None;
    }
    let keepers = Keepers::of(remedy, file, files);
    let lock = keepers.lazy?;
    let layout = Layout::of(&file.text);
    let fix = with_tree(&file.text, |tree| {
        let found = find(tree, remedy.creation.span)?;
        let bound = Bound::of_item(found.item);
        let words = Words::of(found.value.to_token_stream());
        if words.has_self || words.waits || words.leaves || words.fails > 0 || bound.imports {
            return None;
        }
        let value = range(found.value.span());
        let is_given =
            |name: &&String| bound.variables.iter().any(|(variable, at)| variable == *name && !value.contains(*at));
        let names: Vec<&String> = words.free.iter().filter(is_given).collect();
        let kind = types::of(tree, &found, &remedy.types)?;
        if names.is_empty() || words.free.iter().any(|name| bound.others.contains(name)) {
            return None;
        }
        let word = remedy.word;
        let kept = format_ident!("{}", free_name(&file.text, &format!("{}S", word.to_uppercase())));
        let (all, made) = (format_ident!("{word}s"), found.value);
        let lock: syn::Path = syn::parse_str(&lock.path).ok()?;
        let said = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let why = format!(" One for each {said}; when there are too many, all go.");
        let item = quote! {
            #[doc = #why]
            static #kept: #lock<std::sync::Mutex<std::collections::HashMap<String, #kind>>> = #lock::new(Default::default);
        };
        let text = format!("{{{}:?}}", names.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(":?} {"));
        // A panic while the table was locked left it intact.
        let taken = quote!(unwrap_or_else(std::sync::PoisonError::into_inner));
        let chosen = quote! {
            {
                let mut #all = #kept.lock().#taken;
                if #all.len() > 16 {
                    #all.clear();
                }
                #all.entry(format!(#text)).or_insert_with(|| #made).clone()
            }
        };
        let first = range(found.item.span());
        let at = printed::start_with_comments(&layout, first.start);
        let indent = layout.indent(first.start);
        let declaration = format!("{}{}", printed::item(&layout, &item, indent)?, layout.newline);
        let replacement = printed::expression(&layout, &chosen, layout.indent(value.start))?;
        Some((said, vec![Edit::insert(id, at, declaration), Edit::replace(id, value, replacement)]))
    });
    let (said, edits) = fix.flatten()?;
    Some(Fix {
        title: format!("keep one {} for each {said}, and not too many of them; or have it passed in", remedy.word),
        applicability: Applicability::DisplayOnly,
        edits,
        common: Vec::new(),
        tidying: Vec::new(),
    })
}
