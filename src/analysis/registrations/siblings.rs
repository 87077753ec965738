//! Siblings: evidence from the other registrations in the functions around an addition or a removal.
//!
//! How long a target lives is often unknown (a player that is passed in). But if a function removes all but one of the
//! listeners that another one added, the target lives on, and that one was forgotten.

use rustc_hash::FxHashMap;

use crate::linking::FunctionRef;

use super::{Addition, HandlerId, Likeness, PlaceId, Registrations, Removal};

/// This many others have to be removed for each one that is left.
const MOST: usize = 2;

impl Registrations {
    /// The function that removes the others added by the same function to the same target, and leaves this one.
    #[must_use]
    pub fn left_behind(&self, addition: &Addition) -> Option<FunctionRef> {
        if !is_ordinary(addition) || self.is_removed(addition) {
            return None;
        }
        let siblings: Vec<&Addition> = self.additions.iter().filter(|other| is_sibling(other, addition)).collect();
        let left = siblings.iter().filter(|sibling| is_ordinary(sibling) && !self.is_removed(sibling)).count();
        let mut removed: FxHashMap<FunctionRef, usize> = FxHashMap::default();
        for sibling in siblings.iter().filter(|sibling| sibling.at != addition.at) {
            let mut by: Vec<FunctionRef> = self
                .removals
                .iter()
                .filter(|removal| {
                    removal.handler.is_some() && removal.is_near(sibling) && Self::removes(removal, sibling)
                })
                .map(|removal| removal.at.function)
                .filter(|function| *function != addition.at.function)
                .collect();
            by.sort_unstable();
            by.dedup();
            for function in by {
                *removed.entry(function).or_default() += 1;
            }
        }
        let mut most: Vec<(FunctionRef, usize)> = removed.into_iter().collect();
        most.sort_unstable_by_key(|(function, count)| (std::cmp::Reverse(*count), *function));
        most.first().filter(|(_, count)| *count >= MOST * left).map(|(function, _)| *function)
    }

    /// The end of the instance that removes another listener and leaves this one, if everything else that removes
    /// either removes both.
    #[must_use]
    pub fn left_at_the_end(&self, addition: &Addition, is_end: impl Fn(FunctionRef) -> bool) -> Option<FunctionRef> {
        let is_named = |it: &Addition| {
            matches!(&it.handler.id, HandlerId::Place(PlaceId::Field(..)))
                && !it.removes_itself
                && it.event.fires_again()
        };
        let by = |it: &Addition| {
            let removals = self.removals.iter().filter(|removal| removal.is_near(it) && Self::removes(removal, it));
            let mut by: Vec<FunctionRef> = removals.map(|removal| removal.at.function).collect();
            by.sort_unstable();
            by.dedup();
            by
        };
        let mine = by(addition);
        if !is_named(addition) || mine.is_empty() || mine.iter().any(|function| is_end(*function)) {
            return None;
        }
        let others = self.additions.iter().filter(|other| other.at != addition.at && is_sibling(other, addition));
        others.filter(|other| is_named(other)).find_map(|other| {
            let theirs = by(other);
            let end = theirs.iter().copied().find(|function| is_end(*function))?;
            let without: Vec<FunctionRef> = theirs.into_iter().filter(|function| *function != end).collect();
            (without == mine).then_some(end)
        })
    }

    /// The addition of the function that a removal names, to the same target but for another event, if the removing
    /// function removes no other event of it.
    #[must_use]
    pub fn meant_for(&self, removal: &Removal) -> Option<&Addition> {
        let handler = removal.handler.as_ref()?;
        let is_of_it = |addition: &&Addition| {
            removal.is_near(addition)
                && handler.id == addition.handler.id
                && removal.target.likeness(&addition.target) == Likeness::Sure
        };
        let is_named = matches!(&handler.id, HandlerId::Place(PlaceId::Variable(..) | PlaceId::Field(..)));
        removal.event.as_ref()?.text()?;
        // A variable of a function names the same thing at both places.
        let is_local = removal.is_direct && matches!(&handler.id, HandlerId::Place(PlaceId::Variable(..)));
        if !(removal.is_exact || is_local)
            || !is_named
            || self.additions.iter().any(|addition| Self::removes(removal, addition))
        {
            return None;
        }
        let addition = self.additions.iter().find(is_of_it).filter(|addition| addition.event.text().is_some())?;
        let by_others_here = self.removals.iter().any(|other| {
            other.at != removal.at && other.at.function == removal.at.function && Self::removes(other, addition)
        });
        (!by_others_here).then_some(addition)
    }
}

/// Whether a registration is one of a named function for a named event that may come again.
fn is_ordinary(addition: &Addition) -> bool {
    matches!(&addition.handler.id, HandlerId::Place(PlaceId::Variable(..) | PlaceId::Field(..)))
        && !addition.removes_itself
        && addition.event.text() != Some("error")
        && addition.event.fires_again()
}

fn is_sibling(other: &Addition, addition: &Addition) -> bool {
    other.at.function == addition.at.function
        && other.resource == addition.resource
        && other.target.place != PlaceId::Fresh
        && other.target.place == addition.target.place
}
