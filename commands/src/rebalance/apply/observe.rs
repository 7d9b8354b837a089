//! A look at a cluster.

use std::collections::{BTreeMap, BTreeSet};

use client::{
    Client, ClientError, ConfigEntity, ConfigResource, LogDirContents, PartitionKey, ReplicaKey, TopicPartitionSets,
};
use protocol::api::ErrorCode;

use super::limits;
use super::state::State;
use super::view::{Disk, Seen, SeenReplica, ThrottleEntity, ThrottleKey, View};

/// The key of a topic's least number of in-sync replicas.
const MIN_ISR: &str = "min.insync.replicas";
/// Topics outside of the plan whose minimum is asked for.
const TOPICS_MAX: usize = 200;
/// Kafka's codes for what is set for a topic itself, and for a broker.
const OWN: [i8; 2] = [1, 2];

/// Looks.
pub(super) async fn observe(client: &Client, state: &State) -> Result<View, ClientError> {
    // What ends between the two questions is seen where it is, and not as being on its way.
    let mut view = View {
        reassignments: client.reassignments().await?,
        ..View::default()
    };
    let metadata = client.metadata(None).await?;
    view.alive = metadata.brokers.iter().map(|broker| broker.node_id.0).collect();
    let mut lacking: BTreeMap<PartitionKey, usize> = BTreeMap::new();
    for topic in &metadata.topics {
        let name = topic.name.as_ref().map_or(String::new(), |name| name.to_string());
        for p in &topic.partitions {
            let ids = |nodes: &[protocol::api::BrokerId]| nodes.iter().map(|id| id.0).collect::<Vec<_>>();
            let key = (name.clone(), p.partition_index);
            if state.parts.contains_key(&key) {
                let seen = Seen {
                    leader: Some(p.leader_id.0).filter(|id| *id >= 0),
                    replicas: ids(&p.replica_nodes),
                    isr: ids(&p.isr_nodes),
                };
                view.partitions.insert(key, seen);
            } else if p.isr_nodes.len() < p.replica_nodes.len() {
                lacking.insert(key, p.isr_nodes.len());
            }
        }
    }
    view.degraded = degraded(client, lacking).await;
    disks(client, state, &mut view).await;
    settings(client, state, &mut view).await;
    Ok(view)
}

/// Whether partitions are below their minimum. Where nobody tells, one without an in-sync replica is.
async fn degraded(client: &Client, lacking: BTreeMap<PartitionKey, usize>) -> BTreeMap<PartitionKey, bool> {
    let topics: BTreeSet<&String> = lacking.keys().map(|(topic, _)| topic).collect();
    let resources: BTreeSet<ConfigResource> = topics
        .into_iter()
        .take(TOPICS_MAX)
        .map(|topic| ConfigResource::new(ConfigEntity::Topic, topic.clone()))
        .collect();
    let mut least: BTreeMap<String, usize> = BTreeMap::new();
    if !resources.is_empty() {
        for (resource, entries) in client.describe_configs(&resources).await.ok {
            let entry = entries.into_iter().find(|entry| entry.name == MIN_ISR);
            let value = entry.and_then(|entry| entry.value?.parse().ok());
            least.insert(resource.name, value.unwrap_or(1));
        }
    }
    let judged = lacking.into_iter().map(|(key, in_sync)| {
        let is_below = in_sync < least.get(&key.0).copied().unwrap_or(1);
        (key, is_below)
    });
    judged.collect()
}

/// What brokers tell of their disks, and of replicas that move or are about to. One that does not answer tells nothing.
async fn disks(client: &Client, state: &State, view: &mut View) {
    let mut topics = TopicPartitionSets::new();
    let with_dirs = state.eligible().filter(|(_, part)| !part.job.dirs.is_empty());
    for ((topic, partition), _) in state.active().chain(with_dirs) {
        topics.entry(topic.clone()).or_default().insert(*partition);
    }
    let brokers: Vec<i32> = state.brokers().intersection(&view.alive).copied().collect();
    for (broker, dirs) in client.log_dir_contents(&brokers, Some(&topics)).await.ok {
        view.disks.insert(broker, disk(&dirs));
        for dir in dirs {
            for ((topic, partition, is_future), found) in dir.replicas {
                let partition = (topic, partition);
                let replica = view.replicas.entry(ReplicaKey { broker, partition }).or_default();
                take(replica, &dir.dir.path, is_future, found.size_bytes);
            }
        }
    }
}

fn take(replica: &mut SeenReplica, path: &str, is_future: bool, size_bytes: i64) {
    if is_future {
        replica.future = Some(path.to_owned());
    } else {
        replica.dir = Some(path.to_owned());
        replica.size_bytes = u64::try_from(size_bytes).unwrap_or(0);
    }
}

/// Log directories together; those of one volume count once.
fn disk(dirs: &[LogDirContents]) -> Disk {
    let volumes: BTreeSet<(u64, u64)> = dirs
        .iter()
        .filter(|dir| dir.dir.error.is_none())
        .filter_map(|dir| Some((dir.dir.total_bytes?, dir.dir.usable_bytes?)))
        .collect();
    let is_told = !volumes.is_empty();
    let total: u64 = volumes.iter().map(|(total, _)| total).sum();
    let usable: u64 = volumes.iter().map(|(_, usable)| usable).sum();
    Disk {
        total_bytes: is_told.then_some(total),
        usable_bytes: is_told.then_some(usable),
    }
}

/// A topic or broker in its own words.
pub(super) fn resource(key: &ThrottleKey) -> ConfigResource {
    let entity = match key.entity {
        ThrottleEntity::Topic => ConfigEntity::Topic,
        ThrottleEntity::Broker => ConfigEntity::Broker,
    };
    ConfigResource::new(entity, key.name.clone())
}

async fn settings(client: &Client, state: &State, view: &mut View) {
    let mut keys = limits::keys(state);
    keys.retain(|key| key.broker().is_none_or(|broker| view.alive.contains(&broker)));
    let resources: BTreeSet<ConfigResource> = keys.iter().map(resource).collect();
    if resources.is_empty() {
        return;
    }
    let told = client.describe_configs(&resources).await;
    let known: BTreeMap<ConfigResource, _> = told.ok.into_iter().collect();
    let gone = told.errors.into_iter();
    let gone = gone.filter(|failed| failed.error.code() == Some(ErrorCode::UnknownTopicOrPartition));
    let gone: BTreeSet<String> = gone.map(|failed| failed.what).collect();
    for key in keys {
        let of = resource(&key);
        if let Some(entries) = known.get(&of) {
            let is_own = |entry: &&client::ConfigEntry| entry.name == key.key && OWN.contains(&entry.source);
            let value = entries.iter().find(is_own).and_then(|entry| entry.value.clone());
            // An empty list is none.
            let value = value.filter(|value| !value.is_empty());
            view.settings.insert(key, value);
        } else if gone.contains(&of.to_string()) {
            // A topic that is gone has nothing that would have to be as it was.
            let before = state.before.get(&key).cloned().flatten();
            view.settings.insert(key, before);
        }
    }
}
