//! The rules: wording and judgement over the facts of the analysis.
//!
//! Takes [`Facts`]; gives [`Finding`]s. Each rule is one file: its wording first, then its judgement. Rules never look
//! at text, nor at the intermediate form beyond what a fact points to; what two rules need becomes a fact.

mod argument;
mod caches;
mod client_per_call;
mod creation;
mod detached_task;
mod discarded_cleanup;
mod discarded_guard;
mod disposal;
mod double_release;
mod effect_without_cleanup;
mod endings;
mod forgotten_value;
mod keeping;
mod left_behind;
mod owners;
mod pages;
mod pool_per_call;
mod pool_without_error_handler;
mod pool_without_limits;
mod release;
mod remedies;
mod shared_single_client;
mod sharing;
mod unbounded_cache;
mod unbounded_queue;
mod uncleared_timer;
mod unclosed_client;
mod unclosed_subscription;
mod undisposed;
mod unfinished_transaction;
mod unreaped_process;
mod unreleased_lease;
mod unremoved_listener;
mod wording;

pub(crate) use argument::argument;
pub(crate) use owners::{complaint, named_in};

use serde::Serialize;

use crate::analysis::facts::Facts;
use crate::findings::Finding;

pub use remedies::remedies;

type Check = fn(&Facts<'_>, &mut Vec<Finding>);

/// The judgements that ask what fills the program's containers, and all others: neither list gathers what the other needs.
const ON_CONTAINERS: &[Check] = &[unclosed_client::check_sweeps, unbounded_cache::check];
const ON_THE_REST: &[Check] = &[
    // First, since it checks which places have been reported so far.
    unclosed_client::check,
    pool_per_call::check,
    client_per_call::check,
    discarded_cleanup::check,
    discarded_guard::check,
    detached_task::check,
    uncleared_timer::check,
    unremoved_listener::check,
    unclosed_subscription::check,
    effect_without_cleanup::check,
    unreleased_lease::check,
    unfinished_transaction::check,
    unreaped_process::check,
    forgotten_value::check,
    double_release::check,
    unbounded_queue::check,
    shared_single_client::check,
    pool_without_limits::check,
    pool_without_error_handler::check,
];

/// Judges the facts by every rule.
#[must_use]
pub fn judge(facts: &Facts<'_>) -> Vec<Finding> {
    let found = |checks: &[Check], facts: &Facts<'_>| {
        let mut findings = Vec::new();
        for check in checks {
            check(facts, &mut findings);
        }
        findings
    };
    let on_containers = |facts: &Facts<'_>| (found(ON_CONTAINERS, facts), facts.containers().to_vec());
    let (others, (mut findings, containers)) = facts.beside(|| found(ON_THE_REST, facts), on_containers);
    findings.extend(others);
    // The rewrites ask once more.
    facts.give_containers(containers);
    // A call that may give one of several resources is one place to mend.
    let mut seen = rustc_hash::FxHashSet::default();
    findings.retain(|finding| seen.insert((finding.rule, finding.location)) || finding.rule == RuleId::UnboundedCache);
    findings
}

/// The five families of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Creation,
    Handles,
    Release,
    Growth,
    Hygiene,
}

macro_rules! rules {
    ($($variant:ident = $id:literal, $family:ident;)*) => {
        /// A rule's stable name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RuleId { $($variant),* }

        impl RuleId {
            /// Every rule, in the order they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The id users write: kebab-case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id),* }
            }

            #[must_use]
            pub fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family),* }
            }

            /// The rule's page: documentation, `explain` text and test.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../rules/", $id, ".md"))),* }
            }

            /// The rule with this id.
            #[must_use]
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|rule| rule.as_str() == id)
            }
        }
    };
}

rules! {
    PoolPerCall = "pool-per-call", Creation;
    ClientPerCall = "client-per-call", Creation;
    DiscardedCleanup = "discarded-cleanup", Handles;
    DiscardedGuard = "discarded-guard", Handles;
    DetachedTask = "detached-task", Handles;
    UnclearedTimer = "uncleared-timer", Handles;
    UnremovedListener = "unremoved-listener", Handles;
    UnclosedSubscription = "unclosed-subscription", Handles;
    EffectWithoutCleanup = "effect-without-cleanup", Handles;
    UnreleasedLease = "unreleased-lease", Release;
    UnclosedClient = "unclosed-client", Release;
    UnfinishedTransaction = "unfinished-transaction", Release;
    UnreapedProcess = "unreaped-process", Release;
    ForgottenValue = "forgotten-value", Release;
    DoubleRelease = "double-release", Release;
    UnboundedCache = "unbounded-cache", Growth;
    UnboundedQueue = "unbounded-queue", Growth;
    SharedSingleClient = "shared-single-client", Hygiene;
    PoolWithoutLimits = "pool-without-limits", Hygiene;
    PoolWithoutErrorHandler = "pool-without-error-handler", Hygiene;
}

impl std::fmt::Display for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
