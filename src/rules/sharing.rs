//! Instances that a project shares already, and that can replace a new one.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::frequency::memo::Lifetime;
use crate::analysis::likeness;
use crate::analysis::value::{AcquiredKind, Acquisition, AcquisitionId, Value, Values};
use crate::catalogue::ResourceId;
use crate::ir::{Binding, FunctionId, FunctionKind, VariableId};
use crate::linking::{FunctionRef, Target, VariableRef};
use crate::rewrite::{Import, Reach, Shared};
use crate::source::FileId;

/// How its users see a resource: as the resource itself, or as a view of it.
type Shape = Option<ResourceId>;

/// The shared instance that a caller could use instead of the one a factory made for it.
pub(super) fn existing(facts: &Facts<'_>, obligation: &Obligation) -> Option<Shared> {
    let origin = facts.origins(&obligation.acquisition).pop()?;
    let factory = facts.called(obligation.acquisition.at).first()?.file;
    find(facts, obligation, &origin, factory, false)
}

/// The shared instance that a function could use instead of its own: one with the same arguments.
pub(super) fn existing_for_creation(facts: &Facts<'_>, obligation: &Obligation) -> Option<Shared> {
    let origin = &obligation.acquisition;
    find(facts, obligation, origin, origin.at.function.file, true)
}

fn find(
    facts: &Facts<'_>,
    obligation: &Obligation,
    origin: &Acquisition,
    factory: FileId,
    only_alike: bool,
) -> Option<Shared> {
    let acquisition = &obligation.acquisition;
    let AcquiredKind::Catalogued(resource) = origin.kind else { return None };
    let members = members(facts, obligation);
    let caller = acquisition.at.function;
    let candidates: Vec<Candidate> = exported(facts)
        .chain(own(facts, caller.file))
        .filter_map(|(name, variable)| candidate(facts, name, variable, origin, resource))
        .filter(|candidate| members.iter().any(|(_, shape)| *shape == candidate.shape))
        .collect();
    let mut alike = candidates.iter().filter(|candidate| candidate.is_alike);
    let chosen = match (alike.next(), alike.next(), candidates.as_slice()) {
        (Some(one), None, _) => one,
        (None, _, [one]) if !only_alike => one,
        // Only a person can choose between several.
        _ => return None,
    };
    Some(Shared {
        acquisition: facts.location(acquisition.at),
        members: members.into_iter().filter(|(_, shape)| *shape == chosen.shape).map(|(name, _)| name).collect(),
        reach: chosen.reach,
        name: chosen.name.clone(),
        import: import(facts, caller.file, chosen.file, &chosen.name, factory),
        is_alike: chosen.is_alike,
    })
}

/// The members of the call's result that are the resource; an empty name for the result itself.
fn members(facts: &Facts<'_>, obligation: &Obligation) -> Vec<(String, Shape)> {
    let values = facts.evaluator.call_values(obligation.acquisition.at);
    let mut members: Vec<_> = shape(&values, obligation.id).map(|shape| (String::new(), shape)).into_iter().collect();
    members.extend(
        facts
            .evaluator
            .members(&values)
            .filter_map(|(name, parts)| Some((name.to_string(), shape(&parts, obligation.id)?))),
    );
    members
}

/// How values refer to a resource, if they are nothing else.
fn shape(values: &Values, id: AcquisitionId) -> Option<Shape> {
    let mut shapes = values.iter().filter(|value| !matches!(value, Value::Nullish)).map(|value| match value {
        Value::Resource(of) if *of == id => Some(None),
        Value::View { of, view } if *of == id => Some(Some(*view)),
        _ => None,
    });
    let first = shapes.next()??;
    shapes.all(|shape| shape == Some(first)).then_some(first)
}

struct Candidate {
    file: FileId,
    name: String,
    shape: Shape,
    reach: Reach,
    is_alike: bool,
}

/// Every name that a module of the product exports, with the variable behind it.
fn exported<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = (String, VariableRef)> + 'f {
    facts
        .program
        .modules()
        .filter(|module| facts.is_held_to_account(facts.program.initialiser(module.file)))
        .flat_map(|module| facts.program.own_exports(module.file).map(|(name, variable)| (name.to_string(), variable)))
}

/// The variables that a file declares and does not export.
fn own<'f>(facts: &'f Facts<'_>, file: FileId) -> impl Iterator<Item = (String, VariableRef)> + 'f {
    let module = facts.program.module(file);
    let is_exported =
        move |variable: VariableRef| facts.program.own_exports(file).any(|(_, exported)| exported == variable);
    (0u32..)
        .zip(&module.variables)
        .filter(|(_, variable)| variable.owner == FunctionId::INITIALISER)
        .map(move |(id, variable)| (variable.name.to_string(), VariableRef { file, variable: VariableId(id) }))
        .filter(move |(_, variable)| !is_exported(*variable))
}

fn candidate(
    facts: &Facts<'_>,
    name: String,
    variable: VariableRef,
    wanted: &Acquisition,
    resource: ResourceId,
) -> Option<Candidate> {
    if name == "default" {
        return None;
    }
    let (values, reach) = match facts.program.variable(variable).binding {
        Binding::Function(function) => {
            let function = FunctionRef::new(variable.file, function);
            let body = facts.program.function(function);
            let is_plain = body.kind == FunctionKind::Free && body.parameters.is_empty();
            if !is_plain {
                return None;
            }
            let values = Values::clone(facts.evaluator.returns(function));
            (values, if body.is_async { Reach::AsyncCall } else { Reach::Call })
        }
        Binding::Value if facts.program.variable(variable).is_constant => {
            (Values::clone(facts.evaluator.variable(variable)), Reach::Value)
        }
        _ => return None,
    };
    let id = values.resources().next()?;
    let shape = shape(&values, id)?;
    let acquisition = facts.evaluator.acquisition(id);
    let origin = facts.origins(&acquisition).pop().unwrap_or_else(|| acquisition.clone());
    if origin.kind != AcquiredKind::Catalogued(resource)
        || origin.at == wanted.at
        || !is_kept(facts, &acquisition, reach)
    {
        return None;
    }
    let made_of = likeness::arguments(&facts.evaluator, origin.at);
    let is_alike = made_of.is_some() && made_of == likeness::arguments(&facts.evaluator, wanted.at);
    Some(Candidate { file: variable.file, name, shape, reach, is_alike })
}

/// Whether there is one for the process.
fn is_kept(facts: &Facts<'_>, acquisition: &Acquisition, reach: Reach) -> bool {
    match reach {
        Reach::Value => {
            facts.program.function(acquisition.at.function).kind == FunctionKind::ModuleInitialiser
                && facts.rate(acquisition.at) <= Rate::Once
        }
        Reach::Call | Reach::AsyncCall => facts
            .frequencies
            .memo(&facts.evaluator, acquisition.at)
            .is_some_and(|memo| memo.lifetime == Lifetime::Process && !memo.keyed),
    }
}

/// How a file reaches an export of another.
pub(super) fn import(facts: &Facts<'_>, from: FileId, to: FileId, name: &str, like: FileId) -> Option<Import> {
    if from == to {
        return None;
    }
    let module = facts.program.module(from);
    let leads = |wanted: Option<FileId>| {
        (0u32..).map(crate::ir::RequestId).zip(&module.requests).filter_map(move |(id, request)| {
            match facts.program.target(from, id) {
                Target::Module(file) if wanted.is_none_or(|wanted| wanted == *file) => {
                    Some((request.specifier.to_string(), facts.program.path(*file).to_owned()))
                }
                _ => None,
            }
        })
    };
    Some(Import {
        name: name.to_owned(),
        from: facts.program.path(from).to_owned(),
        to: facts.program.path(to).to_owned(),
        present: leads(Some(to)).map(|(specifier, _)| specifier).collect(),
        like: leads(Some(like)).chain(leads(None)).collect(),
    })
}
