//! Statements and declarations.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{Binding, Operand, Place, Rvalue, Terminator};
use crate::source::Span;

use super::exits::{Cleanup, Exit, Target};
use super::expressions::Mode;
use super::lowering::{Lowering, span};
use super::patterns::pattern_hint;

impl<'a> Lowering<'a> {
    /// A list of statements with a scope of its own: what it declares with `using` is disposed of at its end.
    pub(super) fn block(&mut self, statements: &'a [ast::Statement<'a>]) {
        let outside = self.body.exits.len();
        for statement in statements {
            self.statement(statement, &[]);
        }
        while self.body.exits.len() > outside {
            self.close_cleanup();
        }
    }

    pub(super) fn statements(&mut self, statements: &'a [ast::Statement<'a>]) {
        self.block(statements);
    }

    /// One statement; `labels` are those written right before it.
    pub(super) fn statement(&mut self, statement: &'a ast::Statement<'a>, labels: &[&'a str]) {
        match statement {
            ast::Statement::BlockStatement(block) => self.labelled(labels, |this| this.block(&block.body)),
            ast::Statement::ExpressionStatement(statement) => self.discard(&statement.expression),
            ast::Statement::IfStatement(statement) => self.labelled(labels, |this| this.if_statement(statement)),
            ast::Statement::ReturnStatement(statement) => self.return_statement(statement),
            ast::Statement::ThrowStatement(statement) => {
                let value = self.expression(&statement.argument);
                self.body.terminate(Terminator::Throw(value), span(statement.span));
                self.body.start_dead();
            }
            ast::Statement::BreakStatement(statement) => {
                self.break_statement(statement.label.as_ref().map(|label| label.name.as_str()));
            }
            ast::Statement::ContinueStatement(statement) => {
                self.continue_statement(statement.label.as_ref().map(|label| label.name.as_str()));
            }
            ast::Statement::LabeledStatement(statement) => {
                let mut labels = labels.to_vec();
                labels.push(statement.label.name.as_str());
                self.statement(&statement.body, &labels);
            }
            ast::Statement::WhileStatement(statement) => self.while_statement(statement, labels),
            ast::Statement::DoWhileStatement(statement) => self.do_while_statement(statement, labels),
            ast::Statement::ForStatement(statement) => self.for_statement(statement, labels),
            ast::Statement::ForInStatement(statement) => self.for_in_statement(statement, labels),
            ast::Statement::ForOfStatement(statement) => self.for_of_statement(statement, labels),
            ast::Statement::SwitchStatement(statement) => self.switch_statement(statement, labels),
            ast::Statement::TryStatement(statement) => self.labelled(labels, |this| this.try_statement(statement)),
            ast::Statement::WithStatement(statement) => {
                self.discard(&statement.object);
                self.statement(&statement.body, &[]);
            }
            ast::Statement::DebuggerStatement(_) | ast::Statement::EmptyStatement(_) => {}
            other => {
                if let Some(declaration) = other.as_declaration() {
                    self.declaration(declaration);
                } else if let Some(declaration) = other.as_module_declaration() {
                    self.module_declaration(declaration);
                }
            }
        }
    }

    pub(super) fn declaration(&mut self, declaration: &'a ast::Declaration<'a>) {
        match declaration {
            ast::Declaration::VariableDeclaration(declaration) => self.variable_declaration(declaration),
            ast::Declaration::FunctionDeclaration(function) => self.function_declaration(function),
            ast::Declaration::ClassDeclaration(class) => {
                if !class.declare {
                    self.class(class, None);
                }
            }
            ast::Declaration::TSTypeAliasDeclaration(alias) => {
                let variable = self.declare(&alias.id);
                let annotation = self.type_ref(&alias.type_annotation);
                self.variables[variable.0 as usize].annotation = Some(annotation);
            }
            ast::Declaration::TSInterfaceDeclaration(interface) => {
                self.interface(interface);
            }
            ast::Declaration::TSEnumDeclaration(declaration) => self.enumeration(declaration),
            ast::Declaration::TSNamespaceDeclaration(namespace) => self.namespace(namespace),
            ast::Declaration::TSImportEqualsDeclaration(import) => self.import_equals(import),
            ast::Declaration::TSExternalModuleDeclaration(_) | ast::Declaration::TSGlobalDeclaration(_) => {}
        }
    }

    pub(super) fn variable_declaration(&mut self, declaration: &'a ast::VariableDeclaration<'a>) {
        for declarator in &declaration.declarations {
            let written = declarator.type_annotation.as_ref().map(|annotation| &annotation.type_annotation);
            let Some(init) = &declarator.init else {
                let is_let = declaration.kind == ast::VariableDeclarationKind::Let && !declaration.declare;
                self.declare_only(&declarator.id, written, is_let);
                continue;
            };
            let value = self.named(init, pattern_hint(&declarator.id));
            let written = written.or_else(|| super::types::asserted(init));
            self.bind(&declarator.id, Rvalue::Use(value), written, span(declarator.span));
            if declaration.kind.is_using() {
                self.dispose_at_end(&declarator.id);
            }
        }
    }

    /// A declaration without a value: `let` makes its names undefined, `var` and ambient ones do nothing.
    fn declare_only(
        &mut self,
        pattern: &'a ast::BindingPattern<'a>,
        written: Option<&'a ast::TSType<'a>>,
        is_let: bool,
    ) {
        if let ast::BindingPattern::BindingIdentifier(identifier) = pattern {
            let variable = self.declare(identifier);
            self.annotate(variable, written);
            if is_let {
                let at = span(identifier.span);
                self.body.assign(Place::variable(variable), Rvalue::Use(Operand::Nullish), at);
            }
        }
    }

    /// `using name = …`: from here to the end of the list of statements.
    pub(super) fn dispose_at_end(&mut self, pattern: &'a ast::BindingPattern<'a>) {
        if let ast::BindingPattern::BindingIdentifier(identifier) = pattern {
            let place = Place::variable(self.declare(identifier));
            let at = span(identifier.span);
            self.open_cleanup(Cleanup::Dispose(place, at), at.start);
        }
    }

    /// A statement that `break label` can leave although it is no loop.
    fn labelled(&mut self, labels: &[&'a str], body: impl FnOnce(&mut Self)) {
        if labels.is_empty() {
            return body(self);
        }
        let break_to = self.body.new_block();
        let target = Target { labels: labels.into(), is_plain: false, break_to, continue_to: None };
        self.body.exits.push(Exit::Target(target));
        body(self);
        self.body.exits.pop();
        self.body.goto(break_to);
        self.body.switch_to(break_to);
    }

    fn if_statement(&mut self, statement: &'a ast::IfStatement<'a>) {
        let (then, join) = (self.body.new_block(), self.body.new_block());
        let otherwise = if statement.alternate.is_some() { self.body.new_block() } else { join };
        self.condition(&statement.test, then, otherwise);
        self.body.switch_to(then);
        self.statement(&statement.consequent, &[]);
        self.body.goto(join);
        if let Some(alternate) = &statement.alternate {
            self.body.switch_to(otherwise);
            self.statement(alternate, &[]);
            self.body.goto(join);
        }
        self.body.switch_to(join);
    }

    fn return_statement(&mut self, statement: &'a ast::ReturnStatement<'a>) {
        let at = span(statement.span);
        if let Some((depth, inline)) = self.enclosing_inline() {
            let mode = if inline.settles { Mode::Settle } else { Mode::Plain };
            let value = statement.argument.as_ref().map_or(Operand::Nullish, |argument| self.value(argument, mode));
            if let Some(result) = inline.result {
                let at = statement.argument.as_ref().map_or(at, |argument| span(argument.span()));
                self.body.assign(Place::temp(result), Rvalue::Use(value), at);
            }
            self.leave(depth + 1, None, |this, _| this.body.goto(inline.join));
            return;
        }
        let mut value = statement.argument.as_ref().map(|argument| self.expression(argument));
        if self.crosses_cleanup(0) {
            value = value.map(|value| self.snapshot(value, at));
        }
        self.leave(0, value, |this, value| this.body.terminate(Terminator::Return(value), at));
    }

    fn try_statement(&mut self, statement: &'a ast::TryStatement<'a>) {
        if let Some(finalizer) = &statement.finalizer {
            self.open_cleanup(Cleanup::Block(finalizer), finalizer.span.start);
        }
        match &statement.handler {
            None => self.block(&statement.block.body),
            Some(handler) => self.caught(
                |this| this.block(&statement.block.body),
                |this, error| {
                    if let Some(parameter) = &handler.param {
                        let at = span(parameter.span);
                        let written = parameter.type_annotation.as_ref().map(|written| &written.type_annotation);
                        this.bind(&parameter.pattern, error, written, at);
                        if let ast::BindingPattern::BindingIdentifier(identifier) = &parameter.pattern {
                            this.declare_as(identifier, Binding::Caught);
                        }
                    }
                    this.block(&handler.body.body);
                },
            ),
        }
        if statement.finalizer.is_some() {
            self.close_cleanup();
        }
    }

    /// Runs `guarded` with its exceptions going to `handler`, and joins behind the two. The handler is given the error.
    pub(super) fn caught(&mut self, guarded: impl FnOnce(&mut Self), handler: impl FnOnce(&mut Self, Rvalue)) {
        let unwind = self.body.unwind();
        let (entry, join) = (self.body.new_block(), self.body.new_block());
        self.body.set_unwind(Some(entry));
        guarded(self);
        self.body.goto(join);
        self.body.prepare(unwind, self.body.loop_depth());
        self.body.switch_to(entry);
        handler(self, Rvalue::Caught);
        self.body.goto(join);
        self.body.switch_to(join);
    }

    /// A way on for each of `targets` that the form tells no more about.
    pub(super) fn fork(&mut self, targets: Vec<crate::ir::BlockId>, at: Span) {
        self.body.terminate(Terminator::Fork(targets), at);
    }
}
