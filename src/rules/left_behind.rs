//! What the rules share about structs that leave a task or a child behind when they are dropped.

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::undropped::Undropped;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::source::Location;

use super::RuleId;

/// What there is to tell of an owner of which a program has several.
pub(super) fn finding(facts: &Facts<'_>, rule: RuleId, owner: &Undropped) -> Option<Finding> {
    // One that a program has once goes with the program, and whoever has one of a library's may always end it.
    if facts.frequencies.of_class(owner.class) <= Rate::PerTurn {
        return None;
    }
    let class = facts.program.class(owner.class);
    let name = class.name.as_deref().unwrap_or("the struct").to_owned();
    let resource = facts.evaluator.catalogue.resource(owner.owned);
    let field = Location { file: owner.class.file, span: owner.field };
    let ended = Location { file: owner.ended_by.file, span: facts.program.function(owner.ended_by).name_span };
    let end = facts.program.function(owner.ended_by).name.as_deref().unwrap_or("end").to_owned();
    // Whoever calls the method may always do so.
    let severity = if owner.is_called { Severity::Note } else { Severity::Warning };
    let finding = Finding::new(rule, severity, Confidence::Medium, field)
        .label("dropping the handle lets it go on")
        .function(name.clone())
        .resource(resource.id.clone())
        .message(format!("a dropped `{name}` leaves its {} running: only `{end}` ends that", resource.noun))
        .help(format!("implement `Drop` for `{name}`, and end it there as `{end}` does"))
        .trace(vec![
            TraceStep {
                location: facts.location(owner.started),
                message: format!("the {} is started here", resource.noun),
            },
            TraceStep { location: field, message: "its handle is kept here".to_owned() },
            TraceStep { location: ended, message: "this ends it; a drop does not".to_owned() },
        ]);
    Some(finding)
}
