//! Async effects: their cleanup is the value of a promise, so nobody calls it.
//!
//! The body moves into an async function of its own, and the effect returns a function that runs the cleanup once that
//! is done.

use oxc_ast::AstKind;
use oxc_ast::ast::Statement;
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::ending::Said;
use super::endings::own_returns;
use super::syntax::{Syntax, ours};
use crate::rewrite::{Applicability, Edit, Fix};
use crate::source::Span;

/// The fix for the async effect around a call; `said` is the code for its end, unless what it returns does that
/// already.
pub(super) fn fix(syntax: &Syntax<'_, '_>, call: NodeId, said: Said) -> Option<Fix> {
    let function = syntax.around(call)?;
    let (span, body) = match syntax.kind(function.node) {
        AstKind::ArrowFunctionExpression(arrow)
            if arrow.params.items.is_empty() && arrow.params.rest.is_none() && arrow.return_type.is_none() =>
        {
            (arrow.span, arrow.body.as_function_body()?)
        }
        _ => return None,
    };
    let layout = &syntax.layout;
    let (open, close) = (body.span.start + 1, body.span.end - 1);
    let is_argument = matches!(syntax.kind(syntax.parent(function.node)), AstKind::CallExpression(_));
    if !is_argument || layout.line_end(open) != open || !layout.starts_line(close) {
        return None;
    }
    let returns = own_returns(syntax, function.node);
    let last = body.statements.last()?;
    let gives =
        returns.iter().all(|it| matches!(syntax.kind(*it), AstKind::ReturnStatement(it) if it.argument.is_some()));
    let ends_so = matches!(last, Statement::ReturnStatement(_));
    let (newline, indent) = (layout.newline, layout.indent(span.start));
    let unit = layout.unit_beside(indent);
    let semicolon = syntax.semicolon();
    let scope = syntax.semantic.nodes().get_node(function.node).scope_id();
    let (running, end) = (syntax.free_name("running", scope), syntax.free_name("end", scope));
    let mut edits = vec![Edit::replace(
        syntax.file,
        Span::new(span.start, open),
        format!("() => {{{newline}{indent}{unit}const {running} = (async () => {{"),
    )];
    let inside = Span::new(layout.next_line(open), layout.line_start(close));
    edits.extend(syntax.movable_lines(inside).into_iter().map(|line| Edit::insert(syntax.file, line, unit)));
    // What is there on every way out need not be asked for.
    let mut is_sure = gives && ends_so;
    match last {
        Statement::ReturnStatement(last) => {
            // What it returns ends it already, and is only never run.
            let given = last.argument.as_ref()?;
            if !said.edits.is_empty() || !syntax.slice(given.span()).contains(&said.end) {
                return None;
            }
        }
        last if returns.is_empty() && syntax.parent(said.statement) == body.node_id.get() => {
            let last = ours(last.span());
            let deeper = layout.indent(last.start);
            let text = format!("{newline}{deeper}{unit}return () => {}{semicolon}", said.end);
            edits.push(Edit::insert(syntax.file, layout.line_end(last.end), text));
            edits.extend(said.edits);
            is_sure = true;
        }
        _ => return None,
    }
    let called = if is_sure { format!("{end}()") } else { format!("{end}?.()") };
    edits.push(Edit::replace(
        syntax.file,
        Span::new(close, close + 1),
        format!(
            "{unit}}})(){semicolon}{newline}{indent}{unit}return () => {{{newline}\
             {indent}{unit}{unit}void {running}.then(({end}) => {called}){semicolon}{newline}\
             {indent}{unit}}}{semicolon}{newline}{indent}}}"
        ),
    ));
    edits.sort();
    Some(Fix {
        title: "end it when the component does, once the effect has come that far".to_owned(),
        applicability: Applicability::Safe,
        edits,
        common: Vec::new(),
        tidying: Vec::new(),
    })
}
