//! Making a resource once: its creation moves into a new function beside the old one, which keeps the result.
//!
//! Only a creation that does not depend on the call can move. The variables that its arguments use, and tests that
//! throw for them, move along.

mod declaration;
mod needed;

use std::collections::BTreeSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, Statement, VariableDeclaration};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;
use oxc_syntax::symbol::SymbolId;

use super::syntax::{Syntax, name_of, ours};
use crate::rewrite::layout::offset;
use crate::rewrite::{Applicability, Edit, Fix, Hoist};
use crate::source::Span;

use declaration::Names;
use needed::Needed;

/// The fix that makes a resource once; `None` if its arguments depend on the call.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Hoist) -> Option<Fix> {
    let call = syntax.call_at(remedy.creation.span)?;
    let plan = Plan::of(syntax, remedy, call)?;
    // Identical creations share one; it goes where the first of them is.
    let first = remedy
        .alike
        .iter()
        .filter_map(|&span| {
            let call = syntax.call_at(span)?;
            (Plan::of(syntax, remedy, call)?.body() == plan.body()).then(|| syntax.top(call))?
        })
        .min_by_key(|&top| syntax.kind(top).span().start)?;
    let names = Names::of(syntax, remedy);
    let at = syntax.start_with_comments(first);
    let declaration = plan.declaration(&names, remedy.is_reloaded);
    let wait = if plan.waits && !plan.is_awaited { "await " } else { "" };
    let mut edits = vec![Edit::replace(syntax.file, remedy.creation.span, format!("{wait}{}()", names.get))];
    edits.extend(syntax.layout.removals(&plan.gone).into_iter().map(|gone| Edit::delete(syntax.file, gone)));
    for &span in &remedy.present {
        if !plan.is_released_by(syntax.call_at(span)?) {
            return None;
        }
        edits.extend(super::unwrap::without_release(syntax, syntax.own_statement(syntax.call_at(span)?)?)?);
    }
    edits.sort();
    edits.dedup();
    let is_safe = remedy.is_certain && remedy.present.is_empty();
    Some(Fix {
        title: format!("make the {} once, when it is first needed, and share it", remedy.word),
        applicability: if is_safe { Applicability::Safe } else { Applicability::Unsafe },
        edits,
        common: vec![Edit::insert(syntax.file, at, declaration)],
        tidying: Vec::new(),
    })
}

/// What moves.
struct Plan<'a, 's, 'r> {
    syntax: &'r Syntax<'a, 's>,
    call: NodeId,
    /// Statements that come before the creation, in order.
    before: Vec<Span>,
    /// Statements that set it up, with the name it has there.
    setup: Vec<Span>,
    name: Option<String>,
    /// Statements that are no longer needed where they are.
    gone: Vec<Span>,
    /// Whether its creation has to be awaited.
    waits: bool,
    is_awaited: bool,
}

impl<'a, 's, 'r> Plan<'a, 's, 'r> {
    fn of(syntax: &'r Syntax<'a, 's>, remedy: &Hoist, call: NodeId) -> Option<Self> {
        let function = syntax.around(call)?;
        let (value, is_awaited) = syntax.same_value(call);
        let mut needed = Needed { syntax, locals: BTreeSet::new(), statements: BTreeSet::new() };
        needed.expression(ours(syntax.kind(call).span()), None)?;
        needed.guards()?;
        let mut plan = Self {
            syntax,
            call,
            before: Vec::new(),
            setup: Vec::new(),
            name: None,
            gone: Vec::new(),
            waits: is_awaited,
            is_awaited,
        };
        if let Some(declared) = syntax.declared(call) {
            let list = syntax.statements(declared.list)?;
            let symbol = name_of(&declared.declarator.id);
            if syntax.same_value(call).0 == value {
                plan.take_setup(remedy, list, declared.declaration, symbol, &mut needed)?;
            }
        } else if !remedy.opens.is_empty() {
            return None;
        }
        if plan.waits && !function.is_async {
            return None;
        }
        plan.before = needed.statements.iter().copied().collect();
        // A constant that is used elsewhere too is duplicated.
        let mut inside = plan.before.clone();
        inside.push(ours(syntax.kind(call).span()));
        inside.extend(&plan.setup);
        let stays = |span: &Span| {
            syntax.declared_in(*span).any(|symbol| {
                syntax.mentions(symbol).any(|mention| {
                    let mention = ours(syntax.kind(mention).span());
                    !inside.iter().any(|span| span.contains(mention))
                })
            })
        };
        let kept: Vec<SymbolId> =
            plan.before.iter().filter(|span| stays(span)).flat_map(|span| syntax.declared_in(*span)).collect();
        let needs_kept = |span: &Span| {
            kept.iter().any(|&symbol| {
                syntax.mentions(symbol).any(|mention| span.contains(ours(syntax.kind(mention).span())))
                    || span.contains(ours(syntax.semantic.scoping().symbol_span(symbol)))
            })
        };
        plan.gone = plan.before.iter().copied().filter(|span| !needs_kept(span)).chain(plan.setup.clone()).collect();
        Some(plan)
    }

    /// The statements right behind the declaration that open the resource or listen to it: once is enough for these.
    fn take_setup(
        &mut self,
        remedy: &Hoist,
        list: &'a [Statement<'a>],
        declaration: &VariableDeclaration<'a>,
        symbol: Option<SymbolId>,
        needed: &mut Needed<'a, 's, 'r>,
    ) -> Option<()> {
        let syntax = self.syntax;
        let Some(symbol) = symbol else { return remedy.opens.is_empty().then_some(()) };
        let name = syntax.semantic.scoping().symbol_name(symbol);
        let is_setup = |method: &str| {
            matches!(method, "on" | "once" | "addListener" | "addEventListener")
                || remedy.opens.iter().any(|open| open == method)
        };
        let at = list.iter().position(|statement| statement.span() == declaration.span)?;
        for statement in &list[at + 1..] {
            let Statement::ExpressionStatement(expression) = statement else { break };
            let (called, is_awaited) = match &expression.expression {
                Expression::AwaitExpression(inner) => (&inner.argument, true),
                other => (other, false),
            };
            let Expression::CallExpression(written) = called else { break };
            let Expression::StaticMemberExpression(member) = &written.callee else { break };
            let is_it = matches!(&member.object, Expression::Identifier(it) if it.name == name);
            if !is_it || !is_setup(member.property.name.as_str()) {
                break;
            }
            for argument in &written.arguments {
                needed.expression(ours(argument.span()), Some(symbol))?;
            }
            self.waits |= is_awaited;
            self.setup.push(ours(statement.span()));
        }
        self.name = (!self.setup.is_empty()).then(|| name.to_owned());
        // Set-up code anywhere else would run again and again.
        let is_set_up_elsewhere = syntax.mentions(symbol).any(|mention| {
            let span = ours(syntax.kind(mention).span());
            let AstKind::StaticMemberExpression(member) = syntax.kind(syntax.parent(mention)) else { return false };
            is_setup(member.property.name.as_str()) && !self.setup.iter().any(|setup| setup.contains(span))
        });
        (!is_set_up_elsewhere).then_some(())
    }

    /// Whether a call is a method on what is made, and no more.
    fn is_released_by(&self, call: NodeId) -> bool {
        let AstKind::CallExpression(call) = self.syntax.kind(call) else { return false };
        let Expression::StaticMemberExpression(member) = &call.callee else { return false };
        let declared = self.syntax.declared(self.call).and_then(|declared| name_of(&declared.declarator.id));
        declared.is_some_and(|symbol| {
            self.syntax.mentions(symbol).any(|mention| self.syntax.kind(mention).span() == member.object.span())
        })
    }

    /// The statements of what makes it, each with the level of a top-level function's body.
    fn body(&self) -> Vec<String> {
        let call = ours(self.syntax.kind(self.call).span());
        let semicolon = self.syntax.semicolon();
        let mut body: Vec<String> = self.before.iter().map(|&span| self.outdented(span)).collect();
        match &self.name {
            Some(name) => {
                let wait = if self.is_awaited { "await " } else { "" };
                body.push(format!("const {name} = {wait}{}{semicolon}", self.outdented(call)));
                body.extend(self.setup.iter().map(|&span| self.outdented(span)));
                body.push(format!("return {name}{semicolon}"));
            }
            None => body.push(format!("return {}{semicolon}", self.outdented(call))),
        }
        body
    }

    /// A text with its further lines standing as if its first stood one level in.
    fn outdented(&self, span: Span) -> String {
        let layout = &self.syntax.layout;
        let old = layout.indent(span.start);
        let movable: BTreeSet<u32> = self.syntax.movable_lines(span).into_iter().collect();
        let mut out = String::new();
        let mut at = span.start;
        for line in layout.slice(span).split_inclusive('\n') {
            match line.strip_prefix(old) {
                Some(rest) if at != span.start && movable.contains(&at) => {
                    out.push_str(layout.unit_beside(old));
                    out.push_str(rest);
                }
                _ => out.push_str(line),
            }
            at += offset(line.len());
        }
        out
    }

    /// The class that is constructed, as a type, where its name says enough.
    fn class(&self) -> Option<String> {
        let AstKind::NewExpression(new) = self.syntax.kind(self.call) else { return None };
        let is_name = matches!(new.callee, Expression::Identifier(_))
            || matches!(&new.callee, Expression::StaticMemberExpression(it) if matches!(it.object, Expression::Identifier(_)));
        let arguments = new.type_arguments.as_ref().map_or("", |arguments| self.syntax.slice(arguments.span));
        is_name.then(|| format!("{}{arguments}", self.syntax.slice(new.callee.span())))
    }
}
