//! A rule's id on the command line.

use std::str::FromStr;

use crate::config::did_you_mean;
use crate::rules::RuleId;

/// A rule's id, known to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RuleArgument(pub(super) RuleId);

impl FromStr for RuleArgument {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        RuleId::from_id(id).map(Self).ok_or_else(|| {
            match did_you_mean(id, RuleId::ALL.iter().map(|rule| rule.as_str())) {
                Some(near) => format!("no such rule; did you mean `{near}`?"),
                None => "no such rule; `leaklint rules` lists them".to_owned(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood() {
        let error = "pool-per-cal".parse::<RuleArgument>().unwrap_err();
        assert_eq!(error, "no such rule; did you mean `pool-per-call`?");
    }
}
