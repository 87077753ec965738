//! Where owners end: in the function that an effect returns, in the method that ends an instance, or in a hook.

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, Statement};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::ending::span_of;
use super::imports;
use super::syntax::{Syntax, ours};
use crate::rewrite::layout::offset;
use crate::rewrite::{Applicability, Edit};
use crate::source::Span;

/// The edits, those that several fixes may share, and how far they may be trusted.
type Edits = (Vec<Edit>, Vec<Edit>, Applicability);

/// The effect around a call returns a function that ends it, or the one that it returns does so too.
pub(super) fn returned(syntax: &Syntax<'_, '_>, call: NodeId, statement: NodeId, end: &str) -> Option<Edits> {
    let function = syntax.around(call)?;
    let list = syntax.parent(statement);
    let AstKind::FunctionBody(body) = syntax.kind(list) else { return None };
    let is_own = syntax.parent(list) == function.node && !function.is_async && !function.is_generator;
    let is_typed = match syntax.kind(function.node) {
        AstKind::ArrowFunctionExpression(arrow) => !arrow.body.is_function_body() || arrow.return_type.is_some(),
        AstKind::Function(function) => function.return_type.is_some(),
        _ => true,
    };
    if !is_own || is_typed {
        return None;
    }
    let mut returns = own_returns(syntax, function.node);
    let last = body.statements.last()?;
    let before = span_of(syntax, statement).start;
    if let Statement::ReturnStatement(last) = last {
        returns.retain(|it| syntax.kind(*it).span() != last.span);
        let applicability = early(syntax, &returns, before)?;
        let edits = added_to(syntax, last.argument.as_ref()?, end)?;
        return Some((edits, Vec::new(), applicability));
    }
    let applicability = early(syntax, &returns, before)?;
    let layout = &syntax.layout;
    let end_of_last = last.span().end;
    if !layout.starts_line(last.span().start)
        || !layout.ends_line(end_of_last)
        || layout.line_end(end_of_last) >= body.span.end
    {
        return None;
    }
    let semicolon = if syntax.slice(syntax.kind(statement).span()).ends_with(';') { ";" } else { "" };
    let (newline, indent) = (layout.newline, layout.indent(last.span().start));
    let text = format!("{newline}{indent}return () => {end}{semicolon}");
    Some((vec![Edit::insert(syntax.file, layout.line_end(end_of_last), text)], Vec::new(), applicability))
}

/// The `return` statements of a function itself.
pub(super) fn own_returns(syntax: &Syntax<'_, '_>, function: NodeId) -> Vec<NodeId> {
    let is_own = |node: NodeId| syntax.around(node).is_some_and(|around| around.node == function);
    let nodes = syntax.semantic.nodes().iter();
    nodes.filter(|it| matches!(it.kind(), AstKind::ReturnStatement(_)) && is_own(it.id())).map(|it| it.id()).collect()
}

/// Whether a function returns nothing when it returns early, before there is something to end. Some compiler options
/// reject that beside a `return` with a value.
fn early(syntax: &Syntax<'_, '_>, returns: &[NodeId], before: u32) -> Option<Applicability> {
    let is_plain = returns.iter().all(|it| match syntax.kind(*it) {
        AstKind::ReturnStatement(it) => it.argument.is_none() && it.span.start < before,
        _ => false,
    });
    is_plain.then_some(if returns.is_empty() { Applicability::Safe } else { Applicability::Unsafe })
}

/// A returned function does one thing more.
fn added_to(syntax: &Syntax<'_, '_>, cleanup: &Expression<'_>, end: &str) -> Option<Vec<Edit>> {
    match cleanup {
        Expression::ArrowFunctionExpression(arrow) if !arrow.r#async && !arrow.body.is_function_body() => {
            let layout = &syntax.layout;
            let span = arrow.body.span();
            let indent = layout.indent(cleanup.span().start);
            let (newline, unit) = (layout.newline, layout.unit_beside(indent));
            let is_braced = syntax.slice(oxc_span::Span::new(cleanup.span().start, span.start)).ends_with('(');
            let semicolon = syntax.semicolon();
            let open = format!("{{{newline}{indent}{unit}{end}{semicolon}{newline}{indent}{unit}");
            let close = format!("{semicolon}{newline}{indent}}}");
            (!is_braced)
                .then(|| vec![Edit::insert(syntax.file, span.start, open), Edit::insert(syntax.file, span.end, close)])
        }
        Expression::ArrowFunctionExpression(arrow) if !arrow.r#async => {
            Some(vec![first_in(syntax, ours(arrow.body.span()), end)])
        }
        Expression::FunctionExpression(function) if !function.r#async && !function.generator => {
            Some(vec![first_in(syntax, ours(function.body.as_ref()?.span), end)])
        }
        _ => None,
    }
}

/// A statement at the head of a block.
fn first_in(syntax: &Syntax<'_, '_>, block: Span, end: &str) -> Edit {
    let layout = &syntax.layout;
    let indent = layout.indent(block.start);
    let (newline, unit) = (layout.newline, layout.unit_beside(indent));
    let inside = layout.slice(Span::new(block.start + 1, block.end - 1));
    let semicolon = if inside.trim_end().ends_with(';') { ";" } else { syntax.semicolon() };
    if inside.trim().is_empty() {
        return Edit::replace(
            syntax.file,
            block,
            format!("{{{newline}{indent}{unit}{end}{semicolon}{newline}{indent}}}"),
        );
    }
    let first = block.start + 1 + offset(inside.len() - inside.trim_start().len());
    let is_laid_out = layout.line_end(block.start + 1) == block.start + 1;
    let text =
        if is_laid_out { format!("{newline}{}{end}{semicolon}", layout.indent(first)) } else { format!(" {end};") };
    Edit::insert(syntax.file, block.start + 1, text)
}

/// The method of the class that ends an instance does it.
pub(super) fn in_method(syntax: &Syntax<'_, '_>, call: NodeId, name: Span, end: &str) -> Option<Edits> {
    let class = |node: NodeId| {
        let mut ancestors = syntax.semantic.nodes().ancestors_enumerated(node);
        ancestors.find_map(|(id, it)| matches!(it.kind(), AstKind::Class(_)).then_some(id))
    };
    let method = syntax.semantic.nodes().iter().find_map(|node| match node.kind() {
        AstKind::MethodDefinition(method) if ours(method.key.span()) == name => Some((node.id(), method)),
        _ => None,
    })?;
    let (node, method) = method;
    let body = method.value.body.as_ref().filter(|_| !method.r#static && class(node) == class(call))?;
    // What begins in a function within the method may begin when the method has ended long ago.
    let begins_in = syntax.around(call)?.node;
    let is_direct = matches!(syntax.kind(syntax.parent(begins_in)), AstKind::MethodDefinition(_));
    let begins_at_start = matches!(syntax.kind(syntax.parent(begins_in)), AstKind::MethodDefinition(it) if it.kind.is_constructor())
        || is_direct && syntax.statements(syntax.parent(syntax.own_statement_around(call)?)).is_some();
    let applicability = if begins_at_start { Applicability::Safe } else { Applicability::Unsafe };
    is_direct.then(|| (vec![first_in(syntax, ours(body.span), end)], Vec::new(), applicability))
}

/// A hook that is called where it begins gets the function that ends it.
pub(super) fn by_hook(
    syntax: &Syntax<'_, '_>,
    statement: NodeId,
    end: &str,
    hook: &str,
    module: &str,
) -> Option<Edits> {
    let layout = &syntax.layout;
    let span = syntax.kind(statement).span();
    if !layout.starts_line(span.start)
        || !layout.ends_line(span.end)
        || syntax.statements(syntax.parent(statement)).is_none()
    {
        return None;
    }
    let scope = syntax.semantic.nodes().get_node(statement).scope_id();
    let (name, common) = imports::of_module(syntax, hook, module, scope)?;
    let semicolon = if syntax.slice(span).ends_with(';') { ";" } else { "" };
    let (newline, indent) = (layout.newline, layout.indent(span.start));
    let text = format!("{newline}{indent}{name}(() => {end}){semicolon}");
    Some((vec![Edit::insert(syntax.file, layout.line_end(span.end), text)], common, Applicability::Safe))
}
