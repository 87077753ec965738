//! `uncleared-timer`: a repeating timer that is started again and again and never stopped.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::Fate;
use crate::analysis::value::How;
use crate::catalogue::schema::ResourceKind;
use crate::findings::{Confidence, Finding, Severity, TraceStep};

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for obligation in &facts.obligations {
        let function = obligation.acquisition.at.function;
        let is_received = matches!(obligation.acquisition.how, How::Received { .. });
        if facts.kind(&obligation.acquisition) != ResourceKind::Timer
            || is_received
            || !facts.is_held_to_account(function)
        {
            continue;
        }
        if let Some(why) = why(facts, obligation) {
            findings.push(finding(facts, obligation, why));
        }
    }
}

/// What makes a timer that is not stopped a leak.
enum Why {
    Repeats(Rate),
    /// The class's teardown method leaves it running.
    OutlivesInstance {
        teardown: String,
    },
}

fn why(facts: &Facts<'_>, obligation: &Obligation) -> Option<Why> {
    let at = obligation.acquisition.at;
    let rate = facts.rate(at);
    let is_kept = obligation.at_normal_exit.contains(Fate::ESCAPED);
    if facts.released.contains(&obligation.id) {
        let is_lost = obligation.at_normal_exit.contains(Fate::HELD) && !is_kept && rate >= Rate::PerInstance;
        return is_lost.then_some(Why::Repeats(rate));
    }
    if let Some((class, _)) = facts.holding_field(obligation.id) {
        let method = facts.teardown(class)?;
        let name = facts.program.name_of(method);
        return (facts.frequencies.of_class(class) != Rate::Once).then_some(Why::OutlivesInstance { teardown: name });
    }
    if is_kept || !obligation.at_normal_exit.contains(Fate::HELD) {
        return None;
    }
    if rate >= Rate::PerInstance {
        return Some(Why::Repeats(rate));
    }
    // Dropped in a constructor of a class that knows how to end: nothing can stop it when the instance ends.
    let class = facts.program.this_class(at.function)?;
    let teardown = facts.teardown(class)?;
    (facts.frequencies.of_class(class) != Rate::Once && at.function != teardown)
        .then(|| Why::OutlivesInstance { teardown: facts.program.name_of(teardown) })
}

fn finding(facts: &Facts<'_>, obligation: &Obligation, why: Why) -> Finding {
    let acquisition = &obligation.acquisition;
    let function = acquisition.at.function;
    let clear = wording::release_name(facts, acquisition);
    let (message, confidence, chain) = match why {
        Why::Repeats(rate) => {
            let chain = facts.frequencies.chain(&facts.evaluator, function);
            let message = format!(
                "a timer is started {} and never stopped: {}",
                wording::rate_text(rate),
                wording::chain_text(facts, &chain, function)
            );
            (message, Confidence::High, wording::chain_steps(facts, &chain))
        }
        Why::OutlivesInstance { teardown } => {
            (format!("`{teardown}` leaves this timer running"), Confidence::Medium, Vec::new())
        }
    };
    let mut trace = chain;
    trace.push(TraceStep { location: facts.location(acquisition.at), message: "the timer is started here".to_owned() });
    Finding {
        rule: RuleId::UnclearedTimer,
        severity: Severity::Error,
        confidence,
        location: facts.location(acquisition.at),
        label: "started here, never stopped".to_owned(),
        function: facts.program.name_of(function),
        resource: wording::resource_id(facts, acquisition),
        message,
        help: format!("keep what it returns and give it to {clear} when the owner ends"),
        trace,
    }
}
