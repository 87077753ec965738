//! `shared-single-client`: one connection that requests share.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::value::{AcquisitionId, How};
use crate::catalogue::Pattern;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{FunctionKind, Root};
use crate::linking::FunctionRef;
use crate::rewrite::Pooled;
use crate::source::Location;

use super::{RuleId, pool_without_limits, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in facts.obligations.iter() {
        let acquisition = &obligation.acquisition;
        let Some((_, resource)) = facts.resource(acquisition) else { continue };
        let is_candidate = resource.single_user
            && matches!(acquisition.how, How::Created | How::Leased { .. })
            && facts.is_held_to_account(acquisition.at.function)
            && facts.rate(acquisition.at) == Rate::Once
            && !is_released_where_made(facts, obligation);
        if is_candidate && let Some(user) = sharing_use(facts, obligation.id, acquisition.at.function) {
            findings.push(finding(facts, obligation, user));
        }
    }
}

/// A script that opens a connection, works and closes it shares it with nobody.
fn is_released_where_made(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    use crate::analysis::ownership::Fate;
    (obligation.at_normal_exit | obligation.at_exceptional_exit).contains(Fate::RELEASED)
        || facts.released.contains(&obligation.id)
            && facts.program.function(obligation.acquisition.at.function).kind != FunctionKind::ModuleInitialiser
}

/// Where work that may overlap uses the connection: a function that runs for requests, or an export.
fn sharing_use(facts: &Facts<'_>, id: AcquisitionId, maker: FunctionRef) -> Option<(Location, String)> {
    let program = facts.program;
    for function in program.functions().filter(|function| function.file == maker.file && *function != maker) {
        if facts.frequencies.of_function(function) < Rate::PerMessage {
            continue;
        }
        for place in program.function(function).mentioned_places() {
            if let Root::Variable(variable) = place.root
                && facts.evaluator.variable(function.variable(variable)).resources().any(|held| held == id)
            {
                let location = Location { file: function.file, span: program.function(function).name_span };
                return Some((location, format!("`{}` uses it for every request", program.name_of(function))));
            }
        }
    }
    program.own_exports(maker.file).find_map(|(name, variable)| {
        facts.evaluator.variable(variable).resources().any(|held| held == id).then(|| {
            let location = Location { file: maker.file, span: program.variable(variable).span };
            (location, format!("`{name}` gives it to every importer"))
        })
    })
}

/// A pool in its place, where the library has one that takes the same options.
pub(super) fn remedy(facts: &Facts<'_>, finding: &Finding) -> Option<Pooled> {
    let obligation = facts
        .obligations
        .iter()
        .find(|it| it.acquisition.how == How::Created && facts.location(it.acquisition.at) == finding.location)?;
    let (_, resource) = facts.resource(&obligation.acquisition)?;
    let catalogue = &facts.evaluator.catalogue;
    let pool = catalogue.resource(catalogue.resource_by_name(resource.pooled_by.as_ref()?)?);
    let Ok(Pattern::Symbol { path, .. }) = Pattern::parse(pool.create.first()?) else { return None };
    Some(Pooled {
        creation: finding.location,
        maker: path.last()?.to_string(),
        opens: resource.open.clone(),
        calls: resource.pooled_calls.clone(),
        events: pool.required_events.clone(),
        limits: pool_without_limits::limits(facts, finding.location, obligation.acquisition.at, pool),
    })
}

fn finding(facts: &Facts<'_>, obligation: &Obligation, (user, how): (Location, String)) -> Finding {
    let acquisition = &obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    let help = facts.resource(acquisition).map(|(_, resource)| resource.help.clone()).unwrap_or_default();
    Finding::new(RuleId::SharedSingleClient, Severity::Error, Confidence::High, facts.location(acquisition.at))
        .label("one connection for all")
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!(
            "one {noun} serves all requests: they queue behind one another, and none works once it is lost"
        ))
        .help(if help.is_empty() { "use a pool, or a connection for each unit of work".to_owned() } else { help })
        .trace(vec![
            TraceStep { location: facts.location(acquisition.at), message: format!("the {noun} is made here, once") },
            TraceStep { location: user, message: how },
        ])
}
