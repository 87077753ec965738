//! Platforms: code that is compiled for some platforms only, by its own attributes or by those of its modules.
//!
//! Takes the program; answers whether a place exists only on some of the given platforms.

use rustc_hash::FxHashSet;

use crate::ir::{ImportName, Module, Name};
use crate::linking::{Program, Target};
use crate::source::{FileId, Location, Span};

/// Whether a place exists only on some of the given platforms.
#[must_use]
pub fn is_only_on(program: &Program, location: Location, platforms: &[String]) -> bool {
    if platforms.is_empty() {
        return false;
    }
    let is_wanted = |name: &Name| platforms.iter().any(|it| it == name.as_str());
    let is_part = |module: &Module, span: Span| {
        module.platforms.iter().any(|(part, platform)| part.contains(span) && is_wanted(platform))
    };
    if is_part(program.module(location.file), location.span) {
        return true;
    }
    // Start from the few modules that restrict some of their submodules, and continue to those.
    let mut found = FxHashSet::default();
    let mut work: Vec<FileId> = Vec::new();
    for module in program.modules().filter(|module| !module.platforms.is_empty()) {
        work.extend(declared(program, module).filter(|(_, at)| is_part(module, *at)).map(|(file, _)| file));
    }
    while let Some(file) = work.pop() {
        if file == location.file {
            return true;
        }
        if found.insert(file) && program.is_lowered(file) {
            work.extend(declared(program, program.module(file)).map(|(file, _)| file));
        }
    }
    false
}

/// The files of the submodules that a module declares, with the place of the declaration:
/// `#[cfg(windows)] mod desktop;`.
fn declared<'p>(program: &'p Program, module: &'p Module) -> impl Iterator<Item = (FileId, Span)> + 'p {
    let imports = module.imports.iter().filter(|import| import.name == ImportName::Namespace);
    imports.filter_map(|import| {
        let is_own = module.requests[import.request.0 as usize].specifier.starts_with("self::");
        match program.target(module.file, import.request) {
            Target::Module(to) if is_own && *to != module.file => Some((*to, module.variable(import.variable).span)),
            _ => None,
        }
    })
}
