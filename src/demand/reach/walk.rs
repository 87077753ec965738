//! The walk: what the operations of one function lead to.

use crate::ir::{
    Argument, Binding, Call, Function, FunctionId, ImportName, Op, OpKind, Operand, Place, Root, Rvalue, Terminator,
};
use crate::linking::Target;
use crate::source::Language;

use super::super::collections::is_empty_literal;
use super::calls::{CallFacts, Made};
use super::{Level, Walk};

impl Walk<'_, '_> {
    pub(super) fn function(&mut self, id: FunctionId, function: &Function) {
        self.state.readers.begin(id);
        let mut next_call = self.state.first_calls[id.index()] as usize;
        for (_, _, op) in function.ops() {
            let facts = op.call().map(|_| self.calls[next_call]);
            next_call += usize::from(facts.is_some());
            if self.op(id, op, facts) {
                self.mark(id);
            }
        }
        for block in &function.blocks {
            if let Terminator::Branch { .. } | Terminator::Return(_) | Terminator::Throw(_) = &block.terminator
                && block.terminator.operands().iter().any(|operand| self.operand(id, operand) == Some(Level::Maker))
            {
                self.mark(id);
            }
        }
    }

    /// Follows an operation; whether it makes its function matter. `facts` is there for calls.
    fn op(&mut self, function: FunctionId, op: &Op, facts: Option<CallFacts>) -> bool {
        match &op.kind {
            OpKind::Assign { target, value } => {
                let level = value.operands().into_iter().filter_map(|operand| self.operand(function, operand)).max();
                let level = level.or_else(|| is_empty_literal(value).then_some(Level::Container));
                if let (Root::Temp(temp), Rvalue::Object(_) | Rvalue::Array(_)) = (&target.root, value) {
                    let number = self.temp_number(function, *temp);
                    self.state.literals[number] = true;
                }
                if let Some(level) = level {
                    self.assigned(function, target, level);
                }
                let keeps = self.place(function, target) == Some(Level::Maker);
                level == Some(Level::Maker) || keeps || value.disposal().is_some()
            }
            OpKind::Call(call) => facts.is_some_and(|facts| self.call(function, call, facts)),
            OpKind::Yield { value } => self.operand(function, value) == Some(Level::Maker),
            OpKind::Delete { place } | OpKind::Dispose { place } => self.place(function, place) == Some(Level::Maker),
        }
    }

    fn call(&mut self, function: FunctionId, call: &Call, facts: CallFacts) -> bool {
        let given = call.arguments.iter().filter_map(|argument| self.operand(function, &argument.value)).max();
        let made = facts.made;
        let called = match call.callee.place() {
            // What a call of a library's function does the catalogue says.
            Some(_) if facts.is_library => None,
            Some(Place { root: Root::Global(_), .. }) => facts.is_global.then_some(Level::Maker),
            _ => self.operand(function, &call.callee),
        };
        let by_name = call.method_name().filter(|_| call.has_receiver()).is_some_and(|name| {
            facts.acts
                || facts.is_end && self.surroundings.has_queues
                || self.members.contains(name)
                || self.may_be_known(called, name)
        });
        // What a library makes of `{ config() { … } }` cannot be seen to call it: nobody who has that need be known.
        let is_option = |argument: &Argument| self.is_literal(function, &argument.value);
        let are_options = facts.is_library && call.arguments.iter().all(is_option);
        let result = match (made, called, given) {
            (Some(Made::Container), ..) => Some(Level::Container),
            (Some(Made::Maker), ..) => Some(Level::Maker),
            (_, _, Some(Level::Maker)) => Some(if are_options { Level::Held } else { Level::Maker }),
            // What is made of a function is often one: `memoise(load)`.
            (_, Some(Level::Maker), _) if self.is_given_function(call) => Some(Level::Maker),
            (_, Some(Level::Maker), _) => Some(Level::Held),
            (Some(Made::Resource), ..) => Some(Level::Library),
            (_, Some(Level::Library | Level::Held), _) if call.has_receiver() && !by_name => Some(Level::Given),
            (_, held, given) => held.or(given),
        };
        if let Some(level) = result {
            self.temp(function, call.result, level);
        }
        made > Some(Made::Container) || called == Some(Level::Maker) || given == Some(Level::Maker) || by_name
    }

    /// Whether a method of what has this level may be one of the members that are known to lead to something.
    fn may_be_known(&self, called: Option<Level>, name: &str) -> bool {
        let known = || self.surroundings.members.get_index_of(name);
        match called {
            // A type tells the members of a Rust value, and is evaluated later.
            _ if self.module.language == Language::Rust => known().is_some(),
            Some(Level::Library) => known().is_some_and(|at| at < self.surroundings.of_libraries),
            Some(Level::Container | Level::Held | Level::Maker) => known().is_some(),
            Some(Level::Given) | None => false,
        }
    }

    /// Whether an argument is written out where it is given: `{ … }`, a text.
    fn is_literal(&self, function: FunctionId, operand: &Operand) -> bool {
        match operand {
            Operand::Place(Place { root: Root::Temp(temp), path }) => {
                path.is_empty() && self.literals[self.temp_number(function, *temp)]
            }
            Operand::Place(_) | Operand::Function(_) | Operand::Class(_) | Operand::Module(_) => false,
            Operand::String(_) | Operand::Number(_) | Operand::Boolean(_) | Operand::Nullish | Operand::Opaque => true,
        }
    }

    fn is_given_function(&self, call: &Call) -> bool {
        call.arguments.iter().any(|argument| match &argument.value {
            Operand::Function(_) => true,
            Operand::Place(place) => {
                place.as_variable().is_some_and(|id| matches!(self.module.variable(id).binding, Binding::Function(_)))
            }
            _ => false,
        })
    }

    pub(super) fn operand(&mut self, function: FunctionId, operand: &Operand) -> Option<Level> {
        match operand {
            Operand::Place(place) => self.place(function, place),
            Operand::Function(id) => self.functions[id.index()].then_some(Level::Maker),
            Operand::Class(id) => self.classes[id.0 as usize].then_some(Level::Maker),
            Operand::Module(request) => {
                self.state.readers.note_module();
                match self.surroundings.targets.get(request.0 as usize) {
                    Some(Target::Module(file)) => (self.surroundings.imported)(*file, &ImportName::Namespace),
                    Some(Target::External(package)) if self.makes(package) => Some(Level::Maker),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn place(&mut self, function: FunctionId, place: &Place) -> Option<Level> {
        match &place.root {
            Root::Variable(id) => {
                self.state.readers.note(*id);
                let alias = self.aliases[id.0 as usize].then_some(Level::Maker);
                let level = self.variables[id.0 as usize].or(alias)?;
                let is_captured = self.module.variable(*id).owner != self.filled.home(function);
                Some(if level == Level::Container && is_captured { Level::Maker } else { level })
            }
            Root::Temp(temp) => {
                let number = self.temp_number(function, *temp);
                self.state.readers.note_temp(number);
                self.temps[number]
            }
            Root::This => {
                let name = place.path.first()?.name()?;
                let leads = self.fields.contains(name) || self.members.contains(name);
                leads.then_some(Level::Maker)
            }
            Root::Global(_) => self.global(place).then_some(Level::Maker),
        }
    }
}
