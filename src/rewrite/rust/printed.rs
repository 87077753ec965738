//! New code in the style of its surroundings: printed, then indented.

use proc_macro2::TokenStream;
use quote::quote;

use crate::rewrite::layout::Layout;
use crate::source::Span;

/// The start of the line in which an item starts, or of the comments right above it.
pub(super) fn start_with_comments(layout: &Layout<'_>, item: u32) -> u32 {
    let mut start = layout.line_start(item);
    while start > 0 {
        let above = layout.line_start(start - 1);
        let line = layout.slice(Span::new(above, start)).trim();
        if above == start || !line.starts_with("//") || line.starts_with("//!") {
            break;
        }
        start = above;
    }
    start
}

/// Whether what is at the start of a line stands apart from what comes before it.
pub(super) fn is_apart(layout: &Layout<'_>, at: u32) -> bool {
    let start = layout.line_start(at);
    let before = layout.slice(Span::new(0, start)).trim_end_matches([' ', '\t']);
    let before = before.strip_suffix('\n').unwrap_or(before);
    let line = before.rsplit('\n').next().unwrap_or_default().trim();
    line.is_empty() || line.ends_with('{')
}

/// Items as they would be written, at some level of indentation.
pub(super) fn item(layout: &Layout<'_>, items: &TokenStream, indent: &str) -> Option<String> {
    let printed = prettyplease::unparse(&syn::parse2(items.clone()).ok()?);
    Some(indented(layout, &rejoined(&printed), indent, indent))
}

/// What is too long for a line because of what it is declared as begins on one of its own, as the formatter of the language
/// has it, before its only argument does.
fn rejoined(printed: &str) -> String {
    let lines: Vec<&str> = printed.lines().collect();
    let [before @ .., head, argument, ");"] = &lines[..] else { return printed.to_owned() };
    let Some((declared, call)) = head.split_once(" = ") else { return printed.to_owned() };
    let joined = format!("    {call}{});", argument.trim().trim_end_matches(','));
    if !call.ends_with('(') || joined.len() > WIDTH {
        return printed.to_owned();
    }
    let before: String = before.iter().map(|line| format!("{line}\n")).collect();
    format!("{before}{declared} =\n{joined}\n")
}

/// Lines that are longer are broken.
pub(super) const WIDTH: usize = 100;

/// The same for an expression, whose first line has a place already.
pub(super) fn expression(layout: &Layout<'_>, expression: &TokenStream, indent: &str) -> Option<String> {
    let printed = prettyplease::unparse(&syn::parse2(quote!(fn f() { #expression })).ok()?);
    let body = printed.strip_prefix("fn f() {\n")?.strip_suffix("}\n")?;
    let outdented: Vec<&str> = body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    Some(indented(layout, &outdented.join("\n"), indent, "").trim_end().to_owned())
}

/// What stands in the place of a span: in a chain that stands on lines of its own each link has one.
pub(super) fn linked(layout: &Layout<'_>, value: Span, replacement: String) -> String {
    let behind = layout.behind(value.end);
    let link = &behind[..behind.len() - behind.trim_start().len()];
    let is_chain = link.contains('\n') && behind.trim_start().starts_with('.') && !replacement.contains('\n');
    match replacement.strip_suffix(".clone()") {
        Some(kept) if is_chain => format!("{kept}{link}.clone()"),
        _ => replacement,
    }
}

/// Lines with four spaces a level become lines of the text's own manner.
fn indented(layout: &Layout<'_>, printed: &str, indent: &str, first: &str) -> String {
    let unit = layout.unit_beside(indent);
    // The language has a usual step: another has to be seen.
    let unit = if unit == "\t" || layout.is_stepped_by(unit) { unit } else { "    " };
    let mut out = String::new();
    for (at, line) in printed.lines().enumerate() {
        let content = line.trim_start_matches(' ');
        if !content.is_empty() {
            let level = (line.len() - content.len()) / 4;
            out.push_str(if at == 0 { first } else { indent });
            out.push_str(&unit.repeat(level));
            out.push_str(content);
        }
        out.push_str(layout.newline);
    }
    out
}
