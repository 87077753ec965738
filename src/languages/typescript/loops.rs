//! Loops and `switch`.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{BlockId, Operand, Rvalue};

use super::exits::{Exit, Target};
use super::expressions::peel;
use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    pub(super) fn while_statement(&mut self, statement: &'a ast::WhileStatement<'a>, labels: &[&'a str]) {
        let (head, body, exit) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
        self.body.goto(head);
        let depth = self.enter_loop(head);
        self.condition(&statement.test, body, exit);
        self.body.switch_to(body);
        self.loop_body(&statement.body, labels, exit, head);
        self.body.goto(head);
        self.leave_loop(exit, depth);
    }

    pub(super) fn do_while_statement(&mut self, statement: &'a ast::DoWhileStatement<'a>, labels: &[&'a str]) {
        let (head, test, exit) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
        self.body.goto(head);
        let depth = self.enter_loop(head);
        self.loop_body(&statement.body, labels, exit, test);
        self.body.goto(test);
        self.body.switch_to(test);
        self.condition(&statement.test, head, exit);
        self.leave_loop(exit, depth);
    }

    pub(super) fn for_statement(&mut self, statement: &'a ast::ForStatement<'a>, labels: &[&'a str]) {
        let outside = self.body.exits.len();
        match &statement.init {
            Some(ast::ForStatementInit::VariableDeclaration(declaration)) => self.variable_declaration(declaration),
            Some(init) => {
                if let Some(expression) = init.as_expression() {
                    self.discard(expression);
                }
            }
            None => {}
        }
        let (head, body) = (self.body.new_block(), self.body.new_block());
        let (update, exit) = (self.body.new_block(), self.body.new_block());
        self.body.goto(head);
        let depth = self.enter_loop(head);
        match &statement.test {
            Some(test) => self.condition(test, body, exit),
            None => self.body.goto(body),
        }
        self.body.switch_to(body);
        self.loop_body(&statement.body, labels, exit, update);
        self.body.goto(update);
        self.body.switch_to(update);
        if let Some(expression) = &statement.update {
            self.discard(expression);
        }
        self.body.goto(head);
        self.leave_loop(exit, depth);
        while self.body.exits.len() > outside {
            self.close_cleanup();
        }
    }

    pub(super) fn for_in_statement(&mut self, statement: &'a ast::ForInStatement<'a>, labels: &[&'a str]) {
        let object = self.expression(&statement.right);
        let at = span(statement.left.span());
        let (head, exit, depth) = self.enter_element_loop(span(statement.right.span()));
        self.loop_variable(&statement.left, Rvalue::Compute(vec![object]), at);
        self.element_loop_body(&statement.body, labels, head, exit, depth);
    }

    pub(super) fn for_of_statement(&mut self, statement: &'a ast::ForOfStatement<'a>, labels: &[&'a str]) {
        let iterable = self.expression(&statement.right);
        let at = span(statement.left.span());
        let (head, exit, depth) = self.enter_element_loop(span(statement.right.span()));
        let mut element = Rvalue::ElementOf(iterable);
        if statement.r#await {
            let temp = self.body.temp_of(element, at);
            element = Rvalue::Await(temp.into());
        }
        self.loop_variable(&statement.left, element, at);
        let outside = self.body.exits.len();
        if let ast::ForStatementLeft::VariableDeclaration(declaration) = &statement.left
            && declaration.kind.is_using()
            && let Some(declarator) = declaration.declarations.first()
        {
            self.dispose_at_end(&declarator.id);
        }
        self.loop_body(&statement.body, labels, exit, head);
        while self.body.exits.len() > outside {
            self.close_cleanup();
        }
        self.body.goto(head);
        self.leave_loop(exit, depth);
    }

    pub(super) fn switch_statement(&mut self, statement: &'a ast::SwitchStatement<'a>, labels: &[&'a str]) {
        let exit = self.body.new_block();
        let entries: Vec<BlockId> = statement.cases.iter().map(|_| self.body.new_block()).collect();
        let default = statement.cases.iter().position(|case| case.test.is_none()).map_or(exit, |index| entries[index]);
        self.switch_head(statement, &entries, default);
        let target = Target { labels: labels.into(), is_plain: true, break_to: exit, continue_to: None };
        self.body.exits.push(Exit::Target(target));
        for (index, case) in statement.cases.iter().enumerate() {
            self.body.switch_to(entries[index]);
            self.block(&case.consequent);
            self.body.goto(entries.get(index + 1).copied().unwrap_or(exit));
        }
        self.body.exits.pop();
        self.body.switch_to(exit);
    }

    fn switch_head(&mut self, statement: &'a ast::SwitchStatement<'a>, entries: &[BlockId], default: BlockId) {
        let at = span(statement.discriminant.span());
        let tests = statement.cases.iter().zip(entries).filter_map(|(case, &entry)| Some((case.test.as_ref()?, entry)));
        // `switch (true)` is a chain of conditions.
        if matches!(peel(&statement.discriminant), ast::Expression::BooleanLiteral(literal) if literal.value) {
            for (test, entry) in tests {
                let next = self.body.new_block();
                self.condition(test, entry, next);
                self.body.switch_to(next);
            }
            self.body.goto(default);
            return;
        }
        self.discard(&statement.discriminant);
        let mut ways = Vec::with_capacity(entries.len() + 1);
        for (test, entry) in tests {
            if !test.is_literal() {
                self.discard(test);
            }
            ways.push(entry);
        }
        ways.push(default);
        self.fork(ways, at);
    }

    /// Head of a loop over elements, and into its body.
    pub(super) fn enter_element_loop(&mut self, at: crate::source::Span) -> (BlockId, BlockId, u16) {
        let (head, body, exit) = (self.body.new_block(), self.body.new_block(), self.body.new_block());
        self.body.goto(head);
        let depth = self.enter_loop(head);
        self.fork(vec![body, exit], at);
        self.body.switch_to(body);
        (head, exit, depth)
    }

    fn element_loop_body(
        &mut self,
        body: &'a ast::Statement<'a>,
        labels: &[&'a str],
        head: BlockId,
        exit: BlockId,
        depth: u16,
    ) {
        self.loop_body(body, labels, exit, head);
        self.body.goto(head);
        self.leave_loop(exit, depth);
    }

    fn loop_variable(&mut self, left: &'a ast::ForStatementLeft<'a>, value: Rvalue, at: crate::source::Span) {
        match left {
            ast::ForStatementLeft::VariableDeclaration(declaration) => {
                if let Some(declarator) = declaration.declarations.first() {
                    let written = declarator.type_annotation.as_ref().map(|written| &written.type_annotation);
                    self.bind(&declarator.id, value, written, at);
                }
            }
            other => match other.as_assignment_target() {
                Some(target) => self.assign_to(target, value, at),
                None => {
                    self.operand_place(Operand::Opaque, at);
                }
            },
        }
    }

    fn loop_body(&mut self, body: &'a ast::Statement<'a>, labels: &[&'a str], break_to: BlockId, continue_to: BlockId) {
        let target = Target { labels: labels.into(), is_plain: true, break_to, continue_to: Some(continue_to) };
        self.body.exits.push(Exit::Target(target));
        self.statement(body, &[]);
        self.body.exits.pop();
    }

    /// Enters a loop's head; gives the depth to go back to.
    fn enter_loop(&mut self, head: BlockId) -> u16 {
        let depth = self.body.loop_depth();
        self.body.prepare(self.body.unwind(), depth.saturating_add(1));
        self.body.switch_to(head);
        depth
    }

    pub(super) fn leave_loop(&mut self, exit: BlockId, depth: u16) {
        self.body.prepare(self.body.unwind(), depth);
        self.body.switch_to(exit);
    }
}
