//! The intermediate form: what every front end lowers to and every analysis reads.
//!
//! Takes nothing, decides nothing: these are the data structures. A [`Module`] is one source file: a table of
//! variables (so that a captured variable has the same id in every function that sees it), its functions with one
//! control-flow graph each, its classes, imports and exports. It owns its text pieces, so the syntax tree it came
//! from can be dropped at once. Positions are byte ranges; lines and columns are computed when something is printed.
//!
//! Invariants:
//! - Ids ([`VariableId`], [`FunctionId`], [`ClassId`], [`RequestId`]) index the tables of their own module.
//! - A [`Temp`] belongs to one function and holds the result of one expression; it is assigned on every path that
//!   reads it, on several paths only where those paths join (`?:`, `&&`, `??`).
//! - Short-circuit operators, promise chains with literal callbacks and `finally` are control flow here, not operations.
//! - Where the form cannot say something (a computed key, an `eval`), it says so ([`Field::Computed`],
//!   [`Operand::Opaque`]) and analyses stay silent.

mod collections;
pub mod counted;
mod dump;
mod function;
mod holding;
mod module;
mod operation;
mod place;
mod primitives;
mod reads;
mod verify;

pub use collections::Collections;
pub use dump::dump;
pub use function::{
    Block, BlockId, Comparison, Condition, Edges, Function, FunctionId, FunctionKind, Parameter, Terminator,
};
pub use holding::{CallHolds, Cycle, Holder, Holding, Slot};
pub use module::{
    BY_GLOB, Binding, Class, ClassId, ClassMember, Comment, Decorator, Export, ExportSource, Import, ImportName,
    Module, ModuleRequest, ParseIssue, RequestId, Variable, VariableId,
};
pub use operation::{Argument, Call, CallKind, Element, Op, OpKind, Property, Rest, Rvalue};
pub use place::{Field, Name, Operand, Place, Root, Temp, TypeRef, TypeRoot, is_disposal};
pub use primitives::is_primitive;
pub use verify::verify;
