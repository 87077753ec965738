//! Versions, and the ranges of them that manifests ask for.

/// The numbers of a version; what is left out is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub [u32; 3]);

impl Version {
    /// `20`, `8.12`, `1.80.1-beta`; `None` for what does not begin with a number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = [0; 3];
        let text = text.trim().trim_start_matches('v');
        let core = text.split(['-', '+']).next()?;
        for (at, part) in core.split('.').take(3).enumerate() {
            match part.parse() {
                Ok(number) => numbers[at] = number,
                Err(_) if at > 0 && matches!(part, "x" | "X" | "*") => break,
                Err(_) => return None,
            }
        }
        Some(Self(numbers))
    }
}

/// The oldest version that a range admits; `None` where it has no lower end, or one that cannot be read.
#[must_use]
pub fn least(range: &str) -> Option<Version> {
    let range = range.trim().strip_prefix("workspace:").unwrap_or(range).trim();
    let range = range.strip_prefix("npm:").and_then(|it| it.rsplit_once('@')).map_or(range, |(_, version)| version);
    range.split("||").map(least_of_one).try_fold(None, |least: Option<Version>, one| {
        let one = one?;
        Some(Some(least.map_or(one, |least| least.min(one))))
    })?
}

/// The same for what all has to hold: `>=18.2 <21`, `8.1 - 9`.
fn least_of_one(range: &str) -> Option<Version> {
    let mut words = range.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).peekable();
    let mut least = None;
    while let Some(word) = words.next() {
        let bound = word.trim_start_matches(['^', '~', '=', '>']);
        // `>= 18`: the number is a word of its own.
        let bound = if bound.is_empty() { words.next()? } else { bound };
        if word.starts_with('<') || word == "-" {
            if word.trim_start_matches(['<', '=', '-']).is_empty() {
                words.next();
            }
            continue;
        }
        least = least.max(Some(Version::parse(bound)?));
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_begin_somewhere() {
        for (range, expected) in [
            ("^8.12.0", Some([8, 12, 0])),
            ("~5.2", Some([5, 2, 0])),
            ("20.x", Some([20, 0, 0])),
            (">=18.2 <21", Some([18, 2, 0])),
            (">= 20", Some([20, 0, 0])),
            ("1.80", Some([1, 80, 0])),
            ("^20 || ^22", Some([20, 0, 0])),
            ("8.1 - 9", Some([8, 1, 0])),
            ("workspace:^1.2", Some([1, 2, 0])),
            ("npm:other@3.1", Some([3, 1, 0])),
            ("<3", None),
            ("*", None),
            ("latest", None),
            ("^8 || latest", None),
            ("catalog:", None),
            ("git+https://example.com/a.git", None),
        ] {
            assert_eq!(least(range), expected.map(Version), "{range}");
        }
    }
}
