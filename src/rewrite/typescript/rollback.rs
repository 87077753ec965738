//! Rolling back when something in a transaction throws: the work goes into a `try`, whose `catch` rolls back and
//! rethrows.

use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::syntax::{Syntax, name_of, ours};
use crate::rewrite::{Applicability, Edit, Fix, Rollback};
use crate::source::Span;

/// The fix for a transaction that begins and is committed in one list of statements; `None` for any other shape.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Rollback) -> Option<Fix> {
    let call = syntax.call_at(remedy.begin.span)?;
    let function = syntax.around(call);
    if function.is_some_and(|function| !function.is_async) {
        return None;
    }
    let (begin, undo) = beginning(syntax, call, remedy)?;
    let list = syntax.statements(syntax.parent(begin))?;
    let position = |span: oxc_span::Span| list.iter().position(|statement| statement.span() == span);
    let at = position(syntax.kind(begin).span())?;
    let [end] = remedy.ends[..] else { return None };
    let end = position(syntax.kind(syntax.own_statement(syntax.call_at(end)?)?).span())?;
    if end <= at + 1 {
        return None;
    }
    let layout = &syntax.layout;
    let head = list[at].span();
    let close = syntax.close(syntax.parent(begin));
    let between = Span::new(list[at + 1].span().start, list[end].span().end);
    let is_used = syntax.is_used_in(between, Span::new(between.end, close));
    let last = if is_used { list.last()? } else { &list[end] }.span();
    let is_laid_out = layout.starts_line(head.start)
        && layout.ends_line(head.end)
        && layout.starts_line(list[at + 1].span().start)
        && layout.ends_line(last.end)
        && layout.line_end(last.end) <= close;
    let is_plain = list[at + 1..].iter().all(|statement| {
        !matches!(statement, oxc_ast::ast::Statement::FunctionDeclaration(_)) && !statement.is_module_declaration()
    });
    if !is_laid_out || !is_plain {
        return None;
    }
    let (newline, indent) = (layout.newline, layout.indent(head.start));
    let unit = layout.unit_beside(indent);
    let semicolon = if syntax.slice(head).ends_with(';') { ";" } else { "" };
    let start = layout.next_content(head.end);
    let stop = layout.line_end(last.end);
    let scope = syntax.semantic.nodes().get_node(call).scope_id();
    let error = syntax.free_name("error", scope);
    let mut edits = vec![Edit::insert(syntax.file, start, format!("{indent}try {{{newline}{unit}"))];
    let lines = syntax.movable_lines(Span::new(start, stop)).into_iter().skip(1);
    edits.extend(lines.map(|line| Edit::insert(syntax.file, line, unit)));
    edits.push(Edit::insert(
        syntax.file,
        stop,
        format!(
            "{newline}{indent}}} catch ({error}) {{{newline}{indent}{unit}await {undo}{semicolon}{newline}\
             {indent}{unit}throw {error}{semicolon}{newline}{indent}}}"
        ),
    ));
    let returns_promise = returns_promise(syntax, Span::new(start, stop));
    Some(Fix {
        title: format!("call `{undo}` when something before the end throws"),
        applicability: if is_used || returns_promise { Applicability::Unsafe } else { Applicability::Safe },
        edits,
        common: Vec::new(),
        tidying: Vec::new(),
    })
}

/// The statement that begins the transaction, and the call that rolls it back.
fn beginning(syntax: &Syntax<'_, '_>, call: NodeId, remedy: &Rollback) -> Option<(NodeId, String)> {
    Some(match &remedy.statement {
        // The same method with another statement, in the same letters.
        Some(statement) => {
            let AstKind::CallExpression(written) = syntax.kind(call) else { return None };
            let first = written.arguments.first()?;
            let text = syntax.slice(first.span());
            let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
            let is_loud = !text.chars().any(char::is_lowercase);
            let statement = if is_loud { statement.to_uppercase() } else { statement.clone() };
            let callee = syntax.slice(written.callee.span());
            (syntax.own_statement(call)?, format!("{callee}({quote}{statement}{quote})"))
        }
        None => {
            let declared = syntax.declared(call)?;
            let name = syntax.semantic.scoping().symbol_name(name_of(&declared.declarator.id)?);
            let statement = declared.declaration.node_id.get();
            (statement, format!("{name}.{}()", remedy.method))
        }
    })
}

/// Whether something in a span returns a promise without awaiting it: that fails after the `catch` could see it.
fn returns_promise(syntax: &Syntax<'_, '_>, wrapped: Span) -> bool {
    syntax.semantic.nodes().iter().any(|node| match node.kind() {
        AstKind::ReturnStatement(statement) => {
            wrapped.contains(ours(statement.span))
                && matches!(
                    statement.argument,
                    Some(Expression::CallExpression(_) | Expression::TaggedTemplateExpression(_))
                )
        }
        _ => false,
    })
}
