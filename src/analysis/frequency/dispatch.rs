//! Dispatch: methods of the program's own traits, which calls on values of no known type may be of.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::Evaluator;
use crate::ir::{FunctionKind, Name};
use crate::linking::FunctionRef;

use super::entries::written_name;

/// The methods that implement traits of the program, by name. For languages that say what implements what.
#[must_use]
pub fn implementations(evaluator: &Evaluator<'_>) -> FxHashMap<Name, Vec<FunctionRef>> {
    let program = evaluator.program;
    let declared: FxHashSet<&Name> = program.classes().filter_map(|class| program.class(class).name.as_ref()).collect();
    let mut found: FxHashMap<Name, Vec<FunctionRef>> = FxHashMap::default();
    for function in program.functions().filter(|function| evaluator.drops_implicitly(*function)) {
        let body = program.function(function);
        let FunctionKind::Method { class, is_static: false } = body.kind else { continue };
        let (class, module) = (program.class(function.class(class)), program.module(function.file));
        let implements = class.implements.iter().filter_map(|written| written_name(module, written));
        if let Some(name) = &body.name
            && implements.into_iter().any(|implemented| declared.contains(&implemented))
        {
            found.entry(name.clone()).or_default().push(function);
        }
    }
    found
}
