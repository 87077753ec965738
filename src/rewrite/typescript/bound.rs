//! Proposals for what only grows: a bound, beside what fills it.

use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_span::GetSpan as _;

use super::syntax::Syntax;
use crate::rewrite::{Applicability, Bound, Edit, Fix};

/// The oldest entry goes when one too many comes; how many are too many is for the reader to say.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Bound) -> Option<Fix> {
    let layout = &syntax.layout;
    let mut edits = Vec::new();
    let mut held = None;
    for addition in &remedy.additions {
        let call = syntax.call_at(*addition)?;
        let AstKind::CallExpression(written) = syntax.kind(call) else { return None };
        let Expression::StaticMemberExpression(member) = &written.callee else { return None };
        let statement = syntax.kind(syntax.own_statement(call)?).span();
        if !layout.ends_line(statement.end) || !layout.starts_line(statement.start) {
            return None;
        }
        let target = syntax.slice(member.object.span());
        let is_list = member.property.name == "push";
        let (size, drop) = match is_list {
            true => (format!("{target}.length"), format!("{target}.shift()")),
            false => (format!("{target}.size"), format!("{target}.delete({target}.keys().next().value)")),
        };
        let semicolon = if syntax.slice(statement).ends_with(';') { ";" } else { "" };
        let (newline, indent) = (layout.newline, layout.indent(statement.start));
        let unit = layout.unit_beside(indent);
        let text = format!(
            "{newline}{indent}if ({size} > 10_000) {{{newline}{indent}{unit}{drop}{semicolon}{newline}{indent}}}"
        );
        edits.push(Edit::insert(syntax.file, layout.line_end(statement.end), text));
        held = Some(target.to_owned());
    }
    Some(Fix {
        title: format!("bound `{}`: the oldest entry goes; or use a cache that does so by itself", held?),
        applicability: Applicability::DisplayOnly,
        edits,
        common: Vec::new(),
        tidying: Vec::new(),
    })
}
