//! Releasing on every path: what uses a resource goes into a `try`, and its release into the `finally`.
//!
//! Three shapes, by what is there already: nothing (the rest of the block is wrapped), one release further down (what
//! lies between is wrapped), a `finally` that begins too late (it is moved up).

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression, Statement, TryStatement};
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;
use oxc_syntax::symbol::SymbolId;

use super::syntax::{Around, Declared, Syntax, name_of, ours};
use crate::rewrite::{Applicability, By, Edit, Fix, Release};
use crate::source::Span;

/// The fix for a resource that is not released on every path; `None` where the code has another shape.
pub(super) fn fix(syntax: &Syntax<'_, '_>, remedy: &Release) -> Option<Fix> {
    let call = syntax.call_at(remedy.acquisition.span)?;
    let declared = syntax.declared(call)?;
    let function = syntax.around(call);
    let can_wait = function.is_none_or(|function| function.is_async);
    if remedy.waits && !can_wait {
        return None;
    }
    let handle = handle(syntax, remedy, call, &declared)?;
    let list = syntax.statements(declared.list)?;
    let at = list.iter().position(|statement| statement.span() == declared.declaration.span)?;
    let mut present = Vec::new();
    for span in &remedy.present {
        let statement = syntax.own_statement(syntax.call_at(*span)?)?;
        let is_here = syntax.around(statement).map(|it| it.node) == function.map(|it| it.node);
        // What releases it among other things has to stay.
        if !is_here || !is_plain_release(syntax, syntax.call_at(*span)?, &handle) {
            return None;
        }
        if !present.contains(&statement) {
            present.push(statement);
        }
    }
    let mut rewrite = Rewrite { syntax, declared, function, handle, list, at, present, remedy, edits: Vec::new() };
    let applicability = rewrite.shape()?;
    let title = rewrite.title();
    let mut edits = rewrite.edits;
    edits.sort();
    Some(Fix { title, applicability, edits, common: Vec::new(), tidying: Vec::new() })
}

/// How the release is called.
struct Handle {
    call: String,
    /// What has to be taken from the result for that.
    edit: Option<Edit>,
    /// The names that the result goes into.
    names: Vec<SymbolId>,
}

fn handle(syntax: &Syntax<'_, '_>, remedy: &Release, call: NodeId, declared: &Declared<'_>) -> Option<Handle> {
    let pattern = &declared.declarator.id;
    let scoping = syntax.semantic.scoping();
    let span = ours(pattern.span());
    let names: Vec<SymbolId> = syntax.declared_in(span).collect();
    if names.iter().any(|&name| scoping.symbol_is_mutated(name)) {
        return None;
    }
    let name = name_of(pattern).map(|symbol| scoping.symbol_name(symbol));
    let plain = |call: String| Some(Handle { call, edit: None, names: names.clone() });
    match &remedy.by {
        By::Method(method) => plain(format!("{}.{method}()", name?)),
        By::Itself => plain(format!("{}()", name?)),
        By::Function(function) => match syntax.kind(call) {
            AstKind::CallExpression(written) => match &written.callee {
                Expression::StaticMemberExpression(member) => {
                    plain(format!("{}.{function}({})", syntax.slice(member.object.span()), name?))
                }
                Expression::Identifier(callee) if syntax.semantic.is_reference_to_global_variable(callee) => {
                    plain(format!("{function}({})", name?))
                }
                _ => None,
            },
            _ => None,
        },
        By::Member(member) => {
            if let Some(name) = name {
                return plain(format!("{name}.{member}()"));
            }
            let BindingPattern::ObjectPattern(object) = pattern else { return None };
            let present = object.properties.iter().find(|property| property.key.is_specific_static_name(member));
            if let Some(property) = present {
                let symbol = name_of(&property.value)?;
                return plain(format!("{}()", scoping.symbol_name(symbol)));
            }
            let last = object.properties.last()?;
            let scope = scoping.symbol_scope_id(*names.first()?);
            let local = syntax.free_name(member, scope);
            let taken = if local == *member { format!(", {member}") } else { format!(", {member}: {local}") };
            let edit = Edit::insert(syntax.file, last.span.end, taken);
            Some(Handle { call: format!("{local}()"), edit: Some(edit), names })
        }
    }
}

/// Whether a call does nothing but release what goes by the handle's names: `client.release()`, `cleanup()`,
/// `closeSync(file)`.
fn is_plain_release(syntax: &Syntax<'_, '_>, call: NodeId, handle: &Handle) -> bool {
    let AstKind::CallExpression(call) = syntax.kind(call) else { return false };
    let is_it = |expression: &Expression<'_>| match expression {
        Expression::Identifier(identifier) => identifier
            .reference_id
            .get()
            .and_then(|reference| syntax.semantic.scoping().get_reference(reference).symbol_id())
            .is_some_and(|symbol| handle.names.contains(&symbol)),
        _ => false,
    };
    match (&call.callee, &call.arguments[..]) {
        (callee @ Expression::Identifier(_), []) => is_it(callee),
        (Expression::StaticMemberExpression(member), []) => is_it(&member.object),
        (_, [argument]) => {
            argument.as_expression().is_some_and(is_it) && handle.call.starts_with(syntax.slice(call.callee.span()))
        }
        _ => false,
    }
}

struct Rewrite<'a, 's, 'r> {
    syntax: &'r Syntax<'a, 's>,
    declared: Declared<'a>,
    function: Option<Around>,
    handle: Handle,
    list: &'a [Statement<'a>],
    /// Which statement of the list acquires.
    at: usize,
    /// The statements that release.
    present: Vec<NodeId>,
    remedy: &'r Release,
    edits: Vec<Edit>,
}

impl<'a> Rewrite<'a, '_, '_> {
    fn shape(&mut self) -> Option<Applicability> {
        let layout = &self.syntax.layout;
        let declaration = self.declared.declaration.span;
        // Code that shares its line with other code is laid out by other hands.
        if !layout.starts_line(declaration.start) || !layout.ends_line(declaration.end) {
            return None;
        }
        let next = self.list.get(self.at + 1)?;
        if layout.line_start(next.span().start) <= declaration.end {
            return None;
        }
        if let [only] = self.present[..] {
            if let Some((at, late)) = self.late_try(only) {
                return self.move_up(at, late);
            }
            if let Some(at) = self.position(only)
                && at > self.at + 1
                && !self.is_used_after(at)
            {
                return self.wrap_until(at);
            }
        }
        self.wrap_rest()
    }

    fn title(&self) -> String {
        let what = if self.present.is_empty() { "call" } else { "move" };
        let into = if self.present.is_empty() { "in" } else { "into" };
        format!("{what} `{}` {into} a `finally` block", self.handle.call)
    }

    /// Where in the list a statement stands.
    fn position(&self, statement: NodeId) -> Option<usize> {
        let span = self.syntax.kind(statement).span();
        self.list.iter().position(|other| other.span() == span)
    }

    /// A `try` of the same list in whose `finally` the release stands.
    fn late_try(&self, release: NodeId) -> Option<(usize, &'a TryStatement<'a>)> {
        let span = self.syntax.kind(release).span();
        self.list.iter().enumerate().skip(self.at + 1).find_map(|(at, statement)| match statement {
            Statement::TryStatement(statement) => {
                let finalizer = statement.finalizer.as_ref()?;
                finalizer.body.iter().any(|inner| inner.span() == span).then_some((at, &**statement))
            }
            _ => None,
        })
    }

    /// Whether what is declared between the acquisition and the statement at `end` is used from there on.
    fn is_used_after(&self, end: usize) -> bool {
        let between = Span::new(self.list[self.at + 1].span().start, self.list[end - 1].span().end);
        let after = Span::new(self.list[end].span().end, self.close());
        self.syntax.is_used_in(between, after)
    }

    /// Where the list ends: before its closing brace.
    fn close(&self) -> u32 {
        self.syntax.close(self.declared.list)
    }

    fn indent(&self) -> &str {
        self.syntax.layout.indent(self.declared.declaration.span.start)
    }

    fn unit(&self) -> &'static str {
        self.syntax.layout.unit_beside(self.indent())
    }

    /// `try` before what follows the acquisition; gives the start of that.
    fn open(&mut self) -> u32 {
        let layout = &self.syntax.layout;
        let start = layout.next_content(self.declared.declaration.span.end);
        let text = format!("{}try {{{}{}", self.indent(), layout.newline, self.unit());
        self.edits.extend(self.handle.edit.clone());
        self.edits.push(Edit::insert(self.syntax.file, start, text));
        start
    }

    /// One level more for every line of a span but the first, what goes aside.
    fn push_in(&mut self, span: Span, gone: &[Span]) {
        for line in self.syntax.movable_lines(span).into_iter().skip(1) {
            if !gone.iter().any(|gone| gone.start <= line && line < gone.end) {
                self.edits.push(Edit::insert(self.syntax.file, line, self.unit()));
            }
        }
    }

    /// The `finally` begins too late: what comes before its `try` moves into it.
    fn move_up(&mut self, at: usize, late: &'a TryStatement<'a>) -> Option<Applicability> {
        let layout = &self.syntax.layout;
        let head = Span::new(late.span.start, late.block.span.start + 1);
        let is_plain = layout.starts_line(head.start)
            && layout.ends_line(head.end)
            && layout.slice(Span::new(head.end, layout.line_end(head.end))).trim().is_empty();
        if at <= self.at + 1 || !is_plain {
            return None;
        }
        let between = Span::new(self.list[self.at + 1].span().start, self.list[at - 1].span().end);
        let after = Span::new(late.block.span.end, self.close());
        if self.syntax.is_used_in(between, after) || !self.can_be_wrapped(between) {
            return None;
        }
        let head = Span::new(layout.line_start(head.start), layout.next_line(head.end));
        let start = self.open();
        self.push_in(Span::new(start, head.start), &[]);
        self.edits.push(Edit::delete(self.syntax.file, head));
        let waited = self.wait_for_returns(between);
        // A `catch` gets to see more than it did.
        let is_safe = late.handler.is_none() && waited && self.is_waited_for(between);
        Some(if is_safe { Applicability::Safe } else { Applicability::Unsafe })
    }

    /// There is one release further down: it becomes the `finally` of what lies between.
    fn wrap_until(&mut self, at: usize) -> Option<Applicability> {
        let layout = &self.syntax.layout;
        let release = self.list[at].span();
        if !layout.starts_line(release.start) || !layout.ends_line(release.end) {
            return None;
        }
        let between = Span::new(self.list[self.at + 1].span().start, self.list[at - 1].span().end);
        if !self.can_be_wrapped(between) {
            return None;
        }
        let line = layout.line_start(release.start);
        let text = format!("{}}} finally {{{}{}", self.indent(), layout.newline, self.unit());
        let end = format!("{}{}}}", layout.newline, self.indent());
        let line_end = layout.line_end(release.end);
        let start = self.open();
        self.push_in(Span::new(start, line), &[]);
        self.edits.push(Edit::insert(self.syntax.file, line, text));
        self.push_in(Span::new(line, line_end), &[]);
        self.edits.push(Edit::insert(self.syntax.file, line_end, end));
        let waited = self.wait_for_returns(between);
        Some(if waited && self.is_waited_for(between) { Applicability::Safe } else { Applicability::Unsafe })
    }

    /// All that follows in the block is wrapped, and the releases in it go.
    fn wrap_rest(&mut self) -> Option<Applicability> {
        let layout = &self.syntax.layout;
        let gone: Vec<Span> =
            self.present.iter().map(|&it| layout.removal(ours(self.syntax.kind(it).span()))).collect();
        let is_gone =
            |span: oxc_span::Span| self.present.iter().any(|&statement| self.syntax.kind(statement).span() == span);
        let kept = self.list.iter().skip(self.at + 1).rev().find(|statement| !is_gone(statement.span()))?;
        let last_kept = kept.span();
        let is_last = self.list.last().is_some_and(|last| last.span() == last_kept);
        let close = self.close();
        // Comments behind the last statement are about what was done.
        let end = if is_last && !matches!(self.syntax.kind(self.declared.list), AstKind::Program(_)) {
            layout.previous_content(close).max(layout.line_end(last_kept.end))
        } else {
            layout.line_end(last_kept.end)
        };
        if end > close || !layout.ends_line(last_kept.end) {
            return None;
        }
        let rest = Span::new(self.list[self.at + 1].span().start, last_kept.end);
        if !self.can_be_wrapped(rest) {
            return None;
        }
        let first = layout.next_content(self.declared.declaration.span.end);
        if gone.iter().any(|gone| gone.start <= first && first < gone.end) {
            return None;
        }
        // What ran after the release now runs before it: nothing to speak of, unless it waits.
        let keeps_longer = self.present.iter().any(|&statement| {
            let mut after =
                Span::new(self.syntax.kind(statement).span().end, rest.end.max(self.syntax.kind(statement).span().end));
            if let Some(returned) = self.way_out(statement) {
                after.end = returned;
            }
            layout.slice(after).contains("await")
        });
        let start = self.open();
        self.push_in(Span::new(start, end), &gone);
        self.edits.extend(gone.iter().map(|&gone| Edit::delete(self.syntax.file, gone)));
        let layout = &self.syntax.layout;
        let semicolon = if self.syntax.slice(self.declared.declaration.span).ends_with(';') { ";" } else { "" };
        let wait = if self.remedy.waits { "await " } else { "" };
        let (newline, unit, indent) = (layout.newline, self.unit(), self.indent());
        let call = &self.handle.call;
        let text =
            format!("{newline}{indent}}} finally {{{newline}{indent}{unit}{wait}{call}{semicolon}{newline}{indent}}}");
        self.edits.push(Edit::insert(self.syntax.file, end, text));
        let waited = self.wait_for_returns(rest);
        let is_safe = !keeps_longer && waited && self.is_waited_for(rest);
        Some(if is_safe { Applicability::Safe } else { Applicability::Unsafe })
    }

    /// The end of the `return` or `throw` that follows a statement in its list, where one does.
    fn way_out(&self, statement: NodeId) -> Option<u32> {
        let span = self.syntax.kind(statement).span();
        let list = self.syntax.statements(self.syntax.parent(statement))?;
        let out = list.iter().find(|next| {
            next.span().start > span.start
                && matches!(next, Statement::ReturnStatement(_) | Statement::ThrowStatement(_))
        })?;
        Some(out.span().end)
    }

    /// Whether a span of statements means the same inside of a block.
    fn can_be_wrapped(&self, span: Span) -> bool {
        self.list.iter().filter(|statement| span.contains(ours(statement.span()))).all(|statement| match statement {
            // Its name is known in all of the function, as long as it stands directly in it.
            Statement::FunctionDeclaration(function) => function.id.as_ref().is_none_or(|id| {
                let mentions = id.symbol_id.get().map(|symbol| self.syntax.mentions(symbol).collect::<Vec<_>>());
                mentions.is_some_and(|mentions| {
                    mentions.iter().all(|&node| span.contains(ours(self.syntax.kind(node).span())))
                })
            }),
            other => other.as_module_declaration().is_none(),
        })
    }

    /// An async function that returns a promise waits for it before its `finally` runs only if it says so.
    fn wait_for_returns(&mut self, span: Span) -> bool {
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
            // It may be a promise, or something that lasts no longer than the resource.
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

    /// Whether what stands in a span is made of the resource, by itself or through variables: what was awaited is
    /// there, and needs it no more.
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

    /// Whether all that is begun with the resource is waited for, as far as can be seen.
    fn is_waited_for(&self, span: Span) -> bool {
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
