//! Products: what a function makes of closures and gives, and the one of them that ends it all.
//!
//! `const makeStore = () => { …; return { get, set, close }; }` is a class in other words: `close` is the end of what the
//! function began. Takes the facts; gives that end.

use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::value::Value;
use crate::ir::{Call, Root};
use crate::linking::FunctionRef;

/// Names of methods that end the whole of what has them.
const WHOLE: &[&str] = &["close", "destroy", "dispose", "stop", "end", "shutdown", "terminate", "quit"];

/// Whether a method of this name ends all that its object is, and not a part of it.
#[must_use]
pub fn ends_whole(name: &str) -> bool {
    WHOLE.contains(&name.to_ascii_lowercase().as_str()) || name.contains("Dispose")
}

/// The function that ends what a function gives, with its name there, where it ends something of it.
#[must_use]
pub fn end_of_product(facts: &Facts<'_>, function: FunctionRef) -> Option<(String, FunctionRef)> {
    let evaluator = &facts.evaluator;
    evaluator.returns(function).iter().find_map(|value| {
        let Value::Object { at: literal, context } = value else { return None };
        evaluator.named_parts(*literal).into_iter().filter(|(name, _)| ends_whole(name)).find_map(|(name, part)| {
            let ends = evaluator.functions_in(&evaluator.through(part, *context));
            let [(end, _)] = ends[..] else { return None };
            let is_its = evaluator.is_within(end, function) && end != function;
            (is_its && ends_something(facts, function, end)).then(|| (name.to_string(), end))
        })
    })
}

/// Whether a closure ends something that the function around it has.
fn ends_something(facts: &Facts<'_>, function: FunctionRef, end: FunctionRef) -> bool {
    let is_own = |root: &Root| match root {
        Root::Variable(id) => facts.program.variable(end.variable(*id)).owner == function.function,
        _ => false,
    };
    let ends = |call: &Call| {
        let by_method = call
            .receiver()
            .is_some_and(|(receiver, method)| method.name().is_some_and(is_teardown) && is_own(&receiver.root));
        let name = call.callee.place().and_then(|place| match &place.root {
            Root::Global(name) if place.path.is_empty() => Some(name.as_str()),
            _ => None,
        });
        let given = || call.arguments.iter().filter_map(|argument| argument.value.place());
        by_method || name.is_some_and(|name| name.starts_with("clear")) && given().any(|place| is_own(&place.root))
    };
    facts.program.function(end).ops().filter_map(|(_, _, op)| op.call()).any(ends)
}
