//! Remedies for what begins again and again and is never ended: ending it with its owner.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::registrations::{Addition, Registrations};
use crate::analysis::value::How;
use crate::catalogue::schema::{EntryPoint, Resource, ResourceKind};
use crate::findings::Finding;
use crate::ir::FunctionKind;
use crate::linking::{FunctionRef, Target};
use crate::rewrite::{Absent, By, Ending, EndsBy, Owner, Release, Remedy};
use crate::source::Location;

use super::RuleId;

/// The remedy for what a finding says is begun: an end with its owner.
pub(super) fn remedies(facts: &Facts<'_>, finding: &Finding) -> Vec<Remedy> {
    if finding.rule == RuleId::UnremovedListener {
        return removal(facts, finding).map(Remedy::End).into_iter().collect();
    }
    let subject = facts.obligations.iter().find(|obligation| {
        facts.location(obligation.acquisition.at) == finding.location
            && matches!(obligation.acquisition.how, How::Created | How::Leased { .. })
    });
    let Some(obligation) = subject else { return Vec::new() };
    let Some((by, waits)) = by(facts, obligation) else { return Vec::new() };
    let present: Vec<_> = facts.releases(obligation).into_iter().map(|at| facts.location(at).span).collect();
    if !present.is_empty() {
        return vec![Remedy::Release(Release {
            acquisition: finding.location,
            by,
            waits,
            present,
            by_scope: None,
            by_giver: Vec::new(),
        })];
    }
    let is_ended = facts.released.contains(&obligation.id);
    let owner = owner(facts, obligation.acquisition.at.function).filter(|_| !is_ended);
    owner
        .map(|owner| Remedy::End(Ending { beginning: finding.location, by: EndsBy::Release(by), owner }))
        .into_iter()
        .collect()
}

/// The call that ends it, and whether it returns a promise.
fn by(facts: &Facts<'_>, obligation: &Obligation) -> Option<(By, bool)> {
    let (_, resource): (_, &Resource) = facts.resource(&obligation.acquisition)?;
    if resource.kind == ResourceKind::Timer
        && let Some(function) = resource.release_functions.first()
    {
        return Some((By::Function(function.trim_end_matches("()").to_owned()), false));
    }
    let method = resource.release.iter().find(|method| !resource.release_each.contains(method))?;
    let waits = !resource.is_released_at_once() && !matches!(resource.kind, ResourceKind::Subscription);
    Some(if method == "()" { (By::Itself, waits) } else { (By::Method(method.clone()), waits) })
}

/// The removal of a listener that nothing was meant to remove.
fn removal(facts: &Facts<'_>, finding: &Finding) -> Option<Ending> {
    let registrations = facts.registrations();
    let addition: &Addition =
        registrations.additions.iter().find(|it| facts.location(it.at) == finding.location && it.inner.is_none())?;
    // A removal that was meant for it but does not work has to be repaired, not written a second time.
    let is_meant = registrations.removals.iter().chain(&registrations.lost).any(|removal| {
        let is_of_another =
            || registrations.additions.iter().any(|it| it.at != addition.at && Registrations::removes(removal, it));
        removal.is_near(addition)
            && removal.event.as_ref().is_none_or(|event| event.text() == addition.event.text())
            && !is_of_another()
    });
    let registration = facts.evaluator.catalogue.resource(addition.resource).registration.as_ref()?;
    let added = facts.program.op(addition.at).call()?.method_name()?;
    let position = registration.add.iter().position(|method| method == added)?;
    let method = registration.remove.get(position).or_else(|| registration.remove.first())?;
    let by = EndsBy::Removal {
        method: method.clone(),
        handler: registration.handler as usize,
        options: registration.options.filter(|_| registration.capture).map(|index| index as usize),
    };
    let owner = owner(facts, addition.at.function).filter(|_| !is_meant && registration.target.is_none())?;
    Some(Ending { beginning: finding.location, by, owner })
}

/// The owner whose end is to end what a function begins.
fn owner(facts: &Facts<'_>, function: FunctionRef) -> Option<Owner> {
    if facts.frequencies.lifecycles.effects.contains_key(&function) {
        return Some(Owner::Returned);
    }
    if let Some(class) = facts.program.this_class(function) {
        let teardown = match absent(facts, function) {
            // The makers of the instances call this method, and no similar one.
            Some(absent) => {
                let mut members = facts.program.members(class);
                let has = members.find(|(_, member)| !member.is_static && member.name == absent.method.as_str());
                match has {
                    Some((method, _)) => method,
                    None => return Some(Owner::Absent(absent)),
                }
            }
            None => facts.teardown(class)?,
        };
        if teardown.file != function.file || teardown == function {
            return None;
        }
        let span = facts.program.function(teardown).name_span;
        return Some(Owner::Method(Location { file: teardown.file, span }));
    }
    hook(facts, function)
}

/// The method that ends an instance, if a framework calls one on instances of the class.
fn absent(facts: &Facts<'_>, function: FunctionRef) -> Option<Absent> {
    let (label, _) = facts.frequencies.chain(&facts.evaluator, function).entry?;
    let module = facts.program.module(function.file);
    let has = |package: &String| module.requests.iter().any(|request| request.specifier.as_str() == package);
    facts.evaluator.catalogue.libraries().iter().find_map(|library| {
        let mut entries = library.entries.iter().filter(|entry| entry.label == label);
        entries.find_map(|entry| {
            let end = entry.ended_by.as_ref()?;
            let from = entry.needs_package.iter().find(|package| has(package));
            (from.is_some() || entry.needs_package.is_empty()).then(|| Absent {
                method: end.method.clone(),
                interface: from.filter(|_| !end.interface.is_empty()).map(|from| (end.interface.clone(), from.clone())),
                roots: end.roots.clone(),
            })
        })
    })
}

/// A hook that runs a function at the end of the component whose script the function is, or whose setup registers it.
fn hook(facts: &Facts<'_>, function: FunctionRef) -> Option<Owner> {
    let module = facts.program.module(function.file);
    let body = facts.program.function(function);
    let is_script = |function: FunctionRef| {
        let body = facts.program.function(function);
        body.name_span.range().is_empty() && body.kind != FunctionKind::ModuleInitialiser && body.parameters.is_empty()
    };
    let is_set_up = is_script(function) || body.parent.is_some_and(|parent| is_script(function.sibling(parent)));
    let chain = facts.frequencies.chain(&facts.evaluator, function);
    let is_entry = chain.entry.is_some() && chain.calls.is_empty();
    if !module.language.is_component() || !is_set_up || !is_entry || body.is_async {
        return None;
    }
    let imported = |entry: &EntryPoint, packages: &[String]| {
        let packages = if entry.from.is_empty() { packages } else { &entry.from };
        (0u32..).map(crate::ir::RequestId).zip(&module.requests).find_map(|(id, request)| {
            let is_package = !matches!(facts.program.target(function.file, id), Target::Module(_));
            let specifier = request.specifier.to_string();
            (is_package && packages.contains(&specifier)).then_some(specifier)
        })
    };
    facts.evaluator.catalogue.libraries().iter().find_map(|library| {
        let mut entries = library.entries.iter().filter(|entry| entry.ends);
        entries.find_map(|entry| {
            let module = imported(entry, &library.packages)?;
            let name = entry.registered_by.first()?.trim_end_matches("()").to_owned();
            Some(Owner::Hook { name, module })
        })
    })
}
