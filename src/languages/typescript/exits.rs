//! Ways out: `return`, `break`, `continue`, exceptions, and the clean-up they run on the way.
//!
//! A `finally` is written out once for each way of leaving its `try`. Past [`MAX_COPIES`] the remaining ways share one
//! copy that forks to all their continuations.

use oxc_ast::ast;
use smallvec::SmallVec;

use crate::ir::{BlockId, OpKind, Operand, Place, Rvalue, Temp, Terminator};
use crate::source::Span;

use super::lowering::Lowering;

/// This many copies of one are enough to tell the ways apart. A `finally` inside another is copied with it, so it gets
/// a quarter of that, and deeper ones a single copy: copies must not multiply.
const MAX_COPIES: u8 = 16;

/// A scope that a jump may leave.
pub(super) enum Exit<'a> {
    /// A loop, a `switch` or a labelled statement.
    Target(Target<'a>),
    /// Code that runs whichever way the scope is left.
    Cleanup(Scope<'a>),
    /// A callback written into this graph: its `return` goes to `join`.
    Inline(Inline),
}

pub(super) struct Target<'a> {
    pub(super) labels: SmallVec<[&'a str; 1]>,
    /// Whether `break` without a label means this.
    pub(super) is_plain: bool,
    pub(super) break_to: BlockId,
    pub(super) continue_to: Option<BlockId>,
}

pub(super) struct Scope<'a> {
    action: Cleanup<'a>,
    exceptional: BlockId,
    /// What is in force around the scope, and so while the clean-up runs.
    unwind: Option<BlockId>,
    loop_depth: u16,
    /// Where in the text the clean-up stands: the key of its copies.
    key: u32,
    shared: Option<Shared>,
}

/// The copy of a clean-up that several ways share.
#[derive(Clone, Copy)]
struct Shared {
    entry: BlockId,
    /// Its end, which forks to what each way goes on with.
    fork: BlockId,
    /// What the ways that return a value return: each way in assigns it.
    value: Temp,
}

#[derive(Clone, Copy)]
pub(super) struct Inline {
    pub(super) join: BlockId,
    /// Where the value goes, when anybody wants it.
    pub(super) result: Option<Temp>,
    /// Whether the callback's value is awaited: it is async, or part of a promise chain.
    pub(super) settles: bool,
}

/// What runs when a scope is left.
#[derive(Clone)]
pub(super) enum Cleanup<'a> {
    Block(&'a ast::BlockStatement<'a>),
    /// `using`.
    Dispose(Place, Span),
    /// `.finally(() => …)`.
    Callback(super::inlining::Callback<'a>),
    /// `.finally(release)`.
    Call(Operand, Span),
}

impl<'a> Lowering<'a> {
    /// Opens a scope whose end, however it comes, runs `action`. Pair with [`Self::close_cleanup`].
    pub(super) fn open_cleanup(&mut self, action: Cleanup<'a>, key: u32) {
        let (unwind, loop_depth) = (self.body.unwind(), self.body.loop_depth());
        let exceptional = self.body.new_block();
        self.body.exits.push(Exit::Cleanup(Scope { action, exceptional, unwind, loop_depth, key, shared: None }));
        self.body.set_unwind(Some(exceptional));
    }

    /// Ends the innermost scope: clean-up for falling out of it, and for an exception.
    pub(super) fn close_cleanup(&mut self) {
        let Some(Exit::Cleanup(mut scope)) = self.body.exits.pop() else { return };
        let after = self.body.new_block();
        if self.body.is_dead() {
            self.body.prepare(scope.unwind, scope.loop_depth);
        } else {
            self.run_cleanup(&mut scope, &mut None);
            self.body.goto(after);
        }
        self.body.switch_to(scope.exceptional);
        self.run_cleanup(&mut scope, &mut None);
        self.body.terminate(Terminator::Resume, Span::default());
        self.body.switch_to(after);
    }

    /// Leaves every scope from depth `keep` up, running what they ask for; `finish` then ends the block, with the value
    /// that was taken along. What follows in the text is dead.
    pub(super) fn leave(
        &mut self,
        keep: usize,
        mut value: Option<Operand>,
        finish: impl FnOnce(&mut Self, Option<Operand>),
    ) {
        let (unwind, loop_depth) = (self.body.unwind(), self.body.loop_depth());
        let mut crossed = Vec::new();
        while self.body.exits.len() > keep
            && let Some(mut exit) = self.body.exits.pop()
        {
            if let Exit::Cleanup(scope) = &mut exit
                && !self.body.is_dead()
            {
                self.run_cleanup(scope, &mut value);
            }
            crossed.push(exit);
        }
        finish(self, value);
        self.body.exits.extend(crossed.into_iter().rev());
        self.body.prepare(unwind, loop_depth);
        self.body.start_dead();
    }

    /// Whether leaving down to depth `keep` runs any clean-up.
    pub(super) fn crosses_cleanup(&self, keep: usize) -> bool {
        self.body.exits[keep..].iter().any(|exit| matches!(exit, Exit::Cleanup(_)))
    }

    /// The innermost callback written into this graph, with its depth.
    pub(super) fn enclosing_inline(&self) -> Option<(usize, Inline)> {
        self.body.exits.iter().enumerate().rev().find_map(|(depth, exit)| match exit {
            Exit::Inline(inline) => Some((depth, *inline)),
            _ => None,
        })
    }

    pub(super) fn break_statement(&mut self, label: Option<&str>) {
        self.jump(|target| match label {
            Some(label) => target.labels.contains(&label).then_some(target.break_to),
            None => target.is_plain.then_some(target.break_to),
        });
    }

    pub(super) fn continue_statement(&mut self, label: Option<&str>) {
        self.jump(|target| match label {
            Some(label) if !target.labels.contains(&label) => None,
            _ => target.continue_to,
        });
    }

    fn jump(&mut self, wanted: impl Fn(&Target<'a>) -> Option<BlockId>) {
        let mut found = None;
        for (depth, exit) in self.body.exits.iter().enumerate().rev() {
            match exit {
                Exit::Target(target) => {
                    if let Some(to) = wanted(target) {
                        found = Some((depth, to));
                        break;
                    }
                }
                Exit::Inline(_) => break,
                Exit::Cleanup(_) => {}
            }
        }
        match found {
            Some((depth, to)) => self.leave(depth + 1, None, |lowering, _| lowering.body.goto(to)),
            // A jump to nowhere is a syntax error that the parser tolerates.
            None => self.body.start_dead(),
        }
    }

    /// Writes the clean-up here. A value on its way out goes through it.
    fn run_cleanup(&mut self, scope: &mut Scope<'a>, value: &mut Option<Operand>) {
        self.body.set_unwind(scope.unwind);
        self.body.set_loop_depth(scope.loop_depth);
        let copies = self.body.copies.entry(scope.key).or_default();
        if *copies < MAX_COPIES >> (2 * self.body.cleanups).min(4) {
            *copies += 1;
            self.cleanup(&scope.action);
            return;
        }
        let onward = self.body.new_block();
        let carried = value.clone().unwrap_or(Operand::Nullish);
        let shared = if let Some(shared) = scope.shared {
            self.body.assign(Place::temp(shared.value), Rvalue::Use(carried), Span::default());
            self.body.goto(shared.entry);
            self.body.add_way(shared.fork, onward);
            shared
        } else {
            let entry = self.body.new_block();
            let shared_value = self.body.temp_of(Rvalue::Use(carried), Span::default());
            self.body.goto(entry);
            self.body.switch_to(entry);
            self.cleanup(&scope.action);
            self.body.terminate(Terminator::Fork(vec![onward]), Span::default());
            *scope.shared.insert(Shared { entry, fork: self.body.current(), value: shared_value })
        };
        if let Some(value) = value {
            *value = shared.value.into();
        }
        self.body.switch_to(onward);
    }

    fn cleanup(&mut self, action: &Cleanup<'a>) {
        self.body.cleanups += 1;
        match action {
            Cleanup::Block(block) => self.block(&block.body),
            Cleanup::Dispose(place, span) => self.body.push(OpKind::Dispose { place: place.clone() }, *span),
            Cleanup::Callback(callback) => {
                self.inline(*callback, &[], super::inlining::Wanted::Nothing);
            }
            Cleanup::Call(callee, span) => {
                self.plain_call(callee.clone(), Vec::new(), true, *span, *span);
            }
        }
        self.body.cleanups -= 1;
    }

    /// An operand that keeps its value while clean-up code runs.
    pub(super) fn snapshot(&mut self, value: Operand, span: Span) -> Operand {
        match &value {
            Operand::Place(place) if !self.is_settled_place(place) => {
                self.body.temp_of(Rvalue::Use(value), span).into()
            }
            _ => value,
        }
    }

    fn is_settled_place(&self, place: &Place) -> bool {
        use crate::ir::Root;
        place.path.is_empty()
            && match place.root {
                Root::Temp(_) | Root::This => true,
                Root::Variable(id) => self.variables[id.0 as usize].is_constant,
                Root::Global(_) => false,
            }
    }
}
