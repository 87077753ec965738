//! Ending something with its owner: its handle is kept under a name, and the end of the owner releases it.
//!
//! [`endings`](super::endings) finds where an owner ends; this is the code that goes there.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, Expression, ObjectPropertyKind};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::manner::capitalised;
use super::release::release_of;
use super::syntax::{Syntax, name_of, ours};
use super::{endings, method, settling};
use crate::rewrite::{By, Edit, Ending, EndsBy, Fix, Owner};
use crate::source::Span;

/// The fix for something that is never ended; `None` if its name or the end of its owner has no known form.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Ending) -> Option<Fix> {
    let call = syntax.call_at(remedy.beginning.span)?;
    let said = match &remedy.by {
        EndsBy::Release(by) => released(syntax, by, call, &remedy.owner)?,
        EndsBy::Removal { method, handler, options } => {
            let is_instance = is_instance(&remedy.owner);
            removed(syntax, call, is_instance, method, *handler, *options)?
        }
    };
    if matches!(remedy.owner, Owner::Returned) && syntax.around(call).is_some_and(|function| function.is_async) {
        return settling::fix(syntax, call, said);
    }
    let (mut edits, common, applicability) = match &remedy.owner {
        Owner::Returned => endings::returned(syntax, call, said.statement, &said.end)?,
        Owner::Method(name) => endings::in_method(syntax, call, name.span, &said.end)?,
        Owner::Absent(absent) => method::added(syntax, call, absent, &said.end)?,
        Owner::Hook { name, module } => endings::by_hook(syntax, said.statement, &said.end, name, module)?,
    };
    edits.extend(said.edits);
    edits.sort();
    Some(Fix {
        title: format!("call `{}` when the owner ends", said.end),
        applicability,
        edits,
        common,
        tidying: Vec::new(),
    })
}

/// Whether it ends with an instance, in another method than the one that begins it.
fn is_instance(owner: &Owner) -> bool {
    matches!(owner, Owner::Method(_) | Owner::Absent(_))
}

/// The code for the end of the owner, and the edits where it begins.
pub(super) struct Said {
    /// An expression.
    pub(super) end: String,
    pub(super) edits: Vec<Edit>,
    /// The statement that begins it.
    pub(super) statement: NodeId,
}

/// The release of a call's result, by its present or new name.
fn released(syntax: &Syntax<'_, '_>, by: &By, call: NodeId, owner: &Owner) -> Option<Said> {
    let value = syntax.same_value(call).0;
    let at = syntax.parent(value);
    let is_instance = is_instance(owner);
    match syntax.kind(at) {
        AstKind::VariableDeclarator(declarator) if !is_instance => {
            let symbol = name_of(&declarator.id)?;
            let scoping = syntax.semantic.scoping();
            if scoping.symbol_is_mutated(symbol) {
                return None;
            }
            let end = release_of(syntax, by, call, scoping.symbol_name(symbol))?;
            Some(Said { end, edits: Vec::new(), statement: syntax.parent(at) })
        }
        AstKind::AssignmentExpression(assignment) if is_instance => {
            let field = syntax.slice(assignment.left.span());
            let is_field = field.strip_prefix("this.").is_some_and(|name| !name.contains(['.', '[', '(']));
            let statement = syntax.parent(at);
            if !is_field || !matches!(syntax.kind(statement), AstKind::ExpressionStatement(_)) {
                return None;
            }
            // Before it begins the field is empty; clearing a timer accepts that.
            let end = match by {
                By::Function(_) => release_of(syntax, by, call, field)?,
                By::Itself => format!("{field}?.()"),
                By::Method(method) | By::Member(method) => format!("{field}?.{method}()"),
            };
            Some(Said { end, edits: Vec::new(), statement })
        }
        // A timer that no field has gets one.
        AstKind::ExpressionStatement(statement) if is_instance => {
            let By::Function(function) = by else { return None };
            let (field, declared) = method::field(syntax, call, "timer")?;
            let end = release_of(syntax, &By::Function(function.clone()), call, &format!("this.{field}"))?;
            let kept = Edit::insert(syntax.file, statement.span.start, format!("this.{field} = "));
            let edits = std::iter::once(kept).chain(declared).collect();
            Some(Said { end, edits, statement: at })
        }
        AstKind::ExpressionStatement(statement) => {
            let wanted = match by {
                By::Function(function) if function.to_lowercase().ends_with("interval") => "timer",
                By::Function(_) => "handle",
                By::Method(method) if method == "unsubscribe" => "subscription",
                By::Method(method) if method == "disconnect" => "observer",
                By::Method(_) => "opened",
                By::Itself | By::Member(_) => "stop",
            };
            let name = syntax.free_name(wanted, syntax.semantic.nodes().get_node(call).scope_id());
            let end = release_of(syntax, by, call, &name)?;
            let edit = Edit::insert(syntax.file, statement.span.start, format!("const {name} = "));
            Some(Said { end, edits: vec![edit], statement: at })
        }
        _ => None,
    }
}

/// The removal of a listener: from the same target, with the same event and function.
fn removed(
    syntax: &Syntax<'_, '_>,
    call: NodeId,
    is_instance: bool,
    method: &str,
    handler: usize,
    options: Option<usize>,
) -> Option<Said> {
    let AstKind::CallExpression(written) = syntax.kind(call) else { return None };
    let Expression::StaticMemberExpression(member) = &written.callee else { return None };
    let statement = syntax.own_statement(call)?;
    // Another method can only use the instance and names of the file.
    let is_lasting = |expression: &Expression<'_>| is_lasting(syntax, expression, is_instance);
    if !is_lasting(&member.object) {
        return None;
    }
    let given = written.arguments.get(handler)?.as_expression()?;
    let mut edits = Vec::new();
    let function = if is_lasting(given) {
        syntax.slice(given.span()).to_owned()
    } else if is_instance {
        return None;
    } else {
        named_handler(syntax, call, given, statement, &mut edits)?
    };
    let mut arguments: Vec<String> = Vec::new();
    for (at, argument) in written.arguments.iter().enumerate() {
        if at == handler {
            arguments.push(function.clone());
        } else if Some(at) == options {
            arguments.extend(flag(syntax, argument).filter(|flag| flag.is_none() || !is_instance)?);
        } else if at < handler {
            let is_literal = matches!(argument, Argument::StringLiteral(_) | Argument::TemplateLiteral(_));
            if !is_literal && !argument.as_expression().is_some_and(is_lasting) {
                return None;
            }
            arguments.push(syntax.slice(argument.span()).to_owned());
        }
    }
    let target = syntax.slice(member.object.span());
    Some(Said { end: format!("{target}.{method}({})", arguments.join(", ")), edits, statement })
}

/// A name for an inline function, declared before its statement.
fn named_handler(
    syntax: &Syntax<'_, '_>,
    call: NodeId,
    given: &Expression<'_>,
    statement: NodeId,
    edits: &mut Vec<Edit>,
) -> Option<String> {
    // Outside of the call, parameters have only their written types.
    let is_told = |parameters: &oxc_ast::ast::FormalParameters<'_>| {
        !syntax.is_typed
            || parameters.rest.is_none() && parameters.items.iter().all(|parameter| parameter.type_annotation.is_some())
    };
    let is_named = match given {
        Expression::ArrowFunctionExpression(arrow) => is_told(&arrow.params),
        // `this` inside depends on the caller.
        Expression::FunctionExpression(function) => is_told(&function.params) && !syntax.is_typed,
        _ => false,
    };
    if !is_named {
        return None;
    }
    let AstKind::CallExpression(written) = syntax.kind(call) else { return None };
    let event = match written.arguments.first()? {
        Argument::StringLiteral(event) => event.value.to_string(),
        _ => String::new(),
    };
    // `USER_LOGGED_OUT` is in capitals for being a constant.
    let event = if event.chars().any(char::is_lowercase) { event } else { event.to_lowercase() };
    let event: String = event.split(|c: char| !c.is_alphanumeric()).map(capitalised).collect();
    let name = syntax.free_name(&format!("on{event}"), syntax.semantic.nodes().get_node(call).scope_id());
    let span = syntax.kind(statement).span();
    let layout = &syntax.layout;
    if !layout.starts_line(span.start) {
        return None;
    }
    let semicolon = if syntax.slice(span).ends_with(';') { ";" } else { "" };
    let (newline, indent) = (layout.newline, layout.indent(span.start));
    // Its further lines stand as far in as it did.
    let (text, old) = (syntax.slice(given.span()), layout.indent(given.span().start));
    if old != indent && text.contains('`') {
        return None;
    }
    let text: Vec<String> = text
        .split('\n')
        .map(|line| line.strip_prefix(old).map_or(line.to_owned(), |it| format!("{indent}{it}")))
        .collect();
    let text = text.join("\n");
    let declared = format!("const {name} = {text}{semicolon}{newline}{indent}");
    edits.push(Edit::insert(syntax.file, span.start, declared));
    edits.push(Edit::replace(syntax.file, ours(given.span()), name.clone()));
    Some(name)
}

/// The options that distinguish two listeners, as a removal would write them; nothing if they do not matter.
fn flag(syntax: &Syntax<'_, '_>, options: &Argument<'_>) -> Option<Option<String>> {
    match options {
        Argument::BooleanLiteral(it) => Some(it.value.then(|| "true".to_owned())),
        Argument::ObjectExpression(object) => {
            let mut flag = None;
            for property in &object.properties {
                let ObjectPropertyKind::ObjectProperty(property) = property else { return None };
                if property.key.is_specific_static_name("capture") {
                    flag = Some(format!("{{ {} }}", syntax.slice(property.span)));
                }
            }
            Some(flag)
        }
        Argument::Identifier(it) => Some(Some(it.name.to_string())),
        _ => None,
    }
}

/// Whether an expression means the same at the end of the owner: a name that is not assigned again, or a member of one.
fn is_lasting(syntax: &Syntax<'_, '_>, expression: &Expression<'_>, is_instance: bool) -> bool {
    match expression {
        Expression::ThisExpression(_) => true,
        Expression::Identifier(identifier) => {
            let symbol = identifier
                .reference_id
                .get()
                .and_then(|reference| syntax.semantic.scoping().get_reference(reference).symbol_id());
            let scoping = syntax.semantic.scoping();
            symbol.is_none_or(|symbol| {
                let is_known = !is_instance || scoping.symbol_scope_id(symbol) == scoping.root_scope_id();
                is_known && !scoping.symbol_is_mutated(symbol)
            })
        }
        // `ref.current` is what the framework puts there.
        Expression::StaticMemberExpression(member) => {
            !member.optional && member.property.name != "current" && is_lasting(syntax, &member.object, is_instance)
        }
        _ => false,
    }
}

/// The span of a node.
pub(super) fn span_of(syntax: &Syntax<'_, '_>, node: NodeId) -> Span {
    ours(syntax.kind(node).span())
}
