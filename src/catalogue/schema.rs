//! The catalogue's file format: what one TOML file says about one library.
//!
//! Users write the same form in `leaklint.toml`. `rules/README.md` explains it field by field with examples; a test
//! loads every shipped file, and unknown keys are errors. The build script reads these types too (it turns the shipped
//! files into a form that loads without parsing), so this file names nothing else of the crate.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One library: a file of `rules/catalogue/<language>/`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Which programs it is for: the folder of its file says so.
    #[serde(skip)]
    pub ecosystem: Ecosystem,
    /// What people call it; the file's stem.
    pub name: String,
    /// Import specifiers that give it, without `npm:`, `node:`, `jsr:` and versions. A trailing `/*` takes every
    /// subpath. `<global>` stands for names that need no import. `#member` narrows to one export: `fs#promises` is
    /// what `fs` has under `promises`, `<global>#process` is the global `process`.
    pub packages: Vec<String>,
    /// A file that names one of its packages is there for tests, wherever it stands.
    #[serde(default)]
    pub tests: bool,
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
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// Methods on it that release it for good (or give it back).
    #[serde(default)]
    pub release: Vec<String>,
    /// The methods in `release` release only when their first argument is a string that starts with one of these words,
    /// in any case: `query("COMMIT")`.
    #[serde(default)]
    pub release_statements: Vec<String>,
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
    /// Whether losing the last reference releases it (an idle socket that times out, a handle the runtime collects):
    /// then not releasing it is no leak, only creating it again and again is.
    #[serde(default)]
    pub collected: bool,
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
    /// What makes it gives a tuple, and it is this part of that: `1` of `(writer, guard)`.
    #[serde(default)]
    pub part: Option<String>,
    /// It tells others to end when one of the `release` methods is called, and nothing when it is dropped.
    #[serde(default)]
    pub signal: bool,
    /// For guards: it works by itself while others wait. Where nobody waits between its making and its end, it did nothing.
    #[serde(default)]
    pub background: bool,
    /// For guards: methods, the first on it and more on what that gave, whose result is worth nothing once it is gone.
    #[serde(default)]
    pub views: Vec<String>,
    /// Methods that return it (or a promise of it): chaining, views of the same thing.
    #[serde(default)]
    pub returns_self: Vec<String>,
    /// Methods that give out another resource.
    #[serde(default, rename = "lease")]
    pub leases: Vec<Lease>,
    /// Events it must have a handler for, or the process dies.
    #[serde(default)]
    pub required_events: Vec<String>,
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

/// The broad kind of a resource: which rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    Stateless,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
#[serde(rename_all = "kebab-case")]
pub enum Shared {
    /// One in a process, used by all.
    Process,
    /// One for each request or unit of work is right: leases, sessions, cookie-bound clients.
    PerUse,
    /// Depends on its arguments or on the host: no rule about its number.
    #[default]
    Depends,
}

/// A method that gives out another resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
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
    /// Releasing the giver releases it too: the pages of a browser, the channels of a connection.
    #[serde(default)]
    pub with_giver: bool,
    /// Methods of the giver that take the lease back as their first argument: `pool.releaseConnection(connection)`.
    #[serde(default)]
    pub returned_by: Vec<String>,
}

/// A function or class that makes another face of the resource it is given: releasing either releases both.
#[derive(Debug, Clone, Serialize, Deserialize)]
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

/// What is known of functions that are no resources themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionFact {
    /// Call patterns; `console.*()` takes every method, `*.push()` any receiver the analysis knows nothing else about,
    /// `<fs.ReadStream>.pipe()` a resource.
    pub call: Vec<String>,
    /// Which of the library's `packages` it is for, when not for all.
    #[serde(default)]
    pub from: Vec<String>,
    /// It neither keeps its arguments nor calls them later.
    #[serde(default)]
    pub borrows: bool,
    /// It is taken not to throw by itself: waiting for the promise it gives may, and so may a function it calls.
    #[serde(default)]
    pub infallible: bool,
    /// It ends the process.
    #[serde(default)]
    pub exits: bool,
    /// It takes over the arguments at these indices and releases them: `pipeline(source, sink)`.
    #[serde(default)]
    pub releases: Vec<u32>,
    /// It runs the function at this argument index at most once, or once per key: what that function creates is
    /// memoised.
    #[serde(default)]
    pub memoises: Option<u32>,
    /// It calls the function at this argument index before it returns (or before its promise settles), and keeps none.
    #[serde(default)]
    pub calls: Option<u32>,
    /// It calls the function at this argument index once, now or later: `thread::spawn`, `set.spawn(task)`.
    #[serde(default)]
    pub calls_once: Option<u32>,
    /// It waits for what comes from outside, and a loop around it goes round as often as that comes: a connection, a
    /// message, the tick of an interval.
    #[serde(default)]
    pub waits_for: Option<Runs>,
    /// It may drop the future at this argument index before that is done: `timeout(limit, future)`.
    #[serde(default)]
    pub cancels: Option<u32>,
    /// It keeps what it is given from ever being dropped: `Box::leak(x)`, or `x.leak()` for a method.
    #[serde(default)]
    pub forgets: bool,
    /// What it waits for comes from outside, or with time, as often as it is asked for: `thread::sleep`, `recv_from`.
    #[serde(default)]
    pub comes_from_outside: bool,
    /// It takes back what was kept from being dropped: `Box::from_raw(x)`.
    #[serde(default)]
    pub reclaims: bool,
    /// Its result is the argument at this index, or another face of it: `Object.freeze(x)`.
    #[serde(default)]
    pub returns: Option<u32>,
    /// It makes an empty collection.
    #[serde(default)]
    pub makes: Option<Collection>,
    /// What it makes keeps what it is given for a while only.
    #[serde(default)]
    pub evicts: Option<Eviction>,
}

/// How a collection grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collection {
    /// With the keys it is given.
    Keyed,
    /// With every entry.
    List,
}

/// A container that drops entries by itself, at a size or an age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eviction {
    /// Methods that put something in.
    pub methods: Vec<String>,
    /// Options of its first argument that are called with what is dropped; without one of these nobody learns of it.
    pub disposers: Vec<String>,
}

/// What makes a function run again and again, or once.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// Location: a directive at the head of the file or the function: `use server`.
    #[serde(default)]
    pub directives: Vec<String>,
    /// Decorators, by name, on a method, or on a class for all its methods.
    #[serde(default)]
    pub decorators: Vec<String>,
    /// Written types of a parameter that tell: `NextApiRequest`, `FastifyRequest`.
    #[serde(default)]
    pub parameter_types: Vec<String>,
    /// Base classes and interfaces whose methods these are.
    #[serde(default)]
    pub base_types: Vec<String>,
    /// Only called when the other side asks for it: what it takes out may stay for ever.
    #[serde(default)]
    pub on_demand: bool,
    /// Which methods, for decorators on a class and base types; empty means all.
    #[serde(default)]
    pub methods: Vec<String>,
    /// One of these packages must be named by the project (a manifest or an import) for location, decorators, types and
    /// registrations on unknown receivers to count.
    #[serde(default)]
    pub needs_package: Vec<String>,
}

/// How often, as data says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    Once,
    PerInstance,
    PerRender,
    PerMessage,
    PerTick,
    PerRequest,
}

/// An option that bounds the resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Option names, any of which will do; a dotted name looks inside: `extra.max`. In a connection string they are
    /// query parameters.
    #[serde(default)]
    pub options: Vec<String>,
    /// Methods of a builder, and fields of a struct of settings, any of which will do.
    #[serde(default)]
    pub methods: Vec<String>,
    /// What the library does without it: `waits for ever`.
    pub default: String,
    /// Why that hurts, for the help text.
    #[serde(default)]
    pub why: String,
    /// Whether its absence alone is worth a finding; otherwise it is named only together with others.
    #[serde(default)]
    pub important: bool,
}

/// What waits, and what ends the waiting, where the resource itself has no limit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Methods that wait: of the resource, or at the end of a chain of calls that begins with it.
    pub uses: Vec<String>,
    /// Methods of that chain that give the waiting an end.
    #[serde(default)]
    pub methods: Vec<String>,
}

/// How a registration and its removal belong together.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Methods that add: `addEventListener`, `on`.
    pub add: Vec<String>,
    /// Methods that remove the same: `removeEventListener`, `off`.
    pub remove: Vec<String>,
    /// Methods that remove all of an event, or all: `removeAllListeners`.
    #[serde(default)]
    pub remove_all: Vec<String>,
    /// Methods that add for one time: `once`.
    #[serde(default)]
    pub add_once: Vec<String>,
    /// Argument indices; the target is the receiver where it is not given as an argument.
    #[serde(default)]
    pub target: Option<u32>,
    pub event: u32,
    pub handler: u32,
    #[serde(default)]
    pub options: Option<u32>,
    /// Whether the capture flag is part of the identity.
    #[serde(default)]
    pub capture: bool,
    /// Globals that live as long as the process or page: `window`, `process`.
    #[serde(default)]
    pub global_targets: Vec<String>,
}

/// `argument` is an argument path (`0.pool`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgumentTest {
    pub argument: String,
    /// The literal it must be; without this it must be there.
    #[serde(default)]
    pub equals: Option<ArgumentLiteral>,
    /// It must not be there: the object that would hold it is written out in full, without it.
    #[serde(default)]
    pub absent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgumentLiteral {
    Boolean(bool),
    String(String),
}

/// The literal in the form files have it: a plain boolean or string.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Plain {
    Boolean(bool),
    String(String),
}

/// The literal in the form the build script writes it, which tells no types apart by itself.
#[derive(Serialize, Deserialize)]
enum Tagged {
    Boolean(bool),
    String(String),
}

impl Serialize for ArgumentLiteral {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.clone(), serializer.is_human_readable()) {
            (Self::Boolean(value), true) => Plain::Boolean(value).serialize(serializer),
            (Self::String(value), true) => Plain::String(value).serialize(serializer),
            (Self::Boolean(value), false) => Tagged::Boolean(value).serialize(serializer),
            (Self::String(value), false) => Tagged::String(value).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ArgumentLiteral {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Ok(match Plain::deserialize(deserializer)? {
                Plain::Boolean(value) => Self::Boolean(value),
                Plain::String(value) => Self::String(value),
            })
        } else {
            Ok(match Tagged::deserialize(deserializer)? {
                Tagged::Boolean(value) => Self::Boolean(value),
                Tagged::String(value) => Self::String(value),
            })
        }
    }
}
