//! Adding to a class the method that a framework calls at the end of an instance, and fields for what that ends.

use oxc_ast::AstKind;
use oxc_ast::ast::{Class, ClassElement, Expression, PropertyKey};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::imports;
use super::syntax::Syntax;
use crate::rewrite::{Absent, Applicability, Edit};

/// The edits, those that several fixes may share, and how far they may be trusted.
type Edits = (Vec<Edit>, Vec<Edit>, Applicability);

/// The class around something, where it begins in a method of that itself.
fn class<'a>(syntax: &Syntax<'a, '_>, node: NodeId) -> Option<&'a Class<'a>> {
    let begins_in = syntax.around(node)?.node;
    let method = syntax.parent(begins_in);
    let AstKind::MethodDefinition(definition) = syntax.kind(method) else { return None };
    let AstKind::ClassBody(_) = syntax.kind(syntax.parent(method)) else { return None };
    match syntax.kind(syntax.parent(syntax.parent(method))) {
        AstKind::Class(class) if !definition.r#static => Some(class),
        _ => None,
    }
}

fn named<'k>(element: &'k ClassElement<'_>) -> Option<&'k PropertyKey<'k>> {
    match element {
        ClassElement::MethodDefinition(it) => Some(&it.key),
        ClassElement::PropertyDefinition(it) => Some(&it.key),
        ClassElement::AccessorProperty(it) => Some(&it.key),
        _ => None,
    }
}

/// The method behind the others, with the interface that says that the class has it.
pub(super) fn added(syntax: &Syntax<'_, '_>, call: NodeId, absent: &Absent, end: &str) -> Option<Edits> {
    let class = class(syntax, call)?;
    let base = class.heritage.as_ref().map(|heritage| &heritage.expression);
    let is_root = match base {
        None => true,
        Some(Expression::Identifier(base)) => absent.roots.iter().any(|root| base.name == root.as_str()),
        Some(_) => false,
    };
    let last = class.body.body.last()?;
    let layout = &syntax.layout;
    if !is_root || !layout.starts_line(last.span().start) || !layout.ends_line(last.span().end) {
        return None;
    }
    let (newline, indent, semicolon) = (layout.newline, layout.indent(last.span().start), syntax.semicolon());
    let unit = layout.unit_beside(indent);
    let given = if syntax.is_typed { ": void" } else { "" };
    let text = format!(
        "{newline}{newline}{indent}{}(){given} {{{newline}{indent}{unit}{end}{semicolon}{newline}{indent}}}",
        absent.method
    );
    let mut common = Vec::new();
    if let Some((interface, module)) = absent.interface.as_ref().filter(|_| syntax.is_typed) {
        let (name, import) = imports::interface(syntax, interface, module)?;
        common.extend(import);
        let head = match (class.implements.last(), &class.heritage, &class.type_parameters, &class.id) {
            (Some(last), ..) => Edit::insert(syntax.file, last.span.end, format!(", {name}")),
            (None, Some(base), ..) => Edit::insert(syntax.file, base.span().end, format!(" implements {name}")),
            (None, None, Some(parameters), _) => {
                Edit::insert(syntax.file, parameters.span.end, format!(" implements {name}"))
            }
            (None, None, None, Some(id)) => Edit::insert(syntax.file, id.span.end, format!(" implements {name}")),
            (None, None, None, None) => return None,
        };
        common.push(head);
    }
    let edits = vec![Edit::insert(syntax.file, layout.line_end(last.span().end), text)];
    Some((edits, common, Applicability::Safe))
}

/// A field for a timer: its name, and the edit that declares it where that has to be.
pub(super) fn field(syntax: &Syntax<'_, '_>, call: NodeId, wanted: &str) -> Option<(String, Option<Edit>)> {
    let class = class(syntax, call)?;
    let AstKind::CallExpression(written) = syntax.kind(call) else { return None };
    let maker = syntax.slice(written.callee.span());
    let is_taken = |name: &str| {
        let whole = syntax.slice(class.span);
        whole.contains(&format!("this.{name}"))
            || class.body.body.iter().filter_map(named).any(|key| key.is_specific_static_name(name))
    };
    let mut name = wanted.to_owned();
    let mut number = 1;
    while is_taken(&name) {
        number += 1;
        name = format!("{wanted}{number}");
    }
    if !syntax.is_typed {
        return Some((name, None));
    }
    let first = class.body.body.first()?;
    let layout = &syntax.layout;
    let at = class.body.span.start + 1;
    if !layout.starts_line(first.span().start) || layout.line_end(at) != at {
        return None;
    }
    let (newline, indent, semicolon) = (layout.newline, layout.indent(first.span().start), syntax.semicolon());
    let apart = if matches!(first, ClassElement::PropertyDefinition(_)) { "" } else { newline };
    let text = format!("{newline}{indent}private {name}?: ReturnType<typeof {maker}>{semicolon}{apart}");
    Some((name, Some(Edit::insert(syntax.file, at, text))))
}
