//! What is known of functions.

use serde::{Deserialize, Serialize};

use super::{ArgumentTest, Runs};

/// What is known of functions that are not resources themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FunctionFact {
    /// Call patterns; `console.*()` matches every method, `*.push()` any receiver that nothing else is known about,
    /// `<fs.ReadStream>.pipe()` a resource.
    pub call: Vec<String>,
    /// Which of the library's `packages` it is for, when not for all.
    #[serde(default)]
    pub from: Vec<String>,
    /// It neither keeps its arguments nor calls them later.
    #[serde(default)]
    pub borrows: bool,
    /// It is taken not to throw by itself; awaiting its promise may, and so may a function that it calls.
    #[serde(default)]
    pub infallible: bool,
    /// It throws in the ordinary course of things, without being awaited: the disk is full, the text is not JSON.
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
    /// It memoises by key: there are as many results as there are keys.
    #[serde(default)]
    pub keyed: bool,
    /// It calls the function at this argument index before it returns (or before its promise settles), and does not
    /// keep it.
    #[serde(default)]
    pub calls: Option<u32>,
    /// It calls the function at this argument index once, now or later: `thread::spawn`, `set.spawn(task)`.
    #[serde(default)]
    pub calls_once: Option<u32>,
    /// It runs its first argument once, after the number of milliseconds in the argument at this index.
    #[serde(default)]
    pub delays: Option<u32>,
    /// It runs the function at this argument index once, later; its result cancels that.
    #[serde(default)]
    pub defers: Option<u32>,
    /// Its promise settles with the first of the promises that it is given, whatever becomes of the others.
    #[serde(default)]
    pub takes_first: bool,
    /// It makes one instance of the component at this argument index, and shows it.
    #[serde(default)]
    pub mounts: Option<u32>,
    /// It waits for something from outside (a connection, a message, the tick of an interval), so a loop around it runs
    /// as often as that comes.
    #[serde(default)]
    pub waits_for: Option<Runs>,
    /// It may drop the future at this argument index before that is done: `timeout(limit, future)`.
    #[serde(default)]
    pub cancels: Option<u32>,
    /// It keeps its argument from ever being dropped: `Box::leak(x)`, or `x.leak()` for a method.
    #[serde(default)]
    pub forgets: Option<Forgets>,
    /// It waits for something from outside or for time to pass, and returns as often as it is called: `thread::sleep`,
    /// `recv_from`.
    #[serde(default)]
    pub comes_from_outside: bool,
    /// It takes back a value that was kept from being dropped: `Box::from_raw(x)`.
    #[serde(default)]
    pub reclaims: bool,
    /// The kind of memory that it forgets or reclaims: only a function of the same kind takes a forgotten value back.
    #[serde(default)]
    pub memory: Option<String>,
    /// Its result has memory of its own: `Vec::from(x)`.
    #[serde(default)]
    pub allocates: bool,
    /// Its result is the argument at this index, or another face of it: `Object.freeze(x)`.
    #[serde(default)]
    pub returns: Option<u32>,
    /// It makes an empty collection, or a queue with two ends.
    #[serde(default)]
    pub makes: Option<Collection>,
    /// The collection that it makes does not grow without a limit if any of these holds: it has a limit, or is stored
    /// elsewhere.
    #[serde(default)]
    pub makes_unless: Vec<ArgumentTest>,
    /// The methods that put an entry into the collection that it makes, with the key as their first argument; `()` is
    /// calling it.
    #[serde(default)]
    pub filled_by: Vec<String>,
    /// The methods that take entries out of it.
    #[serde(default)]
    pub emptied_by: Vec<String>,
    /// Members that read it or set it up: none of them takes anything out.
    #[serde(default)]
    pub asked_by: Vec<String>,
    /// It is a method of this end of a queue, and sends or receives.
    #[serde(default)]
    pub end: Option<QueueEnd>,
    /// Its result is the end of the queue that it is a method of.
    #[serde(default)]
    pub is_face: bool,
    /// What somebody who awaits it waits for. On a constructor: what its instances wait for.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// It makes a container that drops entries by itself.
    #[serde(default)]
    pub evicts: Option<Eviction>,
}

/// How a value is kept from being dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Forgets {
    /// To keep it for as long as the program runs: `Box::leak(x)`.
    ForGood,
    /// For any reason, and most callers have a good one: `mem::forget(x)`. Reported only if the value has memory or a
    /// resource of its own, and nothing else refers to it.
    IfOwned,
    /// As a pointer, which is to be taken back later: `Box::into_raw(x)`.
    AsPointer,
}

/// What kind of collection is made, and how it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Collection {
    /// It grows with its keys.
    Keyed,
    /// It grows with every entry.
    List,
    /// It grows with every entry, like most lists of any program: looked at only if it is given tasks.
    Row,
    /// A queue without a bound, as a pair: what is sent at `0` stays until it is received at `1`.
    Queue,
    /// The same with a bound: a sender waits for room, or is refused.
    Bounded,
    /// A pair for one answer: the first part is sent along with a request, and the second waits for the answer.
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

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Waiting {
    /// The next item that others send, where the call is awaited: a stream.
    Messages,
    /// The same, and the call may also block a thread: a socket, a channel.
    Input,
    /// An action of a person: keys, clicks.
    People,
    /// Work that takes time: a network, a disk, a database, another process.
    Work,
    /// Room that others make: a permit.
    Room,
    /// A turn: a lock, a signal, nothing that takes time of its own.
    Turn,
}

/// A container that drops entries by itself, at a size or an age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Eviction {
    /// Methods that put an entry in.
    pub methods: Vec<String>,
    /// Options of its first argument that are called with each dropped entry; without one of these, nobody learns of
    /// it.
    pub disposers: Vec<String>,
    /// The argument that limits it, as it is written in code: what a rewrite proposes.
    #[serde(default)]
    pub bound: String,
}
