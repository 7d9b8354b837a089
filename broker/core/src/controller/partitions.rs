//! CreatePartitions (37), versions 0 to 3; ElectLeaders (43), versions 0 to 2; ListPartitionReassignments (46), version 0.

use protocol::api::messages::create_partitions_request::{CreatePartitionsRequest, CreatePartitionsTopic};
use protocol::api::messages::create_partitions_response::{CreatePartitionsResponse, CreatePartitionsTopicResult};
use protocol::api::messages::elect_leaders_request::ElectLeadersRequest;
use protocol::api::messages::elect_leaders_response::{ElectLeadersResponse, PartitionResult, ReplicaElectionResult};
use protocol::api::messages::list_partition_reassignments_request::ListPartitionReassignmentsRequest;
use protocol::api::messages::list_partition_reassignments_response::{
    ListPartitionReassignmentsResponse, OngoingPartitionReassignment, OngoingTopicReassignment,
};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};
use protocol::messages::metadata::Record;

use super::topics::Refusal;
use super::{Controller, ControllerCx, Handled, Plan, placement};
use crate::call::Call;

impl Controller {
    pub(super) fn create_partitions(&self, call: &Call, cx: &mut ControllerCx<'_>) -> Handled {
        let request: CreatePartitionsRequest = call.decode()?;
        let mut records = Vec::new();
        let mut results = Vec::new();
        for topic in &request.topics {
            let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
            results.push(match self.more_partitions(topic, cx) {
                Ok(new) => {
                    records.extend(new);
                    result
                }
                Err((code, message)) => result
                    .with_error_code(code.code())
                    .with_error_message(Some(StrBytes::from_string(message))),
            });
        }
        if request.validate_only {
            records.clear();
        }
        let reply = call.reply(&CreatePartitionsResponse::default().with_results(results))?;
        Ok(Plan { records, reply })
    }

    fn more_partitions(
        &self,
        asked: &CreatePartitionsTopic,
        cx: &mut ControllerCx<'_>,
    ) -> Result<Vec<Record>, Refusal> {
        let topic = self.latest.topics().by_name(&asked.name);
        let topic = topic.ok_or_else(|| {
            (
                ErrorCode::UnknownTopicOrPartition,
                ErrorCode::UnknownTopicOrPartition.to_string(),
            )
        })?;
        let count = topic.partition_count() as i32;
        let invalid = |message: String| Err((ErrorCode::InvalidPartitions, message));
        if asked.count == count {
            return invalid(format!("Topic already has {count} partition(s)."));
        }
        if asked.count < count {
            return invalid(format!(
                "The topic {} currently has {count} partition(s); {} would not be an increase.",
                topic.name, asked.count
            ));
        }
        let added = (asked.count - count) as usize;
        let replication_factor = topic.partition(0).map_or(1, |partition| partition.replicas.len());
        let replicas = match &asked.assignments {
            None => placement::place(&self.latest, added, replication_factor, cx.random)
                .map_err(|message| (ErrorCode::InvalidReplicationFactor, message))?,
            Some(assignments) if assignments.len() != added => {
                let message = format!(
                    "Attempted to add {added} additional partition(s), but only {} assignment(s) were specified.",
                    assignments.len()
                );
                return Err((ErrorCode::InvalidReplicaAssignment, message));
            }
            Some(assignments) => assignments
                .iter()
                .map(|a| a.broker_ids.iter().map(|id| id.0).collect::<Vec<i32>>())
                .collect(),
        };
        if let Some(message) = replicas
            .iter()
            .find_map(|r| self.wrong_replicas(r, Some(replication_factor)))
        {
            return Err((ErrorCode::InvalidReplicaAssignment, message));
        }
        Ok((count..)
            .zip(&replicas)
            .map(|(index, replicas)| self.new_partition(topic.id, index, replicas))
            .collect())
    }

    /// With one replica everywhere the preferred leader leads wherever anybody can.
    pub(super) fn elect_leaders(&self, call: &Call) -> Handled {
        let request: ElectLeadersRequest = call.decode()?;
        let answer = |topic: &str, index: i32| {
            let partition = self
                .latest
                .topics()
                .by_name(topic)
                .and_then(|topic| topic.partition(index));
            let (code, message) = match partition {
                None => (
                    ErrorCode::UnknownTopicOrPartition,
                    format!("No such partition as {topic}-{index}"),
                ),
                Some(partition) if partition.leader < 0 => (
                    ErrorCode::PreferredLeaderNotAvailable,
                    "The preferred leader was not available.".to_owned(),
                ),
                Some(_) => (
                    ErrorCode::ElectionNotNeeded,
                    "Leader election not needed for topic partition.".to_owned(),
                ),
            };
            PartitionResult::default()
                .with_partition_id(index)
                .with_error_code(code.code())
                .with_error_message(Some(StrBytes::from_string(message)))
        };
        let topics = request.topic_partitions.unwrap_or_default();
        let results = topics.into_iter().map(|topic| {
            let partitions = topic
                .partitions
                .iter()
                .map(|index| answer(&topic.topic, *index))
                .collect();
            ReplicaElectionResult::default()
                .with_topic(topic.topic)
                .with_partition_result(partitions)
        });
        let response = ElectLeadersResponse::default().with_replica_election_results(results.collect());
        Ok(Plan::answer(call.reply(&response)?))
    }

    pub(super) fn list_reassignments(&self, call: &Call) -> Handled {
        let request: ListPartitionReassignmentsRequest = call.decode()?;
        let mut topics = Vec::new();
        for topic in self.latest.topics().iter() {
            let asked = match &request.topics {
                None => None,
                Some(asked) => match asked.iter().find(|asked| asked.name.as_str() == topic.name) {
                    Some(asked) => Some(&asked.partition_indexes),
                    None => continue,
                },
            };
            let moving = topic.partitions().filter(|(index, partition)| {
                let wanted = asked.is_none_or(|indexes| indexes.contains(index));
                wanted && !(partition.adding_replicas.is_empty() && partition.removing_replicas.is_empty())
            });
            let partitions: Vec<_> = moving
                .map(|(index, partition)| {
                    OngoingPartitionReassignment::default()
                        .with_partition_index(index)
                        .with_replicas(ids(&partition.replicas))
                        .with_adding_replicas(ids(&partition.adding_replicas))
                        .with_removing_replicas(ids(&partition.removing_replicas))
                })
                .collect();
            if !partitions.is_empty() {
                let name = TopicName(StrBytes::from_string(topic.name.clone()));
                topics.push(
                    OngoingTopicReassignment::default()
                        .with_name(name)
                        .with_partitions(partitions),
                );
            }
        }
        let response = ListPartitionReassignmentsResponse::default().with_topics(topics);
        Ok(Plan::answer(call.reply(&response)?))
    }
}

fn ids(nodes: &[i32]) -> Vec<BrokerId> {
    nodes.iter().copied().map(BrokerId).collect()
}
