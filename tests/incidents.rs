//! What the findings in the incidents say. That they are found, and where, and that what came after is quiet, is asked
//! in `rules.rs`; here are the words that the incidents' own reports would have needed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;

use leaklint::Report;
use support::project::Project;
use support::repository;

fn run(incident: &str) -> Report {
    Project::from_directory(&repository("fixtures/incidents").join(incident)).run()
}

/// The messages of a rule, in order.
fn messages(report: &Report, rule: &str) -> Vec<String> {
    let of_rule = report.findings.iter().filter(|finding| finding.rule.as_str() == rule);
    of_rule.map(|finding| finding.message.clone()).collect()
}

#[test]
fn each_of_four_functions_builds_a_pool() {
    let report = run("000-pool-per-call/before");
    let functions: BTreeSet<&str> = report.findings.iter().map(|finding| finding.function.as_str()).collect();
    assert_eq!((report.findings.len(), functions.len()), (4, 4), "{functions:?}");
    assert!(report.findings.iter().all(|finding| finding.rule.as_str() == "pool-per-call"));
}

#[test]
fn each_method_that_drops_its_cleanup_is_named_with_the_pool_it_leaves() {
    let report = run("001-discarded-cleanup/before");
    let found: Vec<_> = report.findings.iter().filter(|it| it.rule.as_str() == "discarded-cleanup").collect();
    let methods: BTreeSet<&str> = found.iter().map(|finding| finding.function.as_str()).collect();
    assert_eq!((found.len(), methods.len()), (39, 39), "{methods:?}");
    for finding in found {
        let (class, _) = finding.function.split_once('.').unwrap();
        assert!(class.ends_with("Repository"), "{}", finding.function);
        let made = &finding.trace[0];
        assert_eq!(report.file(made.location).display_path, "src/functions/_shared/db.ts");
        assert_eq!(made.message, "the `postgres` pool is created here");
    }
}

#[test]
fn a_release_on_the_good_path_only_names_what_may_throw() {
    assert_eq!(
        messages(&run("002-single-client/before-leases"), "unreleased-lease"),
        [
            "the `pg` pooled client is never released",
            "the `pg` pooled client is not released when `client.query` throws"
        ]
    );
}

#[test]
fn a_promise_of_events_counts_the_ways_that_leave_it_open() {
    let messages = messages(&run("003-mail-sessions/before"), "unclosed-client");
    assert!(messages.iter().any(|message| message.contains("POP3")), "{messages:?}");
    assert!(messages.iter().all(|message| message.contains("rejecting its promise")), "{messages:?}");
}

#[test]
fn an_expiry_that_deletes_nothing_is_said_to() {
    assert_eq!(
        messages(&run("004-unbounded-cache/before"), "unbounded-cache"),
        ["`mentorAssignmentCache` only grows: entries expire when they are read, and nothing ever deletes them"]
    );
}
