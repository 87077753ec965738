//! Components: the part of a file that runs for each instance becomes a function, its default export.

use oxc_ast::ast;
use oxc_span::GetSpan as _;

use crate::ir::{
    Binding, ExportSource, Function, FunctionId, FunctionKind, Operand, Place, Rvalue, Terminator, VariableId,
};
use crate::languages::graph::Body;
use crate::source::Span;

use super::lowering::{Lowering, span};

impl<'a> Lowering<'a> {
    /// The statements of a file, of which those in `instance` are the body of one function. Imports are the module's.
    pub(super) fn instance_script(&mut self, statements: &'a [ast::Statement<'a>], instance: Span) {
        let is_of_module = |statement: &&ast::Statement<'a>| {
            let at = span(statement.span());
            at.start < instance.start
                || at.end > instance.end
                || matches!(statement, ast::Statement::ImportDeclaration(_))
        };
        for statement in statements.iter().filter(is_of_module) {
            self.statement(statement, &[]);
        }
        let id = self.reserve_function();
        let outer = std::mem::replace(&mut self.body, Body::new(id));
        let exports = self.exports.len();
        let outside = self.body.exits.len();
        for statement in statements.iter().filter(|statement| !is_of_module(statement)) {
            self.statement(statement, &[]);
        }
        while self.body.exits.len() > outside {
            self.close_cleanup();
        }
        // What the instance's script exports are its properties: others set them.
        let head = Span::new(instance.start, instance.start);
        let properties: Vec<VariableId> = self
            .exports
            .drain(exports..)
            .filter_map(|export| match export.source {
                ExportSource::Variable(variable) => Some(variable),
                _ => None,
            })
            .collect();
        for variable in properties {
            self.variables[variable.0 as usize].is_constant = false;
            self.body.assign(Place::variable(variable), Rvalue::Use(Operand::Opaque), head);
        }
        self.body.terminate(Terminator::Return(None), Span::new(instance.end, instance.end));
        self.finish_component(id, outer, instance);
    }

    fn finish_component(&mut self, id: FunctionId, outer: Body<super::exits::Exit<'a>>, instance: Span) {
        let body = std::mem::replace(&mut self.body, outer);
        let (blocks, temps) = body.finish();
        let head = Span::new(instance.start, instance.start);
        self.functions[id.index()] = Some(Function {
            name: Some("setup".into()),
            parent: Some(self.body.id),
            binds_this: false,
            blocks,
            temps,
            span: instance,
            name_span: head,
            ..Function::new(FunctionKind::Free)
        });
        let variable = self.synthetic("setup".into(), head, Binding::Function(id));
        let is_taken = self.exports.iter().any(|export| export.name == "default");
        self.export(if is_taken { "setup" } else { "default" }.into(), ExportSource::Variable(variable), head);
    }
}
