//! Throttles: what they have to be while partitions move, and what they were.

use std::collections::{BTreeMap, BTreeSet};

use client::{FOLLOWER_REPLICAS_KEY, LEADER_REPLICAS_KEY, LOG_DIR_RATE_KEY, REPLICATION_RATE_KEYS};

use super::state::{Part, State};
use super::view::{Settings, ThrottleKey, View};
use super::work::{Heading, Job};

/// Stands for all replicas.
const ALL: &str = "*";

/// What is to be set, of all that was ever touched or has to be. What nothing moves for is as it was before.
pub(crate) fn wanted(state: &State, now: &View) -> Settings {
    let mut wanted = state.before.clone();
    for (key, items) in lists(state) {
        let before = before(state, now, &key);
        wanted.insert(key, Some(merged(before, &items)));
    }
    for (key, rate) in rates(state) {
        wanted.insert(key, Some(rate.to_string()));
    }
    wanted
}

fn before<'a>(state: &'a State, now: &'a View, key: &ThrottleKey) -> Option<&'a str> {
    let before = state.before.get(key).or_else(|| now.settings.get(key));
    before.and_then(Option::as_deref)
}

/// The items of a list, and ours besides.
fn merged(before: Option<&str>, ours: &BTreeSet<String>) -> String {
    let theirs = before.unwrap_or_default();
    if theirs.split(',').any(|item| item.trim() == ALL) {
        return theirs.to_owned();
    }
    let theirs = theirs.split(',').map(str::trim).filter(|item| !item.is_empty());
    let all: BTreeSet<String> = theirs.map(str::to_owned).chain(ours.iter().cloned()).collect();
    all.into_iter().collect::<Vec<_>>().join(",")
}

/// Replicas on topics' lists: of partitions that move, who sends and who receives.
fn lists(state: &State) -> BTreeMap<ThrottleKey, BTreeSet<String>> {
    let mut lists: BTreeMap<ThrottleKey, BTreeSet<String>> = BTreeMap::new();
    if state.options.throttle_bytes_per_s.is_none() {
        return lists;
    }
    let moving = state.active().filter(|(_, part)| !part.job.is_free(part.heading));
    for ((topic, partition), part) in moving {
        let item = |broker: i32| format!("{partition}:{broker}");
        let mut add = |key: &str, items: Vec<String>| {
            lists
                .entry(ThrottleKey::of_topic(topic, key))
                .or_default()
                .extend(items);
        };
        add(LEADER_REPLICAS_KEY, part.origin().iter().copied().map(item).collect());
        add(FOLLOWER_REPLICAS_KEY, part.adding().map(item).collect());
    }
    lists
}

/// Rates of brokers: of those that have yet to send or receive something.
fn rates(state: &State) -> BTreeMap<ThrottleKey, u64> {
    let mut rates = BTreeMap::new();
    let [leader_key, follower_key] = REPLICATION_RATE_KEYS;
    let unfinished = state.unfinished().map(|(_, part)| part);
    for part in unfinished {
        if let Some(rate) = state.options.throttle_bytes_per_s
            && !part.job.is_free(part.heading)
        {
            rates.extend(
                part.origin()
                    .iter()
                    .map(|id| (ThrottleKey::of_broker(*id, leader_key), rate)),
            );
            rates.extend(part.adding().map(|id| (ThrottleKey::of_broker(id, follower_key), rate)));
        }
        if let Some(rate) = state.options.log_dirs_throttle_bytes_per_s {
            rates.extend(in_place(part).map(|id| (ThrottleKey::of_broker(id, LOG_DIR_RATE_KEY), rate)));
        }
    }
    rates
}

/// Brokers where a replica moves between log directories.
fn in_place(part: &Part) -> impl Iterator<Item = i32> {
    part.goal_dirs().keys().copied()
}

/// Keys that have to be known.
pub(crate) fn keys(state: &State) -> BTreeSet<ThrottleKey> {
    let ours = lists(state).into_keys().chain(rates(state).into_keys());
    ours.chain(state.before.keys().cloned()).collect()
}

/// The least throttle that ends, if this one never does, and a partition for which it does not: a replica that is not in sync
/// has to be copied faster than producers write.
pub(crate) fn too_slow(jobs: &[Job], throttle_bytes_per_s: u64) -> Option<(&Job, u64)> {
    let moving = jobs.iter().filter(|job| !job.is_free(Heading::To));
    let worst = moving.max_by_key(|job| job.write_bytes_per_s)?;
    let least = worst.write_bytes_per_s.saturating_add(worst.write_bytes_per_s / 4);
    (worst.write_bytes_per_s > 0 && throttle_bytes_per_s < least).then_some((worst, least))
}

/// Where nobody says, brokers send and receive as much.
const USUAL_BYTES_PER_S: u64 = 50_000_000;

/// The throttle where nobody says one: the usual, or twice what producers write to a partition that moves.
pub(crate) fn computed(jobs: &[Job]) -> u64 {
    let moving = jobs.iter().filter(|job| !job.is_free(Heading::To));
    let most = moving.map(|job| job.write_bytes_per_s).max().unwrap_or(0);
    USUAL_BYTES_PER_S.max(most.saturating_mul(2))
}

/// The least time that it takes: no broker sends or receives more than the throttle lets it.
pub(crate) fn least_ms(jobs: &[Job], throttle_bytes_per_s: u64) -> u64 {
    let mut receives: BTreeMap<i32, u64> = BTreeMap::new();
    for job in jobs {
        for broker in job.adding(Heading::To) {
            let bytes = receives.entry(broker).or_default();
            *bytes = bytes.saturating_add(job.size_bytes);
        }
    }
    let most = receives.values().max().copied().unwrap_or(0);
    most.saturating_mul(1000).div_ceil(throttle_bytes_per_s.max(1))
}
