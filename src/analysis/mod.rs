//! The analyses: facts about values, ownership, frequency, registrations and growth.
//!
//! Takes a linked [`crate::linking::Program`] and the catalogue; gives the facts that rules judge. Nothing here knows
//! a library by name and nothing here words a message.

pub mod abandoned;
pub mod call_graph;
pub mod children;
pub mod containers;
pub mod cycles;
pub mod deviants;
pub mod dropped_entries;
pub mod duplicates;
pub mod evaluate;
pub mod facts;
pub mod forgotten;
pub mod forgotten_fields;
pub mod forgotten_parts;
pub mod frequency;
pub mod guards;
pub mod hubs;
pub mod inferred;
pub mod killed;
pub mod late_timers;
pub mod lifecycles;
pub mod likeness;
pub mod limits;
pub mod locks;
pub mod mounted;
mod obligations;
pub mod outwaited;
pub mod ownership;
pub mod platforms;
pub mod products;
pub mod queues;
mod reached;
pub mod reentry;
pub mod registrations;
pub mod rescheduled;
pub mod settlements;
pub mod tasks;
pub mod told;
pub mod turns;
pub mod twice;
pub mod undisposed;
pub mod undropped;
pub mod unended;
pub mod value;
pub mod wrapped;
pub mod written;
