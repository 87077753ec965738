//! Remedies: what would end a leak, as facts. Rules make them; `rewrite` turns them into text.

use crate::catalogue::schema::Keeper;
use crate::source::{Location, Span};

/// What would end a leak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    Release(Release),
    /// Ending it together with its owner.
    End(Ending),
    /// Making it once for the process.
    Hoist(Hoist),
    /// Making it once per set of arguments.
    Keep(Hoist),
    /// Dropping the oldest entry of a container.
    Bound(Bound),
    /// A handler for an event that must have one.
    Listen(Listen),
    /// Options that limit it.
    Limit(Limits),
    /// A name that keeps a guard to the end of its block.
    Name(Location),
    /// A pool instead of one connection for all.
    Pool(Pooled),
    /// Undoing what was begun when something throws.
    Rollback(Rollback),
    /// Using an existing instance instead of a new one.
    Share(Shared),
}

/// Releasing a resource on every path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The call that acquires it.
    pub acquisition: Location,
    pub by: By,
    /// Whether the release returns a promise.
    pub waits: bool,
    /// The calls in the function that release it already, on some paths.
    pub present: Vec<Span>,
    /// Whether the end of its scope may release it, and whether that has to be awaited.
    pub by_scope: Option<bool>,
    /// Methods of the giver that do the same with a lease that they take and give back themselves.
    pub by_giver: Vec<String>,
}

/// How a resource is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A method of the result: `client.release()`.
    Method(String),
    /// A member of the result, besides the resource: `cleanup` of `{ db, cleanup }`.
    Member(String),
    /// Calling the result.
    Itself,
    /// A sibling of the called function, with the result: `fs.closeSync(file)`.
    Function(String),
}

/// Ending, with its owner, something that begins again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The call that begins it.
    pub beginning: Location,
    pub by: EndsBy,
    pub owner: Owner,
}

/// How something is ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndsBy {
    Release(By),
    /// A call of this method, with the arguments of the addition: the index of the handler, and that of the options if
    /// those matter.
    Removal {
        method: String,
        handler: usize,
        options: Option<usize>,
    },
}

/// An owner that ends sooner than the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The function around it returns a cleanup.
    Returned,
    /// The method of this name is called at the end.
    Method(Location),
    /// A method that the class does not have yet would be called at the end.
    Absent(Absent),
    /// The argument of this function of a module is called at the end.
    Hook { name: String, module: String },
}

/// A method that ends an instance, and is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    pub method: String,
    /// The interface with the method, and its module.
    pub interface: Option<(String, String)>,
    /// Base classes that have no such method.
    pub roots: Vec<String>,
}

/// Making a resource once for the process, when it is first needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hoist {
    /// The call that makes it.
    pub creation: Location,
    /// What it is called.
    pub word: &'static str,
    /// The calls of the file that make such a resource, including this one: identical ones share it.
    pub alike: Vec<Span>,
    /// The methods that open it, if making it does not.
    pub opens: Vec<String>,
    /// The names of its types, and whether such a name is a whole type.
    pub types: Vec<(String, bool)>,
    /// Whether a clone of it is another handle of the same thing.
    pub is_cloned: bool,
    /// The calls in the function that release it, which would then be wrong.
    pub present: Vec<Span>,
    /// Whether the function's callers are known, and call it again and again.
    pub is_certain: bool,
    /// Whether the framework reloads modules while the process runs.
    pub is_reloaded: bool,
    /// The path of the file, for names that other files can see.
    pub path: String,
    /// The method that releases it.
    pub release: Option<String>,
    /// What may keep it, in languages with several such types.
    pub keepers: Vec<Keeper>,
    /// Types of parameters through which a handler gets what the program shares.
    pub carriers: Vec<String>,
}

/// Limiting a container that only grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The container.
    pub container: Location,
    /// The calls in its file that add entries.
    pub additions: Vec<Span>,
    /// The caches that the project has, which limit themselves.
    pub caches: Vec<Cache>,
}

/// A cache with a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cache {
    /// A class of a package that the manifest has.
    Package {
        module: String,
        /// Its name there; `None` for the package itself.
        name: Option<String>,
        /// The argument that limits it, as it is written in code.
        bound: String,
    },
    /// A type of a crate that the manifest has, by its path.
    Crate(String),
    /// A class of the project, by its name and the path of its file.
    Own { name: String, path: String },
}

/// Handling an event of a resource, right where it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The call that makes it.
    pub creation: Location,
    pub event: String,
}

/// Limiting a resource by options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The call that makes it.
    pub creation: Location,
    /// The arguments that may be options, the likeliest first.
    pub arguments: Vec<usize>,
    /// Names and values.
    pub options: Vec<(String, String)>,
}

/// Making a pool instead of a connection that many use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pooled {
    /// The call that makes the connection.
    pub creation: Location,
    /// The export that makes a pool, beside the one that makes the connection: `Pool`.
    pub maker: String,
    /// The methods that open a connection; a pool does so by itself.
    pub opens: Vec<String>,
    /// The methods that a pool has too, whichever connection it uses.
    pub calls: Vec<String>,
    /// Events that a pool needs a handler for.
    pub events: Vec<String>,
    pub limits: Limits,
}

/// Undoing a transaction when something throws before it is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// The call that begins it.
    pub begin: Location,
    /// The method that rolls it back: of its giver, or of the result.
    pub method: String,
    /// The argument of the method, if it is one for all statements.
    pub statement: Option<String>,
    /// The calls that finish it.
    pub ends: Vec<Span>,
}

/// Using an instance that the project shares already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The call that makes one of its own.
    pub acquisition: Location,
    /// The members of its result that are the shared instance; an empty name for the result itself.
    pub members: Vec<String>,
    pub reach: Reach,
    /// `None` where it is in the same file under this name.
    pub import: Option<Import>,
    pub name: String,
    /// Whether the two have the same arguments.
    pub is_alike: bool,
}

/// How a shared instance is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Value,
    Call,
    AsyncCall,
}

/// An import that a file needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub name: String,
    /// The path of the importing file.
    pub from: String,
    /// The path of the exporting file.
    pub to: String,
    /// The specifiers by which the file imports the other already.
    pub present: Vec<String>,
    /// Its other specifiers and where they lead, as examples of the style. The likeliest first.
    pub like: Vec<(String, String)>,
}

impl Remedy {
    /// The file whose text the fix is mostly about.
    #[must_use]
    pub fn file(&self) -> crate::source::FileId {
        match self {
            Self::Release(release) => release.acquisition.file,
            Self::End(ending) => ending.beginning.file,
            Self::Hoist(hoist) | Self::Keep(hoist) => hoist.creation.file,
            Self::Bound(bound) => bound.container.file,
            Self::Listen(listen) => listen.creation.file,
            Self::Limit(limits) => limits.creation.file,
            Self::Name(guard) => guard.file,
            Self::Pool(pooled) => pooled.creation.file,
            Self::Rollback(rollback) => rollback.begin.file,
            Self::Share(shared) => shared.acquisition.file,
        }
    }
}
