//! `owned-by path#symbol` as the reason of a directive: the named function must release the resource, or the directive
//! has no valid reason.

use crate::analysis::facts::Facts;
use crate::analysis::ownership::{Effect, Identity, Interest};
use crate::analysis::value::AcquiredKind;
use crate::findings::Finding;
use crate::linking::FunctionRef;

/// The path and the symbol that such a reason names. Other words may follow.
#[must_use]
pub(crate) fn named_in(reason: &str) -> Option<(&str, &str)> {
    let named = reason.strip_prefix("owned-by")?.trim_start_matches(':').trim_start();
    named.split_whitespace().next()?.split_once('#')
}

/// Why `path#symbol` does not own what was found; nothing if it does.
#[must_use]
pub(crate) fn complaint(facts: &Facts<'_>, finding: &Finding, path: &str, symbol: &str) -> Option<String> {
    let wanted = path.trim_start_matches("./");
    let is_meant = |shown: &str| shown.strip_suffix(wanted).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    if !facts.program.files.iter().any(|file| is_meant(&file.display_path)) {
        return Some(format!("there is no file `{path}`"));
    }
    let modules = facts.program.modules().filter(|module| is_meant(facts.program.path(module.file)));
    let functions = modules
        .flat_map(|module| module.functions().map(|(id, _)| FunctionRef::new(module.file, id)).collect::<Vec<_>>());
    let is_named = |function: &FunctionRef| {
        let name = facts.program.name_of(*function);
        name == symbol || name.rsplit('.').next() == Some(symbol)
    };
    let named: Vec<FunctionRef> = functions.filter(is_named).collect();
    let resource = &finding.resource;
    if named.iter().any(|function| releases(facts, *function, resource)) {
        return None;
    }
    // The functions of a file without relevant code are not read.
    Some(format!("`{symbol}` of `{path}` does not release a `{resource}`, as far as can be seen"))
}

/// Whether a function releases something of a kind, or its argument.
fn releases(facts: &Facts<'_>, function: FunctionRef, resource: &str) -> bool {
    let solved = facts.summaries.get(&facts.evaluator, function, Interest::Given);
    solved.effects.ops.values().flat_map(|op| &op.effects).any(|(identity, effect)| {
        matches!(effect, Effect::Release | Effect::PartialRelease)
            && match identity {
                Identity::Acquired(id) => match facts.evaluator.acquisition(*id).kind {
                    AcquiredKind::Catalogued(id) => facts.evaluator.catalogue.resource(id).id == resource,
                    AcquiredKind::Instance(class) => facts.program.class(class).name.as_deref() == Some(resource),
                },
                Identity::Parameter { .. } => true,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_named_by_path_and_symbol() {
        assert_eq!(named_in("owned-by src/db.ts#close"), Some(("src/db.ts", "close")));

        assert_eq!(named_in("owned-by src/db.ts#Db.close on SIGTERM"), Some(("src/db.ts", "Db.close")));
        assert_eq!(named_in("owned-by the caller"), None);
        assert_eq!(named_in("a script"), None);
    }
}
