//! What is added to the creation of a pool: a handler for errors, and limits.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, Expression, ObjectExpression};
use oxc_span::GetSpan as _;

use super::syntax::{Syntax, name_of, ours};
use crate::rewrite::{Applicability, Edit, Fix, Limits, Listen};

/// A handler that logs, in the line behind the one that makes it.
pub(super) fn listen(syntax: &Syntax<'_, '_>, remedy: &Listen) -> Option<Fix> {
    let call = syntax.call_at(remedy.creation.span)?;
    let value = syntax.same_value(call).0;
    let at = syntax.parent(value);
    let (name, statement) = match syntax.kind(at) {
        AstKind::VariableDeclarator(declarator) => {
            let name = syntax.semantic.scoping().symbol_name(name_of(&declarator.id)?).to_owned();
            let declaration = syntax.parent(at);
            let outer = syntax.parent(declaration);
            let is_exported = matches!(syntax.kind(outer), AstKind::ExportDeclaration(_));
            (name, if is_exported { outer } else { declaration })
        }
        // What is only assigned the first time would be listened to each time.
        AstKind::AssignmentExpression(assignment) if assignment.operator.is_assign() => {
            (syntax.slice(assignment.left.span()).to_owned(), syntax.parent(at))
        }
        _ => return None,
    };
    syntax.statements(syntax.parent(statement))?;
    let span = syntax.kind(statement).span();
    let layout = &syntax.layout;
    if !layout.starts_line(span.start) || !layout.ends_line(span.end) {
        return None;
    }
    let quote = syntax.quote();
    let semicolon = if syntax.slice(span).ends_with(';') { ";" } else { "" };
    let (newline, indent, event) = (layout.newline, layout.indent(span.start), &remedy.event);
    let text = format!("{newline}{indent}{name}.on({quote}{event}{quote}, (error) => console.error(error)){semicolon}");
    Some(Fix {
        title: format!("listen to `{event}`, and log it"),
        applicability: Applicability::Unsafe,
        edits: vec![Edit::insert(syntax.file, layout.line_end(span.end), text)],
        common: Vec::new(),
        tidying: Vec::new(),
    })
}

/// The options, in the object that is there or in one of their own.
pub(super) fn limit(syntax: &Syntax<'_, '_>, remedy: &Limits) -> Option<Fix> {
    let call = syntax.call_at(remedy.creation.span)?;
    let (arguments, end) = match syntax.kind(call) {
        AstKind::CallExpression(it) => (&it.arguments, it.span.end),
        AstKind::NewExpression(it) => (&it.arguments, it.span.end),
        _ => return None,
    };
    let written: Vec<String> = remedy.options.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let written = written.join(", ");
    let object = remedy.arguments.iter().find_map(|&index| object(syntax, arguments.get(index)?.as_expression()?));
    let edit = match object {
        Some(object) => match object.properties.last() {
            Some(last) => {
                let layout = &syntax.layout;
                let is_spread_out = layout.starts_line(last.span().start) && layout.starts_line(object.span.end - 1);
                let between = if is_spread_out {
                    format!(",{}{}", layout.newline, layout.indent(last.span().start))
                } else {
                    ", ".to_owned()
                };
                let text: String =
                    remedy.options.iter().map(|(name, value)| format!("{between}{name}: {value}")).collect();
                Edit::insert(syntax.file, last.span().end, text)
            }
            None => Edit::replace(syntax.file, ours(object.span), format!("{{ {written} }}")),
        },
        // The options come last, and are not there.
        None if remedy.arguments.contains(&arguments.len())
            && syntax.slice(syntax.kind(call).span()).ends_with(')')
            && arguments.iter().all(|argument| !matches!(argument, Argument::SpreadElement(_))) =>
        {
            let at = arguments.last().map_or(end - 1, |last| last.span().end);
            let comma = if arguments.is_empty() { "" } else { ", " };
            Edit::insert(syntax.file, at, format!("{comma}{{ {written} }}"))
        }
        None => return None,
    };
    Some(Fix {
        title: format!("set `{written}`"),
        applicability: Applicability::Unsafe,
        edits: vec![edit],
        common: Vec::new(),
        tidying: Vec::new(),
    })
}

/// The object literal that an expression is, or that a constant of the file was declared with.
fn object<'a>(syntax: &Syntax<'a, '_>, expression: &'a Expression<'a>) -> Option<&'a ObjectExpression<'a>> {
    match expression.get_inner_expression() {
        Expression::ObjectExpression(object) => Some(object),
        Expression::Identifier(identifier) => {
            let reference = identifier.reference_id.get()?;
            let symbol = syntax.semantic.scoping().get_reference(reference).symbol_id()?;
            match syntax.semantic.symbol_declaration(symbol).kind() {
                AstKind::VariableDeclarator(declarator) => match declarator.init.as_ref()?.get_inner_expression() {
                    Expression::ObjectExpression(object) => Some(object),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}
