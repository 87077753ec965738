//! Linking: names to declarations across files.
//!
//! Takes the lowered modules and where their specifiers lead; gives a [`Program`] in which every function, variable,
//! class and operation has one address, imports lead to what they name, and every variable, temporary and field of
//! `this` knows the operations that assign it. Never evaluates anything: what a place holds is the analysis's question.

mod definitions;
mod exports;
mod numbers;
mod program;
mod references;
pub mod resolution;
mod subclasses;

pub use definitions::{Definition, ModuleIndex};
pub use exports::Symbol;
pub use numbers::Numbers;
pub use program::{Linkable, Program};
pub use references::{ClassRef, FunctionRef, OpRef, VariableRef};
pub use resolution::Target;
