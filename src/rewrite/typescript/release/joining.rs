//! Using an existing `finally`: if every path passes it, it gets one more release; if it begins too late, the `try`
//! begins earlier.

use oxc_ast::AstKind;
use oxc_ast::ast::{Statement, TryStatement};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::Rewrite;
use crate::rewrite::typescript::syntax::ours;
use crate::rewrite::{Applicability, Edit};
use crate::source::Span;

impl<'a> Rewrite<'a, '_, '_> {
    /// A `try` of the same list in whose `finally` the release stands.
    pub(super) fn late_try(&self, release: NodeId) -> Option<(usize, &'a TryStatement<'a>)> {
        let span = self.syntax.kind(release).span();
        self.list.iter().enumerate().skip(self.at + 1).find_map(|(at, statement)| match statement {
            Statement::TryStatement(statement) => {
                let finalizer = statement.finalizer.as_ref()?;
                finalizer.body.iter().any(|inner| inner.span() == span).then_some((at, &**statement))
            }
            _ => None,
        })
    }

    /// The `finally` begins too late: what comes before its `try` moves into it.
    pub(super) fn move_up(&mut self, at: usize, late: &'a TryStatement<'a>) -> Option<Applicability> {
        let layout = &self.syntax.layout;
        let head = Span::new(late.span.start, late.block.span.start + 1);
        let is_plain = layout.starts_line(head.start)
            && layout.ends_line(head.end)
            && layout.slice(Span::new(head.end, layout.line_end(head.end))).trim().is_empty();
        if at <= self.at + 1 || !is_plain {
            return None;
        }
        let between = Span::new(self.list[self.at + 1].span().start, self.list[at - 1].span().end);
        let after = Span::new(late.block.span.end, self.close());
        if self.syntax.is_used_in(between, after) || !self.can_be_wrapped(between) {
            return None;
        }
        let head = Span::new(layout.line_start(head.start), layout.next_line(head.end));
        let start = self.open();
        self.push_in(Span::new(start, head.start), &[]);
        self.edits.push(Edit::delete(self.syntax.file, head));
        let waited = self.wait_for_returns(between);
        // A `catch` gets to see more than it did.
        let is_safe = late.handler.is_none() && waited && self.is_waited_for(between);
        Some(if is_safe { Applicability::Safe } else { Applicability::Unsafe })
    }

    /// The rest of the block is a `try` with a `finally`, and nothing before it can go wrong.
    pub(super) fn join_finally(&mut self) -> Option<Applicability> {
        let (syntax, layout) = (self.syntax, &self.syntax.layout);
        let Statement::TryStatement(last) = self.list.last()? else { return None };
        let finalizer = last.finalizer.as_ref()?;
        let statement = finalizer.body.last()?.span();
        let between = Span::new(self.declared.declaration.span.end, last.span.start);
        let goes_wrong = syntax.semantic.nodes().iter().any(|node| {
            let may = matches!(
                node.kind(),
                AstKind::CallExpression(_)
                    | AstKind::NewExpression(_)
                    | AstKind::AwaitExpression(_)
                    | AstKind::ThrowStatement(_)
                    | AstKind::ReturnStatement(_)
                    | AstKind::TaggedTemplateExpression(_)
            );
            let is_own = || syntax.around(node.id()).map(|it| it.node) == self.function.map(|it| it.node);
            may && between.contains(ours(node.span())) && is_own()
        });
        let is_plain = finalizer.body.iter().all(|it| matches!(it, Statement::ExpressionStatement(_)));
        if goes_wrong || !is_plain || !layout.starts_line(statement.start) || !layout.ends_line(statement.end) {
            return None;
        }
        let semicolon = if syntax.slice(statement).ends_with(';') { ";" } else { "" };
        let wait = if self.remedy.waits { "await " } else { "" };
        let (newline, indent) = (layout.newline, layout.indent(statement.start));
        let text = format!("{newline}{indent}{wait}{}{semicolon}", self.handle.call);
        self.edits.push(Edit::insert(syntax.file, layout.line_end(statement.end), text));
        self.edits.extend(self.handle.edit.clone());
        let tried = ours(last.block.span);
        let waited = self.wait_for_returns(tried);
        Some(if waited && self.is_waited_for(tried) { Applicability::Safe } else { Applicability::Unsafe })
    }
}
