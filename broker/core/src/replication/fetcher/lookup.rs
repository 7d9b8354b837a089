//! Asking a leader where its log ends and starts, after OFFSET_OUT_OF_RANGE.

use protocol::api::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use protocol::api::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsResponse};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};

use super::{Fetcher, FetcherRequest, PartitionKey, Phase};
use crate::broker::partition::FollowerPosition;
use crate::cx::Now;

/// How far the question has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    /// This position is out of range. Where does the leader's log end?
    End(FollowerPosition),
    /// It ends there. Where does it start?
    Start { asked: FollowerPosition, end_offset: i64 },
}

impl Lookup {
    /// The timestamp that stands for it in ListOffsets.
    const fn timestamp(self) -> i64 {
        match self {
            Self::End(_) => -1,
            Self::Start { .. } => -2,
        }
    }
}

/// The version of ListOffsets between brokers, by metadata.version's level.
fn list_offsets_version(metadata_level: i16) -> i16 {
    match metadata_level {
        25.. => 10,
        21.. => 9,
        9.. => 8,
        _ => 7,
    }
}

impl Fetcher {
    /// A ListOffsets for all partitions that need one.
    pub(super) fn next_lookup(&self, metadata_level: i16) -> Option<(FetcherRequest, i16)> {
        let mut topics: Vec<ListOffsetsTopic> = Vec::new();
        for key in &self.lookups {
            let Some(followed) = self.followed.get(key) else {
                continue;
            };
            let Phase::Lookup(lookup) = followed.phase else {
                continue;
            };
            let partition = ListOffsetsPartition::default()
                .with_partition_index(key.1)
                .with_current_leader_epoch(followed.leader_epoch)
                .with_timestamp(lookup.timestamp());
            let name = followed.partition.topic();
            match topics.last_mut().filter(|topic| topic.name.as_str() == name) {
                Some(topic) => topic.partitions.push(partition),
                None => topics.push(
                    ListOffsetsTopic::default()
                        .with_name(TopicName(StrBytes::from_string(name.to_owned())))
                        .with_partitions(vec![partition]),
                ),
            }
        }
        if topics.is_empty() {
            return None;
        }
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(self.context.node_id()))
            .with_topics(topics);
        Some((FetcherRequest::Offsets(request), list_offsets_version(metadata_level)))
    }

    pub(super) fn on_offsets(&mut self, response: &ListOffsetsResponse, now: Now) {
        self.patience.restore();
        let keys: Vec<PartitionKey> = self.lookups.iter().copied().collect();
        for key in keys {
            let name = self.topic_of(key);
            let topic = response.topics.iter().find(|topic| topic.name.as_str() == name);
            let found = topic.and_then(|topic| topic.partitions.iter().find(|p| p.partition_index == key.1));
            match found {
                Some(found) => self.on_offset(key, found, now),
                None => self.delay(key, now),
            }
        }
    }

    fn on_offset(&mut self, key: PartitionKey, found: &ListOffsetsPartitionResponse, now: Now) {
        let Some(followed) = self.followed.get(&key) else {
            return;
        };
        let Phase::Lookup(lookup) = followed.phase else {
            return;
        };
        match (ErrorCode::try_from_code(found.error_code), lookup) {
            (None, Lookup::End(asked)) => {
                let end_offset = found.offset;
                self.enter(key, Phase::Lookup(Lookup::Start { asked, end_offset }));
            }
            (None, Lookup::Start { asked, end_offset }) => {
                let result = followed.partition.start_over(&asked, found.offset, end_offset);
                self.settle(key, result, now);
            }
            (Some(ErrorCode::FencedLeaderEpoch), _) => self.give_up(key, "the leader has a later epoch"),
            (Some(_), _) => self.delay(key, now),
        }
    }
}
