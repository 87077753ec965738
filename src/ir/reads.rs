//! Whether temporaries are assigned on every path that reads them.

use super::{Block, Function, OpKind, Operand, Place, Property, Root, Rvalue, Temp, Terminator};

/// A temporary that some path reads before it assigns it.
pub(super) fn read_before_assigned(function: &Function) -> Option<Temp> {
    let words = (function.temps as usize).div_ceil(64).max(1);
    // `None`: not reached yet. What is assigned on entry is the intersection over all ways in; an exception may come
    // before anything its block assigns.
    let mut entry: Vec<Option<Vec<u64>>> = vec![None; function.blocks.len()];
    entry[0] = Some(vec![0; words]);
    let mut pending = vec![0];
    while let Some(index) = pending.pop() {
        let block = &function.blocks[index];
        let before = entry[index].clone()?;
        let mut after = before.clone();
        for op in &block.ops {
            match &op.kind {
                OpKind::Assign { target, .. } if target.path.is_empty() => assign(&mut after, &target.root),
                OpKind::Call(call) => assign(&mut after, &Root::Temp(call.result)),
                _ => {}
            }
        }
        let ways = block.terminator.successors().into_iter().map(|to| (to, &after));
        for (to, state) in ways.chain(block.unwind.map(|to| (to, &before))) {
            let slot = &mut entry[to.index()];
            let changed = match slot {
                None => {
                    *slot = Some(state.clone());
                    true
                }
                Some(known) => meet(known, state),
            };
            if changed {
                pending.push(to.index());
            }
        }
    }
    function.blocks.iter().zip(&entry).find_map(|(block, entry)| first_unassigned(block, entry.as_ref()?))
}

fn first_unassigned(block: &Block, entry: &[u64]) -> Option<Temp> {
    let mut assigned = entry.to_vec();
    let mut read = Vec::new();
    for op in &block.ops {
        read.clear();
        match &op.kind {
            OpKind::Assign { target, value } => {
                rvalue(value, &mut read);
                if !target.path.is_empty() {
                    place(target, &mut read);
                }
            }
            OpKind::Call(call) => {
                operand(&call.callee, &mut read);
                call.arguments.iter().for_each(|argument| operand(&argument.value, &mut read));
            }
            OpKind::Dispose { place: at } | OpKind::Delete { place: at } => place(at, &mut read),
            OpKind::Yield { value } => operand(value, &mut read),
        }
        if let Some(missing) = read.iter().find(|temp| !is_assigned(&assigned, **temp)) {
            return Some(*missing);
        }
        match &op.kind {
            OpKind::Assign { target, .. } if target.path.is_empty() => assign(&mut assigned, &target.root),
            OpKind::Call(call) => assign(&mut assigned, &Root::Temp(call.result)),
            _ => {}
        }
    }
    read.clear();
    match &block.terminator {
        Terminator::Branch { condition, .. } => condition.places().for_each(|at| place(at, &mut read)),
        Terminator::Return(Some(value)) | Terminator::Throw(value) => operand(value, &mut read),
        _ => {}
    }
    read.into_iter().find(|temp| !is_assigned(&assigned, *temp))
}

fn rvalue(value: &Rvalue, read: &mut Vec<Temp>) {
    match value {
        Rvalue::Use(value) | Rvalue::Await(value) | Rvalue::ElementOf(value) => operand(value, read),
        Rvalue::Rest(rest) => operand(&rest.of, read),
        Rvalue::Object(properties) => {
            for property in properties {
                match property {
                    Property::Field { value, .. } | Property::Spread(value) => operand(value, read),
                }
            }
        }
        Rvalue::Array(elements) => elements.iter().for_each(|element| operand(&element.value, read)),
        Rvalue::Compute(operands) => operands.iter().for_each(|value| operand(value, read)),
        Rvalue::Caught => {}
    }
}

fn operand(value: &Operand, read: &mut Vec<Temp>) {
    if let Some(at) = value.place() {
        place(at, read);
    }
}

fn place(at: &Place, read: &mut Vec<Temp>) {
    if let Root::Temp(temp) = at.root {
        read.push(temp);
    }
}

fn assign(state: &mut [u64], root: &Root) {
    if let Root::Temp(temp) = root
        && let Some(word) = state.get_mut(temp.0 as usize / 64)
    {
        *word |= 1 << (temp.0 % 64);
    }
}

fn is_assigned(state: &[u64], temp: Temp) -> bool {
    state.get(temp.0 as usize / 64).is_none_or(|word| word & (1 << (temp.0 % 64)) != 0)
}

/// Keeps in `known` what `other` has too; whether that changed it.
fn meet(known: &mut [u64], other: &[u64]) -> bool {
    let mut changed = false;
    for (known, other) in known.iter_mut().zip(other) {
        let kept = *known & other;
        changed |= kept != *known;
        *known = kept;
    }
    changed
}
