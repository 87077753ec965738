//! Waiting: whether all work with a resource is done when the `finally` runs.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;
use oxc_syntax::symbol::SymbolId;

use super::Rewrite;
use crate::rewrite::Edit;
use crate::rewrite::typescript::syntax::ours;
use crate::source::Span;

impl<'a> Rewrite<'a, '_, '_> {
    /// An async function that returns a promise waits for it before its `finally` runs only if it says so.
    pub(super) fn wait_for_returns(&mut self, span: Span) -> bool {
        let Some(function) = self.function else { return true };
        let mut is_complete = true;
        for node in self.syntax.semantic.nodes().iter() {
            let AstKind::ReturnStatement(statement) = node.kind() else { continue };
            if !span.contains(ours(statement.span))
                || self.syntax.around(node.id()).map(|it| it.node) != Some(function.node)
            {
                continue;
            }
            let Some(argument) = &statement.argument else { continue };
            let depends = self.depends_on_resource(ours(argument.span()), 0);
            if function.is_generator || !depends {
                continue;
            }
            if !self.may_be_a_promise(argument) {
                is_complete &= !matches!(
                    argument,
                    Expression::ObjectExpression(_)
                        | Expression::ArrayExpression(_)
                        | Expression::StaticMemberExpression(_)
                        | Expression::ArrowFunctionExpression(_)
                );
                continue;
            }
            // It may be a promise, or something that is only valid as long as the resource.
            is_complete = false;
            if function.is_async {
                let at = argument.span().start;
                // `return await a ? b : c` would wait for `a`.
                let needs_brackets = !matches!(
                    argument,
                    Expression::CallExpression(_)
                        | Expression::NewExpression(_)
                        | Expression::Identifier(_)
                        | Expression::TaggedTemplateExpression(_)
                        | Expression::StaticMemberExpression(_)
                        | Expression::ChainExpression(_)
                        | Expression::ParenthesizedExpression(_)
                );
                let open = if needs_brackets { "await (" } else { "await " };
                self.edits.push(Edit::insert(self.syntax.file, at, open));
                if needs_brackets {
                    self.edits.push(Edit::insert(self.syntax.file, argument.span().end, ")"));
                }
            }
        }
        is_complete
    }

    fn may_be_a_promise(&self, expression: &Expression<'a>) -> bool {
        match expression {
            Expression::CallExpression(_)
            | Expression::TaggedTemplateExpression(_)
            | Expression::ChainExpression(_)
            | Expression::NewExpression(_)
            | Expression::ImportExpression(_) => true,
            Expression::ConditionalExpression(it) => {
                self.may_be_a_promise(&it.consequent) || self.may_be_a_promise(&it.alternate)
            }
            Expression::LogicalExpression(it) => self.may_be_a_promise(&it.left) || self.may_be_a_promise(&it.right),
            Expression::SequenceExpression(it) => it.expressions.last().is_some_and(|it| self.may_be_a_promise(it)),
            Expression::ParenthesizedExpression(it) => self.may_be_a_promise(&it.expression),
            Expression::TSAsExpression(it) => self.may_be_a_promise(&it.expression),
            Expression::TSSatisfiesExpression(it) => self.may_be_a_promise(&it.expression),
            Expression::TSNonNullExpression(it) => self.may_be_a_promise(&it.expression),
            Expression::Identifier(identifier) => {
                let symbol = identifier
                    .reference_id
                    .get()
                    .and_then(|reference| self.syntax.semantic.scoping().get_reference(reference).symbol_id());
                symbol.is_some_and(|symbol| self.holds_a_call(symbol))
            }
            _ => false,
        }
    }

    /// Whether a variable is declared with what a call gave, not awaited.
    fn holds_a_call(&self, symbol: SymbolId) -> bool {
        match self.syntax.semantic.symbol_declaration(symbol).kind() {
            AstKind::VariableDeclarator(declarator) => {
                matches!(declarator.id, BindingPattern::BindingIdentifier(_))
                    && declarator
                        .init
                        .as_ref()
                        .is_some_and(|init| !matches!(init, Expression::Identifier(_)) && self.may_be_a_promise(init))
            }
            _ => false,
        }
    }

    /// Whether a span depends on the resource, directly or through variables: awaited values are complete, and no
    /// longer need it.
    fn depends_on_resource(&self, span: Span, depth: u32) -> bool {
        let scoping = self.syntax.semantic.scoping();
        self.syntax.semantic.nodes().iter().any(|node| {
            let AstKind::IdentifierReference(identifier) = node.kind() else { return false };
            let symbol = identifier
                .reference_id
                .get()
                .filter(|_| span.contains(ours(identifier.span)))
                .and_then(|reference| scoping.get_reference(reference).symbol_id());
            let Some(symbol) = symbol else { return false };
            if self.handle.names.contains(&symbol) {
                return true;
            }
            let made_of = match self.syntax.semantic.symbol_declaration(symbol).kind() {
                AstKind::VariableDeclarator(declarator) => match &declarator.init {
                    Some(Expression::AwaitExpression(_)) | None => None,
                    Some(init) => Some(init.span()),
                },
                AstKind::Function(function) => Some(function.span),
                _ => None,
            };
            let is_local =
                |span: oxc_span::Span| span.start > self.declared.declaration.span.end && span.end <= self.close();
            made_of.is_some_and(|span| is_local(span) && depth < 4 && self.depends_on_resource(ours(span), depth + 1))
        })
    }

    fn resource_mentions(&self) -> Vec<NodeId> {
        self.handle.names.iter().flat_map(|&name| self.syntax.mentions(name)).collect()
    }

    /// Whether everything that is begun with the resource is awaited, as far as can be seen.
    pub(super) fn is_waited_for(&self, span: Span) -> bool {
        self.resource_mentions().into_iter().all(|mention| {
            if !span.contains(ours(self.syntax.kind(mention).span())) {
                return true;
            }
            let mut called = None;
            for (id, ancestor) in self.syntax.semantic.nodes().ancestors_enumerated(mention) {
                match ancestor.kind() {
                    AstKind::AwaitExpression(_) if self.is_own(id) => return true,
                    AstKind::CallExpression(call) => {
                        called = called.or(match &call.callee {
                            Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
                            _ => None,
                        });
                    }
                    AstKind::ExpressionStatement(_) if self.is_own(id) => {
                        return called.is_some_and(does_not_begin) || self.present.contains(&id);
                    }
                    kind if kind.is_statement() && self.is_own(id) => return true,
                    _ => {}
                }
            }
            true
        })
    }

    fn is_own(&self, node: NodeId) -> bool {
        self.syntax.around(node).map(|it| it.node) == self.function.map(|it| it.node)
    }
}

/// Whether a method of this name is done when it returns, in the conventions of the platform.
fn does_not_begin(name: &str) -> bool {
    const STARTS: [&str; 6] = ["set", "on", "add", "remove", "register", "release"];
    name.ends_with("Sync") || matches!(name, "off" | "push") || STARTS.iter().any(|start| name.starts_with(start))
}
