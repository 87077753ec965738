//! A text dump of a module, for snapshots and for reading what a front end understood.

use std::fmt::Write as _;

use super::Module;

/// The module's functions and blocks as text.
#[must_use]
pub fn dump(module: &Module) -> String {
    let mut out = String::new();
    for (id, function) in module.functions() {
        let _ = writeln!(out, "fn {} {:?}", id.0, module.qualified_name(id));
    }
    out
}
