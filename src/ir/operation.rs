//! Operations: the straight-line content of a basic block.

use smallvec::SmallVec;

use crate::source::Span;

use super::{Field, FunctionId, Operand, Place, Temp, is_disposal};

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Op {
    pub kind: OpKind,
    /// The expression or statement it came from, 0-based byte offsets.
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OpKind {
    /// `target = value`. A destructuring pattern is several of these: one for each name, from the field it reads.
    Assign { target: Place, value: Rvalue },
    /// A call. The only operation, with [`OpKind::Dispose`] and [`Rvalue::Await`], that may leave the block through
    /// its exceptional successor.
    Call(Box<Call>),
    /// What the end of a scope does implicitly: `using` and `await using` declarations, drops.
    Dispose { place: Place },
    /// `delete place`, or an assignment of `undefined`/`null` to a field of it.
    Delete { place: Place },
    /// `yield value`: passes the value to the consumer and stops here until it comes back, or for ever.
    Yield { value: Operand },
}

/// The right-hand side of an assignment.
#[derive(Debug, Clone, PartialEq)]
pub enum Rvalue {
    Use(Operand),
    /// The settled value of a promise: the same resource as the promise of it. May throw.
    Await(Operand),
    Object(Vec<Property>),
    Array(Vec<Element>),
    /// A primitive computed from these operands; it holds none of them.
    Compute(Vec<Operand>),
    /// `{ a, ...rest }`: what is left of the operand after the named fields are taken out.
    Rest(Box<Rest>),
    /// One element of an iterable: `for (x of operand)`, the value an array callback is given.
    ElementOf(Operand),
    /// The value a `catch` clause or rejection callback is given.
    Caught,
}

/// What a pattern leaves of an object. Boxed where it stands: there are few, and operations are as large as the largest.
#[derive(Debug, Clone, PartialEq)]
pub struct Rest {
    pub of: Operand,
    pub without: Vec<Field>,
}

/// One entry of an object literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Property {
    Field { name: Field, value: Operand },
    Spread(Operand),
}

impl Property {
    /// The function under `[Symbol.dispose]` or `[Symbol.asyncDispose]`.
    fn disposal(&self) -> Option<FunctionId> {
        match self {
            Self::Field { name: Field::Named(name), value: Operand::Function(disposal) } => {
                is_disposal(name).then_some(*disposal)
            }
            _ => None,
        }
    }
}

/// One entry of an array literal.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub value: Operand,
    pub spread: bool,
}

/// A call, constructor call, tagged template or JSX element.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is called. For a method it is a place whose last field is the method's name; [`Call::receiver`] splits it.
    pub callee: Operand,
    pub kind: CallKind,
    pub arguments: Vec<Argument>,
    pub result: Temp,
    /// Whether an `await` (or the front end's own reading of a promise chain) takes the settled value at once.
    pub awaited: bool,
    /// Whether control waits here until the callee is done: `await`, `.await`. A call whose result `?` takes is
    /// `awaited`, but nothing waits for it.
    pub suspends: bool,
    /// `f?.()`, `a?.f()`: may not happen at all. The receiver is then nullish.
    pub optional: bool,
    /// The callee's text alone, for labels.
    pub callee_span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    Call,
    New,
    /// ``tag`text ${value}` ``: the arguments are the values.
    TaggedTemplate,
    /// `super(…)`; the callee is the class's `extends` operand.
    Super,
    /// `<Component prop={value} />`: one argument, the props object.
    Jsx,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    pub value: Operand,
    pub spread: bool,
    pub span: Span,
}

impl Call {
    /// Receiver and method name of a method call.
    #[must_use]
    pub fn receiver(&self) -> Option<(Place, &Field)> {
        self.callee.place()?.split_last()
    }

    /// Whether there is a receiver; cheaper than asking which.
    #[must_use]
    pub fn has_receiver(&self) -> bool {
        self.callee.place().is_some_and(|place| !place.path.is_empty())
    }

    /// The method's name, or the last name of a plain callee's path.
    #[must_use]
    pub fn method_name(&self) -> Option<&str> {
        self.callee.place()?.path.last()?.name()
    }

    /// The argument at `index`, unless a spread before it makes the position unknown.
    #[must_use]
    pub fn argument(&self, index: usize) -> Option<&Operand> {
        let until = self.arguments.get(..=index)?;
        until.iter().all(|argument| !argument.spread).then(|| &until[index].value)
    }
}

impl Op {
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        match &self.kind {
            OpKind::Call(call) => Some(call),
            _ => None,
        }
    }
}

impl Op {
    /// Every place the operation reads or writes.
    #[must_use]
    pub fn places(&self) -> SmallVec<[&Place; 4]> {
        let mut places: SmallVec<[&Place; 4]> = SmallVec::new();
        match &self.kind {
            OpKind::Assign { target, value } => {
                places.push(target);
                value.operands().into_iter().filter_map(Operand::place).for_each(|place| places.push(place));
            }
            OpKind::Call(call) => {
                let arguments = call.arguments.iter().map(|argument| &argument.value);
                let operands = std::iter::once(&call.callee).chain(arguments);
                operands.filter_map(Operand::place).for_each(|place| places.push(place));
            }
            OpKind::Dispose { place } | OpKind::Delete { place } => places.push(place),
            OpKind::Yield { value } => places.extend(value.place()),
        }
        places
    }
}

impl Op {
    /// Every operand the operation reads.
    #[must_use]
    pub fn operands(&self) -> SmallVec<[&Operand; 4]> {
        match &self.kind {
            OpKind::Assign { value, .. } => value.operands(),
            OpKind::Call(call) => call.arguments.iter().map(|argument| &argument.value).collect(),
            OpKind::Yield { value } => smallvec::smallvec![value],
            OpKind::Dispose { .. } | OpKind::Delete { .. } => SmallVec::new(),
        }
    }
}

impl Rvalue {
    /// The function under `[Symbol.dispose]` or `[Symbol.asyncDispose]` of an object literal.
    #[must_use]
    pub fn disposal(&self) -> Option<FunctionId> {
        match self {
            Self::Object(properties) => properties.iter().find_map(Property::disposal),
            _ => None,
        }
    }

    /// Every operand of the value.
    #[must_use]
    pub fn operands(&self) -> SmallVec<[&Operand; 4]> {
        match self {
            Self::Use(operand) | Self::Await(operand) | Self::ElementOf(operand) => smallvec::smallvec![operand],
            Self::Rest(rest) => smallvec::smallvec![&rest.of],
            Self::Object(properties) => properties
                .iter()
                .map(|property| match property {
                    Property::Field { value, .. } | Property::Spread(value) => value,
                })
                .collect(),
            Self::Array(elements) => elements.iter().map(|element| &element.value).collect(),
            Self::Compute(operands) => operands.iter().collect(),
            Self::Caught => SmallVec::new(),
        }
    }
}

// A program holds hundreds of thousands of these: their size is the memory of a run, and much of its time.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Op>() <= 80 && size_of::<Call>() <= 72 && size_of::<Place>() <= 32);
