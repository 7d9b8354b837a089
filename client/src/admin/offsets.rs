//! Offsets of many partitions, one request for each leader.

use std::collections::BTreeMap;

use protocol::api::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::api::messages::{ListOffsetsRequest, ListOffsetsResponse};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;
use crate::sharded::Sharded;
use crate::together;

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

/// Leaders by topic and partition.
type Leaders = BTreeMap<(String, i32), i32>;

impl Client {
    /// Leaders of all partitions of topics. A topic that does not exist and a partition without a leader are named, and
    /// keep nobody from the others.
    pub async fn partition_leaders(&self, topics: &[String]) -> Result<Sharded<((String, i32), i32)>, ClientError> {
        let mut found = Sharded::default();
        for topic in self.metadata(Some(topics)).await?.topics {
            let name = topic.name.map_or(String::new(), |name| name.to_string());
            if topic.error_code != 0 {
                let what = format!("topic {name}");
                found.fail(&what, ClientError::rejected(&what, topic.error_code, None));
                continue;
            }
            for p in topic.partitions {
                let key = (name.clone(), p.partition_index);
                if p.leader_id == BrokerId(-1) {
                    let what = format!("{}-{}", key.0, key.1);
                    let code = ErrorCode::LeaderNotAvailable.code();
                    found.fail(&what, ClientError::rejected(&what, code, None));
                } else {
                    found.ok.push((key, p.leader_id.0));
                }
            }
        }
        Ok(found)
    }

    /// Offsets of partitions, each with its leader; asked again where that may help. What one leader does not
    /// answer does not keep the others from it.
    pub async fn list_offsets(&self, partitions: &Leaders, spec: OffsetSpec) -> Sharded<ListedOffset> {
        let mut results = Sharded::default();
        let mut backoff = Backoff::new(self.deadline());
        let mut open = partitions.clone();
        while !open.is_empty() {
            let round = self.list_offsets_once(&open, spec).await;
            for found in &round.ok {
                open.remove(&(found.topic.clone(), found.partition));
            }
            results.ok.extend(round.ok);
            let mut last = None;
            for (key, error) in round.failed {
                if error.is_retriable() {
                    last = Some(error.clone());
                } else {
                    open.remove(&key);
                }
                results.fail(format!("{}-{}", key.0, key.1), error);
            }
            let Some(error) = last else { break };
            if backoff.again(error).await.is_err() {
                break;
            }
            results.errors.retain(|failed| !failed.error.is_retriable());
            self.look_again(&mut open).await;
        }
        results
            .ok
            .sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        results
    }

    /// Brings leaders up to date; those that cannot be found out stay as they were.
    pub(crate) async fn look_again(&self, partitions: &mut Leaders) {
        let mut topics: Vec<String> = partitions.keys().map(|(topic, _)| topic.clone()).collect();
        topics.dedup();
        if let Ok(leaders) = self.leaders(&topics).await {
            for (key, leader) in leaders {
                if let Some(known) = partitions.get_mut(&key) {
                    *known = leader;
                }
            }
        }
    }

    async fn list_offsets_once(&self, partitions: &Leaders, spec: OffsetSpec) -> Round {
        let mut by_leader: BTreeMap<i32, BTreeMap<&str, Vec<i32>>> = BTreeMap::new();
        for ((topic, partition), leader) in partitions {
            let topics = by_leader.entry(*leader).or_default();
            topics.entry(topic).or_default().push(*partition);
        }
        let asked = by_leader.into_iter().map(async |(leader, topics)| {
            let asked = topics.iter().map(|(topic, partitions)| asked(topic, partitions, spec));
            let request = ListOffsetsRequest::default()
                .with_replica_id(BrokerId(-1))
                .with_topics(asked.collect());
            let answer = self.send_to(leader, &request).await;
            (topics, answer)
        });
        let mut round = Round::default();
        for (topics, answer) in together::all(asked).await {
            match answer {
                Ok(response) => round.take(response),
                Err(error) => {
                    let all = topics.iter().flat_map(|(topic, partitions)| {
                        partitions.iter().map(|partition| ((*topic).to_owned(), *partition))
                    });
                    round.failed.extend(all.map(|key| (key, error.clone())));
                }
            }
        }
        round
    }
}

/// What one attempt brought.
#[derive(Debug, Default)]
struct Round {
    ok: Vec<ListedOffset>,
    failed: Vec<((String, i32), ClientError)>,
}

impl Round {
    fn take(&mut self, response: ListOffsetsResponse) {
        for topic in response.topics {
            for p in topic.partitions {
                let (topic, partition) = (topic.name.to_string(), p.partition_index);
                if p.error_code != 0 {
                    let error = ClientError::rejected(format!("{topic}-{partition}"), p.error_code, None);
                    self.failed.push(((topic, partition), error));
                    continue;
                }
                self.ok.push(ListedOffset {
                    topic,
                    partition,
                    offset: p.offset,
                    timestamp_ms: p.timestamp,
                });
            }
        }
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
