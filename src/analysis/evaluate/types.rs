//! Written types as evidence of what a place holds.

use smallvec::SmallVec;

use crate::catalogue::SymbolFacts;
use crate::ir::{Binding, FunctionId, Name, TypeRef, TypeRoot};
use crate::linking::{FunctionRef, Symbol, VariableRef};
use crate::source::FileId;

use super::super::value::{Path, Value, Values};
use super::Evaluator;

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

impl Evaluator<'_> {
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
            TypeRef::Named { root, path, arguments } => match arguments.first() {
                Some(inner) if self.is_holder(file, root, path) => self.typed(file, scope, inner),
                _ => self.named_type(file, root, path),
            },
            TypeRef::AnyOf(types) => {
                let mut values = Values::default();
                for written in types {
                    values.join(&self.typed(file, scope, written));
                }
                values
            }
            TypeRef::TypeOf(place) => self.place(FunctionRef::new(file, scope), place),
            TypeRef::Array(_) | TypeRef::Literals | TypeRef::Other => Values::default(),
        }
    }

    fn is_holder(&self, file: FileId, root: &TypeRoot, path: &[Name]) -> bool {
        let name = match (path.last(), root) {
            (Some(last), _) => Some(last),
            (None, TypeRoot::Global(name)) => Some(name),
            (None, TypeRoot::Variable(variable)) => {
                Some(&self.program.variable(VariableRef { file, variable: *variable }).name)
            }
            (None, TypeRoot::Module(_)) => None,
        };
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
                let full: Path = std::iter::once(name).chain(path).cloned().collect();
                return Some(match self.prelude(file) {
                    Some(prelude) => self.catalogue.symbol(prelude, &full),
                    None => self.catalogue.global(&full),
                });
            }
        };
        let Symbol::External { package, path: base } = symbol else { return None };
        let full: Path = base.iter().chain(path).cloned().collect();
        Some(self.catalogue.symbol(&package, &full))
    }

    fn named_type(&self, file: FileId, root: &TypeRoot, path: &SmallVec<[Name; 2]>) -> Values {
        let symbol = match root {
            TypeRoot::Variable(variable) => {
                let id = VariableRef { file, variable: *variable };
                match self.program.variable(id).binding {
                    Binding::Import(import) => self.program.import(file, import),
                    Binding::Class(_) | Binding::Value => Some(Symbol::Variable(id)),
                    _ => None,
                }
            }
            TypeRoot::Module(request) => self.program.namespace(file, *request),
            TypeRoot::Global(name) => {
                let mut full: Path = SmallVec::from_iter([name.clone()]);
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
                let mut full: Path = base;
                full.extend(path.iter().cloned());
                self.catalogue
                    .symbol(&package, &full)
                    .instance
                    .map_or_else(Values::default, |resource| Values::one(Value::Borrowed(resource)))
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

    /// Some instance of a class, acquired elsewhere: a resource where the class extends one.
    fn instance_of(&self, class: crate::linking::ClassRef) -> Value {
        match self.extended_resource(class) {
            Some(resource) => Value::Borrowed(resource),
            None => Value::This { class, path: Path::new() },
        }
    }
}
