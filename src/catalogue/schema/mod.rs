//! The catalogue's file format: what one TOML file says about one library.
//!
//! Users write the same form in `leaklint.toml`. `rules/README.md` explains it field by field with examples; a test
//! loads every shipped file, and unknown keys are errors. The build script reads these types too (it turns the shipped
//! files into a form that loads without parsing), so these files name nothing else of the crate.

mod entries;
mod functions;
mod keepers;
mod limits;
mod registrations;

use serde::{Deserialize, Serialize};

pub use entries::{EndMethod, EntryPoint, Runs};
pub use functions::{Collection, Eviction, Forgets, FunctionFact, QueueEnd, Waiting};
pub use keepers::{Keeper, Kept};
pub use limits::{Deadline, Limit};
pub use registrations::{ArgumentLiteral, ArgumentTest, Registration};
/// One library: a file of `rules/catalogue/<language>/`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Which programs it is for; the folder of its file decides that.
    #[serde(skip)]
    pub ecosystem: Ecosystem,
    /// Its usual name, and the stem of its file.
    pub name: String,
    /// Import specifiers that lead to it, without `npm:`, `node:`, `jsr:` and versions. A trailing `/*` includes every
    /// subpath. `<global>` stands for names that need no import. `#member` narrows to one export: `fs#promises` is what
    /// `fs` exports as `promises`, `<global>#process` is the global `process`. `./src/db` is a file of the project
    /// itself, whose inferred facts this table replaces.
    pub packages: Vec<String>,
    /// Whether a file that imports one of its packages is a test, wherever it is.
    #[serde(default)]
    pub tests: bool,
    /// Whether it reloads modules when they change, while the process runs.
    #[serde(default)]
    pub reloads: bool,
    /// The version the facts were read from.
    #[serde(default)]
    pub version: String,
    #[serde(default, rename = "resource")]
    pub resources: Vec<Resource>,
    #[serde(default, rename = "wrapper")]
    pub wrappers: Vec<Wrapper>,
    #[serde(default, rename = "function")]
    pub functions: Vec<FunctionFact>,
    #[serde(default, rename = "entry")]
    pub entries: Vec<EntryPoint>,
    #[serde(default, rename = "keeper")]
    pub keepers: Vec<Keeper>,
    /// Types of it that hold a limited number of entries and drop others by themselves, with their import path.
    #[serde(default)]
    pub bounded: Vec<String>,
    /// Types of parameters through which a handler gets what the program shares: `State` of `State<AppState>`.
    #[serde(default)]
    pub carriers: Vec<String>,
    /// Globs of the files whose component exists only once in a program: a root layout.
    #[serde(default)]
    pub singles: Vec<String>,
}

/// The package ecosystem of a library; its facts say nothing of programs of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ecosystem {
    /// TypeScript and JavaScript.
    #[default]
    Npm,
    /// Rust.
    Crates,
}

/// Something that has to be released, or shared, or bounded.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Unique in the catalogue: `pg.Pool`.
    pub id: String,
    pub kind: ResourceKind,
    /// What messages call it, after "the" or "a": `pool`, `pooled client`, `IMAP session`.
    pub noun: String,
    /// How it is made, as [call patterns](super::Pattern): `new Pool`, `default()`, `MongoClient.connect()`. A method
    /// on the result of a call ends a chain of calls: `Client.builder().build()`.
    #[serde(default)]
    pub create: Vec<String>,
    /// Which of the library's `packages` it is for, when not for all.
    #[serde(default)]
    pub from: Vec<String>,
    /// When the last argument of `create` is a function, it gets the resource instead: the index of the parameter.
    #[serde(default)]
    pub create_callback: Option<u32>,
    /// Creation counts only if an argument has this value: a mail transport with `pool: true`, an agent that keeps
    /// connections alive.
    #[serde(default)]
    pub create_when: Option<ArgumentTest>,
    /// Creation does not count if any of these holds: a client that keeps no session and starts no timer.
    #[serde(default)]
    pub create_unless: Vec<ArgumentTest>,
    /// Creation counts only if some argument is known to be a function: a schedule without a function runs nothing.
    #[serde(default)]
    pub create_with_function: bool,
    /// Exported classes and interfaces whose instances it is: written types with these names are evidence, and a class
    /// of the project that extends one is this resource too.
    #[serde(default)]
    pub types: Vec<String>,
    /// Those of `types` that are this resource only with type arguments of their own: `Pool` of `Pool<Postgres>`.
    #[serde(default)]
    pub generic_types: Vec<String>,
    /// Methods on it that release it for good (or give it back).
    #[serde(default)]
    pub release: Vec<String>,
    /// Those methods of `release` that end only what they are given, and not all that it was opened with:
    /// `unobserve(element)`.
    #[serde(default)]
    pub release_each: Vec<String>,
    /// The methods in `release` release only when their first argument is a string that starts with one of these words,
    /// in any case: `query("COMMIT")`.
    #[serde(default)]
    pub release_statements: Vec<String>,
    /// Those methods of `release` that are done when they return; all others may return a promise.
    #[serde(default)]
    pub synchronous: Vec<String>,
    /// The version since which `using` or `await using` releases it at the end of its scope.
    #[serde(default)]
    pub disposed: Option<Disposal>,
    /// Those of `release` and `release_functions` of which only one may be called, and only once: a second call is a
    /// mistake of its own.
    #[serde(default)]
    pub release_once: Vec<String>,
    /// What a second call does, for the message.
    #[serde(default)]
    pub released_twice: String,
    /// Functions of the library that release their first argument: `clearInterval()`.
    #[serde(default)]
    pub release_functions: Vec<String>,
    /// Events after which it holds nothing any more: `close`, `exit`.
    #[serde(default)]
    pub released_by_events: Vec<String>,
    /// When it starts to hold something.
    #[serde(default)]
    pub opens: Opens,
    /// Methods that open it, for `opens = "explicitly"`: `connect`, `start`. An instance on which none is called holds
    /// nothing.
    #[serde(default)]
    pub open: Vec<String>,
    /// How many a program should have.
    #[serde(default)]
    pub shared: Shared,
    /// Whether work on it from several callers at the same time is wrong: one connection, one protocol session.
    #[serde(default)]
    pub single_user: bool,
    /// Whether each instance has a pool of its own, although it is not called a pool: several equal ones are as many
    /// pools.
    #[serde(default)]
    pub has_pool: bool,
    /// Whether losing the last reference releases it (an idle socket that times out, a handle the runtime collects):
    /// then not releasing it is no leak, but creating it again and again is.
    #[serde(default)]
    pub collected: bool,
    /// Whether the other side keeps it alive for as long as it stays connected, even if nothing here refers to it: it
    /// is collected only when the other side goes, so dropping it from a table leaves it open.
    #[serde(default)]
    pub kept_by_peer: bool,
    /// Fields whose function is called when the program ends it, or when the other side asks for its end, but not when
    /// the other side just disconnects.
    #[serde(default)]
    pub called_on_demand: Vec<String>,
    /// Data of a request among its arguments makes it that request's own: keys, a tenant.
    #[serde(default)]
    pub may_be_own: bool,
    /// It belongs to the component that shows it: only a component, which comes and goes, has to end it.
    #[serde(default)]
    pub of_component: bool,
    /// Only the project's own code ends it: no library and no element does.
    #[serde(default)]
    pub ended_by_project: bool,
    /// Dropping it ends everything that it started: making a pool of threads for one piece of work is slow, but no
    /// leak.
    #[serde(default)]
    pub ends_on_drop: bool,
    /// Whether it lives on elsewhere when the process has ended: a browser, a session of a server.
    #[serde(default)]
    pub outlives_process: bool,
    /// What the end of its scope does to it if nobody has released it.
    #[serde(default)]
    pub dropped: Dropped,
    /// Whether it goes on by itself, so that nothing can stop it once its handle is dropped: intervals, listeners,
    /// subscriptions.
    #[serde(default)]
    pub detached: bool,
    /// Methods of its builder that make dropping the handle end it: `command.kill_on_drop(true)`.
    #[serde(default)]
    pub ended_by_drop: Vec<String>,
    /// Methods of its builder that adapt it to one use, so that it cannot be shared. A number restricts this to that
    /// argument: `pool_max_idle_per_host(0)`.
    #[serde(default)]
    pub tailored_by: Vec<String>,
    /// The call that makes it also uses it and drops it, so its arguments say nothing of the resource.
    #[serde(default)]
    pub one_off: bool,
    /// For processes: methods of the command that, taken together, detach the process.
    #[serde(default)]
    pub detached_by: Vec<String>,
    /// For processes: methods that kill it without waiting for it.
    #[serde(default)]
    pub killed_by: Vec<String>,
    /// For processes: options of the starting call that make it end by itself, or live on deliberately.
    #[serde(default)]
    pub settled_by_options: Vec<String>,
    /// Platforms whose system releases it together with its handle.
    #[serde(default)]
    pub unneeded_on: Vec<String>,
    /// Its maker returns a tuple or an object, and the resource is this part of it: `1` of `(writer, guard)`,
    /// `data.subscription` of `{ data: { subscription } }`.
    #[serde(default)]
    pub part: Option<String>,
    /// It tells others to end when one of the `release` methods is called, and nothing when it is dropped.
    #[serde(default)]
    pub signal: bool,
    /// For signals: methods that make a child signal, which reports the end when its parent does.
    #[serde(default)]
    pub tied_by: Vec<String>,
    /// For guards: it works in the background while others wait. If nobody waits before its end, it did nothing.
    #[serde(default)]
    pub background: bool,
    /// For guards: a chain of methods whose result is only valid as long as the guard.
    #[serde(default)]
    pub views: Vec<String>,
    /// For guards of locks: the types of the locks, whatever they hold, and the methods that return the guard.
    #[serde(default)]
    pub taken_from: Vec<String>,
    #[serde(default)]
    pub taken_by: Vec<String>,
    /// For such guards: methods that keep the guard from being given back, and methods of the lock that make up for it.
    #[serde(default)]
    pub lost_by: Vec<String>,
    #[serde(default)]
    pub made_up_by: Vec<String>,
    /// Methods that return it, or a promise of it: chaining, views of the same thing.
    #[serde(default)]
    pub returns_self: Vec<String>,
    /// Methods that give out another resource.
    #[serde(default, rename = "lease")]
    pub leases: Vec<Lease>,
    /// Events that need a handler, because the process dies without one.
    #[serde(default)]
    pub required_events: Vec<String>,
    /// The pooled resource to use instead where many share it: it takes the same options and has the same methods.
    #[serde(default)]
    pub pooled_by: Option<String>,
    /// Methods that do the same on the pooled resource, whichever connection that uses.
    #[serde(default)]
    pub pooled_calls: Vec<String>,
    /// Where its options may be; argument paths: `0`, `1`, `0.pool`. A string found there is a connection string, whose
    /// query parameters are options too.
    #[serde(default)]
    pub options: Vec<String>,
    #[serde(default, rename = "limit")]
    pub limits: Vec<Limit>,
    /// How its uses can get a deadline if the resource itself has none.
    #[serde(default)]
    pub deadline: Option<Deadline>,
    /// For registrations: how the removal finds what was added.
    #[serde(default)]
    pub registration: Option<Registration>,
    /// One or two sentences: what to do instead.
    #[serde(default)]
    pub help: String,
}

impl Resource {
    /// Whether its release need not be awaited.
    #[must_use]
    pub fn is_released_at_once(&self) -> bool {
        matches!(self.kind, ResourceKind::Timer | ResourceKind::Listener)
            || self.release.first().is_some_and(|method| self.synchronous.contains(method))
    }

    /// Whether it holds something, or gives out something that does.
    #[must_use]
    pub fn gives_or_holds(&self) -> bool {
        self.kind != ResourceKind::Stateless || !self.leases.is_empty()
    }
}

/// The broad kind of a resource, which decides the rules that look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// Many connections behind one handle.
    Pool,
    /// One connection, session, process or handle to a service; also a client object that keeps some of its own.
    Client,
    /// Taken from a pool or another resource, to be given back.
    Lease,
    Transaction,
    /// An open file, stream or cursor.
    Handle,
    Timer,
    /// A callback registered with something that outlives it.
    Listener,
    Subscription,
    Process,
    /// A task or thread that runs by itself; dropping the handle does not stop it.
    Task,
    /// It works as long as somebody holds it: dropping it undoes or ends its work.
    Guard,
    /// Holds nothing: making one is free.
    #[default]
    Stateless,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Opens {
    /// By being created.
    #[default]
    Eagerly,
    /// By its first use.
    Lazily,
    /// By one of the `open` methods.
    Explicitly,
}

/// What the end of a scope does to an open resource, in languages where scopes drop their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Dropped {
    /// Nothing: it stays open.
    #[default]
    Open,
    /// It is closed, but later, by blocking, or without telling the other side: a lesser mistake.
    Late,
    /// It is undone, as if it had not begun: right after an error.
    Undone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Shared {
    /// One in a process, used by all.
    Process,
    /// One per page or per request is right, one per rendering is not.
    PerRequest,
    /// One per request or unit of work is right: leases, sessions, clients with the user's cookies.
    PerUse,
    /// It depends on its arguments or on the host: there is no rule about their number.
    #[default]
    Depends,
}

/// A method that the end of a scope calls: `[Symbol.dispose]`, `[Symbol.asyncDispose]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Disposal {
    /// The first version that has it.
    pub since: String,
    /// The package whose version that is, if it is not the library itself: `@types/node` for the modules of node.
    #[serde(default)]
    pub of: String,
    /// Whether the release has to be awaited: `await using`.
    #[serde(default)]
    pub waits: bool,
}

/// A method that gives out another resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// Methods; one behind a field is written with it: `auth.onAuthStateChange`.
    pub methods: Vec<String>,
    /// The id of what it gives out.
    pub resource: String,
    /// When the last argument is a function, it gets the lease instead: the index of the parameter that is the lease.
    /// Absent: a callback makes the call scoped, and it releases by itself.
    #[serde(default)]
    pub callback_parameter: Option<u32>,
    /// The index of the callback's parameter that gives the lease back when it is called (`done`).
    #[serde(default)]
    pub callback_release: Option<u32>,
    /// It is a lease only when called with this many arguments or fewer.
    #[serde(default)]
    pub max_arguments: Option<u32>,
    /// The lease is not the result but the receiver itself, from this call on: `transaction.begin()`.
    #[serde(default)]
    pub receiver: bool,
    /// It is a lease only when the first argument is a string that starts with one of these words, in any case:
    /// `query("BEGIN")`.
    #[serde(default)]
    pub statements: Vec<String>,
    /// It is not taken from the giver but newly made, and holds something of its own: a client that a factory returns.
    #[serde(default)]
    pub made: bool,
    /// Releasing the giver releases it too: the pages of a browser, the channels of a connection.
    #[serde(default)]
    pub with_giver: bool,
    /// Its function argument is called for each item that comes, and the lease is still the result.
    #[serde(default)]
    pub tells_callback: bool,
    /// Methods of the lease that the giver has too, where each takes a lease for the call and gives it back:
    /// `pool.query()`.
    #[serde(default)]
    pub calls: Vec<String>,
    /// Methods of the giver that take the lease back as their first argument: `pool.releaseConnection(connection)`.
    #[serde(default)]
    pub returned_by: Vec<String>,
}

/// A function or class that makes a wrapper of a resource: releasing either releases both.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Wrapper {
    pub create: Vec<String>,
    /// Which of the library's `packages` it is for, when not for all.
    #[serde(default)]
    pub from: Vec<String>,
    /// Argument paths where the wrapped resource may be: `0`, `0.client`.
    pub wraps: Vec<String>,
    /// The resource it makes by itself if it is given none (a connection string, a configuration).
    #[serde(default)]
    pub creates: Option<String>,
    /// The resource whose methods the wrapper has, besides those of the wrapped resource.
    #[serde(default)]
    pub view: Option<String>,
    /// Fields and methods that give the wrapped resource back: `$client`.
    #[serde(default)]
    pub unwrap: Vec<String>,
}
