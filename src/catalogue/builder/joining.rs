//! Joining: facts about one function from several tables.

use crate::catalogue::schema::FunctionFact;

impl FunctionFact {
    /// Adds what another table says of the same function; where both answer a question, this one's answer counts.
    pub(super) fn join(&mut self, other: &Self) {
        // Every field by name, so that a new one cannot be forgotten.
        let Self {
            call: _,
            from: _,
            borrows,
            infallible,
            fails,
            exits,
            releases,
            memoises,
            keyed,
            calls,
            calls_once,
            delays,
            defers,
            takes_first,
            mounts,
            waits_for,
            cancels,
            forgets,
            comes_from_outside,
            reclaims,
            memory,
            allocates,
            returns,
            makes,
            makes_unless,
            filled_by,
            emptied_by,
            asked_by,
            end,
            is_face,
            waiting,
            evicts,
        } = other;
        self.borrows |= borrows;
        self.infallible |= infallible;
        self.fails |= fails;
        self.exits |= exits;
        self.releases.extend(releases);
        self.memoises = self.memoises.or(*memoises);
        self.keyed |= keyed;
        self.calls = self.calls.or(*calls);
        self.calls_once = self.calls_once.or(*calls_once);
        self.delays = self.delays.or(*delays);
        self.defers = self.defers.or(*defers);
        self.takes_first |= takes_first;
        self.mounts = self.mounts.or(*mounts);
        self.waits_for = self.waits_for.or(*waits_for);
        self.cancels = self.cancels.or(*cancels);
        self.forgets = self.forgets.or(*forgets);
        self.comes_from_outside |= comes_from_outside;
        self.reclaims |= reclaims;
        self.memory = self.memory.take().or_else(|| memory.clone());
        self.allocates |= allocates;
        self.returns = self.returns.or(*returns);
        self.makes = self.makes.or(*makes);
        self.makes_unless.extend(makes_unless.iter().cloned());
        self.filled_by.extend(filled_by.iter().cloned());
        self.emptied_by.extend(emptied_by.iter().cloned());
        self.asked_by.extend(asked_by.iter().cloned());
        self.end = self.end.or(*end);
        self.is_face |= is_face;
        self.waiting = self.waiting.or(*waiting);
        self.evicts = self.evicts.take().or_else(|| evicts.clone());
    }
}
