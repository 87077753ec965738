//! Findings about timers, and about other things that keep running until somebody ends them.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::late_timers::{Late, LateTimer};
use crate::analysis::reentry;
use crate::analysis::rescheduled::Rescheduled;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::source::Location;

use super::super::{RuleId, wording};
use super::{Why, Words};

/// A loop of one-shot timers that nothing ends.
pub(super) fn endless(facts: &Facts<'_>, Rescheduled { at, turn }: Rescheduled) -> Finding {
    let chain = facts.frequencies.chain(&facts.evaluator, at.function);
    let label = chain.entry.as_ref().map_or("this", |(label, _)| label.as_str());
    let often = match facts.rate(at) {
        Rate::PerInstance => format!("each time {label} runs"),
        rate => wording::how_often(facts, &chain, at.function, rate),
    };
    let callee = wording::callee_text(facts, at);
    let mut trace = wording::chain_steps(facts, &chain, Some(at));
    let turn = Location { file: turn.file, span: facts.program.function(turn).name_span };
    trace.push(TraceStep { location: turn, message: "this runs on each turn".to_owned() });
    trace.push(TraceStep { location: facts.location(at), message: "it schedules the next turn here".to_owned() });
    let severity = if facts.is_of_mounted_once(at) { Severity::Note } else { Severity::Error };
    Finding::new(RuleId::UnclearedTimer, severity, Confidence::High, facts.location(at))
        .label("schedules the next turn, and keeps no handle to cancel it")
        .function(facts.program.name_of(at.function))
        .resource(callee.trim_matches('`').to_owned())
        .message(format!("a loop of {callee} calls begins {often} and never ends"))
        .help("keep what it returns on each turn, and cancel that where the owner ends")
        .trace(trace)
}

/// A note where it ends by itself, in its own time.
pub(super) fn late(facts: &Facts<'_>, timer: &LateTimer) -> Finding {
    let (message, by, what) = match timer.why {
        Late::Raced { by } => (
            "this timer keeps running after the race is decided, and keeps what it captures until it fires".to_owned(),
            by,
            "the first promise to settle wins here",
        ),
        Late::RacedHelper { by, .. } => (
            format!(
                "the timer that {} starts keeps running after the race is decided, and keeps what it captures until it fires",
                wording::callee_text(facts, timer.at)
            ),
            by,
            "the first promise to settle wins here",
        ),
        Late::Thrown { by } => (
            format!("this timer is not stopped when {} throws", wording::callee_text(facts, by)),
            by,
            "this may throw, and the function leaves without stopping it",
        ),
        Late::Settled { by } => (
            "this timer keeps running when its promise is settled in another way".to_owned(),
            by,
            "the promise is settled here, and the timer keeps running",
        ),
    };
    let severity = if timer.repeats { Severity::Warning } else { Severity::Note };
    let (started, help) = match timer.why {
        Late::RacedHelper { timer, .. } => {
            (timer, "have it return what clears its timer, and call that in a `finally` around the `await`")
        }
        _ => (timer.at, "keep its handle, and clear it in a `finally` around the `await`"),
    };
    Finding::new(RuleId::UnclearedTimer, severity, Confidence::High, facts.location(timer.at))
        .label("started here")
        .function(facts.program.name_of(timer.at.function))
        .resource(wording::callee_text(facts, timer.at))
        .message(message)
        .help(help)
        .trace(vec![
            TraceStep { location: facts.location(started), message: "the timer is started here".to_owned() },
            TraceStep { location: facts.location(by), message: what.to_owned() },
        ])
}

pub(in crate::rules) fn finding(
    facts: &Facts<'_>,
    obligation: &Obligation,
    why: Why<'_>,
    words: &Words<'_>,
) -> Finding {
    let acquisition = &obligation.acquisition;
    let is_of_one = matches!(why, Why::Entry(_) | Why::Repeats(_)) && facts.is_of_mounted_once(acquisition.at);
    let severity = match why {
        Why::ItsOwnCallback | Why::Unused => Severity::Note,
        _ if is_of_one => Severity::Note,
        Why::RunsAgain(_) => Severity::Warning,
        _ => Severity::Error,
    };
    let help = match &why {
        Why::RunsAgain(reentry::Overwritten { slot, .. }) => {
            format!("end what `{slot}` holds before it is overwritten")
        }
        _ => wording::keep_and_end(facts, acquisition),
    };
    let (message, confidence, trace) = reason(facts, obligation, why, words);
    Finding::new(words.rule, severity, confidence, facts.location(acquisition.at))
        .label(format!("{} here, never {}", words.begun, words.ended))
        .function(facts.program.name_of(acquisition.at.function))
        .resource(wording::resource_id(facts, acquisition))
        .message(message)
        .help(help)
        .trace(trace)
}

/// What is wrong, how sure that is, and the steps that show it.
fn reason(
    facts: &Facts<'_>,
    obligation: &Obligation,
    why: Why<'_>,
    words: &Words<'_>,
) -> (String, Confidence, Vec<TraceStep>) {
    let Words { one, this, begun, ended, ends, running, .. } = words;
    let acquisition = &obligation.acquisition;
    let function = acquisition.at.function;
    let started = TraceStep { location: facts.location(acquisition.at), message: format!("it is {begun} here") };
    let chain = facts.frequencies.chain(&facts.evaluator, function);
    let with_chain = || {
        let mut trace = wording::chain_steps(facts, &chain, Some(acquisition.at));
        trace.push(started.clone());
        trace
    };
    match why {
        Why::Repeats(rate) => {
            let often = wording::how_often(facts, &chain, function, rate);
            let chain = wording::chain_text(facts, &chain, function);
            (format!("{one} is {begun} {often} and never {ended}: {chain}"), Confidence::High, with_chain())
        }
        Why::Entry(label) => {
            let often = wording::each_time(facts, &chain, function, &label);
            (format!("{one} is {begun} {often} and never {ended}"), Confidence::High, with_chain())
        }
        Why::SiblingIsStopped => (
            format!("{this} is never {ended}, although another one in the same function is"),
            Confidence::Medium,
            vec![started],
        ),
        Why::Path(path) => {
            let mut trace = vec![started];
            trace.extend(wording::path_steps(facts, function, path));
            (format!("{this} is not {ended} on every path"), Confidence::Medium, trace)
        }
        Why::OnlyItself { event } => (
            format!(
                "only the callback of {this} {ends} it, when `{event}` has not come in time; a connection that ends leaves it {running}"
            ),
            Confidence::Medium,
            vec![started],
        ),
        Why::Overwritten { field, event, by } => (
            format!(
                "`this.{field}` is assigned again each time `{event}` comes, and what it held before stays {running}"
            ),
            Confidence::Medium,
            vec![
                TraceStep { location: facts.location(by), message: format!("`{event}` may come any number of times") },
                started,
            ],
        ),
        Why::RunsAgain(reentry::Overwritten { slot, by }) => (
            format!("each run overwrites `{slot}`, and only what it holds last is {ended}"),
            Confidence::Medium,
            vec![TraceStep { location: by, message: "this runs again for the same owner".to_owned() }, started],
        ),
        Why::OutlivesInstance { teardown } => {
            (format!("`{teardown}` leaves {this} {running}"), Confidence::Medium, vec![started])
        }
        Why::ItsOwnCallback => (
            format!("only the callback of {this} {ends} it, which need not be called before the component is gone"),
            Confidence::Low,
            vec![started],
        ),
        Why::Unused => (format!("{one} is {begun} and nothing is done with it"), Confidence::Low, vec![started]),
        Why::PartlyEnded { opened } => (
            format!(
                "{this} is not {ended} completely: it is told to give up something else than what it began with here"
            ),
            Confidence::Medium,
            vec![started, TraceStep { location: facts.location(opened), message: "this is never given up".to_owned() }],
        ),
        Why::CleanupIsLost(lost) => {
            let (reason, step) = wording::lost_cleanup(facts, lost);
            (format!("{this} is never {ended}: {reason}"), Confidence::High, vec![started, step])
        }
    }
}
