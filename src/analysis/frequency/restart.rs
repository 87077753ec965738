//! Restarts: `await Database.close(); …; await Database.connect();`.
//!
//! What a function starts after it has ended the previous one takes its place: however often the function runs, there
//! is one.

use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::facts::is_teardown;
use crate::ir::{BlockId, Edges, FunctionKind, OpKind};
use crate::linking::{ClassRef, FunctionRef, OpRef};

use super::memo::{Lifetime, Memo};

pub(super) type Ends = SmallVec<[(OpRef, ClassRef); 1]>;

/// The calls of a function that, by the names of the methods, end something, with the class of each.
pub(super) fn ends(evaluator: &Evaluator<'_>, function: FunctionRef) -> Ends {
    let mut ends = Ends::new();
    for (block, index, op) in evaluator.program.function(function).ops() {
        let OpKind::Call(call) = &op.kind else { continue };
        if call.has_receiver() && call.method_name().is_some_and(is_teardown) {
            let at = function.op(block, index);
            ends.extend(called_classes(evaluator, at).into_iter().map(|class| (at, class)));
        }
    }
    ends
}

/// A call of a method of a class that an earlier call of the function ended, as what is kept for the process.
pub(super) fn of_call(evaluator: &Evaluator<'_>, ends: &[(OpRef, ClassRef)], at: OpRef) -> Option<Memo> {
    if ends.is_empty() {
        return None;
    }
    let call = evaluator.program.op(at).call()?;
    let (receiver, _) = call.receiver()?;
    let body = evaluator.program.function(at.function);
    let classes = called_classes(evaluator, at);
    // Whatever way leads to the start passes the end: a loop that ends what it started is another matter.
    let is_earlier = |end: &OpRef| {
        if end.block == at.block {
            end.index < at.index
        } else {
            !body.reaches(BlockId::ENTRY, at.block, end.block, Edges::All)
        }
    };
    let is_same = |end: &OpRef| {
        let ended = evaluator.program.op(*end).call().and_then(crate::ir::Call::receiver);
        ended.is_some_and(|(ended, _)| ended == receiver)
    };
    ends.iter()
        .any(|(end, class)| *end != at && classes.contains(class) && is_earlier(end) && is_same(end))
        .then_some(Memo { lifetime: Lifetime::Process, slot: receiver, keyed: false })
}

fn called_classes(evaluator: &Evaluator<'_>, at: OpRef) -> SmallVec<[ClassRef; 1]> {
    let callee = evaluator.callee(at);
    let methods = callee.functions().filter_map(|(function, _)| {
        let FunctionKind::Method { class, .. } = evaluator.program.function(function).kind else { return None };
        Some(function.class(class))
    });
    methods.collect()
}
