//! Replacing one connection for all by a pool: the same options, another constructor, and no call that opens it.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, Expression, ImportDeclarationSpecifier, Statement};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;
use oxc_syntax::symbol::SymbolId;

use super::hygiene;
use super::syntax::{Syntax, name_of, ours};
use crate::rewrite::{Applicability, Edit, Fix, Listen, Pooled};
use crate::source::Span;

/// The fix for a connection that a variable of the module keeps; `None` if it is used for something that a pool cannot
/// do.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Pooled) -> Option<Fix> {
    let call = syntax.call_at(remedy.creation.span)?;
    let declared = syntax.declared(call)?;
    let symbol = name_of(&declared.declarator.id)?;
    let is_private = declared.declarator.type_annotation.is_none()
        && syntax.statements(declared.list).is_some()
        && !syntax.semantic.scoping().symbol_is_mutated(symbol);
    if !is_private {
        return None;
    }
    let mut edits = vec![];
    let mut listens = false;
    for mention in syntax.mentions(symbol) {
        match used(syntax, mention, remedy)? {
            Use::Opened(statement) => edits.push(statement),
            Use::Listened => listens = true,
            Use::Same => {}
        }
    }
    let removals = syntax.layout.removals(&edits).into_iter().map(|span| Edit::delete(syntax.file, span));
    let mut edits: Vec<Edit> = removals.collect();
    let (maker, common) = maker(syntax, call, &remedy.maker)?;
    edits.push(maker);
    if !remedy.limits.options.is_empty() {
        edits.extend(hygiene::limit(syntax, &remedy.limits)?.edits);
    }
    for event in remedy.events.iter().filter(|_| !listens) {
        let listen = Listen { creation: remedy.creation, event: event.clone() };
        edits.extend(hygiene::listen(syntax, &listen)?.edits);
    }
    // A pool is made at once, and opens connections as they are needed.
    if let AstKind::AwaitExpression(wait) = syntax.kind(syntax.parent(call)) {
        edits.push(Edit::delete(syntax.file, Span::new(wait.span.start, syntax.kind(call).span().start)));
    }
    edits.sort();
    Some(Fix {
        title: format!("make a pool of it: `{}` takes the same options", remedy.maker),
        applicability: Applicability::Unsafe,
        edits,
        common,
        tidying: Vec::new(),
    })
}

/// A use of the connection.
enum Use {
    /// The statement does nothing but open it.
    Opened(Span),
    /// It handles errors of the connection.
    Listened,
    /// A pool can do it as well.
    Same,
}

/// `None` for a use that needs one connection: statements that depend on one another, and passing it to unknown code.
fn used(syntax: &Syntax<'_, '_>, mention: NodeId, remedy: &Pooled) -> Option<Use> {
    let parent = syntax.parent(mention);
    match syntax.kind(parent) {
        AstKind::StaticMemberExpression(member) => {
            let AstKind::CallExpression(call) = syntax.kind(syntax.parent(parent)) else { return None };
            if call.callee.span() != member.span {
                return None;
            }
            let method = member.property.name.as_str();
            if remedy.opens.iter().any(|open| open == method) && call.arguments.is_empty() {
                let statement = syntax.own_statement(syntax.parent(parent))?;
                return Some(Use::Opened(ours(syntax.kind(statement).span())));
            }
            let first = call.arguments.first();
            if let Some(Argument::StringLiteral(event)) = first
                && method == "on"
                && event.value == "error"
            {
                return Some(Use::Listened);
            }
            let is_alike = remedy.calls.iter().any(|alike| alike == method)
                && !first.is_some_and(|first| is_of_session(syntax.slice(first.span())));
            is_alike.then_some(Use::Same)
        }
        // `drizzle(client)`, `drizzle({ client })`: what queries by way of it.
        AstKind::CallExpression(call) if call.callee.span() != syntax.kind(mention).span() => Some(Use::Same),
        AstKind::ObjectProperty(_) => {
            let object = syntax.parent(parent);
            matches!(syntax.kind(syntax.parent(object)), AstKind::CallExpression(_)).then_some(Use::Same)
        }
        _ => None,
    }
}

/// Whether an SQL statement affects its connection, and the statements that follow on it.
pub(super) fn is_of_session(written: &str) -> bool {
    const WORDS: &[&str] = &[
        "begin",
        "start",
        "commit",
        "rollback",
        "savepoint",
        "listen",
        "unlisten",
        "set",
        "lock",
        "use",
        "prepare",
        "declare",
        "create temp",
    ];
    let statement = written.trim_start_matches(['"', '\'', '`']).trim_start().to_lowercase();
    // `pg_advisory_lock(1)`, `get_lock('name')`: held by the connection.
    WORDS.iter().any(|word| statement.starts_with(word)) || statement.contains("_lock(")
}

/// The constructor of the pool at its place, and the import that it needs.
fn maker(syntax: &Syntax<'_, '_>, call: NodeId, wanted: &str) -> Option<(Edit, Vec<Edit>)> {
    let callee = match syntax.kind(call) {
        AstKind::CallExpression(it) => &it.callee,
        AstKind::NewExpression(it) if it.type_arguments.is_none() => &it.callee,
        _ => return None,
    };
    match callee {
        Expression::StaticMemberExpression(member) => {
            Some((Edit::replace(syntax.file, ours(member.property.span), wanted), Vec::new()))
        }
        Expression::Identifier(identifier) => {
            let symbol = identifier
                .reference_id
                .get()
                .and_then(|reference| syntax.semantic.scoping().get_reference(reference).symbol_id())?;
            let (name, common) = beside(syntax, symbol, wanted)?;
            Some((Edit::replace(syntax.file, ours(identifier.span), name), common))
        }
        _ => None,
    }
}

/// The local name of another export of the same package, and the edit that imports it.
fn beside(syntax: &Syntax<'_, '_>, imported: SymbolId, wanted: &str) -> Option<(String, Vec<Edit>)> {
    syntax.semantic.nodes().program().body.iter().find_map(|statement| {
        let Statement::ImportDeclaration(import) = statement else { return None };
        let specifiers = import.specifiers.as_ref().filter(|_| import.import_kind.is_value())?;
        if !specifiers.iter().any(|it| it.local().symbol_id.get() == Some(imported)) {
            return None;
        }
        let mut named = specifiers.iter().filter_map(|it| match it {
            ImportDeclarationSpecifier::ImportSpecifier(it) if it.import_kind.is_value() => Some(it),
            _ => None,
        });
        if let Some(known) = named.clone().find(|it| it.imported.name() == wanted) {
            return Some((known.local.name.to_string(), Vec::new()));
        }
        let local = syntax.free_name(wanted, syntax.semantic.scoping().root_scope_id());
        let clause = if local == wanted { local.clone() } else { format!("{wanted} as {local}") };
        let old = named.clone().find(|it| it.local.symbol_id.get() == Some(imported));
        let edit = match old.filter(|_| syntax.mentions(imported).count() == 1) {
            Some(old) => Edit::replace(syntax.file, ours(old.span), clause),
            None => Edit::insert(syntax.file, named.next_back()?.span.end, format!(", {clause}")),
        };
        Some((local, vec![edit]))
    })
}
