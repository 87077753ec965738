//! What is declared: the variable that keeps the shared instance, what makes it, and the function that returns it.

use super::Plan;
use crate::rewrite::Hoist;
use crate::rewrite::typescript::syntax::Syntax;

/// The names of what is declared.
pub(super) struct Names {
    all: String,
    pub(super) kept: String,
    pub(super) create: String,
    pub(super) get: String,
}

impl Names {
    pub(super) fn of(syntax: &Syntax<'_, '_>, remedy: &Hoist) -> Self {
        let word = remedy.word;
        let mut capital = word.to_owned();
        capital[..1].make_ascii_uppercase();
        let root = syntax.semantic.scoping().root_scope_id();
        let free = |wanted: String| syntax.free_name(&wanted, root);
        // What all modules see is called after the one that it is of.
        let home = if remedy.is_reloaded { capitals(&remedy.path) } else { String::new() };
        Self {
            all: free("shared".to_owned()),
            kept: free(format!("shared{capital}{home}")),
            create: free(format!("createShared{capital}")),
            get: free(format!("getShared{capital}")),
        }
    }
}

/// The last parts of a path as one name: `AppApiUsers` of `src/app/api/users.ts`.
fn capitals(path: &str) -> String {
    const PARTS: usize = 4;
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let parts: Vec<&str> = stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    parts[parts.len().saturating_sub(PARTS)..]
        .iter()
        .map(|part| format!("{}{}", part[..1].to_ascii_uppercase(), &part[1..]))
        .collect()
}

impl Plan<'_, '_, '_> {
    /// The declarations; where modules are loaded again, what is kept is kept outside of them.
    pub(super) fn declaration(&self, names: &Names, is_reloaded: bool) -> String {
        let Names { create, get, .. } = names;
        let layout = &self.syntax.layout;
        let (nl, unit, semicolon) = (layout.newline, layout.unit, self.syntax.semicolon());
        let is_typed = self.syntax.is_typed;
        let body = self.body();
        let constructed = match (&body[..], self.class()) {
            ([_], Some(class)) if !self.waits => Some(class),
            _ => None,
        };
        let kind = match &constructed {
            Some(class) => class.clone(),
            None => format!("ReturnType<typeof {create}>"),
        };
        let name = &names.kept;
        let (declared, kept) = match (is_reloaded, is_typed) {
            (false, true) => (format!("let {name}: {kind} | undefined{semicolon}{nl}{nl}"), name.clone()),
            (false, false) => (format!("let {name}{semicolon}{nl}{nl}"), name.clone()),
            (true, true) => {
                let all = &names.all;
                let declared =
                    format!("const {all} = globalThis as unknown as {{ {name}?: {kind} }}{semicolon}{nl}{nl}");
                (declared, format!("{all}.{name}"))
            }
            (true, false) => (String::new(), format!("globalThis.{name}")),
        };
        let mut out = declared;
        let made = match &constructed {
            Some(_) => body[0].trim_start_matches("return ").trim_end_matches(';').to_owned(),
            None => {
                let is_async = if self.name.is_some() && self.waits { "async " } else { "" };
                out.push_str(&format!("{is_async}function {create}() {{{nl}"));
                for statement in &body {
                    out.push_str(&format!("{unit}{statement}{nl}"));
                }
                out.push_str(&format!("}}{nl}{nl}"));
                format!("{create}()")
            }
        };
        let why = if is_reloaded { ", and kept when this module is loaded again" } else { "" };
        out.push_str(&format!(
            "/** One for the process, made when it is first needed{why}. */{nl}function {get}() {{{nl}"
        ));
        if self.waits {
            // What failed is tried again.
            let error = if is_typed { "error: unknown" } else { "error" };
            out.push_str(&format!(
                "{unit}{kept} ??= {made}.catch(({error}) => {{{nl}{unit}{unit}{kept} = undefined{semicolon}{nl}\
                 {unit}{unit}throw error{semicolon}{nl}{unit}}}){semicolon}{nl}"
            ));
        } else {
            out.push_str(&format!("{unit}{kept} ??= {made}{semicolon}{nl}"));
        }
        out.push_str(&format!("{unit}return {kept}{semicolon}{nl}}}{nl}{nl}"));
        out
    }
}
