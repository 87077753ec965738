//! Sharing through the state of the program's handlers: the state gets a field, and a clone of it replaces each
//! creation.

mod structs;

use super::neighbours;
use super::printed;
use super::wanted::Wanted;
use crate::rewrite::layout::Layout;
use crate::rewrite::{Applicability, Edit, Fix, Hoist};
use crate::source::{FileId, SourceFile, Span};

use structs::{Literal, Read, Structure};

/// What code of the program says of the state.
struct Written {
    /// Where it is declared, and how.
    home: FileId,
    structure: Structure,
    /// Where it is made.
    literals: Vec<(FileId, Literal)>,
}

/// The fix; `None` where the function is given no state, or not all that makes one can be seen.
pub(super) fn fix(wanted: &Wanted, remedy: &Hoist, files: &[SourceFile]) -> Option<Fix> {
    let id = remedy.creation.file;
    let carried = wanted.carried.as_ref()?;
    let written = written(&carried.of, wanted, id, files)?;
    let made = wanted.made_meant.to_string();
    let known = written.structure.fields.iter().find(|field| field.kind == wanted.kind_meant);
    let (name, common, is_safe) = match known {
        // What is made otherwise is another thing.
        Some(field) => {
            let is_alike =
                |literal: &Literal| literal.makes.iter().any(|(name, by)| *name == field.name && *by == made);
            if !written.literals.iter().all(|(_, literal)| is_alike(literal)) || written.literals.is_empty() {
                return None;
            }
            (field.name.clone(), Vec::new(), true)
        }
        None => {
            let name = remedy.word;
            let common = declared(&written, name, wanted, id, files)?;
            let is_open = written.structure.is_public && neighbours::is_library(written.home, files);
            (name.to_owned(), common, written.structure.derives.iter().all(|it| it == "Clone") && !is_open)
        }
    };
    let layout = Layout::of(&files[id.index()].text);
    let place = format!("{}.{name}", carried.name);
    let replacement = printed::linked(&layout, wanted.value, format!("{place}.clone()"));
    let mut edits = vec![Edit::replace(id, wanted.value, replacement)];
    edits.extend(layout.removals(&wanted.gone).into_iter().map(|gone| Edit::delete(id, gone)));
    edits.sort();
    let title = match common.is_empty() {
        true => format!("use `{place}`, which all handlers share"),
        false => format!("make the {name} once, with the `{}` that all handlers share", carried.of),
    };
    let is_safe = is_safe && remedy.is_certain;
    let applicability = if is_safe { Applicability::Safe } else { Applicability::Unsafe };
    Some(Fix { title, applicability, edits, common, tidying: Vec::new() })
}

/// What is written of the type `name`; `None` where some of it cannot be read.
fn written(name: &str, wanted: &Wanted, from: FileId, files: &[SourceFile]) -> Option<Written> {
    let own: Vec<FileId> = neighbours::of_crate(from, files).map(|(id, _)| id).collect();
    let mut structures = Vec::new();
    let mut literals = Vec::new();
    for (id, file) in neighbours::all(files).filter(|(_, file)| file.text.contains(name)) {
        let Read { structures: here, literals: made, is_whole } = structs::read(&file.text, name)?;
        if !own.contains(&id) {
            // Of another crate: another type of the name, or somebody who makes this one from outside.
            if here.is_empty() && !made.is_empty() {
                return None;
            }
            continue;
        }
        if !is_whole {
            return None;
        }
        structures.extend(here.into_iter().map(|it| (id, it)));
        literals.extend(made.into_iter().map(|it| (id, it)));
    }
    let is_elsewhere = literals.iter().any(|(id, _)| *id != from);
    let [_] = structures[..] else { return None };
    let (home, structure) = structures.pop()?;
    (wanted.is_portable || !is_elsewhere).then_some(Written { home, structure, literals })
}

/// The field, and what makes it wherever the state is made.
fn declared(written: &Written, name: &str, wanted: &Wanted, from: FileId, files: &[SourceFile]) -> Option<Vec<Edit>> {
    // What else is derived may be nothing that such a field has.
    const ALLOWED: [&str; 3] = ["Clone", "Debug", "FromRef"];
    let structure = &written.structure;
    let is_free = structure.fields.iter().all(|field| field.name != name);
    if !is_free || written.literals.is_empty() || !structure.derives.iter().all(|it| ALLOWED.contains(&it.as_str())) {
        return None;
    }
    let layout = Layout::of(&files[written.home.index()].text);
    let last = structure.fields.last()?;
    let is_spread_out = layout.starts_line(last.span.start);
    let kind = match written.home == from && wanted.is_top {
        true => &wanted.kind,
        false => {
            structure.names.iter().find(|(_, meant)| *meant == wanted.kind_meant).map_or(&wanted.kind_meant, |it| &it.0)
        }
    };
    let field = format!("{}{name}: {kind}", structure.visibility);
    let mut edits = vec![added(&layout, written.home, last.span, last.has_comma, is_spread_out, &field)];
    for (id, literal) in &written.literals {
        let layout = Layout::of(&files[id.index()].text);
        let last = *literal.fields.last()?;
        let made = if *id == from && wanted.is_top { &wanted.made } else { &wanted.made_meant };
        let is_spread_out = layout.starts_line(last.start);
        let unit = if is_spread_out { "" } else { layout.unit_beside(layout.indent(last.start)) };
        let indent = format!("{}{unit}", layout.indent(last.start));
        let entry = format!("{name}: {}", printed::expression(&layout, made, &indent)?);
        let line = layout.slice(Span::new(layout.line_start(last.start), layout.line_end(last.end)));
        if is_spread_out || !entry.contains('\n') && line.len() + entry.len() + ", ".len() <= printed::WIDTH {
            edits.push(added(&layout, *id, last, literal.has_comma, is_spread_out, &entry));
        } else {
            edits.push(spread_out(&layout, *id, literal, &indent, &entry));
        }
    }
    edits.sort();
    Some(edits)
}

/// A literal that stood on one line, each of its fields on one of its own, and one more.
fn spread_out(layout: &Layout<'_>, id: FileId, literal: &Literal, indent: &str, entry: &str) -> Edit {
    let fields = literal.fields.iter().map(|&field| layout.slice(field)).chain([entry]);
    let lines: String = fields.map(|field| format!("{}{indent}{field},", layout.newline)).collect();
    let text = format!("{{{lines}{}{}}}", layout.newline, layout.indent(literal.braces.start));
    Edit::replace(id, literal.braces, text)
}

/// One entry more behind the last of a list in braces.
fn added(layout: &Layout<'_>, id: FileId, last: Span, has_comma: bool, is_spread_out: bool, text: &str) -> Edit {
    let comma = if has_comma { "" } else { "," };
    let at = if has_comma { last.end + 1 } else { last.end };
    let text = match is_spread_out {
        true => {
            let end = if has_comma { "," } else { "" };
            format!("{comma}{}{}{text}{end}", layout.newline, layout.indent(last.start))
        }
        false => format!("{comma} {text}"),
    };
    Edit::insert(id, at, text)
}
