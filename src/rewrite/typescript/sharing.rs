//! Using an instance that exists already instead of a new one.

use oxc_ast::ast::BindingPattern;
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::imports;
use super::syntax::{Syntax, name_of, ours};
use crate::rewrite::{Applicability, Edit, Fix, Reach, Shared};
use crate::source::Span;

/// The fix that uses a shared instance; `None` if more of the result is used than what is shared.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Shared) -> Option<Fix> {
    let call = syntax.call_at(remedy.acquisition.span)?;
    if remedy.reach == Reach::AsyncCall && syntax.around(call).is_some_and(|function| !function.is_async) {
        return None;
    }
    let Some(declared) = syntax.declared(call) else { return in_place(syntax, remedy, call) };
    let pattern = &declared.declarator.id;
    let symbol = match pattern {
        BindingPattern::BindingIdentifier(_) => {
            remedy.members.iter().any(String::is_empty).then(|| name_of(pattern))?
        }
        BindingPattern::ObjectPattern(object) => match (&object.properties[..], &object.rest) {
            ([property], None) => {
                let is_shared = |member: &String| property.key.is_specific_static_name(member);
                remedy.members.iter().any(is_shared).then(|| name_of(&property.value))?
            }
            _ => None,
        },
        _ => None,
    }?;
    if declared.declarator.type_annotation.is_some() {
        return None;
    }
    let scoping = syntax.semantic.scoping();
    let scope = scoping.symbol_scope_id(symbol);
    let (name, common) = match &remedy.import {
        Some(import) => imports::named(syntax, import, scope, symbol)?,
        None if syntax.is_hidden(&remedy.name, scope, Some(symbol)) => return None,
        None => (remedy.name.clone(), Vec::new()),
    };
    let local = scoping.symbol_name(symbol);
    // `const shared = shared()` would mean itself.
    if name == local && remedy.reach != Reach::Value {
        return None;
    }
    let value = match remedy.reach {
        Reach::Value => name.clone(),
        Reach::Call => format!("{name}()"),
        Reach::AsyncCall => format!("await {name}()"),
    };
    let edit = if value == local {
        // The name means the shared instance once it means nothing else.
        Edit::delete(syntax.file, syntax.layout.removal(ours(declared.declaration.span)))
    } else {
        let span = Span::new(pattern.span().start, declared.declarator.span.end);
        Edit::replace(syntax.file, span, format!("{local} = {value}"))
    };
    let applicability = if remedy.is_alike { Applicability::Safe } else { Applicability::Unsafe };
    Some(Fix {
        title: format!("use `{name}`, which the project shares"),
        applicability,
        edits: vec![edit],
        common,
        tidying: Vec::new(),
    })
}

/// The call stands in the middle of something: only it is replaced.
fn in_place(syntax: &Syntax<'_, '_>, remedy: &Shared, call: NodeId) -> Option<Fix> {
    let is_whole = remedy.members.iter().any(String::is_empty);
    if !is_whole || remedy.reach == Reach::AsyncCall || remedy.import.is_some() {
        return None;
    }
    let scope = syntax.semantic.nodes().get_node(call).scope_id();
    if syntax.is_hidden(&remedy.name, scope, None) {
        return None;
    }
    let value = if remedy.reach == Reach::Call { format!("{}()", remedy.name) } else { remedy.name.clone() };
    Some(Fix {
        title: format!("use `{}`, which the project shares", remedy.name),
        applicability: if remedy.is_alike { Applicability::Safe } else { Applicability::Unsafe },
        edits: vec![Edit::replace(syntax.file, remedy.acquisition.span, value)],
        common: Vec::new(),
        tidying: Vec::new(),
    })
}
