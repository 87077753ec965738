//! Proposals for containers that only grow: a cache that the project has, or a size check where entries are added.

use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_span::GetSpan as _;

use super::imports;
use super::syntax::{Syntax, name_of, ours};
use crate::rewrite::{Applicability, Bound, Cache, Edit, Fix};

/// The oldest entry goes when one too many comes; how many are too many is for the reader to say.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Bound) -> Option<Fix> {
    let package = remedy.caches.iter().find_map(|cache| replaced(syntax, remedy, cache));
    package.or_else(|| bounded(syntax, remedy))
}

/// A cache of a package that the project has anyway, in the place of the map.
fn replaced(syntax: &Syntax<'_, '_>, remedy: &Bound, cache: &Cache) -> Option<Fix> {
    let Cache::Package { module, name, bound } = cache else { return None };
    let call = syntax.call_at(remedy.container.span).or_else(|| {
        let nodes = syntax.semantic.nodes();
        let declared = nodes.iter().find(|node| ours(node.span()) == remedy.container.span)?;
        nodes
            .iter()
            .find(|node| {
                matches!(node.kind(), AstKind::NewExpression(_)) && ours(declared.span()).contains(ours(node.span()))
            })
            .map(|node| node.id())
    })?;
    let AstKind::NewExpression(made) = syntax.kind(call) else { return None };
    let Expression::Identifier(class) = &made.callee else { return None };
    if class.name != "Map" || !made.arguments.is_empty() {
        return None;
    }
    let declared = syntax.declared(call)?;
    let held = syntax.semantic.scoping().symbol_name(name_of(&declared.declarator.id)?).to_owned();
    let (local, import) = imports::of_package(syntax, name.as_deref(), module)?;
    let arguments = made.type_arguments.as_ref().map_or("", |it| syntax.slice(it.span));
    let mut edits = vec![Edit::replace(syntax.file, ours(made.span), format!("new {local}{arguments}({bound})"))];
    // Its written type is that of the map.
    if let Some(annotation) = &declared.declarator.type_annotation {
        let text = syntax.slice(annotation.span);
        let at = annotation.span.start + crate::rewrite::layout::offset(text.find("Map<")?);
        edits.push(Edit::replace(syntax.file, crate::source::Span::new(at, at + 3), local.clone()));
    }
    edits.sort();
    Some(Fix {
        title: format!("let `{held}` be a cache of `{module}`, which the project has: it drops entries by itself"),
        applicability: Applicability::DisplayOnly,
        edits,
        common: import,
        tidying: Vec::new(),
    })
}

fn bounded(syntax: &Syntax<'_, '_>, remedy: &Bound) -> Option<Fix> {
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
            // There is one: it is over its size.
            false => {
                let sure = if syntax.is_typed { "!" } else { "" };
                (format!("{target}.size"), format!("{target}.delete({target}.keys().next().value{sure})"))
            }
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
    let other = remedy.caches.iter().find_map(|cache| match cache {
        Cache::Own { name, path } => Some(format!("use `{name}` of `{path}`, which drops entries by itself")),
        _ => None,
    });
    let other = other.unwrap_or_else(|| "use a cache that does so by itself".to_owned());
    Some(Fix {
        title: format!("bound `{}`: the oldest entry goes; or {other}", held?),
        applicability: Applicability::DisplayOnly,
        edits,
        common: Vec::new(),
        tidying: Vec::new(),
    })
}
