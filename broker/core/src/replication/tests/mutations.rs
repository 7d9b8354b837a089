//! That the simulation of a partition's replicas finds what is broken in them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::chaos::{number, run};
use crate::mutation::{Mutation, broken};

/// So many seeds are enough to find any of them.
const SEEDS_MAX: u64 = 10_000;

fn passes(seed: u64) -> bool {
    catch_unwind(AssertUnwindSafe(|| run(seed))).is_ok()
}

/// The first seed from `first` on that finds a rule broken. The same seeds find nothing where it holds.
fn finds_from(first: u64, rule: Mutation) {
    let end = number("KFLEET_SEEDS").unwrap_or(SEEDS_MAX);
    let found = (first..end).find(|seed| !broken(rule, || passes(*seed)));
    let found = found.unwrap_or_else(|| panic!("{rule:?} was not found by seeds {first} to {end}"));
    println!("{rule:?}: found among replicas by seed {found}");
    for seed in first..=found {
        assert!(passes(seed), "seed {seed} fails without any rule broken");
    }
}

fn finds(rule: Mutation) {
    finds_from(0, rule);
}

#[test]
fn fetches_of_any_epoch_are_found() {
    // It takes a fetch that is late by two leaders, whose sender has truncated since. None of the seeds before finds it.
    finds_from(9_200, Mutation::FetchEpochUnchecked);
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
fn sequences_that_a_new_leader_forgets_are_found() {
    finds(Mutation::SequencesForgottenAtFailover);
}
