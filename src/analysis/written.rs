//! Written types: what a declaration, a signature or a constructor says that a place is, including its holders.
//!
//! Values see through what holds them (`Arc`, a lock, a cell); this is for questions about the holders.

use crate::analysis::facts::Facts;
use crate::analysis::value::{ExternalId, Value};
use crate::catalogue::SymbolFacts;
use crate::catalogue::schema::FunctionFact;
use crate::ir::{Binding, FunctionId, Name, OpKind, Operand, Place, Root, Rvalue, TypeRef, TypeRoot};
use crate::linking::{ClassRef, Definition, FunctionRef, Symbol, VariableRef};
use crate::source::FileId;

/// How far places are followed to what defines them, and aliases to what they stand for.
const DEEP: u32 = 8;

/// What is known of the type of a place.
#[derive(Debug, Clone, Copy)]
pub enum Known<'p> {
    Written {
        file: FileId,
        scope: FunctionId,
        written: &'p TypeRef,
    },
    /// By what made it: `Mutex::new(…)`.
    Made(ExternalId),
}

/// Everything that is written of the type of a place.
#[must_use]
pub fn types<'p>(facts: &Facts<'p>, function: FunctionRef, place: &Place) -> Vec<Known<'p>> {
    let mut found = Vec::new();
    collect(facts, function, place, DEEP, &mut found);
    found
}

fn collect<'p>(facts: &Facts<'p>, function: FunctionRef, place: &Place, depth: u32, found: &mut Vec<Known<'p>>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Some((owner, field)) = place.split_last() {
        let Some(field) = field.name() else { return };
        let classes: Vec<ClassRef> = if owner.root == Root::This && owner.path.is_empty() {
            facts.program.this_class(function).into_iter().collect()
        } else {
            let mut owners = Vec::new();
            collect(facts, function, &owner, depth, &mut owners);
            owners.iter().filter_map(|known| class_of(facts, known)).collect()
        };
        for class in classes {
            found.extend(field_type(facts, class, field));
        }
        return;
    }
    let index = facts.program.index(function.file);
    match &place.root {
        Root::Variable(id) => {
            let variable = VariableRef { file: function.file, variable: *id };
            variable_types(facts, variable, depth, found);
        }
        Root::Temp(temp) => {
            for definition in index.of_temp(function.function, *temp) {
                defined(facts, function.file, *definition, depth, found);
            }
        }
        Root::This | Root::Global(_) => {}
    }
}

fn variable_types<'p>(facts: &Facts<'p>, id: VariableRef, depth: u32, found: &mut Vec<Known<'p>>) {
    let variable = facts.program.variable(id);
    if let Some(written) = &variable.annotation {
        found.push(Known::Written { file: id.file, scope: variable.owner, written });
        return;
    }
    if let Binding::Import(import) = variable.binding {
        if let (Some(Symbol::Variable(imported)), Some(depth)) =
            (facts.program.import(id.file, import), depth.checked_sub(1))
        {
            variable_types(facts, imported, depth, found);
        }
        return;
    }
    for definition in facts.program.index(id.file).of_variable(id.variable) {
        defined(facts, id.file, *definition, depth, found);
    }
}

/// What an operation that assigns a place says of it.
fn defined<'p>(facts: &Facts<'p>, file: FileId, definition: Definition, depth: u32, found: &mut Vec<Known<'p>>) {
    let function = FunctionRef::new(file, definition.function);
    let at = function.definition(&definition);
    match &facts.program.op(at).kind {
        OpKind::Assign { value: Rvalue::Use(Operand::Place(from)) | Rvalue::Await(Operand::Place(from)), .. } => {
            collect(facts, function, from, depth, found);
        }
        OpKind::Call(call) => {
            let callee = facts.evaluator.callee(at);
            for (called, _) in callee.functions() {
                if let Some(written) = &facts.program.function(called).return_type {
                    found.push(Known::Written { file: called.file, scope: called.function, written });
                }
            }
            for target in &callee.targets {
                let crate::analysis::evaluate::CallTarget::External(id) = target else { continue };
                found.push(Known::Made(*id));
                let given = facts.evaluator.facts(*id).function.and_then(|fact| fact.returns.or(fact.memoises));
                if let Some(Operand::Place(from)) = given.and_then(|index| call.argument(index as usize)) {
                    collect(facts, function, from, depth, found);
                }
            }
        }
        _ => {}
    }
}

/// The class of the project whose instance something is.
#[must_use]
pub fn class_of(facts: &Facts<'_>, known: &Known<'_>) -> Option<ClassRef> {
    let Known::Written { file, scope, written } = known else { return None };
    facts.evaluator.typed(*file, *scope, written).iter().find_map(|value| match value {
        Value::This { class, path } if path.is_empty() => Some(*class),
        _ => None,
    })
}

/// The written type of a field.
#[must_use]
pub fn field_type<'p>(facts: &Facts<'p>, class: ClassRef, field: &str) -> Option<Known<'p>> {
    let body = facts.program.class(class);
    let (_, written) = body.field_types.iter().find(|(name, _)| name == field)?;
    Some(Known::Written { file: class.file, scope: body.parent, written })
}

/// Whether a type that something is, or holds, passes: `Mutex` of `Arc<Mutex<T>>`.
#[must_use]
pub fn mentions(facts: &Facts<'_>, known: &Known<'_>, test: &dyn Fn(&SymbolFacts<'_>) -> bool) -> bool {
    match known {
        Known::Written { file, written, .. } => written_mentions(facts, *file, written, DEEP, test),
        Known::Made(id) => {
            let made_by = facts.evaluator.external_name(*id);
            let (Some(package), Some((_, owner))) = (made_by.package.as_deref(), made_by.path.split_last()) else {
                return false;
            };
            test(&facts.evaluator.catalogue.symbol(package, owner))
        }
    }
}

/// What is known of a method by the written type of its receiver: `CString.into_raw()` of `x.into_raw()`.
#[must_use]
pub fn method_fact<'f>(
    facts: &'f Facts<'_>,
    function: FunctionRef,
    receiver: &Place,
    method: &str,
) -> Option<&'f FunctionFact> {
    types(facts, function, receiver).iter().find_map(|known| match known {
        Known::Made(id) => {
            let made_by = facts.evaluator.external_name(*id);
            let (_, owner) = made_by.path.split_last()?;
            let path: Vec<Name> = owner.iter().cloned().chain([Name::new(method)]).collect();
            facts.evaluator.catalogue.symbol(made_by.package.as_deref()?, &path).function
        }
        Known::Written { file, written: TypeRef::Named { root, path, .. }, .. } => {
            let path: Vec<Name> = path.iter().cloned().chain([Name::new(method)]).collect();
            facts.evaluator.type_facts(*file, root, &path)?.function
        }
        Known::Written { .. } => None,
    })
}

fn written_mentions(
    facts: &Facts<'_>,
    file: FileId,
    written: &TypeRef,
    depth: u32,
    test: &dyn Fn(&SymbolFacts<'_>) -> bool,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match written {
        TypeRef::Named { root, path, arguments } => {
            facts.evaluator.type_facts(file, root, path).is_some_and(|facts| test(&facts))
                || alias(facts, file, root, path)
                    .is_some_and(|(file, behind)| written_mentions(facts, file, behind, depth, test))
                || arguments.iter().any(|argument| written_mentions(facts, file, argument, depth, test))
        }
        TypeRef::AnyOf(types) => types.iter().any(|written| written_mentions(facts, file, written, depth, test)),
        TypeRef::Array(inner) => written_mentions(facts, file, inner, depth, test),
        TypeRef::Shape(fields) => fields.iter().any(|(_, written)| written_mentions(facts, file, written, depth, test)),
        TypeRef::TypeOf(_) | TypeRef::Part { .. } | TypeRef::Literals | TypeRef::Other => false,
    }
}

/// What a name of the project stands for: `type Shared = Arc<Mutex<State>>`.
#[must_use]
pub fn alias<'p>(facts: &Facts<'p>, file: FileId, root: &TypeRoot, path: &[Name]) -> Option<(FileId, &'p TypeRef)> {
    let TypeRoot::Variable(variable) = root else { return None };
    if !path.is_empty() {
        return None;
    }
    let (file, _, written) = facts.evaluator.declared_type(VariableRef { file, variable: *variable })?;
    Some((file, written))
}
