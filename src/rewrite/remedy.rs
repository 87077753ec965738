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
    /// Making it once for each of what it depends on.
    Keep(Hoist),
    /// Letting go of the oldest of what is kept.
    Bound(Bound),
    /// A handler for an event that must have one.
    Listen(Listen),
    /// Options that bound what it does.
    Limit(Limits),
    /// A name that keeps a guard to the end of its block.
    Name(Location),
    /// A pool in the place of one connection for all.
    Pool(Pooled),
    /// Undoing what was begun when something throws.
    Rollback(Rollback),
    /// Using what there is already in the place of what is made anew.
    Share(Shared),
}

/// Releasing a resource however the function is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The call that acquires it.
    pub acquisition: Location,
    pub by: By,
    /// Whether the release gives a promise.
    pub waits: bool,
    /// The calls in the function that release it already, on some paths.
    pub present: Vec<Span>,
    /// Whether the end of the scope that declares it may release it, and then whether that has to be waited for.
    pub by_scope: Option<bool>,
    /// Methods of what gives it that do the same with one which they take and give back themselves.
    pub by_giver: Vec<String>,
}

/// How a resource is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A method on what the call gives: `client.release()`.
    Method(String),
    /// A member of what the call gives, besides the resource: `cleanup` of `{ db, cleanup }`.
    Member(String),
    /// Calling what the call gives.
    Itself,
    /// A sibling of the function that is called, with what the call gives: `fs.closeSync(file)`.
    Function(String),
}

/// Ending what begins again and again when its owner ends.
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
    /// A call of this method, with what it was added with: the argument that is the handler, and the one with options
    /// where those matter.
    Removal {
        method: String,
        handler: usize,
        options: Option<usize>,
    },
}

/// Who ends, sooner than the process does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// What the function around it returns is called then.
    Returned,
    /// The method of this name is called then.
    Method(Location),
    /// A method that the class does not have would be called then.
    Absent(Absent),
    /// What this function of a module is given is called then.
    Hook { name: String, module: String },
}

/// A method that ends an instance, and is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    pub method: String,
    /// The interface for it, and the module that has that.
    pub interface: Option<(String, String)>,
    /// What the class may extend: nothing has such a method there.
    pub roots: Vec<String>,
}

/// Making a resource once for the process, when it is first needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hoist {
    /// The call that makes it.
    pub creation: Location,
    /// What it is called.
    pub word: &'static str,
    /// The calls of the file that make such a thing, this one among them: where they are written alike they share it.
    pub alike: Vec<Span>,
    /// The methods that open it, where making it does not.
    pub opens: Vec<String>,
    /// The names of its types, and whether such a name is a whole type.
    pub types: Vec<(String, bool)>,
    /// Whether a clone of it is the same thing once more.
    pub is_cloned: bool,
    /// The calls in the function that release it, which would be wrong then.
    pub present: Vec<Span>,
    /// Whether it is known who calls the function, again and again.
    pub is_certain: bool,
    /// Whether the framework loads modules again while the process runs.
    pub is_reloaded: bool,
    /// The path of the file, for names that other files see.
    pub path: String,
    /// The method that releases it.
    pub release: Option<String>,
    /// What may keep it, in languages that have several such things.
    pub keepers: Vec<Keeper>,
    /// Types of parameters by which a handler is given what the program shares.
    pub carriers: Vec<String>,
}

/// Bounding what only grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// What holds the entries.
    pub container: Location,
    /// The calls of its file that add to it.
    pub additions: Vec<Span>,
    /// What the project has that would do so by itself.
    pub caches: Vec<Cache>,
}

/// What keeps so many entries, and drops others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cache {
    /// A class of a package that the manifest has.
    Package {
        module: String,
        /// Its name there; `None` for what the package itself is.
        name: Option<String>,
        /// What it is made with to keep so many, as it is written in code.
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

/// Bounding a resource by options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The call that makes it.
    pub creation: Location,
    /// The arguments that may be options, the likeliest first.
    pub arguments: Vec<usize>,
    /// Names and values.
    pub options: Vec<(String, String)>,
}

/// Making a pool in the place of a connection that many use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pooled {
    /// The call that makes the connection.
    pub creation: Location,
    /// What makes a pool, beside what makes the connection: `Pool`.
    pub maker: String,
    /// The methods that open a connection: a pool does so by itself.
    pub opens: Vec<String>,
    /// The methods that do the same on a pool, whichever connection it takes for them.
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
    /// The method that undoes it: of what begins it, or of what that gives.
    pub method: String,
    /// What the method is given, where it is one for all statements.
    pub statement: Option<String>,
    /// The calls that finish it.
    pub ends: Vec<Span>,
}

/// Using an instance that the project shares already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The call that makes one of its own.
    pub acquisition: Location,
    /// The members of what that gives which are the same as the shared instance; an empty name for the result itself.
    pub members: Vec<String>,
    pub reach: Reach,
    /// `None` where it is in the same file under this name.
    pub import: Option<Import>,
    pub name: String,
    /// Whether the two are given the same arguments.
    pub is_alike: bool,
}

/// How a shared instance is got at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Value,
    Call,
    AsyncCall,
}

/// What a file needs of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub name: String,
    /// The path of the file that needs it, as all paths here.
    pub from: String,
    /// The path of the file that has it.
    pub to: String,
    /// The specifiers by which the file names the other already.
    pub present: Vec<String>,
    /// What it names otherwise, and where that leads: how such things are written here. The likeliest first.
    pub like: Vec<(String, String)>,
}

impl Remedy {
    /// The file that has to change first of all.
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
