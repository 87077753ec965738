//! Merge conflicts: the first side is kept.

use std::ops::Range;

/// What is to be blanked: of every complete conflict two ranges, the line that opens it and, in one, the sides after the
/// first with the other markers.
pub(super) fn unchosen_sides(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut state = State::Outside;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.trim_end_matches(['\n', '\r']).len();
        at += line.len();
        state = match state {
            // A new start before the end: the earlier one was no conflict.
            _ if is_marker(line, '<') => State::First { start: range },
            State::First { start } if is_marker(line, '|') || is_separator(line) => {
                State::Other { start, other: range.start, separated: is_separator(line) }
            }
            State::Other { start, other, separated } if is_marker(line, '>') && separated => {
                ranges.push(start);
                ranges.push(other..range.end);
                State::Outside
            }
            State::Other { start, other, separated } => {
                State::Other { start, other, separated: separated || is_separator(line) }
            }
            state => state,
        };
    }
    ranges
}

enum State {
    Outside,
    First { start: Range<usize> },
    Other { start: Range<usize>, other: usize, separated: bool },
}

fn is_marker(line: &str, character: char) -> bool {
    let rest = line.trim_start_matches(character);
    line.len() - rest.len() == 7 && rest.starts_with([' ', '\n', '\r'])
}

fn is_separator(line: &str) -> bool {
    line.trim_end_matches(['\n', '\r']) == "======="
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, kept: &str) {
        let mut left = text.to_owned();
        for range in unchosen_sides(text).into_iter().rev() {
            left.replace_range(range, "");
        }
        assert_eq!(left.split_whitespace().collect::<Vec<_>>().join(" "), kept);
    }

    #[test]
    fn the_first_side_is_kept() {
        check("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\nd\n", "a b d");
        check("<<<<<<< ours\r\nb\r\n||||||| base\r\nx\r\n=======\r\nc\r\n>>>>>>> other\r\n", "b");
    }

    #[test]
    fn what_is_no_conflict_is_left_alone() {
        check("a <<<<<<< b\n=======\n", "a <<<<<<< b =======");
        check("<<<<<<< HEAD\nb\n=======\nc\n", "<<<<<<< HEAD b ======= c");
    }
}
