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
    /// Which programs it is for: the folder of its file says so.
    #[serde(skip)]
    pub ecosystem: Ecosystem,
    /// What people call it; the file's stem.
    pub name: String,
    /// Import specifiers that give it, without `npm:`, `node:`, `jsr:` and versions. A trailing `/*` takes every
    /// subpath. `<global>` stands for names that need no import. `#member` narrows to one export: `fs#promises` is
    /// what `fs` has under `promises`, `<global>#process` is the global `process`. `./src/db` is a file of the project
    /// itself: what is said of its exports takes the place of what is inferred of them.
    pub packages: Vec<String>,
    /// A file that names one of its packages is there for tests, wherever it stands.
    #[serde(default)]
    pub tests: bool,
    /// It loads modules again when they change, while the process runs.
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
    /// Types of it that hold so many entries and drop others by themselves, as they are imported.
    #[serde(default)]
    pub bounded: Vec<String>,
    /// Types of parameters by which a handler is given what the program shares, whatever they hold: `State` of
    /// `State<AppState>`.
    #[serde(default)]
    pub carriers: Vec<String>,
    /// Globs of the files whose component a program shows once: a root layout.
    #[serde(default)]
    pub singles: Vec<String>,
}

/// Where programs get their libraries from; facts about one say nothing of programs of the other.
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
    /// How it is made, as [call patterns](super::Pattern): `new Pool`, `default()`, `MongoClient.connect()`. A method on
    /// what a call gives ends a chain of others: `Client.builder().build()`.
    #[serde(default)]
    pub create: Vec<String>,
    /// Which of the library's `packages` it is for, when not for all.
    #[serde(default)]
    pub from: Vec<String>,
    /// When the last argument of `create` is a function, it gets the resource instead: the index of the parameter.
    #[serde(default)]
    pub create_callback: Option<u32>,
    /// Creation counts only when an argument says so: a mail transport that is pooled, an agent that keeps alive.
    #[serde(default)]
    pub create_when: Option<ArgumentTest>,
    /// Creation does not count when any of these holds: a client that keeps no session and starts no timer.
    #[serde(default)]
    pub create_unless: Vec<ArgumentTest>,
    /// Creation counts only when some argument is known to be a function: a schedule that is given nothing to run runs nothing.
    #[serde(default)]
    pub create_with_function: bool,
    /// Exported classes and interfaces whose instances it is: written types with these names are evidence, and a
    /// class of the project that extends one is this resource too.
    #[serde(default)]
    pub types: Vec<String>,
    /// Those of `types` that are not whole without parameters of their own: `Pool` of `Pool<Postgres>`.
    #[serde(default)]
    pub generic_types: Vec<String>,
    /// Methods on it that release it for good (or give it back).
    #[serde(default)]
    pub release: Vec<String>,
    /// Those of the methods in `release` that end only what they are given, of all that it was opened with:
    /// `unobserve(element)`.
    #[serde(default)]
    pub release_each: Vec<String>,
    /// The methods in `release` release only when their first argument is a string that starts with one of these words,
    /// in any case: `query("COMMIT")`.
    #[serde(default)]
    pub release_statements: Vec<String>,
    /// Those of `release` that are done when they return: all others give a promise, or may.
    #[serde(default)]
    pub synchronous: Vec<String>,
    /// Since when the end of a scope releases it where it is declared so: `using`, `await using`.
    #[serde(default)]
    pub disposed: Option<Disposal>,
    /// Those of `release` and `release_functions` of which one may be called, and once: a second call is a mistake of its own.
    #[serde(default)]
    pub release_once: Vec<String>,
    /// What a second call does, for the message.
    #[serde(default)]
    pub released_twice: String,
    /// Functions of the library that release what they are given as first argument: `clearInterval()`.
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
    /// Whether each has a pool of its own, where it is not called one: several that are alike are as many pools.
    #[serde(default)]
    pub has_pool: bool,
    /// Whether losing the last reference releases it (an idle socket that times out, a handle the runtime collects):
    /// then not releasing it is no leak, only creating it again and again is.
    #[serde(default)]
    pub collected: bool,
    /// Whether the other side keeps it for as long as it stays connected, also where nobody here has it any longer: it is
    /// collected when the other side goes, which a table that is swept cannot wait for.
    #[serde(default)]
    pub kept_by_peer: bool,
    /// Fields whose function is called when the program ends it, or when the other side asks for its end, and not when
    /// that just goes away.
    #[serde(default)]
    pub called_on_demand: Vec<String>,
    /// What a request says of it makes it that request's own: keys, a tenant.
    #[serde(default)]
    pub may_be_own: bool,
    /// It belongs to what it is shown in: only what comes and goes, a component, is held to end it.
    #[serde(default)]
    pub of_component: bool,
    /// Only the project's own code ends it: no library and nothing that shows it does.
    #[serde(default)]
    pub ended_by_project: bool,
    /// Dropping it ends all that it started: a pool of threads that lives as long as a piece of work is a tool of that
    /// work, and building it again and again is only slow.
    #[serde(default)]
    pub ends_on_drop: bool,
    /// Whether it lives on, elsewhere, when the process has ended: a browser, a session of a server.
    #[serde(default)]
    pub outlives_process: bool,
    /// What becomes of it where a scope drops it and nobody has released it.
    #[serde(default)]
    pub dropped: Dropped,
    /// Whether it does something only for the one it was opened for, so that dropping the handle at once means
    /// nothing can ever stop it: intervals, listeners, subscriptions.
    #[serde(default)]
    pub detached: bool,
    /// Methods of what makes it by which dropping the handle comes to end it: `command.kill_on_drop(true)`.
    #[serde(default)]
    pub ended_by_drop: Vec<String>,
    /// Methods of its builder that fit it to one use: no other could share it. With a number: `pool_max_idle_per_host(0)`.
    #[serde(default)]
    pub tailored_by: Vec<String>,
    /// The call that makes it uses it and drops it: what the call is told is for the use.
    #[serde(default)]
    pub one_off: bool,
    /// For processes: methods of the command that, taken together, say that it is left to itself.
    #[serde(default)]
    pub detached_by: Vec<String>,
    /// For processes: methods that end it and leave it to be waited for.
    #[serde(default)]
    pub killed_by: Vec<String>,
    /// For processes: options of the call that starts one by which it ends by itself, or is meant to live on.
    #[serde(default)]
    pub settled_by_options: Vec<String>,
    /// Platforms whose system releases it with its handle.
    #[serde(default)]
    pub unneeded_on: Vec<String>,
    /// What makes it gives a tuple or an object, and it is this part of that: `1` of `(writer, guard)`,
    /// `data.subscription` of `{ data: { subscription } }`.
    #[serde(default)]
    pub part: Option<String>,
    /// It tells others to end when one of the `release` methods is called, and nothing when it is dropped.
    #[serde(default)]
    pub signal: bool,
    /// For signals: methods that make one which tells of the end when that it was made of does.
    #[serde(default)]
    pub tied_by: Vec<String>,
    /// For guards: it works by itself while others wait. Where nobody waits between its making and its end, it did nothing.
    #[serde(default)]
    pub background: bool,
    /// For guards: methods, the first on it and more on what that gave, whose result is worth nothing once it is gone.
    #[serde(default)]
    pub views: Vec<String>,
    /// For guards of locks: the types that give them, whatever they hold, and by which methods.
    #[serde(default)]
    pub taken_from: Vec<String>,
    #[serde(default)]
    pub taken_by: Vec<String>,
    /// For such guards: methods that keep them from being given back, and methods of what gives them that make up for it.
    #[serde(default)]
    pub lost_by: Vec<String>,
    #[serde(default)]
    pub made_up_by: Vec<String>,
    /// Methods that return it (or a promise of it): chaining, views of the same thing.
    #[serde(default)]
    pub returns_self: Vec<String>,
    /// Methods that give out another resource.
    #[serde(default, rename = "lease")]
    pub leases: Vec<Lease>,
    /// Events it must have a handler for, or the process dies.
    #[serde(default)]
    pub required_events: Vec<String>,
    /// The resource that stands in its place where many share it: takes the same options, and has its methods.
    #[serde(default)]
    pub pooled_by: Option<String>,
    /// Methods that do the same on that one, whichever connection it takes for them.
    #[serde(default)]
    pub pooled_calls: Vec<String>,
    /// Where its options may be; argument paths: `0`, `1`, `0.pool`. A string found there is a connection string, whose
    /// query parameters are options too.
    #[serde(default)]
    pub options: Vec<String>,
    #[serde(default, rename = "limit")]
    pub limits: Vec<Limit>,
    /// How its uses may be given the time that it is not limited to itself.
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
    /// Whether nothing has to be waited for when it is released.
    #[must_use]
    pub fn is_released_at_once(&self) -> bool {
        matches!(self.kind, ResourceKind::Timer | ResourceKind::Listener)
            || self.release.first().is_some_and(|method| self.synchronous.contains(method))
    }

    /// Whether having it comes to anything: it holds something, or gives out what does.
    #[must_use]
    pub fn gives_or_holds(&self) -> bool {
        self.kind != ResourceKind::Stateless || !self.leases.is_empty()
    }
}

/// The broad kind of a resource: which rules look at it.
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
    /// A task or thread that runs by itself; dropping the handle lets it run on.
    Task,
    /// Works as long as somebody has it: dropping it undoes or ends what it is for.
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

/// What the end of a scope does to what is still open, in languages where scopes end things by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Dropped {
    /// Nothing: it stays open.
    #[default]
    Open,
    /// It is closed, but later, by blocking, or without a word to the other side: a mistake of less weight.
    Late,
    /// It is taken back, as if it had not begun: right after an error.
    Undone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Shared {
    /// One in a process, used by all.
    Process,
    /// One for a page or for each request is right, one for each rendering is not.
    PerRequest,
    /// One for each request or unit of work is right: leases, sessions, cookie-bound clients.
    PerUse,
    /// Depends on its arguments or on the host: no rule about its number.
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
    /// The package whose version that is, where it is not the library's own: `@types/node` for what comes with node.
    #[serde(default)]
    pub of: String,
    /// Whether it has to be waited for: `await using`.
    #[serde(default)]
    pub waits: bool,
}

/// A method that gives out another resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// A method behind a field is written with it: `auth.onAuthStateChange`.
    pub methods: Vec<String>,
    /// The id of what it gives out.
    pub resource: String,
    /// When the last argument is a function, it gets the lease instead: the index of the parameter that is the lease.
    /// Absent: a callback makes the call scoped, and it releases by itself.
    #[serde(default)]
    pub callback_parameter: Option<u32>,
    /// The index of the callback's parameter that, called, gives it back (`done`).
    #[serde(default)]
    pub callback_release: Option<u32>,
    /// It is a lease only when called with this many arguments or fewer.
    #[serde(default)]
    pub max_arguments: Option<u32>,
    /// The lease is not the result but the receiver itself, from here on: `transaction.begin()`.
    #[serde(default)]
    pub receiver: bool,
    /// It is a lease only when the first argument is a string that starts with one of these words, in any case:
    /// `query("BEGIN")`.
    #[serde(default)]
    pub statements: Vec<String>,
    /// It is not taken from the giver but made anew, and holds something of its own: a client that a factory gives.
    #[serde(default)]
    pub made: bool,
    /// Releasing the giver releases it too: the pages of a browser, the channels of a connection.
    #[serde(default)]
    pub with_giver: bool,
    /// A function it is given is told of what comes from then on: the lease is the result all the same.
    #[serde(default)]
    pub tells_callback: bool,
    /// Methods of the lease that the giver has, too, where each takes one for the call and gives it back: `pool.query()`.
    #[serde(default)]
    pub calls: Vec<String>,
    /// Methods of the giver that take the lease back as their first argument: `pool.releaseConnection(connection)`.
    #[serde(default)]
    pub returned_by: Vec<String>,
}

/// A function or class that makes another face of the resource it is given: releasing either releases both.
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
    /// The resource it makes by itself when it is given none (a connection string, a configuration).
    #[serde(default)]
    pub creates: Option<String>,
    /// The resource whose methods the wrapper has beside those of what it wraps.
    #[serde(default)]
    pub view: Option<String>,
    /// Fields and methods that give the wrapped resource back: `$client`.
    #[serde(default)]
    pub unwrap: Vec<String>,
}
