//! The lines of source a finding is shown on, cut down to what a terminal can show.
//!
//! The renderer prints whole lines; a line of minified code is a megabyte. So it is not given the files but an excerpt
//! made for one finding: the lines that are pointed at, each a window of [`WIDTH`] characters around the first mark.
//! Line numbers and columns are those of the files. A range over several lines is shown by its first line.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::diagnostic::{Label, LabelStyle};
use codespan_reporting::files::{Error, Files};

use super::positions::Positions;
use super::text::{is_unprintable, printable};
use crate::source::{Location, SourceFile};

/// How many characters of a line are shown; lines this short are shown whole.
const WIDTH: usize = 180;
/// How many characters of a longer line are shown before the first mark.
const BEFORE: usize = 40;
const ELLIPSIS: char = '…';

/// Something to point at.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) location: Location,
    pub(super) style: LabelStyle,
    pub(super) text: String,
}

/// What the renderer is given in place of the files.
pub(super) struct Excerpt<'r> {
    files: Vec<ExcerptFile<'r>>,
    labels: Vec<Label<usize>>,
}

struct ExcerptFile<'r> {
    file: &'r SourceFile,
    /// The windows, each with a line break behind it.
    text: String,
    /// 0-based line of the file → its window in `text`.
    lines: BTreeMap<usize, Range<usize>>,
    /// Offset in `text` → column in the file, for the places that are marked.
    columns: BTreeMap<usize, usize>,
}

impl<'r> Excerpt<'r> {
    pub(super) fn new(marks: &[Mark], positions: &Positions<'r>) -> Self {
        let mut excerpt = Self { files: Vec::new(), labels: Vec::new() };
        // Marks by file, in the order the files are first named, and by line within them.
        let mut by_file: Vec<(Location, BTreeMap<usize, Vec<usize>>)> = Vec::new();
        for (index, mark) in marks.iter().enumerate() {
            let line = positions.place(mark.location).start.line as usize - 1;
            let known = by_file.iter().position(|(location, _)| location.file == mark.location.file);
            let at = known.unwrap_or_else(|| {
                by_file.push((mark.location, BTreeMap::new()));
                by_file.len() - 1
            });
            by_file[at].1.entry(line).or_default().push(index);
        }
        let mut labels = vec![None; marks.len()];
        for (id, (location, lines)) in by_file.into_iter().enumerate() {
            let mut file = ExcerptFile {
                file: positions.file(location),
                text: String::new(),
                lines: BTreeMap::new(),
                columns: BTreeMap::new(),
            };
            for (line, on_it) in with_gaps_of_one(lines) {
                let ranges: Vec<_> = on_it.iter().map(|&index| marks[index].location.span.range()).collect();
                let whole = line_range(positions, location, line);
                let shown = file.push_line(line, whole, &ranges);
                for (&index, range) in on_it.iter().zip(shown) {
                    let Mark { style, text, location } = &marks[index];
                    let column = positions.place(*location).start.column as usize;
                    file.columns.entry(range.start).or_insert(column);
                    labels[index] = Some(Label::new(*style, id, range).with_message(text));
                }
            }
            excerpt.files.push(file);
        }
        excerpt.labels = labels.into_iter().flatten().collect();
        excerpt
    }

    pub(super) fn labels(&self) -> Vec<Label<usize>> {
        self.labels.clone()
    }
}

impl ExcerptFile<'_> {
    /// Adds a line as far as it is shown, and says where in it each of `marks` (ranges of the file) is now.
    fn push_line(&mut self, line: usize, whole: Range<usize>, marks: &[Range<usize>]) -> Vec<Range<usize>> {
        let source = &self.file.text[whole.clone()];
        let (window, cut_before, cut_after) =
            window(source, marks.first().map(|mark| mark.start.saturating_sub(whole.start)));
        let start = self.text.len();
        if cut_before {
            self.text.push(ELLIPSIS);
        }
        // Offsets move when a character is replaced by one of another length.
        let mut moved = Vec::new();
        for (at, c) in source[window.clone()].char_indices() {
            moved.push((whole.start + window.start + at, self.text.len()));
            if c != '\u{feff}' {
                self.text.push(if is_unprintable(c) { char::REPLACEMENT_CHARACTER } else { c });
            }
        }
        let end_of_window = self.text.len();
        if cut_after {
            self.text.push(ELLIPSIS);
        }
        let end = self.text.len();
        self.lines.insert(line, start..end);
        self.text.push('\n');

        let to_excerpt = |offset: usize| {
            if offset < whole.start + window.start {
                start
            } else {
                let next = moved.partition_point(|&(original, _)| original < offset);
                moved.get(next).map_or(end_of_window, |&(_, shown)| shown)
            }
        };
        marks
            .iter()
            .map(|mark| {
                let from = to_excerpt(mark.start);
                from..to_excerpt(mark.end.min(whole.end)).max(from)
            })
            .collect()
    }
}

impl<'a> Files<'a> for Excerpt<'_> {
    type FileId = usize;
    type Name = std::borrow::Cow<'a, str>;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<Self::Name, Error> {
        Ok(printable(&self.files[id].file.display_path))
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.files[id].text)
    }

    fn line_index(&'a self, id: usize, byte: usize) -> Result<usize, Error> {
        let lines = &self.files[id].lines;
        let line = lines.iter().find(|(_, range)| byte <= range.end).or_else(|| lines.iter().next_back());
        line.map(|(&line, _)| line).ok_or(Error::FileMissing)
    }

    fn column_number(&'a self, id: usize, _line: usize, byte: usize) -> Result<usize, Error> {
        Ok(self.files[id].columns.get(&byte).copied().unwrap_or(1))
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<Range<usize>, Error> {
        let file = &self.files[id];
        let max = file.lines.keys().next_back().copied().unwrap_or_default();
        file.lines.get(&line).cloned().ok_or(Error::LineTooLarge { given: line, max })
    }
}

/// The renderer shows the line between two lines rather than a sign that one is left out, so it has to be there.
fn with_gaps_of_one(mut lines: BTreeMap<usize, Vec<usize>>) -> BTreeMap<usize, Vec<usize>> {
    let numbers: Vec<_> = lines.keys().copied().collect();
    for pair in numbers.windows(2) {
        if pair[1] - pair[0] == 2 {
            lines.insert(pair[0] + 1, Vec::new());
        }
    }
    lines
}

fn line_range(positions: &Positions<'_>, location: Location, line: usize) -> Range<usize> {
    let number = u32::try_from(line + 1).expect("invariant: a line number came from a position");
    positions.lines(location).line_range(number).expect("invariant: a line number came from a position")
}

/// Which bytes of a line are shown, and whether something before and behind them is not.
fn window(line: &str, first_mark: Option<usize>) -> (Range<usize>, bool, bool) {
    let length = line.chars().count();
    if length <= WIDTH {
        return (0..line.len(), false, false);
    }
    let mark = first_mark.map_or(0, |mark| line[..line.floor_char_boundary(mark)].chars().count());
    let first = mark.saturating_sub(BEFORE).min(length - WIDTH);
    let byte_of = |index: usize| line.char_indices().nth(index).map_or(line.len(), |(at, _)| at);
    let range = byte_of(first)..byte_of(first + WIDTH);
    let cut_after = range.end < line.len();
    (range, first > 0, cut_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, mark: usize, expected: &(Range<usize>, bool, bool)) {
        assert_eq!(window(line, Some(mark)), *expected);
    }

    #[test]
    fn short_lines_are_whole() {
        check("new Pool()", 4, &(0..10, false, false));
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let line = "x".repeat(1000);
        check(&line, 500, &(460..640, true, true));
        check(&line, 10, &(0..180, false, true));
        check(&line, 990, &(820..1000, true, false));
    }

    #[test]
    fn characters_are_not_split() {
        let line = "é".repeat(1000);
        check(&line, 1000, &(920..1280, true, true));
    }
}
