//! Limits on how fast replicas are moved (KIP-73, KIP-113), as changes of configurations.

use std::collections::{BTreeMap, BTreeSet};

use crate::admin::configs::{ConfigChange, ConfigChanges, ConfigEntity, ConfigResource};
use crate::admin::group_offsets::PartitionKey;
use crate::admin::reassignments::Reassignment;

/// Brokers' rates in bytes a second: of leaders, and of followers, for replicas that are listed in their topic's keys.
pub const REPLICATION_RATE_KEYS: [&str; 2] = [
    "leader.replication.throttled.rate",
    "follower.replication.throttled.rate",
];
/// Brokers' rate in bytes a second for moves between their log directories.
pub const LOG_DIR_RATE_KEY: &str = "replica.alter.log.dirs.io.max.bytes.per.second";
/// Topics' list of replicas that are read slowly, as in 0:1,0:2: partition and broker.
pub const LEADER_REPLICAS_KEY: &str = "leader.replication.throttled.replicas";
/// Topics' list of replicas that read slowly.
pub const FOLLOWER_REPLICAS_KEY: &str = "follower.replication.throttled.replicas";

/// Where a partition comes from and where it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionMove {
    /// Brokers that have it.
    pub sources: BTreeSet<i32>,
    /// Brokers that are to get it.
    pub destinations: BTreeSet<i32>,
}

impl PartitionMove {
    /// From where it is to where it is to be.
    pub fn new(current: &[i32], target: &[i32]) -> Self {
        let sources: BTreeSet<i32> = current.iter().copied().collect();
        let destinations = target.iter().copied().filter(|id| !sources.contains(id)).collect();
        Self { sources, destinations }
    }

    /// Of a reassignment that is running.
    pub fn running(reassignment: &Reassignment) -> Self {
        let destinations: BTreeSet<i32> = reassignment.adding.iter().copied().collect();
        let replicas = reassignment.replicas.iter().copied();
        Self {
            sources: replicas.filter(|id| !destinations.contains(id)).collect(),
            destinations,
        }
    }

    /// Everybody who takes part.
    pub fn brokers(&self) -> impl Iterator<Item = i32> {
        self.sources.iter().chain(&self.destinations).copied()
    }
}

/// Sets topics' lists for these moves, in place of what was there.
pub fn throttle_topics(moves: &BTreeMap<PartitionKey, PartitionMove>) -> ConfigChanges {
    // Texts are in the order of texts, as Kafka's tool writes them.
    let mut lists: BTreeMap<&str, [BTreeSet<String>; 2]> = BTreeMap::new();
    for ((topic, partition), moving) in moves {
        let [leaders, followers] = lists.entry(topic).or_default();
        leaders.extend(moving.sources.iter().map(|broker| format!("{partition}:{broker}")));
        followers.extend(moving.destinations.iter().map(|broker| format!("{partition}:{broker}")));
    }
    let changes = lists.into_iter().map(|(topic, [leaders, followers])| {
        let set = |list: BTreeSet<String>| ConfigChange::Set(list.into_iter().collect::<Vec<_>>().join(","));
        let keys = BTreeMap::from([
            (LEADER_REPLICAS_KEY.to_owned(), set(leaders)),
            (FOLLOWER_REPLICAS_KEY.to_owned(), set(followers)),
        ]);
        (ConfigResource::new(ConfigEntity::Topic, topic), keys)
    });
    changes.collect()
}

/// Takes topics' lists away.
pub fn unthrottle_topics<'a>(topics: impl IntoIterator<Item = &'a str>) -> ConfigChanges {
    let keys = || BTreeMap::from([LEADER_REPLICAS_KEY, FOLLOWER_REPLICAS_KEY].map(deleted));
    let changes = topics.into_iter();
    changes
        .map(|topic| (ConfigResource::new(ConfigEntity::Topic, topic), keys()))
        .collect()
}

/// Sets brokers' rates for moves between brokers.
pub fn throttle_replication(brokers: impl IntoIterator<Item = i32>, bytes_per_second: u64) -> ConfigChanges {
    of_brokers(brokers, || {
        REPLICATION_RATE_KEYS.map(|key| (key.to_owned(), ConfigChange::Set(bytes_per_second.to_string())))
    })
}

/// Sets brokers' rates for moves between log directories.
pub fn throttle_log_dirs(brokers: impl IntoIterator<Item = i32>, bytes_per_second: u64) -> ConfigChanges {
    of_brokers(brokers, || {
        [(
            LOG_DIR_RATE_KEY.to_owned(),
            ConfigChange::Set(bytes_per_second.to_string()),
        )]
    })
}

/// Takes all of brokers' rates away.
pub fn unthrottle_brokers(brokers: impl IntoIterator<Item = i32>) -> ConfigChanges {
    of_brokers(brokers, || {
        let [leader, follower] = REPLICATION_RATE_KEYS;
        [leader, follower, LOG_DIR_RATE_KEY].map(deleted)
    })
}

fn deleted(key: &str) -> (String, ConfigChange) {
    (key.to_owned(), ConfigChange::Delete)
}

fn of_brokers<const N: usize>(
    brokers: impl IntoIterator<Item = i32>,
    keys: impl Fn() -> [(String, ConfigChange); N],
) -> ConfigChanges {
    let changes = brokers.into_iter().map(|broker| {
        let resource = ConfigResource::new(ConfigEntity::Broker, broker.to_string());
        (resource, keys().into_iter().collect())
    });
    changes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_those_of_kafkas_tool() {
        let running = Reassignment {
            replicas: vec![4, 1, 2],
            adding: vec![4],
            removing: vec![2],
        };
        let moves = BTreeMap::from([
            (("t".to_owned(), 2), PartitionMove::new(&[1, 2], &[2, 3])),
            (("t".to_owned(), 10), PartitionMove::running(&running)),
        ]);
        assert_eq!(moves[&("t".to_owned(), 2)].brokers().collect::<Vec<_>>(), [1, 2, 3]);
        let changes = throttle_topics(&moves);
        let keys = &changes[&ConfigResource::new(ConfigEntity::Topic, "t")];
        assert_eq!(
            keys[LEADER_REPLICAS_KEY],
            ConfigChange::Set("10:1,10:2,2:1,2:2".to_owned())
        );
        assert_eq!(keys[FOLLOWER_REPLICAS_KEY], ConfigChange::Set("10:4,2:3".to_owned()));
        let none = unthrottle_topics(["t"]);
        assert!(
            none.values()
                .flat_map(BTreeMap::values)
                .all(|change| *change == ConfigChange::Delete)
        );
    }

    #[test]
    fn rates_are_set_and_taken_away() {
        let set = throttle_replication([1, 2], 1000);
        let keys: Vec<&String> = set.values().flat_map(BTreeMap::keys).collect();
        assert_eq!(keys.len(), 4);
        assert_eq!(throttle_log_dirs([1], 5).len(), 1);
        let gone = unthrottle_brokers([1]);
        assert_eq!(gone.values().next().map(BTreeMap::len), Some(3));
    }
}
