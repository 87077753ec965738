//! What makes functions run, and how often.

use serde::{Deserialize, Serialize};

use super::ArgumentTest;

/// What makes a function run again and again, or once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EntryPoint {
    pub runs: Runs,
    /// What the chain of evidence calls it, with an article: `an Express route`, `a Next.js route handler`.
    pub label: String,
    /// Registration: call patterns whose function arguments are the entry points: `createServer()`; `app.get()` as
    /// `express().get()` or `<kafkajs.Consumer>.run()` if the receiver is known, `*.get()` if it is not. `new Worker`
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
    /// Location: functions whose name starts with a capital letter and that make JSX elements, in any file.
    #[serde(default)]
    pub makes_elements: bool,
    /// Location: a directive at the head of the file or the function: `use server`.
    #[serde(default)]
    pub directives: Vec<String>,
    /// Decorators, by name, on a method, or on a class for all its methods.
    #[serde(default)]
    pub decorators: Vec<String>,
    /// Only if an argument of the decorator has this value: a literal, or the member of a library's enum with that
    /// name.
    #[serde(default)]
    pub decorated_with: Option<ArgumentTest>,
    /// Written types of a parameter that make the function an entry point: `NextApiRequest`, `FastifyRequest`.
    #[serde(default)]
    pub parameter_types: Vec<String>,
    /// The written return type has one of these names, or contains one: `Result<impl Reply, Rejection>`.
    #[serde(default)]
    pub return_types: Vec<String>,
    /// Base classes and interfaces whose methods these are.
    #[serde(default)]
    pub base_types: Vec<String>,
    /// It is called only when the other side asks for it: entries of a container that it takes out may stay for ever.
    #[serde(default)]
    pub on_demand: bool,
    /// Parts of its arguments that outlive the call: `0.socket` of a request.
    #[serde(default)]
    pub lasting: Vec<String>,
    /// The function that it returns is called to end what it began.
    #[serde(default)]
    pub returns_cleanup: bool,
    /// It may run again for the same instance: an element that is moved is connected again.
    #[serde(default)]
    pub reenters: bool,
    /// It runs again for the same owner, which has not ended in between: a watcher, an effect.
    #[serde(default)]
    pub reruns: bool,
    /// It does not run again if the argument of the registration at this index is an empty list; otherwise it runs
    /// again when something in the list changes.
    #[serde(default)]
    pub dependencies: Option<u32>,
    /// It runs when its registering component ends; it has to be registered before the first `await`.
    #[serde(default)]
    pub ends: bool,
    /// The method that ends an instance of the class, which need not have it: `ngOnDestroy`.
    #[serde(default)]
    pub ended_by: Option<EndMethod>,
    /// Which methods, for decorators on a class and base types; empty means all.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Location, decorators, types and registrations on unknown receivers count only if the project names one of these
    /// packages, in a manifest or an import.
    #[serde(default)]
    pub needs_package: Vec<String>,
    /// Not in files whose own package may import one of these: there the names mean something else.
    #[serde(default)]
    pub unless_package: Vec<String>,
}

/// A method that is called at the end of an instance, if its class has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EndMethod {
    pub method: String,
    /// The interface that classes with this method implement.
    #[serde(default)]
    pub interface: String,
    /// Base classes without such a method; the method of any other base class would have to be called, too.
    #[serde(default)]
    pub roots: Vec<String>,
}

/// How often a function runs.
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
