//! What makes functions run, and how often.

use serde::{Deserialize, Serialize};

use super::ArgumentTest;

/// What makes a function run again and again, or once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EntryPoint {
    pub runs: Runs,
    /// How the chain of evidence names it: `an Express route`, `a Next.js route handler`.
    pub label: String,
    /// Registration: call patterns whose function arguments are the entry points: `createServer()`, `app.get()` as
    /// `express().get()` or `<kafkajs.Consumer>.run()` where the receiver is known, `*.get()` where it is not. `new Worker`
    /// registers the functions given to a constructor.
    #[serde(default)]
    pub registered_by: Vec<String>,
    /// Which of the library's `packages` it is for, when not for all.
    #[serde(default)]
    pub from: Vec<String>,
    /// Argument paths of the registration that hold functions, inside an object: `0.fetch`, `0.routes.*`.
    #[serde(default)]
    pub argument_paths: Vec<String>,
    /// Which arguments of the registration: indices; empty means every function among them.
    #[serde(default)]
    pub arguments: Vec<u32>,
    /// The first argument must be a string that matches: `/` stands for "starts with a slash".
    #[serde(default)]
    pub first_argument: Option<String>,
    /// Events, for `*.on()` registrations: the first argument is one of these.
    #[serde(default)]
    pub events: Vec<String>,
    /// Location: globs on the file's path. All conditions of location that are given must hold.
    #[serde(default)]
    pub files: Vec<String>,
    /// Location: which exports; `default`, `GET`; `default.fetch` is a member of an exported object, `actions.*` all of them.
    /// Empty means every exported function.
    #[serde(default)]
    pub exports: Vec<String>,
    /// Location: globs on the function's own name, exported or not: `use[A-Z]*`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Location: functions with a capital initial that make elements of JSX, in files of any name.
    #[serde(default)]
    pub makes_elements: bool,
    /// Location: a directive at the head of the file or the function: `use server`.
    #[serde(default)]
    pub directives: Vec<String>,
    /// Decorators, by name, on a method, or on a class for all its methods.
    #[serde(default)]
    pub decorators: Vec<String>,
    /// Only where an argument of the decorator says so: a literal, or the member of a library's enum of that name.
    #[serde(default)]
    pub decorated_with: Option<ArgumentTest>,
    /// Written types of a parameter that tell: `NextApiRequest`, `FastifyRequest`.
    #[serde(default)]
    pub parameter_types: Vec<String>,
    /// The written type it returns, or one in that, has one of these names: `Result<impl Reply, Rejection>`.
    #[serde(default)]
    pub return_types: Vec<String>,
    /// Base classes and interfaces whose methods these are.
    #[serde(default)]
    pub base_types: Vec<String>,
    /// Only called when the other side asks for it: what it takes out may stay for ever.
    #[serde(default)]
    pub on_demand: bool,
    /// Parts of its arguments that were there before the call, and are there for the next: `0.socket` of a request.
    #[serde(default)]
    pub lasting: Vec<String>,
    /// What it returns is run to end what it began.
    #[serde(default)]
    pub returns_cleanup: bool,
    /// It may run again for the same instance: an element that is moved is connected anew.
    #[serde(default)]
    pub reenters: bool,
    /// It runs again for the same owner, which has not ended in between: a watcher, an effect.
    #[serde(default)]
    pub reruns: bool,
    /// Not where the argument of the registration at this index is an empty list, and otherwise when something of it changes.
    #[serde(default)]
    pub dependencies: Option<u32>,
    /// It is run when what registered it ends; it has to be registered before anything is waited for.
    #[serde(default)]
    pub ends: bool,
    /// The method that ends an instance of the class, which need not have it: `ngOnDestroy`.
    #[serde(default)]
    pub ended_by: Option<EndMethod>,
    /// Which methods, for decorators on a class and base types; empty means all.
    #[serde(default)]
    pub methods: Vec<String>,
    /// One of these packages must be named by the project (a manifest or an import) for location, decorators, types and
    /// registrations on unknown receivers to count.
    #[serde(default)]
    pub needs_package: Vec<String>,
    /// Not in files whose own package may import one of these: there it means something else.
    #[serde(default)]
    pub unless_package: Vec<String>,
}

/// A method that is called when an instance ends, if its class has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EndMethod {
    pub method: String,
    /// The interface that classes with it say that they have.
    #[serde(default)]
    pub interface: String,
    /// Base classes without such a method: of all others it would have to be called, too.
    #[serde(default)]
    pub roots: Vec<String>,
}

/// How often, as data says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    Once,
    PerInstance,
    PerRender,
    PerMessage,
    PerTick,
    PerRequest,
}
