//! Marks: decorators, written types and base classes that make a method or function an entry point.

use crate::analysis::value::Value;
use crate::catalogue::schema::{ArgumentLiteral, ArgumentTest, EntryPoint};
use crate::ir::{Binding, Decorator, Field, FunctionId, FunctionKind, Module, Name, Operand, TypeRef, TypeRoot};
use crate::linking::{ClassRef, FunctionRef, Symbol, Target};

use super::Entries;

/// In a list of base types: some base.
const ANY: &str = "*";

impl Entries<'_, '_> {
    pub(super) fn is_marked(&self, module: &Module, at: FunctionRef, entry: &EntryPoint) -> bool {
        let function = module.function(at.function);
        if matches!(
            function.kind,
            FunctionKind::ModuleInitialiser
                | FunctionKind::Constructor { .. }
                | FunctionKind::InstanceInitialiser { .. }
        ) {
            return false;
        }
        let named = |decorators: &[Decorator]| {
            self.is_decorated(module, function.parent.unwrap_or(FunctionId::INITIALISER), decorators, entry)
        };
        if named(&function.decorators) {
            return true;
        }
        if let Some(class) = function.class().map(|class| module.class(class)) {
            let is_method = |name: Option<&Name>| {
                entry.methods.is_empty() || name.is_some_and(|name| entry.methods.iter().any(|it| *it == *name))
            };
            if self.is_decorated(module, class.parent, &class.decorators, entry) && is_method(function.name.as_ref()) {
                return true;
            }
            let method = function.name.as_deref().unwrap_or_default();
            if !entry.base_types.is_empty()
                && (entry.methods.is_empty() || entry.methods.iter().any(|it| it == method))
                && self.extends_one_of(at, &entry.base_types)
            {
                return true;
            }
        }
        if !entry.return_types.is_empty()
            && function.return_type.as_ref().is_some_and(|written| self.returns(module, written, entry))
        {
            return true;
        }
        !entry.parameter_types.is_empty()
            && function.parameters.iter().any(|parameter| {
                let written = module.variable(parameter.variable).annotation.as_ref();
                written.is_some_and(|written| {
                    written_name(module, written).is_some_and(|name| entry.parameter_types.iter().any(|it| *it == name))
                        && self.may_come_from(module, written, &entry.needs_package)
                })
            })
    }

    /// Whether one of the decorators, which `parent` evaluates, is an entry point's, and says what that asks for.
    pub(super) fn is_decorated(
        &self,
        module: &Module,
        parent: FunctionId,
        decorators: &[Decorator],
        entry: &EntryPoint,
    ) -> bool {
        decorators.iter().any(|decorator| {
            module.last_name(&decorator.callee).is_some_and(|name| entry.decorators.iter().any(|it| *it == name))
                && entry
                    .decorated_with
                    .as_ref()
                    .is_none_or(|asked| self.says(FunctionRef::new(module.file, parent), &decorator.arguments, asked))
        })
    }

    /// Whether an argument of a decorator is what an entry point asks for.
    fn says(&self, parent: FunctionRef, arguments: &[Operand], asked: &ArgumentTest) -> bool {
        let mut path = asked.argument.split('.');
        let index = path.next().and_then(|index| index.parse::<usize>().ok());
        let Some(argument) = index.and_then(|index| arguments.get(index)) else { return false };
        let fields: Vec<_> = path.map(|name| Field::Named(Name::new(name))).collect();
        let values = self.evaluator.fields(self.evaluator.operand(parent, argument), &fields);
        values.iter().any(|value| match (value, &asked.equals) {
            (Value::Text(text), Some(ArgumentLiteral::String(asked))) => *text == *asked,
            (Value::External(id), Some(ArgumentLiteral::String(asked))) => {
                self.evaluator.external_name(*id).path.last().is_some_and(|member| *member == *asked)
            }
            (_, None) => true,
            _ => false,
        })
    }

    /// Whether a written type, or one in it, is what an entry point of a kind returns.
    fn returns(&self, module: &Module, written: &TypeRef, entry: &EntryPoint) -> bool {
        let is_one = written_name(module, written).is_some_and(|name| entry.return_types.iter().any(|it| *it == name))
            && self.may_come_from(module, written, &entry.needs_package);
        is_one
            || match written {
                TypeRef::Named { arguments, .. } => arguments.iter().any(|it| self.returns(module, it, entry)),
                TypeRef::AnyOf(types) => types.iter().any(|it| self.returns(module, it, entry)),
                _ => false,
            }
    }

    /// Whether a written type may be one of these packages' own: names such as `Request` are everybody's, so one that
    /// no import gives, or the import of another package, is something else.
    fn may_come_from(&self, module: &Module, written: &TypeRef, packages: &[String]) -> bool {
        let program = self.evaluator.program;
        let TypeRef::Named { root, path, .. } = written else { return false };
        let is_one_of = |specifier: &str| {
            packages.iter().map(|package| package.strip_prefix("@types/").unwrap_or(package)).any(|package| {
                let specifier = specifier.strip_prefix("node:").unwrap_or(specifier);
                specifier
                    .strip_prefix(package)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '-']) || rest.starts_with("::"))
            })
        };
        let target = match root {
            _ if packages.is_empty() => return true,
            TypeRoot::Module(request) => Some(*request),
            TypeRoot::Variable(id) => match module.variable(*id).binding {
                Binding::Import(import) => match program.import(module.file, import) {
                    Some(Symbol::External { package, .. }) => return is_one_of(&package),
                    Some(Symbol::Variable(id)) if matches!(program.variable(id).binding, Binding::Class(_)) => {
                        return false;
                    }
                    Some(_) => None,
                    None => Some(module.imports[import as usize].request),
                },
                // One of the program's own that happens to have the name.
                Binding::Class(_) => return false,
                _ => None,
            },
            TypeRoot::Global(name) => return !path.is_empty() && is_one_of(&name.to_ascii_lowercase()),
        };
        target.is_none_or(|request| match program.target(module.file, request) {
            Target::External(package) => is_one_of(package),
            Target::Module(_) | Target::Member(..) | Target::Unresolved => true,
        })
    }

    /// Whether the class of a method implements or extends something with one of these names, at any distance.
    fn extends_one_of(&self, method: FunctionRef, names: &[String]) -> bool {
        let class = self.evaluator.program.function(method).class();
        class.is_some_and(|class| self.class_extends_one_of(method.class(class), names))
    }

    pub(super) fn class_extends_one_of(&self, class: ClassRef, names: &[String]) -> bool {
        let program = self.evaluator.program;
        let mut class = Some(class);
        for _ in 0..8 {
            let Some(at) = class else { return false };
            let (body, module) = (program.class(at), program.module(at.file));
            if body.extends.is_some() && names.iter().any(|name| name == ANY) {
                return true;
            }
            let extended = body.extends.as_ref().and_then(Operand::place);
            // `extends React.Component`
            let extended = extended.and_then(|place| module.last_name(place));
            let mut bases = body.implements.iter().filter_map(|it| written_name(module, it)).chain(extended);
            if bases.any(|base| names.iter().any(|it| base == it)) {
                return true;
            }
            class = self.evaluator.base_class(at);
        }
        false
    }
}

fn written_name<'m>(module: &'m Module, written: &'m TypeRef) -> Option<&'m Name> {
    let TypeRef::Named { root, path, .. } = written else { return None };
    module.type_name(root, path)
}

/// Whether a function is, or says, something that an entry point may be told by.
pub(super) fn may_be_marked(module: &Module, function: &crate::ir::Function) -> bool {
    !function.decorators.is_empty()
        || function.return_type.is_some()
        || function.class().is_some()
        || function.parameters.iter().any(|parameter| module.variable(parameter.variable).annotation.is_some())
}

/// Whether a function has its name from a declaration or a variable, not from the property it is a value of.
pub(super) fn is_declared(module: &Module, function: &crate::ir::Function) -> bool {
    module
        .variables
        .iter()
        .any(|variable| Some(&variable.name) == function.name.as_ref() && Some(variable.owner) == function.parent)
}
