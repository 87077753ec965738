//! Sites in Rust: collections that statics hold, by themselves or made on first use, and fields of long-lived instances.
//!
//! Locks and cells are nothing to the evaluator, so what a static or a field holds is asked of it.

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::value::{Value, Values};
use crate::catalogue::schema::Collection;
use crate::ir::{Binding, CallKind, Field, FunctionId, OpKind, Place, Root, VariableId};
use crate::linking::{FunctionRef, OpRef, VariableRef};
use crate::source::Language;

use super::instances::Instances;
use super::sites::Sites;
use super::{Container, Lifetime, Shape};

pub(super) fn add(facts: &Facts<'_>, instances: &Instances<'_, '_>, sites: &mut Sites) {
    let program = facts.program;
    for module in program.modules().filter(|module| module.language == Language::Rust) {
        for (index, _) in (0u32..).zip(&module.variables) {
            let id = VariableRef { file: module.file, variable: VariableId(index) };
            if let Some(at) = static_at(facts, id) {
                add_all(facts, facts.evaluator.variable(id), (at, static_name(facts, id)), Lifetime::Module, sites);
            }
        }
    }
    for function in program.relevant_functions().filter(|function| facts.evaluator.drops_implicitly(*function)) {
        if !facts.is_held_to_account(function) {
            continue;
        }
        for (block, index, op) in program.function(function).ops() {
            let at = function.op(block, index);
            if let OpKind::Assign { target, .. } = &op.kind {
                of_local(facts, at, target, sites);
            }
            let Some(call) = op.call() else { continue };
            match call.kind {
                CallKind::New => of_instance(facts, instances, at, sites),
                _ if matches!(call.method_name(), Some("get_or_init" | "get_or_try_init")) => {
                    // `CACHE.get_or_init(|| Mutex::new(HashMap::new()))`
                    let holder = call.receiver().and_then(|(receiver, _)| receiver.as_variable());
                    let Some(holder) = holder.map(|id| function.variable(id)) else { continue };
                    if let Some(declared) = static_at(facts, holder) {
                        let values = facts.evaluator.temp(function, call.result);
                        add_all(facts, values, (declared, static_name(facts, holder)), Lifetime::Module, sites);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A set of tasks in a variable: it keeps what each task gave until somebody asks for it.
fn of_local(facts: &Facts<'_>, at: OpRef, target: &Place, sites: &mut Sites) {
    let Some(id) = target.as_variable().map(|id| at.function.variable(id)) else { return };
    let variable = facts.program.variable(id);
    if variable.binding != Binding::Value || variable.owner != at.function.function || static_at(facts, id).is_some() {
        return;
    }
    let values = facts.evaluator.variable(id);
    let made = made(facts, values);
    if !made.is_empty() && made.iter().all(|(made, shape)| *shape == Shape::List && made.function == at.function) {
        add_all(facts, values, (at, variable.name.to_string()), Lifetime::Loop, sites);
    }
}

/// Where a static is declared. One within a function is known by how statics are spelled.
fn static_at(facts: &Facts<'_>, id: VariableRef) -> Option<OpRef> {
    let variable = facts.program.variable(id);
    let is_static = variable.binding == Binding::Value
        && (variable.owner == FunctionId::INITIALISER || !variable.name.contains(char::is_lowercase));
    let [definition] = facts.program.index(id.file).of_variable(id.variable) else { return None };
    let function = FunctionRef::new(id.file, definition.function);
    is_static.then_some(function.definition(definition))
}

fn static_name(facts: &Facts<'_>, id: VariableRef) -> String {
    facts.program.variable(id).name.to_string()
}

/// The collections in the fields of an instance that a struct literal makes.
fn of_instance(facts: &Facts<'_>, instances: &Instances<'_, '_>, at: OpRef, sites: &mut Sites) {
    for target in &facts.evaluator.callee(at).targets {
        let CallTarget::Construct(class) = target else { continue };
        let body = facts.program.class(*class);
        let (Some(constructor), Some(class_name)) = (body.constructor, &body.name) else { continue };
        let constructor = FunctionRef::new(class.file, constructor);
        let mut lives_on = None;
        for (block, index, op) in facts.program.function(constructor).ops() {
            let OpKind::Assign { target: Place { root: Root::This, path }, .. } = &op.kind else { continue };
            let Some(name) = path.first().and_then(Field::name) else { continue };
            let values = facts.evaluator.fields(facts.evaluator.argument(at, 0), &[Field::Named(name.into())]);
            let made = made(facts, &values);
            if made.is_empty() {
                continue;
            }
            // However long the instance lives, a loop that fills its set of tasks lives as long.
            let is_of_tasks = made.iter().all(|(_, shape)| *shape == Shape::List);
            if !is_of_tasks && !*lives_on.get_or_insert_with(|| instances.live_on(*class)) {
                continue;
            }
            let lifetime = if is_of_tasks { Lifetime::Loop } else { Lifetime::Singleton(*class) };
            let declared = constructor.op(block, index);
            let name = format!("{class_name}.{name}");
            add_all(facts, &values, (declared, name), lifetime, sites);
        }
    }
}

fn add_all(facts: &Facts<'_>, values: &Values, (at, name): (OpRef, String), lifetime: Lifetime, sites: &mut Sites) {
    for (made, shape) in made(facts, values) {
        sites.entry(made).or_insert_with(|| Container::new(at, name.clone(), shape, lifetime));
    }
}

/// The empty collections among some values, by what makes them.
fn made(facts: &Facts<'_>, values: &Values) -> Vec<(OpRef, Shape)> {
    let of_value = |value: &Value| {
        let Value::Product { of, at } = value else { return None };
        let shape = match facts.evaluator.facts(*of).function?.makes? {
            Collection::Keyed => Shape::Keyed,
            Collection::List => Shape::List,
            Collection::Queue | Collection::Bounded | Collection::Reply => return None,
        };
        Some((*at, shape))
    };
    values.iter().filter_map(of_value).collect()
}
