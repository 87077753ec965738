//! Ownership: who has to release a resource, and whether somebody does on every path.
//!
//! Takes values; gives, for each function, a [`Summary`] of what it does to resources that are not its own, and for
//! each resource it acquires the paths on which it leaves while nobody else has it. A forward dataflow over the
//! control-flow graph conserves obligations on every edge, normal and exceptional; summaries are solved on demand from the
//! functions that acquire or release something, callees first, to a fixpoint on cycles (as in the Checker Framework's
//! Resource Leak Checker: Kellogg et al., "Lightweight and Modular Resource Leak Verification", ESEC/FSE 2021, with
//! must-call sets replaced by the catalogue's releases).
//!
//! Never decides whether a leak is worth telling: that is the rules' part.

mod beliefs;
mod calls;
mod captures;
mod collector;
mod effects;
mod evictions;
mod flow;
mod guarded;
mod leases;
mod paths;
mod settling;
mod sources;
mod summary;
mod throws;

pub use effects::{Effect, Effects, Escape, Identity, OpEffects, Returned};
pub use evictions::{Forgotten, forgotten};
pub use flow::{Exit, Fate, Solution, solve};
pub use guarded::destructor;
pub use leases::{LeaseCallback, LeaseCallbacks};
pub use paths::{LeakPath, PathEnd, PathStep, Wanted, leak_path};
pub use settling::{Unsettled, unsettled};
pub use sources::Sources;
pub use summary::{ExitFates, Interest, Solved, Summaries, Summary, is_owning};
