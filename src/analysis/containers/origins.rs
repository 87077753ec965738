//! Origins: where keys come from that a function is given or that a call gives.

use crate::analysis::frequency::Rate;
use crate::analysis::value::Value;
use crate::ir::{Binding, Call, CallKind, Field, Name, OpKind, Operand, Place, Root, Rvalue, Terminator};
use crate::linking::{Definition, FunctionRef, OpRef, VariableRef};
use crate::source::FileId;

use super::few::names_few;
use super::keys::{Key, Keys, Seen, is_written_out};
use super::many::names_many;

/// Methods and functions that give a form of what they are given.
const FORMS: &[&str] = &[
    "toString",
    "to_string",
    "to_lowercase",
    "to_uppercase",
    "to_ascii_lowercase",
    "as_str",
    "format!",
    "toLowerCase",
    "toUpperCase",
    "trim",
    "slice",
    "substring",
    "substr",
    "replace",
    "replaceAll",
    "join",
    "concat",
    "padStart",
    "normalize",
    "valueOf",
    "String",
    "Number",
    "stringify",
    "encodeURIComponent",
    "parseInt",
    "update",
    "digest",
];

/// Methods and functions that give another value each time.
const FRESH: &[&str] = &["randomUUID", "randomBytes", "random", "now", "hrtime", "getTime"];

/// Parts of what a framework passes that come from the program and not from outside.
const OF_THE_PROGRAM: &[&str] = &["env", "config", "options", "settings", "app", "server"];

/// Methods of lists that give their callback an element.
const OF_LISTS: &[&str] =
    &["find", "some", "every", "filter", "map", "flatMap", "forEach", "findIndex", "findLast", "sort"];

/// Methods of emitters that give their callback what others send.
const OF_EMITTERS: &[&str] = &["on", "once", "addListener"];

impl Keys<'_, '_, '_> {
    /// A parameter: as open as what callers pass.
    pub(super) fn parameter(
        &self,
        owner: FunctionRef,
        index: u32,
        typed: Option<Key>,
        depth: u32,
        seen: &mut Seen,
    ) -> Key {
        let mut worst = None;
        for call in self.aliases.callers(owner) {
            let argument = self.facts.program.op(call).call().and_then(|call| call.argument(index as usize));
            let key = match argument {
                Some(argument) => self.operand(call.function, argument, depth - 1, seen),
                None => Key::Open,
            };
            worst = worst.max(Some(key));
        }
        match (worst, typed) {
            (Some(key @ (Key::Closed | Key::Few)), _) => key,
            (_, Some(key)) => key,
            (Some(key), None) => key,
            (None, None) => self.passed_on(owner, index, Key::Given, depth, seen),
        }
    }

    /// A part of a variable: as open as the same part of what callers pass, or as the whole.
    pub(super) fn part(&self, id: VariableRef, place: &Place, depth: u32, seen: &mut Seen) -> Key {
        let variable = self.facts.program.variable(id);
        let Binding::Parameter(index) = variable.binding else {
            let index = self.facts.program.index(id.file);
            return match self.is_looked_up(id.file, index.of_variable(id.variable), 3) {
                true => Key::Open,
                false => self.variable(id, depth, seen),
            };
        };
        let owner = FunctionRef::new(id.file, variable.owner);
        let question = (owner, place.clone());
        if let Some(known) = seen.get(&question) {
            return *known;
        }
        seen.insert(question.clone(), Key::Closed);
        let key = self.part_of_parameter(owner, index, place, depth, seen);
        seen.insert(question, key);
        key
    }

    /// Whether all that is assigned is what functions of the project give: a part of a record is not what it was found
    /// by.
    pub(super) fn is_looked_up(&self, file: FileId, definitions: &[Definition], depth: u32) -> bool {
        let index = self.facts.program.index(file);
        let is_looked_up = |definition: &Definition| {
            let function = FunctionRef::new(file, definition.function);
            let at = function.definition(definition);
            match &self.facts.program.op(at).kind {
                OpKind::Call(_) => !self.facts.called(at).is_empty(),
                OpKind::Assign {
                    value: Rvalue::Use(Operand::Place(of)) | Rvalue::Await(Operand::Place(of)), ..
                } if depth > 0 && of.path.is_empty() => match of.root {
                    Root::Temp(temp) => self.is_looked_up(file, index.of_temp(definition.function, temp), depth - 1),
                    Root::Variable(id) => self.is_looked_up(file, index.of_variable(id), depth - 1),
                    _ => false,
                },
                _ => false,
            }
        };
        !definitions.is_empty() && definitions.iter().all(is_looked_up)
    }

    fn part_of_parameter(&self, owner: FunctionRef, index: u32, place: &Place, depth: u32, seen: &mut Seen) -> Key {
        let mut worst = None;
        for call in self.aliases.callers(owner) {
            let part = self.facts.evaluator.fields(self.facts.evaluator.argument(call, index), &place.path);
            let argument = self.facts.program.op(call).call().and_then(|call| call.argument(index as usize));
            let key = match (self.written_part(call, index, place), argument) {
                _ if is_written_out(&part) => Key::Closed,
                (Some((function, operand)), _) => self.operand(function, &operand, depth - 1, seen),
                // Another part of what was passed says nothing of this one.
                (None, Some(argument)) if self.is_literal(call, index) => {
                    self.operand(call.function, argument, depth - 1, seen).min(Key::Named)
                }
                (None, Some(Operand::Place(argument))) => {
                    let mut part = argument.clone();
                    part.path.extend(place.path.iter().cloned());
                    self.operand(call.function, &Operand::Place(part), depth - 1, seen)
                }
                (None, _) => Key::Open,
            };
            worst = worst.max(Some(key));
        }
        match worst {
            Some(Key::Given) => Key::Named,
            Some(key) => key,
            None if place.path.iter().filter_map(Field::name).any(|name| OF_THE_PROGRAM.contains(&name)) => Key::Named,
            None => self.passed_on(owner, index, Key::Named, depth, seen),
        }
    }

    /// A parameter of a function that nobody here calls by itself.
    fn passed_on(&self, owner: FunctionRef, index: u32, otherwise: Key, depth: u32, seen: &mut Seen) -> Key {
        let source = self
            .received(owner, index)
            .map(|(outer, source, is_list)| (self.operand(outer, &source, depth - 1, seen), is_list));
        match source {
            Some((key, true)) => key,
            Some((Key::Many, false)) => Key::Many,
            _ => self.given(owner, otherwise),
        }
    }

    /// What a caller wrote for the part of an argument: `{ key: "billing" }`.
    fn written_part(&self, call: OpRef, index: u32, place: &Place) -> Option<(FunctionRef, Operand)> {
        let names: Option<Vec<&str>> = place.path.iter().map(Field::name).collect();
        self.facts.evaluator.argument_operand(call, &format!("{index}.{}", names?.join(".")))
    }

    fn is_literal(&self, call: OpRef, index: u32) -> bool {
        let values = self.facts.evaluator.argument(call, index);
        !values.is_empty() && values.iter().all(|value| matches!(value, Value::Object { .. } | Value::Nullish))
    }

    /// What a function is given that nobody here calls: if a framework calls it for each request or message, something
    /// from outside.
    fn given(&self, function: FunctionRef, otherwise: Key) -> Key {
        let frequencies = &self.facts.frequencies;
        if frequencies.of_function(function) < Rate::PerMessage {
            return otherwise;
        }
        let chain = frequencies.chain(&self.facts.evaluator, function);
        if chain.entry.is_some() && chain.calls.is_empty() { Key::Many } else { otherwise }
    }

    /// Whether a framework calls a function, or something that does so again and again.
    pub(super) fn is_entry(&self, function: FunctionRef) -> bool {
        self.facts.frequencies.of_function(function) >= Rate::PerTick
    }

    /// Where the argument of a callback comes from: `list` of `list.find((element) => …)`, as open as the list is, and
    /// `socket` of `socket.on("join", (room) => …)`, where it shows that others send it.
    fn received(&self, callback: FunctionRef, index: u32) -> Option<(FunctionRef, Operand, bool)> {
        let program = self.facts.program;
        let outer = callback.sibling(program.function(callback).parent?);
        program.function(outer).ops().filter_map(|(_, _, op)| op.call()).find_map(|call| {
            let is_passed = call.arguments.iter().any(|argument| match &argument.value {
                Operand::Function(function) => *function == callback.function,
                Operand::Place(Place { root: Root::Temp(temp), path }) if path.is_empty() => self
                    .facts
                    .evaluator
                    .temp(outer, *temp)
                    .iter()
                    .any(|value| matches!(value, Value::Function { function, .. } if *function == callback)),
                _ => false,
            });
            let name = call.method_name().unwrap_or_default();
            let is_list = index == 0 && OF_LISTS.contains(&name);
            (is_passed && (is_list || OF_EMITTERS.contains(&name)))
                .then(|| call.receiver())
                .flatten()
                .map(|(source, _)| (outer, source.into(), is_list))
        })
    }

    /// A form of the receiver and arguments is as open as they are, and what a function of the project gives as open as
    /// what it returns. Anything else that a call gives is open.
    pub(super) fn call(&self, at: OpRef, call: &Call, depth: u32, seen: &mut Seen) -> Key {
        let name = call.method_name().map(Name::new).or_else(|| match call.callee.place() {
            Some(Place { root: Root::Global(name), .. }) => Some(name.clone()),
            Some(Place { root: Root::Variable(id), path }) if path.is_empty() => {
                Some(self.facts.program.variable(at.function.variable(*id)).name.clone())
            }
            _ => None,
        });
        let name = name.as_deref().unwrap_or_default();
        // A struct is told by its fields, and so are two of them apart: what a `ClientKey` is one of, they say.
        if call.kind == CallKind::New && self.facts.evaluator.drops_implicitly(at.function) {
            let fields = call.arguments.iter().map(|argument| self.operand(at.function, &argument.value, depth, seen));
            return fields.max().unwrap_or(Key::Closed);
        }
        if FRESH.contains(&name) || names_many(None, name) {
            return Key::Many;
        }
        if names_few(name) {
            return Key::Few;
        }
        let depth = depth.saturating_sub(1);
        let receiver = call
            .receiver()
            .filter(|(receiver, _)| !matches!(receiver.root, Root::Global(_)))
            .map(|(receiver, _)| self.operand(at.function, &Operand::Place(receiver), depth, seen));
        let given = call.arguments.iter().map(|argument| self.operand(at.function, &argument.value, depth, seen)).max();
        let is_form = FORMS.contains(&name);
        match receiver.max(given) {
            // A table of results by all that goes into them: `JSON.stringify(args)` of `(...args) => …`.
            Some(Key::Given) if name == "stringify" && self.is_rest(at.function, call.argument(0)) => Key::Many,
            Some(key) if is_form => key,
            // `request.header("x-session")`: a part of what came from outside.
            Some(Key::Many) if receiver == Some(Key::Many) && given.unwrap_or(Key::Closed) == Key::Closed => Key::Many,
            // `keyOf(url, options)`: made of what was given, whatever else goes into it.
            Some(Key::Given) => self.returned(at, depth, seen).max(Key::Given),
            _ => self.returned(at, depth, seen).max(Key::Open),
        }
    }

    fn is_rest(&self, function: FunctionRef, argument: Option<&Operand>) -> bool {
        let Some(id) = argument.and_then(Operand::place).and_then(Place::as_variable) else { return false };
        let owner = function.sibling(self.facts.program.variable(function.variable(id)).owner);
        self.facts.program.function(owner).parameters.iter().any(|given| given.variable == id && given.is_rest)
    }

    /// Whether a call gives another value each time it is made.
    pub(super) fn is_fresh(call: &Call) -> bool {
        call.method_name().is_some_and(|name| FRESH.contains(&name))
    }

    /// What the functions of the project return that a call may call.
    fn returned(&self, at: OpRef, depth: u32, seen: &mut Seen) -> Key {
        let mut worst = Key::Closed;
        for function in self.facts.called(at) {
            for (_, block) in self.facts.program.function(function).blocks() {
                if let Terminator::Return(Some(operand)) = &block.terminator {
                    worst = worst.max(self.operand(function, operand, depth, seen));
                }
            }
        }
        worst
    }

    /// What has a part, by its name: `user` of `user.id`, and of `id` in a loop over `users` that takes it apart.
    pub(super) fn holder(&self, function: FunctionRef, place: &Place, depth: u32) -> Option<String> {
        if let [.., holder, _] = place.path.as_slice()
            && let Some(name) = holder.name()
        {
            return Some(name.to_owned());
        }
        if depth == 0 || place.path.len() != 1 {
            return None;
        }
        let index = self.facts.program.index(function.file);
        let definitions = match &place.root {
            Root::Variable(id) => {
                let name = &self.facts.program.variable(function.variable(*id)).name;
                // `m`, or the whole of a pattern: no name.
                if name.len() > 2 && !name.starts_with('<') {
                    return Some(name.to_string());
                }
                index.of_variable(*id)
            }
            Root::Temp(temp) => index.of_temp(function.function, *temp),
            _ => return None,
        };
        let [definition] = definitions else { return None };
        let at = function.definition(definition);
        let OpKind::Assign { value: Rvalue::Use(Operand::Place(of)) | Rvalue::ElementOf(Operand::Place(of)), .. } =
            &self.facts.program.op(at).kind
        else {
            return None;
        };
        match (of.path.last(), &of.root) {
            (Some(field), _) => field.name().map(str::to_owned),
            (None, _) => self.holder(at.function, &of.clone().named("id"), depth - 1),
        }
    }
}
