//! Removing a release, and the `finally` around it if nothing else is in it.

use oxc_ast::AstKind;
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::syntax::{Syntax, ours};
use crate::rewrite::Edit;
use crate::source::Span;

/// The edits without a statement that releases.
pub(super) fn without_release(syntax: &Syntax<'_, '_>, statement: NodeId) -> Option<Vec<Edit>> {
    let span = ours(syntax.kind(statement).span());
    let block = syntax.parent(statement);
    if let AstKind::BlockStatement(finalizer) = syntax.kind(block)
        && finalizer.body.len() == 1
        && let AstKind::TryStatement(around) = syntax.kind(syntax.parent(block))
        && around.finalizer.as_ref().is_some_and(|it| it.span == finalizer.span)
    {
        if let Some(handler) = &around.handler {
            return Some(vec![Edit::delete(syntax.file, Span::new(handler.span.end, finalizer.span.end))]);
        }
        return unwrapped(syntax, around);
    }
    Some(vec![Edit::delete(syntax.file, syntax.layout.removal(span))])
}

/// A `try` that is none any more: its statements stand one level further out.
fn unwrapped(syntax: &Syntax<'_, '_>, around: &oxc_ast::ast::TryStatement<'_>) -> Option<Vec<Edit>> {
    let layout = &syntax.layout;
    let (open, close) = (around.block.span.start + 1, around.block.span.end - 1);
    let is_laid_out = layout.starts_line(around.span.start)
        && layout.line_end(open) == open
        && layout.starts_line(close)
        && layout.ends_line(around.span.end);
    // What the block declares must not be declared beside it, too.
    let scoping = syntax.semantic.scoping();
    let scope = around.block.scope_id.get()?;
    let outer = scoping.scope_parent_id(scope)?;
    let clashes = scoping.iter_bindings_in(scope).any(|inner| {
        scoping.iter_bindings_in(outer).any(|other| scoping.symbol_name(other) == scoping.symbol_name(inner))
    });
    if !is_laid_out || clashes {
        return None;
    }
    let inside = Span::new(layout.next_line(open), layout.line_start(close));
    let unit = layout.unit_beside(layout.indent(around.span.start));
    let mut edits = vec![
        Edit::delete(syntax.file, Span::new(layout.line_start(around.span.start), inside.start)),
        Edit::delete(syntax.file, Span::new(inside.end, layout.next_line(around.span.end))),
    ];
    for line in syntax.movable_lines(inside) {
        let end = line + crate::rewrite::layout::offset(unit.len());
        if layout.slice(Span::new(line, layout.line_end(line))).starts_with(unit) {
            edits.push(Edit::delete(syntax.file, Span::new(line, end)));
        }
    }
    edits.retain(|edit| !edit.span.range().is_empty());
    Some(edits)
}
