//! Places and operands: where a value is, and what an operation reads.

use compact_str::CompactString;
use thin_vec::ThinVec;

use super::{ClassId, FunctionId, RequestId, VariableId};

/// An identifier or property name, as the program means it (quotes and escapes resolved).
pub type Name = CompactString;

/// The result of one expression, numbered within its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Temp(pub u32);

/// A storage location: a root and the fields that lead from it to the value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub root: Root,
    pub path: ThinVec<Field>,
}

/// What a [`Place`] starts from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Root {
    /// A variable of this module. Its owner may be an enclosing function: then this function captures it.
    Variable(VariableId),
    Temp(Temp),
    /// `this` of the nearest function that binds it. Arrow functions and code that the front end moved into the
    /// enclosing graph see the outer one; module level has none, but may name it.
    This,
    /// A name no scope of the module declares: `window`, `setInterval`, `process`.
    Global(Name),
}

/// One step of a [`Place`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// `.name`, `["name"]`, `.#name` (with the `#`), `[0]` (as `0`), `[Symbol.dispose]` (as `@@dispose`).
    Named(Name),
    /// A key that is only known when the program runs: `[key]`, an element of an iteration.
    Computed,
}

/// What an operation reads.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Place(Place),
    /// A function expression, arrow or method body; capturing is by the variables its graph mentions.
    Function(FunctionId),
    Class(ClassId),
    /// The namespace of another module: `require("x")`, `await import("x")`.
    Module(RequestId),
    String(Name),
    Number(f64),
    Boolean(bool),
    /// `null` or `undefined`, and the value of a function that returns none.
    Nullish,
    /// A primitive or an object this form does not follow: arithmetic, a template, a regular expression.
    Opaque,
}

/// A written type, kept only as far as it is evidence of what a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeRef {
    /// `Pool`, `pg.PoolClient`, `Promise<PoolClient>`, `import("pg").Pool`.
    Named { root: TypeRoot, path: ThinVec<Name>, arguments: Vec<TypeRef> },
    /// A union or intersection; `null` and `undefined` are left out.
    AnyOf(Vec<TypeRef>),
    /// `T[]`, `readonly T[]`, `Array<T>` stays `Named`.
    Array(Box<TypeRef>),
    /// `typeof value`.
    TypeOf(Place),
    /// A few values that are written out: `"asc" | "desc"`, `keyof typeof TABLE`, `(typeof LIST)[number]`.
    Literals,
    /// An object type that is written out: its fields whose types say something.
    Shape(Vec<(Name, TypeRef)>),
    /// `Adapter["pool"]`, and a field of a pattern of that type.
    Part { of: Box<TypeRef>, name: Name },
    /// Everything else: primitives, mapped and conditional types.
    Other,
}

/// What a type's name resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeRoot {
    /// A class, an import, an interface or an alias of this module.
    Variable(VariableId),
    /// A name nothing in the module declares as a value: `Promise`, `Map`.
    Global(Name),
    Module(RequestId),
}

impl Place {
    #[must_use]
    pub fn new(root: Root) -> Self {
        Self { root, path: ThinVec::new() }
    }

    #[must_use]
    pub fn variable(id: VariableId) -> Self {
        Self::new(Root::Variable(id))
    }

    #[must_use]
    pub fn temp(temp: Temp) -> Self {
        Self::new(Root::Temp(temp))
    }

    /// This place's field `field`.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        // Most paths end here, and a growing list makes room for four.
        self.path.reserve_exact(1);
        self.path.push(field);
        self
    }

    /// This place's field `name`.
    #[must_use]
    pub fn named(self, name: impl Into<Name>) -> Self {
        self.field(Field::Named(name.into()))
    }

    /// The place one step up and the last field: receiver and method of a call's callee.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &Field)> {
        let (last, path) = self.path.split_last()?;
        Some((Self { root: self.root.clone(), path: path.into() }, last))
    }

    /// The variable this place is, when it is one as a whole.
    #[must_use]
    pub fn as_variable(&self) -> Option<VariableId> {
        match self.root {
            Root::Variable(id) if self.path.is_empty() => Some(id),
            _ => None,
        }
    }

    /// The variable this place starts from.
    #[must_use]
    pub fn root_variable(&self) -> Option<VariableId> {
        match self.root {
            Root::Variable(id) => Some(id),
            _ => None,
        }
    }
}

impl Field {
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Computed => None,
        }
    }
}

impl Operand {
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Place(place) => Some(place),
            _ => None,
        }
    }
}

impl From<Place> for Operand {
    fn from(place: Place) -> Self {
        Self::Place(place)
    }
}

impl From<Temp> for Operand {
    fn from(temp: Temp) -> Self {
        Self::Place(Place::temp(temp))
    }
}

/// Whether a member of this name is what the end of a scope calls: `[Symbol.dispose]`, `[Symbol.asyncDispose]`.
#[must_use]
pub fn is_disposal(name: &str) -> bool {
    matches!(name, "@@dispose" | "@@asyncDispose")
}
