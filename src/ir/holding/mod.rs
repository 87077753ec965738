//! Who holds whom: what one function puts into what, as far as its code shows it.
//!
//! Names for the same thing (`let me = me_too.clone()`) are one holder. Putting a place into another is an edge from
//! the other to it. If edges form a cycle, what is held by counted references keeps itself alive.

mod rounds;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{
    Argument, BlockId, Call, CallKind, Function, FunctionId, Module, Name, OpKind, Operand, Place, Property, Root,
    Rvalue, Terminator,
};

pub use rounds::Cycle;

/// What holds something, or is held.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Holder {
    Root(Root),
    /// A closure, which holds what it captured.
    Closure(FunctionId),
    /// What the function returns.
    Returned,
}

/// A part of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    Receiver,
    Argument(u32),
    Result,
}

/// What a call does, by what it calls.
#[derive(Debug, Clone, Default)]
pub struct CallHolds {
    /// The result is this argument, held another way: `Arc::new(x)`, `Rc::clone(&x)`.
    pub result_is: Option<u32>,
    /// What holds what afterwards, and in which field.
    pub holds: Vec<(Slot, Slot, Option<Name>)>,
}

/// `owner` holds `held` from this operation on.
#[derive(Debug, Clone)]
pub struct Edge {
    pub owner: usize,
    pub held: usize,
    pub at: (BlockId, u32),
    pub field: Option<Name>,
    /// It is only looked at there, and stays where it is: an element of the owner.
    pub borrowed: bool,
}

/// What a function puts into what.
#[derive(Debug, Default)]
pub struct Holding {
    numbers: IndexMap<Holder, usize, FxBuildHasher>,
    /// By number: the number of another name of the same, or its own.
    same: Vec<usize>,
    pub edges: Vec<Edge>,
}

impl Holding {
    /// What `function` puts into what; `calls` says what its calls do.
    pub fn of(module: &Module, function: &Function, mut calls: impl FnMut(BlockId, u32, &Call) -> CallHolds) -> Self {
        let mut holding = Self::default();
        let single = single_definitions(function);
        holding.closures(module, function);
        for (block, index, op) in function.ops() {
            let at = (block, u32::try_from(index).unwrap_or(u32::MAX));
            match &op.kind {
                OpKind::Assign { target, .. } if target.path.is_empty() && is_echo(function, block, index) => {}
                OpKind::Assign { target, value } => holding.assigned(target, value, at, &single),
                OpKind::Call(call) => {
                    let known = calls(block, at.1, call);
                    holding.call(call, &known, at);
                }
                _ => {}
            }
        }
        holding.returned(function);
        holding
    }

    /// What is returned is what the result is, where it is one thing: of several, none is another.
    fn returned(&mut self, function: &Function) {
        let returned = function.blocks.iter().filter_map(|block| match &block.terminator {
            Terminator::Return(Some(returned)) => Some(returned),
            _ => None,
        });
        let held: Vec<usize> = returned.filter_map(|returned| self.holder(returned)).collect();
        let Some((first, rest)) = held.split_first() else { return };
        if rest.iter().all(|other| self.find(*other) == self.find(*first)) {
            let result = self.number(Holder::Returned);
            self.unite(result, *first);
        }
    }

    /// What closures take with them, before anybody has the closures.
    fn closures(&mut self, module: &Module, function: &Function) {
        for (_, _, op) in function.ops() {
            for operand in op.operands() {
                let Operand::Function(id) = operand else { continue };
                let owned = module.function(*id).owned_captures.iter().flatten();
                let Some(closure) = self.holder(operand) else { continue };
                for captured in owned {
                    let held = self.number(Holder::Root(Root::Variable(*captured)));
                    self.edge(closure, held, (BlockId::ENTRY, 0), None);
                }
            }
        }
    }

    fn assigned(&mut self, target: &Place, value: &Rvalue, at: (BlockId, u32), single: &FxHashMap<&Root, u32>) {
        let owner = self.number(Holder::Root(target.root.clone()));
        let field = target.path.last().and_then(super::Field::name).filter(|name| *name != "*").map(Name::new);
        match value {
            Rvalue::Use(from) | Rvalue::Await(from) => {
                let Some(held) = self.holder(from) else { return };
                if target.path.is_empty() {
                    // A name that means several things in turn is none of them.
                    if single.get(&target.root) == Some(&1) {
                        self.unite(owner, held);
                    }
                } else if field.is_some() || self.find(owner) != self.find(held) {
                    // `*config = changed(config)` puts something in the place of what was there.
                    self.edge(owner, held, at, field);
                }
            }
            Rvalue::Object(properties) => {
                for property in properties {
                    if let Property::Field { name, value } = property
                        && let Some(held) = self.holder(value)
                    {
                        self.edge(owner, held, at, name.name().map(Name::new));
                    }
                }
            }
            Rvalue::Array(elements) => {
                for element in elements {
                    if let Some(held) = self.holder(&element.value) {
                        self.edge(owner, held, at, None);
                    }
                }
            }
            Rvalue::ElementOf(Operand::Place(of)) if target.path.is_empty() => {
                let whole = self.number(Holder::Root(of.root.clone()));
                self.part(whole, owner, at);
            }
            Rvalue::Compute(_) | Rvalue::Rest(_) | Rvalue::ElementOf(_) | Rvalue::Caught => {}
        }
    }

    fn call(&mut self, call: &Call, known: &CallHolds, at: (BlockId, u32)) {
        let result = self.number(Holder::Root(Root::Temp(call.result)));
        if call.kind == CallKind::New {
            for argument in &call.arguments {
                if let Some(held) = self.holder(&argument.value) {
                    self.edge(result, held, at, None);
                }
            }
            return;
        }
        if let (Some("iter" | "iter_mut" | "values" | "values_mut"), Some((of, _))) =
            (call.method_name(), call.receiver())
        {
            let whole = self.number(Holder::Root(of.root));
            self.part(whole, result, at);
        }
        let argument = |index: u32| -> Option<&Argument> { call.arguments.get(index as usize) };
        if let Some(held) = known.result_is.and_then(argument).and_then(|it| self.holder(&it.value)) {
            self.unite(result, held);
        }
        for (owner, held, field) in &known.holds {
            let mut slot = |slot: Slot| match slot {
                Slot::Receiver => call.receiver().map(|(place, _)| self.number(Holder::Root(place.root))),
                Slot::Argument(index) => argument(index).and_then(|it| self.holder(&it.value)),
                Slot::Result => Some(result),
            };
            if let (Some(owner), Some(held)) = (slot(*owner), slot(*held)) {
                self.edge(owner, held, at, field.clone());
            }
        }
    }

    fn edge(&mut self, owner: usize, held: usize, at: (BlockId, u32), field: Option<Name>) {
        self.edges.push(Edge { owner, held, at, field, borrowed: false });
    }

    /// What is looked at belongs to the owner from the start, and is no more the owner's for it.
    fn part(&mut self, owner: usize, part: usize, at: (BlockId, u32)) {
        self.edges.push(Edge { owner, held: part, at, field: None, borrowed: true });
    }

    /// The number of what an operand is, as a whole: a part of something is something else.
    fn holder(&mut self, operand: &Operand) -> Option<usize> {
        match operand {
            Operand::Place(place) if place.path.is_empty() => match place.root {
                Root::Global(_) => None,
                _ => Some(self.number(Holder::Root(place.root.clone()))),
            },
            Operand::Function(id) => Some(self.number(Holder::Closure(*id))),
            _ => None,
        }
    }

    fn number(&mut self, holder: Holder) -> usize {
        let next = self.same.len();
        let number = *self.numbers.entry(holder).or_insert(next);
        if number == next {
            self.same.push(next);
        }
        number
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.same[one] = other;
    }

    /// The number that stands for all names of the same.
    #[must_use]
    pub fn find(&self, mut number: usize) -> usize {
        while self.same[number] != number {
            number = self.same[number];
        }
        number
    }

    /// The holder's number, where the function mentions it.
    #[must_use]
    pub fn number_of(&self, holder: &Holder) -> Option<usize> {
        self.numbers.get(holder).map(|number| self.find(*number))
    }

    /// The names of what has a number.
    pub fn names(&self, number: usize) -> impl Iterator<Item = &Holder> {
        let wanted = self.find(number);
        self.numbers.iter().filter(move |(_, number)| self.find(**number) == wanted).map(|(holder, _)| holder)
    }
}

/// How often each name is given a value as a whole.
fn single_definitions(function: &Function) -> FxHashMap<&Root, u32> {
    let mut counts: FxHashMap<&Root, u32> = FxHashMap::default();
    for (block, index, op) in function.ops() {
        if let OpKind::Assign { target, .. } = &op.kind
            && target.path.is_empty()
            && !is_echo(function, block, index)
        {
            *counts.entry(&target.root).or_default() += 1;
        }
    }
    counts
}

/// Whether an operation says of a reference what the one before it says of what it refers to: `*slot = value`.
fn is_echo(function: &Function, block: BlockId, index: usize) -> bool {
    let ops = &function.block(block).ops;
    index.checked_sub(1).is_some_and(|before| {
        let before = &ops[before];
        before.span == ops[index].span
            && matches!(&before.kind, OpKind::Assign { target, .. } if !target.path.is_empty())
    })
}
