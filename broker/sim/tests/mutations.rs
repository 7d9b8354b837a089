//! That the simulation of a whole cluster finds what is broken in the core: seeds are played with a rule broken until
//! something is wrong. `KFLEET_SEED=N` begins at another seed, `KFLEET_SEEDS=N` gives up after so many.
//! With optimization only: thousands of clusters are played.
#![expect(clippy::print_stdout, reason = "a search says which seed it ended at")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use broker_core::mutation::{Mutation, broken};
use broker_sim::run;

/// So many seeds are enough to find any of them.
const SEEDS_MAX: u64 = 10_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What is wrong in a seed first.
fn wrong(seed: u64) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| run(seed, false))) {
        Ok(Ok(outcome)) => outcome.wrong.into_iter().next(),
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("it panicked".to_owned()),
    }
}

/// The first seed that finds a rule broken. It finds nothing where the rule holds.
fn finds(rule: Mutation) {
    let (first, count) = (
        number("KFLEET_SEED").unwrap_or(1),
        number("KFLEET_SEEDS").unwrap_or(SEEDS_MAX),
    );
    let mut seeds = first..first + count;
    let found = seeds.find_map(|seed| Some((seed, broken(rule, || wrong(seed))?)));
    let (seed, what) = found.unwrap_or_else(|| panic!("{rule:?} was not found in {count} seeds from {first}"));
    println!(
        "{rule:?}: found after {} seeds, by seed {seed}: {what}",
        seed - first + 1
    );
    assert_eq!(wrong(seed), None, "seed {seed} without any rule broken");
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
fn fetches_of_any_epoch_are_found() {
    finds(Mutation::FetchEpochUnchecked);
}

#[test]
fn a_follower_that_does_not_truncate_is_found() {
    finds(Mutation::NoTruncation);
}

#[test]
fn one_that_joins_the_isr_while_it_is_behind_is_found() {
    finds(Mutation::IsrJoinedWhileBehind);
}

#[test]
fn a_high_watermark_that_waits_for_the_isr_only_is_found() {
    finds(Mutation::IsrInsteadOfMaximalIsr);
}

#[test]
fn acknowledgements_below_the_minimum_are_found() {
    finds(Mutation::AcknowledgedBelowMinIsr);
}

#[test]
fn a_controller_that_takes_an_isr_of_any_epoch_is_found() {
    finds(Mutation::AlterPartitionEpochsIgnored);
}

#[test]
fn a_new_leader_that_forgot_the_sequences_is_found() {
    finds(Mutation::SequencesForgottenAtFailover);
}
