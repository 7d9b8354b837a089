//! Replicas that move between the log directories of their broker (KIP-113).

use std::collections::BTreeMap;

use protocol::api::messages::AlterReplicaLogDirsRequest;
use protocol::api::messages::alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
use protocol::api::{StrBytes, TopicName};

use crate::admin::group_offsets::PartitionKey;
use crate::cluster::Client;
use crate::error::ClientError;
use crate::together;

/// A partition's replica on a broker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplicaKey {
    /// The broker.
    pub broker: i32,
    /// The partition.
    pub partition: PartitionKey,
}

/// What became of each replica.
pub type ReplicaResults = BTreeMap<ReplicaKey, Result<(), ClientError>>;

impl Client {
    /// Has brokers move replicas into these log directories, all brokers at the same time; what became of each replica.
    /// A broker that has no such replica yet puts it there once it gets it, and tells so with an error.
    pub async fn move_replicas(&self, directories: &BTreeMap<ReplicaKey, String>) -> ReplicaResults {
        let mut by_broker: BTreeMap<i32, BTreeMap<&PartitionKey, &str>> = BTreeMap::new();
        for (replica, directory) in directories {
            by_broker
                .entry(replica.broker)
                .or_default()
                .insert(&replica.partition, directory);
        }
        let answers = by_broker.into_iter().map(async |(broker, wanted)| {
            let request = AlterReplicaLogDirsRequest::default().with_dirs(asked(&wanted));
            (broker, wanted, self.send_to(broker, &request).await)
        });
        let mut results = ReplicaResults::new();
        for (broker, wanted, answer) in together::all(answers).await {
            let replica = |partition: PartitionKey| ReplicaKey { broker, partition };
            let missing = match &answer {
                Ok(_) => ClientError::Malformed {
                    address: format!("broker {broker}"),
                    reason: "AlterReplicaLogDirs without an answer for a partition".to_owned(),
                },
                Err(error) => error.clone(),
            };
            results.extend(wanted.keys().map(|key| (replica((*key).clone()), Err(missing.clone()))));
            let topics = answer.into_iter().flat_map(|response| response.results);
            for topic in topics {
                for p in topic.partitions {
                    let key = (topic.topic_name.to_string(), p.partition_index);
                    let what = format!("{}-{} on broker {broker}", key.0, key.1);
                    if let Some(result) = results.get_mut(&replica(key)) {
                        *result = match p.error_code {
                            0 => Ok(()),
                            code => Err(ClientError::rejected(what, code, None)),
                        };
                    }
                }
            }
        }
        results
    }
}

fn asked(wanted: &BTreeMap<&PartitionKey, &str>) -> Vec<AlterReplicaLogDir> {
    let mut by_directory: BTreeMap<&str, BTreeMap<&str, Vec<i32>>> = BTreeMap::new();
    for ((topic, partition), directory) in wanted {
        let topics = by_directory.entry(directory).or_default();
        topics.entry(topic).or_default().push(*partition);
    }
    let directories = by_directory.into_iter().map(|(path, topics)| {
        let topics = topics.into_iter().map(|(topic, partitions)| {
            AlterReplicaLogDirTopic::default()
                .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
                .with_partitions(partitions)
        });
        AlterReplicaLogDir::default()
            .with_path(StrBytes::from_string(path.to_owned()))
            .with_topics(topics.collect())
    });
    directories.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_asked_for_by_directory_and_topic() {
        let keys = [("a".to_owned(), 0), ("a".to_owned(), 1), ("b".to_owned(), 0)];
        let wanted = BTreeMap::from([(&keys[0], "/d1"), (&keys[1], "/d2"), (&keys[2], "/d1")]);
        let directories = asked(&wanted);
        let shown = directories.iter().map(|directory| {
            let topics = directory.topics.iter();
            let topics = topics.map(|topic| format!("{}:{:?}", topic.name.as_str(), topic.partitions));
            format!("{} {}", directory.path, topics.collect::<Vec<_>>().join(" "))
        });
        assert_eq!(shown.collect::<Vec<_>>(), ["/d1 a:[0] b:[0]", "/d2 a:[1]"]);
    }
}
