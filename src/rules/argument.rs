//! Everything there is to say about one finding: what the analysis knows of its resource and of its line, including
//! evidence against it.
//!
//! It is read from the same facts that the rules judge, so a reader can see which of them is wrong.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::frequency::Rate;
use crate::analysis::ownership::{Effect, Escape, Fate, Identity};
use crate::findings::Finding;
use crate::findings::argument::{Argument, Section, Statement};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Location;

use super::Family;
use super::wording::{callee_text, chain_steps, noun, rate_text};

/// All evidence for and against a finding.
#[must_use]
pub(crate) fn argument(facts: &Facts<'_>, finding: &Finding) -> Argument {
    let obligation = obligation(facts, finding);
    let function = obligation.map(|it| it.function).or_else(|| around(facts, finding.location));
    let mut sections = Vec::new();
    if let Some(obligation) = obligation {
        sections.push(origin(facts, obligation));
        sections.push(handling(facts, obligation));
        sections.push(exits(obligation));
    }
    if let Some(function) = function {
        sections.push(frequency(facts, function, obligation));
    }
    if let Some(obligation) = obligation {
        sections.push(against(facts, finding, obligation));
    }
    sections.retain(|section| !section.statements.is_empty());
    Argument { sections }
}

/// What became of the resource that the finding points at.
fn obligation<'f>(facts: &'f Facts<'_>, finding: &Finding) -> Option<&'f Obligation> {
    let here = |obligation: &&Obligation| {
        let at = facts.location(obligation.acquisition.at);
        at.file == finding.location.file
            && (at.span.contains(finding.location.span) || finding.location.span.contains(at.span))
    };
    facts.obligations.iter().filter(here).min_by_key(|obligation| {
        let span = facts.location(obligation.acquisition.at).span;
        let names_it = super::wording::resource_id(facts, &obligation.acquisition) == finding.resource;
        (!names_it, (span.end - span.start).abs_diff(finding.location.span.end - finding.location.span.start))
    })
}

/// The innermost function around a place.
fn around(facts: &Facts<'_>, location: Location) -> Option<FunctionRef> {
    let module = facts.program.is_lowered(location.file).then(|| facts.program.module(location.file))?;
    let functions = module.functions().filter(|(_, function)| function.span.contains(location.span));
    let innermost = functions.min_by_key(|(_, function)| function.span.end - function.span.start);
    innermost.map(|(id, _)| FunctionRef::new(location.file, id))
}

fn origin(facts: &Facts<'_>, obligation: &Obligation) -> Section {
    let noun = noun(facts, &obligation.acquisition);
    let mut statements = vec![at_op(facts, obligation.acquisition.at, format!("the {noun} comes from here"))];
    for origin in facts.origins(&obligation.acquisition) {
        let maker = facts.program.name_of(origin.at.function);
        statements.push(at_op(facts, origin.at, format!("which got it here, in `{maker}`")));
    }
    Section { title: "where it comes from".to_owned(), statements }
}

fn handling(facts: &Facts<'_>, obligation: &Obligation) -> Section {
    let solved = facts.solved(obligation.function);
    let name = facts.program.name_of(obligation.function);
    let mut statements = Vec::new();
    for ((block, index), effects) in &solved.effects.ops {
        let at = OpRef { function: obligation.function, block: *block, index: *index };
        for (identity, effect) in &effects.effects {
            if *identity == Identity::Acquired(obligation.id)
                && let Some(what) = effect_text(*effect)
            {
                statements.push(at_op(facts, at, format!("{} {what}", callee_text(facts, at))));
            }
        }
    }
    let is_returned = solved.effects.returns.values().flatten().any(|(it, _)| *it == Identity::Acquired(obligation.id));
    if is_returned {
        statements.push(Statement::new(format!("`{name}` returns it to its caller")));
    }
    if statements.is_empty() {
        statements.push(Statement::new("nothing here releases it or hands it on".to_owned()));
    }
    statements.sort_by_key(|statement| statement.location);
    let place = if name.starts_with('<') { "this function".to_owned() } else { format!("`{name}`") };
    Section { title: format!("what becomes of it in {place}"), statements }
}

fn effect_text(effect: Effect) -> Option<&'static str> {
    match effect {
        Effect::Begin => None,
        Effect::Open => Some("opens it"),
        Effect::Release => Some("releases it"),
        Effect::PartialRelease => Some("sets up a release that not every way comes to"),
        Effect::ReleaseOnThrow => Some("releases it if it fails itself"),
        Effect::Escape(Escape::Stored) => Some("stores it where it outlives the function"),
        Effect::Escape(Escape::Passed) => Some("is given it and may keep it"),
        Effect::Escape(Escape::Captured) => Some("captures it in a function that lives on"),
        Effect::Escape(Escape::Guarded) => Some("gives it to what ends it when it is dropped"),
        Effect::Escape(Escape::Returned) => Some("hands it to the caller"),
    }
}

fn exits(obligation: &Obligation) -> Section {
    let ways = [("returns", obligation.at_normal_exit), ("fails or throws", obligation.at_exceptional_exit)];
    let statements = ways.into_iter().filter(|(_, fate)| !fate.is_empty());
    let statements = statements.map(|(way, fate)| {
        let names = [
            (Fate::HELD, "nobody else has it and it is not released"),
            (Fate::RELEASED, "it is released"),
            (Fate::ESCAPED, "somebody else has it"),
            (Fate::ABSENT, "it was not made"),
        ];
        let names: Vec<&str> = names.into_iter().filter(|(of, _)| fate.contains(*of)).map(|(_, name)| name).collect();
        Statement::new(format!("where the function {way}: {}", names.join("; on other paths ")))
    });
    Section { title: "how the function is left".to_owned(), statements: statements.collect() }
}

fn frequency(facts: &Facts<'_>, function: FunctionRef, obligation: Option<&Obligation>) -> Section {
    let rate = match obligation {
        Some(obligation) => facts.rate(obligation.acquisition.at),
        None => facts.frequencies.of_function(function),
    };
    let chain = facts.frequencies.chain(&facts.evaluator, function);
    let mut statements: Vec<Statement> = chain_steps(facts, &chain, obligation.map(|it| it.acquisition.at))
        .into_iter()
        .map(|step| Statement { location: Some(step.location), text: step.message })
        .collect();
    if chain.entry.is_none() && rate > Rate::Once {
        let top = chain.calls.first().map_or(function, |call| call.function);
        let top = facts.program.name_of(top);
        statements.insert(0, Statement::new(format!("`{top}` is called from outside the code that was read")));
    }
    statements.push(Statement::new(format!("so this runs {}", rate_text(rate))));
    Section { title: "how often it runs".to_owned(), statements }
}

/// What would have kept the analysis silent, and whether it was found.
fn against(facts: &Facts<'_>, finding: &Finding, obligation: &Obligation) -> Section {
    let mut statements = Vec::new();
    match facts.frequencies.memo(&facts.evaluator, obligation.acquisition.at) {
        Some(_) => {
            let text = "what is made is kept, and made again only for another keeper";
            statements.push(Statement::new(text.to_owned()));
        }
        None if finding.family() == Family::Creation => {
            statements.push(Statement::new("nothing keeps it from one call to the next".to_owned()));
        }
        None => {}
    }
    if let Some((class, field)) = facts.holding_field(obligation.id) {
        let name = facts.program.class(class).name.as_deref().unwrap_or("class");
        let text = match facts.teardown(class) {
            Some(method) => {
                let method = facts.program.function(method).name.as_deref().unwrap_or("close");
                format!("`{name}` keeps it in `{field}`, and `{method}` may end it")
            }
            None => format!("`{name}` keeps it in `{field}`, and has no method that ends it"),
        };
        statements.push(Statement::new(text));
    }
    let text = if facts.released.contains(&obligation.id) {
        "it is released somewhere, but not on every path that leads out"
    } else {
        "nothing that was read releases it"
    };
    statements.push(Statement::new(text.to_owned()));
    Section { title: "what could have excused it".to_owned(), statements }
}

fn at_op(facts: &Facts<'_>, at: OpRef, text: String) -> Statement {
    Statement { location: Some(facts.location(at)), text }
}
