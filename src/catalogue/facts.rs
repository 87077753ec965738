//! The catalogue's answers.

use smallvec::SmallVec;

use super::ResourceId;
use super::schema::{EntryPoint, FunctionFact, Lease, Registration, Wrapper};

/// A few entry points.
pub type Entries<'c> = SmallVec<[&'c EntryPoint; 2]>;

/// What a member of a package, or a global, is.
#[derive(Debug, Clone, Default)]
pub struct SymbolFacts<'c> {
    /// What `new` on it makes, subject to the resource's `create_when` and `create_unless`.
    pub new: Option<ResourceId>,
    /// What calling it makes, subject to the same.
    pub call: Option<ResourceId>,
    /// As a class or interface: what its instances are. A class of the project that extends it is that too.
    pub instance: Option<ResourceId>,
    pub wrapper_new: Option<&'c Wrapper>,
    pub wrapper_call: Option<&'c Wrapper>,
    /// What calling or constructing it does with its arguments.
    pub function: Option<&'c FunctionFact>,
    /// Calling it releases its first argument, when that is this resource.
    pub releases: Option<ResourceId>,
    /// As the type of a lock: the guard that it returns.
    pub guards: Option<ResourceId>,
    /// Calling or constructing it registers entry points.
    pub entries: Entries<'c>,
    /// Its result has a method that makes something: it is a builder.
    pub builds: bool,
    /// Whether anything at all is said about this member.
    pub known: bool,
}

/// What a method does on a resource.
#[derive(Debug, Clone, Default)]
pub struct MethodFacts<'c> {
    pub release: bool,
    /// When not empty: it releases only when its first argument is a string that starts with one of these.
    pub release_statements: &'c [String],
    pub opens: bool,
    pub returns_self: bool,
    /// It gives out another resource, subject to the lease's conditions.
    pub lease: Option<(&'c Lease, ResourceId)>,
    /// It takes back the lease that is its first argument.
    pub takes_back: Option<ResourceId>,
    /// For listeners and subscriptions: its part in adding and removing.
    pub role: Option<RegistrationRole>,
    pub function: Option<&'c FunctionFact>,
    pub entries: Entries<'c>,
}

/// What a method may be on a receiver that nothing is known about.
#[derive(Debug, Clone, Default)]
pub struct AnyMethodFacts<'c> {
    pub function: Option<&'c FunctionFact>,
    pub entries: Entries<'c>,
    /// Resources with a `registration` that mentions the name; [`Registration::role`] says in which role.
    pub registrations: &'c [ResourceId],
    /// Whether some resource is released by a method of this name: evidence that a member so named cleans up.
    pub releases_something: bool,
    /// Whether some resource gives out another by a method of this name, whatever its arguments are.
    pub leases_something: bool,
    /// Whether some lock gives its guard by a method of this name.
    pub guards_something: bool,
    /// Whether a method of this name keeps some guard, or the target of a pointer, from being given back, or makes up
    /// for that.
    pub forgets_something: bool,
    /// Whether the lease that it gives out calls a function for each item.
    pub tells_callbacks: bool,
    /// Whether some library's collection is filled by a method of this name.
    pub fills_something: bool,
    /// Whether some library's collection loses entries by a method of this name.
    pub empties_something: bool,
}

/// The part of a method in a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistrationRole {
    Add,
    AddOnce,
    Remove,
    RemoveAll,
}

impl Registration {
    /// The part of the method `name`, if it has one.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<RegistrationRole> {
        let has = |names: &[String]| names.iter().any(|other| other == name);
        if has(&self.add) {
            Some(RegistrationRole::Add)
        } else if has(&self.add_once) {
            Some(RegistrationRole::AddOnce)
        } else if has(&self.remove) {
            Some(RegistrationRole::Remove)
        } else if has(&self.remove_all) {
            Some(RegistrationRole::RemoveAll)
        } else {
            None
        }
    }
}
