//! OffsetCommit (key 8), versions 2 to 9.

use std::sync::Arc;

use protocol::api::messages::offset_commit_request::OffsetCommitRequestTopic;
use protocol::api::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use protocol::api::messages::{OffsetCommitRequest, OffsetCommitResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode};

use crate::broker::Broker;
use crate::broker::coordinator::{PendingWrites, Written};
use crate::broker::topic_names::is_valid;
use crate::call::{Call, Outcome, Served};
use crate::groups::{Change, CommittedOffset, KeyValue, OffsetKey, offset_record};
use crate::reply::Reply;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::OffsetCommit, 2, 9);

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: OffsetCommitRequest = call.decode()?;
    let image = broker.image();
    let metadata_max_bytes = broker.group_settings().metadata_max_bytes;
    let mut commits: Vec<(OffsetKey, CommittedOffset)> = Vec::new();
    let mut refused: Vec<(OffsetKey, ErrorCode)> = Vec::new();
    for topic in &request.topics {
        let known = image.topics().by_name(&topic.name);
        for partition in &topic.partitions {
            let key = (topic.name.to_string(), partition.partition_index);
            let metadata = partition
                .committed_metadata
                .as_ref()
                .map_or(String::new(), ToString::to_string);
            if !is_valid(&topic.name) || known.and_then(|topic| topic.partition(key.1)).is_none() {
                refused.push((key, ErrorCode::UnknownTopicOrPartition));
            } else if metadata.len() > metadata_max_bytes {
                refused.push((key, ErrorCode::OffsetMetadataTooLarge));
            } else {
                let committed = CommittedOffset {
                    offset: partition.committed_offset,
                    leader_epoch: partition.committed_leader_epoch,
                    metadata,
                    commit_timestamp_ms: call.now.wall_ms,
                };
                commits.push((key, committed));
            }
        }
    }
    let written = commit(broker, call, &request, commits);
    let target = call.target();
    Ok(PendingWrites::begin(broker, call, written, move |results| {
        let failed = results.first().copied().flatten();
        let code_of = |key: &OffsetKey| {
            let refused = refused.iter().find(|(known, _)| known == key).map(|(_, code)| *code);
            refused.or(failed).map_or(0, |code| code.code())
        };
        let topics = request.topics.iter().map(|topic| answer(topic, code_of));
        let response = OffsetCommitResponse::default().with_topics(topics.collect());
        target.encode(&response).unwrap_or(Reply::Close)
    }))
}

fn commit(
    broker: &Broker,
    call: &Call,
    request: &OffsetCommitRequest,
    commits: Vec<(OffsetKey, CommittedOffset)>,
) -> Result<Option<Written>, ErrorCode> {
    let group_id = request.group_id.to_string();
    let shard = broker.shard_of(&group_id)?;
    let mut held = shard.hold(call.now)?;
    let generation = request.generation_id_or_member_epoch;
    if held.shard().group(&group_id).is_none() && generation >= 0 {
        return Err(ErrorCode::IllegalGeneration);
    }
    let group = held.shard().group_or_new(&group_id);
    let instance_id = request.group_instance_id.as_deref();
    group.check_commit(&request.member_id, instance_id, generation, call.now.mono)?;
    if commits.is_empty() {
        return Ok(None);
    }
    let record = |(key, committed): &(OffsetKey, CommittedOffset)| offset_record(&group_id, key, Some(committed));
    let records: Vec<KeyValue> = commits
        .iter()
        .map(record)
        .collect::<Result<_, _>>()
        .map_err(|_| ErrorCode::UnknownServerError)?;
    let written = shard.append(&records, call.now)?;
    let due = call.now.mono + broker.commit_timeout();
    held.shard()
        .await_commit(&group_id, written.last_offset(), due, Change::Offsets(commits));
    Ok(Some(written))
}

fn answer(topic: &OffsetCommitRequestTopic, code_of: impl Fn(&OffsetKey) -> i16) -> OffsetCommitResponseTopic {
    let partitions = topic.partitions.iter().map(|partition| {
        let key = (topic.name.to_string(), partition.partition_index);
        OffsetCommitResponsePartition::default()
            .with_partition_index(key.1)
            .with_error_code(code_of(&key))
    });
    OffsetCommitResponseTopic::default()
        .with_partitions(partitions.collect())
        .with_name(topic.name.clone())
}
