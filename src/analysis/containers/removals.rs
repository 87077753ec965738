//! Removals: which deletes take out what was put in, and for good.

use crate::ir::{Binding, BlockId, Edges, OpKind, Operand, Terminator};
use crate::linking::OpRef;

use super::Write;
use super::clock;
use super::keys::Keys;
use super::uses::Uses;

impl Uses<'_, '_, '_> {
    /// Whether a delete cannot find what was put in: each stored key is joined from several parts, and the deleted one is
    /// a single part.
    pub(super) fn misses(&self, site: OpRef, at: OpRef, key: Option<&Operand>) -> bool {
        let keys = Keys { facts: self.facts, aliases: self.aliases };
        let is_joined = |write: &Write| match &self.facts.program.op(write.at).kind {
            OpKind::Call(call) => {
                call.arguments.first().is_some_and(|key| keys.is_joined(write.at.function, &key.value, 4) == Some(true))
            }
            _ => false,
        };
        let writes = &self.found.sites[&site].writes;
        key.is_some_and(|key| keys.is_joined(at.function, key, 4) == Some(false))
            && !writes.is_empty()
            && writes.iter().all(is_joined)
    }

    /// Whether a delete only happens to the entry that was just looked up, on the side of a test of its age.
    pub(super) fn is_on_expired_read(&self, site: OpRef, at: OpRef, key: Option<&Operand>) -> bool {
        let function = at.function;
        let body = self.facts.program.function(function);
        let is_read =
            self.found.reads.get(&(site, function)).is_some_and(|reads| reads.iter().any(|read| read.as_ref() == key));
        if !is_read || body.block(at.block).loop_depth > 0 {
            return false;
        }
        let others = self.found.removals.iter().filter(|(of, other, _)| *of == site && other.function == function);
        let others: Vec<BlockId> = others.map(|(_, other, _)| other.block).collect();
        body.blocks().any(|(block, content)| {
            let Terminator::Branch { condition, then, otherwise } = &content.terminator else { return false };
            let on_then = body.reaches(*then, at.block, block, Edges::Normal);
            let on_otherwise = body.reaches(*otherwise, at.block, block, Edges::Normal);
            if on_then == on_otherwise {
                return false;
            }
            let fresh = if on_then { *otherwise } else { *then };
            let origin = clock::of_condition(self.facts, self.aliases, function, condition);
            origin.clock
                && origin.entries.contains(&site)
                && !others.iter().any(|other| body.reaches(fresh, *other, block, Edges::Normal))
        })
    }

    /// Whether what is deleted under a key is always put back under it, by the function or by whoever calls it with
    /// that key: the entry is renewed, and the key stays.
    pub(super) fn is_put_back(&self, site: OpRef, at: OpRef, key: Option<&Operand>) -> bool {
        let Some(key @ Operand::Place(place)) = key else { return false };
        if self.is_always_written(site, at, key) {
            return true;
        }
        let Some(Binding::Parameter(index)) =
            place.as_variable().map(|id| self.facts.program.variable(at.function.variable(id)).binding)
        else {
            return false;
        };
        let mut callers = self.aliases.callers(at.function).peekable();
        callers.peek().is_some()
            && callers.all(|call| {
                let argument = self.facts.program.op(call).call().and_then(|call| call.argument(index as usize));
                argument.is_some_and(|argument| self.is_always_written(site, call, argument))
            })
    }

    /// Whether no return can be reached from `at` without a write under `key`.
    fn is_always_written(&self, site: OpRef, at: OpRef, key: &Operand) -> bool {
        let body = self.facts.program.function(at.function);
        let is_here = |write: &&Write| write.at.function == at.function;
        self.found.sites[&site].writes.iter().filter(is_here).any(|write| {
            let written = match &self.facts.program.op(write.at).kind {
                OpKind::Call(call) => call.argument(0),
                _ => None,
            };
            written == Some(key)
                && self.is_followed_by(at, write.at)
                && (write.at.block == at.block
                    || body.reaches(at.block, write.at.block, at.block, Edges::Normal)
                        && !body.blocks().any(|(block, content)| {
                            matches!(content.terminator, Terminator::Return(_))
                                && body.reaches(at.block, block, write.at.block, Edges::Normal)
                        }))
        })
    }

    /// Whether an operation stands below another one, not outside of a callback that has it:
    /// `load().finally(() => running.delete(key))` happens after the `running.set(key, …)` below it.
    fn is_followed_by(&self, at: OpRef, later: OpRef) -> bool {
        let program = self.facts.program;
        let (from, to) = (program.op_location(at), program.op_location(later));
        if from.span.end > to.span.start {
            return false;
        }
        let mut between = from;
        between.span.start = from.span.end;
        between.span.end = to.span.start;
        let mut depth = 0;
        program.text(between).chars().all(|character| {
            match character {
                '(' | '{' => depth += 1,
                ')' | '}' => depth -= 1,
                _ => {}
            }
            depth >= 0
        })
    }
}
