//! What an error-tolerant grammar says about where the breakage is.
//!
//! tree-sitter never refuses a text: what it cannot read it marks. The smallest statement, member or property around
//! each mark, and around the place where the precise parser stumbled, is a candidate; wider ones follow.

use std::ops::{ControlFlow, Range};

use tree_sitter::{Node, ParseOptions, Parser, Tree};

use super::Patient;
use crate::source::Language;

/// How many readings one range may take: each blanks one candidate more.
const MAX_ROUNDS: usize = 8;
/// How many candidates are tried in a reading.
const MAX_CANDIDATES: usize = 24;

/// Narrows `range` as [`Patient::narrow`] does; `None` when no candidate inside it helps.
pub(super) fn narrow(
    patient: &mut Patient<'_>,
    original: &[u8],
    context: &Range<usize>,
    range: &Range<usize>,
) -> Option<Vec<Range<usize>>> {
    patient.restore(original, range);
    let found = search(patient, original, context, range);
    patient.blank(range);
    found
}

fn search(
    patient: &mut Patient<'_>,
    original: &[u8],
    context: &Range<usize>,
    range: &Range<usize>,
) -> Option<Vec<Range<usize>>> {
    let mut blanked: Vec<Range<usize>> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let Some(error) = patient.first_error(context) else {
            return Some(blanked);
        };
        let tree = parse(patient, context)?;
        let inside = |unit: &Range<usize>| range.start <= unit.start && unit.end <= range.end && unit != range;
        let marks: Vec<Vec<Range<usize>>> = marks(&tree)
            .into_iter()
            .map(|mark| units_around(patient, context, mark).into_iter().filter(inside).collect())
            .collect();
        let mut candidates: Vec<Range<usize>> = marks.iter().flatten().cloned().collect();
        for at in [error, before(patient, context, error)] {
            let at = at - context.start;
            if let Some(node) = tree.root_node().descendant_for_byte_range(at, at) {
                candidates.extend(units_around(patient, context, node).into_iter().filter(inside));
            }
        }
        candidates.sort_by_key(|unit| (unit.len(), unit.start));
        candidates.dedup();
        candidates.truncate(MAX_CANDIDATES);

        // The smallest units around all marks together: several errors in one reading.
        let together: Vec<Range<usize>> = outermost(marks.iter().filter_map(|units| units.first().cloned()).collect());
        if together.len() > 1 && reads_without(patient, context, &together) {
            blanked.extend(together);
            return Some(outermost(blanked));
        }
        let mut furthest: Option<(usize, Range<usize>)> = None;
        for unit in candidates {
            match error_without(patient, context, &unit) {
                None => {
                    blanked.push(unit);
                    return Some(outermost(blanked));
                }
                Some(next) if furthest.as_ref().is_none_or(|(at, _)| next > *at) => furthest = Some((next, unit)),
                Some(_) => {}
            }
        }
        // One error of several is gone when the parser comes further.
        let (_, unit) = furthest.filter(|(next, unit)| *next > error && *next > unit.end)?;
        patient.blank(&unit);
        blanked.push(unit);
        blanked = outermost(blanked);
        if super::cost(original, &blanked) >= super::visible(&original[range.clone()]) {
            return None;
        }
    }
    None
}

fn error_without(patient: &mut Patient<'_>, context: &Range<usize>, unit: &Range<usize>) -> Option<usize> {
    let saved = patient.bytes[unit.clone()].to_vec();
    patient.blank(unit);
    let error = patient.first_error(context);
    patient.bytes[unit.clone()].copy_from_slice(&saved);
    error
}

fn reads_without(patient: &mut Patient<'_>, context: &Range<usize>, units: &[Range<usize>]) -> bool {
    let saved = patient.bytes.clone();
    for unit in units {
        patient.blank(unit);
    }
    let reads = patient.first_error(context).is_none();
    patient.bytes = saved;
    reads
}

/// The last visible byte before `at`: parsers complain at the token after the mistake.
fn before(patient: &Patient<'_>, context: &Range<usize>, at: usize) -> usize {
    let bytes = &patient.bytes[context.start..at];
    context.start + bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).unwrap_or(0)
}

fn parse(patient: &Patient<'_>, context: &Range<usize>) -> Option<Tree> {
    let left = patient.tolerant_fuel.get().checked_sub(context.len())?;
    patient.tolerant_fuel.set(left);
    let grammar = match patient.language {
        // The grammar with JSX refuses `<T>value`, the one without refuses JSX.
        Language::TypeScript | Language::Vue | Language::Svelte => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::Tsx | Language::JavaScript => tree_sitter_typescript::LANGUAGE_TSX,
        Language::Rust => tree_sitter_rust::LANGUAGE,
    };
    let mut parser = Parser::new();
    parser.set_language(&grammar.into()).ok()?;
    // Error recovery can take thousands of steps for each byte of what is no code; steps are counted, not time. The
    // parser reports every hundredth of them, and code takes at most one for each byte.
    let mut steps = 0usize;
    let allowed = 200 + context.len() / 50;
    let mut progress = |_: &tree_sitter::ParseState| {
        steps += 1;
        if steps > allowed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let text = patient.text(context).as_bytes();
    let tree = parser.parse_with_options(&mut |at, _| text.get(at..).unwrap_or_default(), None, Some(options));
    if tree.is_none() {
        patient.tolerant_fuel.set(0);
    }
    tree
}

/// The nodes that the grammar marked as errors or put in, outermost first.
fn marks(tree: &Tree) -> Vec<Node<'_>> {
    const ENOUGH: usize = 200;
    let mut marks = Vec::new();
    let mut open = vec![tree.root_node()];
    while let Some(node) = open.pop() {
        if marks.len() >= ENOUGH {
            break;
        }
        if node.is_missing() || node.is_error() {
            marks.push(node);
        }
        if node.has_error() {
            let mut cursor = node.walk();
            open.extend(node.children(&mut cursor));
        }
    }
    marks
}

/// The statements, members and properties around `node`, smallest first, as ranges of the file.
fn units_around(patient: &Patient<'_>, context: &Range<usize>, node: Node<'_>) -> Vec<Range<usize>> {
    let bytes = &patient.bytes[context.clone()];
    let offset = context.start;
    let mut units = Vec::new();
    let mut at = Some(node);
    while let Some(node) = at {
        at = node.parent();
        let can_be_missing = at.is_some_and(|parent| {
            matches!(
                parent.kind(),
                "program"
                    | "statement_block"
                    | "class_body"
                    | "object"
                    | "object_type"
                    | "interface_body"
                    | "enum_body"
                    | "switch_body"
                    | "switch_case"
                    | "switch_default"
                    | "source_file"
                    | "block"
                    | "declaration_list"
                    | "field_declaration_list"
                    | "match_block"
            )
        });
        if can_be_missing && (node.is_named() || node.is_error()) {
            let unit = node.start_byte()..end_with_rest(bytes, node);
            // Without `finally {`, what the block held would run in the one before it: worse than not reading it.
            if !node.is_error() || closes_what_it_opens(&bytes[unit.clone()]) {
                units.push(offset + unit.start..offset + unit.end);
            }
        }
    }
    units.dedup();
    units
}

/// Whether blanking the text leaves every other statement in the block it is in.
fn closes_what_it_opens(text: &[u8]) -> bool {
    let mut open = 0i32;
    let never_below = text.iter().all(|byte| {
        open += i32::from(*byte == b'{') - i32::from(*byte == b'}');
        open >= 0
    });
    never_below && open == 0
}

/// Where blanking the unit ends: a property goes with its comma (`{ , b }` would not read), and what the grammar could
/// not read goes with the rest of its line, up to where something ends.
fn end_with_rest(bytes: &[u8], node: Node<'_>) -> usize {
    let mut end = node.end_byte();
    let mut next = node.next_sibling();
    while let Some(sibling) = next {
        let is_comma = sibling.kind() == "," && !sibling.is_missing();
        let between = &bytes[end..sibling.start_byte()];
        let ended = bytes[..end].last().is_none_or(|byte| matches!(byte, b';' | b'}' | b','));
        let belongs = node.is_error() && sibling.is_named() && !ended && !between.contains(&b'\n');
        if !is_comma && !belongs {
            break;
        }
        end = sibling.end_byte();
        next = if is_comma { None } else { sibling.next_sibling() };
    }
    end
}

/// The ranges that lie in no other, in order.
fn outermost(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut kept: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        if kept.last().is_none_or(|last| range.start >= last.end) {
            kept.push(range);
        }
    }
    kept
}
