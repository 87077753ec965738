//! Reading a file with all its mistakes: what one error points at is taken out, and the rest is read again.
//!
//! serde stops at the first error. But people who repair a file want to see all of its mistakes at once.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Error};

/// More are not told at a time.
const MAX_MISTAKES: usize = 20;

/// What `text` says, or else what is wrong with it: at least one error, in the order of their places.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Error>> {
    // In what is not TOML the first error brings others with it.
    let mut table = DeTable::parse(text).map_err(|error| vec![error])?;
    let mut errors = Vec::new();
    // The tables that are not whole any more: what they lack now is no mistake of the file.
    let mut cut: Vec<Range<usize>> = Vec::new();
    for _ in 0..MAX_MISTAKES {
        let error = match T::deserialize(toml::Deserializer::from(table.clone())) {
            Ok(form) if errors.is_empty() => return Ok(form),
            Ok(_) => break,
            Err(error) => error,
        };
        let span = error.span();
        let follows = error.message().starts_with("missing field") && span.as_ref().is_some_and(|it| cut.contains(it));
        if !follows {
            errors.push(error);
        }
        match span.and_then(|span| take_out(&mut table, &span)) {
            Some(container) => cut.push(container),
            None => break,
        }
    }
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    Err(errors)
}

/// Takes out the innermost entry that `span` lies in, and gives the span of the table it was in.
fn take_out(table: &mut Spanned<DeTable<'_>>, span: &Range<usize>) -> Option<Range<usize>> {
    let container = table.span();
    take_out_of_table(table.get_mut(), &container, span)
}

fn take_out_of_table(table: &mut DeTable<'_>, own: &Range<usize>, span: &Range<usize>) -> Option<Range<usize>> {
    // The span of a table is its heading: what is in it may stand anywhere.
    if let Some(container) = table.iter_mut().find_map(|(_, value)| take_out_of_value(value, span)) {
        return Some(container);
    }
    let holds_it =
        |(key, value): &(&Spanned<_>, &Spanned<_>)| lies_in(span, &key.span()) || lies_in(span, &value.span());
    let key = table.iter().find(holds_it).map(|(key, _)| key.clone())?;
    table.remove(&key).map(|_| own.clone())
}

fn take_out_of_value(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Range<usize>> {
    let own = value.span();
    match value.get_mut() {
        DeValue::Table(table) => take_out_of_table(table, &own, span),
        DeValue::Array(array) => {
            if let Some(container) = array.iter_mut().find_map(|element| take_out_of_value(element, span)) {
                return Some(container);
            }
            let mut kept = DeArray::new();
            for element in array.iter().filter(|element| !lies_in(span, &element.span())) {
                kept.push(element.clone());
            }
            let is_shorter = kept.len() < array.len();
            *array = kept;
            is_shorter.then_some(own)
        }
        _ => None,
    }
}

fn lies_in(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
