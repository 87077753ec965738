//! Calling a method of the giver that takes a lease and gives it back by itself: `pool.query()`.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, Expression};
use oxc_span::GetSpan as _;

use super::Rewrite;
use crate::rewrite::typescript::pool::is_of_session;
use crate::rewrite::typescript::syntax::{name_of, ours};
use crate::rewrite::typescript::unwrap::without_release;
use crate::rewrite::{Applicability, Edit};

impl Rewrite<'_, '_, '_> {
    /// The call is the giver's, and nothing is taken or released any more. What is said in more than one call may have to
    /// be said to the same one.
    pub(super) fn by_giver(&mut self) -> Option<(String, Applicability)> {
        let symbol = name_of(&self.declared.declarator.id)?;
        let AstKind::CallExpression(taken) = self.syntax.kind(self.syntax.call_at(self.remedy.acquisition.span)?)
        else {
            return None;
        };
        let Expression::StaticMemberExpression(taken) = &taken.callee else { return None };
        if !is_place(&taken.object) || self.declared.declarator.type_annotation.is_some() {
            return None;
        }
        let is_release = |span: oxc_span::Span| {
            self.present.iter().any(|&statement| ours(self.syntax.kind(statement).span()).contains(ours(span)))
        };
        let mut mentions = self.syntax.mentions(symbol).filter(|&it| !is_release(self.syntax.kind(it).span()));
        let (Some(mention), None) = (mentions.next(), mentions.next()) else { return None };
        let AstKind::StaticMemberExpression(member) = self.syntax.kind(self.syntax.parent(mention)) else {
            return None;
        };
        let AstKind::CallExpression(call) = self.syntax.kind(self.syntax.parent(self.syntax.parent(mention))) else {
            return None;
        };
        let method = member.property.name.as_str();
        let is_text = matches!(call.arguments.first(), Some(Argument::StringLiteral(_) | Argument::TemplateLiteral(_)));
        let is_own = self.syntax.around(mention).map(|it| it.node) == self.function.map(|it| it.node);
        let is_alike = call.callee.span() == member.span
            && self.remedy.by_giver.iter().any(|alike| alike == method)
            && is_text
            && !call.arguments.first().is_some_and(|first| is_of_session(self.syntax.slice(first.span())))
            && !matches!(
                call.arguments.last(),
                Some(Argument::ArrowFunctionExpression(_) | Argument::FunctionExpression(_))
            );
        let giver = self.syntax.slice(taken.object.span()).to_owned();
        let scope = self.syntax.semantic.nodes().get_node(mention).scope_id();
        let own = self.syntax.semantic.nodes().get_node(self.declared.declaration.node_id.get()).scope_id();
        let root = giver.split('.').next().unwrap_or_default();
        if !is_own || !is_alike || scope != own && self.syntax.is_hidden(root, scope, None) {
            return None;
        }
        self.edits.clear();
        let mention = ours(self.syntax.kind(mention).span());
        let mut gone = vec![ours(self.declared.declaration.span)];
        for &statement in &self.present {
            let span = ours(self.syntax.kind(statement).span());
            // A `finally` that held nothing else goes with it.
            match without_release(self.syntax, statement)? {
                edits if edits == [Edit::delete(self.syntax.file, self.syntax.layout.removal(span))] => gone.push(span),
                edits => self.edits.extend(edits),
            }
        }
        self.edits
            .extend(self.syntax.layout.removals(&gone).into_iter().map(|gone| Edit::delete(self.syntax.file, gone)));
        self.edits.push(Edit::replace(self.syntax.file, mention, giver.clone()));
        Some((format!("let `{giver}.{method}()` take one for the call"), Applicability::Safe))
    }
}

/// Whether an expression is a name, or a member of one: the same thing, whenever it is said.
fn is_place(expression: &Expression<'_>) -> bool {
    match expression {
        Expression::Identifier(_) | Expression::ThisExpression(_) => true,
        Expression::StaticMemberExpression(member) => !member.optional && is_place(&member.object),
        _ => false,
    }
}
