//! A `finally` that is there, and passed by every path: it does one thing more.

use oxc_ast::AstKind;
use oxc_ast::ast::Statement;
use oxc_span::GetSpan as _;

use super::Rewrite;
use crate::rewrite::typescript::syntax::ours;
use crate::rewrite::{Applicability, Edit};
use crate::source::Span;

impl Rewrite<'_, '_, '_> {
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
