//! Proposals for resources that depend on arguments: one per set of arguments, in a cache with a limit.

use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;
use oxc_syntax::symbol::SymbolId;

use super::syntax::{Syntax, ours};
use crate::rewrite::{Applicability, Edit, Fix, Hoist};

/// A function that keeps one for each set of arguments; whether such a thing is right, or it should be passed in, is for
/// the reader to say.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Hoist) -> Option<Fix> {
    let call = syntax.call_at(remedy.creation.span)?;
    let names = depends_on(syntax, call)?;
    let top = syntax.top(call)?;
    let word = remedy.word;
    let root = syntax.semantic.scoping().root_scope_id();
    let (kept, get) = (syntax.free_name(&format!("{word}s"), root), syntax.free_name(&format!("{word}For"), root));
    let class = match syntax.kind(call) {
        AstKind::NewExpression(new) if syntax.is_typed => match &new.callee {
            Expression::Identifier(class) => format!("<string, {}>", class.name),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let list = |write: &dyn Fn(&SymbolId) -> String| names.iter().map(write).collect::<Vec<_>>().join(", ");
    let arguments = list(&|name| syntax.semantic.scoping().symbol_name(*name).to_owned());
    let parameters = list(&|name| parameter(syntax, *name));
    let said = names.iter().map(|name| format!("`{}`", syntax.semantic.scoping().symbol_name(*name)));
    let said = said.collect::<Vec<_>>().join(" and ");
    let made = syntax.slice(syntax.kind(call).span());
    let end = remedy.release.as_ref().map(|method| format!("void ended.{method}(){}", syntax.semicolon()));
    let (layout, semi) = (&syntax.layout, syntax.semicolon());
    let lines = [
        format!("const {kept} = new Map{class}(){semi}"),
        String::new(),
        format!("/** One for each {said}; when there are too many, the oldest goes. */"),
        format!("function {get}({parameters}) {{"),
        format!("{}const key = JSON.stringify([{arguments}]){semi}", layout.unit),
        format!("{}let {word} = {kept}.get(key){semi}", layout.unit),
        format!("{}if (!{word}) {{", layout.unit),
        format!("{0}{0}{word} = {made}{semi}", layout.unit),
        format!("{0}{0}{kept}.set(key, {word}){semi}", layout.unit),
        format!("{0}{0}if ({kept}.size > 16) {{", layout.unit),
        format!("{0}{0}{0}const [[oldest, ended]] = {kept}{semi}", layout.unit),
        format!("{0}{0}{0}{kept}.delete(oldest){semi}", layout.unit),
        end.map_or_else(String::new, |end| format!("{0}{0}{0}{end}", layout.unit)),
        format!("{0}{0}}}", layout.unit),
        format!("{}}}", layout.unit),
        format!("{}return {word}{semi}", layout.unit),
        "}".to_owned(),
        String::new(),
    ];
    let text: String = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| !line.is_empty() || *at == 1 || *at == lines.len() - 1)
        .map(|(_, line)| format!("{line}{}", layout.newline))
        .collect();
    Some(Fix {
        title: format!("keep one {word} for each {said}, and not too many of them; or have it passed in"),
        applicability: Applicability::DisplayOnly,
        edits: vec![
            Edit::insert(syntax.file, syntax.start_with_comments(top), text),
            Edit::replace(syntax.file, remedy.creation.span, format!("{get}({arguments})")),
        ],
        common: Vec::new(),
        tidying: Vec::new(),
    })
}

/// The parameters of the functions around it that a call is made of, in the order in which it says them; `None` where it
/// is made of something else as well that is not there for all.
fn depends_on(syntax: &Syntax<'_, '_>, call: NodeId) -> Option<Vec<SymbolId>> {
    let scoping = syntax.semantic.scoping();
    let span = ours(syntax.kind(call).span());
    let mut names = Vec::new();
    for node in syntax.semantic.nodes().iter().filter(|node| span.contains(ours(node.span()))) {
        match node.kind() {
            AstKind::ThisExpression(_)
            | AstKind::AwaitExpression(_)
            | AstKind::YieldExpression(_)
            | AstKind::Super(_) => {
                return None;
            }
            AstKind::IdentifierReference(identifier) => {
                let symbol = identifier.reference_id.get().and_then(|it| scoping.get_reference(it).symbol_id());
                let Some(symbol) = symbol else { continue };
                let is_inner = span.contains(ours(scoping.symbol_span(symbol)));
                if is_inner || scoping.symbol_scope_id(symbol) == scoping.root_scope_id() || names.contains(&symbol) {
                    continue;
                }
                names.push(symbol);
            }
            _ => {}
        }
    }
    (!names.is_empty()).then_some(names)
}

/// A name as a parameter, with its type where that is written.
fn parameter(syntax: &Syntax<'_, '_>, symbol: SymbolId) -> String {
    let name = syntax.semantic.scoping().symbol_name(symbol).to_owned();
    let declared = syntax.semantic.symbol_declaration(symbol);
    let annotation = match declared.kind() {
        AstKind::FormalParameter(parameter)
            if matches!(&parameter.pattern, oxc_ast::ast::BindingPattern::BindingIdentifier(_)) =>
        {
            parameter.type_annotation.as_ref().map(|it| it.span)
        }
        AstKind::VariableDeclarator(declarator) => declarator.type_annotation.as_ref().map(|it| it.span),
        _ => None,
    };
    annotation.map_or(name.clone(), |span| format!("{name}{}", syntax.slice(span)))
}
