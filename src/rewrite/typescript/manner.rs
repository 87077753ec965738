//! The style of a file: its quotes and semicolons.

use oxc_ast::AstKind;
use oxc_ast::ast::Statement;
use oxc_span::GetSpan as _;

use super::syntax::Syntax;

impl Syntax<'_, '_> {
    /// What most statements end with here.
    pub(super) fn semicolon(&self) -> &'static str {
        let mut balance = 0_i32;
        for node in self.semantic.nodes().iter() {
            let is_simple = matches!(
                node.kind(),
                AstKind::ExpressionStatement(_)
                    | AstKind::ImportDeclaration(_)
                    | AstKind::ReturnStatement(_)
                    | AstKind::ThrowStatement(_)
                    | AstKind::PropertyDefinition(_)
            );
            if is_simple {
                balance += if self.slice(node.span()).ends_with(';') { 1 } else { -1 };
            }
        }
        if balance >= 0 { ";" } else { "" }
    }

    /// What most strings stand in here, those of imports first of all.
    pub(super) fn quote(&self) -> &'static str {
        let body = &self.semantic.nodes().program().body;
        let import = body.iter().find_map(|statement| match statement {
            Statement::ImportDeclaration(import) => Some(import.source.span),
            _ => None,
        });
        let is_single = |span: oxc_span::Span| self.slice(span).starts_with('\'');
        let singles = || {
            let strings = self.semantic.nodes().iter().filter_map(|node| match node.kind() {
                AstKind::StringLiteral(literal) => Some(is_single(literal.span)),
                _ => None,
            });
            strings.fold(0_i32, |balance, is_single| balance + if is_single { 1 } else { -1 })
        };
        if import.map_or_else(|| singles() > 0, is_single) { "'" } else { "\"" }
    }
}

/// A word with a capital at its start.
pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
