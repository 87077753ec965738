//! Dispatch: which methods of the program's own traits a call may run if only the trait of its receiver is known, or
//! nothing.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::value::Value;
use crate::ir::{Binding, Call, FunctionKind, Name, OpKind, Operand, Place, Rvalue, TypeRef, TypeRoot};
use crate::linking::{ClassRef, FunctionRef, OpRef, Symbol, Target, VariableRef};
use crate::source::FileId;

/// How many variables and calls a receiver is followed through to what it came from.
const MAX_STEPS: u32 = 8;

/// The methods that implement traits of the program. For languages that say what implements what.
#[derive(Debug, Default)]
pub struct Implementations {
    by_name: FxHashMap<Name, Vec<FunctionRef>>,
    by_trait: FxHashMap<(ClassRef, Name), Vec<FunctionRef>>,
}

/// What a call may run beside what it is seen to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Dispatch {
    /// Methods of whatever implements the receiver's trait.
    pub methods: Vec<FunctionRef>,
    /// Methods that only have the name.
    pub namesakes: Vec<FunctionRef>,
}

impl Implementations {
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>) -> Self {
        let program = evaluator.program;
        let mut found = Self::default();
        let mut traits_of: FxHashMap<ClassRef, Vec<ClassRef>> = FxHashMap::default();
        for function in program.functions().filter(|function| evaluator.drops_implicitly(*function)) {
            let body = program.function(function);
            let FunctionKind::Method { class, is_static: false } = body.kind else { continue };
            let (Some(name), part) = (&body.name, function.class(class)) else { continue };
            let implemented = traits_of.entry(part).or_insert_with(|| implemented(evaluator, part));
            if !implemented.is_empty() {
                found.by_name.entry(name.clone()).or_default().push(function);
            }
            for of in implemented {
                found.by_trait.entry((*of, name.clone())).or_default().push(function);
            }
        }
        found
    }

    /// What the method call at `at` may run of them.
    #[must_use]
    pub fn of_call(&self, evaluator: &Evaluator<'_>, at: OpRef, call: &Call) -> Dispatch {
        let mut dispatch = Dispatch::default();
        let (Some((receiver, _)), Some(name)) = (call.receiver(), call.method_name()) else { return dispatch };
        let Some((name, namesakes)) = self.by_name.get_key_value(name) else { return dispatch };
        let receivers = evaluator.place(at.function, &receiver);
        let classes: Vec<ClassRef> = receivers.iter().filter_map(|value| evaluator.class_of(value)).collect();
        for class in &classes {
            dispatch.methods.extend(self.by_trait.get(&(*class, name.clone())).into_iter().flatten());
        }
        let callee = evaluator.callee(at);
        let is_seen = callee.targets.iter().any(|target| !matches!(target, CallTarget::Parameter));
        if classes.is_empty() && !is_seen {
            let is_foreign = comes_from_outside(evaluator, at.function, &receiver, MAX_STEPS);
            let may_be = |method: &&FunctionRef| !is_foreign || extends_another_crate(evaluator, **method);
            dispatch.namesakes = namesakes.iter().filter(may_be).copied().collect();
        }
        dispatch
    }
}

/// The traits of the program that a part of a class implements.
fn implemented(evaluator: &Evaluator<'_>, part: ClassRef) -> Vec<ClassRef> {
    let class = evaluator.program.class(part);
    let written = class.implements.iter().flat_map(|written| {
        let values = evaluator.typed(part.file, class.parent, written);
        values.iter().filter_map(|value| evaluator.class_of(value)).collect::<Vec<_>>()
    });
    let mut seen = FxHashSet::default();
    written.filter(|class| seen.insert(*class)).collect()
}

/// Whether a value is of a type of another crate: by what is written of it, or by the calls it came through.
fn comes_from_outside(evaluator: &Evaluator<'_>, function: FunctionRef, place: &Place, steps: u32) -> bool {
    let program = evaluator.program;
    let values = evaluator.place(function, place);
    if values.iter().any(is_of_library) {
        return true;
    }
    let Some(steps) = steps.checked_sub(1) else { return false };
    if let Some((file, _, written)) = evaluator.written_type(function, place) {
        return is_foreign(evaluator, file, written);
    }
    // What is known to hold something of the program has it through whatever gave it: `Arc::clone(&self.source)`.
    if !values.is_empty() {
        return false;
    }
    let index = program.index(function.file);
    let definitions = index.of_root(function.function, &place.root);
    let mut definitions = definitions.iter().map(|definition| function.definition(definition));
    definitions.next().is_some_and(|at| match program.op(at).call() {
        Some(call) => {
            let callee = evaluator.callee(at);
            let mut targets = callee.targets.iter();
            targets.clone().next().is_some()
                && targets.all(|target| {
                    matches!(
                        target,
                        CallTarget::External(_) | CallTarget::ProductMethod { .. } | CallTarget::ResourceMethod { .. }
                    )
                })
                || callee.is_unknown()
                    && call
                        .receiver()
                        .is_some_and(|(receiver, _)| comes_from_outside(evaluator, at.function, &receiver, steps))
        }
        None => match &program.op(at).kind {
            OpKind::Assign {
                value: Rvalue::Use(Operand::Place(from)) | Rvalue::Await(Operand::Place(from)), ..
            } => comes_from_outside(evaluator, at.function, from, steps),
            _ => false,
        },
    })
}

/// Whether a method is one that the program gives to a type of another crate.
fn extends_another_crate(evaluator: &Evaluator<'_>, method: FunctionRef) -> bool {
    let program = evaluator.program;
    let class = program.function(method).class().map(|class| program.class(method.class(class)));
    class.and_then(|class| class.continues).is_some_and(|variable| {
        match program.variable(method.variable(variable)).binding {
            Binding::Import(import) => !matches!(program.import(method.file, import), Some(Symbol::Variable(_))),
            _ => false,
        }
    })
}

fn is_of_library(value: &Value) -> bool {
    matches!(
        value,
        Value::Product { .. } | Value::External(_) | Value::Borrowed(_) | Value::View { .. } | Value::Text(_)
    )
}

/// Whether a written type is one of another crate, whatever it holds.
fn is_foreign(evaluator: &Evaluator<'_>, file: FileId, written: &TypeRef) -> bool {
    let program = evaluator.program;
    let TypeRef::Named { root, arguments, .. } = written else { return false };
    let is_outside = match root {
        TypeRoot::Variable(id) => match program.variable(VariableRef { file, variable: *id }).binding {
            Binding::Import(import) => match program.import(file, import) {
                Some(Symbol::External { .. }) => true,
                Some(_) => false,
                None => matches!(
                    program.target(file, program.module(file).imports[import as usize].request),
                    Target::External(_)
                ),
            },
            _ => false,
        },
        TypeRoot::Module(request) => matches!(program.target(file, *request), Target::External(_)),
        TypeRoot::Global(_) => false,
    };
    is_outside
        && arguments.iter().all(|argument| matches!(argument, TypeRef::Other) || is_foreign(evaluator, file, argument))
}
