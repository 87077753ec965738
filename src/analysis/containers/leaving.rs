//! Where collections go out of sight: handed to code that is not followed, returned.

use crate::analysis::call_graph::run_by;
use crate::analysis::evaluate::{CallTarget, Callee};
use crate::analysis::value::External;
use crate::catalogue::RUST_PRELUDE;
use crate::ir::{Call, Collections, FunctionKind, Name, Operand};
use crate::linking::{FunctionRef, OpRef};
use crate::source::Language;

use super::Lifetime;
use super::uses::Uses;

impl Uses<'_, '_, '_> {
    /// Arguments that a call hands to code which is not analysed.
    pub(super) fn given_away(&mut self, at: OpRef, call: &Call) {
        let mut callee = None;
        for argument in &call.arguments {
            if argument.spread || argument.value.place().is_none() {
                continue;
            }
            let found = self.aliases_within(at.function, &argument.value);
            if found.is_empty() {
                continue;
            }
            let callee = callee.get_or_insert_with(|| self.facts.evaluator.callee(at));
            let collections = self.collections(at.function);
            if call.method_name().is_some_and(|name| collections.takes(name)) {
                for alias in found {
                    self.shrink(alias, at);
                }
                continue;
            }
            self.found.helpers.extend(callee.targets.iter().flat_map(|target| run_by(self.facts.program, target)));
            if !self.is_followed(callee) {
                for alias in found {
                    // Whoever is given a list of tasks waits for them: `join_all(handles)`. Only when matters.
                    if self.found.sites[&alias.site].lifetime == Lifetime::Loop {
                        self.shrink(alias, at);
                    } else {
                        self.found.sites[&alias.site].escapes = true;
                    }
                }
            }
        }
    }

    fn is_followed(&self, callee: &Callee) -> bool {
        let evaluator = &self.facts.evaluator;
        let is_of_language = |id| evaluator.external_name(id).package.is_none();
        !callee.is_unknown()
            && callee.targets.iter().all(|target| match target {
                CallTarget::Function { .. } | CallTarget::Construct(_) => !callee.open,
                CallTarget::External(id) => {
                    is_of_language(*id)
                        || is_drop(&evaluator.external_name(*id))
                        || evaluator.facts(*id).function.is_some_and(|fact| fact.borrows || fact.returns.is_some())
                }
                CallTarget::ProductMethod { of, name, .. } => {
                    is_of_language(*of) && !Collections::of(Language::TypeScript).fills(name)
                }
                CallTarget::ResourceMethod { .. } | CallTarget::Parameter => false,
            })
    }

    pub(super) fn returned(&mut self, function: FunctionRef, operand: &Operand) {
        let is_rust = self.facts.evaluator.drops_implicitly(function);
        if operand.place().is_none()
            || matches!(self.facts.program.function(function).kind, FunctionKind::Getter { .. })
        {
            return;
        }
        let mut found = self.aliases_within(function, operand);
        // `|| Mutex::new(HashMap::new())`: what makes it hands it to who keeps it.
        let sites = &self.found.sites;
        found.retain(|alias| {
            !is_rust || alias.site.function != function || sites[&alias.site].lifetime == Lifetime::Loop
        });
        // Callers here are followed; a function nobody here calls hands it to somebody else.
        if !found.is_empty() && self.aliases.callers(function).next().is_none() {
            for alias in found {
                self.found.sites[&alias.site].escapes = true;
            }
        }
    }
}

/// `drop(guard)`: what was locked is not.
fn is_drop(external: &External) -> bool {
    external.package.as_deref() == Some(RUST_PRELUDE) && external.path.iter().map(Name::as_str).eq(["drop"])
}
