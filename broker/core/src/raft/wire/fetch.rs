//! Fetch (1) of the metadata log, versions 17 and 18. Version 17 names the follower's directory (KIP-853), version 18 tells
//! its high watermark (KIP-1166). Fetch sessions are not for the quorum.

use bytes::Bytes;
use protocol::Uuid;
use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use protocol::api::messages::{FetchRequest as Asked, FetchResponse, fetch_response};
use protocol::api::{BrokerId, ErrorCode};
use protocol::files::SnapshotId;

use super::super::message::{Body, FetchRequest, Fetched, ReplicaKey, Request, Response};
use super::parts::{self, Head, is_epoch, require};
use super::{Answer, AnswerError, Identity};

pub(super) const VERSION_MIN: i16 = 17;
/// Of `__cluster_metadata`, whose name these versions do not have.
const TOPIC_ID: Uuid = Uuid::ONE;
/// Bytes of records asked for at a time. A leader sends one batch even if it is larger.
const MAX_BYTES: i32 = 8 << 20;

pub(super) fn request(fetch: &FetchRequest, own: &Identity) -> Asked {
    let partition = FetchPartition::default()
        .with_partition(parts::PARTITION)
        .with_current_leader_epoch(fetch.epoch)
        .with_fetch_offset(fetch.fetch_offset)
        .with_last_fetched_epoch(fetch.last_fetched_epoch)
        .with_replica_directory_id(fetch.replica.directory_id.into())
        .with_high_watermark(fetch.high_watermark);
    let topic = FetchTopic::default()
        .with_topic_id(TOPIC_ID.into())
        .with_partitions(vec![partition]);
    Asked::default()
        .with_cluster_id(parts::cluster_id(own))
        .with_replica_state(ReplicaState::default().with_replica_id(BrokerId(fetch.replica.id)))
        .with_max_wait_ms(fetch.max_wait_ms)
        .with_max_bytes(MAX_BYTES)
        .with_topics(vec![topic])
}

pub(super) fn read(asked: &Asked, own: &Identity) -> Result<Request, FetchResponse> {
    let read = checked(asked, own);
    read.map_err(|error| FetchResponse::default().with_error_code(error.code()))
}

fn checked(asked: &Asked, own: &Identity) -> Result<Request, ErrorCode> {
    parts::check_cluster(asked.cluster_id.as_ref(), own)?;
    let topic = parts::only(&asked.topics).filter(|topic| Uuid::from(topic.topic_id) == TOPIC_ID);
    let partition = topic.and_then(|topic| parts::only(&topic.partitions));
    let partition = partition.filter(|partition| partition.partition == parts::PARTITION);
    let partition = partition.ok_or(ErrorCode::InvalidRequest)?;
    let fetch = FetchRequest {
        replica: ReplicaKey {
            id: asked.replica_state.replica_id.0.max(-1),
            directory_id: partition.replica_directory_id.into(),
        },
        epoch: partition.current_leader_epoch,
        fetch_offset: partition.fetch_offset,
        last_fetched_epoch: partition.last_fetched_epoch,
        high_watermark: partition.high_watermark,
        max_wait_ms: asked.max_wait_ms,
    };
    require(is_epoch(fetch.epoch) && fetch.fetch_offset >= 0 && fetch.max_wait_ms >= 0)?;
    require((0..=fetch.epoch).contains(&fetch.last_fetched_epoch))?;
    Ok(Request::Fetch(fetch))
}

pub(super) fn response(response: &Response, fetched: &Fetched, listener: &str) -> FetchResponse {
    let leader = fetch_response::LeaderIdAndEpoch::default()
        .with_leader_id(parts::leader_id(response))
        .with_leader_epoch(response.leader_epoch);
    let mut partition = fetch_response::PartitionData::default()
        .with_partition_index(parts::PARTITION)
        .with_error_code(parts::code(response.error))
        .with_high_watermark(fetched.high_watermark)
        .with_log_start_offset(fetched.log_start_offset)
        .with_current_leader(leader)
        .with_records(Some(fetched.records.clone()));
    if let Some((epoch, end_offset)) = fetched.diverging {
        partition.diverging_epoch.epoch = epoch;
        partition.diverging_epoch.end_offset = end_offset;
    }
    if let Some(snapshot) = fetched.snapshot {
        partition.snapshot_id.epoch = snapshot.epoch;
        partition.snapshot_id.end_offset = snapshot.end_offset;
    }
    let topic = fetch_response::FetchableTopicResponse::default()
        .with_topic_id(TOPIC_ID.into())
        .with_partitions(vec![partition]);
    let nodes = parts::leader_node(response, listener).map(|(id, host, port)| {
        fetch_response::NodeEndpoint::default()
            .with_node_id(id)
            .with_host(host)
            .with_port(port.into())
    });
    FetchResponse::default()
        .with_responses(vec![topic])
        .with_node_endpoints(nodes.into_iter().collect())
}

impl Answer for FetchResponse {
    fn read(&self, own: &Identity) -> Result<Response, AnswerError> {
        if let Some(error) = ErrorCode::try_from_code(self.error_code) {
            let nothing = Fetched {
                high_watermark: -1,
                log_start_offset: -1,
                ..Fetched::default()
            };
            return Ok(parts::failed(error, Body::Fetch(nothing)));
        }
        let topic = parts::only(&self.responses).filter(|topic| Uuid::from(topic.topic_id) == TOPIC_ID);
        let partition = topic.and_then(|topic| parts::only(&topic.partitions));
        let partition = partition.filter(|partition| partition.partition_index == parts::PARTITION);
        let partition = partition.ok_or(AnswerError::OtherPartition)?;
        let leader = &partition.current_leader;
        if partition.error_code == 0 && leader.leader_id.0 < 0 {
            return Err(AnswerError::NoLeader);
        }
        let head = Head {
            error_code: partition.error_code,
            leader_id: leader.leader_id,
            leader_epoch: leader.leader_epoch,
            nodes: self
                .node_endpoints
                .iter()
                .map(|node| (node.node_id, &node.host, node.port.into())),
        };
        let fetched = Fetched {
            high_watermark: partition.high_watermark,
            log_start_offset: partition.log_start_offset,
            records: partition.records.clone().unwrap_or_else(Bytes::new),
            diverging: diverging(partition)?,
            snapshot: snapshot(partition)?,
        };
        head.response(own, Body::Fetch(fetched))
    }
}

fn diverging(partition: &fetch_response::PartitionData) -> Result<Option<(i32, i64)>, AnswerError> {
    let (epoch, end_offset) = (partition.diverging_epoch.epoch, partition.diverging_epoch.end_offset);
    match (epoch, end_offset) {
        (-1, -1) => Ok(None),
        (..0, _) => Err(parts::field("diverging epoch", epoch)),
        (_, ..0) => Err(parts::field("diverging end offset", end_offset)),
        _ => Ok(Some((epoch, end_offset))),
    }
}

fn snapshot(partition: &fetch_response::PartitionData) -> Result<Option<SnapshotId>, AnswerError> {
    let (end_offset, epoch) = (partition.snapshot_id.end_offset, partition.snapshot_id.epoch);
    match (end_offset, epoch) {
        (-1, -1) => Ok(None),
        (..0, _) => Err(parts::field("snapshot's end offset", end_offset)),
        (_, ..0) => Err(parts::field("snapshot's epoch", epoch)),
        _ => Ok(Some(SnapshotId { end_offset, epoch })),
    }
}
