//! That the simulation finds what is broken in the quorum.
//!
//! [`Mutation::FetchEpochUnchecked`] is missing: a fetch names the epoch of its last record too, and one that reaches past
//! the start of a leader's epoch has to name that. What is left to go wrong is a follower that a later epoch takes away
//! before its sync, which pre-votes make rare. Among replicas of a partition the rule is found.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Sim, number};
use crate::mutation::{Mutation, broken};

/// So many seeds are enough to find any of them.
const SEEDS_MAX: u64 = 10_000;

fn passes(seed: u64) -> bool {
    catch_unwind(AssertUnwindSafe(|| Sim::new(seed, false).run())).is_ok()
}

/// The first seed that finds a rule broken. The same seeds find nothing where it holds.
fn finds(rule: Mutation) {
    let (first, count) = (number("KFLEET_SEED", 1), number("KFLEET_SIMS", SEEDS_MAX));
    let found = (first..first + count).find(|seed| !broken(rule, || passes(*seed)));
    let found = found.unwrap_or_else(|| panic!("{rule:?} was not found in {count} seeds from {first}"));
    println!(
        "{rule:?}: found in the quorum by seed {found}, after {} seeds",
        found - first + 1
    );
    for seed in first..=found {
        assert!(passes(seed), "seed {seed} fails without any rule broken");
    }
}

#[test]
fn a_log_counted_before_it_is_durable_is_found() {
    finds(Mutation::SelfCountedBeforeFsync);
}

#[test]
fn former_epochs_committed_by_themselves_are_found() {
    finds(Mutation::HighWatermarkOnOldEpoch);
}

#[test]
fn a_vote_that_is_not_on_disk_is_found() {
    finds(Mutation::VoteNotPersisted);
}

#[test]
fn a_follower_that_does_not_truncate_is_found() {
    finds(Mutation::NoTruncation);
}
