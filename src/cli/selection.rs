//! Rules and families, as users name them.

use std::str::FromStr;

use super::suggest::did_you_mean;
use crate::rules::{Family, RuleId};

/// A rule's id, known to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RuleArgument(pub(super) RuleId);

/// A rule, or a family for all its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selector {
    Rule(RuleId),
    Family(Family),
}

pub(super) const FAMILIES: [Family; 5] =
    [Family::Creation, Family::Handles, Family::Release, Family::Growth, Family::Hygiene];

pub(super) fn family_name(family: Family) -> &'static str {
    match family {
        Family::Creation => "creation",
        Family::Handles => "handles",
        Family::Release => "release",
        Family::Growth => "growth",
        Family::Hygiene => "hygiene",
    }
}

impl Selector {
    pub(super) fn matches(self, rule: RuleId) -> bool {
        match self {
            Self::Rule(id) => id == rule,
            Self::Family(family) => family == rule.family(),
        }
    }
}

impl FromStr for RuleArgument {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        RuleId::from_id(id)
            .map(Self)
            .ok_or_else(|| unknown("no such rule", id, RuleId::ALL.iter().map(|rule| rule.as_str())))
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let family = FAMILIES.into_iter().find(|&family| family_name(family) == name);
        RuleId::from_id(name).map(Self::Rule).or(family.map(Self::Family)).ok_or_else(|| {
            let known = RuleId::ALL.iter().map(|rule| rule.as_str()).chain(FAMILIES.map(family_name));
            unknown("no such rule or family", name, known)
        })
    }
}

fn unknown(what: &str, name: &str, known: impl Iterator<Item = &'static str>) -> String {
    match did_you_mean(name, known) {
        Some(near) => format!("{what}; did you mean `{near}`?"),
        None => format!("{what}; `leaklint rules` lists them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_a_rule_or_a_family() {
        assert_eq!("pool-per-call".parse(), Ok(Selector::Rule(RuleId::PoolPerCall)));
        assert_eq!("growth".parse(), Ok(Selector::Family(Family::Growth)));
        assert!(Selector::Family(Family::Growth).matches(RuleId::UnboundedCache));
        assert!(!Selector::Family(Family::Growth).matches(RuleId::PoolPerCall));
    }

    #[test]
    fn a_slip_is_understood() {
        let error = "pool-per-cal".parse::<RuleArgument>().unwrap_err();
        assert_eq!(error, "no such rule; did you mean `pool-per-call`?");
        let error = "xyzzy".parse::<Selector>().unwrap_err();
        assert_eq!(error, "no such rule or family; `leaklint rules` lists them");
    }
}
