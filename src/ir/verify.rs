//! Checks a module's invariants: for tests of front ends.
//!
//! Takes a module and the text it came from; gives one line for each violation. Never repairs anything.

use crate::source::Span;

use super::{
    Binding, Block, ClassId, Condition, Decorator, ExportSource, Function, FunctionId, FunctionKind, Module, OpKind,
    Operand, Place, Property, RequestId, Root, Rvalue, Temp, Terminator, TypeRef, TypeRoot, VariableId,
};

/// What is wrong with the module; empty when nothing is.
#[must_use]
pub fn verify(module: &Module, text: &str) -> Vec<String> {
    let mut check = Check { module, text, at: String::new(), temps: 0, breaches: Vec::new() };
    check.tables();
    for (id, function) in module.functions() {
        check.at = format!("fn{} {}", id.0, module.qualified_name(id));
        check.function(id, function);
    }
    check.breaches
}

struct Check<'m> {
    module: &'m Module,
    text: &'m str,
    /// Where we are, for messages.
    at: String,
    temps: u32,
    breaches: Vec<String>,
}

impl Check<'_> {
    fn tables(&mut self) {
        let module = self.module;
        "tables".clone_into(&mut self.at);
        for variable in &module.variables {
            self.span(variable.span, "variable");
            self.function_id(variable.owner);
            match variable.binding {
                Binding::Function(id) => self.function_id(id),
                Binding::Class(id) => self.class_id(id),
                Binding::Import(index) => {
                    self.require((index as usize) < module.imports.len(), || format!("import {index} out of range"));
                }
                _ => {}
            }
            if let Some(written) = &variable.annotation {
                self.type_ref(written);
            }
        }
        for import in &module.imports {
            self.request(import.request);
            self.variable(import.variable);
        }
        for export in &module.exports {
            self.span(export.span, "export");
            match export.source {
                ExportSource::Variable(id) => self.variable(id),
                ExportSource::ReExport { request, .. } | ExportSource::All { request } => self.request(request),
            }
        }
        if let Some(exports) = module.common_js_exports {
            self.variable(exports);
        }
        for request in &module.requests {
            self.span(request.span, "request");
        }
        for comment in &module.comments {
            self.span(comment.span, "comment");
        }
        for (_, class) in module.classes() {
            self.span(class.span, "class");
            self.span(class.name_span, "class name");
            self.function_id(class.parent);
            self.temps = module.functions.get(class.parent.index()).map_or(0, |parent| parent.temps);
            for id in class.constructor.iter().chain(&class.instance_initialiser) {
                self.function_id(*id);
            }
            for member in &class.members {
                self.function_id(member.function);
            }
            if let Some(variable) = class.variable {
                self.variable(variable);
            }
            if let Some(base) = &class.extends {
                self.operand(base);
            }
            for (_, written) in &class.field_types {
                self.type_ref(written);
            }
            for written in &class.implements {
                self.type_ref(written);
            }
            self.decorators(&class.decorators);
        }
    }

    fn function(&mut self, id: FunctionId, function: &Function) {
        self.require((id == FunctionId::INITIALISER) == function.parent.is_none(), || "wrong parent".to_owned());
        if let Some(parent) = function.parent {
            self.function_id(parent);
            self.require(parent != id, || "its own parent".to_owned());
            self.temps = self.module.functions.get(parent.index()).map_or(0, |parent| parent.temps);
            self.decorators(&function.decorators);
            for parameter in &function.parameters {
                self.decorators(&parameter.decorators);
            }
        }
        if let FunctionKind::Method { class, .. } | FunctionKind::Constructor { class } = function.kind {
            self.class_id(class);
        }
        self.span(function.span, "function");
        self.span(function.name_span, "function name");
        for parameter in &function.parameters {
            self.variable(parameter.variable);
            let owner = self.module.variables.get(parameter.variable.0 as usize).map(|variable| variable.owner);
            self.require(owner == Some(id), || "a parameter that belongs to another function".to_owned());
        }
        if let Some(written) = &function.return_type {
            self.type_ref(written);
        }
        self.temps = function.temps;
        if let Some(temp) = super::reads::read_before_assigned(function) {
            self.breaches.push(format!("{}: temporary {} is read where nothing may have assigned it", self.at, temp.0));
        }
        self.require(!function.blocks.is_empty(), || "no entry block".to_owned());
        for (block_id, block) in function.blocks() {
            self.block(block);
            for to in block.terminator.successors().into_iter().chain(block.unwind) {
                self.require(to.index() < function.blocks.len(), || format!("b{} leads to b{}", block_id.0, to.0));
            }
        }
    }

    fn block(&mut self, block: &Block) {
        self.span(block.terminator_span, "terminator");
        for op in &block.ops {
            self.span(op.span, "operation");
            match &op.kind {
                OpKind::Assign { target, value } => {
                    self.place(target);
                    self.rvalue(value);
                }
                OpKind::Call(call) => {
                    self.operand(&call.callee);
                    self.span(call.callee_span, "callee");
                    self.temp(call.result);
                    for argument in &call.arguments {
                        self.operand(&argument.value);
                        self.span(argument.span, "argument");
                    }
                }
                OpKind::Dispose { place } | OpKind::Delete { place } => self.place(place),
                OpKind::Yield { value } => self.operand(value),
            }
        }
        match &block.terminator {
            Terminator::Branch { condition, .. } => self.condition(condition),
            Terminator::Return(Some(value)) | Terminator::Throw(value) => self.operand(value),
            Terminator::Fork(ways) => self.require(!ways.is_empty(), || "a fork without ways".to_owned()),
            _ => {}
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Truthy(value) | Condition::TypeOf { value, .. } => self.operand(value),
            Condition::Compare { left, right, .. } => {
                self.operand(left);
                self.operand(right);
            }
            Condition::InstanceOf { value, class } => {
                self.operand(value);
                self.operand(class);
            }
            Condition::Has { key, object } => {
                self.operand(key);
                self.operand(object);
            }
            Condition::Opaque => {}
        }
    }

    fn rvalue(&mut self, value: &Rvalue) {
        match value {
            Rvalue::Use(value) | Rvalue::Await(value) | Rvalue::ElementOf(value) => self.operand(value),
            Rvalue::Rest(rest) => self.operand(&rest.of),
            Rvalue::Object(properties) => {
                for property in properties {
                    match property {
                        Property::Field { value, .. } | Property::Spread(value) => self.operand(value),
                    }
                }
            }
            Rvalue::Array(elements) => elements.iter().for_each(|element| self.operand(&element.value)),
            Rvalue::Compute(operands) => operands.iter().for_each(|value| self.operand(value)),
            Rvalue::Caught => {}
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Place(place) => self.place(place),
            Operand::Function(id) => self.function_id(*id),
            Operand::Class(id) => self.class_id(*id),
            Operand::Module(id) => self.request(*id),
            _ => {}
        }
    }

    fn place(&mut self, place: &Place) {
        match place.root {
            Root::Variable(id) => self.variable(id),
            Root::Temp(temp) => self.temp(temp),
            Root::This | Root::Global(_) => {}
        }
    }

    fn type_ref(&mut self, written: &TypeRef) {
        match written {
            TypeRef::Named { root, arguments, .. } => {
                match root {
                    TypeRoot::Variable(id) => self.variable(*id),
                    TypeRoot::Module(id) => self.request(*id),
                    TypeRoot::Global(_) => {}
                }
                for argument in arguments {
                    self.type_ref(argument);
                }
            }
            TypeRef::AnyOf(types) => types.iter().for_each(|written| self.type_ref(written)),
            TypeRef::Array(element) | TypeRef::Part { of: element, .. } => self.type_ref(element),
            TypeRef::Shape(fields) => fields.iter().for_each(|(_, written)| self.type_ref(written)),
            TypeRef::TypeOf(place) => self.place(place),
            TypeRef::Literals | TypeRef::Other => {}
        }
    }

    fn decorators(&mut self, decorators: &[Decorator]) {
        for decorator in decorators {
            self.place(&decorator.callee);
            self.span(decorator.span, "decorator");
            decorator.arguments.iter().for_each(|value| self.operand(value));
        }
    }

    fn variable(&mut self, id: VariableId) {
        self.require((id.0 as usize) < self.module.variables.len(), || format!("variable {} out of range", id.0));
    }

    fn function_id(&mut self, id: FunctionId) {
        self.require(id.index() < self.module.functions.len(), || format!("function {} out of range", id.0));
    }

    fn class_id(&mut self, id: ClassId) {
        self.require((id.0 as usize) < self.module.classes.len(), || format!("class {} out of range", id.0));
    }

    fn request(&mut self, id: RequestId) {
        self.require((id.0 as usize) < self.module.requests.len(), || format!("request {} out of range", id.0));
    }

    fn temp(&mut self, temp: Temp) {
        self.require(temp.0 < self.temps, || format!("temporary {} out of range", temp.0));
    }

    fn span(&mut self, span: Span, what: &str) {
        let is_within = self.text.get(span.start as usize..span.end as usize).is_some();
        self.require(is_within, || format!("the {what}'s span {span:?} is not a piece of the text"));
    }

    fn require(&mut self, holds: bool, breach: impl FnOnce() -> String) {
        if !holds {
            self.breaches.push(format!("{}: {}", self.at, breach()));
        }
    }
}
