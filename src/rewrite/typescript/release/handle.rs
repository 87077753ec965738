//! Handles: the name a release is called on, and what has to be destructured from a result for it.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;
use oxc_syntax::symbol::SymbolId;

use crate::rewrite::typescript::syntax::{Declared, Syntax, name_of, ours};
use crate::rewrite::{By, Edit, Release};

/// How the release is called.
pub(super) struct Handle {
    pub(super) call: String,
    /// What has to be taken from the result for that.
    pub(super) edit: Option<Edit>,
    /// The names that the result goes into.
    pub(super) names: Vec<SymbolId>,
}

pub(super) fn handle(
    syntax: &Syntax<'_, '_>,
    remedy: &Release,
    call: NodeId,
    declared: &Declared<'_>,
) -> Option<Handle> {
    let pattern = &declared.declarator.id;
    let scoping = syntax.semantic.scoping();
    let span = ours(pattern.span());
    let names: Vec<SymbolId> = syntax.declared_in(span).collect();
    if names.iter().any(|&name| scoping.symbol_is_mutated(name)) {
        return None;
    }
    let name = name_of(pattern).map(|symbol| scoping.symbol_name(symbol));
    let plain = |call: String| Some(Handle { call, edit: None, names: names.clone() });
    match &remedy.by {
        By::Member(member) => {
            if let Some(name) = name {
                return plain(format!("{name}.{member}()"));
            }
            let BindingPattern::ObjectPattern(object) = pattern else { return None };
            let present = object.properties.iter().find(|property| property.key.is_specific_static_name(member));
            if let Some(property) = present {
                let symbol = name_of(&property.value)?;
                return plain(format!("{}()", scoping.symbol_name(symbol)));
            }
            let last = object.properties.last()?;
            let scope = scoping.symbol_scope_id(*names.first()?);
            let local = syntax.free_name(member, scope);
            let taken = if local == *member { format!(", {member}") } else { format!(", {member}: {local}") };
            let edit = Edit::insert(syntax.file, last.span.end, taken);
            Some(Handle { call: format!("{local}()"), edit: Some(edit), names })
        }
        by => plain(release_of(syntax, by, call, name?)?),
    }
}

/// The release of what a call gave, by the name that it goes by.
pub(in crate::rewrite::typescript) fn release_of(
    syntax: &Syntax<'_, '_>,
    by: &By,
    call: NodeId,
    name: &str,
) -> Option<String> {
    match by {
        By::Method(method) | By::Member(method) => Some(format!("{name}.{method}()")),
        By::Itself => Some(format!("{name}()")),
        By::Function(function) => match syntax.kind(call) {
            AstKind::CallExpression(written) => match &written.callee {
                Expression::StaticMemberExpression(member) => {
                    Some(format!("{}.{function}({name})", syntax.slice(member.object.span())))
                }
                Expression::Identifier(callee) if syntax.semantic.is_reference_to_global_variable(callee) => {
                    Some(format!("{function}({name})"))
                }
                _ => None,
            },
            _ => None,
        },
    }
}

/// Whether a call does nothing but release what goes by the handle's names: `client.release()`, `cleanup()`,
/// `closeSync(file)`.
pub(super) fn is_plain_release(syntax: &Syntax<'_, '_>, call: NodeId, handle: &Handle) -> bool {
    let AstKind::CallExpression(call) = syntax.kind(call) else { return false };
    let is_it = |expression: &Expression<'_>| match expression {
        Expression::Identifier(identifier) => identifier
            .reference_id
            .get()
            .and_then(|reference| syntax.semantic.scoping().get_reference(reference).symbol_id())
            .is_some_and(|symbol| handle.names.contains(&symbol)),
        _ => false,
    };
    match (&call.callee, &call.arguments[..]) {
        (callee @ Expression::Identifier(_), []) => is_it(callee),
        (Expression::StaticMemberExpression(member), []) => is_it(&member.object),
        (_, [argument]) => {
            argument.as_expression().is_some_and(is_it) && handle.call.starts_with(syntax.slice(call.callee.span()))
        }
        _ => false,
    }
}
