//! What is dropped without being disposed of, as a rule about clients words it.

use crate::analysis::facts::Facts;
use crate::analysis::undisposed::Undisposed;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::source::Location;

use super::{RuleId, wording};

pub(super) fn dropped(facts: &Facts<'_>, one: &Undisposed) -> Finding {
    let call = wording::callee_text(facts, one.at);
    let name = facts.program.name_of(one.disposal);
    let name = if name.ends_with("@@asyncDispose") { "[Symbol.asyncDispose]" } else { "[Symbol.dispose]" };
    let using = if name.contains("async") { "await using" } else { "using" };
    let mut trace =
        vec![TraceStep { location: facts.location(one.at), message: "nobody has it after this".to_owned() }];
    if one.made != one.at {
        let message = "it is made here, and handed on".to_owned();
        trace.push(TraceStep { location: facts.location(one.made), message });
    }
    let span = facts.program.function(one.disposal).name_span;
    let disposal = Location { file: one.disposal.file, span };
    trace.push(TraceStep { location: disposal, message: format!("`{name}` would end it") });
    Finding::new(RuleId::UnclosedClient, Severity::Warning, Confidence::Medium, facts.location(one.at))
        .label("never disposed of")
        .function(facts.program.name_of(one.at.function))
        .resource(call.clone())
        .message(format!("what {call} gives has a `{name}`, and nobody disposes of it"))
        .help(format!("declare it with `{using}`, or call its end in a `finally`"))
        .trace(trace)
}
