//! `unbounded-cache`: a container that outlives the call only ever grows.

use crate::analysis::containers::{Container, Key, Lifetime, Shape, Write};
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::findings::{Confidence, Finding, Severity, TraceStep};
use crate::ir::{CallKind, Module, Root};

use super::{RuleId, wording};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for container in facts.containers() {
        if !facts.is_held_to_account(container.at.function)
            || container.is_bounded
            || container.escapes
            || container.shrinks.iter().any(|shrink| !shrink.on_expired_read)
        {
            continue;
        }
        if let Some(write) = growing_write(facts, container) {
            findings.push(finding(facts, container, write));
        }
    }
}

/// The write that happens most often, if it happens again and again with keys nobody wrote down.
fn growing_write<'c>(facts: &Facts<'_>, container: &'c Container) -> Option<&'c Write> {
    container
        .writes
        .iter()
        .filter(|write| facts.is_held_to_account(write.at.function) && grows(facts, container, write))
        .max_by_key(|write| write.rate)
}

/// What a framework calls again and again grows with whatever comes in. Of what anybody may call, only a memo of what
/// it was given is shown to: a registry is called as well, a few times when the program starts.
fn grows(facts: &Facts<'_>, container: &Container, write: &Write) -> bool {
    // A function that fills its own table does so once, however often its closures run.
    let fills_its_own = container.lifetime == Lifetime::Closure && write.at.function == container.at.function;
    if write.key <= Key::Few || fills_its_own || is_stream(facts, container, write) {
        return false;
    }
    let module = facts.program.module(container.at.function.file);
    if runs_in_a_browser(module) {
        return false;
    }
    // Whoever writes down how old an entry is knows that there will be others.
    let expires = container.expiry.is_some() && write.is_memo && write.rate >= Rate::Once;
    write.rate >= Rate::PerTick
        || (expires || write.rate == Rate::PerCall && write.is_memo && write.key == Key::Given)
            && !makes_elements(module)
            && !is_registry(&container.name)
}

/// Names of tables that a program fills with its own parts.
fn is_registry(name: &str) -> bool {
    const PARTS: &[&str] = &[
        "registry",
        "registrations",
        "registered",
        "handlers",
        "plugins",
        "instances",
        "factories",
        "adapters",
        "drivers",
        "providers",
        "loaders",
        "commands",
        "middlewares",
        "hooks",
        "strategies",
        "resolvers",
        "validators",
        "schemas",
        "definitions",
        "extensions",
        "modules",
        "models",
        "formatters",
        "services",
        "components",
        "routes",
    ];
    let lower = name.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.ends_with(part))
}

/// The pieces of one stream, collected where it is read: `stdout.on("data", (piece) => pieces.push(piece))`.
fn is_stream(facts: &Facts<'_>, container: &Container, write: &Write) -> bool {
    container.shape == Shape::List
        && facts
            .frequencies
            .chain(&facts.evaluator, write.at.function)
            .entry
            .is_some_and(|(label, _)| label.ends_with("`data`"))
}

/// Whether a module is made for a page, which is closed before a growing table is felt.
fn runs_in_a_browser(module: &Module) -> bool {
    const PAGE: &[&str] = &["document", "window", "localStorage", "sessionStorage", "navigator", "HTMLElement"];
    module.prologue.iter().any(|directive| directive == "use client")
        || module.functions().any(|(_, function)| {
            function.mentioned_places().any(|place| match &place.root {
                Root::Global(name) => PAGE.contains(&name.as_str()),
                _ => false,
            })
        })
}

/// Whether a module makes elements of a page, on the server or in the browser.
fn makes_elements(module: &Module) -> bool {
    module
        .functions()
        .any(|(_, function)| function.ops().any(|(_, _, op)| op.call().is_some_and(|call| call.kind == CallKind::Jsx)))
}

fn finding(facts: &Facts<'_>, container: &Container, write: &Write) -> Finding {
    let chain = facts.frequencies.chain(&facts.evaluator, write.at.function);
    let name = &container.name;
    let mut trace = vec![TraceStep {
        location: facts.location(container.at),
        message: match container.lifetime {
            Lifetime::Module => format!("`{name}` lives as long as the process"),
            Lifetime::Singleton(_) => format!("`{name}` belongs to an instance that lives as long as the process"),
            Lifetime::Closure => format!("`{name}` lives on in a closure that is made once and kept"),
        },
    }];
    trace.extend(wording::chain_steps(facts, &chain));
    trace.push(TraceStep { location: facts.location(write.at), message: "an entry is added here".to_owned() });
    let deleted = container.shrinks.first();
    trace.extend(container.expiry.map(|at| TraceStep {
        location: facts.location(at),
        message: match deleted {
            None => "the age of an entry is read here, and an old entry stays".to_owned(),
            Some(_) => "the age of an entry is read here".to_owned(),
        },
    }));
    trace.extend(deleted.map(|shrink| TraceStep {
        location: facts.location(shrink.at),
        message: "an old entry is deleted here, when somebody asks for the same key again".to_owned(),
    }));
    let message = match (container.shape, deleted, container.expiry) {
        (Shape::Weak, ..) => {
            format!("`{name}` only grows: `{name}[…] = …` adds a property to it, which is held like any other")
        }
        (_, Some(_), _) => {
            format!("`{name}` only grows: an expired entry is deleted only if the same key is read again")
        }
        (_, None, Some(_)) => {
            format!("`{name}` only grows: entries expire when they are read, and nothing ever deletes them")
        }
        _ => format!("`{name}` grows {} and nothing ever removes an entry", wording::rate_text(write.rate)),
    };
    let is_shown = chain.entry.is_some() && write.key != Key::Named && deleted.is_none();
    Finding {
        rule: RuleId::UnboundedCache,
        severity: Severity::Warning,
        confidence: if is_shown { Confidence::High } else { Confidence::Medium },
        location: facts.location(container.at),
        label: "only ever grows".to_owned(),
        function: facts.program.name_of(container.at.function),
        resource: name.clone(),
        message,
        help: match container.shape {
            Shape::Weak => "use `set` and `get`, so that an entry goes with its key".to_owned(),
            _ => "give it a bound and an eviction, delete entries when they expire, or use an LRU cache".to_owned(),
        },
        trace,
    }
}
