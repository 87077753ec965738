//! Removing imports that a rewrite leaves unused.

use oxc_ast::ast::{ImportDeclaration, ImportDeclarationSpecifier, Statement};
use oxc_span::GetSpan as _;
use oxc_syntax::scope::ScopeId;
use oxc_syntax::symbol::SymbolId;

use super::manner::capitalised;
use super::specifier::specifier;
use super::syntax::{Syntax, ours};
use crate::rewrite::{Edit, Import};
use crate::source::Span;

/// How a file may call what another exports where it says `scope`, and what it has to import for that. What `gives_way`
/// is called is free there.
pub(super) fn named(
    syntax: &Syntax<'_, '_>,
    import: &Import,
    scope: ScopeId,
    gives_way: SymbolId,
) -> Option<(String, Vec<Edit>)> {
    let body = &syntax.semantic.nodes().program().body;
    let imports = || {
        body.iter().filter_map(|statement| match statement {
            Statement::ImportDeclaration(import) if import.import_kind.is_value() => Some(&**import),
            _ => None,
        })
    };
    let from = |specifiers: &[String]| {
        imports().find(|import| specifiers.iter().any(|specifier| specifier == import.source.value.as_str()))
    };
    let present = from(&import.present);
    if let Some(specifiers) = present.and_then(|present| present.specifiers.as_ref()) {
        let known = specifiers.iter().find_map(|specifier| match specifier {
            ImportDeclarationSpecifier::ImportSpecifier(it) if it.imported.name() == import.name => Some(&it.local),
            _ => None,
        });
        if let Some(local) = known {
            let is_hidden = syntax.is_hidden(&local.name, scope, Some(gives_way));
            return (!is_hidden).then(|| (local.name.to_string(), Vec::new()));
        }
    }
    let local = syntax.free_import(&import.name, scope, gives_way);
    let clause = if local == import.name { local.clone() } else { format!("{} as {local}", import.name) };
    let beside = present.and_then(|present| added(syntax, &named_by(present), &import.name, &clause));
    if let Some(edit) = beside {
        return Some((local, vec![edit]));
    }
    let specifier = match import.present.first() {
        Some(present) => present.clone(),
        None => specifier(&import.from, &import.to, &import.like)?,
    };
    // Beside what it comes in the place of, else before all others; a file without imports is no module to add to.
    let likeliest: Vec<String> = import.like.iter().take(1).map(|(written, _)| written.clone()).collect();
    let beside = from(&likeliest).or_else(|| imports().next())?;
    let text = syntax.slice(beside.span);
    let quote = &syntax.slice(beside.source.span)[..1];
    let semicolon = if text.ends_with(';') { ";" } else { "" };
    let newline = syntax.layout.newline;
    let text = format!("import {{ {clause} }} from {quote}{specifier}{quote}{semicolon}{newline}");
    Some((local, vec![Edit::insert(syntax.file, beside.span.start, text)]))
}

/// How a file may call what a package that it imports from exports, where it says `scope`.
pub(super) fn of_module(
    syntax: &Syntax<'_, '_>,
    name: &str,
    module: &str,
    scope: ScopeId,
) -> Option<(String, Vec<Edit>)> {
    let import = syntax.semantic.nodes().program().body.iter().find_map(|statement| match statement {
        Statement::ImportDeclaration(import) if import.import_kind.is_value() && import.source.value == module => {
            Some(import)
        }
        _ => None,
    })?;
    let specifiers = import.specifiers.as_ref()?;
    let named = || {
        specifiers.iter().filter_map(|it| match it {
            ImportDeclarationSpecifier::ImportSpecifier(it) if it.import_kind.is_value() => Some(it),
            _ => None,
        })
    };
    if let Some(known) = named().find(|it| it.imported.name() == name) {
        let local = known.local.name.to_string();
        return (!syntax.is_hidden(&local, scope, None)).then_some((local, Vec::new()));
    }
    let local = syntax.free_name(name, syntax.semantic.scoping().root_scope_id());
    let clause = if local == name { local.clone() } else { format!("{name} as {local}") };
    Some((local, vec![added(syntax, &named_by(import), name, &clause)?]))
}

/// How a file may call what a package exports, or is itself, whether it imports from it or not.
pub(super) fn of_package(syntax: &Syntax<'_, '_>, name: Option<&str>, module: &str) -> Option<(String, Vec<Edit>)> {
    let root = syntax.semantic.scoping().root_scope_id();
    if let Some(known) = name.and_then(|name| of_module(syntax, name, module, root)) {
        return Some(known);
    }
    let plain: String = module.split(|c: char| !c.is_alphanumeric()).map(capitalised).collect();
    let local = syntax.free_name(name.unwrap_or(&plain), root);
    let clause = match name {
        Some(name) if name == local => format!("{{ {local} }}"),
        Some(name) => format!("{{ {name} as {local} }}"),
        None => local.clone(),
    };
    let first = syntax.semantic.nodes().program().body.first()?;
    let (quote, semicolon, newline) = (syntax.quote(), syntax.semicolon(), syntax.layout.newline);
    let text = format!("import {clause} from {quote}{module}{quote}{semicolon}{newline}");
    matches!(first, Statement::ImportDeclaration(_))
        .then(|| (local, vec![Edit::insert(syntax.file, first.span().start, text)]))
}

/// The edit that adds a name to those of an import: in its place where they are in order, else behind the last.
fn added(syntax: &Syntax<'_, '_>, names: &[(String, Span)], name: &str, clause: &str) -> Option<Edit> {
    let key = |name: &str| name.to_lowercase();
    let is_sorted = names.len() > 1 && names.is_sorted_by(|(one, _), (other, _)| key(one) <= key(other));
    match names.iter().find(|(other, _)| is_sorted && key(other) > key(name)) {
        Some((_, span)) => Some(Edit::insert(syntax.file, span.start, format!("{clause}, "))),
        None => names.last().map(|(_, span)| Edit::insert(syntax.file, span.end, format!(", {clause}"))),
    }
}

/// The names that an import has in braces, as the package calls them.
fn named_by(import: &ImportDeclaration<'_>) -> Vec<(String, Span)> {
    let named = import.specifiers.iter().flatten().filter_map(|it| match it {
        ImportDeclarationSpecifier::ImportSpecifier(it) => Some((it.imported.name().to_string(), ours(it.span))),
        _ => None,
    });
    named.collect()
}

/// The same for an interface: as a type, where the import says so of its other types.
pub(super) fn interface(syntax: &Syntax<'_, '_>, name: &str, module: &str) -> Option<(String, Vec<Edit>)> {
    let imports = || {
        syntax.semantic.nodes().program().body.iter().filter_map(|statement| match statement {
            Statement::ImportDeclaration(import) if import.source.value == module => Some(&**import),
            _ => None,
        })
    };
    let named = |import: &'_ ImportDeclaration<'_>| -> Vec<(String, String, bool)> {
        let specifiers = import.specifiers.iter().flatten();
        let named = specifiers.filter_map(|it| match it {
            ImportDeclarationSpecifier::ImportSpecifier(it) => {
                let local = it.local.name.to_string();
                Some((it.imported.name().to_string(), local, it.import_kind.is_type()))
            }
            _ => None,
        });
        named.collect()
    };
    if let Some((_, local, ..)) = imports().flat_map(named).find(|(imported, ..)| imported == name) {
        return Some((local, Vec::new()));
    }
    let local = syntax.free_name(name, syntax.semantic.scoping().root_scope_id());
    let clause = if local == name { local.clone() } else { format!("{name} as {local}") };
    let import = imports().find(|import| !named(import).is_empty())?;
    let says_type = named(import).iter().any(|(.., is_type)| *is_type);
    let clause = if says_type { format!("type {clause}") } else { clause };
    Some((local, vec![added(syntax, &named_by(import), name, &clause)?]))
}

/// The removals of imported names that nothing mentions any more once `edits` are made, and something did before.
pub(super) fn unused(syntax: &Syntax<'_, '_>, edits: &[&Edit]) -> Vec<Edit> {
    let mut removals = Vec::new();
    for statement in &syntax.semantic.nodes().program().body {
        let Statement::ImportDeclaration(import) = statement else { continue };
        let Some(specifiers) = &import.specifiers else { continue };
        let gone: Vec<bool> =
            specifiers.iter().map(|it| symbol(it).is_some_and(|symbol| is_orphaned(syntax, symbol, edits))).collect();
        if gone.iter().all(|gone| !gone) {
            continue;
        }
        // Where one name comes in the place of another, the import stays.
        let inside = Span::new(import.span.start + 1, import.span.end);
        let changes = edits.iter().filter(|edit| inside.contains(edit.span));
        if changes.clone().next().is_some() {
            let is_free = |removal: &Edit| changes.clone().all(|change| !change.conflicts(removal));
            removals.extend(specifier_removals(syntax, import, &gone).into_iter().filter(is_free));
        } else if gone.iter().all(|gone| *gone) {
            removals.push(Edit::delete(syntax.file, syntax.layout.removal(ours(import.span))));
        } else {
            removals.extend(specifier_removals(syntax, import, &gone));
        }
    }
    removals
}

fn symbol(specifier: &ImportDeclarationSpecifier<'_>) -> Option<SymbolId> {
    specifier.local().symbol_id.get()
}

/// Whether every mention of a name lies in what is replaced, and no replacement names it.
fn is_orphaned(syntax: &Syntax<'_, '_>, symbol: SymbolId, edits: &[&Edit]) -> bool {
    let name = syntax.semantic.scoping().symbol_name(symbol);
    let mut mentions = syntax.mentions(symbol).peekable();
    mentions.peek().is_some()
        && mentions.all(|node| {
            let span = ours(syntax.kind(node).span());
            edits.iter().any(|edit| edit.span.contains(span))
        })
        && !edits.iter().any(|edit| names(&edit.text, name))
}

/// Whether a text has `name` as a word.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

/// Some of the names in braces go: each with the comma behind it, or before it for the last. A default or namespace
/// beside names that stay is left alone: what is right there depends on too much.
fn specifier_removals(syntax: &Syntax<'_, '_>, import: &ImportDeclaration<'_>, gone: &[bool]) -> Vec<Edit> {
    let Some(specifiers) = &import.specifiers else { return Vec::new() };
    let mut removals: Vec<Span> = Vec::new();
    for (at, specifier) in specifiers.iter().enumerate().filter(|(at, _)| gone[*at]) {
        if !matches!(specifier, ImportDeclarationSpecifier::ImportSpecifier(_)) {
            continue;
        }
        let span = ours(specifier.span());
        let removal = match specifiers.get(at + 1) {
            Some(next) => Span::new(span.start, next.span().start),
            None => {
                let before = specifiers[..at].iter().zip(gone).rev().find(|(_, gone)| !**gone).map(|(it, _)| it);
                match before {
                    Some(before @ ImportDeclarationSpecifier::ImportSpecifier(_)) => {
                        Span::new(before.span().end, span.end)
                    }
                    // `import name, { gone } from …`
                    Some(before) => match syntax.slice(import.span).find('}') {
                        Some(brace) => {
                            Span::new(before.span().end, import.span.start + super::super::layout::offset(brace) + 1)
                        }
                        None => continue,
                    },
                    None => continue,
                }
            }
        };
        match removals.last_mut() {
            Some(last) if last.end >= removal.start => last.end = removal.end.max(last.end),
            _ => removals.push(removal),
        }
    }
    removals.sort();
    let mut merged: Vec<Span> = Vec::new();
    for removal in removals {
        match merged.last_mut() {
            Some(last) if last.end >= removal.start => last.end = last.end.max(removal.end),
            _ => merged.push(removal),
        }
    }
    merged.into_iter().map(|span| Edit::delete(syntax.file, span)).collect()
}
