//! `unbounded-cache`: a container that outlives the call only ever grows.

use crate::analysis::containers::{Container, Key, Lifetime, Shape, Shrink, Write, are_entries};
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::turns;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{Binding, Call, CallKind, Field, FunctionKind, Module, Root};

use super::{RuleId, caches, wording};
use crate::rewrite::Bound;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for container in facts.containers() {
        if !facts.is_held_to_account(container.at.function) || !container.only_grows() {
            continue;
        }
        if let Some(write) = growing_write(facts, container) {
            findings.push(finding(facts, container, write));
        }
    }
}

/// The most frequent write, if it repeats with keys that are not written in the program.
fn growing_write<'c>(facts: &Facts<'_>, container: &'c Container) -> Option<&'c Write> {
    container
        .writes
        .iter()
        .filter(|write| facts.is_held_to_account(write.at.function) && grows(facts, container, write))
        .max_by_key(|write| write.rate)
}

/// A table grows with what it is keyed by, however often it is written: one for each plugin, route or tenant is as large
/// as the program's configuration. So something has to show that there are ever more keys: they are users or addresses,
/// they come with requests, or their entries have an age.
fn grows(facts: &Facts<'_>, container: &Container, write: &Write) -> bool {
    if container.lifetime == Lifetime::Loop {
        return (is_in_endless_loop(facts, container, write) || is_for_each(facts, container, write))
            && !is_of_an_entry(facts, container, write);
    }
    // A function that fills its own table does so once, however often its closures run.
    let fills_its_own = container.lifetime == Lifetime::Closure && write.at.function == container.at.function;
    if write.key <= Key::Few || fills_its_own || is_stream(facts, container, write) || may_exit(facts, write) {
        return false;
    }
    let module = facts.program.module(container.at.function.file);
    if runs_in_a_browser(module) {
        return false;
    }
    // A program that records the age of an entry expects others.
    if container.expiry.is_some() && (write.is_memo && write.rate >= Rate::Once || write.rate >= Rate::PerTick) {
        return !makes_elements(module);
    }
    match container.shape {
        Shape::List => write.rate >= Rate::PerTick,
        // What comes again and again from outside: who names a table so expects ever more of them.
        _ if write.is_of_things && write.key > Key::Few && comes_again(facts, write) => true,
        _ if write.key != Key::Many => false,
        _ if comes_again(facts, write) => true,
        // A user's table is written for each user, also where only a part of the callers is seen.
        _ => {
            let is_called =
                write.rate == Rate::PerCall || write.rate == Rate::Once && container.lifetime != Lifetime::Closure;
            is_called && !makes_elements(module) && !is_registry(&container.name)
        }
    }
}

/// Whether a write repeats because of what others send, or of the clock.
fn comes_again(facts: &Facts<'_>, write: &Write) -> bool {
    write.rate >= Rate::PerTick || write.rate == Rate::PerTurn && turns::repeats_without_end(facts, write.at)
}

/// Whether a write is in a loop after the creation of the container, but not a loop over a list, or the container is
/// passed to it from such a loop.
fn is_in_endless_loop(facts: &Facts<'_>, container: &Container, write: &Write) -> bool {
    let holder = facts.program.function(container.at.function);
    std::iter::once(write.at).chain(write.via).chain(write.by).any(|at| {
        let body = facts.program.function(at.function);
        let depth = body.block(at.block).loop_depth;
        let is_below = match holder.kind {
            FunctionKind::Constructor { .. } => depth > 0,
            _ if at.function == container.at.function => depth > holder.block(container.at.block).loop_depth,
            // `spawn(async move { loop { … } })`
            _ => facts.evaluator.is_within(at.function, container.at.function) && turns::is_unending(facts, at),
        };
        is_below && !turns::is_over_list(body, at.block)
    })
}

/// Whether a set of tasks in a field gets one per request or message, or has a method by which others start theirs,
/// which is meant to be called again and again.
fn is_for_each(facts: &Facts<'_>, container: &Container, write: &Write) -> bool {
    let holder = facts.program.function(container.at.function);
    let starts_what_it_is_given = || {
        let given = facts.program.op(write.at).call().and_then(|call| call.argument(0)?.place()?.as_variable());
        given.is_some_and(|id| {
            let variable = facts.program.variable(write.at.function.variable(id));
            variable.owner == write.at.function.function && matches!(variable.binding, Binding::Parameter(_))
        })
    };
    let FunctionKind::Constructor { class } = holder.kind else { return false };
    let class = container.at.function.class(class);
    // A set that is made for each message is not shared.
    facts.frequencies.of_class(class) < Rate::PerTurn
        && (write.rate >= Rate::PerTick || write.rate == Rate::PerCall && starts_what_it_is_given())
}

/// Whether a set of tasks belongs to one entry of a table, and others than the entry fill it: each entry has a set of its
/// own, which goes with it.
fn is_of_an_entry(facts: &Facts<'_>, container: &Container, write: &Write) -> bool {
    let FunctionKind::Constructor { class } = facts.program.function(container.at.function).kind else { return false };
    let class = container.at.function.class(class);
    facts.program.this_class(write.at.function) != Some(class) && are_entries(facts, class)
}

/// Whether a write starts a task, instead of storing its handle.
fn starts(facts: &Facts<'_>, write: &Write) -> bool {
    let method = facts.program.op(write.at).call().and_then(|call| call.method_name());
    method.is_some_and(|name| name.starts_with("spawn"))
}

/// Names of tables of a program's own parts: `servers` by address has as many entries as there are servers.
fn is_registry(name: &str) -> bool {
    const PARTS: &[&str] = &[
        "servers",
        "pools",
        "agents",
        "registry",
        "registrations",
        "handlers",
        "plugins",
        "factories",
        "adapters",
        "drivers",
        "providers",
        "loaders",
        "commands",
        "schemas",
        "definitions",
        "models",
        "services",
    ];
    let lower = name.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.ends_with(part))
}

/// The pieces of one stream, collected while it is read: `stdout.on("data", (piece) => pieces.push(piece))`.
fn is_stream(facts: &Facts<'_>, container: &Container, write: &Write) -> bool {
    container.shape == Shape::List
        && facts
            .frequencies
            .chain(&facts.evaluator, write.at.function)
            .entry
            .is_some_and(|(label, _)| label.ends_with("`data`"))
}

/// Whether the writing function, or a callback that it sets up, ends the process:
/// `connection.on("close", () => process.exit())` is how a tool for one connection is written.
fn may_exit(facts: &Facts<'_>, write: &Write) -> bool {
    let is_exit = |call: &Call| {
        call.method_name() == Some("exit")
            && call.receiver().is_some_and(|(receiver, _)| receiver.root == Root::Global("process".into()))
    };
    facts
        .program
        .with_nested(write.at.function)
        .into_iter()
        .any(|function| facts.program.function(function).ops().any(|(_, _, op)| op.call().is_some_and(is_exit)))
}

/// Whether a module runs in a page, which is closed before a growing table matters.
fn runs_in_a_browser(module: &Module) -> bool {
    const PAGE: &[&str] = &["document", "window", "localStorage", "sessionStorage", "navigator", "HTMLElement"];
    const ELEMENT: &[&str] = &["querySelector", "querySelectorAll", "innerHTML", "classList"];
    module.prologue.iter().any(|directive| directive == "use client")
        || module.functions().any(|(_, function)| {
            function.mentioned_places().any(|place| match &place.root {
                Root::Global(name) => PAGE.contains(&name.as_str()),
                _ => place.path.iter().filter_map(Field::name).any(|name| ELEMENT.contains(&name)),
            })
        })
        || makes_elements(module) && mentions(module, "addEventListener")
}

fn mentions(module: &Module, wanted: &str) -> bool {
    module.functions().any(|(_, function)| {
        function.mentioned_places().any(|place| place.path.iter().filter_map(Field::name).any(|name| name == wanted))
    })
}

/// Whether a module makes elements of a page, on the server or in the browser.
fn makes_elements(module: &Module) -> bool {
    module
        .functions()
        .any(|(_, function)| function.ops().any(|(_, _, op)| op.call().is_some_and(|call| call.kind == CallKind::Jsx)))
}

/// A size check beside what fills it, if all of that is in one file.
pub(super) fn remedy(facts: &Facts<'_>, finding: &Finding) -> Option<Bound> {
    let container = facts.containers().iter().find(|it| facts.location(it.at) == finding.location)?;
    let file = container.at.function.file;
    let is_plain = matches!(container.shape, Shape::Keyed | Shape::List);
    let is_here = container.writes.iter().all(|write| write.at.function.file == file && write.via.is_none());
    let additions = container.writes.iter().map(|write| facts.location(write.at).span).collect();
    let caches = if container.shape == Shape::Keyed { caches::caches(facts, file) } else { Vec::new() };
    (is_plain && is_here && container.filled_by.is_empty()).then_some(Bound {
        container: finding.location,
        additions,
        caches,
    })
}

fn finding(facts: &Facts<'_>, container: &Container, write: &Write) -> Finding {
    let chain = facts.frequencies.chain(&facts.evaluator, write.at.function);
    let on_read = container.shrinks.iter().find(|shrink| shrink.on_expired_read);
    let deleted = on_read.or_else(|| container.shrinks.first());
    // A set of tasks in a field is repaired in the loop that fills it.
    let at = match facts.program.function(container.at.function).kind {
        FunctionKind::Constructor { .. } if container.lifetime == Lifetime::Loop => write.at,
        _ => container.at,
    };
    let is_shown = chain.entry.is_some() && write.key == Key::Many && deleted.is_none_or(|shrink| shrink.is_at_the_end);
    Finding::new(
        RuleId::UnboundedCache,
        Severity::Warning,
        if is_shown { Confidence::High } else { Confidence::Medium },
        facts.location(at),
    )
    .label("only ever grows")
    .function(facts.program.name_of(at.function))
    .resource(container.name.clone())
    .message(message(facts, container, write, deleted))
    .help(help(facts, container, write))
    .trace(trace(facts, container, write, deleted))
}

/// Where the container lives, what adds to it again and again, and what does not empty it.
fn trace(facts: &Facts<'_>, container: &Container, write: &Write, deleted: Option<&Shrink>) -> Vec<TraceStep> {
    let name = &container.name;
    let chain = facts.frequencies.chain(&facts.evaluator, write.at.function);
    let mut trace = vec![TraceStep {
        location: facts.location(container.at),
        message: match container.lifetime {
            Lifetime::Module => format!("`{name}` lives as long as the process"),
            Lifetime::Singleton(_) => format!("`{name}` belongs to an instance that lives as long as the process"),
            Lifetime::Loop if !is_in_endless_loop(facts, container, write) => {
                format!("`{name}` keeps every task that it is given")
            }
            Lifetime::Loop => format!("`{name}` is made before the loop and kept as long as that goes on"),
            Lifetime::Closure => format!("`{name}` lives on in a closure that is made once and kept"),
        },
    }];
    trace.extend(wording::chain_steps(facts, &chain, Some(write.at)));
    trace.push(TraceStep { location: facts.location(write.at), message: "an entry is added here".to_owned() });
    trace.extend(container.expiry.map(|at| TraceStep {
        location: facts.location(at),
        message: match deleted {
            None => "the age of an entry is read here, and an old entry stays".to_owned(),
            Some(_) => "the age of an entry is read here".to_owned(),
        },
    }));
    trace.extend(deleted.map(|shrink| TraceStep {
        location: facts.location(shrink.at),
        message: if shrink.is_too_late {
            "tasks are joined here, when the loop is over".to_owned()
        } else if shrink.is_at_the_end {
            "entries are removed here, when the process is told to end".to_owned()
        } else {
            "an old entry is deleted here, when somebody asks for the same key again".to_owned()
        },
    }));
    trace
}

fn message(facts: &Facts<'_>, container: &Container, write: &Write, deleted: Option<&Shrink>) -> String {
    let name = &container.name;
    let is_at_the_end = deleted.is_some_and(|shrink| shrink.is_at_the_end);
    match (container.shape, deleted, container.expiry) {
        (Shape::Weak, ..) => {
            format!("`{name}` only grows: `{name}[…] = …` adds a property to it, which is held like any other")
        }
        (_, Some(shrink), _) if !shrink.is_too_late && !is_at_the_end => {
            format!("`{name}` only grows: an expired entry is deleted only if the same key is read again")
        }
        (_, _, Some(_)) => {
            format!("`{name}` only grows: entries expire when they are read, and nothing ever deletes them")
        }
        _ if container.lifetime == Lifetime::Loop => {
            let when = if is_in_endless_loop(facts, container, write) {
                "on every turn of the loop"
            } else {
                wording::rate_text(write.rate)
            };
            format!("`{name}` grows {when}: it keeps finished tasks until somebody joins them")
        }
        _ => format!(
            "`{name}` grows {} and nothing {}",
            wording::rate_text(write.rate.max(Rate::PerCall)),
            if is_at_the_end { "removes an entry before the process ends" } else { "ever removes an entry" }
        ),
    }
}

fn help(facts: &Facts<'_>, container: &Container, write: &Write) -> String {
    match container.shape {
        Shape::Weak => "use `set` and `get`, so that an entry goes with its key".to_owned(),
        _ if container.lifetime == Lifetime::Loop => {
            if starts(facts, write) {
                "join what has finished before the next is started: `while set.try_join_next().is_some() {}`".to_owned()
            } else {
                "drop the handles of what has finished: `handles.retain(|it| !it.is_finished())`, or use a `JoinSet`"
                    .to_owned()
            }
        }
        _ if !container.filled_by.is_empty() => {
            "give it a limit where it is made, or make it for each piece of work".to_owned()
        }
        _ => "give it a bound and an eviction, delete entries when they expire, or use an LRU cache".to_owned(),
    }
}
