//! What says that there is a limit: conditions about the size of a collection, and what is looked up in it.

use crate::ir::{BlockId, Comparison, Condition, Edges, Field, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{FunctionRef, OpRef};

use super::clock;
use super::uses::Uses;

impl Uses<'_, '_, '_> {
    /// `fn is_full(&self) -> bool { self.seen.len() >= self.cap }`: a method that says whether a limit is reached is there to
    /// be asked.
    pub(super) fn tells_limit(&mut self, function: FunctionRef) {
        let body = self.facts.program.function(function);
        if !self.facts.evaluator.drops_implicitly(function) || body.blocks.len() != 1 {
            return;
        }
        let Terminator::Return(Some(Operand::Place(returned))) = &body.block(BlockId::ENTRY).terminator else { return };
        for (_, _, op) in body.ops() {
            let OpKind::Assign { target, value: Rvalue::Compute(operands) } = &op.kind else { continue };
            let [left, right] = operands.as_slice() else { continue };
            if target != returned || matches!((left, right), (Operand::Number(_), _) | (_, Operand::Number(_))) {
                continue;
            }
            for operand in [left, right] {
                for site in clock::of_operand(self.facts, self.aliases, function, operand).sizes {
                    self.found.sites[&site].is_bounded = true;
                }
            }
        }
    }

    /// `table[key]` read by an operation, except as what the operation assigns or calls.
    pub(super) fn computed_reads(&mut self, function: FunctionRef, place: &Place, kind: &OpKind) {
        if matches!(kind, OpKind::Assign { target, .. } if target == place) || matches!(kind, OpKind::Delete { .. }) {
            return;
        }
        self.computed_read(function, place);
    }

    pub(super) fn computed_read(&mut self, function: FunctionRef, place: &Place) {
        let Some(position) = place.path.iter().position(|field| *field == Field::Computed) else { return };
        let holder = Place { root: place.root.clone(), path: place.path[..position].into() };
        for alias in self.aliases_of(function, &holder) {
            self.found.reads.entry((alias.site, function)).or_default().push(None);
        }
    }

    pub(super) fn condition(&mut self, function: FunctionRef, block: BlockId, condition: &Condition) {
        let origin = clock::of_condition(self.facts, self.aliases, function, condition);
        let body = self.facts.program.function(function);
        if origin.clock {
            // `entry && entry.expiresAt > now`: the second test stands in a block without operations.
            let before = body.blocks().filter(|(_, content)| content.terminator.successors().contains(&block));
            let at = std::iter::once(block)
                .chain(before.map(|(before, _)| before))
                .find_map(|block| Some(function.op(block, body.block(block).ops.len().checked_sub(1)?)));
            for site in &origin.entries {
                let container = &mut self.found.sites[site];
                container.expiry = container.expiry.or(at);
            }
        }
        if !origin.sizes.is_empty() && self.is_limit(function, condition) {
            for site in origin.sizes {
                self.found.sites[&site].is_bounded = true;
            }
        }
    }

    /// Whether a condition on a size is a limit: not a test for emptiness, not the end of an iteration.
    fn is_limit(&self, function: FunctionRef, condition: &Condition) -> bool {
        match condition {
            Condition::Compare { comparison, left, right } => {
                let is_none = |operand: &Operand| matches!(operand, Operand::Number(number) if *number < 1.0);
                let is_one = |operand: &Operand| matches!(operand, Operand::Number(number) if *number <= 1.0);
                if is_none(left)
                    || is_none(right)
                    || (*comparison != Comparison::Greater && (is_one(left) || is_one(right)))
                {
                    return false;
                }
                !self.is_counter(function, left) && !self.is_counter(function, right)
            }
            Condition::Truthy(operand) => clock::of_operand(self.facts, self.aliases, function, operand).is_computed,
            _ => false,
        }
    }

    /// Whether something is put into a collection only while that is empty: `if tasks.is_empty() { tasks.spawn(…) }`.
    pub(super) fn is_first_entry(&mut self, site: OpRef, at: OpRef) -> bool {
        let body = self.facts.program.function(at.function);
        body.blocks().any(|(_, content)| {
            let Terminator::Branch { condition, then, .. } = &content.terminator else { return false };
            let Some(collection) = self.found_empty(at.function, condition) else { return false };
            let ways = body.blocks().filter(|(_, content)| content.terminator.successors().contains(then));
            ways.count() == 1
                && (at.block == *then || !body.reaches(BlockId::ENTRY, at.block, *then, Edges::Normal))
                && self.aliases_of(at.function, &collection).iter().any(|alias| alias.site == site)
        })
    }

    /// The collection that is empty where a condition holds.
    fn found_empty(&self, function: FunctionRef, condition: &Condition) -> Option<Place> {
        match condition {
            Condition::Truthy(Operand::Place(Place { root: Root::Temp(temp), path })) if path.is_empty() => {
                let definitions = self.facts.program.index(function.file).of_temp(function.function, *temp);
                let [definition] = definitions else { return None };
                let call = self.facts.program.op(function.definition(definition)).call()?;
                let (receiver, method) = call.receiver()?;
                (method.name() == Some("is_empty")).then_some(receiver)
            }
            Condition::Compare {
                comparison: Comparison::Equal,
                left: Operand::Place(size),
                right: Operand::Number(0.0),
            } => {
                let (holder, field) = size.split_last()?;
                matches!(field.name(), Some("size" | "length")).then_some(holder)
            }
            _ => None,
        }
    }

    /// `i` of `for (let i = 0; …; i++)`.
    fn is_counter(&self, function: FunctionRef, operand: &Operand) -> bool {
        let Some(id) = operand.place().and_then(Place::as_variable) else { return false };
        let variable = self.facts.program.variable(function.variable(id));
        variable.owner == function.function && self.facts.program.index(function.file).of_variable(id).len() > 1
    }
}

/// Whether a place is a size or a part of one.
pub(super) fn measures(place: &Place) -> bool {
    place.path.iter().any(|field| matches!(field.name(), Some("size" | "length")))
}
