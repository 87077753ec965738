//! Proposals for containers that only grow: a size check where entries are added, or a cache that the crate has.

use syn::spanned::Spanned as _;
use syn::visit::Visit;

use crate::languages::rust::{range, with_tree};
use crate::rewrite::layout::Layout;
use crate::rewrite::{Applicability, Bound, Cache, Edit, Fix};
use crate::source::{SourceFile, Span};

/// It begins anew when it is full; how much is too much is for the reader to say.
pub(super) fn fix(remedy: &Bound, files: &[SourceFile]) -> Option<Fix> {
    let id = remedy.container.file;
    let text = &*files[id.index()].text;
    let layout = Layout::of(text);
    let found = with_tree(text, |tree| {
        let mut search = Search { additions: &remedy.additions, found: Vec::new() };
        search.visit_file(tree);
        search.found
    })?;
    let mut edits = Vec::new();
    for (statement, target) in &found {
        if !layout.starts_line(statement.start) {
            return None;
        }
        let target = layout.slice(*target);
        let (newline, indent) = (layout.newline, layout.indent(statement.start));
        let unit = layout.unit_beside(indent);
        let bound = format!(
            "if {target}.len() >= 10_000 {{{newline}{indent}{unit}{target}.clear();{newline}{indent}}}{newline}{indent}"
        );
        edits.push(Edit::insert(id, statement.start, bound));
    }
    let held = found.first().map(|(_, target)| layout.slice(*target))?;
    let other = remedy.caches.iter().find_map(|cache| match cache {
        Cache::Crate(path) => {
            Some(format!("; or use `{path}`, which the crate has, and which drops entries by itself"))
        }
        _ => None,
    });
    let is_whole = found.len() == remedy.additions.len();
    is_whole.then(|| Fix {
        title: format!("bound `{held}`: it begins anew when it is full{}", other.unwrap_or_default()),
        applicability: Applicability::DisplayOnly,
        edits,
        common: Vec::new(),
        tidying: Vec::new(),
    })
}

struct Search<'r> {
    additions: &'r [Span],
    /// The statement, and what is added to.
    found: Vec<(Span, Span)>,
}

impl<'t> Visit<'t> for Search<'_> {
    fn visit_stmt(&mut self, statement: &'t syn::Stmt) {
        if let syn::Stmt::Expr(syn::Expr::MethodCall(call), Some(_)) = statement
            && self.additions.contains(&range(call.span()))
        {
            self.found.push((range(statement.span()), range(call.receiver.span())));
        }
        syn::visit::visit_stmt(self, statement);
    }
}
