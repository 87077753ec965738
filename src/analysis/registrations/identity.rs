//! Identity: when two targets, events or handlers are the same.
//!
//! Places are the best evidence: a named function or a field is the same at both calls; a function written inline or
//! bound anew never is. Where places differ, values may still agree (a parameter, and the field it was stored in).

use smallvec::SmallVec;

use crate::analysis::evaluate::Evaluator;
use crate::analysis::value::{Value, Values};
use crate::ir::{Binding, Field, ImportName, Name, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{ClassRef, FunctionRef, OpRef, Symbol, VariableRef};

/// Whether two things are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    No,
    Maybe,
    Sure,
}

/// A place, independent of the function that refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceId {
    Global(Vec<Name>),
    Variable(VariableRef, Vec<Field>),
    /// A field of a class's instances.
    Field(ClassRef, Vec<Field>),
    /// What a package exports.
    External(String),
    /// A result: equal to nothing else.
    Fresh,
}

/// A callback's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandlerId {
    Place(PlaceId),
    /// Written in place: nothing can name it but itself.
    Written(FunctionRef),
    /// Bound anew: equal to nothing else. With the function it runs, if known.
    Fresh(Option<FunctionRef>),
    Unknown,
}

/// A callback, with the place it is kept in and the functions it may be.
#[derive(Debug, Clone)]
pub struct Handler {
    pub id: HandlerId,
    pub values: Values,
    /// The function arguments of the call whose result it is: `debounce(onResize)` is another function than `onResize`.
    made_of: SmallVec<[FunctionRef; 1]>,
    /// The function that passes it.
    by: FunctionRef,
}

/// An event's name, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Text(Name),
    /// Each of these in turn: the names in a list.
    Each(Vec<Name>),
    Place(PlaceId),
    Unknown,
}

/// Words in the names of events that come once in an object's life, or at its end.
const ONCE: &[&str] = &[
    "load", "ready", "open", "connect", "listen", "init", "install", "activate", "start", "close", "end", "finish",
    "exit", "error", "destroy", "dispose", "abort", "drain", "stop", "complete", "done", "create", "mount", "boot",
    "spawn",
];

/// The maximal number of aliases a place is followed through.
const MAX_ALIASES: u32 = 6;

/// Names of the global object itself.
const GLOBAL_OBJECTS: &[&str] = &["window", "globalThis", "self", "global"];

impl PlaceId {
    /// The identity of a place of a function.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place) -> Self {
        followed(evaluator, function, place, MAX_ALIASES)
    }

    /// Whether it is the global object.
    #[must_use]
    pub fn is_global_object(&self) -> bool {
        match self {
            Self::Global(path) => path.is_empty() || (path.len() == 1 && GLOBAL_OBJECTS.contains(&path[0].as_str())),
            _ => false,
        }
    }

    fn with(self, path: &[Field]) -> Self {
        match self {
            Self::Global(mut names) => {
                names.extend(path.iter().map(|field| field.name().map_or_else(|| Name::new("[]"), Name::new)));
                Self::Global(names)
            }
            Self::Variable(variable, mut fields) => {
                fields.extend(path.iter().cloned());
                Self::Variable(variable, fields)
            }
            Self::Field(class, mut fields) => {
                fields.extend(path.iter().cloned());
                Self::Field(class, fields)
            }
            Self::External(mut name) => {
                for field in path {
                    name.push('.');
                    name.push_str(field.name().unwrap_or("[]"));
                }
                Self::External(name)
            }
            Self::Fresh => Self::Fresh,
        }
    }
}

fn followed(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, depth: u32) -> PlaceId {
    match &place.root {
        Root::Global(name) => {
            let mut path: Vec<Name> = std::iter::once(name.clone())
                .chain(place.path.iter().map(|field| field.name().map_or_else(|| Name::new("[]"), Name::new)))
                .collect();
            if path.len() > 1 && GLOBAL_OBJECTS.contains(&path[0].as_str()) {
                path.remove(0);
            }
            PlaceId::Global(path)
        }
        Root::Variable(id) => variable(evaluator, function.variable(*id), &place.path, depth),
        Root::This => match evaluator.program.this_class(function) {
            Some(class) => PlaceId::Field(class, place.path.to_vec()),
            None => PlaceId::Fresh,
        },
        Root::Temp(temp) => {
            let definitions = evaluator.program.index(function.file).of_temp(function.function, *temp);
            let [only] = definitions else { return PlaceId::Fresh };
            let at = function.definition(only);
            match &evaluator.program.op(at).kind {
                OpKind::Assign { target, value: Rvalue::Use(Operand::Place(of)) }
                    if depth > 0 && target.path.is_empty() && of != place =>
                {
                    followed(evaluator, function, of, depth - 1).with(&place.path)
                }
                _ => PlaceId::Fresh,
            }
        }
    }
}

/// A variable, through imports and through variables that are only aliases.
fn variable(evaluator: &Evaluator<'_>, id: VariableRef, path: &[Field], depth: u32) -> PlaceId {
    let declared = evaluator.program.variable(id);
    let itself = || PlaceId::Variable(id, path.to_vec());
    if depth == 0 {
        return itself();
    }
    match declared.binding {
        Binding::Import(import) => match evaluator.program.import(id.file, import) {
            Some(symbol) => imported(evaluator, symbol, path, depth - 1).unwrap_or_else(itself),
            None => unresolved(evaluator, id, import).with(path),
        },
        Binding::Value if declared.is_constant => {
            let [only] = evaluator.program.index(id.file).of_variable(id.variable) else { return itself() };
            let owner = FunctionRef::new(id.file, only.function);
            let at = owner.definition(only);
            match &evaluator.program.op(at).kind {
                OpKind::Assign { target, value: Rvalue::Use(Operand::Place(of)) }
                    if target.path.is_empty() && of.root != target.root =>
                {
                    match followed(evaluator, owner, of, depth - 1) {
                        PlaceId::Fresh => itself(),
                        known => known.with(path),
                    }
                }
                _ => itself(),
            }
        }
        _ => itself(),
    }
}

fn imported(evaluator: &Evaluator<'_>, symbol: Symbol, path: &[Field], depth: u32) -> Option<PlaceId> {
    match symbol {
        Symbol::Variable(id) => Some(variable(evaluator, id, path, depth)),
        Symbol::External { package, path: names } => {
            let name = std::iter::once(package.as_str()).chain(names.iter().map(Name::as_str)).collect::<Vec<_>>();
            Some(PlaceId::External(name.join(".")).with(path))
        }
        Symbol::Namespace(file) => {
            let (first, rest) = path.split_first()?;
            let symbol = evaluator.program.export(file, &Name::new(first.name()?))?;
            if depth == 0 { None } else { imported(evaluator, symbol, rest, depth - 1) }
        }
    }
}

/// An import of a file that is not among the analysed ones: the same wherever it is imported in this file.
fn unresolved(evaluator: &Evaluator<'_>, id: VariableRef, import: u32) -> PlaceId {
    let module = evaluator.program.module(id.file);
    let import = &module.imports[import as usize];
    let name = match &import.name {
        ImportName::Default => "default",
        ImportName::Namespace => "*",
        ImportName::Named(name) => name.as_str(),
    };
    PlaceId::External(format!("{}.{name}", module.request(import.request).specifier))
}

impl Handler {
    /// The callback an operand is.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>, function: FunctionRef, operand: &Operand) -> Self {
        Self {
            id: handler_id(evaluator, function, operand),
            values: evaluator.operand(function, operand),
            made_of: made_of(evaluator, function, operand),
            by: function,
        }
    }

    /// The functions of the project it may run.
    pub fn functions(&self) -> impl Iterator<Item = FunctionRef> + '_ {
        let fresh = match self.id {
            HandlerId::Written(function) => Some(function),
            HandlerId::Fresh(function) => function,
            _ => None,
        };
        let known = self.values.iter().filter_map(|value| match value {
            Value::Function { function, .. } => Some(*function),
            _ => None,
        });
        fresh.into_iter().chain(known.filter(move |function| Some(*function) != fresh))
    }

    /// Whether a removal of `self` removes `added`.
    #[must_use]
    pub fn likeness(&self, added: &Self) -> Likeness {
        let is = |function: FunctionRef| {
            self.values
                .iter()
                .any(|value| matches!(value, Value::Function { function: known, .. } if *known == function))
        };
        match (&self.id, &added.id) {
            // A function made for the removal was never added.
            (HandlerId::Fresh(_) | HandlerId::Written(_), _) => Likeness::No,
            (HandlerId::Place(removed), HandlerId::Place(added)) if removed == added => Likeness::Sure,
            // By its own name, from within.
            (_, HandlerId::Written(function)) if is(*function) => Likeness::Sure,
            (_, HandlerId::Fresh(_) | HandlerId::Written(_)) => {
                let is_some_function = self.values.iter().any(|value| matches!(value, Value::Function { .. }));
                if is_some_function || self.was_given_to(added.by) { Likeness::No } else { Likeness::Maybe }
            }
            _ => match overlap(&self.values, &added.values) {
                Likeness::Maybe if self.is_made_apart_from(added) || added.is_made_apart_from(self) => Likeness::No,
                likeness => likeness,
            },
        }
    }

    /// Whether it is an argument of a function, and so not made there.
    fn was_given_to(&self, function: FunctionRef) -> bool {
        let mut values = self.values.iter().peekable();
        let is_given = |value: &Value| matches!(value, Value::Parameter { function: of, path, .. } if *of == function && path.is_empty());
        values.peek().is_some() && values.all(is_given)
    }

    /// Whether a call made it from functions, and `other` is a literal one or made by another call.
    fn is_made_apart_from(&self, other: &Self) -> bool {
        let is_written = || {
            let mut values = other.values.iter().peekable();
            !other.values.open && values.peek().is_some() && values.all(|it| matches!(it, Value::Function { .. }))
        };
        !self.made_of.is_empty() && (!other.made_of.is_empty() || is_written())
    }

    /// Whether it is the result of a call with the function that `other` is.
    #[must_use]
    pub fn is_made_of(&self, other: &Self) -> bool {
        other.functions().any(|function| self.made_of.contains(&function))
    }
}

/// The functions among the arguments of the call whose result an operand is.
fn made_of(evaluator: &Evaluator<'_>, function: FunctionRef, operand: &Operand) -> SmallVec<[FunctionRef; 1]> {
    let call = operand.place().and_then(|place| call_behind(evaluator, function, place, MAX_ALIASES));
    let Some((at, call)) = call.and_then(|at| Some((at, evaluator.program.op(at).call()?))) else {
        return SmallVec::new();
    };
    let values = call.arguments.iter().map(|argument| evaluator.operand(at.function, &argument.value));
    let functions = |values: Values| {
        let functions = values.iter().filter_map(|value| match value {
            Value::Function { function, .. } => Some(*function),
            _ => None,
        });
        functions.collect::<SmallVec<[FunctionRef; 1]>>()
    };
    values.flat_map(functions).collect()
}

/// The only call that assigns a place, through variables that are only aliases.
fn call_behind(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, depth: u32) -> Option<OpRef> {
    if depth == 0 || !place.path.is_empty() {
        return None;
    }
    let index = evaluator.program.index(function.file);
    let definitions = match place.root {
        Root::Temp(temp) => index.of_temp(function.function, temp),
        Root::Variable(id) if evaluator.program.variable(function.variable(id)).is_constant => index.of_variable(id),
        _ => return None,
    };
    let [only] = definitions else { return None };
    let owner = FunctionRef::new(function.file, only.function);
    let at = owner.definition(only);
    match &evaluator.program.op(at).kind {
        OpKind::Call(_) => Some(at),
        OpKind::Assign { target, value: Rvalue::Use(Operand::Place(of)) } if target.path.is_empty() && of != place => {
            call_behind(evaluator, owner, of, depth - 1)
        }
        _ => None,
    }
}

fn handler_id(evaluator: &Evaluator<'_>, function: FunctionRef, handler: &Operand) -> HandlerId {
    match handler {
        Operand::Function(id) => HandlerId::Written(function.sibling(*id)),
        Operand::Place(place) => match PlaceId::of(evaluator, function, place) {
            PlaceId::Fresh => match place.root {
                Root::Temp(temp) if place.path.is_empty() => made(evaluator, function, temp),
                _ => HandlerId::Unknown,
            },
            known => HandlerId::Place(known),
        },
        _ => HandlerId::Unknown,
    }
}

/// A handler computed inline: `this.onMessage.bind(this)` is a new function each time; the results of other calls may
/// be kept.
fn made(evaluator: &Evaluator<'_>, function: FunctionRef, temp: crate::ir::Temp) -> HandlerId {
    let definitions = evaluator.program.index(function.file).of_temp(function.function, temp);
    let is_new = definitions.iter().all(|definition| {
        let at = function.definition(definition);
        match &evaluator.program.op(at).kind {
            OpKind::Call(call) => call.method_name() == Some("bind") && !call.optional,
            OpKind::Assign { value: Rvalue::Use(Operand::Function(_)), .. } => true,
            _ => false,
        }
    });
    let runs = evaluator.temp(function, temp).iter().find_map(|value| match value {
        Value::Function { function, .. } => Some(*function),
        _ => None,
    });
    if is_new && !definitions.is_empty() { HandlerId::Fresh(runs) } else { HandlerId::Unknown }
}

impl Event {
    /// The event an operand names.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>, function: FunctionRef, operand: &Operand) -> Self {
        let values = evaluator.operand(function, operand);
        let mut texts = values.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        });
        match (texts.next(), texts.next(), operand) {
            (Some(text), None, _) if !values.open && values.iter().count() == 1 => Self::Text(text.clone()),
            (Some(first), Some(second), _)
                if !values.open && values.iter().all(|value| matches!(value, Value::Text(_))) =>
            {
                let mut names: Vec<Name> = [first, second].into_iter().chain(texts).cloned().collect();
                names.sort_unstable();
                Self::Each(names)
            }
            (_, _, Operand::Place(place)) => match PlaceId::of(evaluator, function, place) {
                PlaceId::Fresh => Self::Unknown,
                place => Self::Place(place),
            },
            _ => Self::Unknown,
        }
    }

    /// Its name, if it is a literal.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it may come any number of times in the life of its target, judging by its name.
    #[must_use]
    pub fn fires_again(&self) -> bool {
        self.text().is_some_and(|event| {
            let lower = event.to_ascii_lowercase();
            !event.starts_with("SIG") && !ONCE.iter().any(|word| lower.contains(word))
        })
    }

    #[must_use]
    pub fn likeness(&self, other: &Self) -> Likeness {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) if a != b => Likeness::No,
            // To remove some of them leaves the others.
            (Self::Each(removed), Self::Each(added)) if !added.iter().all(|name| removed.contains(name)) => {
                Likeness::No
            }
            (Self::Text(removed), Self::Each(added)) | (Self::Each(added), Self::Text(removed))
                if !added.contains(removed) =>
            {
                Likeness::No
            }
            (Self::Place(PlaceId::Global(a)), Self::Place(PlaceId::Global(b))) if a != b => Likeness::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Likeness::Maybe,
            (a, b) if a == b => Likeness::Sure,
            // Members of one table of names differ as their names do.
            (Self::Place(a), Self::Place(b)) if is_sibling(a, b) => Likeness::No,
            _ => Likeness::Maybe,
        }
    }
}

fn is_sibling(a: &PlaceId, b: &PlaceId) -> bool {
    match (a, b) {
        (PlaceId::Variable(a, a_path), PlaceId::Variable(b, b_path)) => {
            a == b && a_path.len() == b_path.len() && a_path.iter().chain(b_path).all(|field| field.name().is_some())
        }
        (PlaceId::External(a), PlaceId::External(b)) => match (a.rsplit_once('.'), b.rsplit_once('.')) {
            (Some((a, _)), Some((b, _))) => a == b,
            _ => false,
        },
        _ => false,
    }
}

/// Whether two places hold the same, judging by their values.
#[must_use]
pub(super) fn overlap(a: &Values, b: &Values) -> Likeness {
    // A value that is known by its type alone is some instance, not this one.
    let is_identity =
        |value: &Value| !matches!(value, Value::Borrowed(_) | Value::This { .. } | Value::Part { .. } | Value::Nullish);
    let same = |a: &Value, b: &Value| match (a, b) {
        (Value::Function { function: a, .. }, Value::Function { function: b, .. }) => a == b,
        (a, b) => a == b,
    };
    if a.iter().any(|value| is_identity(value) && b.iter().any(|other| same(value, other))) {
        return Likeness::Sure;
    }
    let is_closed = |values: &Values| {
        let mut known = values.iter().filter(|value| !matches!(value, Value::Nullish)).peekable();
        !values.open
            && known.peek().is_some()
            && known.all(|value| is_identity(value) && !matches!(value, Value::Parameter { .. }))
    };
    if is_closed(a) && is_closed(b) { Likeness::No } else { Likeness::Maybe }
}
