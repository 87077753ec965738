//! Abstract values: what a place may hold.
//!
//! A value is symbolic where it depends on the caller ([`Value::Parameter`], [`Value::This`]) and is rewritten at each
//! call ([`super::evaluate::Evaluator::instantiate`]), so one evaluation of a function serves all its callers.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use compact_str::CompactString;
use smallvec::SmallVec;
use thin_vec::ThinVec;

use crate::catalogue::ResourceId;
use crate::ir::Name;
use crate::linking::{ClassRef, FunctionRef, OpRef};
use crate::source::FileId;

/// Names that lead from a value to a part of it. Values are copied far more often than made, so copies share them.
#[derive(Debug, Clone, Default)]
pub struct Path(Option<Arc<[Name]>>);

impl Path {
    /// The value itself.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// The path with one more name.
    #[must_use]
    pub fn and(&self, name: Name) -> Self {
        self.iter().cloned().chain([name]).collect()
    }
}

impl Deref for Path {
    type Target = [Name];

    fn deref(&self) -> &[Name] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(others)) => Arc::ptr_eq(own, others) || own == others,
            (own, others) => own.is_none() && others.is_none(),
        }
    }
}

impl Eq for Path {}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl FromIterator<Name> for Path {
    fn from_iter<I: IntoIterator<Item = Name>>(names: I) -> Self {
        let names: SmallVec<[Name; 4]> = names.into_iter().collect();
        Self((!names.is_empty()).then(|| Arc::from_iter(names)))
    }
}

impl<'p> IntoIterator for &'p Path {
    type Item = &'p Name;
    type IntoIter = std::slice::Iter<'p, Name>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One thing a place may hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// A resource that an operation of the program acquired.
    Resource(AcquisitionId),
    /// A resource by its written type alone, acquired elsewhere: borrowed.
    Borrowed(ResourceId),
    /// A view of a resource that has methods of its own: `drizzle(pool)`.
    View {
        of: AcquisitionId,
        view: ResourceId,
    },
    /// A method of a resource, taken as a value: `const { release } = client`, `sql.end.bind(sql)`.
    Method {
        of: AcquisitionId,
        name: Name,
    },
    /// A function with the calls through which its captured variables are seen, innermost first.
    Function {
        function: FunctionRef,
        context: ContextId,
    },
    Class(ClassRef),
    /// An object or array literal.
    Object {
        at: OpRef,
        context: ContextId,
    },
    /// The exports of a module.
    Namespace(FileId),
    /// A member of a package, or a global: itself, not an instance.
    External(ExternalId),
    /// The result of calling or constructing a member of a package, if the catalogue names no resource for it.
    Product {
        of: ExternalId,
        at: OpRef,
    },
    /// The result of a method or field of a resource: a query, a builder, a manager. It borrows from the resource; the
    /// value of a field (and of methods on that) lasts, and keeps the resource in use.
    Part {
        of: AcquisitionId,
        lasts: bool,
    },
    /// An argument of the function, or a part of one.
    Parameter {
        function: FunctionRef,
        index: u32,
        path: Path,
    },
    /// `this` of the class's methods, or a part of it that the class's own code does not assign.
    This {
        class: ClassRef,
        path: Path,
    },
    /// A collection the analysis follows by identity: `new Map()`, `[]` kept in a variable.
    Text(Name),
    Nullish,
}

/// An interned list of calls; see [`Contexts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ContextId(pub u32);

/// An interned [`Acquisition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AcquisitionId(pub u32);

/// An interned [`External`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId(pub u32);

/// A resource as one function sees it begin.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Acquisition {
    /// The operation of the function that becomes its owner.
    pub at: OpRef,
    pub kind: AcquiredKind,
    pub how: How,
}

/// What was acquired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AcquiredKind {
    Catalogued(ResourceId),
    /// An instance of a class of the project that owns resources.
    Instance(ClassRef),
}

/// How it came to its owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum How {
    /// By a constructor or factory of a library.
    Created,
    /// By a method of another resource, which is named where it was acquired here.
    Leased { giver: Option<AcquisitionId>, with_giver: bool },
    /// By a method of another resource that is itself the lease from then on: `transaction.begin()`.
    Begun,
    /// As the parameter of this function, a callback of the operation.
    CallbackParameter { callback: FunctionRef, parameter: u32 },
    /// From a function of the project that acquired `inner` and handed it on.
    Received { inner: AcquisitionId },
}

/// A member of a package, or a global name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct External {
    /// `None` for a global.
    pub package: Option<CompactString>,
    pub path: ThinVec<Name>,
}

/// Interning tables: values stay small and comparable by id.
#[derive(Debug, Default, Clone)]
pub struct Interner {
    acquisitions: indexmap::IndexSet<Acquisition, rustc_hash::FxBuildHasher>,
    externals: indexmap::IndexSet<External, rustc_hash::FxBuildHasher>,
    contexts: indexmap::IndexSet<(ContextId, OpRef), rustc_hash::FxBuildHasher>,
}

/// How many calls deep a value is followed through returns: a chain of wrappers in real code is two to four long.
const MAX_CONTEXT_DEPTH: u32 = 6;

impl Interner {
    pub fn acquisition(&mut self, acquisition: Acquisition) -> AcquisitionId {
        AcquisitionId(index(self.acquisitions.insert_full(acquisition).0))
    }

    #[must_use]
    pub fn get_acquisition(&self, id: AcquisitionId) -> &Acquisition {
        &self.acquisitions[id.0 as usize]
    }

    pub fn external(&mut self, external: External) -> ExternalId {
        ExternalId(index(self.externals.insert_full(external).0))
    }

    #[must_use]
    pub fn get_external(&self, id: ExternalId) -> &External {
        &self.externals[id.0 as usize]
    }

    /// `context` seen from one call further out; `None` when that is deeper than anything believable.
    pub fn push(&mut self, context: ContextId, call: OpRef) -> Option<ContextId> {
        if self.depth(context) >= MAX_CONTEXT_DEPTH || self.calls(context).contains(&call) {
            return None;
        }
        Some(ContextId(index(self.contexts.insert_full((context, call)).0) + 1))
    }

    fn depth(&self, context: ContextId) -> u32 {
        index(self.calls(context).len())
    }

    /// The last call of a context.
    #[must_use]
    pub fn outermost(&self, context: ContextId) -> Option<OpRef> {
        Some(self.contexts[context.0.checked_sub(1)? as usize].1)
    }

    /// The calls of a context, innermost first.
    #[must_use]
    pub fn calls(&self, mut context: ContextId) -> SmallVec<[OpRef; 4]> {
        let mut calls = SmallVec::new();
        while let Some(entry) = context.0.checked_sub(1) {
            let (inner, call) = self.contexts[entry as usize];
            calls.push(call);
            context = inner;
        }
        calls.reverse();
        calls
    }
}

fn index(value: usize) -> u32 {
    u32::try_from(value).expect("invariant: fewer than 2^32 interned values")
}

/// What a place may hold: a small set, in the order found. Empty: nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values {
    // Most hold one value: room for a second would make the answers that are kept half as large again.
    set: SmallVec<[Value; 1]>,
    /// Whether it may hold something else as well.
    pub open: bool,
}

/// Past this many alternatives a place tells nothing.
const MAX_VALUES: usize = 12;

impl Values {
    /// Nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self { set: SmallVec::new(), open: true }
    }

    #[must_use]
    pub fn one(value: Value) -> Self {
        Self { set: smallvec::smallvec![value], open: false }
    }

    /// No values yet; `open` as given.
    #[must_use]
    pub const fn none(open: bool) -> Self {
        Self { set: SmallVec::new_const(), open }
    }

    /// The value, or something else.
    #[must_use]
    pub fn perhaps(value: Value) -> Self {
        Self { set: smallvec::smallvec![value], open: true }
    }

    pub fn add(&mut self, value: Value) {
        if self.set.contains(&value) {
            return;
        }
        if self.set.len() == MAX_VALUES {
            self.open = true;
            return;
        }
        self.set.push(value);
    }

    pub fn join(&mut self, other: &Self) {
        self.open |= other.open;
        for value in &other.set {
            self.add(value.clone());
        }
    }

    /// [`join`](Self::join) with values that nobody else needs.
    pub fn absorb(&mut self, other: Self) {
        self.open |= other.open;
        if self.set.is_empty() {
            self.set = other.set;
        } else {
            other.set.into_iter().for_each(|value| self.add(value));
        }
    }

    /// Keeps the values of which it holds.
    pub fn retain(&mut self, holds: impl Fn(&Value) -> bool) {
        self.set.retain(|value| holds(value));
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Value> {
        self.set.iter()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// The acquired resources among them.
    pub fn resources(&self) -> impl Iterator<Item = AcquisitionId> + '_ {
        self.set.iter().filter_map(Value::acquisition)
    }
}

impl<'v> IntoIterator for &'v Values {
    type Item = &'v Value;
    type IntoIter = std::slice::Iter<'v, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.set.iter()
    }
}

impl Value {
    /// The acquired resource this value is, is a view of or a method of.
    #[must_use]
    pub fn acquired(&self) -> Option<AcquisitionId> {
        match self {
            Self::Resource(id) | Self::View { of: id, .. } | Self::Method { of: id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The acquired resource this value is or is a view of.
    #[must_use]
    pub fn acquisition(&self) -> Option<AcquisitionId> {
        match self {
            Self::Resource(id) | Self::View { of: id, .. } => Some(*id),
            _ => None,
        }
    }
}
