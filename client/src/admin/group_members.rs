//! Groups with their members, in one form for all types.

use std::collections::BTreeMap;

use protocol::api::messages::consumer_group_describe_response as consumer;
use protocol::api::messages::describe_groups_response as classic;
use protocol::api::messages::leave_group_request::MemberIdentity;
use protocol::api::messages::share_group_describe_response as share;
use protocol::api::messages::{
    ConsumerGroupDescribeRequest, DescribeGroupsRequest, LeaveGroupRequest, ShareGroupDescribeRequest,
};
use protocol::api::streams_group::StreamsGroupDescribeRequest;
use protocol::api::{ErrorCode, StrBytes, TopicName};
use protocol::messages::framing::decode_consumer_assignment;

use crate::admin::coordinators::{Answers, group_id, lacking, named};
use crate::admin::groups::{GroupFilter, GroupType, ListedGroup};
use crate::admin::streams_members as streams;
use crate::cluster::Client;
use crate::error::ClientError;
use crate::sharded::Sharded;

/// First version of LeaveGroup by which others than the member itself can remove it (KIP-345).
const LEAVE_OF_OTHERS_FROM: i16 = 3;
/// `member_type` of members of a consumer group that speak the classic protocol.
const CLASSIC_MEMBER: i8 = 0;

/// Partitions by topic.
pub type TopicPartitions = BTreeMap<String, Vec<i32>>;

/// A group and who is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDescription {
    /// Its id.
    pub id: String,
    /// Its type.
    pub kind: GroupType,
    /// Where it is in its life, in Kafka's words.
    pub state: String,
    /// The broker that coordinates it.
    pub coordinator: i32,
    /// Who or what assigns partitions: the protocol that members agreed on, or the coordinator's assignor.
    pub assignor: String,
    /// The group's epoch, where the type has one.
    pub epoch: Option<i32>,
    /// The epoch of the assignment that is aimed at.
    pub target_epoch: Option<i32>,
    /// Its members, in the order of their ids.
    pub members: Vec<GroupMember>,
    /// Whether that is all of them: of streams groups, brokers that describe none leave it open, unless they are empty.
    pub members_told: bool,
}

/// A member of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupMember {
    /// Its id, which the coordinator or the member itself made.
    pub id: String,
    /// The name it keeps from one life to the next, if it has one.
    pub instance_id: Option<String>,
    /// What its client calls itself.
    pub client_id: String,
    /// Where it is.
    pub host: String,
    /// Its epoch, where the type has one.
    pub epoch: Option<i32>,
    /// Whether it speaks the classic protocol.
    pub is_classic: bool,
    /// What it reads.
    pub assignment: TopicPartitions,
    /// What it is to read, where the coordinator decides that.
    pub target: Option<TopicPartitions>,
    /// Its tasks, if it is Kafka Streams.
    pub tasks: Option<StreamsTasks>,
}

/// Tasks of a member of a streams group: partitions by subtopology.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamsTasks {
    /// Those it works on.
    pub active: TopicPartitions,
    /// Those whose state it keeps for whoever works on them.
    pub standby: TopicPartitions,
    /// Those whose state it is building up, to work on them.
    pub warmup: TopicPartitions,
}

impl Client {
    /// Groups of known types with their members, in the order of their ids.
    pub async fn describe_groups(&self, groups: &BTreeMap<String, GroupType>) -> Sharded<GroupDescription> {
        let mut results = Sharded::default();
        for kind in GroupType::ALL {
            let names: Vec<String> = groups
                .iter()
                .filter(|(_, of)| **of == kind)
                .map(|(group, _)| group.clone())
                .collect();
            if names.is_empty() {
                continue;
            }
            let described = match kind {
                GroupType::Classic => self.ask_coordinators(&names, |at, names| self.classic(at, names)).await,
                GroupType::Consumer => {
                    self.ask_coordinators(&names, |at, names| self.consumer(at, names))
                        .await
                }
                GroupType::Share => self.ask_coordinators(&names, |at, names| self.share(at, names)).await,
                GroupType::Streams => self.ask_coordinators(&names, |at, names| self.streams(at, names)).await,
            };
            results.ok.extend(described.ok.into_iter().map(|(_, group)| group));
            results.errors.extend(described.errors);
        }
        results.ok.sort_by(|a, b| a.id.cmp(&b.id));
        results
    }

    /// A group of a known type with its members.
    pub async fn describe_group(&self, group: &str, kind: GroupType) -> Result<GroupDescription, ClientError> {
        let described = self.describe_groups(&BTreeMap::from([(group.to_owned(), kind)])).await;
        let found = described.into_result()?.into_iter().next();
        found.ok_or_else(|| lacking("the coordinator", &named(group)))
    }

    async fn classic(&self, at: i32, groups: Vec<String>) -> Result<Answers<GroupDescription>, ClientError> {
        let ids = groups.iter().map(|group| group_id(group)).collect();
        let request = DescribeGroupsRequest::default().with_groups(ids);
        let response = self.send_to(at, &request).await?;
        let answer = |group: classic::DescribedGroup| {
            let id = group.group_id.to_string();
            // Before version 6, a group that nobody knows is answered as one that is dead.
            let code = match group.error_code {
                0 if &*group.group_state == "Dead" => ErrorCode::GroupIdNotFound.code(),
                code => code,
            };
            let message = group.error_message.as_deref().filter(|_| group.error_code != 0);
            let known = checked(&id, code, message);
            (id, known.map(|()| of_classic(at, &group)))
        };
        Ok(response.groups.into_iter().map(answer).collect())
    }

    async fn consumer(&self, at: i32, groups: Vec<String>) -> Result<Answers<GroupDescription>, ClientError> {
        let ids = groups.iter().map(|group| group_id(group)).collect();
        let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids);
        let response = self.send_to(at, &request).await?;
        let answer = |group: consumer::DescribedGroup| {
            let known = checked(&group.group_id, group.error_code, group.error_message.as_deref());
            (group.group_id.to_string(), known.map(|()| of_consumer(at, &group)))
        };
        Ok(response.groups.into_iter().map(answer).collect())
    }

    async fn share(&self, at: i32, groups: Vec<String>) -> Result<Answers<GroupDescription>, ClientError> {
        let ids = groups.iter().map(|group| group_id(group)).collect();
        let request = ShareGroupDescribeRequest::default().with_group_ids(ids);
        let response = self.send_to(at, &request).await?;
        let answer = |group: share::DescribedGroup| {
            let known = checked(&group.group_id, group.error_code, group.error_message.as_deref());
            (group.group_id.to_string(), known.map(|()| of_share(at, &group)))
        };
        Ok(response.groups.into_iter().map(answer).collect())
    }

    async fn streams(&self, at: i32, groups: Vec<String>) -> Result<Answers<GroupDescription>, ClientError> {
        let broker = self.broker(at).await?;
        if broker.version_of::<StreamsGroupDescribeRequest>().is_err() {
            return self.listed_streams(at, groups).await;
        }
        let request = StreamsGroupDescribeRequest {
            group_ids: groups,
            ..StreamsGroupDescribeRequest::default()
        };
        let response = broker.send(&request, self.deadline()).await?;
        let answer = |group: streams::DescribedGroup| {
            let known = checked(&group.group_id, group.error_code, group.error_message.as_deref());
            (group.group_id.clone(), known.map(|()| streams::description(at, &group)))
        };
        Ok(response.groups.into_iter().map(answer).collect())
    }

    /// What lists of groups have, where nothing else is told of streams groups.
    async fn listed_streams(&self, at: i32, groups: Vec<String>) -> Result<Answers<GroupDescription>, ClientError> {
        let filter = GroupFilter {
            types: vec![GroupType::Streams],
            ..GroupFilter::default()
        };
        let listed = self.groups_of(at, &filter).await?;
        let answer = |group: String| {
            let found = listed.iter().find(|listed| listed.id == group);
            let answer = found.map(of_listed).ok_or_else(|| {
                let code = ErrorCode::GroupIdNotFound.code();
                ClientError::rejected(named(&group), code, None)
            });
            (group, answer)
        };
        Ok(groups.into_iter().map(answer).collect())
    }

    /// Removes members that speak the classic protocol from a group; what became of each, by its id. One that is gone
    /// already is no failure.
    pub async fn remove_members(
        &self,
        group: &str,
        members: &[GroupMember],
        reason: &str,
    ) -> Result<Vec<(String, Result<(), ClientError>)>, ClientError> {
        let coordinator = self.coordinator(group).await?;
        let broker = self.broker(coordinator).await?;
        let version = broker.version_of::<LeaveGroupRequest>()?;
        if version < LEAVE_OF_OTHERS_FROM {
            let message = Some("its version of LeaveGroup removes nobody else");
            return Err(ClientError::rejected(
                broker.address(),
                ErrorCode::UnsupportedVersion.code(),
                message,
            ));
        }
        let text = |text: &String| StrBytes::from_string(text.clone());
        let leaving = members.iter().map(|member| {
            let identity = MemberIdentity::default()
                .with_member_id(text(&member.id))
                .with_group_instance_id(member.instance_id.as_ref().map(text));
            // From version 5 on, the coordinator's log tells why.
            if version >= 5 {
                identity.with_reason(Some(StrBytes::from_string(reason.to_owned())))
            } else {
                identity
            }
        });
        let request = LeaveGroupRequest::default()
            .with_group_id(group_id(group))
            .with_members(leaving.collect());
        let response = broker.exchange(version, &request, self.deadline()).await?;
        checked(group, response.error_code, None)?;
        let gone = ErrorCode::UnknownMemberId.code();
        let left = response.members.into_iter().map(|member| {
            let id = member.member_id.to_string();
            let result = match member.error_code {
                0 => Ok(()),
                code if code == gone => Ok(()),
                code => Err(ClientError::rejected(format!("member {id}"), code, None)),
            };
            (id, result)
        });
        Ok(left.collect())
    }
}

fn checked(group: &str, code: i16, message: Option<&str>) -> Result<(), ClientError> {
    match code {
        0 => Ok(()),
        code => Err(ClientError::rejected(named(group), code, message)),
    }
}

fn of_classic(coordinator: i32, group: &classic::DescribedGroup) -> GroupDescription {
    // Assignments of protocols other than consumer's are not looked into.
    let is_consumer = &*group.protocol_type == "consumer";
    let member = |member: &classic::DescribedGroupMember| {
        let decoded = decode_consumer_assignment(&member.member_assignment).ok();
        let assigned = decoded.filter(|_| is_consumer).map(|found| found.assigned_partitions);
        let assigned = assigned.unwrap_or_default().into_iter();
        GroupMember {
            id: member.member_id.to_string(),
            instance_id: member.group_instance_id.as_ref().map(ToString::to_string),
            client_id: member.client_id.to_string(),
            host: member.client_host.to_string(),
            is_classic: true,
            assignment: sorted(assigned.map(|topic| (topic.topic, topic.partitions))),
            ..GroupMember::default()
        }
    };
    GroupDescription {
        id: group.group_id.to_string(),
        kind: GroupType::Classic,
        state: group.group_state.to_string(),
        coordinator,
        assignor: group.protocol_data.to_string(),
        epoch: None,
        target_epoch: None,
        members: in_order(group.members.iter().map(member)),
        members_told: true,
    }
}

fn of_consumer(coordinator: i32, group: &consumer::DescribedGroup) -> GroupDescription {
    let assigned = |assignment: &consumer::Assignment| {
        let topics = assignment.topic_partitions.iter();
        sorted(topics.map(|topic| (name(&topic.topic_name), topic.partitions.clone())))
    };
    let member = |member: &consumer::Member| GroupMember {
        id: member.member_id.to_string(),
        instance_id: member.instance_id.as_ref().map(ToString::to_string),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        epoch: Some(member.member_epoch),
        is_classic: member.member_type == CLASSIC_MEMBER,
        assignment: assigned(&member.assignment),
        target: Some(assigned(&member.target_assignment)),
        tasks: None,
    };
    GroupDescription {
        id: group.group_id.to_string(),
        kind: GroupType::Consumer,
        state: group.group_state.to_string(),
        coordinator,
        assignor: group.assignor_name.to_string(),
        epoch: Some(group.group_epoch),
        target_epoch: Some(group.assignment_epoch),
        members: in_order(group.members.iter().map(member)),
        members_told: true,
    }
}

fn of_share(coordinator: i32, group: &share::DescribedGroup) -> GroupDescription {
    let member = |member: &share::Member| {
        let topics = member.assignment.topic_partitions.iter();
        GroupMember {
            id: member.member_id.to_string(),
            client_id: member.client_id.to_string(),
            host: member.client_host.to_string(),
            epoch: Some(member.member_epoch),
            assignment: sorted(topics.map(|topic| (name(&topic.topic_name), topic.partitions.clone()))),
            ..GroupMember::default()
        }
    };
    GroupDescription {
        id: group.group_id.to_string(),
        kind: GroupType::Share,
        state: group.group_state.to_string(),
        coordinator,
        assignor: group.assignor_name.to_string(),
        epoch: Some(group.group_epoch),
        target_epoch: Some(group.assignment_epoch),
        members: in_order(group.members.iter().map(member)),
        members_told: true,
    }
}

fn of_listed(group: &ListedGroup) -> GroupDescription {
    GroupDescription {
        id: group.id.clone(),
        kind: GroupType::Streams,
        state: group.state.clone(),
        coordinator: group.coordinator,
        assignor: String::new(),
        epoch: None,
        target_epoch: None,
        members: Vec::new(),
        members_told: matches!(group.state.as_str(), "Empty" | "Dead"),
    }
}

fn name(topic: &TopicName) -> String {
    topic.to_string()
}

pub(super) fn sorted(topics: impl Iterator<Item = (String, Vec<i32>)>) -> TopicPartitions {
    let mut sorted = TopicPartitions::new();
    for (topic, partitions) in topics {
        sorted.entry(topic).or_default().extend(partitions);
    }
    for partitions in sorted.values_mut() {
        partitions.sort_unstable();
    }
    sorted
}

pub(super) fn in_order(members: impl Iterator<Item = GroupMember>) -> Vec<GroupMember> {
    let mut members: Vec<GroupMember> = members.collect();
    members.sort_by(|a, b| a.id.cmp(&b.id));
    members
}
