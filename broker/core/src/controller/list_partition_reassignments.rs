//! ListPartitionReassignments (46), version 0.

use protocol::api::messages::list_partition_reassignments_request::ListPartitionReassignmentsRequest;
use protocol::api::messages::list_partition_reassignments_response::{
    ListPartitionReassignmentsResponse, OngoingPartitionReassignment, OngoingTopicReassignment,
};
use protocol::api::{BrokerId, StrBytes, TopicName};

use super::{Controller, Handled, Plan};
use crate::call::Call;

impl Controller {
    pub(super) fn list_partition_reassignments(&self, call: &Call) -> Handled {
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
                wanted && partition.is_moving()
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
        let response = ListPartitionReassignmentsResponse::default()
            .with_error_message(None)
            .with_topics(topics);
        Ok(Plan::answer(call.reply(&response)?))
    }
}

fn ids(nodes: &[i32]) -> Vec<BrokerId> {
    nodes.iter().copied().map(BrokerId).collect()
}
