//! Reassignments of partitions that are running (KIP-455).

use std::collections::BTreeMap;

use protocol::api::BrokerId;
use protocol::api::messages::ListPartitionReassignmentsRequest;
use protocol::api::messages::list_partition_reassignments_request::ListPartitionReassignmentsTopics;

use crate::admin::group_offsets::PartitionKey;
use crate::cluster::Client;
use crate::error::ClientError;

/// A partition that is being moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reassignment {
    /// Brokers with a replica, those that come and those that go included.
    pub replicas: Vec<i32>,
    /// Those of them that come.
    pub adding: Vec<i32>,
    /// Those of them that go.
    pub removing: Vec<i32>,
}

impl Client {
    /// All that are running, as the active controller knows them.
    pub async fn reassignments(&self) -> Result<BTreeMap<PartitionKey, Reassignment>, ClientError> {
        let all: Option<Vec<ListPartitionReassignmentsTopics>> = None;
        let request = ListPartitionReassignmentsRequest::default()
            .with_timeout_ms(self.request_timeout_ms())
            .with_topics(all);
        let response = self.send_active(&request, |response| response.error_code).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected("reassignments", response.error_code, message));
        }
        let ids = |brokers: &[BrokerId]| brokers.iter().map(|broker| broker.0).collect();
        let mut running = BTreeMap::new();
        for topic in response.topics {
            for p in topic.partitions {
                let reassignment = Reassignment {
                    replicas: ids(&p.replicas),
                    adding: ids(&p.adding_replicas),
                    removing: ids(&p.removing_replicas),
                };
                running.insert((topic.name.to_string(), p.partition_index), reassignment);
            }
        }
        Ok(running)
    }
}
