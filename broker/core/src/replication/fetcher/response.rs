//! What becomes of the answer to a Fetch.

use bytes::Bytes;
use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::api::messages::fetch_response::{FetchResponse, PartitionData};

use super::lookup::Lookup;
use super::{Fetcher, PartitionKey, Phase};
use crate::broker::partition::{FollowError, FollowerPosition, FromLeader, Partition};
use crate::cx::Now;

impl Fetcher {
    pub(super) fn on_fetched(&mut self, response: FetchResponse, now: Now) {
        if let Some(code) = ErrorCode::try_from_code(response.error_code) {
            self.session.refused(code);
            // Only a session that the leader has forgotten is sure to be mended by another one.
            if code != ErrorCode::FetchSessionIdNotFound {
                self.pause(now);
            }
            return;
        }
        let answers: Vec<(PartitionKey, PartitionData)> = response
            .responses
            .into_iter()
            .flat_map(|topic| {
                let id = Uuid::from(topic.topic_id);
                topic
                    .partitions
                    .into_iter()
                    .map(move |data| ((id, data.partition_index), data))
            })
            .collect();
        let unasked = answers.iter().any(|(key, _)| !self.session.asked.contains_key(key));
        let missing = self.session.is_full() && answers.len() != self.session.asked.len();
        if unasked || missing {
            tracing::warn!(
                "a leader answered a fetch for other partitions than were asked for; the session starts anew"
            );
            self.session.renew();
            self.pause(now);
            return;
        }
        self.patience.restore();
        self.session.accepted(response.session_id);
        for (key, data) in answers {
            self.on_partition(key, &data, now);
        }
    }

    fn on_partition(&mut self, key: PartitionKey, data: &PartitionData, now: Now) {
        let (Some(followed), Some(asked)) = (self.followed.get_mut(&key), self.session.asked.get(&key).copied()) else {
            return;
        };
        // It may have come anew, with another epoch, since it was asked for.
        if followed.phase != Phase::Fetching || followed.leader_epoch != asked.leader_epoch {
            return;
        }
        match ErrorCode::try_from_code(data.error_code) {
            None => {
                let result = take(&followed.partition, asked, data, now);
                if let Ok(position) = &result {
                    followed.in_sync = position.log_end_offset >= data.high_watermark;
                    followed.patience.restore();
                }
                if followed.partition.throttled().as_follower {
                    let size_bytes = data.records.as_ref().map_or(0, Bytes::len);
                    self.context.follower_throttle().record(size_bytes, now.mono);
                }
                let unchanged = result.as_ref().is_ok_and(|position| *position == asked);
                if !unchanged {
                    self.settle(key, result, now);
                }
            }
            Some(ErrorCode::OffsetOutOfRange) => self.enter(key, Phase::Lookup(Lookup::End(asked))),
            // The leader is ahead of the metadata here, which will tell the epoch.
            Some(ErrorCode::FencedLeaderEpoch) => self.give_up(key, "the leader has a later epoch"),
            Some(code) => {
                tracing::debug!(topic = self.topic_of(key), partition = key.1, %code, "a fetch failed; it is tried again");
                self.delay(key, now);
            }
        }
    }
}

fn take(
    partition: &Partition,
    asked: FollowerPosition,
    data: &PartitionData,
    now: Now,
) -> Result<FollowerPosition, FollowError> {
    let diverging = &data.diverging_epoch;
    if diverging.epoch >= 0 {
        return partition.truncate_to_divergence(&asked, (diverging.epoch, diverging.end_offset));
    }
    let none = Bytes::new();
    let sent = FromLeader {
        records: data.records.as_ref().unwrap_or(&none),
        high_watermark: data.high_watermark,
        log_start_offset: data.log_start_offset,
    };
    partition.append_as_follower(&asked, sent, now)
}
