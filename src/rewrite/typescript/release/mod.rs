//! Releasing on every path: the code that uses a resource goes into a `try`, and its release into the `finally`.
//!
//! There are three forms, depending on what is there: no release (the rest of the block is wrapped), one release
//! further down (the code in between is wrapped), or a `finally` that begins too late (the `try` begins earlier).
//! Simpler fixes are tried first: the giver handles the only call ([`giver`]), the end of the scope releases it
//! ([`scope`]), or an existing `finally` releases it too ([`joining`], which also handles a late `finally`).

mod giver;
mod handle;
mod joining;
mod scope;
mod waiting;

use oxc_ast::AstKind;
use oxc_ast::ast::Statement;
use oxc_semantic::NodeId;
use oxc_span::GetSpan as _;

use super::syntax::{Around, Declared, Syntax, ours};
use crate::rewrite::{Applicability, Edit, Fix, Release};
use crate::source::Span;

pub(super) use handle::release_of;
use handle::{Handle, handle, is_plain_release};

/// The fix for a resource that is not released on every path; `None` if the code has another form.
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
        // A statement that also does other things has to stay.
        if !is_here || !is_plain_release(syntax, syntax.call_at(*span)?, &handle) {
            return None;
        }
        if !present.contains(&statement) {
            present.push(statement);
        }
    }
    let mut rewrite = Rewrite { syntax, declared, function, handle, list, at, present, remedy, edits: Vec::new() };
    let otherwise = rewrite.by_giver().or_else(|| rewrite.by_scope());
    let (title, applicability) = match otherwise {
        Some(way) => way,
        None => {
            rewrite.edits.clear();
            (rewrite.title(), rewrite.shape()?)
        }
    };
    let mut edits = rewrite.edits;
    edits.sort();
    Some(Fix { title, applicability, edits, common: Vec::new(), tidying: Vec::new() })
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

impl Rewrite<'_, '_, '_> {
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
        if self.present.is_empty()
            && let Some(applicability) = self.join_finally()
        {
            return Some(applicability);
        }
        self.wrap_rest()
    }

    fn title(&self) -> String {
        let what = if self.present.is_empty() { "call" } else { "move" };
        let into = if self.present.is_empty() { "in" } else { "into" };
        let call = self.released();
        format!("{what} `{}` {into} a `finally` block", call.trim_start_matches("await "))
    }

    /// Where in the list a statement stands.
    fn position(&self, statement: NodeId) -> Option<usize> {
        let span = self.syntax.kind(statement).span();
        self.list.iter().position(|other| other.span() == span)
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
        let present: Vec<Span> = self.present.iter().map(|&it| ours(self.syntax.kind(it).span())).collect();
        let gone = layout.removals(&present);
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
        let keeps_longer = self.keeps_longer(rest.end);
        let start = self.open();
        self.push_in(Span::new(start, end), &gone);
        self.edits.extend(gone.iter().map(|&gone| Edit::delete(self.syntax.file, gone)));
        let layout = &self.syntax.layout;
        let semicolon = if self.syntax.slice(self.declared.declaration.span).ends_with(';') { ";" } else { "" };
        let (newline, unit, indent) = (layout.newline, self.unit(), self.indent());
        let released = self.released();
        let text =
            format!("{newline}{indent}}} finally {{{newline}{indent}{unit}{released}{semicolon}{newline}{indent}}}");
        self.edits.push(Edit::insert(self.syntax.file, end, text));
        let waited = self.wait_for_returns(rest);
        let is_safe = !keeps_longer && waited && self.is_waited_for(rest);
        Some(if is_safe { Applicability::Safe } else { Applicability::Unsafe })
    }

    /// What releases it: as it is written already, where that is always the same.
    fn released(&self) -> String {
        let wait = if self.remedy.waits { "await " } else { "" };
        let written = |&it: &NodeId| self.syntax.slice(self.syntax.kind(it).span()).trim_end_matches(';').to_owned();
        let mut present = self.present.iter().map(written);
        let first = present.next().filter(|first| present.all(|other| other == *first));
        first.unwrap_or_else(|| format!("{wait}{}", self.handle.call))
    }

    /// Whether moving the release behind the code up to `end` matters: only if that waits.
    fn keeps_longer(&self, end: u32) -> bool {
        self.present.iter().any(|&statement| {
            let released = self.syntax.kind(statement).span().end;
            let after = Span::new(released, self.way_out(statement).unwrap_or_else(|| end.max(released)));
            self.syntax.layout.slice(after).contains("await")
        })
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

    /// Whether a span of statements means the same inside a block.
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
}
