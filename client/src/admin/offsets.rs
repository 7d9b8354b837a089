//! Offsets of many partitions, one request for each leader.

use std::collections::BTreeMap;

use protocol::api::messages::ListOffsetsRequest;
use protocol::api::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::api::{BrokerId, StrBytes, TopicName};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::sharded::Sharded;

/// Which offset of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The first that can be read.
    Earliest,
    /// The end.
    Latest,
    /// Of the record with the greatest timestamp.
    MaxTimestamp,
    /// Of the first record at or after a time, in milliseconds since 1970.
    Timestamp(i64),
}

impl OffsetSpec {
    const fn code(self) -> i64 {
        match self {
            Self::Earliest => -2,
            Self::Latest => -1,
            Self::MaxTimestamp => -3,
            Self::Timestamp(timestamp_ms) => timestamp_ms,
        }
    }
}

/// An offset of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedOffset {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset, -1 for none.
    pub offset: i64,
    /// Its record's timestamp, -1 if it does not matter.
    pub timestamp_ms: i64,
}

impl Client {
    /// Offsets of partitions, each with its leader. What one leader does not answer does not keep the others
    /// from it.
    pub async fn list_offsets(
        &self,
        partitions: &BTreeMap<(String, i32), i32>,
        spec: OffsetSpec,
    ) -> Sharded<ListedOffset> {
        let mut by_leader: BTreeMap<i32, BTreeMap<&str, Vec<i32>>> = BTreeMap::new();
        for ((topic, partition), leader) in partitions {
            by_leader
                .entry(*leader)
                .or_default()
                .entry(topic)
                .or_default()
                .push(*partition);
        }
        let mut results = Sharded::default();
        for (leader, topics) in by_leader {
            let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(
                topics
                    .into_iter()
                    .map(|(topic, partitions)| asked(topic, &partitions, spec))
                    .collect(),
            );
            match self.send_to(leader, &request).await {
                Err(error) => results.fail(format!("broker {leader}"), error),
                Ok(response) => {
                    for topic in response.topics {
                        for p in topic.partitions {
                            let name = topic.name.to_string();
                            if p.error_code != 0 {
                                let what = format!("{name}-{}", p.partition_index);
                                results.fail(&what, ClientError::rejected(&what, p.error_code, None));
                                continue;
                            }
                            let (partition, offset, timestamp_ms) = (p.partition_index, p.offset, p.timestamp);
                            results.ok.push(ListedOffset {
                                topic: name,
                                partition,
                                offset,
                                timestamp_ms,
                            });
                        }
                    }
                }
            }
        }
        results
            .ok
            .sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        results
    }
}

fn asked(topic: &str, partitions: &[i32], spec: OffsetSpec) -> ListOffsetsTopic {
    let partition = |index: &i32| {
        ListOffsetsPartition::default()
            .with_partition_index(*index)
            .with_current_leader_epoch(-1)
            .with_timestamp(spec.code())
    };
    ListOffsetsTopic::default()
        .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partitions(partitions.iter().map(partition).collect())
}
