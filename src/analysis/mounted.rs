//! Components of which there is only one: the program mounts them where it starts, and nowhere else.
//!
//! `createApp(App)` and `createRoot(element).render(<App />)` at the top of a module make one instance for the life of
//! the page. That instance may keep what its setup begins: leaving the page ends it.

use globset::GlobSet;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::Facts;
use crate::analysis::frequency::Rate;
use crate::analysis::reentry;
use crate::analysis::value::{Value, Values};
use crate::catalogue::globs;
use crate::ir::CallKind;
use crate::linking::{ClassRef, FunctionRef, OpRef};
use crate::source::FileId;

/// The components of a program of which there is only one.
#[derive(Debug, Default)]
pub struct MountedOnce {
    functions: FxHashSet<FunctionRef>,
    classes: FxHashSet<ClassRef>,
    /// Files that are a component each.
    files: FxHashSet<FileId>,
}

impl MountedOnce {
    #[must_use]
    pub fn of(facts: &Facts<'_>) -> Self {
        let mut found = Self::default();
        let singles: Vec<&String> = facts.evaluator.catalogue.libraries().iter().flat_map(|it| &it.singles).collect();
        if !singles.is_empty() {
            found.add_places(facts, &globs(singles));
        }
        let mut uses: IndexMap<FunctionRef, Vec<OpRef>, FxBuildHasher> = IndexMap::default();
        let mut uses_of_classes: IndexMap<ClassRef, Vec<OpRef>, FxBuildHasher> = IndexMap::default();
        for function in facts.program.functions() {
            for (block, index, op) in facts.program.function(function).ops() {
                let (at, Some(call)) = (function.op(block, index), op.call()) else { continue };
                if call.kind == CallKind::Jsx {
                    for component in facts.called(at) {
                        uses.entry(component).or_default().push(at);
                    }
                    for value in &facts.evaluator.operand(function, &call.callee) {
                        if let Value::Class(component) = value {
                            uses_of_classes.entry(*component).or_default().push(at);
                        }
                    }
                } else if let Some(component) = mounts(facts, at)
                    && facts.frequencies.of_function(function) == Rate::Once
                {
                    found.add(facts, &facts.evaluator.argument(at, component));
                }
            }
        }
        let runs_once = |at: &OpRef| {
            facts.frequencies.of_function(at.function) == Rate::Once
                && facts.program.loop_depth(at.function, at.block) == 0
        };
        let is_one = |uses: &[OpRef]| uses.len() == 1 && uses.iter().all(runs_once);
        found.functions.extend(uses.iter().filter(|(_, uses)| is_one(uses)).map(|(component, _)| *component));
        found.classes.extend(uses_of_classes.iter().filter(|(_, uses)| is_one(uses)).map(|(component, _)| *component));
        found
    }

    /// The components that a framework shows once, judging by their files.
    fn add_places(&mut self, facts: &Facts<'_>, places: &GlobSet) {
        for module in facts.program.modules().filter(|module| places.is_match(facts.program.path(module.file))) {
            if module.language.is_component() {
                self.files.insert(module.file);
                continue;
            }
            for (name, variable) in facts.program.own_exports(module.file) {
                if name == "default" {
                    self.functions.extend(facts.evaluator.functions_behind(facts.evaluator.variable(variable)));
                }
            }
        }
    }

    fn add(&mut self, facts: &Facts<'_>, component: &Values) {
        for function in facts.evaluator.functions_behind(component) {
            if facts.program.module(function.file).language.is_component() {
                self.files.insert(function.file);
            } else {
                self.functions.insert(function);
            }
        }
    }

    /// Whether an operation runs once per instance of something of which there is only one.
    #[must_use]
    pub fn runs_once(&self, facts: &Facts<'_>, at: OpRef) -> bool {
        let is_empty = self.functions.is_empty() && self.classes.is_empty() && self.files.is_empty();
        if is_empty || facts.rate(at) != Rate::PerInstance {
            return false;
        }
        let chain = facts.frequencies.chain(&facts.evaluator, at.function);
        let top = chain.calls.first().map_or(at.function, |call| call.function);
        let is_of_one = self.files.contains(&top.file)
            || facts.program.this_class(top).is_some_and(|class| self.classes.contains(&class))
            || self.functions.iter().any(|component| facts.evaluator.is_within(top, *component));
        is_of_one && !reentry::runs_again(facts, top)
    }
}

/// The argument of a call that is the component it mounts.
fn mounts(facts: &Facts<'_>, at: OpRef) -> Option<u32> {
    facts.evaluator.callee(at).targets.iter().find_map(|target| match target {
        CallTarget::External(id) => facts.evaluator.facts(*id).function.and_then(|fact| fact.mounts),
        _ => None,
    })
}
