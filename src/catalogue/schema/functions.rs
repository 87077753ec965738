//! What is known of functions.

use serde::{Deserialize, Serialize};

use super::{ArgumentTest, Runs};

/// What is known of functions that are no resources themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// It throws in the ordinary course of things, without being waited for: the disk is full, the text is no JSON.
    #[serde(default)]
    pub fails: bool,
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
    /// What it memoises it keeps by a key: there are as many as there are keys.
    #[serde(default)]
    pub keyed: bool,
    /// It calls the function at this argument index before it returns (or before its promise settles), and keeps none.
    #[serde(default)]
    pub calls: Option<u32>,
    /// It calls the function at this argument index once, now or later: `thread::spawn`, `set.spawn(task)`.
    #[serde(default)]
    pub calls_once: Option<u32>,
    /// It runs its first argument once, after as many milliseconds as the argument at this index says.
    #[serde(default)]
    pub delays: Option<u32>,
    /// It runs the function at this argument index once, later, and gives what calls that off.
    #[serde(default)]
    pub defers: Option<u32>,
    /// Its promise is settled by the first of those it is given, whatever becomes of the others.
    #[serde(default)]
    pub takes_first: bool,
    /// It makes one instance of the component that is this argument, and shows it.
    #[serde(default)]
    pub mounts: Option<u32>,
    /// It waits for what comes from outside, and a loop around it goes round as often as that comes: a connection, a
    /// message, the tick of an interval.
    #[serde(default)]
    pub waits_for: Option<Runs>,
    /// It may drop the future at this argument index before that is done: `timeout(limit, future)`.
    #[serde(default)]
    pub cancels: Option<u32>,
    /// It keeps what it is given from ever being dropped: `Box::leak(x)`, or `x.leak()` for a method.
    #[serde(default)]
    pub forgets: Option<Forgets>,
    /// What it waits for comes from outside, or with time, as often as it is asked for: `thread::sleep`, `recv_from`.
    #[serde(default)]
    pub comes_from_outside: bool,
    /// It takes back what was kept from being dropped: `Box::from_raw(x)`.
    #[serde(default)]
    pub reclaims: bool,
    /// What kind of memory it forgets or reclaims: what is forgotten of one kind is reclaimed as that.
    #[serde(default)]
    pub memory: Option<String>,
    /// What it gives has memory of its own: `Vec::from(x)`.
    #[serde(default)]
    pub allocates: bool,
    /// Its result is the argument at this index, or another face of it: `Object.freeze(x)`.
    #[serde(default)]
    pub returns: Option<u32>,
    /// It makes an empty collection, or a queue with two ends.
    #[serde(default)]
    pub makes: Option<Collection>,
    /// What it makes is no collection that grows where any of these holds: one with a limit, one kept elsewhere.
    #[serde(default)]
    pub makes_unless: Vec<ArgumentTest>,
    /// The methods that put an entry into the collection it makes, by their first argument; `()` is calling it.
    #[serde(default)]
    pub filled_by: Vec<String>,
    /// The methods that take entries out of it.
    #[serde(default)]
    pub emptied_by: Vec<String>,
    /// Members that read it or set it up: none of them takes anything out.
    #[serde(default)]
    pub asked_by: Vec<String>,
    /// It is a method of an end of a queue, by which something is put in or taken out.
    #[serde(default)]
    pub end: Option<QueueEnd>,
    /// What it gives is another face of the end of a queue that it is a method of.
    #[serde(default)]
    pub is_face: bool,
    /// What those wait for who wait for it.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// What it makes keeps what it is given for a while only.
    #[serde(default)]
    pub evicts: Option<Eviction>,
}

/// How something is kept from being dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Forgets {
    /// To have it as long as the program runs: `Box::leak(x)`.
    ForGood,
    /// For whatever reason; most have one: `mem::forget(x)`. Only what has memory or a resource of its own is missed, and
    /// only where nothing else got hold of that.
    IfOwned,
    /// As a pointer, for whoever takes it back: `Box::into_raw(x)`.
    AsPointer,
}

/// What is made empty, and how it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Collection {
    /// With the keys it is given.
    Keyed,
    /// With every entry.
    List,
    /// With every entry, like most lists of any program: only what is put in says whether it matters.
    Row,
    /// A queue without a bound, as a pair: what is put in at `0` stays until it is taken out at `1`.
    Queue,
    /// The same with a bound: who puts something in waits for room, or is refused.
    Bounded,
    /// A pair for one answer: who sends the first part along waits at the second.
    Reply,
}

/// An end of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum QueueEnd {
    Sender,
    Receiver,
}

/// What one waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Waiting {
    /// The next of what others send, as fast as they do, where the call is awaited: a stream.
    Messages,
    /// The same for what also keeps a thread: a socket, a channel.
    Input,
    /// What a person does: keys, clicks.
    People,
    /// Work that takes time: a network, a disk, a database, another process.
    Work,
    /// Others who make room: a permit.
    Room,
    /// A turn: a lock, a signal, nothing that takes time of its own.
    Turn,
}

/// A container that drops entries by itself, at a size or an age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Eviction {
    /// Methods that put something in.
    pub methods: Vec<String>,
    /// Options of its first argument that are called with what is dropped; without one of these nobody learns of it.
    pub disposers: Vec<String>,
    /// What it is made with to keep so many, as it is written in code: what a rewrite proposes.
    #[serde(default)]
    pub bound: String,
}
