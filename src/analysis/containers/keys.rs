//! Keys: whether the keys that are written come from a set that has an end, or from one that has none.

use rustc_hash::FxHashMap;

use crate::analysis::facts::Facts;
use crate::analysis::value::{Value, Values};
use crate::ir::{Binding, Field, FunctionId, Name, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{FunctionRef, OpRef, Symbol, VariableRef};

use super::aliases::Aliases;
use super::few::names_few;
use super::many::{names_many, names_tenant};

/// Where a key comes from; later is less bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Literals, members of an enum, keys of a table that is written out.
    Closed,
    /// By its name something of which there are few: a locale, an environment, a kind.
    Few,
    /// A value of a type the program names; there may be few or many.
    Named,
    /// Computed, or from somewhere that is not followed.
    Open,
    /// Text or a number that the function was given.
    Given,
    /// One of ever more: what a request says, a user, a random number.
    Many,
}

const MAX_DEPTH: u32 = 8;

/// So many parts of variables are asked for one key.
const MAX_QUESTIONS: usize = 200;

/// The parts of variables that were asked on the way with the answers; closed while one is looked for, so that a cycle
/// ends.
pub(super) type Seen = FxHashMap<(FunctionRef, Place), Key>;

pub(super) struct Keys<'s, 'f, 'p> {
    pub(super) facts: &'f Facts<'p>,
    pub(super) aliases: &'s Aliases<'f, 'p>,
}

impl Keys<'_, '_, '_> {
    /// Where the key of a write comes from.
    pub(super) fn of(&self, function: FunctionRef, key: Option<&Operand>) -> Key {
        match key {
            Some(operand) => self.operand(function, operand, MAX_DEPTH, &mut FxHashMap::default()),
            None => Key::Open,
        }
    }

    pub(super) fn operand(&self, function: FunctionRef, operand: &Operand, depth: u32, seen: &mut Seen) -> Key {
        let place = match operand {
            Operand::Place(place) => place,
            Operand::Opaque => return Key::Open,
            // A function or class is there once for each time it is written, unless its scope runs again.
            Operand::Function(_) => return Key::Named,
            _ => return Key::Closed,
        };
        if depth == 0 || seen.len() > MAX_QUESTIONS {
            return Key::Open;
        }
        let values = self.facts.evaluator.place(function, place);
        if is_written_out(&values) || self.is_path(function, place) {
            return Key::Closed;
        }
        if self.is_few(function, place) {
            return Key::Few;
        }
        let key = self.source(function, place, depth, seen);
        // Whatever it is called, what only constants are passed for is one of them.
        if key > Key::Few && self.is_many(function, place) {
            Key::Many
        } else if key == Key::Many && self.is_of_tenant(function, place) && !self.is_of_many(function, place, 4) {
            Key::Named
        } else {
            key
        }
    }

    /// `Scope::Email`: what a path of names leads to is a constant, or a member of an enum.
    fn is_path(&self, function: FunctionRef, place: &Place) -> bool {
        let root = place.root_variable().map(|id| self.facts.program.variable(function.variable(id)).binding);
        self.facts.evaluator.drops_implicitly(function)
            && !place.path.is_empty()
            && matches!(root, Some(Binding::Class(_) | Binding::Import(_)))
    }

    /// Where a place gets its value.
    fn source(&self, function: FunctionRef, place: &Place, depth: u32, seen: &mut Seen) -> Key {
        // What a module made for itself when it was loaded is one thing, whatever class it is of.
        if let Root::Variable(id) = place.root
            && !place.path.is_empty()
            && place.path.iter().all(|field| field.name().is_some())
            && self.is_set_at_load(function.variable(id))
        {
            return Key::Closed;
        }
        if let Some(key) = self.spread(function, place, depth, seen) {
            return key;
        }
        match (&place.root, place.path.is_empty()) {
            (Root::Variable(id), true) => self.variable(function.variable(*id), depth, seen),
            (Root::Variable(id), false) => self.part(function.variable(*id), place, depth, seen),
            (Root::Temp(temp), false)
                if self.is_looked_up(
                    function.file,
                    self.facts.program.index(function.file).of_temp(function.function, *temp),
                    3,
                ) =>
            {
                Key::Open
            }
            (Root::Temp(_), _) => self.definitions(function, &Place::new(place.root.clone()), depth, seen),
            (Root::This, _) => self.field(function, place, depth, seen),
            (Root::Global(name), _) => match name.as_str() {
                "process" | "import" => Key::Few,
                _ => Key::Open,
            },
        }
    }

    /// `{ ...defaults, ...options }.key`: as open as that part of what callers pass.
    fn spread(&self, function: FunctionRef, place: &Place, depth: u32, seen: &mut Seen) -> Option<Key> {
        let values = self.facts.evaluator.place(function, place);
        let mut others = values.iter().filter(|value| !matches!(value, Value::Text(_) | Value::Nullish));
        let (Some(Value::Parameter { function: of, index, path }), None) = (others.next(), others.next()) else {
            return None;
        };
        let is_itself = place.as_variable().or(place.root_variable()).is_some_and(|id| {
            matches!(self.facts.program.variable(function.variable(id)).binding, Binding::Parameter(_))
        });
        if path.is_empty() || is_itself {
            return None;
        }
        let id = self.facts.program.function(*of).parameters.get(*index as usize)?.variable;
        let part = path.iter().fold(Place::variable(id), |place, field| place.named(field.clone()));
        Some(self.part(of.variable(id), &part, depth, seen))
    }

    /// A field of `this`: as open as what the class's own code assigns it.
    fn field(&self, function: FunctionRef, place: &Place, depth: u32, seen: &mut Seen) -> Key {
        let class = self.facts.program.this_class(function);
        let (Some(class), Some(name)) = (class, place.path.first().and_then(Field::name)) else { return Key::Named };
        let mut worst = Key::Few;
        for (file, definition) in self.facts.program.of_field(class, &Name::new(name)) {
            let at = OpRef {
                function: FunctionRef::new(file, definition.function),
                block: definition.block,
                index: definition.index,
            };
            if let OpKind::Assign { value, .. } = &self.facts.program.op(at).kind {
                for operand in value.operands() {
                    worst = worst.max(self.operand(at.function, operand, depth - 1, seen));
                }
            }
        }
        if worst == Key::Given { Key::Open } else { worst }
    }

    /// Whether a key is joined from several parts (`${shop}:${user}`); `None` where that cannot be seen.
    pub(super) fn is_joined(&self, function: FunctionRef, key: &Operand, depth: u32) -> Option<bool> {
        let place = key.place()?;
        let index = self.facts.program.index(function.file);
        let definitions = match &place.root {
            _ if depth == 0 => return None,
            Root::Variable(id) if !place.path.is_empty() => {
                let variable = self.facts.program.variable(function.variable(*id));
                let owner = function.sibling(variable.owner);
                let is_part = matches!(variable.binding, Binding::Parameter(_)) && self.is_entry(owner);
                return is_part.then_some(false);
            }
            Root::Variable(id) => index.of_variable(*id),
            Root::Temp(temp) if place.path.is_empty() => index.of_temp(function.function, *temp),
            _ => return None,
        };
        let [definition] = definitions else { return None };
        let at = function.definition(definition);
        match &self.facts.program.op(at).kind {
            // `${Date.now()}:${count}` goes out as a whole, and comes back as a part of the reply.
            OpKind::Assign { value: Rvalue::Compute(parts), .. } if parts.len() > 1 => {
                (!parts.iter().any(|part| self.is_made_anew(at.function, part))).then_some(true)
            }
            OpKind::Assign { value: Rvalue::Use(of), .. } => self.is_joined(at.function, of, depth - 1),
            OpKind::Call(call) if matches!(call.callee.place(), Some(place) if place.root == Root::Global("String".into())) => {
                self.is_joined(at.function, call.argument(0)?, depth - 1)
            }
            _ => None,
        }
    }

    fn is_made_anew(&self, function: FunctionRef, part: &Operand) -> bool {
        let Some(Place { root: Root::Temp(temp), .. }) = part.place() else { return false };
        self.facts.program.index(function.file).of_temp(function.function, *temp).iter().any(|definition| {
            let at = function.definition(definition);
            self.facts.program.op(at).call().is_some_and(Self::is_fresh)
        })
    }

    fn is_few(&self, function: FunctionRef, place: &Place) -> bool {
        self.facts.program.module(function.file).last_name(place).is_some_and(|name| names_few(name))
    }

    fn is_of_tenant(&self, function: FunctionRef, place: &Place) -> bool {
        let root = place.root_variable().map(|id| self.facts.program.variable(function.variable(id)).name.as_str());
        root.into_iter().chain(place.path.iter().filter_map(Field::name)).any(names_tenant)
    }

    /// Whether what is called a tenant is, for some, what there are ever more of: `auth ? auth.tenant : request.ip`.
    fn is_of_many(&self, function: FunctionRef, place: &Place, depth: u32) -> bool {
        if depth == 0 || !place.path.is_empty() {
            return false;
        }
        let definitions = self.facts.program.index(function.file).of_root(function.function, &place.root);
        definitions.iter().any(|definition| {
            let at = function.definition(definition);
            let OpKind::Assign { value: Rvalue::Use(Operand::Place(of)), .. } = &self.facts.program.op(at).kind else {
                return false;
            };
            self.is_many(at.function, of) || self.is_of_many(at.function, of, depth - 1)
        })
    }

    fn is_many(&self, function: FunctionRef, place: &Place) -> bool {
        let name = self.facts.program.module(function.file).last_name(place);
        name.is_some_and(|name| names_many(self.holder(function, place, 4).as_deref(), name))
    }

    pub(super) fn variable(&self, id: VariableRef, depth: u32, seen: &mut Seen) -> Key {
        let variable = self.facts.program.variable(id);
        let owner = FunctionRef::new(id.file, variable.owner);
        let question = (owner, Place::variable(id.variable));
        if let Some(known) = seen.get(&question) {
            return *known;
        }
        seen.insert(question.clone(), Key::Closed);
        let key = self.unseen_variable(id, owner, depth, seen);
        seen.insert(question, key);
        key
    }

    fn unseen_variable(&self, id: VariableRef, owner: FunctionRef, depth: u32, seen: &mut Seen) -> Key {
        let variable = self.facts.program.variable(id);
        let typed = variable.annotation.as_ref().and_then(|written| self.typed(id, written, 3));
        if typed == Some(Key::Closed) {
            return Key::Closed;
        }
        if let Binding::Parameter(index) = variable.binding {
            return self.parameter(owner, index, typed, depth, seen);
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

    pub(super) fn definitions(&self, function: FunctionRef, place: &Place, depth: u32, seen: &mut Seen) -> Key {
        let index = self.facts.program.index(function.file);
        let definitions = match &place.root {
            Root::Temp(temp) => index.of_temp(function.function, *temp),
            Root::Variable(id) => index.of_variable(*id),
            _ => return Key::Open,
        };
        let mut worst = None;
        for definition in definitions {
            let at = function.definition(definition);
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
}

pub(super) fn is_written_out(values: &Values) -> bool {
    let is_written = |value: &Value| matches!(value, Value::Text(_) | Value::Class(_) | Value::Nullish);
    !values.open && !values.is_empty() && values.iter().all(is_written)
}
