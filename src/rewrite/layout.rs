//! The layout of a text: line endings, indentation, and what is on a line.

use crate::source::Span;

/// The line endings and indentation of one text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'t> {
    text: &'t str,
    /// The line ending.
    pub(super) newline: &'static str,
    /// One level of indentation.
    pub(super) unit: &'static str,
    /// One level in lines that are indented by spaces.
    spaces: &'static str,
}

impl<'t> Layout<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let newline = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let (unit, spaces) = units(text);
        Self { text, newline, unit, spaces }
    }

    /// One level more than `indent`, in a text of mixed styles.
    pub(super) fn unit_beside(&self, indent: &str) -> &'static str {
        match (indent.contains('\t'), self.unit) {
            (true, _) => "\t",
            (false, "\t") if !indent.is_empty() => self.spaces,
            (false, unit) => unit,
        }
    }

    pub(super) fn slice(&self, span: Span) -> &'t str {
        &self.text[span.range()]
    }

    /// Whether some line is indented by exactly this.
    pub(super) fn is_stepped_by(&self, unit: &str) -> bool {
        self.text
            .lines()
            .any(|line| line.strip_prefix(unit).is_some_and(|rest| rest.starts_with(char::is_alphanumeric)))
    }

    /// All that stands behind `at`.
    pub(super) fn behind(&self, at: u32) -> &'t str {
        &self.text[at as usize..]
    }

    /// Where the line that holds `at` starts; a byte-order mark is before the first line.
    pub(super) fn line_start(&self, at: u32) -> u32 {
        let start = self.text[..at as usize].rfind('\n').map_or(0, |newline| newline + 1);
        let mark = if start == 0 && self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        offset(start + mark)
    }

    /// Where the line that holds `at` ends, before what ends it.
    pub(super) fn line_end(&self, at: u32) -> u32 {
        let rest = &self.text[at as usize..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        at + offset(line.trim_end_matches('\r').len())
    }

    /// Where the line after the one that holds `at` starts; the text's end for the last.
    pub(super) fn next_line(&self, at: u32) -> u32 {
        self.text[at as usize..].find('\n').map_or(offset(self.text.len()), |newline| at + offset(newline) + 1)
    }

    /// The white space that the line of `at` starts with.
    pub(super) fn indent(&self, at: u32) -> &'t str {
        let line = &self.text[self.line_start(at) as usize..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// Whether nothing but white space stands before `at` on its line.
    pub(super) fn starts_line(&self, at: u32) -> bool {
        self.text[self.line_start(at) as usize..at as usize].trim().is_empty()
    }

    /// Whether nothing but white space and a comment to the line's end stands behind `at`.
    pub(super) fn ends_line(&self, at: u32) -> bool {
        let rest = self.text[at as usize..self.line_end(at) as usize].trim();
        rest.is_empty() || rest.starts_with("//") || rest.starts_with("/*") && rest.find("*/") == Some(rest.len() - 2)
    }

    /// The start of the first line after the one of `at` that is not blank.
    pub(super) fn next_content(&self, at: u32) -> u32 {
        let mut start = self.next_line(at);
        while (start as usize) < self.text.len()
            && self.text[start as usize..self.line_end(start) as usize].trim().is_empty()
        {
            start = self.next_line(start);
        }
        start
    }

    /// The end of the last line before the one of `at` that is not blank.
    pub(super) fn previous_content(&self, at: u32) -> u32 {
        let before = self.text[..self.line_start(at) as usize].trim_end();
        self.line_end(offset(before.len()))
    }

    /// The starts of the lines of a span that are not blank, the first being that of its start.
    pub(super) fn lines(&self, span: Span) -> Vec<u32> {
        let mut starts = Vec::new();
        let mut start = self.line_start(span.start);
        while start < span.end {
            let end = self.line_end(start);
            if !self.text[start as usize..end as usize].trim().is_empty() {
                starts.push(start);
            }
            let next = self.next_line(start);
            if next == start {
                break;
            }
            start = next;
        }
        starts
    }

    /// The span to remove for a statement: the whole line if it has the line to itself, else itself and the white space
    /// up to its neighbour.
    pub(super) fn removal(&self, span: Span) -> Span {
        let rest = self.text[span.end as usize..self.line_end(span.end) as usize].trim_start();
        if self.starts_line(span.start) && rest.is_empty() {
            return Span::new(self.line_start(span.start), self.next_line(span.end));
        }
        let blanks =
            self.text[span.end as usize..].len() - self.text[span.end as usize..].trim_start_matches([' ', '\t']).len();
        if rest.is_empty() {
            let before = self.text[..span.start as usize].trim_end_matches([' ', '\t']);
            return Span::new(offset(before.len()), span.end);
        }
        Span::new(span.start, span.end + offset(blanks))
    }
}

impl Layout<'_> {
    /// The spans to remove for statements: those on neighbouring lines together, with the blank lines behind them that
    /// separated them from the rest.
    pub(super) fn removals(&self, statements: &[Span]) -> Vec<Span> {
        let mut gone: Vec<Span> = statements.iter().map(|&statement| self.removal(statement)).collect();
        gone.sort();
        let mut runs: Vec<Span> = Vec::new();
        for span in gone {
            match runs.last_mut() {
                Some(last) if last.end >= span.start => last.end = last.end.max(span.end),
                _ => runs.push(span),
            }
        }
        for run in &mut runs {
            let before = self.text[..run.start as usize].trim_end_matches([' ', '\t', '\r', '\n']);
            let is_whole = self.line_start(run.start) == run.start && self.line_start(run.end) == run.end;
            let is_apart =
                before.ends_with('{') || self.text[before.len()..run.start as usize].matches('\n').count() > 1;
            while is_whole && is_apart && (run.end as usize) < self.text.len() && self.is_blank(run.end) {
                run.end = self.next_line(run.end);
            }
        }
        runs
    }

    fn is_blank(&self, at: u32) -> bool {
        self.text[at as usize..self.line_end(at) as usize].trim().is_empty()
    }
}

pub(super) fn offset(value: usize) -> u32 {
    u32::try_from(value).expect("invariant: files over 1 MiB are not read")
}

/// The indentation step: a tab if most lines start with tabs, else the most frequent difference of neighbouring lines;
/// and that difference.
fn units(text: &str) -> (&'static str, &'static str) {
    let mut counts = [0_u32; 9];
    let mut tabs = 0_u32;
    let mut before = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        // The lines of a block comment are indented by one more than its start.
        if line.trim_start().starts_with('*') {
            continue;
        }
        tabs += u32::from(line.starts_with('\t'));
        let width = line.len() - line.trim_start_matches(' ').len();
        if let Some(count) = width.checked_sub(before).and_then(|step| counts.get_mut(step)) {
            *count += 1;
        }
        before = width;
    }
    let most = (2..counts.len()).rev().max_by_key(|&step| counts[step]).filter(|&step| counts[step] > 0);
    let spaces = &"        "[..most.unwrap_or(2)];
    (if tabs > counts[2..].iter().sum() { "\t" } else { spaces }, spaces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_is_that_of_the_text() {
        for (text, expected) in [
            ("a {\n  b {\n    c\n  }\n}\n", "  "),
            ("a {\n    b {\n        c\n    }\n}\n", "    "),
            ("a {\n\tb {\n\t\tc\n\t}\n}\n", "\t"),
            ("/**\n * a\n */\nb {\n    c\n}\n", "    "),
            ("a\n", "  "),
        ] {
            assert_eq!(Layout::of(text).unit, expected, "{text:?}");
        }
    }

    #[test]
    fn lines_of_a_text_with_a_mark_and_carriage_returns() {
        let text = "\u{feff}a;\r\n  b; // c\r\n\r\nd;\r\n";
        let layout = Layout::of(text);
        assert_eq!(layout.newline, "\r\n");
        let at = |needle: &str| offset(text.find(needle).expect("it is there"));
        assert_eq!(layout.line_start(at("a")), 3);
        assert_eq!(layout.line_end(at("a")), 5);
        assert_eq!(layout.indent(at("b")), "  ");
        assert!(layout.ends_line(at("b") + 2) && !layout.ends_line(at("b")));
        assert_eq!(layout.next_content(at("b")), at("d"));
        assert_eq!(layout.previous_content(at("d")), at("c") + 1);
        assert_eq!(layout.removal(Span::new(at("d"), at("d") + 2)), Span::new(at("d"), offset(text.len())));
    }
}
