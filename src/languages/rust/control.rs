//! Branches and loops.

use crate::ir::{BlockId, Comparison, Condition, Name, Operand, Place, Root, Rvalue, Temp, Terminator};
use crate::source::Span;

use super::drops::{Exit, Target, Way};
use super::expressions::is_dereferenced;
use super::lowering::Lowering;
use super::paths::name_of;
use super::patterns::is_success;
use super::span_of;

impl Lowering<'_> {
    pub(super) fn if_expression(&mut self, branch: &syn::ExprIf) -> Operand {
        let at = span_of(branch);
        let result = self.body.new_temp();
        let (then, otherwise) = (self.body.new_block(), self.body.new_block());
        // What a condition binds is in sight in the branch.
        self.open_scope();
        self.condition(&branch.cond, otherwise);
        self.body.goto(then);
        let before = self.moved.clone();
        self.body.switch_to(then);
        let value = self.block(&branch.then_branch);
        self.assign_result(result, value, at);
        self.close_scope(at);
        let mut ways: Vec<Way> = self.way().into_iter().collect();
        self.moved = before;
        self.body.switch_to(otherwise);
        let value = branch.else_branch.as_ref().map_or(Operand::Nullish, |(_, other)| self.expression(other));
        self.assign_result(result, value, at);
        ways.extend(self.way());
        self.join(ways, at);
        result.into()
    }

    pub(super) fn match_expression(&mut self, matched: &syn::ExprMatch) -> Operand {
        let at = span_of(matched);
        let scrutinee = self.expression(&matched.expr);
        self.moves(&scrutinee);
        let result = self.body.new_temp();
        let before = self.moved.clone();
        let arms: Vec<BlockId> = matched.arms.iter().map(|_| self.body.new_block()).collect();
        self.dispatch(&scrutinee, matched, &arms);
        let mut ways = Vec::new();
        for (index, (arm, entry)) in matched.arms.iter().zip(&arms).enumerate() {
            self.moved.clone_from(&before);
            self.body.switch_to(*entry);
            self.open_scope();
            self.bind(&arm.pat, &scrutinee, None);
            if let syn::Pat::Guard(guarded) = &arm.pat {
                let (guard_holds, next) = (self.body.new_block(), arms.get(index + 1).copied());
                let next = next.unwrap_or_else(|| self.body.new_block());
                self.test(&guarded.guard, guard_holds, next);
                self.body.switch_to(guard_holds);
            }
            let value = self.expression(&arm.body);
            self.moves(&value);
            self.assign_result(result, value, at);
            self.close_scope(span_of(arm));
            ways.extend(self.way());
        }
        self.join(ways, at);
        result.into()
    }

    /// Leaves the block for the arms. Where arms tell a value from none, only some of them have it.
    fn dispatch(&mut self, scrutinee: &Operand, matched: &syn::ExprMatch, arms: &[BlockId]) {
        let at = span_of(&*matched.expr);
        let taken = |wanted: Outcome| -> Vec<BlockId> {
            let outcomes = matched.arms.iter().map(|arm| outcome(&arm.pat)).zip(arms);
            outcomes.filter(|(outcome, _)| outcome.is_none_or(|it| it == wanted)).map(|(_, entry)| *entry).collect()
        };
        let tells = matched.arms.iter().any(|arm| outcome(&arm.pat).is_some());
        let (success, failure) = (taken(Outcome::Success), taken(Outcome::Failure));
        if !tells || success.is_empty() || failure.is_empty() || !matches!(scrutinee, Operand::Place(_)) {
            let mut ways = arms.to_vec();
            // `match self.state { … }`: what is kept says which of the arms is taken.
            while self.is_state(scrutinee, Some(&matched.expr)) && ways.len() > 1 {
                let rest = self.body.new_block();
                let condition = Condition::InstanceOf { value: scrutinee.clone(), class: Operand::Opaque };
                self.body.branch(condition, ways.remove(0), rest, at);
                self.body.switch_to(rest);
            }
            // No arms: the value cannot be.
            let terminator = if ways.is_empty() { Terminator::Unreachable } else { Terminator::Fork(ways) };
            self.body.terminate(terminator, at);
            return;
        }
        let (there, missing) = (self.body.new_block(), self.body.new_block());
        self.body.branch(Condition::Truthy(scrutinee.clone()), there, missing, at);
        for (block, ways) in [(there, success), (missing, failure)] {
            self.body.switch_to(block);
            self.body.terminate(Terminator::Fork(ways), at);
        }
    }

    pub(super) fn loop_expression(&mut self, body: &syn::Block, label: Option<&syn::Label>, at: Span) -> Operand {
        self.looping(
            label,
            at,
            |_, _| {},
            |lowering| {
                lowering.block(body);
            },
        )
    }

    /// Goes on where all of a condition holds, with what its patterns bind, and to `otherwise` where a part of it does not.
    fn condition(&mut self, condition: &syn::Expr, otherwise: BlockId) {
        let mut tests = Vec::new();
        conjuncts(condition, &mut tests);
        for test in tests {
            let next = self.body.new_block();
            self.test(test, next, otherwise);
            self.body.switch_to(next);
            if let syn::Expr::Let(binding) = test {
                self.bind_matched(&binding.pat);
            }
        }
    }

    pub(super) fn while_expression(&mut self, repeated: &syn::ExprWhile) -> Operand {
        let at = span_of(repeated);
        let test = |lowering: &mut Self, after: BlockId| lowering.condition(&repeated.cond, after);
        self.looping(repeated.label.as_ref(), at, test, |lowering| {
            lowering.block(&repeated.body);
        })
    }

    pub(super) fn for_expression(&mut self, repeated: &syn::ExprForLoop) -> Operand {
        let at = span_of(repeated);
        let items = self.expression(&repeated.expr);
        self.moves(&items);
        let more = |lowering: &mut Self, after: BlockId| {
            let next = lowering.body.new_block();
            lowering.body.terminate(Terminator::Fork(vec![next, after]), span_of(&*repeated.expr));
            lowering.body.switch_to(next);
        };
        self.looping(repeated.label.as_ref(), at, more, |lowering| {
            let element = lowering.body.temp_of(Rvalue::ElementOf(items.clone()), span_of(&*repeated.pat));
            lowering.bind(&repeated.pat, &element.into(), None);
            lowering.block(&repeated.body);
        })
    }

    /// A loop: `head` may leave it for the block it is given, then comes the body, then the head again.
    fn looping(
        &mut self,
        label: Option<&syn::Label>,
        at: Span,
        head: impl FnOnce(&mut Self, BlockId),
        body: impl FnOnce(&mut Self),
    ) -> Operand {
        let value = self.body.temp_of(Rvalue::Use(Operand::Nullish), at);
        let (entry, after) = (self.body.new_block(), self.body.new_block());
        let depth = self.body.loop_depth();
        self.body.goto(entry);
        self.body.prepare(self.body.unwind(), depth + 1);
        self.body.switch_to(entry);
        self.body.exits.push(Exit::Target(Target {
            label: label.map(|label| name_of(&label.name.ident)),
            is_loop: true,
            break_to: after,
            continue_to: entry,
            value,
        }));
        let before = self.moved.clone();
        self.open_scope();
        head(self, after);
        body(self);
        self.close_scope(at);
        self.body.goto(entry);
        self.body.exits.pop();
        self.moved.extend(before);
        self.body.prepare(self.body.unwind(), depth);
        self.body.switch_to(after);
        value.into()
    }

    pub(super) fn labelled_block(&mut self, block: &syn::Block, label: &syn::Label, at: Span) -> Operand {
        let value = self.body.new_temp();
        let after = self.body.new_block();
        self.body.exits.push(Exit::Target(Target {
            label: Some(name_of(&label.name.ident)),
            is_loop: false,
            break_to: after,
            continue_to: after,
            value,
        }));
        let result = self.block(block);
        self.assign_result(value, result, at);
        self.body.exits.pop();
        self.body.goto(after);
        self.body.switch_to(after);
        value.into()
    }

    pub(super) fn break_expression(&mut self, label: Option<&syn::Lifetime>, value: Option<Operand>, at: Span) {
        let label: Option<Name> = label.map(|label| name_of(&label.ident));
        let found = self.body.exits.iter().enumerate().rev().find_map(|(depth, exit)| match exit {
            Exit::Target(target) if label.as_ref().map_or(target.is_loop, |it| target.label.as_ref() == Some(it)) => {
                Some((depth, target.break_to, target.value))
            }
            _ => None,
        });
        if let Some((depth, to, result)) = found {
            if let Some(value) = value {
                self.moves(&value);
                self.body.assign(Place::temp(result), Rvalue::Use(value), at);
            }
            self.drop_down_to(depth, at);
            self.body.goto(to);
        }
        self.body.start_dead();
    }

    pub(super) fn continue_expression(&mut self, label: Option<&syn::Lifetime>, at: Span) {
        let label: Option<Name> = label.map(|label| name_of(&label.ident));
        let found = self.body.exits.iter().enumerate().rev().find_map(|(depth, exit)| match exit {
            Exit::Target(target)
                if target.is_loop && label.as_ref().is_none_or(|it| target.label.as_ref() == Some(it)) =>
            {
                Some((depth, target.continue_to))
            }
            _ => None,
        });
        if let Some((depth, to)) = found {
            self.drop_down_to(depth, at);
            self.body.goto(to);
        }
        self.body.start_dead();
    }

    /// Leaves the block for `then` or `otherwise`. What a `let` matched is bound from the temporary it was put in.
    fn test(&mut self, condition: &syn::Expr, then: BlockId, otherwise: BlockId) {
        let at = span_of(condition);
        match condition {
            syn::Expr::Paren(inner) => self.test(&inner.expr, then, otherwise),
            syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Not(_), expr, .. }) => self.test(expr, otherwise, then),
            syn::Expr::Binary(binary) if matches!(binary.op, syn::BinOp::Or(_)) => {
                let next = self.body.new_block();
                self.test(&binary.left, then, next);
                self.body.switch_to(next);
                self.test(&binary.right, then, otherwise);
            }
            syn::Expr::Binary(binary) => {
                let left = self.expression(&binary.left);
                let right = self.expression(&binary.right);
                let condition = match comparison(&binary.op) {
                    Some((comparison, false)) => Condition::Compare { comparison, left, right },
                    Some((comparison, true)) => {
                        let condition = Condition::Compare { comparison, left, right };
                        self.body.branch(condition, otherwise, then, at);
                        return;
                    }
                    None => Condition::Opaque,
                };
                self.body.branch(condition, then, otherwise, at);
            }
            syn::Expr::Let(binding) => {
                let value = self.expression(&binding.expr);
                self.matched = Some(value.clone());
                let condition = self.is_matched(&binding.pat, value, Some(&binding.expr));
                self.body.branch(condition, then, otherwise, at);
            }
            other => {
                let value = self.expression(other);
                self.body.branch(Condition::Truthy(value), then, otherwise, at);
            }
        }
    }

    /// `Some(x) = value`: there is one on the way on, and none on the other.
    pub(super) fn is_matched(&self, pattern: &syn::Pat, value: Operand, matched: Option<&syn::Expr>) -> Condition {
        match pattern {
            syn::Pat::TupleStruct(variant) if is_success(&variant.path) => Condition::Truthy(value),
            // `while let Err(error) = connect()`: on the way on there is none.
            pattern if outcome(pattern) == Some(Outcome::Failure) => {
                Condition::Compare { comparison: Comparison::Equal, left: value, right: Operand::Nullish }
            }
            _ if self.is_state(&value, matched) => Condition::InstanceOf { value, class: Operand::Opaque },
            _ => Condition::Opaque,
        }
    }

    /// Whether a value is kept in something, as the state of a machine is: in a field, or behind a lock.
    fn is_state(&self, value: &Operand, written: Option<&syn::Expr>) -> bool {
        value.place().is_some_and(|place| match place.root {
            Root::Temp(_) => false,
            Root::Variable(id) => {
                !place.path.is_empty() || self.referents.contains_key(&id) || written.is_some_and(is_dereferenced)
            }
            Root::This | Root::Global(_) => !place.path.is_empty(),
        })
    }

    fn bind_matched(&mut self, pattern: &syn::Pat) {
        let value = self.matched.take().unwrap_or(Operand::Opaque);
        self.moves(&value);
        self.bind(pattern, &value, None);
    }

    fn assign_result(&mut self, result: Temp, value: Operand, at: Span) {
        self.body.assign(Place::temp(result), Rvalue::Use(value), at);
    }

    /// The way that ends here, if control gets here.
    pub(super) fn way(&self) -> Option<Way> {
        (!self.body.is_dead()).then(|| Way { end: self.body.current(), moved: self.moved.clone() })
    }
}

/// What a pattern says of an `Option`, a `Result`, or the entry of a map.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Success,
    Failure,
}

fn outcome(pattern: &syn::Pat) -> Option<Outcome> {
    let of_path = |path: &syn::Path| {
        let is = |names: &[&str]| path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name));
        let is_failure = is(&["Err", "None", "Vacant"]);
        if is_success(path) || is(&["Occupied"]) {
            Some(Outcome::Success)
        } else {
            is_failure.then_some(Outcome::Failure)
        }
    };
    match pattern {
        syn::Pat::TupleStruct(variant) => of_path(&variant.path),
        syn::Pat::Path(path) => of_path(&path.path),
        // `None` without parentheses reads as a name.
        syn::Pat::Ident(name) => (name.ident == "None").then_some(Outcome::Failure),
        syn::Pat::Guard(guarded) => outcome(&guarded.pat),
        syn::Pat::Reference(inner) => outcome(&inner.pat),
        syn::Pat::Paren(inner) => outcome(&inner.pat),
        _ => None,
    }
}

/// The parts of `a && let Some(b) = c && d`, in order.
fn conjuncts<'e>(condition: &'e syn::Expr, parts: &mut Vec<&'e syn::Expr>) {
    match condition {
        syn::Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
            conjuncts(&binary.left, parts);
            conjuncts(&binary.right, parts);
        }
        other => parts.push(other),
    }
}

/// The comparison, and whether it is negated.
fn comparison(op: &syn::BinOp) -> Option<(Comparison, bool)> {
    Some(match op {
        syn::BinOp::Eq(_) => (Comparison::Equal, false),
        syn::BinOp::Ne(_) => (Comparison::Equal, true),
        syn::BinOp::Lt(_) => (Comparison::Less, false),
        syn::BinOp::Le(_) => (Comparison::LessOrEqual, false),
        syn::BinOp::Gt(_) => (Comparison::Greater, false),
        syn::BinOp::Ge(_) => (Comparison::GreaterOrEqual, false),
        _ => return None,
    })
}
