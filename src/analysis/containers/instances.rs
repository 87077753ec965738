//! Instances: of which classes they live as long as the process.

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::value::{AcquiredKind, Value, Values};
use crate::catalogue::schema::Runs;
use crate::discovery::FileRole;
use crate::ir::{Binding, Call, Collections, Decorator, FunctionId, OpKind, VariableId};
use crate::linking::{ClassRef, VariableRef};

/// Whether the program puts instances of a class into tables, each under a key.
#[must_use]
pub fn are_entries(facts: &Facts<'_>, class: ClassRef) -> bool {
    let is_one = |value: &Value| match value {
        Value::Resource(id) => facts.evaluator.acquisition(*id).kind == AcquiredKind::Instance(class),
        _ => false,
    };
    facts.program.relevant_functions().any(|function| {
        let collections = Collections::of(facts.program.module(function.file).language);
        facts.program.function(function).ops().any(|(block, index, op)| {
            let fills = |call: &Call| call.method_name().is_some_and(|name| collections.fills(name));
            op.call().is_some_and(|call| call.arguments.len() == 2 && fills(call))
                && facts.evaluator.argument(function.op(block, index), 1).iter().any(is_one)
        })
    })
}

pub(super) struct Instances<'f, 'p> {
    facts: &'f Facts<'p>,
    held: OnceCell<FxHashSet<ClassRef>>,
    disposed: OnceCell<FxHashSet<ClassRef>>,
}

impl<'f, 'p> Instances<'f, 'p> {
    pub(super) fn new(facts: &'f Facts<'p>) -> Self {
        Self { facts, held: OnceCell::new(), disposed: OnceCell::new() }
    }

    /// Whether instances of a class live as long as the process: they are made where the program runs once, or by a
    /// framework that makes one of each, or a variable of a module holds one.
    pub(super) fn live_on(&self, class: ClassRef) -> bool {
        let rate = self.facts.frequencies.of_class(class);
        if self.disposed.get_or_init(|| self.disposed()).contains(&class) {
            return false;
        }
        rate == Rate::Once
            || rate <= Rate::PerCall && self.is_made_by_a_framework(class)
            || rate == Rate::PerCall && self.held.get_or_init(|| self.held()).contains(&class)
    }

    fn is_made_by_a_framework(&self, class: ClassRef) -> bool {
        let (module, body) = (self.facts.program.module(class.file), self.facts.program.class(class));
        self.facts.evaluator.catalogue.entries().any(|entry| {
            entry.runs == Runs::Once
                && entry.methods.iter().any(|method| method == "constructor")
                && body
                    .decorators
                    .iter()
                    .filter(|decorator| !is_scoped(decorator))
                    .filter_map(|decorator| module.last_name(&decorator.callee))
                    .any(|name| entry.decorators.iter().any(|known| *known == name))
        })
    }

    /// The classes of what the variables of modules hold: `export const limiter = createLimiter(5)`, whoever else may
    /// call `createLimiter`.
    fn held(&self) -> FxHashSet<ClassRef> {
        let program = self.facts.program;
        let mut held = FxHashSet::default();
        for module in program.modules().filter(|module| program.role(module.file) == FileRole::Source) {
            for (index, variable) in (0u32..).zip(&module.variables) {
                if variable.owner == FunctionId::INITIALISER && variable.binding == Binding::Value {
                    let id = VariableRef { file: module.file, variable: VariableId(index) };
                    held.extend(classes(self.facts, self.facts.evaluator.variable(id)));
                }
            }
        }
        held
    }

    /// The classes of what `using` disposes of.
    fn disposed(&self) -> FxHashSet<ClassRef> {
        let mut disposed = FxHashSet::default();
        for function in self.facts.program.functions() {
            for (_, _, op) in self.facts.program.function(function).ops() {
                if let OpKind::Dispose { place, .. } = &op.kind
                    && !self.facts.evaluator.drops_implicitly(function)
                {
                    disposed.extend(classes(self.facts, &self.facts.evaluator.place(function, place)));
                }
            }
        }
        disposed
    }
}

/// The classes of the instances among some values.
fn classes<'v>(facts: &'v Facts<'_>, values: &'v Values) -> impl Iterator<Item = ClassRef> + 'v {
    values.iter().filter_map(|value| match value {
        Value::Resource(id) => match facts.evaluator.acquisition(*id).kind {
            AcquiredKind::Instance(class) => Some(class),
            AcquiredKind::Catalogued(_) => None,
        },
        _ => None,
    })
}

/// `@Injectable({ scope: … })`: not one of each.
fn is_scoped(decorator: &Decorator) -> bool {
    !decorator.arguments.is_empty()
}
