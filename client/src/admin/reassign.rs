//! Reassignments of partitions: begun, changed and cancelled (KIP-455).

use std::collections::BTreeMap;

use protocol::api::messages::alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
use protocol::api::messages::{AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse};
use protocol::api::{ApiKey, BrokerId, StrBytes, TopicName};

use crate::admin::group_offsets::{PartitionKey, PartitionResults};
use crate::cluster::Client;
use crate::error::ClientError;

/// First version that can refuse to change how many replicas there are (KIP-860).
const FACTOR_FROM: i16 = 1;
/// Partitions asked for at a time.
const PARTITIONS_MAX: usize = 1000;

/// What is to become of a partition's replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaTarget {
    /// They are to be on these brokers, the preferred leader first.
    Brokers(Vec<i32>),
    /// The reassignment that is running is to be undone.
    Cancel,
}

/// By partition.
pub type ReplicaTargets = BTreeMap<PartitionKey, ReplicaTarget>;

impl Client {
    /// Begins reassignments or cancels them, each on its own; what became of each. An error means that nothing was begun.
    /// Where `may_change_factor` is false, those are refused that would change how many replicas there are.
    pub async fn alter_reassignments(
        &self,
        targets: &ReplicaTargets,
        may_change_factor: bool,
    ) -> Result<PartitionResults, ClientError> {
        if !may_change_factor {
            let any = self.any().await?;
            if any.version_of::<AlterPartitionReassignmentsRequest>()? < FACTOR_FROM {
                return Err(ClientError::UnsupportedApi {
                    address: any.address().to_owned(),
                    api: ApiKey::AlterPartitionReassignments,
                });
            }
        }
        let all: Vec<(&PartitionKey, &ReplicaTarget)> = targets.iter().collect();
        let mut results = PartitionResults::new();
        for part in all.chunks(PARTITIONS_MAX) {
            match self.alter_part(part, may_change_factor).await {
                Ok(altered) => results.extend(altered),
                Err(error) if results.is_empty() => return Err(error),
                Err(error) => results.extend(part.iter().map(|(key, _)| ((*key).clone(), Err(error.clone())))),
            }
        }
        Ok(results)
    }

    async fn alter_part(
        &self,
        part: &[(&PartitionKey, &ReplicaTarget)],
        may_change_factor: bool,
    ) -> Result<PartitionResults, ClientError> {
        let mut request = AlterPartitionReassignmentsRequest::default()
            .with_topics(asked(part))
            .with_timeout_ms(self.request_timeout_ms());
        request.allow_replication_factor_change = may_change_factor;
        let response = self.send_active(&request, |response| response.error_code).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected("reassignments", response.error_code, message));
        }
        Ok(told(part, response))
    }
}

fn asked(part: &[(&PartitionKey, &ReplicaTarget)]) -> Vec<ReassignableTopic> {
    let mut topics: BTreeMap<&str, Vec<ReassignablePartition>> = BTreeMap::new();
    for ((topic, partition), target) in part {
        let replicas = match target {
            ReplicaTarget::Brokers(brokers) => Some(brokers.iter().map(|id| BrokerId(*id)).collect()),
            ReplicaTarget::Cancel => None,
        };
        topics.entry(topic).or_default().push(
            ReassignablePartition::default()
                .with_partition_index(*partition)
                .with_replicas(replicas),
        );
    }
    let topics = topics.into_iter().map(|(topic, partitions)| {
        ReassignableTopic::default()
            .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
            .with_partitions(partitions)
    });
    topics.collect()
}

/// What became of each; one that was not answered has failed as well.
fn told(part: &[(&PartitionKey, &ReplicaTarget)], response: AlterPartitionReassignmentsResponse) -> PartitionResults {
    let missing = || ClientError::Malformed {
        address: "the cluster".to_owned(),
        reason: "AlterPartitionReassignments without an answer for a partition".to_owned(),
    };
    let mut results: PartitionResults = part.iter().map(|(key, _)| ((*key).clone(), Err(missing()))).collect();
    for topic in response.responses {
        for p in topic.partitions {
            let key = (topic.name.to_string(), p.partition_index);
            let what = format!("{}-{}", key.0, key.1);
            let result = match p.error_code {
                0 => Ok(()),
                code => Err(ClientError::rejected(what, code, p.error_message.as_deref())),
            };
            if let Some(told) = results.get_mut(&key) {
                *told = result;
            }
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use protocol::api::ErrorCode;
    use protocol::api::messages::alter_partition_reassignments_response::{
        ReassignablePartitionResponse, ReassignableTopicResponse,
    };

    use super::*;

    #[test]
    fn partitions_are_asked_for_by_topic_and_each_has_its_result() {
        let key = |topic: &str, partition| (topic.to_owned(), partition);
        let targets = ReplicaTargets::from([
            (key("a", 0), ReplicaTarget::Brokers(vec![2, 1])),
            (key("a", 1), ReplicaTarget::Cancel),
            (key("b", 0), ReplicaTarget::Cancel),
        ]);
        let part: Vec<_> = targets.iter().collect();
        let topics = asked(&part);
        assert_eq!(topics.len(), 2);
        let replicas: Vec<_> = topics[0].partitions.iter().map(|p| p.replicas.clone()).collect();
        assert_eq!(replicas, [Some(vec![BrokerId(2), BrokerId(1)]), None]);
        let answer = |partition, code| {
            ReassignablePartitionResponse::default()
                .with_partition_index(partition)
                .with_error_code(code)
        };
        let refused = ErrorCode::NoReassignmentInProgress;
        let response = AlterPartitionReassignmentsResponse::default().with_responses(vec![
            ReassignableTopicResponse::default()
                .with_name(TopicName(StrBytes::from_static_str("a")))
                .with_partitions(vec![answer(0, 0), answer(1, refused.code()), answer(7, 0)]),
        ]);
        let results = told(&part, response);
        let codes: Vec<_> = results
            .values()
            .map(|result| result.as_ref().map_err(ClientError::code))
            .collect();
        assert_eq!(codes, [Ok(&()), Err(Some(refused)), Err(None)]);
    }
}
