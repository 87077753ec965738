//! A text dump of a module, for snapshots and for reading what a front end understood.
//!
//! One line for each operation: `pool = %0`, `%0 = await new Pool(%1)`, `-> b1`. Blocks are `bN`, temporaries `%N`,
//! functions `fnN`, classes `classN`; a variable is its name, followed by `#id` when the module has several of the name.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use super::{
    Argument, Block, Call, CallKind, Class, Comparison, Condition, Element, ExportSource, Field, Function, FunctionId,
    FunctionKind, ImportName, Module, Op, OpKind, Operand, Place, Property, RequestId, Root, Rvalue, Terminator,
    TypeRef, TypeRoot, VariableId,
};

/// The module's tables, functions and blocks as text.
#[must_use]
pub fn dump(module: &Module) -> String {
    let mut counts: FxHashMap<&str, u32> = FxHashMap::default();
    for variable in &module.variables {
        *counts.entry(&variable.name).or_default() += 1;
    }
    let mut dump = Dump { module, counts, out: String::new() };
    dump.tables();
    for (id, function) in module.functions() {
        dump.function(id, function);
    }
    dump.out
}

struct Dump<'m> {
    module: &'m Module,
    counts: FxHashMap<&'m str, u32>,
    out: String,
}

impl Dump<'_> {
    fn tables(&mut self) {
        let module = self.module;
        for import in &module.imports {
            let name = import_name(&import.name);
            let specifier = self.specifier(import.request);
            let type_only = if import.type_only { "type " } else { "" };
            let local = self.variable(import.variable);
            let _ = writeln!(self.out, "import {type_only}{local} = {name} of {specifier}");
        }
        for export in &module.exports {
            let source = match &export.source {
                ExportSource::Variable(variable) => self.variable(*variable),
                ExportSource::ReExport { request, name } => {
                    format!("{} of {}", import_name(name), self.specifier(*request))
                }
                ExportSource::All { request } => format!("* of {}", self.specifier(*request)),
            };
            let _ = writeln!(self.out, "export {} = {source}", export.name);
        }
        for (index, variable) in (0u32..).zip(&module.variables) {
            if let Some(annotation) = &variable.annotation
                && !matches!(annotation, TypeRef::Literals | TypeRef::Other)
            {
                let name = self.variable(VariableId(index));
                let written = self.type_ref(annotation);
                let _ = writeln!(self.out, "type of {name}: {written}");
            }
        }
        for (id, class) in module.classes() {
            self.class(id.0, class);
        }
    }

    fn class(&mut self, id: u32, class: &Class) {
        let name = class.name.as_deref().unwrap_or("<anonymous>");
        let _ = write!(self.out, "class{id} {name}");
        if let Some(class) = class.continues {
            let class = self.variable(class);
            let _ = write!(self.out, " of {class}");
        }
        if let Some(base) = &class.extends {
            let base = self.operand(base);
            let _ = write!(self.out, " extends {base}");
        }
        for written in &class.implements {
            let written = self.type_ref(written);
            let _ = write!(self.out, " implements {written}");
        }
        if let Some(constructor) = class.constructor {
            let _ = write!(self.out, " constructor fn{}", constructor.0);
        }
        if let Some(fields) = class.instance_initialiser {
            let _ = write!(self.out, " fields fn{}", fields.0);
        }
        self.out.push('\n');
        for member in &class.members {
            let prefix = if member.is_static { "static " } else { "" };
            let _ = writeln!(self.out, "  {prefix}{} fn{}", member.name, member.function.0);
        }
        for (name, written) in &class.field_types {
            let written = self.type_ref(written);
            let _ = writeln!(self.out, "  {name}: {written}");
        }
        for decorator in &class.decorators {
            let arguments: Vec<String> = decorator.arguments.iter().map(|value| self.operand(value)).collect();
            let callee = self.place(&decorator.callee);
            let _ = writeln!(self.out, "  @{callee}({})", arguments.join(", "));
        }
    }

    fn function(&mut self, id: FunctionId, function: &Function) {
        let kind = match function.kind {
            FunctionKind::ModuleInitialiser | FunctionKind::Free => "",
            FunctionKind::Method { is_static: false, .. } => " method",
            FunctionKind::Method { is_static: true, .. } => " static method",
            FunctionKind::Constructor { .. } => " constructor",
            FunctionKind::InstanceInitialiser { .. } => " fields",
            FunctionKind::Getter { .. } => " getter",
            FunctionKind::Setter { .. } => " setter",
        };
        let is_async = if function.is_async { " async" } else { "" };
        let generator = if function.is_generator { "*" } else { "" };
        let parameters: Vec<String> = function
            .parameters
            .iter()
            .map(|parameter| {
                let rest = if parameter.is_rest { "..." } else { "" };
                let default = if parameter.has_default { "?" } else { "" };
                format!("{rest}{}{default}", self.variable(parameter.variable))
            })
            .collect();
        let name = self.module.qualified_name(id);
        let _ = write!(self.out, "fn{} {name}{generator}({}){kind}{is_async}", id.0, parameters.join(", "));
        if let Some(parent) = function.parent.filter(|parent| *parent != FunctionId::INITIALISER) {
            let _ = write!(self.out, " in fn{}", parent.0);
        }
        if let Some(written) = &function.return_type {
            let written = self.type_ref(written);
            let _ = write!(self.out, ": {written}");
        }
        self.out.push('\n');
        for (id, block) in function.blocks() {
            self.block(id.0, block);
        }
    }

    fn block(&mut self, id: u32, block: &Block) {
        let _ = write!(self.out, "  b{id}");
        if let Some(unwind) = block.unwind {
            let _ = write!(self.out, " unwind b{}", unwind.0);
        }
        if block.loop_depth > 0 {
            let _ = write!(self.out, " loop {}", block.loop_depth);
        }
        self.out.push('\n');
        for op in &block.ops {
            let line = self.op(op);
            let _ = writeln!(self.out, "    {line}");
        }
        let line = self.terminator(&block.terminator);
        let _ = writeln!(self.out, "    {line}");
    }

    fn terminator(&self, terminator: &Terminator) -> String {
        match terminator {
            Terminator::Goto(to) => format!("-> b{}", to.0),
            Terminator::Branch { condition, then, otherwise } => {
                format!("if {} -> b{} else b{}", self.condition(condition), then.0, otherwise.0)
            }
            Terminator::Fork(ways) => {
                let ways: Vec<String> = ways.iter().map(|way| format!("b{}", way.0)).collect();
                format!("fork {}", ways.join(", "))
            }
            Terminator::Return(None) => "return".to_owned(),
            Terminator::Return(Some(value)) => format!("return {}", self.operand(value)),
            Terminator::Throw(value) => format!("throw {}", self.operand(value)),
            Terminator::Resume => "resume".to_owned(),
            Terminator::Unreachable => "unreachable".to_owned(),
        }
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Truthy(value) => self.operand(value),
            Condition::Compare { comparison, left, right } => {
                let sign = match comparison {
                    Comparison::Equal => "==",
                    Comparison::Less => "<",
                    Comparison::LessOrEqual => "<=",
                    Comparison::Greater => ">",
                    Comparison::GreaterOrEqual => ">=",
                };
                format!("{} {sign} {}", self.operand(left), self.operand(right))
            }
            Condition::InstanceOf { value, class } => {
                format!("{} instanceof {}", self.operand(value), self.operand(class))
            }
            Condition::Has { key, object } => format!("{} in {}", self.operand(key), self.operand(object)),
            Condition::TypeOf { value, name } => format!("typeof {} == {name:?}", self.operand(value)),
            Condition::Opaque => "?".to_owned(),
        }
    }

    fn op(&self, op: &Op) -> String {
        match &op.kind {
            OpKind::Assign { target, value } => format!("{} = {}", self.place(target), self.rvalue(value)),
            OpKind::Call(call) => self.call(call),
            OpKind::Dispose { place } => format!("dispose {}", self.place(place)),
            OpKind::Delete { place } => format!("delete {}", self.place(place)),
            OpKind::Yield { value } => format!("yield {}", self.operand(value)),
        }
    }

    fn call(&self, call: &Call) -> String {
        let kind = match call.kind {
            CallKind::Call => "call ",
            CallKind::New => "new ",
            CallKind::TaggedTemplate => "tag ",
            CallKind::Super => "super ",
            CallKind::Jsx => "jsx ",
        };
        let awaited = match (call.awaited, call.suspends) {
            (true, true) => "await ",
            (true, false) => "try ",
            (false, true) => "wait ",
            (false, false) => "",
        };
        let optional = if call.optional { "?." } else { "" };
        let arguments: Vec<String> = call
            .arguments
            .iter()
            .map(|Argument { value, spread, .. }| spread_text(*spread, &self.operand(value)))
            .collect();
        let callee = self.operand(&call.callee);
        format!("%{} = {awaited}{kind}{callee}{optional}({})", call.result.0, arguments.join(", "))
    }

    fn rvalue(&self, value: &Rvalue) -> String {
        match value {
            Rvalue::Use(value) => self.operand(value),
            Rvalue::Await(value) => format!("await {}", self.operand(value)),
            Rvalue::Object(properties) => {
                let parts: Vec<String> = properties
                    .iter()
                    .map(|property| match property {
                        Property::Field { name, value } => format!("{}: {}", field_text(name), self.operand(value)),
                        Property::Spread(value) => format!("...{}", self.operand(value)),
                    })
                    .collect();
                format!("{{{}}}", parts.join(", "))
            }
            Rvalue::Array(elements) => {
                let parts: Vec<String> = elements
                    .iter()
                    .map(|Element { value, spread }| spread_text(*spread, &self.operand(value)))
                    .collect();
                format!("[{}]", parts.join(", "))
            }
            Rvalue::Compute(operands) => {
                let parts: Vec<String> = operands.iter().map(|value| self.operand(value)).collect();
                format!("compute({})", parts.join(", "))
            }
            Rvalue::Rest(rest) => {
                let without: Vec<&str> = rest.without.iter().map(field_text).collect();
                format!("{} without {}", self.operand(&rest.of), without.join(", "))
            }
            Rvalue::ElementOf(value) => format!("element of {}", self.operand(value)),
            Rvalue::Caught => "caught".to_owned(),
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Place(place) => self.place(place),
            Operand::Function(id) => format!("fn{}", id.0),
            Operand::Class(id) => format!("class{}", id.0),
            Operand::Module(request) => format!("module {}", self.specifier(*request)),
            Operand::String(text) => format!("{text:?}"),
            Operand::Number(number) => number.to_string(),
            Operand::Boolean(value) => value.to_string(),
            Operand::Nullish => "nullish".to_owned(),
            Operand::Opaque => "opaque".to_owned(),
        }
    }

    fn place(&self, place: &Place) -> String {
        let mut text = match &place.root {
            Root::Variable(id) => self.variable(*id),
            Root::Temp(temp) => format!("%{}", temp.0),
            Root::This => "this".to_owned(),
            Root::Global(name) => format!("global {name}"),
        };
        for field in &place.path {
            match field {
                Field::Named(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                Field::Computed => text.push_str("[?]"),
            }
        }
        text
    }

    fn variable(&self, id: VariableId) -> String {
        let variable = self.module.variable(id);
        let suffix = if self.counts[variable.name.as_str()] > 1 { format!("#{}", id.0) } else { String::new() };
        format!("{}{suffix}", variable.name)
    }

    fn specifier(&self, request: RequestId) -> String {
        format!("{:?}", self.module.request(request).specifier.as_str())
    }

    fn type_ref(&self, written: &TypeRef) -> String {
        match written {
            TypeRef::Named { root, path, arguments } => {
                let mut text = match root {
                    TypeRoot::Variable(id) => self.variable(*id),
                    TypeRoot::Global(name) => format!("global {name}"),
                    TypeRoot::Module(request) => format!("module {}", self.specifier(*request)),
                };
                for name in path {
                    text.push('.');
                    text.push_str(name);
                }
                if !arguments.is_empty() {
                    let arguments: Vec<String> = arguments.iter().map(|written| self.type_ref(written)).collect();
                    let _ = write!(text, "<{}>", arguments.join(", "));
                }
                text
            }
            TypeRef::AnyOf(types) => {
                let types: Vec<String> = types.iter().map(|written| self.type_ref(written)).collect();
                types.join(" | ")
            }
            TypeRef::Array(element) => format!("{}[]", self.type_ref(element)),
            TypeRef::TypeOf(place) => format!("typeof {}", self.place(place)),
            TypeRef::Shape(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, written)| format!("{name}: {}", self.type_ref(written))).collect();
                format!("{{ {} }}", fields.join(", "))
            }
            TypeRef::Part { of, name } => format!("{}[{name:?}]", self.type_ref(of)),
            TypeRef::Literals => "literals".to_owned(),
            TypeRef::Other => "_".to_owned(),
        }
    }
}

fn field_text(field: &Field) -> &str {
    field.name().unwrap_or("[?]")
}

fn spread_text(spread: bool, text: &str) -> String {
    if spread { format!("...{text}") } else { text.to_owned() }
}

fn import_name(name: &ImportName) -> &str {
    match name {
        ImportName::Default => "default",
        ImportName::Namespace => "*",
        ImportName::Named(name) => name,
    }
}
