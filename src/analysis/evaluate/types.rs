//! Written types as evidence of what a place holds.

use thin_vec::ThinVec;

use crate::catalogue::SymbolFacts;
use crate::ir::{Binding, FunctionId, Name, TypeRef, TypeRoot};
use crate::linking::{ClassRef, FunctionRef, Symbol, VariableRef};
use crate::source::FileId;

use super::super::value::{Path, Value, Values};
use super::{Evaluator, Question};

/// Through so many names and fields a written type is followed.
const MAX_HOPS: u32 = 8;

/// Types that stand for what their first argument is, as far as ownership goes.
const TRANSPARENT: &[&str] = &["Promise", "PromiseLike", "Awaited", "Readonly", "Partial", "Required", "NonNullable"];

/// Where scopes drop: what holds a value is the value, whatever way it holds it.
const HOLDERS: &[&str] = &[
    "Arc",
    "Box",
    "Cow",
    "Data",
    "Extension",
    "LazyLock",
    "Mutex",
    "MutexGuard",
    "OnceCell",
    "OnceLock",
    "Option",
    "Pin",
    "Rc",
    "RefCell",
    "Result",
    "RwLock",
    "State",
];

impl<'p> Evaluator<'p> {
    /// What a variable's annotation says it holds.
    pub(super) fn annotated(&self, id: VariableRef) -> Values {
        let variable = self.program.variable(id);
        match &variable.annotation {
            Some(written) => self.typed(id.file, variable.owner, written),
            None => Values::default(),
        }
    }

    /// What a written type says a value is: a resource someone else acquired, or an instance of a class.
    #[must_use]
    pub fn typed(&self, file: FileId, scope: FunctionId, written: &TypeRef) -> Values {
        match written {
            TypeRef::Named { root: TypeRoot::Global(name), path, arguments }
                if path.is_empty() && TRANSPARENT.contains(&name.as_str()) =>
            {
                arguments.first().map_or_else(Values::default, |inner| self.typed(file, scope, inner))
            }
            // `typeof import("x")`.
            TypeRef::Named { root: TypeRoot::Module(request), path, .. } if path.is_empty() => self
                .program
                .namespace(file, *request)
                .map_or_else(Values::default, |symbol| self.symbol_values(&symbol)),
            TypeRef::Named { root, path, arguments } => match arguments.first() {
                Some(inner) if self.is_holder(file, root, path) => self.typed(file, scope, inner),
                _ => self.named_type(file, root, path),
            },
            TypeRef::AnyOf(types) => {
                let mut values = Values::default();
                for written in types {
                    values.absorb(self.typed(file, scope, written));
                }
                values
            }
            TypeRef::TypeOf(place) => self.place(FunctionRef::new(file, scope), place),
            TypeRef::Part { of, name } => {
                let mut values = self.typed_part(file, scope, of, std::slice::from_ref(name), MAX_HOPS);
                if values.is_empty() {
                    for value in &self.typed(file, scope, of) {
                        if let Value::This { class, path } = value
                            && path.is_empty()
                        {
                            values.join(self.class_field(*class, name));
                        }
                    }
                }
                values
            }
            TypeRef::Array(_) | TypeRef::Shape(_) | TypeRef::Literals | TypeRef::Other => Values::default(),
        }
    }

    /// What a written type says of a part of a value: `Pool` for `deps.pool` of `interface Deps { pool: Pool }`.
    pub(super) fn typed_part(
        &self,
        file: FileId,
        scope: FunctionId,
        written: &TypeRef,
        path: &[Name],
        hops: u32,
    ) -> Values {
        let Some((first, rest)) = path.split_first() else { return self.typed(file, scope, written) };
        if hops == 0 {
            return Values::default();
        }
        match written {
            TypeRef::Shape(fields) => fields
                .iter()
                .find(|(name, _)| name == first)
                .map_or_else(Values::default, |(_, written)| self.typed_part(file, scope, written, rest, hops - 1)),
            TypeRef::Named { root: TypeRoot::Global(name), path: below, arguments }
                if below.is_empty() && TRANSPARENT.contains(&name.as_str()) =>
            {
                arguments
                    .first()
                    .map_or_else(Values::default, |inner| self.typed_part(file, scope, inner, path, hops - 1))
            }
            TypeRef::Named { root: TypeRoot::Variable(variable), path: below, .. } if below.is_empty() => {
                match self.declared_type(VariableRef { file, variable: *variable }) {
                    Some((file, scope, written)) => self.typed_part(file, scope, written, path, hops - 1),
                    None => Values::default(),
                }
            }
            TypeRef::Part { of, name } => {
                let mut longer = vec![name.clone()];
                longer.extend(path.iter().cloned());
                self.typed_part(file, scope, of, &longer, hops - 1)
            }
            TypeRef::AnyOf(types) => {
                let mut values = Values::default();
                for written in types {
                    values.absorb(self.typed_part(file, scope, written, path, hops - 1));
                }
                values
            }
            _ => Values::default(),
        }
    }

    /// What an interface or alias stands for, through imports, with the function it is written in.
    #[must_use]
    pub fn declared_type(&self, id: VariableRef) -> Option<(FileId, FunctionId, &'p TypeRef)> {
        let id = match self.program.variable(id).binding {
            Binding::Import(import) => match self.program.import(id.file, import)? {
                Symbol::Variable(variable) => variable,
                _ => return None,
            },
            _ => id,
        };
        let variable = self.program.variable(id);
        let written = variable.annotation.as_ref().filter(|_| variable.binding == Binding::Type)?;
        Some((id.file, variable.owner, written))
    }

    /// What a parameter's written type says of a part of it.
    pub(super) fn typed_parameter(&self, function: FunctionRef, index: u32, path: &[Name]) -> Values {
        let Some(parameter) = self.program.function(function).parameters.get(index as usize) else {
            return Values::default();
        };
        let variable = self.program.variable(function.variable(parameter.variable));
        match &variable.annotation {
            Some(written) => self.typed_part(function.file, variable.owner, written, path, MAX_HOPS),
            None => Values::default(),
        }
    }

    /// What the written type of a class's field says of a part of it.
    pub(super) fn typed_field(&self, class: ClassRef, path: &[Name]) -> Values {
        let Some((field, rest)) = path.split_first() else { return Values::default() };
        let body = self.program.class(class);
        match body.field_types.iter().find(|(name, _)| name == field) {
            Some((_, written)) => self.typed_part(class.file, body.parent, written, rest, MAX_HOPS),
            None => Values::default(),
        }
    }

    pub(super) fn is_holder(&self, file: FileId, root: &TypeRoot, path: &[Name]) -> bool {
        let name = self.program.module(file).type_name(root, path);
        self.prelude(file).is_some() && name.is_some_and(|name| HOLDERS.contains(&name.as_str()))
    }

    /// What is known of a type by its name, where that is a library's.
    #[must_use]
    pub fn type_facts(&self, file: FileId, root: &TypeRoot, path: &[Name]) -> Option<SymbolFacts<'_>> {
        let symbol = match root {
            TypeRoot::Variable(variable) => {
                let id = VariableRef { file, variable: *variable };
                let Binding::Import(import) = self.program.variable(id).binding else { return None };
                self.program.import(file, import)?
            }
            TypeRoot::Module(request) => self.program.namespace(file, *request)?,
            TypeRoot::Global(name) => {
                let full: ThinVec<Name> = std::iter::once(name).chain(path).cloned().collect();
                return Some(match self.prelude(file) {
                    Some(prelude) => self.catalogue.symbol(prelude, &full),
                    None => self.catalogue.global(&full),
                });
            }
        };
        let Symbol::External { package, path: base } = symbol else { return None };
        let full: ThinVec<Name> = base.iter().chain(path).cloned().collect();
        Some(self.catalogue.symbol(&package, &full))
    }

    fn named_type(&self, file: FileId, root: &TypeRoot, path: &ThinVec<Name>) -> Values {
        let symbol = match root {
            TypeRoot::Variable(variable) => {
                let id = VariableRef { file, variable: *variable };
                match self.program.variable(id).binding {
                    Binding::Import(import) => self.program.import(file, import),
                    Binding::Class(_) | Binding::Value | Binding::Type => Some(Symbol::Variable(id)),
                    _ => None,
                }
            }
            TypeRoot::Module(request) => self.program.namespace(file, *request),
            TypeRoot::Global(name) => {
                let mut full: ThinVec<Name> = thin_vec::thin_vec![name.clone()];
                full.extend(path.iter().cloned());
                let facts = match self.prelude(file) {
                    Some(prelude) => self.catalogue.symbol(prelude, &full),
                    None => self.catalogue.global(&full),
                };
                return facts.instance.map_or_else(Values::default, |resource| Values::one(Value::Borrowed(resource)));
            }
        };
        match symbol {
            Some(Symbol::External { package, path: base }) => {
                let mut full: ThinVec<Name> = base;
                full.extend(path.iter().cloned());
                self.catalogue
                    .symbol(&package, &full)
                    .instance
                    .map_or_else(Values::default, |resource| Values::one(Value::Borrowed(resource)))
            }
            Some(Symbol::Variable(id)) if path.is_empty() && self.program.variable(id).binding == Binding::Type => {
                self.alias(id)
            }
            Some(symbol) => {
                let fields: Vec<_> = path.iter().cloned().map(crate::ir::Field::Named).collect();
                let mut values = Values::default();
                for value in &self.fields(self.symbol_values(&symbol), &fields) {
                    if let Value::Class(class) = value {
                        values.add(self.instance_of(*class));
                    }
                }
                values
            }
            None => Values::default(),
        }
    }

    /// What an alias of a type says; remembered, so that one that goes round in a circle is asked for once.
    fn alias(&self, id: VariableRef) -> Values {
        let variable = self.program.variable(id);
        let Some(written) = &variable.annotation else { return Values::default() };
        Values::clone(self.remembered(Question::Alias(id), || self.typed(id.file, variable.owner, written)))
    }

    /// Some instance of a class, acquired elsewhere: a resource where the class extends one.
    fn instance_of(&self, class: ClassRef) -> Value {
        match self.extended_resource(class) {
            Some(resource) => Value::Borrowed(resource),
            None => Value::This { class, path: Path::new() },
        }
    }
}

/// Whether a written type is that of a whole module, or a promise of it: `Promise<typeof import("x")>`.
pub(super) fn is_module(written: &TypeRef) -> bool {
    match written {
        TypeRef::Named { root: TypeRoot::Module(_), path, .. } => path.is_empty(),
        TypeRef::Named { root: TypeRoot::Global(name), path, arguments } => {
            path.is_empty() && TRANSPARENT.contains(&name.as_str()) && arguments.first().is_some_and(is_module)
        }
        _ => false,
    }
}
