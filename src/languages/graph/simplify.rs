//! The last pass over a function's graph: removes blocks that do nothing and blocks that cannot be reached.
//!
//! Keeps every operation, every edge between operations, and the order in which blocks were built.

use crate::ir::{Block, BlockId, Terminator};

/// The blocks that control can reach from the first one, renumbered.
pub(super) fn simplify(mut blocks: Vec<Block>) -> Vec<Block> {
    thread_jumps(&mut blocks);
    let mut entries = count_entries(&blocks);
    merge_chains(&mut blocks, &mut entries);
    let mut next = 0;
    let numbers: Vec<BlockId> = entries
        .iter()
        .map(|&entries| {
            let number = BlockId(next);
            next += u32::from(entries > 0);
            number
        })
        .collect();
    let mut kept = Vec::with_capacity(next as usize);
    for (mut block, entries) in blocks.into_iter().zip(entries) {
        if entries > 0 {
            for_each_edge(&mut block, |to| *to = numbers[to.index()]);
            // Most blocks hold one operation or two, and a growing list makes room for four.
            block.ops.shrink_to_fit();
            kept.push(block);
        }
    }
    kept
}

/// Leads every edge past the blocks that hold nothing but a jump.
fn thread_jumps(blocks: &mut [Block]) {
    let mut ends: Vec<BlockId> = Vec::with_capacity(blocks.len());
    for index in 0..blocks.len() {
        let mut at = BlockId(u32::try_from(index).expect("invariant: fewer blocks than bytes of text"));
        // An endless loop that does nothing leads to itself; any block of it will do.
        for _ in 0..blocks.len() {
            // Later blocks mostly jump back to resolved ones.
            let known = ends.get(at.index()).copied();
            match &blocks[at.index()] {
                Block { ops, terminator: Terminator::Goto(to), .. } if ops.is_empty() => {
                    at = known.unwrap_or(*to);
                }
                _ => break,
            }
            if known.is_some() {
                break;
            }
        }
        ends.push(at);
    }
    for block in blocks {
        for_each_edge(block, |to| *to = ends[to.index()]);
    }
}

/// How many edges lead to each block that can be reached; the first block counts one for being the entry, and the
/// target of an exceptional edge one more, so that it stays a block of its own.
fn count_entries(blocks: &[Block]) -> Vec<u32> {
    let mut entries = vec![0; blocks.len()];
    let mut pending = vec![BlockId::ENTRY];
    entries[0] = 1;
    while let Some(at) = pending.pop() {
        let block = &blocks[at.index()];
        for to in block.terminator.successors() {
            entries[to.index()] += 1;
            if entries[to.index()] == 1 {
                pending.push(to);
            }
        }
        if let Some(unwind) = block.unwind {
            if entries[unwind.index()] == 0 {
                pending.push(unwind);
            }
            entries[unwind.index()] += 2;
        }
    }
    entries
}

/// Appends a block to the only one that leads to it, where nothing tells the two apart.
fn merge_chains(blocks: &mut [Block], entries: &mut [u32]) {
    for index in 0..blocks.len() {
        if entries[index] == 0 {
            continue;
        }
        while let Terminator::Goto(to) = blocks[index].terminator {
            let next = to.index();
            let is_mergeable = next != index
                && next != 0
                && entries[next] == 1
                && blocks[next].unwind == blocks[index].unwind
                && blocks[next].loop_depth == blocks[index].loop_depth;
            if !is_mergeable {
                break;
            }
            entries[next] = 0;
            let taken = &mut blocks[next];
            let ops = std::mem::take(&mut taken.ops);
            let terminator = std::mem::replace(&mut taken.terminator, Terminator::Unreachable);
            let terminator_span = taken.terminator_span;
            let block = &mut blocks[index];
            block.ops.extend(ops);
            block.terminator = terminator;
            block.terminator_span = terminator_span;
        }
    }
}

fn for_each_edge(block: &mut Block, mut change: impl FnMut(&mut BlockId)) {
    block.unwind.iter_mut().for_each(&mut change);
    match &mut block.terminator {
        Terminator::Goto(to) => change(to),
        Terminator::Branch { then, otherwise, .. } => {
            change(then);
            change(otherwise);
        }
        Terminator::Fork(ways) => ways.iter_mut().for_each(change),
        Terminator::Return(_) | Terminator::Throw(_) | Terminator::Resume | Terminator::Unreachable => {}
    }
}
