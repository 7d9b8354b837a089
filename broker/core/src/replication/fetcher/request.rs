//! Building the next Fetch, as Apache Kafka's replica fetcher does.

use std::time::Duration;

use protocol::Uuid;
use protocol::api::BrokerId;
use protocol::api::messages::fetch_request::{FetchPartition, FetchRequest, FetchTopic, ForgottenTopic, ReplicaState};

use super::{Fetcher, PartitionKey, Phase};
use crate::broker::partition::FollowerPosition;

/// The version of Fetch between brokers, by metadata.version's level.
pub(super) fn fetch_version(metadata_level: i16) -> i16 {
    match metadata_level {
        27.. => 18,
        21.. => 17,
        19.. => 16,
        10.. => 15,
        _ => 13,
    }
}

/// First version in which a replica tells who it is, and its broker's epoch, in a field for both (KIP-903).
const REPLICA_STATE_FROM: i16 = 15;

/// A Fetch of a [`Fetcher`] as it is written in the version that the leader takes.
pub fn in_version(request: FetchRequest, version: i16) -> FetchRequest {
    if version >= REPLICA_STATE_FROM {
        return request;
    }
    let replica_id = request.replica_state.replica_id;
    request
        .with_replica_id(replica_id)
        .with_replica_state(ReplicaState::default())
}

impl Fetcher {
    /// The next Fetch: all partitions, or what has changed since the last. None if nothing is to be fetched.
    pub(super) fn next_fetch(&mut self, now: Duration) -> Option<FetchRequest> {
        if self.session.is_full() {
            self.session.asked.clear();
            self.dirty = self.followed.keys().copied().collect();
        }
        let mut topics: Vec<FetchTopic> = Vec::new();
        let mut forgotten: Vec<ForgottenTopic> = Vec::new();
        let exceeded = self.context.follower_throttle().is_exceeded(now);
        for key in std::mem::take(&mut self.dirty) {
            let throttled = exceeded && self.is_throttled(key);
            if throttled {
                self.throttled.insert(key);
            }
            match self.position(key).filter(|_| !throttled) {
                Some(asked) => {
                    if self.session.asked.insert(key, asked) != Some(asked) {
                        self.add(&mut topics, key, asked);
                    }
                }
                None => {
                    if self.session.asked.remove(&key).is_some() {
                        forget(&mut forgotten, key);
                    }
                }
            }
        }
        if self.session.asked.is_empty() {
            // A session that reads nothing is not worth a request; the next one opens another.
            self.session.renew();
            return None;
        }
        let member = self.context.this_member();
        let state = ReplicaState::default()
            .with_replica_id(BrokerId(member.broker_id))
            .with_replica_epoch(member.broker_epoch);
        let (session_id, session_epoch) = self.session.next();
        let request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_replica_state(state)
            .with_max_wait_ms(self.wait_max_ms(now))
            .with_min_bytes(self.config.min_bytes)
            .with_max_bytes(self.config.response_max_bytes)
            .with_session_id(session_id)
            .with_session_epoch(session_epoch)
            .with_topics(topics)
            .with_forgotten_topics_data(forgotten);
        Some(request)
    }

    /// The leader waits for records no longer than until another partition is to be fetched again.
    fn wait_max_ms(&self, now: Duration) -> i32 {
        let until_next = self.delays().min().map_or(Duration::MAX, |at| at.saturating_sub(now));
        let until_next_ms = i32::try_from(until_next.as_millis()).unwrap_or(i32::MAX);
        self.config.wait_max_ms.min(until_next_ms)
    }

    /// Where a partition is to be fetched from; none if it is not to be fetched now.
    fn position(&self, key: PartitionKey) -> Option<FollowerPosition> {
        let followed = self.followed.get(&key).filter(|f| f.phase == Phase::Fetching)?;
        let position = followed.partition.follower_position()?;
        (position.leader_epoch == followed.leader_epoch).then_some(position)
    }

    /// A replica in sync is not held up by the throttle: it would leave the ISR.
    fn is_throttled(&self, key: PartitionKey) -> bool {
        let followed = self.followed.get(&key);
        followed.is_some_and(|followed| !followed.in_sync && followed.partition.throttled().as_follower)
    }

    fn add(&self, topics: &mut Vec<FetchTopic>, (topic_id, index): PartitionKey, asked: FollowerPosition) {
        let partition = FetchPartition::default()
            .with_partition(index)
            .with_current_leader_epoch(asked.leader_epoch)
            .with_fetch_offset(asked.log_end_offset)
            .with_last_fetched_epoch(asked.last_epoch.unwrap_or(-1))
            .with_log_start_offset(asked.log_start_offset)
            .with_partition_max_bytes(self.config.partition_max_bytes);
        match topics.last_mut().filter(|topic| Uuid::from(topic.topic_id) == topic_id) {
            Some(topic) => topic.partitions.push(partition),
            None => topics.push(
                FetchTopic::default()
                    .with_topic_id(topic_id.into())
                    .with_partitions(vec![partition]),
            ),
        }
    }
}

fn forget(forgotten: &mut Vec<ForgottenTopic>, (topic_id, index): PartitionKey) {
    match forgotten
        .last_mut()
        .filter(|topic| Uuid::from(topic.topic_id) == topic_id)
    {
        Some(topic) => topic.partitions.push(index),
        None => forgotten.push(
            ForgottenTopic::default()
                .with_topic_id(topic_id.into())
                .with_partitions(vec![index]),
        ),
    }
}
