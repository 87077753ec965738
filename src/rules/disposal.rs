//! Ways to give a resource back without a `finally`: at the end of its scope, or through a method of its giver.

use crate::analysis::facts::{Facts, Obligation};
use crate::analysis::value::How;
use crate::catalogue::schema::{Disposal, Library};
use crate::discovery::Governing;
use crate::discovery::version::Version;
use crate::ir::OpKind;
use crate::source::{FileId, Language};

/// The first versions that support `using`: of the compiler, and of what runs its output unchanged.
const COMPILER: (&str, Version) = ("typescript", Version([5, 2, 0]));
const RUNTIME: Version = Version([24, 0, 0]);

/// The oldest node with the symbols to which `using` is compiled; the types of that version have them too.
const SYMBOLS: Version = Version([20, 4, 0]);
const TYPES: &str = "@types/node";

/// Whether the end of the scope can release it, and whether that has to be awaited.
pub(super) fn by_scope(facts: &Facts<'_>, obligation: &Obligation) -> Option<bool> {
    let (id, resource) = facts.resource(&obligation.acquisition)?;
    let disposal = resource.disposed.as_ref()?;
    let file = obligation.acquisition.at.function.file;
    let library = facts.evaluator.catalogue.library_of_resource(id);
    let governing = facts.program.governing(file)?;
    (has_method(governing, library, disposal) && can_declare(facts, file, governing)).then_some(disposal.waits)
}

/// Methods of the giver that do the same with a lease that they take and give back themselves.
pub(super) fn by_giver(facts: &Facts<'_>, obligation: &Obligation) -> Vec<String> {
    let acquisition = &obligation.acquisition;
    let Some((id, resource)) = facts.resource(acquisition) else { return Vec::new() };
    if !matches!(acquisition.how, How::Leased { .. }) {
        return Vec::new();
    }
    let method = facts.program.op(acquisition.at).call().and_then(|call| call.method_name());
    let library = facts.evaluator.catalogue.library_of_resource(id);
    let mut leases = library.resources.iter().flat_map(|giver| &giver.leases);
    let lease = leases.find(|lease| {
        lease.resource == resource.id
            && method.is_some_and(|method| lease.methods.iter().any(|it| method == it.as_str()))
    });
    lease.map(|lease| lease.calls.clone()).unwrap_or_default()
}

/// Whether every version of the library that the manifests allow has the method that the end of a scope calls.
fn has_method(governing: &Governing, library: &Library, disposal: &Disposal) -> bool {
    let Some(since) = Version::parse(&disposal.since) else { return false };
    let has = match disposal.of.as_str() {
        "" => library.packages.iter().find_map(|package| governing.least_version(package)),
        TYPES => governing.least_node().or_else(|| governing.least_version(TYPES)),
        other => governing.least_version(other),
    };
    has.is_some_and(|has| has >= since)
}

/// Whether a file may use `using`: the package does so already, or its compiler and what runs its output support it.
fn can_declare(facts: &Facts<'_>, file: FileId, governing: &Governing) -> bool {
    let module = facts.program.module(file);
    let is_plain = module.language == Language::JavaScript;
    let runs = |least: Version| governing.least_node().is_none_or(|node| node >= least);
    let says_so = |other: FileId| {
        let functions = facts.program.module(other).functions.iter();
        functions.flat_map(|function| function.ops()).any(|(_, _, op)| matches!(op.kind, OpKind::Dispose { .. }))
    };
    let is_habit = || {
        let packages =
            |file| facts.program.governing(file).and_then(|it| it.packages.as_ref()).map(std::sync::Arc::as_ptr);
        let mut others = facts
            .program
            .modules()
            .filter(|other| other.language != Language::Rust && (other.language == Language::JavaScript) == is_plain);
        others.any(|other| packages(other.file) == packages(file) && says_so(other.file))
    };
    let is_taken = match (&governing.compiler, is_plain) {
        (_, true) => governing.least_node().is_some_and(|node| node >= RUNTIME),
        (Some(compiler), false) => {
            let is_open = compiler.target.as_deref() == Some("esnext");
            let has_types = match compiler.lib.is_empty() {
                true => is_open,
                false => compiler.lib.iter().any(|lib| matches!(lib.as_str(), "esnext" | "esnext.disposable")),
            } || governing.least_version(TYPES).is_some_and(|types| types >= SYMBOLS);
            let is_read = governing.least_version(COMPILER.0).is_some_and(|compiler| compiler >= COMPILER.1);
            // Code for the newest target is not compiled at all.
            let is_run = if is_open { governing.least_node().is_some_and(|it| it >= RUNTIME) } else { runs(SYMBOLS) };
            has_types && is_read && is_run && compiler.target.is_some()
        }
        (None, false) => false,
    };
    is_taken || is_habit()
}
