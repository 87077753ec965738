//! Did you mean …?

/// Below this two names are not a slip of the keyboard apart; the value clap uses for its own names.
const LIKENESS: f64 = 0.7;

/// The known name most like `name`, when one is like it at all.
pub(crate) fn did_you_mean<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|&(likeness, _)| likeness > LIKENESS)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
