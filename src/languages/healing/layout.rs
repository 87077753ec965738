//! What the layout says about where the breakage ends: people and formatters indent.
//!
//! A range is cut into pieces at the lines that start something at its outermost indentation; the pieces are put back,
//! halves at a time, and those with which the text no longer reads are narrowed in turn. This is what keeps a brace
//! that is never closed from swallowing the functions after it.

use std::ops::{Range, RangeInclusive};

use super::Patient;

/// Deeper than this nobody indents; what is broken there is broken as a whole.
const MAX_DEPTH: u32 = 12;

/// Narrows `range` as [`Patient::narrow`] does; `None` when its lines tell nothing.
pub(super) fn narrow(
    patient: &mut Patient<'_>,
    original: &[u8],
    context: &Range<usize>,
    range: &Range<usize>,
    depth: u32,
) -> Option<Vec<Range<usize>>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let lines = lines(original, range);
    let outermost = lines.iter().map(|line| line.indent).min()?;
    let is_file = range == context;
    for by_declarations in if is_file { &[true, false][..] } else { &[false] } {
        let siblings = pieces(original, &lines, outermost..=outermost, *by_declarations, range.end);
        if siblings.len() > 1 {
            return Some(admit_all(patient, original, context, &siblings, depth, is_file));
        }
    }
    // One piece: its outermost lines are a shell, `class A {` and `}`. They must read without what is inside.
    let first_inner = lines.iter().position(|line| line.indent > outermost)?;
    let inner = lines[first_inner].indent;
    let last_of_shell = lines[..first_inner].last()?;
    if !opens_a_body(original, last_of_shell.start..lines[first_inner].start) {
        return None;
    }
    let children = pieces(original, &lines, outermost + 1..=inner, false, range.end);
    let children: Vec<_> = children.into_iter().map(|piece| without_shell(original, piece, outermost)).collect();
    patient.restore(original, range);
    for child in &children {
        patient.blank(child);
    }
    let shell_reads = patient.first_error(context).is_none();
    let broken = shell_reads.then(|| admit_all(patient, original, context, &children, depth, false));
    patient.blank(range);
    broken
}

/// Puts the pieces back that read together, and narrows the others. On entry all are blank; on return they are blank
/// again.
fn admit_all(
    patient: &mut Patient<'_>,
    original: &[u8],
    context: &Range<usize>,
    pieces: &[Range<usize>],
    depth: u32,
    is_file: bool,
) -> Vec<Range<usize>> {
    let mut admitted = vec![false; pieces.len()];
    admit(patient, original, context, pieces, &mut admitted, 0..pieces.len());
    readmit_neighbours(patient, original, context, pieces, &mut admitted);
    if patient.is_hopeless() {
        // Which of them read is not known of all, so none is kept.
        for piece in pieces {
            patient.blank(piece);
        }
        return pieces.iter().map(|piece| super::trim(original, piece.clone())).collect();
    }
    let mut broken = Vec::new();
    for (piece, _) in pieces.iter().zip(&admitted).filter(|(_, admitted)| !**admitted) {
        // A piece of the file reads or not by itself, whatever stands around it: the smaller text is cheaper.
        let context = if is_file { piece.clone() } else { context.clone() };
        let mut ranges = patient.narrow(original, context.clone(), piece.clone(), depth + 1);
        // The pieces to come are judged with what this one leaves.
        patient.restore(original, piece);
        for range in &ranges {
            patient.blank(range);
        }
        if patient.first_error(&context).is_some() {
            patient.blank(piece);
            ranges = vec![super::trim(original, piece.clone())];
        }
        broken.extend(ranges);
    }
    if is_file && patient.first_error(context).is_some() {
        // Each reads alone, not all together: a name or label in the way. Give the doubtful ones up.
        broken.clear();
        for (piece, _) in pieces.iter().zip(&admitted).filter(|(_, admitted)| !**admitted) {
            patient.blank(piece);
            broken.push(super::trim(original, piece.clone()));
        }
    }
    for piece in pieces {
        patient.blank(piece);
    }
    broken
}

/// Puts `pieces[range]` back as a whole if the text then reads, else by halves.
fn admit(
    patient: &mut Patient<'_>,
    original: &[u8],
    context: &Range<usize>,
    pieces: &[Range<usize>],
    admitted: &mut [bool],
    range: Range<usize>,
) {
    if range.is_empty() || patient.is_hopeless() {
        return;
    }
    for piece in &pieces[range.clone()] {
        patient.restore(original, piece);
    }
    if patient.first_error(context).is_none() {
        admitted[range].fill(true);
        return;
    }
    for piece in &pieces[range.clone()] {
        patient.blank(piece);
    }
    if range.len() == 1 {
        patient.refused.set(patient.refused.get() + 1);
    } else {
        let middle = range.start + range.len() / 2;
        admit(patient, original, context, pieces, admitted, range.start..middle);
        admit(patient, original, context, pieces, admitted, middle..range.end);
    }
}

/// Code that is not indented is cut where it belongs together: refused neighbours may read as one.
fn readmit_neighbours(
    patient: &mut Patient<'_>,
    original: &[u8],
    context: &Range<usize>,
    pieces: &[Range<usize>],
    admitted: &mut [bool],
) {
    const MAX_RUN: usize = 8;
    let mut first = 0;
    while first < pieces.len() && !patient.is_hopeless() {
        let run = admitted[first..].iter().take(MAX_RUN).take_while(|admitted| !**admitted).count();
        let joined = (2..=run).rev().find(|&length| {
            let run = first..first + length;
            pieces[run.clone()].iter().for_each(|piece| patient.restore(original, piece));
            let reads = patient.first_error(context).is_none();
            if !reads {
                pieces[run].iter().for_each(|piece| patient.blank(piece));
            }
            reads
        });
        if let Some(length) = joined {
            admitted[first..first + length].fill(true);
        }
        first += joined.unwrap_or(1);
    }
}

/// A line that is not empty.
struct Line {
    /// Where its text starts, after the indentation.
    start: usize,
    /// Columns; a tab counts for four.
    indent: usize,
}

fn lines(original: &[u8], range: &Range<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut at = range.start;
    for line in original[range.clone()].split_inclusive(|&byte| byte == b'\n') {
        let blank = line.iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
        if line.len() > line.iter().take_while(|byte| byte.is_ascii_whitespace()).count() {
            let before = if at == range.start { indent_before(original, at) } else { 0 };
            let indent = before + line[..blank].iter().map(|&byte| if byte == b'\t' { 4 } else { 1 }).sum::<usize>();
            lines.push(Line { start: at + blank, indent });
        }
        at += line.len();
    }
    lines
}

/// The indentation between the start of the line `at` is in and `at`.
fn indent_before(original: &[u8], at: usize) -> usize {
    let before = original[..at].iter().rev().take_while(|&&byte| byte != b'\n');
    before.map(|&byte| if byte == b'\t' { 4 } else { 1 }).sum()
}

/// The range cut at the lines that start something at one of `indents`. Comments and decorators go with what they
/// precede.
fn pieces(
    original: &[u8],
    lines: &[Line],
    indents: RangeInclusive<usize>,
    is_file: bool,
    end: usize,
) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> = Vec::new();
    let mut prefix = None;
    for line in lines.iter().filter(|line| indents.contains(&line.indent)) {
        let text = &original[line.start..end];
        if is_prefix(text) {
            prefix.get_or_insert(line.start);
        } else if if is_file { starts_declaration(text) } else { starts_something(text) } {
            starts.push(prefix.take().unwrap_or(line.start));
        } else {
            prefix = None;
        }
    }
    if is_file
        && let Some(first) = lines.first()
        && starts.first().is_some_and(|&start| start > first.start)
    {
        starts.insert(0, first.start);
    }
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts.iter().zip(ends).map(|(&start, end)| start..end).collect()
}

/// The piece up to the first line that is as far left as the shell.
fn without_shell(original: &[u8], piece: Range<usize>, outermost: usize) -> Range<usize> {
    let shell = lines(original, &piece).into_iter().skip(1).find(|line| line.indent <= outermost);
    piece.start..shell.map_or(piece.end, |line| line.start)
}

/// Whether the shell's head ends with a brace: what follows are statements or members, which can be missing. In the
/// arguments of a call they could not.
fn opens_a_body(original: &[u8], head: Range<usize>) -> bool {
    let text = original[head].split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let code = text.map(|line| memchr::memmem::find(line, b"//").map_or(line, |comment| &line[..comment]));
    code.is_some_and(|code| code.trim_ascii_end().ends_with(b"{"))
}

fn is_prefix(line: &[u8]) -> bool {
    line.starts_with(b"//") || line.starts_with(b"/*") || line.starts_with(b"* ") || line.starts_with(b"*/") || {
        // A decorator alone on its line; with the member behind it, it is the member's line.
        line.starts_with(b"@") && {
            let line = line.split(|&byte| byte == b'\n').next().unwrap_or(line).trim_ascii_end();
            line.ends_with(b")") || line.iter().all(|&byte| byte != b' ')
        }
    }
}

/// A line that can only start a statement of a module.
fn starts_declaration(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 15] = [
        b"export",
        b"import",
        b"function",
        b"async",
        b"class",
        b"abstract",
        b"const",
        b"let",
        b"var",
        b"type",
        b"interface",
        b"enum",
        b"declare",
        b"namespace",
        b"module",
    ];
    let word = line.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    (WORDS.contains(&&line[..word]) && line.get(word) != Some(&b'(')) || line.starts_with(b"@")
}

/// A line that starts a statement or member rather than going on with one.
fn starts_something(line: &[u8]) -> bool {
    const GOES_ON: [&[u8]; 10] =
        [b"else", b"catch", b"finally", b"in", b"instanceof", b"as", b"satisfies", b"of", b"extends", b"implements"];
    let word = line.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let first = line.first().copied().unwrap_or(b')');
    let opens =
        first.is_ascii_alphabetic() || first >= 0x80 || matches!(first, b'_' | b'$' | b'#' | b'@' | b'"' | b'\'');
    let opens = opens || matches!(first, b'[' | b'(' | b'*' | b'{' | b'`') || line.starts_with(b"...");
    opens && !GOES_ON.contains(&&line[..word])
}
