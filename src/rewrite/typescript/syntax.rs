//! The syntax around a span: what a rewrite needs and the intermediate form does not keep.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Statement, VariableDeclaration, VariableDeclarator};
use oxc_semantic::{NodeId, Semantic};
use oxc_span::GetSpan as _;
use oxc_syntax::scope::ScopeId;
use oxc_syntax::symbol::SymbolId;

use crate::languages::script;
use crate::languages::typescript::with_tree;
use crate::rewrite::layout::Layout;
use crate::source::{FileId, SourceFile, Span};

/// One file, parsed again.
pub(super) struct Syntax<'a, 's> {
    pub(super) file: FileId,
    pub(super) text: &'s str,
    pub(super) layout: Layout<'s>,
    pub(super) semantic: &'s Semantic<'a>,
    /// Whether types may be written.
    pub(super) is_typed: bool,
}

/// A declaration that a call's result goes into: `const x = await call();`.
pub(super) struct Declared<'a> {
    pub(super) declaration: &'a VariableDeclaration<'a>,
    pub(super) declarator: &'a VariableDeclarator<'a>,
    /// The node of the declaration's parent, which has the list it stands in.
    pub(super) list: NodeId,
}

/// The function around something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) node: NodeId,
    pub(super) is_async: bool,
    pub(super) is_generator: bool,
}

/// Parses `source` for as long as `look` runs.
pub(super) fn read<R>(file: FileId, source: &SourceFile, look: impl FnOnce(&Syntax<'_, '_>) -> Option<R>) -> Option<R> {
    let script = script(&source.text, source.language);
    with_tree(&script.text, source.language, |semantic| {
        look(&Syntax {
            file,
            text: &source.text,
            layout: Layout::of(&source.text),
            semantic,
            is_typed: script.is_typed,
        })
    })
    .flatten()
}

pub(super) fn ours(span: oxc_span::Span) -> Span {
    Span::new(span.start, span.end.max(span.start))
}

impl<'a> Syntax<'a, '_> {
    pub(super) fn kind(&self, node: NodeId) -> AstKind<'a> {
        self.semantic.nodes().kind(node)
    }

    pub(super) fn parent(&self, node: NodeId) -> NodeId {
        self.semantic.nodes().parent_id(node)
    }

    pub(super) fn slice(&self, span: oxc_span::Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The call, construction or tagged template at exactly this span.
    pub(super) fn call_at(&self, span: Span) -> Option<NodeId> {
        self.semantic
            .nodes()
            .iter()
            .find(|node| {
                ours(node.span()) == span
                    && matches!(
                        node.kind(),
                        AstKind::CallExpression(_) | AstKind::NewExpression(_) | AstKind::TaggedTemplateExpression(_)
                    )
            })
            .map(|node| node.id())
    }

    /// The outermost expression with the same value as `node`: `await`, parentheses and type assertions around it. Also
    /// says whether one of them awaits.
    pub(super) fn same_value(&self, mut node: NodeId) -> (NodeId, bool) {
        let mut is_awaited = false;
        loop {
            let parent = self.parent(node);
            match self.kind(parent) {
                AstKind::AwaitExpression(_) => is_awaited = true,
                AstKind::ParenthesizedExpression(_)
                | AstKind::TSAsExpression(_)
                | AstKind::TSSatisfiesExpression(_)
                | AstKind::TSNonNullExpression(_)
                | AstKind::ChainExpression(_) => {}
                _ => return (node, is_awaited),
            }
            node = parent;
        }
    }

    /// The declaration of the call at `span`, if it declares nothing else.
    pub(super) fn declared(&self, call: NodeId) -> Option<Declared<'a>> {
        let value = self.same_value(call).0;
        let at = self.parent(value);
        let AstKind::VariableDeclarator(declarator) = self.kind(at) else { return None };
        let statement = self.parent(at);
        let AstKind::VariableDeclaration(declaration) = self.kind(statement) else { return None };
        let list = self.parent(statement);
        let is_alone = declaration.declarations.len() == 1 && !declaration.kind.is_using();
        (is_alone && self.statements(list).is_some()).then_some(Declared { declaration, declarator, list })
    }

    /// The statements that stand directly in `node`, where it is a block; those of a `case` have no scope of their own.
    pub(super) fn statements(&self, node: NodeId) -> Option<&'a [Statement<'a>]> {
        match self.kind(node) {
            AstKind::Program(program) => Some(&program.body),
            AstKind::FunctionBody(body) => Some(&body.statements),
            AstKind::BlockStatement(block) => Some(&block.body),
            AstKind::StaticBlock(block) => Some(&block.body),
            _ => None,
        }
    }

    /// The statement of the module itself that `node` stands in.
    pub(super) fn top(&self, node: NodeId) -> Option<NodeId> {
        let mut at = node;
        loop {
            let parent = self.parent(at);
            if matches!(self.kind(parent), AstKind::Program(_)) {
                return Some(at);
            }
            if parent == at {
                return None;
            }
            at = parent;
        }
    }

    /// The start of the line in which a statement starts, or the comments that belong to it: those right above it.
    pub(super) fn start_with_comments(&self, statement: NodeId) -> u32 {
        let mut start = self.layout.line_start(self.kind(statement).span().start);
        loop {
            let above = self.semantic.comments().iter().rev().find(|comment| {
                comment.span.end <= start
                    && self.layout.next_line(comment.span.end) == start
                    && self.layout.starts_line(comment.span.start)
            });
            match above {
                Some(comment) => start = self.layout.line_start(comment.span.start),
                None => return start,
            }
        }
    }

    /// Where a list of statements ends: before its closing brace.
    pub(super) fn close(&self, list: NodeId) -> u32 {
        match self.kind(list) {
            AstKind::Program(program) => program.span.end,
            kind => kind.span().end - 1,
        }
    }

    /// The function around `node`.
    pub(super) fn around(&self, node: NodeId) -> Option<Around> {
        self.semantic.nodes().ancestors_enumerated(node).find_map(|(id, ancestor)| match ancestor.kind() {
            AstKind::Function(function) => {
                Some(Around { node: id, is_async: function.r#async, is_generator: function.generator })
            }
            AstKind::ArrowFunctionExpression(arrow) => {
                Some(Around { node: id, is_async: arrow.r#async, is_generator: false })
            }
            _ => None,
        })
    }

    /// The expression statement that consists of `node`, awaited or not, if it is in a list of statements.
    pub(super) fn own_statement(&self, node: NodeId) -> Option<NodeId> {
        let mut at = self.same_value(node).0;
        while let AstKind::UnaryExpression(unary) = self.kind(self.parent(at)) {
            if !unary.operator.is_void() {
                return None;
            }
            at = self.parent(at);
        }
        let statement = self.parent(at);
        let is_statement = matches!(self.kind(statement), AstKind::ExpressionStatement(_));
        (is_statement && self.statements(self.parent(statement)).is_some()).then_some(statement)
    }

    /// The expression statement that `node` stands in, whatever else that does.
    pub(super) fn own_statement_around(&self, node: NodeId) -> Option<NodeId> {
        let mut ancestors = self.semantic.nodes().ancestors_enumerated(node);
        ancestors.find_map(|(id, it)| it.kind().is_statement().then_some(id))
    }

    /// The places where a symbol is mentioned, its declaration aside.
    pub(super) fn mentions(&self, symbol: SymbolId) -> impl Iterator<Item = NodeId> + '_ {
        self.semantic.symbol_references(symbol).map(|reference| reference.node_id())
    }

    /// The symbols declared within a span, whatever their scope.
    pub(super) fn declared_in(&self, span: Span) -> impl Iterator<Item = SymbolId> + '_ {
        let scoping = self.semantic.scoping();
        scoping.symbol_ids().filter(move |&symbol| span.contains(ours(scoping.symbol_span(symbol))))
    }

    /// Whether something declared within `inside` is mentioned within `elsewhere`.
    pub(super) fn is_used_in(&self, inside: Span, elsewhere: Span) -> bool {
        self.declared_in(inside)
            .any(|symbol| self.mentions(symbol).any(|node| elsewhere.contains(ours(self.kind(node).span()))))
    }

    /// `wanted`, or `wanted` with a number, so that the name is free in and around `scope`.
    pub(super) fn free_name(&self, wanted: &str, scope: ScopeId) -> String {
        let scoping = self.semantic.scoping();
        numbered(wanted, |name| {
            self.is_global(name)
                || scoping.symbol_ids().any(|symbol| {
                    let at = scoping.symbol_scope_id(symbol);
                    scoping.symbol_name(symbol) == name
                        && (scoping.scope_is_descendant_of(at, scope)
                            || scoping.scope_is_descendant_of(scope, at)
                            || at == scope)
                })
        })
    }

    /// The same for a name that is declared in the file and visible in `scope`; the name `gives_way` becomes free.
    pub(super) fn free_import(&self, wanted: &str, scope: ScopeId, gives_way: SymbolId) -> String {
        let scoping = self.semantic.scoping();
        numbered(wanted, |name| {
            self.is_global(name)
                || self.is_hidden(name, scope, Some(gives_way))
                || scoping.iter_bindings_in(scoping.root_scope_id()).any(|symbol| scoping.symbol_name(symbol) == name)
        })
    }

    /// Whether a name of the file's means something else where `scope` says it, `except` aside.
    pub(super) fn is_hidden(&self, name: &str, scope: ScopeId, except: Option<SymbolId>) -> bool {
        let scoping = self.semantic.scoping();
        scoping.scope_ancestors(scope).filter(|&at| at != scoping.root_scope_id()).any(|at| {
            scoping.iter_bindings_in(at).any(|symbol| Some(symbol) != except && scoping.symbol_name(symbol) == name)
        })
    }

    /// Whether the file uses the name without declaring it.
    fn is_global(&self, name: &str) -> bool {
        self.semantic.scoping().root_unresolved_references().keys().any(|taken| taken.as_str() == name)
    }

    /// The starts of the lines of a span that may be moved: not those inside of a template.
    pub(super) fn movable_lines(&self, span: Span) -> Vec<u32> {
        let templates: Vec<Span> = self
            .semantic
            .nodes()
            .iter()
            .filter(|node| matches!(node.kind(), AstKind::TemplateLiteral(_) | AstKind::TSTemplateLiteralType(_)))
            .map(|node| ours(node.span()))
            .filter(|template| span.contains(*template))
            .collect();
        let mut lines = self.layout.lines(span);
        lines.retain(|&line| !templates.iter().any(|template| template.start < line && line < template.end));
        lines
    }
}

/// The symbol of a pattern that is one name.
pub(super) fn name_of(pattern: &BindingPattern<'_>) -> Option<SymbolId> {
    match pattern {
        BindingPattern::BindingIdentifier(identifier) => identifier.symbol_id.get(),
        _ => None,
    }
}

fn numbered(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = wanted.to_owned();
    let mut number = 1;
    while is_taken(&name) {
        number += 1;
        name = format!("{wanted}{number}");
    }
    name
}
