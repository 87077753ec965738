//! Platforms: what is compiled for some of them only, by the attributes of the code and of the modules it is in.
//!
//! Takes the program; answers for a place whether all that there is of it needs one of the platforms that are asked for.

use crate::ir::{ImportName, Module, Name};
use crate::linking::{Program, Target};
use crate::source::{FileId, Location, Span};

/// Modules within modules are looked through so far.
const MAX_DEPTH: u32 = 6;

/// Whether a place is there only on one of some platforms.
#[must_use]
pub fn is_only_on(program: &Program, location: Location, platforms: &[String]) -> bool {
    !platforms.is_empty() && is_part(program, location.file, location.span, platforms, MAX_DEPTH)
}

fn is_part(program: &Program, file: FileId, span: Span, platforms: &[String], depth: u32) -> bool {
    let mut parts = program.module(file).platforms.iter();
    let is_wanted = |name: &Name| platforms.iter().any(|it| it == name.as_str());
    parts.any(|(part, platform)| part.contains(span) && is_wanted(platform))
        || depth > 0
            && program.modules().any(|module| {
                declared(program, module, file).any(|at| is_part(program, module.file, at, platforms, depth - 1))
            })
}

/// Where a module declares the module that a file is: `#[cfg(windows)] mod desktop;`.
fn declared<'p>(program: &'p Program, module: &'p Module, file: FileId) -> impl Iterator<Item = Span> + 'p {
    let imports = module.imports.iter().filter(move |import| {
        import.name == ImportName::Namespace
            && module.file != file
            && matches!(program.target(module.file, import.request), Target::Module(to) if *to == file)
    });
    imports.map(|import| module.variable(import.variable).span)
}
