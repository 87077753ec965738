//! Scopes: what they drop at their end, however it comes.
//!
//! The variables of a scope that were not moved out are dropped in reverse order: when control falls out of it, when a
//! jump crosses it, and when `?` leaves the function. A variable moved on one way into a join and not on another is
//! dropped at the end of that other way, where the compiler would test a flag later.

use rustc_hash::FxHashSet;

use crate::ir::{BlockId, Name, OpKind, Operand, Place, Temp, Terminator, VariableId};
use crate::source::Span;

use super::lowering::Lowering;

/// A scope that a jump may leave.
pub(super) enum Exit {
    /// A loop or a labelled block.
    Target(Target),
    /// Variables, in the order of their declaration.
    Drops(Vec<VariableId>),
}

pub(super) struct Target {
    pub(super) label: Option<Name>,
    /// Whether `break` without a label means this.
    pub(super) is_loop: bool,
    pub(super) break_to: BlockId,
    pub(super) continue_to: BlockId,
    /// What `break value` assigns.
    pub(super) value: Temp,
}

/// The variables whose value is elsewhere by now.
pub(super) type Moved = FxHashSet<VariableId>;

/// One way into a join: where it ends, and what was moved on it.
pub(super) struct Way {
    pub(super) end: BlockId,
    pub(super) moved: Moved,
}

impl Lowering<'_> {
    pub(super) fn open_scope(&mut self) {
        self.scopes.push(rustc_hash::FxHashMap::default());
        self.body.exits.push(Exit::Drops(Vec::new()));
    }

    /// Ends the innermost scope; what it still has is dropped at `end`.
    pub(super) fn close_scope(&mut self, end: Span) {
        self.scopes.pop();
        if let Some(Exit::Drops(variables)) = self.body.exits.pop() {
            self.drop_all(&variables, end);
        }
    }

    /// From here on the innermost scope drops the variable.
    pub(super) fn owns(&mut self, id: VariableId) {
        if let Some(Exit::Drops(variables)) =
            self.body.exits.iter_mut().rev().find(|exit| matches!(exit, Exit::Drops(_)))
        {
            variables.push(id);
        }
    }

    /// Its value goes elsewhere: no scope drops the variable any more.
    pub(super) fn moves(&mut self, value: &Operand) {
        if let Some(id) = value.place().and_then(Place::as_variable) {
            self.moved.insert(id);
        }
    }

    fn drop_all(&mut self, variables: &[VariableId], span: Span) {
        if self.body.is_dead() {
            return;
        }
        for id in variables.iter().rev().filter(|id| !self.moved.contains(id)) {
            self.body.push(OpKind::Dispose { place: Place::variable(*id) }, span);
        }
    }

    /// Drops what the scopes from depth `keep` up have, innermost first; they stay open.
    pub(super) fn drop_down_to(&mut self, keep: usize, span: Span) {
        for variables in self.owned_from(keep) {
            self.drop_all(&variables, span);
        }
    }

    fn owned_from(&self, keep: usize) -> Vec<Vec<VariableId>> {
        let exits = self.body.exits[keep..].iter().rev();
        exits
            .filter_map(|exit| match exit {
                Exit::Drops(variables) => Some(variables.clone()),
                Exit::Target(_) => None,
            })
            .collect()
    }

    /// Runs `op` where its failure leaves the function: everything in scope is dropped on that way.
    pub(super) fn fallible<T>(&mut self, span: Span, op: impl FnOnce(&mut Self) -> T) -> T {
        let owned: Vec<Vec<VariableId>> = self.owned_from(0);
        let has_something = owned.iter().flatten().any(|id| !self.moved.contains(id));
        if self.body.is_dead() || !has_something {
            return op(self);
        }
        let cleanup = self.body.new_block();
        self.body.set_unwind(Some(cleanup));
        let result = op(self);
        self.body.set_unwind(None);
        let after = self.body.current();
        self.body.switch_to(cleanup);
        self.drop_down_to(0, span);
        self.body.terminate(Terminator::Resume, Span::default());
        self.body.switch_to(after);
        result
    }

    /// Leads all ways into one block and goes on there.
    pub(super) fn join(&mut self, ways: Vec<Way>, span: Span) {
        let join = self.body.new_block();
        let moved: Moved = ways.iter().flat_map(|way| way.moved.iter().copied()).collect();
        let in_scope: Moved = self.owned_from(0).into_iter().flatten().collect();
        for way in ways {
            self.body.switch_to(way.end);
            let left = moved.difference(&way.moved).copied().filter(|id| in_scope.contains(id));
            let mut left: Vec<VariableId> = left.collect();
            left.sort_unstable();
            self.moved = way.moved;
            self.drop_all(&left, span);
            self.body.goto(join);
        }
        self.moved = moved;
        self.body.switch_to(join);
    }
}
