//! Groups: who has them, who is in them, what they committed.

use std::collections::BTreeMap;

use protocol::api::messages::describe_groups_response::DescribedGroup;
use protocol::api::messages::find_coordinator_response::Coordinator;
use protocol::api::messages::list_groups_response::ListedGroup;
use protocol::api::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopic};
use protocol::api::messages::{DescribeGroupsRequest, FindCoordinatorRequest, ListGroupsRequest, OffsetFetchRequest};
use protocol::api::{GroupId, StrBytes};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;
use crate::sharded::Sharded;

/// `key_type` of groups in FindCoordinator.
const GROUP: i8 = 0;
/// First version of FindCoordinator that asks for several (KIP-699).
const BATCHED_FROM: i16 = 4;
/// First version of OffsetFetch that asks for several groups (KIP-709).
const GROUPS_FROM: i16 = 8;

/// Committed offsets by topic and partition.
pub type CommittedOffsets = BTreeMap<(String, i32), i64>;

fn group_id(name: &str) -> GroupId {
    GroupId(StrBytes::from_string(name.to_owned()))
}

impl Client {
    /// The broker that coordinates a group. Asks again while a coordinator is being made available.
    pub async fn coordinator(&self, group: &str) -> Result<i32, ClientError> {
        let mut backoff = Backoff::new(self.deadline());
        loop {
            let failure = match self.find_coordinator(group).await {
                Ok(found) if found.error_code == 0 => return Ok(found.node_id.0),
                Ok(found) => {
                    let (what, message) = (format!("group {group}"), found.error_message.as_deref());
                    ClientError::rejected(what, found.error_code, message)
                }
                Err(error) => error,
            };
            backoff.again(failure).await?;
        }
    }

    async fn find_coordinator(&self, group: &str) -> Result<Coordinator, ClientError> {
        let key = StrBytes::from_string(group.to_owned());
        let request = FindCoordinatorRequest::default().with_key_type(GROUP);
        let any = self.any().await?;
        if any.version_of::<FindCoordinatorRequest>()? >= BATCHED_FROM {
            let request = request.with_coordinator_keys(vec![key]);
            let response = any.send(&request, self.deadline()).await?;
            return response
                .coordinators
                .into_iter()
                .next()
                .ok_or_else(|| ClientError::Malformed {
                    address: any.address().to_owned(),
                    reason: "FindCoordinator without an answer".to_owned(),
                });
        }
        let response = any.send(&request.with_key(key), self.deadline()).await?;
        Ok(Coordinator::default()
            .with_node_id(response.node_id)
            .with_error_code(response.error_code)
            .with_error_message(response.error_message))
    }

    /// All groups of all brokers, in the order of their ids.
    pub async fn list_groups(&self) -> Sharded<(i32, ListedGroup)> {
        let mut results = Sharded::default();
        for broker in self.broker_ids() {
            match self.send_to(broker, &ListGroupsRequest::default()).await {
                Ok(response) if response.error_code == 0 => {
                    results
                        .ok
                        .extend(response.groups.into_iter().map(|group| (broker, group)));
                }
                Ok(response) => {
                    let what = format!("broker {broker}");
                    results.fail(&what, ClientError::rejected(&what, response.error_code, None));
                }
                Err(error) => results.fail(format!("broker {broker}"), error),
            }
        }
        results.ok.sort_by(|(_, a), (_, b)| a.group_id.cmp(&b.group_id));
        results
    }

    /// A group of the classic protocol.
    pub async fn describe_group(&self, coordinator: i32, group: &str) -> Result<DescribedGroup, ClientError> {
        let request = DescribeGroupsRequest::default().with_groups(vec![group_id(group)]);
        let response = self.send_to(coordinator, &request).await?;
        let found = response
            .groups
            .into_iter()
            .next()
            .ok_or_else(|| ClientError::Malformed {
                address: format!("broker {coordinator}"),
                reason: "DescribeGroups without an answer".to_owned(),
            })?;
        match found.error_code {
            0 => Ok(found),
            code => Err(ClientError::rejected(
                format!("group {group}"),
                code,
                found.error_message.as_deref(),
            )),
        }
    }

    /// All offsets a group committed.
    pub async fn committed_offsets(&self, coordinator: i32, group: &str) -> Result<CommittedOffsets, ClientError> {
        let broker = self.broker(coordinator).await?;
        let request = OffsetFetchRequest::default();
        let mut offsets = CommittedOffsets::new();
        let rejected = |code| ClientError::rejected(format!("group {group}"), code, None);
        if broker.version_of::<OffsetFetchRequest>()? >= GROUPS_FROM {
            let asked = OffsetFetchRequestGroup::default()
                .with_group_id(group_id(group))
                .with_member_epoch(-1)
                .with_topics(None);
            let response = broker.send(&request.with_groups(vec![asked]), self.deadline()).await?;
            for group in response.groups {
                if group.error_code != 0 {
                    return Err(rejected(group.error_code));
                }
                for topic in group.topics {
                    for p in topic.partitions {
                        offsets.insert((topic.name.to_string(), p.partition_index), p.committed_offset);
                    }
                }
            }
        } else {
            let all: Option<Vec<OffsetFetchRequestTopic>> = None;
            let request = request.with_group_id(group_id(group)).with_topics(all);
            let response = broker.send(&request, self.deadline()).await?;
            if response.error_code != 0 {
                return Err(rejected(response.error_code));
            }
            for topic in response.topics {
                for p in topic.partitions {
                    offsets.insert((topic.name.to_string(), p.partition_index), p.committed_offset);
                }
            }
        }
        offsets.retain(|_, offset| *offset >= 0);
        Ok(offsets)
    }
}
