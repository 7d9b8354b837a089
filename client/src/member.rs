//! A member of a group of the classic protocol, whose partitions are dealt out in ranges.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use protocol::api::messages::join_group_request::JoinGroupRequestProtocol;
use protocol::api::messages::leave_group_request::MemberIdentity;
use protocol::api::messages::offset_fetch_request::OffsetFetchRequestTopic;
use protocol::api::messages::sync_group_request::SyncGroupRequestAssignment;
use protocol::api::messages::{
    HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, OffsetCommitRequest, OffsetFetchRequest,
    SyncGroupRequest,
};
use protocol::api::{Decodable, ErrorCode, GroupId, HeaderVersion, Request, StrBytes};
use protocol::messages::embedded::{
    ConsumerProtocolAssignment, ConsumerProtocolAssignmentTopicPartition, ConsumerProtocolSubscription,
};
use tokio::time::Instant;

use crate::admin::group_offsets::{CommittedOffset, GroupOffsets, topic_name, topics_to_commit};
use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;

/// How the other members know what the bytes mean.
const PROTOCOL_TYPE: &str = "consumer";
/// The assignor that every client has.
const ASSIGNOR: &str = "range";
/// After so long without a sign of life a member is taken for dead.
const SESSION_TIMEOUT_MS: i32 = 45_000;
/// So long members may take to come back when partitions are dealt out anew.
const REBALANCE_TIMEOUT_MS: i32 = 60_000;
/// Version of what is said inside of JoinGroup and SyncGroup.
const EMBEDDED_VERSION: i16 = 1;
/// The newest versions that name one group, and topics by name.
const OFFSET_FETCH_VERSION: i16 = 7;
const OFFSET_COMMIT_VERSION: i16 = 8;

/// Offsets by topic and partition.
pub type PartitionOffsets = BTreeMap<(String, i32), i64>;

/// A member of a group. It has a client of its own, as a coordinator answers late on purpose.
#[derive(Debug)]
pub struct Member {
    client: Client,
    group: String,
    topics: Vec<String>,
    member_id: StrBytes,
    generation: i32,
    coordinator: i32,
}

impl Member {
    /// One that wants these topics; it is not in the group yet.
    pub fn new(client: Client, group: &str, topics: Vec<String>) -> Self {
        Self {
            client,
            group: group.to_owned(),
            topics,
            member_id: StrBytes::default(),
            generation: -1,
            coordinator: -1,
        }
    }

    fn group_id(&self) -> GroupId {
        GroupId(StrBytes::from_string(self.group.clone()))
    }

    fn refusal(&self, code: i16) -> ClientError {
        ClientError::rejected(format!("group {}", self.group), code, None)
    }

    async fn ask<R: Request>(&self, request: &R, newest: i16, wait: Duration) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        let connection = self.client.broker(self.coordinator).await?;
        let version = connection.version_up_to::<R>(newest)?;
        let deadline = self.client.deadline().max(Instant::now() + wait);
        connection.exchange(version, request, deadline).await
    }

    /// Joins, or joins again when partitions are dealt out anew; the partitions that are its own until the next time.
    pub async fn join(&mut self) -> Result<BTreeSet<(String, i32)>, ClientError> {
        let mut backoff = Backoff::new(self.client.deadline());
        loop {
            let error = match self.join_once().await {
                Ok(assigned) => return Ok(assigned),
                Err(error) => error,
            };
            match error.code() {
                // Others come or go: nothing is wrong.
                Some(ErrorCode::RebalanceInProgress) => {}
                Some(ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration) => {
                    self.member_id = StrBytes::default();
                    backoff = Backoff::new(self.client.deadline());
                }
                _ => backoff.again(error).await?,
            }
        }
    }

    async fn join_once(&mut self) -> Result<BTreeSet<(String, i32)>, ClientError> {
        self.coordinator = self.client.coordinator(&self.group).await?;
        let mut joined = self.send_join().await?;
        if joined.error_code == ErrorCode::MemberIdRequired.code() {
            // The coordinator has given a name, to be used the second time (KIP-394).
            self.member_id = joined.member_id.clone();
            joined = self.send_join().await?;
        }
        if joined.error_code != 0 {
            return Err(self.refusal(joined.error_code));
        }
        self.member_id = joined.member_id.clone();
        self.generation = joined.generation_id;
        let assignments = if joined.leader == joined.member_id {
            self.deal_out(&joined).await?
        } else {
            Vec::new()
        };
        let request = SyncGroupRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(self.generation)
            .with_member_id(self.member_id.clone())
            .with_protocol_type(Some(StrBytes::from_static_str(PROTOCOL_TYPE)))
            .with_protocol_name(Some(StrBytes::from_static_str(ASSIGNOR)))
            .with_assignments(assignments);
        let wait = Duration::from_millis(REBALANCE_TIMEOUT_MS as u64);
        let synced = self.ask(&request, i16::MAX, wait).await?;
        if synced.error_code != 0 {
            return Err(self.refusal(synced.error_code));
        }
        let assigned = assignment_of(&synced.assignment).map_err(|reason| self.malformed(reason))?;
        Ok(assigned)
    }

    fn malformed(&self, reason: String) -> ClientError {
        ClientError::Malformed {
            address: format!("group {}", self.group),
            reason,
        }
    }

    async fn send_join(&self) -> Result<JoinGroupResponse, ClientError> {
        let subscription = ConsumerProtocolSubscription {
            topics: self.topics.clone(),
            ..ConsumerProtocolSubscription::default()
        };
        let mut metadata = EMBEDDED_VERSION.to_be_bytes().to_vec();
        subscription
            .encode(EMBEDDED_VERSION, &mut metadata)
            .map_err(|error| self.malformed(error.to_string()))?;
        let range = JoinGroupRequestProtocol::default()
            .with_name(StrBytes::from_static_str(ASSIGNOR))
            .with_metadata(metadata.into());
        let request = JoinGroupRequest::default()
            .with_group_id(self.group_id())
            .with_session_timeout_ms(SESSION_TIMEOUT_MS)
            .with_rebalance_timeout_ms(REBALANCE_TIMEOUT_MS)
            .with_member_id(self.member_id.clone())
            .with_protocol_type(StrBytes::from_static_str(PROTOCOL_TYPE))
            .with_protocols(vec![range]);
        let wait = Duration::from_millis(2 * REBALANCE_TIMEOUT_MS as u64);
        self.ask(&request, i16::MAX, wait).await
    }

    /// What each member gets; the leader of the group decides.
    async fn deal_out(&self, joined: &JoinGroupResponse) -> Result<Vec<SyncGroupRequestAssignment>, ClientError> {
        let mut wanted = BTreeMap::new();
        for member in &joined.members {
            let topics = subscription_of(&member.metadata).map_err(|reason| self.malformed(reason))?;
            wanted.insert(member.member_id.to_string(), topics);
        }
        let topics: BTreeSet<&String> = wanted.values().flatten().collect();
        let mut counts = BTreeMap::new();
        for topic in topics {
            match self.client.partition_count(topic).await {
                Ok(count) => drop(counts.insert(topic.clone(), count as i32)),
                // A topic that another member wants and that is not there has no partitions.
                Err(error) if error.code() == Some(ErrorCode::UnknownTopicOrPartition) => {}
                Err(error) => return Err(error),
            }
        }
        let mut out = Vec::new();
        for (member, topics) in ranges(&wanted, &counts) {
            let assigned = topics
                .into_iter()
                .map(|(topic, partitions)| ConsumerProtocolAssignmentTopicPartition {
                    topic,
                    partitions,
                    ..ConsumerProtocolAssignmentTopicPartition::default()
                });
            let assignment = ConsumerProtocolAssignment {
                assigned_partitions: assigned.collect(),
                ..ConsumerProtocolAssignment::default()
            };
            let mut bytes = EMBEDDED_VERSION.to_be_bytes().to_vec();
            assignment
                .encode(EMBEDDED_VERSION, &mut bytes)
                .map_err(|error| self.malformed(error.to_string()))?;
            let member = SyncGroupRequestAssignment::default()
                .with_member_id(StrBytes::from_string(member))
                .with_assignment(bytes.into());
            out.push(member);
        }
        Ok(out)
    }

    /// Gives a sign of life; false if it has to join again.
    pub async fn heartbeat(&mut self) -> Result<bool, ClientError> {
        let request = HeartbeatRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id(self.generation)
            .with_member_id(self.member_id.clone());
        match self.ask(&request, i16::MAX, Duration::ZERO).await {
            Ok(response) if response.error_code == 0 => Ok(true),
            Ok(response) => {
                let error = self.refusal(response.error_code);
                let is_over = is_end_of_generation(&error) || error.is_retriable();
                if is_over { Ok(false) } else { Err(error) }
            }
            Err(error) if error.is_retriable() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What the group has committed of these partitions.
    pub async fn committed(&self, partitions: &BTreeSet<(String, i32)>) -> Result<PartitionOffsets, ClientError> {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in partitions {
            topics.entry(topic).or_default().push(*partition);
        }
        let topics = topics.into_iter().map(|(topic, partitions)| {
            OffsetFetchRequestTopic::default()
                .with_name(topic_name(topic))
                .with_partition_indexes(partitions)
        });
        let request = OffsetFetchRequest::default()
            .with_group_id(self.group_id())
            .with_topics(Some(topics.collect()));
        let response = self.ask(&request, OFFSET_FETCH_VERSION, Duration::ZERO).await?;
        if response.error_code != 0 {
            return Err(self.refusal(response.error_code));
        }
        let mut offsets = PartitionOffsets::new();
        for topic in response.topics {
            for p in topic.partitions {
                if p.error_code != 0 {
                    return Err(self.refusal(p.error_code));
                }
                if p.committed_offset >= 0 {
                    offsets.insert((topic.name.to_string(), p.partition_index), p.committed_offset);
                }
            }
        }
        Ok(offsets)
    }

    /// Commits offsets, with whoever coordinates the group by then; false if the group has dealt out anew in between, so
    /// that they are no business of this member any more.
    pub async fn commit(&mut self, offsets: &PartitionOffsets) -> Result<bool, ClientError> {
        let mut backoff = Backoff::new(self.client.deadline());
        loop {
            match self.commit_once(offsets).await {
                Ok(()) => return Ok(true),
                Err(error) if is_end_of_generation(&error) => return Ok(false),
                Err(error) => backoff.again(error).await?,
            }
            self.coordinator = self.client.coordinator(&self.group).await?;
        }
    }

    async fn commit_once(&self, offsets: &PartitionOffsets) -> Result<(), ClientError> {
        if offsets.is_empty() {
            return Ok(());
        }
        let offsets: GroupOffsets = offsets
            .iter()
            .map(|(key, offset)| (key.clone(), CommittedOffset::at(*offset)))
            .collect();
        let request = OffsetCommitRequest::default()
            .with_group_id(self.group_id())
            .with_generation_id_or_member_epoch(self.generation)
            .with_member_id(self.member_id.clone())
            .with_topics(topics_to_commit(&offsets));
        let response = self.ask(&request, OFFSET_COMMIT_VERSION, Duration::ZERO).await?;
        let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
        match partitions.find(|partition| partition.error_code != 0) {
            Some(partition) => Err(self.refusal(partition.error_code)),
            None => Ok(()),
        }
    }

    /// Leaves the group, so that the others need not wait for the end of the session.
    pub async fn leave(self) -> Result<(), ClientError> {
        let member = MemberIdentity::default().with_member_id(self.member_id.clone());
        let request = LeaveGroupRequest::default().with_group_id(self.group_id());
        let connection = self.client.broker(self.coordinator).await?;
        // Versions before the third name one member.
        let request = if connection.version_of::<LeaveGroupRequest>()? >= 3 {
            request.with_members(vec![member])
        } else {
            request.with_member_id(self.member_id.clone())
        };
        match self.ask(&request, i16::MAX, Duration::ZERO).await?.error_code {
            0 => Ok(()),
            code => Err(self.refusal(code)),
        }
    }
}

/// Whether partitions are being dealt out anew, or have been without this member.
fn is_end_of_generation(error: &ClientError) -> bool {
    matches!(
        error.code(),
        Some(ErrorCode::RebalanceInProgress | ErrorCode::IllegalGeneration | ErrorCode::UnknownMemberId)
    )
}

/// The version in front, as far as it is known here, and the rest.
fn embedded(bytes: &Bytes) -> Result<(i16, &[u8]), String> {
    let (version, rest) = bytes
        .split_first_chunk::<2>()
        .ok_or_else(|| "a member's bytes are cut short".to_owned())?;
    Ok((i16::from_be_bytes(*version), rest))
}

fn subscription_of(bytes: &Bytes) -> Result<Vec<String>, String> {
    let (version, rest) = embedded(bytes)?;
    let version = version.min(ConsumerProtocolSubscription::MAX_VERSION);
    let subscription = ConsumerProtocolSubscription::decode(rest, version).map_err(|error| error.to_string())?;
    Ok(subscription.topics)
}

fn assignment_of(bytes: &Bytes) -> Result<BTreeSet<(String, i32)>, String> {
    if bytes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (version, rest) = embedded(bytes)?;
    let version = version.min(ConsumerProtocolAssignment::MAX_VERSION);
    let assignment = ConsumerProtocolAssignment::decode(rest, version).map_err(|error| error.to_string())?;
    let topics = assignment.assigned_partitions.into_iter();
    Ok(topics
        .flat_map(|topic| {
            let name = topic.topic;
            topic
                .partitions
                .into_iter()
                .map(move |partition| (name.clone(), partition))
        })
        .collect())
}

/// Deals out each topic's partitions in ranges, the first members getting one more where they do not come out even.
fn ranges(
    wanted: &BTreeMap<String, Vec<String>>,
    counts: &BTreeMap<String, i32>,
) -> BTreeMap<String, BTreeMap<String, Vec<i32>>> {
    let mut out: BTreeMap<String, BTreeMap<String, Vec<i32>>> =
        wanted.keys().map(|member| (member.clone(), BTreeMap::new())).collect();
    for (topic, count) in counts {
        let members: Vec<&String> = wanted
            .iter()
            .filter(|(_, topics)| topics.contains(topic))
            .map(|(member, _)| member)
            .collect();
        let many = members.len() as i32;
        let mut next = 0;
        for (at, member) in members.into_iter().enumerate() {
            let share = count / many + i32::from((at as i32) < count % many);
            if share > 0
                && let Some(assigned) = out.get_mut(member)
            {
                assigned.insert(topic.clone(), (next..next + share).collect());
            }
            next += share;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_javas_range_assignor() {
        let wanted = [("a", vec!["t", "u"]), ("b", vec!["t"]), ("c", vec!["t"])];
        let wanted: BTreeMap<String, Vec<String>> = wanted
            .into_iter()
            .map(|(member, topics)| (member.to_owned(), topics.into_iter().map(str::to_owned).collect()))
            .collect();
        let counts = [("t".to_owned(), 7), ("u".to_owned(), 1)].into();
        let dealt = ranges(&wanted, &counts);
        assert_eq!(dealt["a"]["t"], [0, 1, 2]);
        assert_eq!(dealt["a"]["u"], [0]);
        assert_eq!(dealt["b"]["t"], [3, 4]);
        assert_eq!(dealt["c"]["t"], [5, 6]);
        let few = ranges(&wanted, &[("t".to_owned(), 2)].into());
        assert!(few["c"].is_empty(), "who gets nothing is told so");
    }

    #[test]
    fn bytes_of_members_are_read_or_refused() {
        assert!(subscription_of(&Bytes::from_static(&[0])).is_err());
        assert!(assignment_of(&Bytes::from_static(&[0, 0, 0, 0, 0, 9])).is_err());
        assert!(assignment_of(&Bytes::new()).unwrap().is_empty());
    }
}
