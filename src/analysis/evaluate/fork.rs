//! Forks: what an evaluator knows at one time, for another thread to continue from.
//!
//! An answer may depend on what was asked before it: a question that waits for itself is cut off there, and what a
//! place holds is kept in the order found. So threads share what was known before the fork and nothing after it. The
//! result does not depend on which of them was faster, and the places to fork are fixed in the code.

use std::cell::RefCell;

use rustc_hash::FxHashSet;

use crate::analysis::value::Interner;
use crate::catalogue::Catalogue;
use crate::linking::{FunctionRef, Program};

use super::memory::Remembered;
use super::{Answers, Evaluator};

/// What an evaluator knows at one time.
pub struct Fork<'p> {
    program: &'p Program,
    catalogue: &'p Catalogue,
    interner: Interner,
    memory: Remembered<'p>,
    memoised: FxHashSet<FunctionRef>,
}

impl<'p> Fork<'p> {
    /// Nothing is known yet.
    pub(super) fn at_first(program: &'p Program, catalogue: &'p Catalogue) -> Self {
        let memory = Remembered::nothing(program);
        Self { program, catalogue, interner: Interner::default(), memory, memoised: FxHashSet::default() }
    }

    /// Goes on, with answers that are kept in `answers`.
    #[must_use]
    pub fn open(self, answers: &'p Answers) -> Evaluator<'p> {
        Evaluator {
            program: self.program,
            catalogue: self.catalogue,
            interner: RefCell::new(self.interner),
            memory: self.memory.open(answers),
            facts: RefCell::default(),
            memoised: RefCell::new(self.memoised),
        }
    }
}

impl<'p> Evaluator<'p> {
    /// What is known now, for another thread to go on from.
    #[must_use]
    pub fn fork(&self) -> Fork<'p> {
        Fork {
            program: self.program,
            catalogue: self.catalogue,
            interner: self.interner.borrow().clone(),
            memory: self.memory.fork(),
            memoised: self.memoised.borrow().clone(),
        }
    }

    /// Does `here` with this evaluator while `there` goes on from what it knows now, on another thread where one is free.
    pub fn beside<H, T: Send>(
        &self,
        here: impl FnOnce() -> H,
        there: impl FnOnce(&Evaluator<'_>) -> T + Send,
    ) -> (H, T) {
        let fork = self.fork();
        on_two_threads(here, move || {
            let answers = Answers::default();
            let found = there(&fork.open(&answers));
            answers.discard();
            found
        })
    }
}

/// Does `here` where it is called and `there` on another thread where one is free, and otherwise after it.
pub fn on_two_threads<H, T: Send>(here: impl FnOnce() -> H, there: impl FnOnce() -> T + Send) -> (H, T) {
    let mut found = None;
    let done = rayon::in_place_scope(|scope| {
        scope.spawn(|_| found = Some(there()));
        here()
    });
    (done, found.expect("invariant: a scope ends when all in it has"))
}
