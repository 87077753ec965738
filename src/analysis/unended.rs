//! Resources that only the project's own code ends, where no code near them could be that end.
//!
//! An object URL is revoked, and a camera's track is stopped, by the code that asked for it or by nobody: no element
//! and no library does it. So it matters less where such a resource went (an element, a state, a caller) than whether
//! any code there could end it.

use std::cell::LazyCell;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::ownership::{Effect, Escape, Fate, Identity};
use crate::analysis::value::{AcquisitionId, How};
use crate::catalogue::schema::Resource;
use crate::catalogue::{ResourceId, last_name};
use crate::ir::{Call, CallKind, Field, Operand, Place, RequestId, Root};
use crate::linking::{OpRef, Program, Target};
use crate::source::FileId;

/// How far something goes from the code that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// Into elements, fields and state of the files around.
    Near,
    /// To callers, or through unknown functions.
    Program,
    /// To a library, which may do what it likes.
    Library,
}

/// The resources that are passed on or stored, if nothing that may have them ends them.
#[must_use]
pub fn unended<'f>(facts: &'f Facts<'_>) -> Vec<&'f Obligation> {
    let mut ends: FxHashMap<ResourceId, Vec<End>> = FxHashMap::default();
    let near = LazyCell::new(|| neighbourhoods(facts.program));
    let candidates = facts.obligations.iter().filter(|obligation| {
        let told = facts.resource(&obligation.acquisition).is_some_and(|(_, resource)| resource.ended_by_project);
        let goes_on = obligation.at_normal_exit.intersects(Fate::ESCAPED | Fate::HELD);
        told && goes_on
            && matches!(obligation.acquisition.how, How::Created)
            && !facts.released.contains(&obligation.id)
            && facts.is_held_to_account(obligation.acquisition.at.function)
    });
    candidates
        .filter(|obligation| {
            let Some((id, resource)) = facts.resource(&obligation.acquisition) else { return false };
            let ends = ends.entry(id).or_insert_with(|| ends_of(facts, resource));
            match reach(facts, obligation) {
                Reach::Library => false,
                Reach::Program => !ends.iter().any(|end| end.may_be_of(obligation.id)),
                Reach::Near => {
                    let near = &near[&obligation.function.file];
                    !ends.iter().any(|end| near.contains(&end.file) && end.may_be_of(obligation.id))
                }
            }
        })
        .collect()
}

/// A call that ends such a resource.
struct End {
    file: FileId,
    /// Which resources it ends, where that is known.
    of: Option<Vec<AcquisitionId>>,
}

impl End {
    fn may_be_of(&self, id: AcquisitionId) -> bool {
        self.of.as_ref().is_none_or(|of| of.contains(&id))
    }
}

/// The calls of a program that end a resource of a kind, judging by their names.
fn ends_of(facts: &Facts<'_>, resource: &Resource) -> Vec<End> {
    let functions: Vec<&str> = resource.release_functions.iter().map(|path| last_name(path)).collect();
    let mut found = Vec::new();
    for function in facts.program.functions() {
        let module = facts.program.module(function.file);
        for (block, index, op) in facts.program.function(function).ops() {
            let at = function.op(block, index);
            let callee = op.call().and_then(|call| call.callee.place());
            // `urls.forEach(URL.revokeObjectURL)`
            let is_given = |place: &&Place| {
                Some(*place) != callee && module.last_name(place).is_some_and(|name| functions.contains(&name.as_str()))
            };
            if op.places().iter().any(is_given) {
                found.push(End { file: function.file, of: None });
            }
            let Some(call) = op.call() else { continue };
            let Some(name) = module.called_name(call) else { continue };
            let values = if functions.contains(&name.as_str()) {
                facts.evaluator.argument(at, 0)
            } else if resource.release.iter().any(|it| it == name) {
                match call.receiver() {
                    Some((receiver, _)) => facts.evaluator.place(function, &receiver),
                    None => continue,
                }
            } else {
                continue;
            };
            let is_known = !values.open && values.iter().all(|value| value.acquisition().is_some());
            let of = (is_known && values.iter().next().is_some()).then(|| values.resources().collect());
            found.push(End { file: function.file, of });
        }
    }
    found
}

/// How far it goes.
fn reach(facts: &Facts<'_>, obligation: &Obligation) -> Reach {
    let solved = facts.solved(obligation.function);
    let is_it = |identity: &Identity| *identity == Identity::Acquired(obligation.id);
    let escapes = solved.effects.ops.iter().flat_map(|(&(block, index), op)| {
        let at = obligation.function.op(block, index as usize);
        op.effects.iter().filter(|(identity, _)| is_it(identity)).filter_map(move |(_, effect)| match effect {
            Effect::Escape(escape) => Some((at, *escape)),
            _ => None,
        })
    });
    let is_returned = solved.effects.returns.values().flatten().any(|(identity, _)| is_it(identity));
    let furthest = escapes.map(|(at, escape)| match escape {
        Escape::Stored | Escape::Captured => Reach::Near,
        Escape::Passed => passed(facts, at),
        Escape::Guarded | Escape::Returned => Reach::Program,
    });
    furthest.max().unwrap_or(Reach::Near).max(if is_returned { Reach::Program } else { Reach::Near })
}

/// How far a call passes its argument.
fn passed(facts: &Facts<'_>, at: OpRef) -> Reach {
    let Some(call) = facts.program.op(at).call() else { return Reach::Program };
    let callee = facts.evaluator.callee(at);
    let is_library = callee.targets.iter().any(|target| match target {
        CallTarget::External(id) => facts.evaluator.external_name(*id).package.is_some(),
        CallTarget::ResourceMethod { .. } | CallTarget::ProductMethod { .. } => true,
        _ => false,
    });
    if is_library && call.kind != CallKind::Jsx {
        return Reach::Library;
    }
    let is_global = matches!(&call.callee, Operand::Place(Place { root: Root::Global(_), .. }));
    if call.kind == CallKind::Jsx || is_global || is_state_setter(&facts.evaluator, at, call) {
        Reach::Near
    } else {
        Reach::Program
    }
}

/// Whether the callee is the second part of a hook's result: the setter of a state.
fn is_state_setter(evaluator: &Evaluator<'_>, at: OpRef, call: &Call) -> bool {
    let Some(variable) = call.callee.place().and_then(Place::as_variable) else { return false };
    let program = evaluator.program;
    let definitions = program.index(at.function.file).of_variable(variable);
    definitions.len() == 1
        && definitions.iter().all(|definition| {
            let op = program.op(at.function.sibling(definition.function).definition(definition));
            op.places().into_iter().any(|place| place.path.last() == Some(&Field::Named("1".into())))
        })
}

/// Each file with those that it imports and those that import it.
fn neighbourhoods(program: &Program) -> FxHashMap<FileId, FxHashSet<FileId>> {
    let mut near: FxHashMap<FileId, FxHashSet<FileId>> = FxHashMap::default();
    for module in program.modules() {
        near.entry(module.file).or_default().insert(module.file);
        for (id, _) in (0u32..).zip(&module.requests) {
            if let Target::Module(to) | Target::Member(to, _) = program.target(module.file, RequestId(id)) {
                near.entry(module.file).or_default().insert(*to);
                near.entry(*to).or_default().insert(module.file);
            }
        }
    }
    near
}
