//! Items: what a function does with an item until the next one comes.

use rustc_hash::FxHashSet;

use crate::ir::{BlockId, Edges, Function, Op, OpKind, Operand, Place, Root, Rvalue, Temp};

/// The operations that may run between one item and the next.
pub(super) struct Items<'b> {
    body: &'b Function,
    block: BlockId,
    index: usize,
    /// The blocks in which the item is taken up.
    starts: Vec<BlockId>,
}

impl<'b> Items<'b> {
    /// The items of the operation `index` of `block`, if its result is a value.
    pub(super) fn of(body: &'b Function, block: BlockId, index: usize) -> Option<Self> {
        let mut given = result(&body.block(block).ops[index])?;
        let mut index = index;
        // `timeout(limit, receiver.recv())`: the item is the result of the call around it.
        while let Some(around) = passed_on(body, block, index, given) {
            index = around;
            given = result(&body.block(block).ops[index])?;
        }
        let reads = |id: BlockId| {
            let content = body.block(id);
            let is_it = |place: &Place| place.root == Root::Temp(given);
            content
                .ops
                .iter()
                .enumerate()
                .any(|(at, op)| (id != block || at > index) && op.places().into_iter().any(is_it))
                || content.terminator.operands().iter().any(|operand| id != block && operand.place().is_some_and(is_it))
        };
        let starts: Vec<BlockId> = body.blocks().map(|(id, _)| id).filter(|id| reads(*id)).collect();
        Some(Self { body, block, index, starts })
    }

    /// Whether an operation may run before the next item is asked for.
    pub(super) fn has(&self, block: BlockId, index: usize) -> bool {
        if block == self.block {
            return index > self.index && self.starts.contains(&block);
        }
        self.starts.iter().any(|start| {
            *start == block
                || *start != self.block && self.body.reaches(*start, block, self.block, Edges::Normal)
                || *start == self.block
                    && self
                        .body
                        .block(*start)
                        .terminator
                        .successors()
                        .into_iter()
                        .any(|next| next == block || self.body.reaches(next, block, self.block, Edges::Normal))
        })
    }

    /// The variables and temporaries that hold something made of the item, or of what it was read into.
    pub(super) fn made_of(&self) -> FxHashSet<Root> {
        let op = &self.body.block(self.block).ops[self.index];
        let mut held: FxHashSet<Root> = result(op).map(Root::Temp).into_iter().collect();
        let buffers = op.call().into_iter().flat_map(|call| &call.arguments).filter_map(|it| it.value.place());
        held.extend(buffers.map(|place| place.root.clone()).filter(is_local));
        loop {
            let before = held.len();
            for (_, _, op) in self.body.ops() {
                let is_held = |operand: &Operand| operand.place().is_some_and(|place| held.contains(&place.root));
                match &op.kind {
                    OpKind::Assign { target, value } if value.operands().into_iter().any(is_held) => {
                        held.extend(Some(target.root.clone()).filter(is_local));
                    }
                    OpKind::Call(call) => {
                        let is_given = call.arguments.iter().any(|argument| is_held(&argument.value));
                        if is_given || is_held(&call.callee) {
                            held.insert(Root::Temp(call.result));
                        }
                        // `batch.push(item)`
                        if is_given && let Some((receiver, _)) = call.receiver() {
                            held.extend(Some(receiver.root).filter(is_local));
                        }
                    }
                    _ => {}
                }
            }
            if held.len() == before {
                return held;
            }
        }
    }

    /// Whether the function gives the item to its caller.
    pub(super) fn are_returned(&self) -> bool {
        use crate::ir::Terminator;
        let given = result(&self.body.block(self.block).ops[self.index]);
        let mut held: Vec<Root> = given.map(Root::Temp).into_iter().collect();
        let mut at = 0;
        while at < held.len() {
            for (_, _, op) in self.body.ops() {
                if let OpKind::Assign {
                    target,
                    value: Rvalue::Use(Operand::Place(from)) | Rvalue::Await(Operand::Place(from)),
                } = &op.kind
                    && from.root == held[at]
                    && target.path.is_empty()
                    && !held.contains(&target.root)
                {
                    held.push(target.root.clone());
                }
            }
            at += 1;
        }
        self.body.blocks().any(|(_, block)| match &block.terminator {
            Terminator::Return(Some(Operand::Place(place))) => held.contains(&place.root),
            _ => false,
        })
    }
}

fn is_local(root: &Root) -> bool {
    matches!(root, Root::Variable(_) | Root::Temp(_))
}

fn result(op: &Op) -> Option<Temp> {
    match &op.kind {
        OpKind::Call(call) => Some(call.result),
        OpKind::Assign { target: Place { root: Root::Temp(temp), .. }, .. } => Some(*temp),
        _ => None,
    }
}

/// The call of the same block whose argument is the result of another, if nothing else reads that.
fn passed_on(body: &Function, block: BlockId, index: usize, given: Temp) -> Option<usize> {
    let later = body.block(block).ops.iter().enumerate().skip(index + 1);
    later.take(4).find_map(|(at, op)| {
        let call = op.call()?;
        let is_given = call.arguments.iter().any(|it| it.value.place().is_some_and(|it| *it == Place::temp(given)));
        (is_given && call.suspends).then_some(at)
    })
}
