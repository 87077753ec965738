//! What has to move along: the constants that an expression uses, and the tests that throw for them.

use std::collections::BTreeSet;

use oxc_ast::AstKind;
use oxc_ast::ast::Statement;
use oxc_span::GetSpan as _;
use oxc_syntax::symbol::SymbolId;

use crate::rewrite::typescript::syntax::{Syntax, ours};
use crate::source::Span;

/// What an expression needs to be moved out of its function.
pub(super) struct Needed<'a, 's, 'r> {
    pub(super) syntax: &'r Syntax<'a, 's>,
    pub(super) locals: BTreeSet<SymbolId>,
    pub(super) statements: BTreeSet<Span>,
}

impl Needed<'_, '_, '_> {
    /// Adds everything that an expression mentions; `None` if it depends on the call. `known` is available anyway.
    pub(super) fn expression(&mut self, span: Span, known: Option<SymbolId>) -> Option<()> {
        let scoping = self.syntax.semantic.scoping();
        for node in self.syntax.semantic.nodes().iter().filter(|node| span.contains(ours(node.span()))) {
            match node.kind() {
                AstKind::ThisExpression(_)
                | AstKind::AwaitExpression(_)
                | AstKind::YieldExpression(_)
                | AstKind::Super(_) => return None,
                AstKind::IdentifierReference(identifier) => {
                    let reference = identifier.reference_id.get()?;
                    let Some(symbol) = scoping.get_reference(reference).symbol_id() else {
                        if identifier.name == "arguments" {
                            return None;
                        }
                        continue;
                    };
                    let is_inner = span.contains(ours(scoping.symbol_span(symbol)));
                    let is_outer = scoping.symbol_scope_id(symbol) == scoping.root_scope_id();
                    if !is_inner && !is_outer && Some(symbol) != known {
                        self.local(symbol)?;
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    /// A constant of the function, if its value can move too.
    fn local(&mut self, symbol: SymbolId) -> Option<()> {
        if !self.locals.insert(symbol) {
            return Some(());
        }
        let AstKind::VariableDeclarator(declarator) = self.syntax.semantic.symbol_declaration(symbol).kind() else {
            return None;
        };
        let declaration = self.syntax.parent(declarator.node_id.get());
        let AstKind::VariableDeclaration(written) = self.syntax.kind(declaration) else { return None };
        let is_constant = !self.syntax.semantic.scoping().symbol_is_mutated(symbol)
            && written.declarations.len() == 1
            && self.syntax.statements(self.syntax.parent(declaration)).is_some();
        if !is_constant {
            return None;
        }
        self.expression(ours(declarator.init.as_ref()?.span()), None)?;
        self.statements.insert(ours(written.span));
        Some(())
    }

    /// The tests that throw for the constants that move: without them a type may be too wide.
    pub(super) fn guards(&mut self) -> Option<()> {
        let tests: Vec<Span> = self
            .locals
            .iter()
            .flat_map(|&symbol| self.syntax.mentions(symbol))
            .filter_map(|mention| {
                let nodes = self.syntax.semantic.nodes();
                nodes.ancestor_ids(mention).find_map(|id| match nodes.kind(id) {
                    AstKind::IfStatement(test) => {
                        let throws = match &test.consequent {
                            Statement::ThrowStatement(_) => true,
                            Statement::BlockStatement(block) => {
                                matches!(&block.body[..], [Statement::ThrowStatement(_)])
                            }
                            _ => false,
                        };
                        (throws && test.alternate.is_none()).then(|| ours(test.span))
                    }
                    _ => None,
                })
            })
            .collect();
        for statement in tests {
            if !self.statements.contains(&statement) {
                let before = self.locals.len();
                self.expression(statement, None)?;
                self.statements.insert(statement);
                if self.locals.len() > before {
                    return None;
                }
            }
        }
        Some(())
    }
}
