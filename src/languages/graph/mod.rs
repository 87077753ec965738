//! The function under construction: blocks, temporaries and the exceptional edge in force.
//!
//! Takes operations and jumps in the order a front end meets them; gives the blocks that control can reach, simplified.
//! Every front end writes its graphs here. Never looks at a syntax tree: what a scope has to do when it is left is the
//! front end's own type, kept in [`Body::exits`].

mod simplify;

use crate::ir::{Block, BlockId, Condition, FunctionId, Op, OpKind, Operand, Place, Rvalue, Temp, Terminator};
use crate::source::Span;

/// One function's graph while its body is being walked.
///
/// A block is *live* once a live block leads to it. Edges are drawn before their targets are entered (back edges
/// aside), so liveness is exact, and what nothing leads to is dropped when the function is finished.
pub(super) struct Body<Exit> {
    pub(super) id: FunctionId,
    /// The scopes that jumps cross, outermost first.
    pub(super) exits: Vec<Exit>,
    /// How many times each `finally` of this function was written out, by where it stands.
    pub(super) copies: rustc_hash::FxHashMap<u32, u8>,
    /// How many clean-ups we are inside of.
    pub(super) cleanups: u32,
    blocks: Vec<Block>,
    live: Vec<bool>,
    current: BlockId,
    temps: u32,
    unwind: Option<BlockId>,
    loop_depth: u16,
}

impl<Exit> Body<Exit> {
    pub(super) fn new(id: FunctionId) -> Self {
        let mut body = Self {
            id,
            exits: Vec::new(),
            copies: rustc_hash::FxHashMap::default(),
            cleanups: 0,
            blocks: Vec::new(),
            live: Vec::new(),
            current: BlockId::ENTRY,
            temps: 0,
            unwind: None,
            loop_depth: 0,
        };
        body.new_block();
        body.live[0] = true;
        body
    }

    pub(super) fn new_temp(&mut self) -> Temp {
        let temp = Temp(self.temps);
        self.temps += 1;
        temp
    }

    pub(super) fn new_block(&mut self) -> BlockId {
        let id = BlockId(u32::try_from(self.blocks.len()).expect("invariant: fewer blocks than bytes of text"));
        self.blocks.push(Block {
            ops: Vec::new(),
            terminator: Terminator::Unreachable,
            terminator_span: Span::default(),
            unwind: None,
            loop_depth: 0,
        });
        self.live.push(false);
        id
    }

    /// Goes on writing in `block`, under the exceptional edge and loop depth in force.
    pub(super) fn switch_to(&mut self, block: BlockId) {
        self.current = block;
        let entered = &mut self.blocks[block.index()];
        entered.unwind = self.unwind;
        entered.loop_depth = self.loop_depth;
        self.reach_unwind();
    }

    /// Whether anything leads to where we are.
    pub(super) fn is_dead(&self) -> bool {
        !self.live[self.current.index()]
    }

    pub(super) fn unwind(&self) -> Option<BlockId> {
        self.unwind
    }

    pub(super) fn loop_depth(&self) -> u16 {
        self.loop_depth
    }

    /// From here on exceptions go to `unwind`.
    pub(super) fn set_unwind(&mut self, unwind: Option<BlockId>) {
        if self.unwind != unwind {
            self.unwind = unwind;
            self.split();
        }
    }

    /// From here on this many loops are around us. Takes effect with the next block when `self` is about to switch.
    pub(super) fn set_loop_depth(&mut self, depth: u16) {
        if self.loop_depth != depth {
            self.loop_depth = depth;
            self.split();
        }
    }

    /// Changes edge and depth for the blocks entered from now on, leaving the current one as it is.
    pub(super) fn prepare(&mut self, unwind: Option<BlockId>, loop_depth: u16) {
        self.unwind = unwind;
        self.loop_depth = loop_depth;
    }

    pub(super) fn push(&mut self, kind: OpKind, span: Span) {
        self.blocks[self.current.index()].ops.push(Op { kind, span });
    }

    pub(super) fn assign(&mut self, target: Place, value: Rvalue, span: Span) {
        self.push(OpKind::Assign { target, value }, span);
    }

    /// A new temporary that holds `value`.
    pub(super) fn temp_of(&mut self, value: Rvalue, span: Span) -> Temp {
        let temp = self.new_temp();
        self.assign(Place::temp(temp), value, span);
        temp
    }

    pub(super) fn terminate(&mut self, terminator: Terminator, span: Span) {
        if !self.is_dead() {
            for to in terminator.successors() {
                self.live[to.index()] = true;
            }
        }
        let block = &mut self.blocks[self.current.index()];
        block.terminator = terminator;
        block.terminator_span = span;
    }

    pub(super) fn goto(&mut self, to: BlockId) {
        self.terminate(Terminator::Goto(to), Span::default());
    }

    pub(super) fn branch(&mut self, condition: Condition, then: BlockId, otherwise: BlockId, span: Span) {
        self.terminate(Terminator::Branch { condition, then, otherwise }, span);
    }

    pub(super) fn return_(&mut self, value: Option<Operand>, span: Span) {
        self.terminate(Terminator::Return(value), span);
        self.start_dead();
    }

    /// Goes on in a block that nothing leads to: what follows a `return` or `throw`.
    pub(super) fn start_dead(&mut self) {
        let block = self.new_block();
        self.switch_to(block);
    }

    pub(super) fn current(&self) -> BlockId {
        self.current
    }

    /// Adds one more way on to a block that ends in a fork.
    pub(super) fn add_way(&mut self, fork: BlockId, to: BlockId) {
        if let Terminator::Fork(ways) = &mut self.blocks[fork.index()].terminator {
            ways.push(to);
        }
        self.live[to.index()] |= self.live[fork.index()];
    }

    /// The blocks control can reach, simplified and renumbered, and the number of temporaries.
    pub(super) fn finish(self) -> (Vec<Block>, u32) {
        (simplify::simplify(self.blocks), self.temps)
    }

    fn split(&mut self) {
        if self.blocks[self.current.index()].ops.is_empty() {
            let current = self.current;
            self.switch_to(current);
        } else {
            let block = self.new_block();
            self.goto(block);
            self.switch_to(block);
        }
    }

    fn reach_unwind(&mut self) {
        if let Some(unwind) = self.unwind
            && !self.is_dead()
        {
            self.live[unwind.index()] = true;
        }
    }
}
