//! Exports of the project's own files that a configuration describes: imports of them lead to a library.

use crate::catalogue::{CRATE, Catalogue, file_package};
use crate::discovery::Discovered;
use crate::ir::{ImportName, Module, Name, RequestId};
use crate::linking::Target;
use crate::source::Language;

/// Lets the imports of such exports lead to what is said of them; all else in the file stays what its code says.
pub(super) fn told(module: &mut Module, targets: &mut Vec<Target>, discovered: &Discovered, catalogue: &Catalogue) {
    let prefix = if module.language == Language::Rust { CRATE } else { "" };
    for import in &mut module.imports {
        let request = import.request.0 as usize;
        let Some(Target::Module(file)) = targets.get(request) else { continue };
        let path: Vec<Name> = match &import.name {
            ImportName::Named(name) => vec![name.clone()],
            ImportName::Default => Vec::new(),
            ImportName::Namespace => continue,
        };
        let package = format!("{prefix}{}", file_package(&discovered.relative_path(*file)));
        if catalogue.symbol(&package, &path).known {
            import.request = RequestId(u32::try_from(targets.len()).expect("invariant: fewer than 2^32 requests"));
            module.requests.push(module.requests[request].clone());
            targets.push(Target::External(package.into()));
        }
    }
}
