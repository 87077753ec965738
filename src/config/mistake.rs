//! What is wrong with a configuration file, and where.

use std::fmt;
use std::ops::Range;

use super::suggest::did_you_mean;

/// A mistake in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, as reports show paths.
    pub path: String,
    /// What it says.
    pub text: String,
    /// The bytes that have to change, where that is known.
    pub span: Option<Range<usize>>,
    /// Lower case, no final period.
    pub message: String,
    pub help: Option<String>,
    /// What else is wrong with the file, further down.
    pub more: Vec<Mistake>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, message, more, .. } = self;
        match &self.span {
            Some(span) => {
                let line = 1 + self.text[..span.start.min(self.text.len())].matches('\n').count();
                write!(f, "{path}:{line}: {message}")?;
            }
            None => write!(f, "{path}: {message}")?,
        }
        more.iter().try_for_each(|mistake| write!(f, "; {mistake}"))
    }
}

impl std::error::Error for Mistake {}

impl Mistake {
    /// What the reader of TOML complained of, once or more often.
    pub(super) fn of_errors(path: &str, text: &str, errors: &[toml::de::Error]) -> Self {
        let mut mistakes = errors.iter().map(|error| Self::of_toml(path, text, error));
        let mut first = mistakes.next().expect("invariant: what cannot be read has a mistake");
        first.more = mistakes.collect();
        first
    }

    /// What the reader of TOML complained of, in our words: it lists what it knows where one suggestion says more.
    fn of_toml(path: &str, text: &str, error: &toml::de::Error) -> Self {
        let said = error.message().trim();
        let mut words = said.split('`').skip(1).step_by(2);
        let culprit = words.next().unwrap_or_default();
        let known: Vec<&str> = words.collect();
        let near = did_you_mean(culprit, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let listed = || (!known.is_empty()).then(|| format!("known here: {}", quoted(&known)));
        let (message, help) = if said.starts_with("unknown field") {
            (format!("there is no key `{culprit}`"), near.or_else(listed))
        } else if said.starts_with("unknown variant") {
            (format!("`{culprit}` is not one of {}", quoted(&known)), near)
        } else if let Some((message, help)) = said.split_once("; ").filter(|_| said.starts_with("there is no rule")) {
            (message.to_owned(), Some(help.to_owned()))
        } else {
            (said.lines().next().unwrap_or_default().to_owned(), None)
        };
        Self { path: path.to_owned(), text: text.to_owned(), span: error.span(), message, help, more: Vec::new() }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
