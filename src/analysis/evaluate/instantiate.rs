//! A callee's values as its caller sees them: parameters become arguments, and what the callee acquired and returned
//! becomes the caller's.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::linking::{FunctionRef, OpRef};

use super::super::value::{Acquisition, AcquisitionId, ContextId, How, Value, Values};
use super::{CallTarget, Evaluator};

impl Evaluator<'_> {
    /// `values` of `callee`, as its caller sees them after the call at `call`.
    #[must_use]
    pub fn instantiate(&self, values: &Values, call: OpRef, callee: FunctionRef) -> Values {
        let mut seen = Values::none(values.open);
        for value in values {
            self.instantiate_one(value, call, callee, &mut seen);
        }
        seen
    }

    fn instantiate_one(&self, value: &Value, call: OpRef, callee: FunctionRef, seen: &mut Values) {
        match value {
            Value::Resource(id) => seen.add(Value::Resource(self.received(*id, call, callee))),
            Value::View { of, view } => seen.add(Value::View { of: self.received(*of, call, callee), view: *view }),
            Value::Method { of, name } => {
                seen.add(Value::Method { of: self.received(*of, call, callee), name: name.clone() });
            }
            Value::Part { of, lasts } => {
                seen.add(Value::Part { of: self.received(*of, call, callee), lasts: *lasts });
            }
            Value::Function { function, context }
                if *function != callee && self.came_through(*function, *context, callee) =>
            {
                match self.interner.borrow_mut().push(*context, call) {
                    Some(context) => seen.add(Value::Function { function: *function, context }),
                    None => seen.open = true,
                }
            }
            Value::Object { at, context } if self.came_through(at.function, *context, callee) => {
                match self.interner.borrow_mut().push(*context, call) {
                    Some(context) => seen.add(Value::Object { at: *at, context }),
                    None => seen.open = true,
                }
            }
            Value::Parameter { function, index, path } if *function == callee => {
                let argument = self.argument(call, *index);
                let fields: Vec<_> = path.iter().cloned().map(crate::ir::Field::Named).collect();
                seen.absorb(self.fields(argument, &fields));
            }
            Value::This { class, path } if self.program.this_class(callee) == Some(*class) => {
                let fields: Vec<_> = path.iter().cloned().map(crate::ir::Field::Named).collect();
                match self.receiver_values(call) {
                    Some(receiver) => seen.absorb(self.fields(receiver, &fields)),
                    None => seen.add(value.clone()),
                }
            }
            other => seen.add(other.clone()),
        }
    }

    /// `values` of a function or object literal, as they are seen after the calls of its context.
    #[must_use]
    pub fn through(&self, values: Values, context: ContextId) -> Values {
        let seen = match self.seen_through(&values, context) {
            Cow::Owned(seen) => Some(seen),
            Cow::Borrowed(_) => None,
        };
        seen.unwrap_or(values)
    }

    /// The same, of values that are somebody else's.
    pub(super) fn seen_through<'v>(&self, values: &'v Values, context: ContextId) -> Cow<'v, Values> {
        let mut seen = Cow::Borrowed(values);
        for call in self.calls_of(context) {
            for target in &self.callee(call).targets {
                if let CallTarget::Function { function, .. } = target {
                    seen = Cow::Owned(self.instantiate(&seen, call, *function));
                }
            }
        }
        seen
    }

    /// The calls that a context was seen through, innermost first.
    #[must_use]
    pub fn calls_of(&self, context: ContextId) -> SmallVec<[OpRef; 4]> {
        self.interner.borrow().calls(context)
    }

    /// The call that a context was last seen through.
    #[must_use]
    pub fn outermost_call(&self, context: ContextId) -> Option<OpRef> {
        self.interner.borrow().outermost(context)
    }

    /// Whether what is written in `function` was made by `callee`, or handed to it by one of its calls.
    fn came_through(&self, function: FunctionRef, context: ContextId, callee: FunctionRef) -> bool {
        let outermost = self.outermost_call(context);
        self.is_within(function, callee) || outermost.is_some_and(|call| self.is_within(call.function, callee))
    }

    /// What `callee` acquired and did not keep belongs to its caller; anything else stays what it is.
    fn received(&self, id: AcquisitionId, call: OpRef, callee: FunctionRef) -> AcquisitionId {
        let acquisition = self.acquisition(id);
        let is_kept = self.memoised.borrow().contains(&callee) || self.stored(callee).contains(&id);
        if acquisition.at.function != callee || is_kept {
            return id;
        }
        self.intern(Acquisition { at: call, kind: acquisition.kind, how: How::Received { inner: id } })
    }

    /// What the argument at `index` of a call may be; nothing where the call passes none.
    #[must_use]
    pub fn argument(&self, call: OpRef, index: u32) -> Values {
        let Some(body) = self.program.op(call).call() else { return Values::unknown() };
        match body.argument(index as usize) {
            Some(operand) => self.operand(call.function, operand),
            None if body.arguments.iter().any(|argument| argument.spread) => Values::unknown(),
            None => Values::one(Value::Nullish),
        }
    }

    /// What the receiver of a method call may be.
    #[must_use]
    pub fn receiver_values(&self, call: OpRef) -> Option<Values> {
        let (receiver, _) = self.program.op(call).call()?.receiver()?;
        Some(self.place(call.function, &receiver))
    }
}
