//! What is set, and whether anything needs it.

use std::collections::{BTreeMap, BTreeSet};

use client::{
    Client, ConfigEntity, ConfigResource, FOLLOWER_REPLICAS_KEY, LEADER_REPLICAS_KEY, LOG_DIR_RATE_KEY, PartitionKey,
    REPLICATION_RATE_KEYS, Reassignment,
};

use crate::error::CommandError;
use crate::failure::{Failure, together};

/// Kafka's codes for what is set for a topic itself, and for a broker.
const OWN: [i8; 2] = [1, 2];

/// A throttle that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) resource: ConfigResource,
    pub(super) key: String,
    pub(super) value: String,
    /// Whether nothing is under way that it could be for.
    pub(super) is_leftover: bool,
}

/// All keys that have to do with throttles.
fn keys(entity: ConfigEntity) -> BTreeSet<&'static str> {
    let [leader, follower] = REPLICATION_RATE_KEYS;
    match entity {
        ConfigEntity::Topic => [LEADER_REPLICAS_KEY, FOLLOWER_REPLICAS_KEY].into(),
        _ => [leader, follower, LOG_DIR_RATE_KEY].into(),
    }
}

/// All that is set, of live brokers and of all topics.
pub(super) async fn read(client: &Client) -> Result<Vec<Found>, CommandError> {
    let running = client.reassignments().await?;
    let metadata = client.metadata(None).await?;
    let brokers: Vec<i32> = metadata.brokers.iter().map(|broker| broker.node_id.0).collect();
    let topics = metadata.topics.iter().filter_map(|topic| topic.name.as_ref());
    let topics = topics.map(|name| ConfigResource::new(ConfigEntity::Topic, name.to_string()));
    let of_brokers = brokers
        .iter()
        .map(|id| ConfigResource::new(ConfigEntity::Broker, id.to_string()));
    let resources: BTreeSet<ConfigResource> = topics.chain(of_brokers).collect();
    let told = client.describe_configs(&resources).await;
    let failures: Vec<Failure> = told.errors.into_iter().map(Failure::from).collect();
    if let Some(error) = together(&failures) {
        return Err(error);
    }
    let busy = brokers_with_moves_between_dirs(client, &brokers).await?;
    let mut found = Vec::new();
    for (resource, entries) in told.ok {
        let keys = keys(resource.entity);
        for entry in entries {
            let is_ours = keys.contains(entry.name.as_str()) && OWN.contains(&entry.source);
            let Some(value) = entry.value.filter(|value| is_ours && !value.is_empty()) else {
                continue;
            };
            found.push(Found {
                is_leftover: !is_needed(&resource, &entry.name, &running, &busy),
                resource: resource.clone(),
                key: entry.name,
                value,
            });
        }
    }
    Ok(found)
}

async fn brokers_with_moves_between_dirs(client: &Client, brokers: &[i32]) -> Result<BTreeSet<i32>, CommandError> {
    let told = client.log_dir_contents(brokers, None).await.into_result()?;
    let is_busy = |dirs: &[client::LogDirContents]| {
        let mut replicas = dirs.iter().flat_map(|dir| dir.replicas.keys());
        replicas.any(|(_, _, is_future)| *is_future)
    };
    Ok(told
        .into_iter()
        .filter(|(_, dirs)| is_busy(dirs))
        .map(|(id, _)| id)
        .collect())
}

/// Whether something is under way that a throttle is for: of the topic, or anywhere, as any broker may send.
fn is_needed(
    resource: &ConfigResource,
    key: &str,
    running: &BTreeMap<PartitionKey, Reassignment>,
    busy: &BTreeSet<i32>,
) -> bool {
    match resource.entity {
        ConfigEntity::Topic => running.keys().any(|(topic, _)| *topic == resource.name),
        _ if key == LOG_DIR_RATE_KEY => resource.name.parse().is_ok_and(|id: i32| busy.contains(&id)),
        _ => !running.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_under_way_needs_is_left_over() {
        let running = BTreeMap::from([(("t".to_owned(), 0), Reassignment::default())]);
        let (none, busy) = (BTreeMap::new(), BTreeSet::from([1]));
        let topic = |name: &str| ConfigResource::new(ConfigEntity::Topic, name);
        let broker = |id: i32| ConfigResource::new(ConfigEntity::Broker, id.to_string());
        assert!(is_needed(&topic("t"), LEADER_REPLICAS_KEY, &running, &busy));
        assert!(!is_needed(&topic("u"), LEADER_REPLICAS_KEY, &running, &busy));
        assert!(is_needed(&broker(2), REPLICATION_RATE_KEYS[0], &running, &busy));
        assert!(!is_needed(&broker(2), REPLICATION_RATE_KEYS[0], &none, &busy));
        assert!(is_needed(&broker(1), LOG_DIR_RATE_KEY, &none, &busy));
        assert!(!is_needed(&broker(2), LOG_DIR_RATE_KEY, &running, &busy));
    }
}
