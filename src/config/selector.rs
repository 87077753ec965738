//! Rules and families, as users name them.

use std::str::FromStr;

use serde::Deserialize;
use serde::de;

use super::suggest::did_you_mean;
use crate::rules::{Family, RuleId};

/// A rule, or a family for all its rules. A family weighs less: where both are spoken of in one place, the rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selector {
    Family(Family),
    Rule(RuleId),
}

/// Every family, in the order they are listed.
pub const FAMILIES: [Family; 5] = [Family::Creation, Family::Handles, Family::Release, Family::Growth, Family::Hygiene];

/// The name of a family.
#[must_use]
pub fn family_name(family: Family) -> &'static str {
    match family {
        Family::Creation => "creation",
        Family::Handles => "handles",
        Family::Release => "release",
        Family::Growth => "growth",
        Family::Hygiene => "hygiene",
    }
}

impl Selector {
    #[must_use]
    pub fn matches(self, rule: RuleId) -> bool {
        match self {
            Self::Rule(id) => id == rule,
            Self::Family(family) => family == rule.family(),
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.as_str(),
            Self::Family(family) => family_name(family),
        }
    }

    /// Every name there is.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FAMILIES.map(family_name).into_iter().chain(RuleId::ALL.iter().map(|rule| rule.as_str()))
    }

    fn from_name(name: &str) -> Option<Self> {
        let family = FAMILIES.into_iter().find(|&family| family_name(family) == name);
        RuleId::from_id(name).map(Self::Rule).or(family.map(Self::Family))
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::from_name(name).ok_or_else(|| match did_you_mean(name, Self::names()) {
            Some(near) => format!("no such rule or family; did you mean `{near}`?"),
            None => "no such rule or family; `leaklint rules` lists them".to_owned(),
        })
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| {
            let help = match did_you_mean(&name, Self::names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`leaklint rules` lists them".to_owned(),
            };
            de::Error::custom(format!("there is no rule or family `{name}`; {help}"))
        })
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
        let error = "pool-per-cal".parse::<Selector>().unwrap_err();
        assert_eq!(error, "no such rule or family; did you mean `pool-per-call`?");
        let error = "xyzzy".parse::<Selector>().unwrap_err();
        assert_eq!(error, "no such rule or family; `leaklint rules` lists them");
    }
}
