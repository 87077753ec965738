//! How findings speak: names of resources, traces of paths and chains.

use crate::analysis::facts::Facts;
use crate::analysis::frequency::{Chain, Rate};
use crate::analysis::lifecycles::LostCleanup;
use crate::analysis::ownership::{LeakPath, PathEnd, PathStep};
use crate::analysis::value::{AcquiredKind, Acquisition};
use crate::findings::TraceStep;
use crate::ir::{BlockId, Terminator};
use crate::linking::{FunctionRef, OpRef};
use crate::source::{Location, Span};

/// What a resource is called: "`pg` pool", "`Session`".
pub(super) fn noun(facts: &Facts<'_>, acquisition: &Acquisition) -> String {
    match acquisition.kind {
        AcquiredKind::Catalogued(id) => {
            let library = &facts.evaluator.catalogue.library_of_resource(id).name;
            let noun = &facts.evaluator.catalogue.resource(id).noun;
            if noun.contains(library.as_str()) { noun.clone() } else { format!("`{library}` {noun}") }
        }
        AcquiredKind::Instance(class) => {
            let name = facts.program.class(class).name.as_deref().unwrap_or("class");
            format!("`{name}`")
        }
    }
}

/// The catalogue's id of a resource, or the class's name.
pub(super) fn resource_id(facts: &Facts<'_>, acquisition: &Acquisition) -> String {
    match acquisition.kind {
        AcquiredKind::Catalogued(id) => facts.evaluator.catalogue.resource(id).id.clone(),
        AcquiredKind::Instance(class) => {
            facts.program.class(class).name.as_ref().map_or_else(|| "class".to_owned(), ToString::to_string)
        }
    }
}

/// The method that releases a resource, as it is written: "`release()`".
pub(super) fn release_name(facts: &Facts<'_>, acquisition: &Acquisition) -> String {
    let written = match acquisition.kind {
        AcquiredKind::Catalogued(id) => {
            let resource = facts.evaluator.catalogue.resource(id);
            resource
                .release
                .first()
                .map(|name| format!("{name}()"))
                .or_else(|| resource.release_functions.first().cloned())
        }
        AcquiredKind::Instance(class) => facts.teardown(class).map(|method| {
            let name = facts.program.function(method).name.as_deref().unwrap_or("close").to_owned();
            format!("{name}()")
        }),
    };
    format!("`{}`", written.unwrap_or_else(|| "close()".to_owned()))
}

/// What to do with a result when its owner ends.
pub(super) fn keep_and_end(facts: &Facts<'_>, acquisition: &Acquisition) -> String {
    let function = match acquisition.kind {
        AcquiredKind::Catalogued(id) => facts.evaluator.catalogue.resource(id).release_functions.first(),
        AcquiredKind::Instance(_) => None,
    };
    match function {
        Some(function) => format!("keep what it returns and give it to `{function}` when the owner ends"),
        None => format!("keep what it returns and call {} on it when the owner ends", release_name(facts, acquisition)),
    }
}

/// "a" or "an" before a phrase.
pub(super) fn article(phrase: &str) -> &'static str {
    let first = phrase.trim_start_matches('`').chars().next().unwrap_or('x');
    if matches!(first.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o') { "an" } else { "a" }
}

/// The callee of an operation as it is written, if that is short enough for a sentence: "`client.query`".
pub(super) fn callee_text(facts: &Facts<'_>, at: OpRef) -> String {
    let op = facts.program.op(at);
    let span = op.call().map_or(op.span, |call| call.callee_span);
    let text = facts.program.text(Location { file: at.function.file, span });
    // A declaration without a value gets one from a loop: `for await (const message of …)`.
    if op.call().is_none() && ["const ", "let ", "var "].iter().any(|word| text.starts_with(word)) {
        return "the loop's next element".to_owned();
    }
    let line = text.split(['\n', '(', '{']).next().unwrap_or_default().trim();
    let is_short = !line.is_empty() && line.len() <= 48 && line.len() == text.trim().len();
    if is_short {
        format!("`{line}`")
    } else {
        last_word(text).map_or_else(|| "this".to_owned(), |word| format!("`{word}`"))
    }
}

fn last_word(text: &str) -> Option<String> {
    let word: String = text
        .trim()
        .chars()
        .rev()
        .take_while(|character| character.is_alphanumeric() || matches!(character, '_' | '$' | '.' | '?'))
        .collect();
    let word: String = word.chars().rev().collect();
    let word = word.trim_start_matches(['.', '?']);
    (!word.is_empty() && word.len() <= 48).then(|| word.to_owned())
}

/// The steps of a path that leaks, after the acquisition.
pub(super) fn path_steps(facts: &Facts<'_>, function: FunctionRef, path: &LeakPath) -> Vec<TraceStep> {
    let has_errors = facts.evaluator.drops_implicitly(function);
    let mut steps: Vec<TraceStep> = path
        .steps
        .iter()
        .map(|step| match step {
            PathStep::Throws { block, index } => {
                throws(facts, function, *block, *index, &format!("may {} here", fail(facts, function)))
            }
        })
        .collect();
    steps.push(match path.end {
        PathEnd::Throws { block, index } => {
            let what = format!("may {} here, and the function is left without the release", fail(facts, function));
            throws(facts, function, block, index, &what)
        }
        PathEnd::Raises { block } => TraceStep {
            location: terminator_location(facts, function, block),
            message: if has_errors { "the error leaves" } else { "the exception leaves" }.to_owned()
                + " the function here",
        },
        PathEnd::Returns { block } => TraceStep {
            location: terminator_location(facts, function, block),
            message: "the function is left here".to_owned(),
        },
    });
    steps
}

/// The verb for an operation that fails: where scopes drop, errors are values; elsewhere they are exceptions.
pub(super) fn fail(facts: &Facts<'_>, function: FunctionRef) -> &'static str {
    if facts.evaluator.drops_implicitly(function) { "fail" } else { "throw" }
}

/// The first failing operation on the path, for messages.
pub(super) fn first_throw(function: FunctionRef, path: &LeakPath) -> Option<OpRef> {
    let PathStep::Throws { block, index } = match (path.steps.first(), path.end) {
        (Some(step), _) => *step,
        (None, PathEnd::Throws { block, index }) => PathStep::Throws { block, index },
        (None, _) => return None,
    };
    Some(OpRef { function, block, index })
}

fn throws(facts: &Facts<'_>, function: FunctionRef, block: BlockId, index: u32, what: &str) -> TraceStep {
    let at = OpRef { function, block, index };
    TraceStep { location: facts.location(at), message: format!("{} {what}", callee_text(facts, at)) }
}

/// Where a block ends: its `return` or `throw`, or the end of the function.
fn terminator_location(facts: &Facts<'_>, function: FunctionRef, block: BlockId) -> Location {
    let body = facts.program.function(function);
    let content = body.block(block);
    let is_written = matches!(content.terminator, Terminator::Return(_) | Terminator::Throw(_))
        && content.terminator_span != Span::default();
    let span =
        if is_written { content.terminator_span } else { Span::new(body.span.end.saturating_sub(1), body.span.end) };
    Location { file: function.file, span }
}

/// The chain of calls that makes an operation repeat, as steps.
pub(super) fn chain_steps(facts: &Facts<'_>, chain: &Chain, at: Option<OpRef>) -> Vec<TraceStep> {
    let mut steps = Vec::new();
    if let Some((label, at)) = &chain.entry {
        let how_often = if chain.runs_once { "" } else { " again and again" };
        steps.push(TraceStep { location: *at, message: format!("{label} runs this{how_often}") });
    }
    for (index, call) in chain.calls.iter().enumerate() {
        steps.extend(wait_step(facts, *call));
        let caller = facts.program.name_of(call.function);
        if facts.program.op(*call).call().is_none() && caller != "<module>" {
            let made = chain.calls.get(index + 1).copied().or(at).filter(|next| next.function != call.function);
            let made = made.map_or_else(|| "a function".to_owned(), |next| named(facts, next.function));
            steps.push(TraceStep { location: facts.location(*call), message: format!("`{caller}` makes {made} here") });
            continue;
        }
        let callee = callee_text(facts, *call);
        let rate = facts.rate(*call);
        let in_loop = if rate > facts.frequencies.of_function(call.function) && rate > Rate::Once {
            format!(", {}", rate_text(rate))
        } else {
            String::new()
        };
        let message = if caller == "<module>" {
            format!("{callee} is called here{in_loop}")
        } else {
            format!("`{caller}` calls {callee} here{in_loop}")
        };
        steps.push(TraceStep { location: facts.location(*call), message });
    }
    steps.extend(at.and_then(|at| wait_step(facts, at)));
    steps
}

/// The wait that makes a loop around an operation run more often than its function.
fn wait_step(facts: &Facts<'_>, at: OpRef) -> Option<TraceStep> {
    let (wait, rate) = facts.frequencies.wait(&facts.evaluator, at)?;
    (rate > facts.frequencies.of_function(at.function)).then(|| TraceStep {
        location: facts.location(wait),
        message: format!("a loop waits for {} here and goes round {}", callee_text(facts, wait), rate_text(rate)),
    })
}

/// The chain in one line: "an Express route `/users` → `listUsers` → `getDb`".
pub(super) fn chain_text(facts: &Facts<'_>, chain: &Chain, function: FunctionRef) -> String {
    let mut parts: Vec<String> = chain.entry.iter().map(|(label, _)| label.clone()).collect();
    let mut names: Vec<String> = chain.calls.iter().map(|call| facts.program.name_of(call.function)).collect();
    names.push(facts.program.name_of(function));
    names.retain(|name| name != "<module>");
    names.dedup();
    // "the program's `main`" is the function's name already.
    if parts.first().zip(names.first()).is_some_and(|(label, name)| label.ends_with(&format!("`{name}`"))) {
        names.remove(0);
    }
    parts.extend(names.into_iter().map(|name| format!("`{name}`")));
    if parts.is_empty() {
        // A function without a name, which the module is or gives away: its file stands for it.
        let path = facts.program.path(function.file);
        parts.push(format!("`{}`", path.rsplit('/').next().unwrap_or(path)));
    }
    parts.join(" → ")
}

/// How often something happens in a function, in words. A callback made by a component runs when somebody calls it, not
/// with the component.
pub(super) fn how_often(facts: &Facts<'_>, chain: &Chain, function: FunctionRef, rate: Rate) -> String {
    match rate {
        Rate::PerInstance | Rate::PerRender => made_on_the_way(facts, chain, function)
            .map_or_else(|| rate_text(rate).to_owned(), |made| format!("each time {made} runs")),
        _ => rate_text(rate).to_owned(),
    }
}

/// The same, of what an entry point of this label runs.
pub(super) fn each_time(facts: &Facts<'_>, chain: &Chain, function: FunctionRef, label: &str) -> String {
    let made = made_on_the_way(facts, chain, function);
    format!("each time {} runs", made.as_deref().unwrap_or(label))
}

/// The last function on the chain that is made by another one, and called by whoever has it.
fn made_on_the_way(facts: &Facts<'_>, chain: &Chain, function: FunctionRef) -> Option<String> {
    let index = chain.calls.iter().rposition(|at| facts.program.op(*at).call().is_none())?;
    Some(named(facts, chain.calls.get(index + 1).map_or(function, |next| next.function)))
}

fn named(facts: &Facts<'_>, function: FunctionRef) -> String {
    let name = facts.program.name_of(function);
    if name.starts_with('<') { "a function".to_owned() } else { format!("`{name}`") }
}

/// How often something happens, in words.
pub(super) fn rate_text(rate: Rate) -> &'static str {
    match rate {
        Rate::Never | Rate::PerCall => "on every call",
        Rate::Once => "once",
        Rate::PerTurn => "on every turn of a loop",
        Rate::PerInstance => "for every instance",
        Rate::PerRender => "on every render",
        Rate::PerTick => "on every tick",
        Rate::PerMessage => "for every message",
        Rate::PerRequest => "for every request",
    }
}

/// Why a cleanup never runs, and the place that decides it.
pub(super) fn lost_cleanup(facts: &Facts<'_>, lost: LostCleanup) -> (&'static str, TraceStep) {
    let (reason, at) = match lost {
        LostCleanup::OfPromise { effect } => {
            ("the effect is async, so what it returns is a promise and nobody calls what that holds", effect)
        }
        LostCleanup::AfterAwait { hook } => {
            ("its cleanup is registered after an `await`, when no component is being set up any more", hook)
        }
    };
    (reason, TraceStep { location: facts.location(at), message: "the cleanup is lost here".to_owned() })
}

/// What a resource is called, without its library.
pub(super) fn bare_noun<'f>(facts: &Facts<'f>, acquisition: &Acquisition) -> &'f str {
    facts.resource(acquisition).map_or("resource", |(_, resource)| resource.noun.as_str())
}

/// A noun with its article.
pub(super) fn with_article(noun: &str) -> String {
    let is_vowel = noun.starts_with(|first: char| "aeioAEIO".contains(first));
    format!("{} {noun}", if is_vowel { "an" } else { "a" })
}
