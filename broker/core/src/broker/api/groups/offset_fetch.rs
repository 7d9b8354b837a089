//! OffsetFetch (key 9), versions 1 to 9; several groups at once from version 8 (KIP-709).

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::api::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use protocol::api::messages::{OffsetFetchRequest, OffsetFetchResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode, StrBytes, TopicName};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};
use crate::groups::CommittedOffset;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::OffsetFetch, 1, 9);

/// First version that asks for several groups.
const BATCHED_FROM: i16 = 8;
/// First version whose answer has an error of its own.
const ERROR_FROM: i16 = 2;
/// First version that tells leader epochs.
const LEADER_EPOCHS_FROM: i16 = 5;

/// Partitions by topic; none for all.
type Asked = Option<Vec<(TopicName, Vec<i32>)>>;
/// Offsets by topic, none where nothing was committed.
type Found = Vec<(TopicName, Vec<(i32, Option<CommittedOffset>)>)>;

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: OffsetFetchRequest = call.decode()?;
    let version = call.header.api_version;
    let response = if version >= BATCHED_FROM {
        let groups = request.groups.into_iter().map(|group| {
            let topics = group
                .topics
                .map(|topics| topics.into_iter().map(|t| (t.name, t.partition_indexes)).collect());
            let member = Some(group.member_id.unwrap_or_default().to_string()).filter(|member| !member.is_empty());
            let found = find(
                broker,
                call,
                &group.group_id,
                member.map(|m| (m, group.member_epoch)),
                topics,
            );
            answer_group(found).with_group_id(group.group_id)
        });
        OffsetFetchResponse::default().with_groups(groups.collect())
    } else {
        let topics: Asked = request
            .topics
            .map(|topics| topics.into_iter().map(|t| (t.name, t.partition_indexes)).collect());
        answer_one(
            find(broker, call, &request.group_id, None, topics.clone()),
            topics,
            version,
        )
    };
    Ok(call.reply(&response)?.into())
}

fn find(
    broker: &Broker,
    call: &Call,
    group_id: &str,
    member: Option<(String, i32)>,
    topics: Asked,
) -> Result<Found, ErrorCode> {
    let shard = broker.shard_of(group_id)?;
    let mut held = shard.hold(call.now)?;
    let group = held.shard().group(group_id);
    if let Some((member, generation)) = member.filter(|(_, generation)| *generation >= 0) {
        let group = group.ok_or(ErrorCode::UnknownMemberId)?;
        if !group.members.contains_key(&member) {
            return Err(ErrorCode::UnknownMemberId);
        }
        if group.generation != generation {
            return Err(ErrorCode::IllegalGeneration);
        }
    }
    let committed = |topic: &str, partition: i32| group?.offsets.get(&(topic.to_owned(), partition)).cloned();
    if let Some(topics) = topics {
        let found = topics.into_iter().map(|(name, partitions)| {
            let offsets = partitions.into_iter().map(|p| (p, committed(&name, p))).collect();
            (name, offsets)
        });
        return Ok(found.collect());
    }
    let mut all: BTreeMap<&str, Vec<(i32, Option<CommittedOffset>)>> = BTreeMap::new();
    for ((topic, partition), offset) in group.into_iter().flat_map(|group| &group.offsets) {
        all.entry(topic).or_default().push((*partition, Some(offset.clone())));
    }
    Ok(all
        .into_iter()
        .map(|(topic, offsets)| (TopicName(StrBytes::from_string(topic.to_owned())), offsets))
        .collect())
}

fn answer_group(found: Result<Found, ErrorCode>) -> OffsetFetchResponseGroup {
    let topics = match found {
        Ok(topics) => topics,
        Err(error) => return OffsetFetchResponseGroup::default().with_error_code(error.code()),
    };
    let partition = |(index, committed): (i32, Option<CommittedOffset>)| {
        let partition = OffsetFetchResponsePartitions::default().with_partition_index(index);
        match committed {
            None => partition
                .with_committed_offset(-1)
                .with_committed_leader_epoch(-1)
                .with_metadata(Some(StrBytes::default())),
            Some(committed) => partition
                .with_committed_offset(committed.offset)
                .with_committed_leader_epoch(committed.leader_epoch)
                .with_metadata(Some(StrBytes::from_string(committed.metadata))),
        }
    };
    let topic = |(name, offsets): (TopicName, Vec<(i32, Option<CommittedOffset>)>)| {
        OffsetFetchResponseTopics::default()
            .with_partitions(offsets.into_iter().map(partition).collect())
            .with_name(name)
    };
    OffsetFetchResponseGroup::default().with_topics(topics.into_iter().map(topic).collect())
}

fn answer_one(found: Result<Found, ErrorCode>, asked: Asked, version: i16) -> OffsetFetchResponse {
    let (code, topics) = match found {
        Ok(topics) => (0, topics),
        // Before version 2 only partitions carry errors, so they are all named.
        Err(error) => {
            let named = asked.unwrap_or_default().into_iter();
            (
                error.code(),
                named
                    .map(|(name, ps)| (name, ps.into_iter().map(|p| (p, None)).collect()))
                    .collect(),
            )
        }
    };
    let partition = |(index, committed): (i32, Option<CommittedOffset>)| {
        let partition = OffsetFetchResponsePartition::default()
            .with_partition_index(index)
            .with_error_code(code);
        match committed {
            None => partition
                .with_committed_offset(-1)
                .with_committed_leader_epoch(-1)
                .with_metadata(Some(StrBytes::default())),
            Some(committed) => partition
                .with_committed_offset(committed.offset)
                .with_committed_leader_epoch(if version >= LEADER_EPOCHS_FROM {
                    committed.leader_epoch
                } else {
                    -1
                })
                .with_metadata(Some(StrBytes::from_string(committed.metadata))),
        }
    };
    let topic = |(name, offsets): (TopicName, Vec<(i32, Option<CommittedOffset>)>)| {
        OffsetFetchResponseTopic::default()
            .with_partitions(offsets.into_iter().map(partition).collect())
            .with_name(name)
    };
    let response = OffsetFetchResponse::default().with_topics(topics.into_iter().map(topic).collect());
    if version >= ERROR_FROM {
        response.with_error_code(code)
    } else {
        response
    }
}
