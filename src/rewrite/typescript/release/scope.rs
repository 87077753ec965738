//! Releasing at the end of the scope: `using`, `await using`.

use oxc_ast::AstKind;
use oxc_ast::ast::BindingPattern;
use oxc_span::GetSpan as _;

use super::Rewrite;
use crate::rewrite::typescript::syntax::ours;
use crate::rewrite::typescript::unwrap::without_release;
use crate::rewrite::{Applicability, Edit};
use crate::source::Span;

impl Rewrite<'_, '_, '_> {
    /// The declaration says so, and the releases go. Only a name can be declared so, and only in a block.
    pub(super) fn by_scope(&mut self) -> Option<(String, Applicability)> {
        self.edits.clear();
        let waits = self.remedy.by_scope?;
        let declaration = self.declared.declaration;
        let is_block =
            matches!(self.syntax.kind(self.declared.list), AstKind::FunctionBody(_) | AstKind::BlockStatement(_));
        let is_name = matches!(self.declared.declarator.id, BindingPattern::BindingIdentifier(_));
        let can_wait = self.function.is_some_and(|function| function.is_async);
        if !is_block || !is_name || waits && !can_wait {
            return None;
        }
        for &statement in &self.present {
            self.edits.extend(without_release(self.syntax, statement)?);
        }
        let keyword = if waits { "await using" } else { "using" };
        let written = Span::new(declaration.span.start, declaration.span.start + length(declaration.kind.as_str()));
        self.edits.push(Edit::replace(self.syntax.file, written, keyword));
        let close = self.syntax.close(self.declared.list);
        let rest = Span::new(declaration.span.end, close);
        let keeps_longer = self.keeps_longer(self.list.last().map_or(close, |last| ours(last.span()).end));
        let waited = self.wait_for_returns(rest);
        let is_safe = !keeps_longer && waited && self.is_waited_for(rest);
        let applicability = if is_safe { Applicability::Safe } else { Applicability::Unsafe };
        Some((format!("declare it with `{keyword}`"), applicability))
    }
}

fn length(word: &str) -> u32 {
    crate::rewrite::layout::offset(word.len())
}
