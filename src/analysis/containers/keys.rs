//! Keys: whether the keys that are written come from a set that has an end.

use rustc_hash::FxHashSet;

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::value::{Value, Values};
use crate::ir::{Binding, Field, FunctionId, Name, OpKind, Operand, Place, Root, Rvalue, TypeRef, TypeRoot};
use crate::linking::{FunctionRef, OpRef, Symbol, VariableRef};

use super::aliases::Aliases;

/// Where a key comes from; later is less bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Literals, members of an enum, keys of a table that is written out.
    Closed,
    /// By its name something of which there are few: a locale, an environment, a kind.
    Few,
    /// A value of a type the program names; there may be few or many.
    Named,
    /// From outside the program: a request, a reply, a random number.
    Open,
    /// Text or a number that the function was given.
    Given,
}

/// Names of things of which there are few, in any program.
const FEW: &[&str] = &[
    "locale",
    "lang",
    "language",
    "env",
    "environment",
    "kind",
    "type",
    "mode",
    "level",
    "format",
    "currency",
    "timezone",
    "tz",
    "platform",
    "method",
    "status",
    "role",
    "plan",
    "theme",
    "dialect",
    "region",
    "provider",
    "category",
    "extension",
    "ext",
    "mimetype",
    "encoding",
    "charset",
    "protocol",
    "event",
    "eventname",
    "channel",
    "namespace",
    "ns",
    "driver",
    "engine",
    "adapter",
    "plugin",
    "pluginname",
    "modulename",
    "icon",
    "iconname",
    "typename",
    "classname",
    "tagname",
    "propname",
    "fieldname",
    "methodname",
    "schemaname",
    "tablename",
    "model",
    "modelname",
    "feature",
    "shard",
    "shardindex",
    "shardname",
    "container",
    "containername",
    "bucket",
    "bucketname",
    "prefix",
    "sql",
    "version",
    "operator",
    "hook",
    "service",
    "servicename",
    "component",
    "controller",
    "route",
    "queue",
    "queuename",
    "i",
    "index",
    "port",
    "host",
    "schema",
    "collection",
    "slug",
    "flag",
    "unit",
    "variant",
    "severity",
    "position",
    "side",
    "direction",
    "command",
    "ctor",
    "constructor",
    "target",
    "prototype",
    "cls",
    "klass",
];

/// Methods and functions that give a form of what they are given.
const FORMS: &[&str] = &[
    "toString",
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
];

const MAX_DEPTH: u32 = 8;

pub(super) struct Keys<'s, 'f, 'p> {
    pub(super) facts: &'f Facts<'p>,
    pub(super) aliases: &'s Aliases<'f, 'p>,
}

impl Keys<'_, '_, '_> {
    /// Where the key of a write comes from.
    pub(super) fn of(&self, function: FunctionRef, key: Option<&Operand>) -> Key {
        match key {
            Some(operand) => self.operand(function, operand, MAX_DEPTH, &mut FxHashSet::default()),
            None => Key::Open,
        }
    }

    fn operand(
        &self,
        function: FunctionRef,
        operand: &Operand,
        depth: u32,
        seen: &mut FxHashSet<(FunctionRef, Root)>,
    ) -> Key {
        let place = match operand {
            Operand::Place(place) => place,
            Operand::Opaque => return Key::Open,
            // A function or class is there once for each time it is written, unless its scope runs again.
            Operand::Function(_) => return Key::Open,
            _ => return Key::Closed,
        };
        if depth == 0 {
            return Key::Open;
        }
        let values = self.facts.evaluator.place(function, place);
        if is_written_out(&values) {
            return Key::Closed;
        }
        if self.is_few(function, place) {
            return Key::Few;
        }
        match (&place.root, place.path.is_empty()) {
            (Root::Variable(id), true) => self.variable(function.variable(*id), depth, seen),
            (Root::Variable(id), false) => self.part(function.variable(*id), place, depth, seen),
            (Root::Temp(_), _) => self.definitions(function, &Place::new(place.root.clone()), depth, seen),
            (Root::This, _) => self.field(function, place, depth, seen),
            (Root::Global(name), _) => match name.as_str() {
                "process" | "import" => Key::Few,
                _ => Key::Open,
            },
        }
    }

    /// A part of a variable: as open as the same part of what callers pass, or as the whole.
    fn part(&self, id: VariableRef, place: &Place, depth: u32, seen: &mut FxHashSet<(FunctionRef, Root)>) -> Key {
        let variable = self.facts.program.variable(id);
        let Binding::Parameter(index) = variable.binding else { return self.variable(id, depth, seen) };
        let owner = FunctionRef::new(id.file, variable.owner);
        if !seen.insert((owner, place.root.clone())) {
            return Key::Closed;
        }
        let mut worst = None;
        for call in self.aliases.callers(owner) {
            let part = self.facts.evaluator.fields(self.facts.evaluator.argument(call, index), &place.path);
            let argument = self.facts.program.op(call).call().and_then(|call| call.argument(index as usize));
            let key = match argument {
                _ if is_written_out(&part) => Key::Closed,
                Some(argument) => self.operand(call.function, argument, depth - 1, seen),
                None => Key::Open,
            };
            worst = worst.max(Some(key));
        }
        match worst {
            Some(Key::Given) => Key::Named,
            Some(key) => key,
            None if self.is_entry(owner) => Key::Open,
            None => Key::Named,
        }
    }

    /// A field of `this`: as open as what the class's own code assigns it.
    fn field(
        &self,
        function: FunctionRef,
        place: &Place,
        depth: u32,
        seen: &mut FxHashSet<(FunctionRef, Root)>,
    ) -> Key {
        let class = self.facts.program.this_class(function);
        let (Some(class), Some(name)) = (class, place.path.first().and_then(Field::name)) else { return Key::Named };
        let mut worst = Key::Few;
        for definition in self.facts.program.index(class.file).of_field(class.class, &Name::new(name)) {
            let at = OpRef {
                function: FunctionRef::new(class.file, definition.function),
                block: definition.block,
                index: definition.index,
            };
            if let OpKind::Assign { value, .. } = &self.facts.program.op(at).kind {
                for operand in value.operands() {
                    worst = worst.max(self.operand(at.function, operand, depth - 1, seen));
                }
            }
        }
        worst.min(Key::Open)
    }

    /// Whether a framework calls a function, or something that does so again and again: what it is given comes from
    /// outside.
    fn is_entry(&self, function: FunctionRef) -> bool {
        self.facts.frequencies.of_function(function) >= Rate::PerTick
    }

    fn is_few(&self, function: FunctionRef, place: &Place) -> bool {
        let name: &str = match (place.path.last(), &place.root) {
            (Some(field), _) => field.name().unwrap_or_default(),
            (None, Root::Variable(id)) => &self.facts.program.variable(function.variable(*id)).name,
            _ => return false,
        };
        let lower = name.trim_start_matches('_').to_ascii_lowercase();
        FEW.contains(&lower.as_str())
    }

    fn variable(&self, id: VariableRef, depth: u32, seen: &mut FxHashSet<(FunctionRef, Root)>) -> Key {
        let variable = self.facts.program.variable(id);
        let owner = FunctionRef::new(id.file, variable.owner);
        if !seen.insert((owner, Root::Variable(id.variable))) {
            return Key::Closed;
        }
        let typed = variable.annotation.as_ref().and_then(|written| self.typed(id, written, 3));
        if typed == Some(Key::Closed) {
            return Key::Closed;
        }
        if let Binding::Parameter(index) = variable.binding {
            let mut worst = None;
            for call in self.aliases.callers(owner) {
                let argument = self.facts.program.op(call).call().and_then(|call| call.argument(index as usize));
                let key = match argument {
                    Some(argument) => self.operand(call.function, argument, depth - 1, seen),
                    None => Key::Open,
                };
                worst = worst.max(Some(key));
            }
            return match (worst, typed) {
                (Some(key @ (Key::Closed | Key::Few)), _) => key,
                (_, Some(key)) => key,
                (Some(key), None) => key,
                (None, None) if self.is_entry(owner) => Key::Open,
                (None, None) => Key::Given,
            };
        }
        if self.is_set_at_load(id) {
            return Key::Closed;
        }
        if let Binding::Import(import) = variable.binding {
            return match self.facts.program.import(id.file, import) {
                Some(Symbol::Variable(variable)) => self.variable(variable, depth - 1, seen),
                _ => Key::Few,
            };
        }
        if typed.is_some() && self.facts.program.index(id.file).of_variable(id.variable).is_empty() {
            return Key::Named;
        }
        self.definitions(owner, &Place::variable(id.variable), depth, seen)
    }

    /// Whether a variable of a module is only assigned when the module is loaded: configuration, a table.
    fn is_set_at_load(&self, id: VariableRef) -> bool {
        let variable = self.facts.program.variable(id);
        variable.owner == FunctionId::INITIALISER
            && variable.binding == Binding::Value
            && self
                .facts
                .program
                .index(id.file)
                .of_variable(id.variable)
                .iter()
                .all(|definition| definition.function == FunctionId::INITIALISER)
    }

    fn definitions(
        &self,
        function: FunctionRef,
        place: &Place,
        depth: u32,
        seen: &mut FxHashSet<(FunctionRef, Root)>,
    ) -> Key {
        let index = self.facts.program.index(function.file);
        let definitions = match &place.root {
            Root::Temp(temp) => index.of_temp(function.function, *temp),
            Root::Variable(id) => index.of_variable(*id),
            _ => return Key::Open,
        };
        let mut worst = None;
        for definition in definitions {
            let at = OpRef {
                function: function.sibling(definition.function),
                block: definition.block,
                index: definition.index,
            };
            let key = match &self.facts.program.op(at).kind {
                OpKind::Call(call) => self.call(at, call, depth - 1, seen),
                OpKind::Assign { target, .. } if !target.path.is_empty() => continue,
                OpKind::Assign { value: Rvalue::Caught, .. } => Key::Open,
                OpKind::Assign { value, .. } => value
                    .operands()
                    .into_iter()
                    .map(|operand| self.operand(at.function, operand, depth - 1, seen))
                    .max()
                    .unwrap_or(Key::Open),
                _ => Key::Open,
            };
            worst = worst.max(Some(key));
        }
        worst.unwrap_or(Key::Open)
    }

    /// A form of the receiver and arguments is as open as they are; anything else that a call gives is open.
    fn call(&self, at: OpRef, call: &crate::ir::Call, depth: u32, seen: &mut FxHashSet<(FunctionRef, Root)>) -> Key {
        let name = call.method_name().map(Name::new).or_else(|| match call.callee.place().map(|place| &place.root) {
            Some(Root::Global(name)) => Some(name.clone()),
            _ => None,
        });
        let is_form = name.as_deref().is_some_and(|name| FORMS.contains(&name));
        let receiver = call
            .receiver()
            .filter(|(receiver, _)| !matches!(receiver.root, Root::Global(_)))
            .map(|(receiver, _)| Operand::Place(receiver));
        let operands = receiver.iter().chain(call.arguments.iter().map(|argument| &argument.value));
        let worst = operands.map(|operand| self.operand(at.function, operand, depth.saturating_sub(1), seen)).max();
        match worst {
            Some(key) if is_form => key,
            // `keyOf(url, options)`: made of what was given, whatever else goes into it.
            Some(Key::Given) => Key::Given,
            _ => Key::Open,
        }
    }

    /// What a written type says of keys; `None` for text, numbers and what is not known.
    fn typed(&self, id: VariableRef, written: &TypeRef, depth: u32) -> Option<Key> {
        match written {
            TypeRef::Literals => Some(Key::Closed),
            TypeRef::Named { root: TypeRoot::Variable(variable), .. } if depth > 0 => {
                let mut named = VariableRef { file: id.file, variable: *variable };
                if let Binding::Import(import) = self.facts.program.variable(named).binding {
                    match self.facts.program.import(id.file, import) {
                        Some(Symbol::Variable(variable)) => named = variable,
                        _ => return Some(Key::Named),
                    }
                }
                let variable = self.facts.program.variable(named);
                match variable.binding {
                    // An enum is a value; its type has its members.
                    Binding::Value => Some(Key::Closed),
                    Binding::Type => match &variable.annotation {
                        Some(TypeRef::Other) => None,
                        Some(written) => self.typed(named, written, depth - 1),
                        None => Some(Key::Named),
                    },
                    _ => Some(Key::Named),
                }
            }
            TypeRef::Named { root: TypeRoot::Global(name), arguments, .. } => match name.as_str() {
                "Lowercase" | "Uppercase" | "NonNullable" | "Readonly" => {
                    arguments.first().and_then(|inner| self.typed(id, inner, depth - 1))
                }
                _ => Some(Key::Named),
            },
            TypeRef::Named { .. } | TypeRef::TypeOf(_) | TypeRef::Array(_) | TypeRef::AnyOf(_) => Some(Key::Named),
            TypeRef::Other => None,
        }
    }

    /// The name in the brackets of `table[name] = …`. The intermediate form keeps no computed keys, so this asks the
    /// text; anything but a plain name is not understood.
    pub(super) fn in_brackets(&self, at: OpRef) -> Option<Operand> {
        let text = self.facts.program.text(self.facts.location(at));
        let (before, _) = text.split_once('=')?;
        let (_, key) = before.trim_end().strip_suffix(']')?.rsplit_once('[')?;
        let key = key.trim();
        if let Some(field) = key.strip_prefix("this.") {
            return Some(Operand::Place(Place::new(Root::This).named(field)));
        }
        let module = self.facts.program.module(at.function.file);
        let mut scope = Some(at.function.function);
        while let Some(function) = scope {
            let found = (0u32..).zip(&module.variables).find(|(_, variable)| {
                variable.owner == function && variable.name == key && variable.binding != Binding::Type
            });
            if let Some((index, _)) = found {
                return Some(Operand::Place(Place::variable(crate::ir::VariableId(index))));
            }
            scope = self.facts.program.function(at.function.sibling(function)).parent;
        }
        None
    }
}

fn is_written_out(values: &Values) -> bool {
    let is_written = |value: &Value| matches!(value, Value::Text(_) | Value::Class(_) | Value::Nullish);
    !values.open && !values.is_empty() && values.iter().all(is_written)
}
