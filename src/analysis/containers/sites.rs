//! Sites: the operations that make a container which outlives the call, and where it is put.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::ir::{
    Binding, Call, CallKind, Field, FunctionId, FunctionKind, Name, OpKind, Operand, Place, Property, Root, Rvalue,
    Temp,
};
use crate::linking::{FunctionRef, OpRef};

use super::instances::Instances;
use super::libraries;
use super::rust_sites;
use super::{Container, Lifetime, Shape};

/// Containers by the operation that makes them.
pub(super) type Sites = IndexMap<OpRef, Container, FxBuildHasher>;

/// A made container on its way to a name, with the fields of the literals it is in.
type Carried = Vec<(OpRef, Shape, Vec<Name>)>;

pub(super) fn sites(facts: &Facts<'_>) -> Sites {
    let mut sites = Sites::default();
    let kept = Kept { called: called_once(facts), instances: Instances::new(facts) };
    for function in facts.program.relevant_functions() {
        let is_by_name = facts.evaluator.drops_implicitly(function);
        if !is_by_name && facts.is_held_to_account(function) && may_outlive(facts, function) {
            of_function(facts, function, &kept, &mut sites);
        }
    }
    rust_sites::add(facts, &kept.instances, &mut sites);
    sites
}

/// What tells whether a container lives on.
struct Kept<'f, 'p> {
    called: FxHashSet<FunctionRef>,
    instances: Instances<'f, 'p>,
}

/// The functions that only code calls which runs once itself. What is only handed to somebody when the program starts
/// may be called at any time and as often as they like; what `local ??= make()` calls, as often as there is a `local`.
fn called_once(facts: &Facts<'_>) -> FxHashSet<FunctionRef> {
    let program = facts.program;
    let is_once = |function: &FunctionRef| {
        if matches!(
            program.function(*function).kind,
            FunctionKind::Constructor { .. } | FunctionKind::InstanceInitialiser { .. }
        ) {
            return false;
        }
        let callers = facts.calls.callers(program, *function).iter().map(|at| at.function);
        let rates = callers.filter(|caller| facts.is_held_to_account(*caller));
        rates.map(|caller| facts.frequencies.of_function(caller)).max() == Some(Rate::Once)
    };
    program.functions().filter(is_once).collect()
}

/// Whether what a function makes can outlive a call at all: it runs once, or once for each instance.
fn may_outlive(facts: &Facts<'_>, function: FunctionRef) -> bool {
    match facts.program.function(function).kind {
        FunctionKind::ModuleInitialiser
        | FunctionKind::Constructor { .. }
        | FunctionKind::InstanceInitialiser { .. } => true,
        // Also a lazy `cache ??= new Map()`: the rate of the operation decides.
        _ => facts.frequencies.of_function(function) >= Rate::Once,
    }
}

fn of_function(facts: &Facts<'_>, function: FunctionRef, kept: &Kept<'_, '_>, sites: &mut Sites) {
    let mut carried: FxHashMap<Temp, Carried> = FxHashMap::default();
    for (block, index, op) in facts.program.function(function).ops() {
        let at = function.op(block, index);
        match &op.kind {
            OpKind::Call(call) => {
                if let Some(shape) = made_by(facts, at, call) {
                    carried.insert(call.result, vec![(at, shape, Vec::new())]);
                }
            }
            OpKind::Assign { target, value } => {
                let made = assigned(at, value, &carried);
                if made.is_empty() {
                    continue;
                }
                if let (Root::Temp(temp), true) = (&target.root, target.path.is_empty()) {
                    carried.entry(*temp).or_default().extend(made);
                    continue;
                }
                let Some(lifetime) = lifetime(facts, at, target, kept) else { continue };
                for (made, shape, fields) in made {
                    // A field of what one call of a function works on is done with when that work is.
                    if lifetime == Lifetime::Closure && !fields.is_empty() {
                        continue;
                    }
                    let Some(name) = name(facts, function, target, &fields) else { continue };
                    sites.entry(made).or_insert_with(|| {
                        let own = Container::new(at, name, shape, lifetime);
                        let Some(fact) = libraries::making(facts, made) else { return own };
                        Container { filled_by: fact.filled_by.clone(), asked_by: fact.asked_by.clone(), ..own }
                    });
                }
            }
            _ => {}
        }
    }
}

/// The containers that the right-hand side of an assignment is or holds.
fn assigned(at: OpRef, value: &Rvalue, carried: &FxHashMap<Temp, Carried>) -> Carried {
    let of_operand = |operand: &Operand| match operand {
        Operand::Place(Place { root: Root::Temp(temp), path }) if path.is_empty() => {
            carried.get(temp).cloned().unwrap_or_default()
        }
        _ => Vec::new(),
    };
    match value {
        Rvalue::Use(operand) => of_operand(operand),
        Rvalue::Object(properties) if properties.is_empty() => vec![(at, Shape::Table, Vec::new())],
        Rvalue::Array(elements) if elements.is_empty() => vec![(at, Shape::List, Vec::new())],
        Rvalue::Object(properties) => {
            let mut made = Vec::new();
            for property in properties {
                if let Property::Field { name: Field::Named(name), value } = property {
                    for (site, shape, mut fields) in of_operand(value) {
                        fields.insert(0, name.clone());
                        made.push((site, shape, fields));
                    }
                }
            }
            made
        }
        _ => Vec::new(),
    }
}

/// The shape of the collection that a call makes.
fn made_by(facts: &Facts<'_>, at: OpRef, call: &Call) -> Option<Shape> {
    let callee = facts.evaluator.callee(at);
    callee.targets.iter().find_map(|target| {
        let CallTarget::External(id) = target else { return None };
        let external = facts.evaluator.external_name(*id);
        if external.package.is_some() {
            return libraries::made_by(facts, at, *id);
        }
        let path: Vec<&str> = external.path.iter().map(Name::as_str).collect();
        match (path.as_slice(), call.kind) {
            (["Map" | "Set"], CallKind::New) => Some(Shape::Keyed),
            (["WeakMap" | "WeakSet"], CallKind::New) => Some(Shape::Weak),
            (["Array"], CallKind::New) if call.arguments.is_empty() => Some(Shape::List),
            (["Object", "create"], CallKind::Call) => {
                matches!(call.argument(0), Some(Operand::Nullish)).then_some(Shape::Table)
            }
            _ => None,
        }
    })
}

/// How long a container lives that the operation `at` puts into `target`; `None` for no longer than a call.
fn lifetime(facts: &Facts<'_>, at: OpRef, target: &Place, kept: &Kept<'_, '_>) -> Option<Lifetime> {
    let program = facts.program;
    let function = at.function;
    let kind = program.function(function).kind;
    if target.path.contains(&Field::Computed) || program.loop_depth(function, at.block) > 0 {
        return None;
    }
    match target.root {
        Root::Variable(id) => {
            let variable = program.variable(function.variable(id));
            if !matches!(variable.binding, Binding::Value | Binding::Class(_)) {
                return None;
            }
            if kind == FunctionKind::ModuleInitialiser {
                return Some(Lifetime::Module);
            }
            let rate = facts.frequencies.of_op(&facts.evaluator, at);
            if variable.owner == FunctionId::INITIALISER {
                // Made on first use: guarded by a test of the variable, or in code that runs once.
                return (rate == Rate::Once || is_guarded(facts, at, target)).then_some(Lifetime::Module);
            }
            (variable.owner == function.function
                && target.path.is_empty()
                && kept.called.contains(&function)
                && facts.frequencies.of_function(function) == Rate::Once
                && is_captured(facts, function, id))
            .then_some(Lifetime::Closure)
        }
        Root::This if target.path.len() == 1 => {
            let class = program.this_class(function)?;
            let is_construction =
                matches!(kind, FunctionKind::Constructor { .. } | FunctionKind::InstanceInitialiser { .. });
            (is_construction && kept.instances.live_on(class)).then_some(Lifetime::Singleton(class))
        }
        _ => None,
    }
}

/// Whether the assignment at `at` is under a test of what it assigns: `x ??= …`, `if (!x) x = …`.
fn is_guarded(facts: &Facts<'_>, at: OpRef, target: &Place) -> bool {
    facts.program.function(at.function).blocks().any(|(_, block)| match &block.terminator {
        crate::ir::Terminator::Branch { condition, then, otherwise } => {
            (*then == at.block || *otherwise == at.block) && condition.places().any(|place| place == target)
        }
        _ => false,
    })
}

fn is_captured(facts: &Facts<'_>, function: FunctionRef, id: crate::ir::VariableId) -> bool {
    let program = facts.program;
    program.children(function).any(|child| {
        program.function(child).mentioned_places().any(|place| place.root_variable() == Some(id))
            || is_captured(facts, child, id)
    })
}

/// How a container is named to people: `cache`, `state.hits`, `Limiter.hits`.
fn name(facts: &Facts<'_>, function: FunctionRef, target: &Place, fields: &[Name]) -> Option<String> {
    let root: Name = match &target.root {
        Root::Variable(id) => facts.program.variable(function.variable(*id)).name.clone(),
        Root::This => facts.program.class(facts.program.this_class(function)?).name.clone()?,
        Root::Temp(_) | Root::Global(_) => return None,
    };
    let path = target.path.iter().filter_map(Field::name).chain(fields.iter().map(Name::as_str));
    Some(std::iter::once(root.as_str()).chain(path).collect::<Vec<_>>().join("."))
}
