//! `pool-without-limits`: a pool without a bound on its connections or its waits.

use rustc_hash::FxHashMap;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::limits::{self, Chain, Use};
use crate::analysis::ownership::Fate;
use crate::analysis::platforms::is_only_on;
use crate::analysis::value::{AcquisitionId, How, Value};
use crate::catalogue::ResourceId;
use crate::catalogue::schema::{Limit, Resource};
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{OpKind, Property, Rvalue};
use crate::linking::OpRef;
use crate::rewrite::Limits;
use crate::source::Location;

use super::{RuleId, creation, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut known = FxHashMap::default();
    for obligation in facts.obligations.iter() {
        let acquisition = &obligation.acquisition;
        let Some((_, resource)) = facts.resource(acquisition) else { continue };
        if acquisition.how != How::Created
            || resource.limits.is_empty()
            || ends_where_it_began(obligation)
            || !facts.is_held_to_account(acquisition.at.function)
        {
            continue;
        }
        if facts.evaluator.drops_implicitly(acquisition.at.function) {
            // A pool that is built again and again has a worse problem.
            if creation::speaks_of(facts, obligation) {
                continue;
            }
            findings.extend(built(facts, obligation, resource, &mut known));
            continue;
        }
        let missing = missing(&facts.evaluator, acquisition.at, resource);
        let important = |limits: &[&Limit]| limits.iter().filter(|limit| limit.important).count();
        let all: Vec<&Limit> = resource.limits.iter().collect();
        if important(&missing) > 0 {
            // Whoever set some of them has thought about limits.
            let severity = if important(&missing) == important(&all) { Severity::Warning } else { Severity::Note };
            findings.push(finding(facts, obligation, &missing, severity));
        }
    }
}

/// Whether the function that makes it closes it: a connection that only checks whether the database is there needs no
/// limits.
fn ends_where_it_began(obligation: &Obligation) -> bool {
    obligation.at_normal_exit.contains(Fate::RELEASED) && !obligation.at_normal_exit.contains(Fate::ESCAPED)
}

/// The options that would bound what a finding is about.
pub(super) fn remedy(facts: &Facts<'_>, finding: &Finding) -> Option<Limits> {
    let obligation = facts
        .obligations
        .iter()
        .find(|it| it.acquisition.how == How::Created && facts.location(it.acquisition.at) == finding.location)?;
    let (_, resource) = facts.resource(&obligation.acquisition)?;
    if facts.evaluator.drops_implicitly(obligation.function) {
        return None;
    }
    let limits = limits(facts, finding.location, obligation.acquisition.at, resource);
    (!limits.options.is_empty()).then_some(limits)
}

/// The limits that the creation at `at` lacks to be such a resource, if there are values to propose.
pub(super) fn limits(facts: &Facts<'_>, creation: Location, at: OpRef, resource: &Resource) -> Limits {
    let options = missing(&facts.evaluator, at, resource)
        .iter()
        .filter(|limit| limit.important && !limit.value.is_empty())
        .filter_map(|limit| Some((limit.options.first()?.clone(), limit.value.clone())))
        .collect();
    Limits { creation, arguments: resource.options.iter().filter_map(|path| path.parse().ok()).collect(), options }
}

/// A missing limit of a builder, where serving code waits for the result and nothing else limits the wait.
fn built(
    facts: &Facts<'_>,
    obligation: &Obligation,
    resource: &Resource,
    known: &mut FxHashMap<ResourceId, Vec<Use>>,
) -> Option<Finding> {
    let at = obligation.acquisition.at;
    let chain = Chain::to(&facts.evaluator, at, &|_| false);
    let can_be_set = |limit: &&Limit| !is_only_on(facts.program, facts.location(at), &limit.absent_on);
    let missing: Vec<&Limit> =
        resource.limits.iter().filter(|it| it.important && !chain.has(&it.methods)).filter(can_be_set).collect();
    let (id, _) = facts.resource(&obligation.acquisition)?;
    if chain.is_partial || missing.is_empty() || is_fallback(facts, obligation, resource) {
        return None;
    }
    let deadline = resource.deadline.as_ref()?;
    let uses = known.entry(id).or_insert_with(|| limits::uses(facts, id, deadline));
    let own: Vec<&Use> = uses.iter().filter(|it| it.of.contains(&obligation.id)).collect();
    let is_shown = !own.is_empty();
    // The users of a resource cannot always be shown: then uses of unknown resources in the same crate count, if the
    // name is the same.
    let strangers = || {
        let names = limits::names_of(facts, obligation.id);
        let near = |it: &&Use| {
            it.of.is_empty()
                && it.names.iter().any(|name| names.contains(name))
                && facts.is_same_crate(it.at.function.file, at.function.file)
        };
        uses.iter().filter(near).collect()
    };
    let uses: Vec<&Use> = if is_shown { own } else { strangers() };
    let (rate, waits) = uses
        .iter()
        .filter(|it| !it.has_deadline)
        .map(|it| (limits::rate(facts, it.at), it.at))
        .max_by_key(|(rate, at)| (*rate, std::cmp::Reverse(*at)))?;
    let is_served = matches!(rate, Rate::PerTick | Rate::PerMessage | Rate::PerRequest);
    let may_be_served = rate == Rate::PerCall && facts.serves(at.function.file);
    if !is_served && !may_be_served {
        return None;
    }
    let severity = if is_served && is_shown { Severity::Warning } else { Severity::Note };
    let mut found = finding(facts, obligation, &missing, severity);
    found.confidence = if is_shown { Confidence::High } else { Confidence::Medium };
    let message = format!("{} waits here, with no end to it", wording::callee_text(facts, waits));
    found.trace.push(TraceStep { location: facts.location(waits), message });
    Some(found)
}

/// `builder.timeout(LIMIT).build().unwrap_or_else(|_| Client::new())`: a fallback for a client with limits, if that
/// cannot be built.
fn is_fallback(facts: &Facts<'_>, obligation: &Obligation, resource: &Resource) -> bool {
    let at = obligation.acquisition.at;
    let tells = |id: AcquisitionId| {
        let other = facts.evaluator.acquisition(id);
        id != obligation.id && facts.resource(&other).is_some_and(|(_, it)| it.id == resource.id) && {
            let chain = Chain::to(&facts.evaluator, other.at, &|_| false);
            chain.is_partial || resource.limits.iter().all(|it| !it.important || chain.has(&it.methods))
        }
    };
    // The closure is within the function that chooses.
    let parent = facts.program.function(at.function).parent.map(|parent| at.function.sibling(parent));
    let is_it = |id: AcquisitionId| {
        let acquisition = facts.evaluator.acquisition(id);
        id == obligation.id || facts.origins(&acquisition).contains(&obligation.acquisition)
    };
    [Some(at.function), parent].into_iter().flatten().any(|function| {
        facts.program.function(function).ops().any(|(_, _, op)| {
            let OpKind::Assign { target, .. } = &op.kind else { return false };
            let values = facts.evaluator.place(function, target);
            values.resources().any(is_it) && values.resources().any(tells)
        })
    })
}

/// The limits that the written options do not set; none if the options are not all written out.
fn missing<'r>(evaluator: &Evaluator<'_>, at: OpRef, resource: &'r Resource) -> Vec<&'r Limit> {
    let mut written = Written::default();
    for path in &resource.options {
        for value in &evaluator.argument_path(at, path) {
            written.add(evaluator, value);
        }
        let values = evaluator.argument_path(at, path);
        written.is_partial |= values.open;
    }
    if written.is_partial {
        return Vec::new();
    }
    resource.limits.iter().filter(|limit| !limit.options.iter().any(|option| written.has(option))).collect()
}

/// The options of a call, as far as the program writes them out.
#[derive(Default)]
struct Written {
    names: Vec<String>,
    /// Parts of connection strings.
    texts: Vec<String>,
    /// Something may set more.
    is_partial: bool,
}

impl Written {
    fn add(&mut self, evaluator: &Evaluator<'_>, value: &Value) {
        match value {
            Value::Object { at, .. } => self.add_literal(evaluator, *at, ""),
            Value::Text(text) => self.texts.push(text.to_string()),
            Value::Parameter { .. } | Value::This { .. } | Value::Product { .. } => self.is_partial = true,
            _ => {}
        }
    }

    fn add_literal(&mut self, evaluator: &Evaluator<'_>, at: OpRef, prefix: &str) {
        let OpKind::Assign { value: Rvalue::Object(properties), .. } = &evaluator.program.op(at).kind else { return };
        for property in properties {
            match property {
                Property::Field { name, value } => {
                    let Some(name) = name.name() else { continue };
                    let name = format!("{prefix}{name}");
                    for value in &evaluator.operand(at.function, value) {
                        match value {
                            Value::Object { at: inner, .. } if *inner != at && prefix.is_empty() => {
                                self.add_literal(evaluator, *inner, &format!("{name}."));
                            }
                            Value::Text(text) => self.texts.push(text.to_string()),
                            _ => {}
                        }
                    }
                    self.names.push(name);
                }
                Property::Spread(operand) => {
                    let spread = evaluator.operand(at.function, operand);
                    let mut is_known = !spread.is_empty();
                    for value in &spread {
                        match value {
                            Value::Object { at: inner, .. } if *inner != at => {
                                self.add_literal(evaluator, *inner, prefix);
                            }
                            _ => is_known = false,
                        }
                    }
                    self.is_partial |= !is_known;
                }
            }
        }
    }

    fn has(&self, option: &str) -> bool {
        self.names.iter().any(|name| name == option)
            || self.texts.iter().any(|text| text.contains(&format!("{option}=")))
    }
}

fn finding(facts: &Facts<'_>, obligation: &Obligation, missing: &[&Limit], severity: Severity) -> Finding {
    let acquisition = &obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    let named: Vec<String> = missing
        .iter()
        .filter_map(|limit| {
            Some(format!("no `{}` ({})", limit.options.first().or_else(|| limit.methods.first())?, limit.default))
        })
        .collect();
    let why: Vec<&str> = missing.iter().map(|limit| limit.why.as_str()).filter(|why| !why.is_empty()).collect();
    Finding::new(RuleId::PoolWithoutLimits, severity, Confidence::High, facts.location(acquisition.at))
        .label("nothing bounds it")
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("the {noun} has {}", named.join(", ")))
        .help(if why.is_empty() { "set them to what the service can handle".to_owned() } else { why.join("; ") })
}
