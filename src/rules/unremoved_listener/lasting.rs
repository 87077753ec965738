//! Listeners on a part of an entry point's argument that outlives the call: the socket of a request, the sender of a
//! message.

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::registrations::{Addition, Registrations};
use crate::analysis::value::Value;

/// Events at the end of the target: until then, a `once` listener for one stays.
const ENDS: &[&str] = &["close", "end", "destroyed", "disconnect", "error", "exit"];

/// How often a listener is added to something that outlives the call.
pub(super) fn lasting(facts: &Facts<'_>, registrations: &Registrations, addition: &Addition) -> Option<Rate> {
    let goes_at_the_end = addition.is_once && addition.event.text().is_some_and(|event| ENDS.contains(&event));
    if addition.removes_itself && !goes_at_the_end
        || addition.inner.is_some()
        || registrations.removals.iter().any(|removal| Registrations::removes(removal, addition))
    {
        return None;
    }
    let mut given = addition.target.values.iter().filter(|value| !matches!(value, Value::Nullish));
    let (Some(Value::Parameter { function, index, path }), None) = (given.next(), given.next()) else { return None };
    if path.is_empty() || !facts.evaluator.is_within(addition.at.function, *function) {
        return None;
    }
    let chain = facts.frequencies.chain(&facts.evaluator, *function);
    let (label, _) = chain.entry.filter(|_| chain.calls.is_empty())?;
    let part =
        std::iter::once(index.to_string()).chain(path.iter().map(ToString::to_string)).collect::<Vec<_>>().join(".");
    let mut entries = facts.evaluator.catalogue.entries();
    let is_lasting = entries.any(|entry| entry.label == label && entry.lasting.contains(&part));
    is_lasting.then(|| facts.frequencies.of_function(*function))
}
