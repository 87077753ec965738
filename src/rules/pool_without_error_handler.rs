//! `pool-without-error-handler`: an unhandled `error` event of a pool ends the process, and nobody listens for it.

use std::cell::OnceCell;

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::{Effect, Escape, Fate, Identity, Returned};
use crate::analysis::value::{Acquisition, AcquisitionId, How, Value, Values};
use crate::catalogue::RegistrationRole;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity};
use crate::ir::{Call, FunctionId, OpKind, Operand};
use crate::linking::FunctionRef;

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let attachments = OnceCell::new();
    for obligation in facts.obligations.iter() {
        let acquisition = &obligation.acquisition;
        let Some((_, resource)) = facts.resource(acquisition) else { continue };
        let is_long_lived =
            resource.kind == ResourceKind::Pool || (!resource.single_user && facts.rate(acquisition.at) == Rate::Once);
        if !matches!(acquisition.how, How::Created | How::CallbackParameter { .. })
            || !is_long_lived
            || is_closed_where_made(obligation)
            || !resource.required_events.iter().any(|event| event == "error")
            || !facts.is_held_to_account(acquisition.at.function)
            || listens(facts, attachments.get_or_init(|| self::attachments(facts)), acquisition, obligation.id)
            || is_passed_on(facts, obligation)
        {
            continue;
        }
        findings.push(finding(facts, obligation));
    }
}

/// Whether it lives for one piece of work: errors show there.
fn is_closed_where_made(obligation: &Obligation) -> bool {
    obligation.at_normal_exit.contains(Fate::RELEASED) && !obligation.at_normal_exit.contains(Fate::ESCAPED)
}

/// The resources that `error` handlers are attached to, anywhere in the program.
fn attachments(facts: &Facts<'_>) -> Vec<Values> {
    let mut found = Vec::new();
    for function in facts.program.relevant_functions() {
        for (block, index, op) in facts.program.function(function).ops() {
            match &op.kind {
                OpKind::Assign { target, .. } => {
                    if let Some((holder, field)) = target.split_last()
                        && field.name() == Some("onerror")
                    {
                        found.push(facts.evaluator.place(function, &holder));
                    }
                }
                OpKind::Call(call) if adds_error_handler(facts, function, call) => {
                    found.extend(facts.evaluator.receiver_values(function.op(block, index)));
                }
                _ => {}
            }
        }
    }
    found
}

fn adds_error_handler(facts: &Facts<'_>, at: FunctionRef, call: &Call) -> bool {
    let Some(name) = call.method_name() else { return false };
    matches!(call.argument(0), Some(Operand::String(event)) if event == "error")
        && facts.evaluator.any_method(at.file, name).registrations.iter().any(|resource| {
            let registration = &facts.evaluator.catalogue.resource(*resource).registration;
            let role = registration.as_ref().and_then(|registration| registration.role(name));
            matches!(role, Some(RegistrationRole::Add | RegistrationRole::AddOnce))
        })
}

/// Whether one of the handlers is attached to the resource, whatever its name there.
fn listens(facts: &Facts<'_>, attachments: &[Values], acquisition: &Acquisition, id: AcquisitionId) -> bool {
    let is_given = |function: FunctionRef, index: u32| {
        acquisition.how == How::CallbackParameter { callback: function, parameter: index }
    };
    attachments.iter().flatten().any(|value| match value {
        Value::Resource(held) | Value::View { of: held, .. } => is_same(facts, *held, id),
        Value::Parameter { function, index, path } if path.is_empty() && is_given(*function, *index) => true,
        // A helper that attaches it to its argument.
        Value::Parameter { function, .. } => is_given_to(facts, *function, id),
        _ => false,
    })
}

/// Whether some call passes the resource to `helper`.
fn is_given_to(facts: &Facts<'_>, helper: FunctionRef, id: AcquisitionId) -> bool {
    facts.calls.callers(facts.program, helper).iter().any(|at| {
        facts.program.op(*at).call().is_some_and(|call| {
            call.arguments.iter().any(|argument| {
                let values = facts.evaluator.operand_values(at.function, &argument.value);
                values.resources().any(|held| is_same(facts, held, id))
            })
        })
    })
}

/// Whether `held` is `id`, as some caller received it.
fn is_same(facts: &Facts<'_>, held: AcquisitionId, id: AcquisitionId) -> bool {
    let mut at = held;
    loop {
        if at == id {
            return true;
        }
        match facts.evaluator.acquisition(at).how {
            How::Received { inner } => at = inner,
            _ => return false,
        }
    }
}

/// Whether it is passed to unknown code, which may listen.
fn is_passed_on(facts: &Facts<'_>, obligation: &Obligation) -> bool {
    let solved = facts.solved(obligation.function);
    let own = match obligation.acquisition.how {
        How::CallbackParameter { callback, parameter } => {
            Identity::Parameter { function: callback, index: parameter, path: crate::analysis::value::Path::new() }
        }
        _ => Identity::Acquired(obligation.id),
    };
    // A closure that gives it to whoever calls that: `{ webSocketFactory: () => new WebSocket(url) }`.
    let is_given = || {
        let is_nested =
            facts.program.function(obligation.function).parent.is_some_and(|it| it != FunctionId::INITIALISER);
        is_nested
            && facts.calls.callers(facts.program, obligation.function).is_empty()
            && solved
                .effects
                .returns
                .values()
                .flatten()
                .any(|(identity, how)| *identity == own && *how == Returned::Itself)
    };
    solved.effects.in_order().any(|(identity, effect)| *identity == own && effect == Effect::Escape(Escape::Passed))
        || is_given()
}

fn finding(facts: &Facts<'_>, obligation: &Obligation) -> Finding {
    let acquisition = &obligation.acquisition;
    let noun = wording::noun(facts, acquisition);
    Finding::new(RuleId::PoolWithoutErrorHandler, Severity::Warning, Confidence::High, facts.location(acquisition.at))
        .label("nobody listens to `error`")
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(format!("the {noun} has no `error` handler: an error while nobody waits for it ends the process"))
        .help("attach a handler that logs: `.on(\"error\", (error) => …)`")
}
