//! A proposed rewrite under its finding: the lines it removes and adds.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Reset, Style};

use super::text::printable;
use crate::fixing::changed_lines;
use crate::rewrite::{Applicability, Edit, Fix, apply};
use crate::run::Report;
use crate::source::FileId;

/// How many lines of one file are shown.
const MAX_LINES: usize = 12;

pub(super) fn write(report: &Report, fix: &Fix, home: FileId, out: &mut dyn Write) -> io::Result<()> {
    let how = match fix.applicability {
        Applicability::Safe => "fix",
        Applicability::Unsafe => "fix, unsafe",
        Applicability::DisplayOnly => "proposal",
    };
    let bold = Style::new().bold();
    writeln!(out, "{bold}{how}:{Reset} {}", printable(&fix.title))?;
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in fix.all_edits() {
        by_file.entry(edit.file).or_default().push(edit);
    }
    // What is changed beside the finding's own file comes after it.
    let mut files: Vec<_> = by_file.into_iter().collect();
    files.sort_by_key(|(file, _)| (*file != home, *file));
    for (file, edits) in files {
        let file = &report.files[file.index()];
        if edits[0].file != home {
            writeln!(out, "  {}", printable(&file.display_path))?;
        }
        let after = apply(&file.text, edits);
        let lines = changed_lines(&file.text, &after);
        let width = lines.iter().map(|line| line.number.to_string().len()).max().unwrap_or_default();
        for line in lines.iter().take(MAX_LINES) {
            let (sign, colour) = if line.is_new { ('+', AnsiColor::Green) } else { ('-', AnsiColor::Red) };
            let colour = colour.on_default();
            writeln!(out, "  {:>width$} {colour}{sign} {}{Reset}", line.number, printable(line.text))?;
        }
        if lines.len() > MAX_LINES {
            writeln!(out, "  {:width$} … {} more lines", "", lines.len() - MAX_LINES)?;
        }
    }
    writeln!(out)
}
