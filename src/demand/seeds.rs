//! Seeds: which files are read for their own sake.

use crate::catalogue::{Bearing, Catalogue, PackageSet, SymbolFacts};
use crate::discovery::screen::{Clause, Interest, Sign};
use crate::ir::Name;

use super::collections::made_by_new;
use super::reach::matters;

/// What the screen looks for.
#[derive(Debug)]
pub struct Seeds<'c> {
    catalogue: &'c Catalogue,
    /// The members of packages that a file may have to do something with.
    members: PackageSet,
    words: Vec<String>,
}

impl<'c> Seeds<'c> {
    #[must_use]
    pub fn new(catalogue: &'c Catalogue) -> Self {
        let mut words = catalogue.screen_words();
        words.extend(made_by_new().iter().map(|name| format!("new {name}")));
        // What a class or an object says has to be disposed of.
        words.extend(["Symbol.dispose]", "Symbol.asyncDispose]"].map(str::to_owned));
        // Directives are read in every file that has one: what suppresses nothing is worth telling.
        words.push("leaklint:".to_owned());
        Self { catalogue, members: catalogue.packages_with(|facts| is_sought(catalogue, facts)), words }
    }
}

impl Interest for Seeds<'_> {
    fn words(&self) -> &[String] {
        &self.words
    }

    fn of_import(&self, package: &str, clause: &Clause) -> Sign {
        let is_sought = |name: &Name| self.catalogue.is_member_of(&self.members, package, name);
        let is_any_sought = match clause {
            Clause::Names(names) => names.iter().any(is_sought),
            Clause::Forward(names) if names.iter().all(|(name, _)| name != "*") => {
                names.iter().any(|(name, _)| is_sought(name))
            }
            // A function that is typed by a library may be one that the library's own functions are wrapped in.
            Clause::Forward(_) | Clause::Everything | Clause::Star | Clause::Types(_) => {
                self.catalogue.is_of(&self.members, package)
            }
        };
        match self.catalogue.bearing(package) {
            _ if is_any_sought => Sign::Seed,
            Some(Bearing::Mounts | Bearing::Keeps) => Sign::Seed,
            // In a file that serves requests a plain object may be a cache.
            Some(Bearing::Serves) => Sign::IfItFills,
            None => Sign::Nothing,
        }
    }
}

/// Whether a member makes, is, wraps or releases something, or shows a component.
fn is_sought(catalogue: &Catalogue, facts: &SymbolFacts<'_>) -> bool {
    matters(catalogue, facts)
        || facts.new.or(facts.call).or(facts.instance).or(facts.guards).is_some()
        || facts.function.is_some_and(|fact| fact.mounts.is_some())
}
