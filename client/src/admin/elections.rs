//! Elections of partitions' leaders.

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::messages::ElectLeadersRequest;
use protocol::api::messages::elect_leaders_request::TopicPartitions;
use protocol::api::{ErrorCode, StrBytes, TopicName};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::sharded::Sharded;

/// Who may be elected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElectionType {
    /// The first replica, if it is in sync.
    Preferred,
    /// Any live replica, where there is no leader; records that it lacks are lost.
    Unclean,
}

/// A partition that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elected {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Whether there was an election; not if there is such a leader already.
    pub changed: bool,
}

impl Client {
    /// Elects leaders of partitions, each on its own.
    pub async fn elect_leaders(
        &self,
        election: ElectionType,
        partitions: &BTreeSet<(String, i32)>,
    ) -> Result<Sharded<Elected>, ClientError> {
        let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in partitions {
            by_topic.entry(topic).or_default().push(*partition);
        }
        let topic = |(topic, partitions): (&str, Vec<i32>)| {
            TopicPartitions::default()
                .with_topic(TopicName(StrBytes::from_string(topic.to_owned())))
                .with_partitions(partitions)
        };
        let request = ElectLeadersRequest::default()
            .with_election_type(match election {
                ElectionType::Preferred => 0,
                ElectionType::Unclean => 1,
            })
            .with_topic_partitions(Some(by_topic.into_iter().map(topic).collect()))
            .with_timeout_ms(self.request_timeout_ms());
        let response = self.send_active(&request, |response| response.error_code).await?;
        if response.error_code != 0 {
            return Err(ClientError::rejected("ElectLeaders", response.error_code, None));
        }
        let mut results = Sharded::default();
        for topic in response.replica_election_results {
            for result in topic.partition_result {
                let (topic, partition) = (topic.topic.to_string(), result.partition_id);
                let is_not_needed = result.error_code == ErrorCode::ElectionNotNeeded.code();
                if result.error_code == 0 || is_not_needed {
                    results.ok.push(Elected {
                        topic,
                        partition,
                        changed: !is_not_needed,
                    });
                } else {
                    let what = format!("{topic}-{partition}");
                    let message = result.error_message.as_deref();
                    results.fail(&what, ClientError::rejected(&what, result.error_code, message));
                }
            }
        }
        Ok(results)
    }
}
