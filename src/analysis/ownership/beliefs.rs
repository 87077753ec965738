//! Beliefs: a `catch` says that something in its `try` throws.
//!
//! A synchronous call of unknown code is not taken to throw. Where nothing else in a `try` is, its author knows better:
//! then any of its calls may, as far as what was acquired before the `try` is concerned. What one call may do, another
//! call of the same function may do as well (Engler et al., "Bugs as Deviant Behavior", SOSP 2001).

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::ir::{BlockId, Function, OpKind, Place, Terminator};

use super::effects::{Effect, Effects};

/// Takes the calls of a `try` to throw if nothing else would reach its `catch`.
pub(super) fn add(body: &Function, effects: &mut Effects) {
    let mut guarded: BTreeMap<BlockId, Vec<BlockId>> = BTreeMap::new();
    for (block, content) in body.blocks() {
        if let Some(handler) = content.unwind {
            guarded.entry(handler).or_default().push(block);
        }
    }
    let mut believed: FxHashSet<&Place> = FxHashSet::default();
    for (handler, blocks) in guarded {
        let throws = |block: &BlockId| {
            matches!(body.block(*block).terminator, Terminator::Throw(_) | Terminator::Resume)
                || effects.ops.range((*block, 0)..=(*block, u32::MAX)).any(|(_, op)| op.throws)
        };
        if blocks.iter().any(throws) || is_finally(body, handler) {
            continue;
        }
        let begun: FxHashSet<_> = blocks
            .iter()
            .flat_map(|block| effects.ops.range((*block, 0)..=(*block, u32::MAX)))
            .flat_map(|(_, op)| &op.effects)
            .filter(|(_, effect)| matches!(effect, Effect::Begin | Effect::Open))
            .map(|(identity, _)| identity.clone())
            .collect();
        if !begun.is_empty() {
            continue;
        }
        for block in blocks {
            for (index, op) in (0u32..).zip(&body.block(block).ops) {
                if let OpKind::Call(call) = &op.kind {
                    effects.ops.entry((block, index)).or_default().throws = true;
                    believed.extend(call.callee.place().filter(|place| place.as_variable().is_some()));
                }
            }
        }
    }
    for (block, index, op) in body.ops().filter(|_| !believed.is_empty()) {
        if op.call().and_then(|call| call.callee.place()).is_some_and(|place| believed.contains(place)) {
            let index = u32::try_from(index).expect("invariant: a block has fewer than 2^32 operations");
            let believing = effects.ops.entry((block, index)).or_default();
            (believing.throws, believing.is_believed) = (true, true);
        }
    }
}

/// Whether a handler is a `finally`. That says nothing about what throws: it continues the exception.
fn is_finally(body: &Function, handler: BlockId) -> bool {
    let (mut seen, mut work) = (FxHashSet::default(), vec![handler]);
    while let Some(block) = work.pop() {
        if !seen.insert(block) {
            continue;
        }
        if body.block(block).terminator == Terminator::Resume {
            return true;
        }
        work.extend(body.block(block).terminator.successors());
    }
    false
}
