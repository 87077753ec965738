//! Sites in Rust: collections that statics hold, by themselves or made on first use, and fields of long-lived instances.
//!
//! Locks and cells are nothing to the evaluator, so what a static or a field holds is asked of it.

use rustc_hash::FxHashSet;

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::value::{Value, Values};
use crate::catalogue::schema::{Collection, ResourceKind};
use crate::ir::{Binding, Call, CallKind, Field, FunctionId, OpKind, Place, Root, VariableId};
use crate::linking::{FunctionRef, OpRef, VariableRef};
use crate::source::Language;

use super::instances::Instances;
use super::sites::Sites;
use super::{Container, Lifetime, Shape};

/// What is asked for the sites of one program.
struct Search<'s, 'f, 'p> {
    facts: &'f Facts<'p>,
    instances: &'s Instances<'f, 'p>,
    /// The lists that are given tasks: those keep the handle of each, and the room it takes, until somebody takes it out.
    of_tasks: FxHashSet<OpRef>,
}

pub(super) fn add<'f, 'p>(facts: &'f Facts<'p>, instances: &Instances<'f, 'p>, sites: &mut Sites) {
    let program = facts.program;
    let search = Search { facts, instances, of_tasks: lists_of_tasks(facts) };
    for module in program.modules().filter(|module| module.language == Language::Rust) {
        for (index, _) in (0u32..).zip(&module.variables) {
            let id = VariableRef { file: module.file, variable: VariableId(index) };
            if let Some(at) = static_at(facts, id) {
                search.add_all(facts.evaluator.variable(id), (at, static_name(facts, id)), Lifetime::Module, sites);
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
                search.of_local(at, target, sites);
            }
            let Some(call) = op.call() else { continue };
            match call.kind {
                CallKind::New => search.of_instance(at, sites),
                _ if matches!(call.method_name(), Some("get_or_init" | "get_or_try_init")) => {
                    // `CACHE.get_or_init(|| Mutex::new(HashMap::new()))`
                    let holder = call.receiver().and_then(|(receiver, _)| receiver.as_variable());
                    let Some(holder) = holder.map(|id| function.variable(id)) else { continue };
                    if let Some(declared) = static_at(facts, holder) {
                        let values = facts.evaluator.temp(function, call.result);
                        search.add_all(values, (declared, static_name(facts, holder)), Lifetime::Module, sites);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Search<'_, '_, '_> {
    /// A set of tasks in a variable: it keeps what each task gave until somebody asks for it.
    fn of_local(&self, at: OpRef, target: &Place, sites: &mut Sites) {
        let facts = self.facts;
        let Some(id) = target.as_variable().map(|id| at.function.variable(id)) else { return };
        let variable = facts.program.variable(id);
        if variable.binding != Binding::Value
            || variable.owner != at.function.function
            || static_at(facts, id).is_some()
        {
            return;
        }
        let values = facts.evaluator.variable(id);
        let made = self.made(values);
        if !made.is_empty() && made.iter().all(|(made, shape)| *shape == Shape::List && made.function == at.function) {
            self.add_all(values, (at, variable.name.to_string()), Lifetime::Loop, sites);
        }
    }

    /// The collections in the fields of an instance that a struct literal makes.
    fn of_instance(&self, at: OpRef, sites: &mut Sites) {
        let facts = self.facts;
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
                let made = self.made(&values);
                if made.is_empty() {
                    continue;
                }
                // However long the instance lives, a loop that fills its set of tasks lives as long.
                let is_of_tasks = made.iter().all(|(_, shape)| *shape == Shape::List);
                if !is_of_tasks && !*lives_on.get_or_insert_with(|| self.instances.live_on(*class)) {
                    continue;
                }
                let lifetime = if is_of_tasks { Lifetime::Loop } else { Lifetime::Singleton(*class) };
                let declared = constructor.op(block, index);
                let name = format!("{class_name}.{name}");
                self.add_all(&values, (declared, name), lifetime, sites);
            }
        }
    }

    fn add_all(&self, values: &Values, (at, name): (OpRef, String), lifetime: Lifetime, sites: &mut Sites) {
        for (made, shape) in self.made(values) {
            sites.entry(made).or_insert_with(|| Container::new(at, name.clone(), shape, lifetime));
        }
    }

    /// The empty collections among some values, by what makes them.
    fn made(&self, values: &Values) -> Vec<(OpRef, Shape)> {
        let of_value = |(made, at)| {
            let shape = match made {
                Collection::Keyed => Shape::Keyed,
                Collection::List => Shape::List,
                Collection::Row if self.of_tasks.contains(&at) => Shape::List,
                Collection::Row | Collection::Queue | Collection::Bounded | Collection::Reply => return None,
            };
            Some((at, shape))
        };
        collections(self.facts, values).filter_map(of_value).collect()
    }
}

/// The collections among some values, and what makes them.
fn collections<'v>(facts: &'v Facts<'_>, values: &'v Values) -> impl Iterator<Item = (Collection, OpRef)> + 'v {
    values.iter().filter_map(|value| {
        let Value::Product { of, at } = value else { return None };
        Some((facts.evaluator.facts(*of).function?.makes?, *at))
    })
}

/// The lists that the handle of a task is put into: `handles.push(tokio::spawn(…))`.
fn lists_of_tasks(facts: &Facts<'_>) -> FxHashSet<OpRef> {
    let is_task = |value: &Value| match value {
        Value::Resource(id) => facts.kind(&facts.evaluator.acquisition(*id)) == ResourceKind::Task,
        _ => false,
    };
    let mut lists = FxHashSet::default();
    for function in facts.program.relevant_functions().filter(|function| facts.evaluator.drops_implicitly(*function)) {
        for (block, index, op) in facts.program.function(function).ops() {
            let Some((receiver, _)) = op.call().filter(|call| appends(call)).and_then(Call::receiver) else { continue };
            if facts.evaluator.argument(function.op(block, index), 0).iter().any(is_task) {
                let values = facts.evaluator.place(function, &receiver);
                let rows = collections(facts, &values).filter(|(made, _)| *made == Collection::Row);
                lists.extend(rows.map(|(_, at)| at));
            }
        }
    }
    lists
}

/// Whether a call puts something at an end of a list.
pub(super) fn appends(call: &Call) -> bool {
    matches!(call.method_name(), Some("push" | "push_back" | "push_front"))
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
