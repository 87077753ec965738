//! Manners of writing: what brings a text into another one, its program unchanged.

use std::path::Path;

use leaklint::source::Language;
use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::{GetSpan as _, SourceType};

/// A name, and what brings a file's text into the manner.
pub(crate) type Manner = (&'static str, fn(&Path, &str) -> String);

pub(crate) const MANNERS: [Manner; 8] = [
    ("with carriage returns", |_, text| text.replace('\n', "\r\n")),
    ("with a byte-order mark", |_, text| format!("\u{feff}{text}")),
    ("with tabs", |_, text| indented(text, |level| "\t".repeat(level))),
    ("with two spaces", |_, text| indented(text, |level| "  ".repeat(level))),
    ("with four spaces", |_, text| indented(text, |level| "    ".repeat(level))),
    ("with the other quotes", requoted),
    ("without semicolons", without_semicolons),
    ("with all of it", |path, text| {
        let text = without_semicolons(path, &requoted(path, text));
        format!("\u{feff}{}", indented(&text, |level| "\t".repeat(level)).replace('\n', "\r\n"))
    }),
];

/// Indented in another manner, as far as it was by twos or fours; a space before a `*` belongs to the comment.
fn indented(text: &str, unit: fn(usize) -> String) -> String {
    let width = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let widths = || text.lines().map(width).filter(|width| *width > 1);
    let step = if widths().all(|width| width % 4 == 0) { 4 } else { 2 };
    let line = |line: &str| format!("{}{}", unit(width(line) / step), &line[width(line) / step * step..]);
    text.split_inclusive('\n').map(line).collect()
}

/// Strings in double quotes that were in single ones, and the other way round.
fn requoted(path: &Path, text: &str) -> String {
    let turned = |literal: &str| {
        let inner = &literal[1..literal.len() - 1];
        let quote = if literal.starts_with('"') { '\'' } else { '"' };
        let is_plain = !inner.contains(['"', '\'', '\\']);
        is_plain.then(|| format!("{quote}{inner}{quote}"))
    };
    edited(path, text, |kind, _| match kind {
        AstKind::StringLiteral(literal) => turned(&text[literal.span.start as usize..literal.span.end as usize])
            .map(|turned| (literal.span.start, literal.span.end, turned)),
        _ => None,
    })
}

/// No semicolons at the ends of lines, but where the next line would go on.
fn without_semicolons(path: &Path, text: &str) -> String {
    edited(path, text, |kind, parent| {
        let is_simple = matches!(
            kind,
            AstKind::ExpressionStatement(_)
                | AstKind::VariableDeclaration(_)
                | AstKind::ReturnStatement(_)
                | AstKind::ThrowStatement(_)
                | AstKind::ImportDeclaration(_)
                | AstKind::ExportDeclaration(_)
                | AstKind::PropertyDefinition(_)
        );
        let is_head = matches!(parent, AstKind::ForStatement(_)) || matches!(parent, AstKind::ExportDeclaration(_));
        let end = kind.span().end;
        let rest = &text[end as usize..];
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        let ends_line = line.trim().is_empty() || line.trim().starts_with("//");
        let next = below.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//"));
        let goes_on =
            next.is_some_and(|next| next.starts_with(['(', '[', '`', '+', '-', '/']) && !next.starts_with("/*"));
        let is_gone = is_simple && !is_head && ends_line && !goes_on && text[..end as usize].ends_with(';');
        is_gone.then(|| (end - 1, end, String::new()))
    })
}

/// A comment above every statement that starts a line, with a number of its own; what a test takes out again.
pub(crate) fn commented(path: &Path, text: &str) -> String {
    let mut number = 0;
    let mut lines = std::collections::BTreeSet::new();
    edited(path, text, |kind, parent| {
        let start = kind.span().start as usize;
        let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = &text[line..start];
        let is_listed = matches!(
            parent,
            AstKind::Program(_) | AstKind::FunctionBody(_) | AstKind::BlockStatement(_) | AstKind::StaticBlock(_)
        );
        let starts_line = is_listed && indent.trim().is_empty() && kind.is_statement() && lines.insert(line);
        starts_line.then(|| {
            number += 1;
            let at = u32::try_from(line).unwrap();
            (at, at, format!("{indent}{COMMENT} {number}.\n"))
        })
    })
}

/// How the comments of [`commented`] begin.
pub(crate) const COMMENT: &str = "// comment";

/// A text with what `edit` says of its nodes, given their parents; texts of other languages stay.
fn edited(
    path: &Path,
    text: &str,
    mut edit: impl FnMut(AstKind<'_>, AstKind<'_>) -> Option<(u32, u32, String)>,
) -> String {
    let is_script =
        matches!(Language::of_path(path), Some(Language::TypeScript | Language::Tsx | Language::JavaScript));
    if !is_script {
        return text.to_owned();
    }
    let allocator = Allocator::new();
    let source_type = SourceType::from_path(path).unwrap();
    let parsed = Parser::new(&allocator, text, source_type).parse();
    assert!(parsed.diagnostics.is_empty(), "{}", path.display());
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&parsed.program).semantic;
    let nodes = semantic.nodes();
    let mut edits: Vec<_> = nodes.iter().filter_map(|node| edit(node.kind(), nodes.parent_kind(node.id()))).collect();
    edits.sort();
    edits.dedup();
    let mut out = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        out.replace_range(start as usize..end as usize, &new);
    }
    out
}
