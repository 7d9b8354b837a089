//! FetchSnapshot (59), versions 0 and 1. Version 1 names the follower's directory (KIP-853).

use protocol::api::messages::fetch_snapshot_request::{PartitionSnapshot, SnapshotId as AskedId, TopicSnapshot};
use protocol::api::messages::{FetchSnapshotRequest as Asked, FetchSnapshotResponse, fetch_snapshot_response};
use protocol::api::{BrokerId, ErrorCode};
use protocol::files::SnapshotId;

use super::super::message::{Body, FetchSnapshotRequest, ReplicaKey, Request, Response, SnapshotPiece};
use super::parts::{self, Head, require};
use super::{Answer, AnswerError, Identity};

pub(super) fn request(fetch: &FetchSnapshotRequest, own: &Identity) -> Asked {
    let id = AskedId::default()
        .with_end_offset(fetch.snapshot.end_offset)
        .with_epoch(fetch.snapshot.epoch);
    let partition = PartitionSnapshot::default()
        .with_partition(parts::PARTITION)
        .with_current_leader_epoch(fetch.epoch)
        .with_snapshot_id(id)
        .with_position(i64::try_from(fetch.position).unwrap_or(i64::MAX))
        .with_replica_directory_id(fetch.replica.directory_id.into());
    let topic = TopicSnapshot::default()
        .with_name(parts::topic())
        .with_partitions(vec![partition]);
    Asked::default()
        .with_cluster_id(parts::cluster_id(own))
        .with_replica_id(BrokerId(fetch.replica.id))
        .with_max_bytes(i32::try_from(fetch.max_bytes).unwrap_or(i32::MAX))
        .with_topics(vec![topic])
}

pub(super) fn read(asked: &Asked, own: &Identity) -> Result<Request, FetchSnapshotResponse> {
    let refusal = |error: ErrorCode| FetchSnapshotResponse::default().with_error_code(error.code());
    let invalid = || refusal(ErrorCode::InvalidRequest);
    parts::check_cluster(asked.cluster_id.as_ref(), own).map_err(refusal)?;
    let topic = parts::only(&asked.topics).ok_or_else(invalid)?;
    let partition = parts::only(&topic.partitions).ok_or_else(invalid)?;
    let max_bytes = usize::try_from(asked.max_bytes).map_err(|_| invalid())?;
    if !parts::is_topic(&topic.name) || partition.partition != parts::PARTITION {
        return Err(unknown(topic, partition));
    }
    // A leader of the epoch after the last there can be: nobody is ahead of that.
    require(partition.current_leader_epoch < i32::MAX).map_err(refusal)?;
    let asked_id = &partition.snapshot_id;
    Ok(Request::FetchSnapshot(FetchSnapshotRequest {
        replica: ReplicaKey {
            id: asked.replica_id.0.max(-1),
            directory_id: partition.replica_directory_id.into(),
        },
        epoch: partition.current_leader_epoch,
        snapshot: SnapshotId {
            end_offset: asked_id.end_offset,
            epoch: asked_id.epoch,
        },
        // Before the start is as much out of range as past the end.
        position: u64::try_from(partition.position).unwrap_or(u64::MAX),
        max_bytes,
    }))
}

/// Unlike the other requests this one hears what it asked for, and that it is not here.
fn unknown(topic: &TopicSnapshot, partition: &PartitionSnapshot) -> FetchSnapshotResponse {
    let partition = fetch_snapshot_response::PartitionSnapshot::default()
        .with_index(partition.partition)
        .with_error_code(ErrorCode::UnknownTopicOrPartition.code());
    let topic = fetch_snapshot_response::TopicSnapshot::default()
        .with_name(topic.name.clone())
        .with_partitions(vec![partition]);
    FetchSnapshotResponse::default().with_topics(vec![topic])
}

pub(super) fn response(response: &Response, piece: &SnapshotPiece, listener: &str) -> FetchSnapshotResponse {
    let leader = fetch_snapshot_response::LeaderIdAndEpoch::default()
        .with_leader_id(parts::leader_id(response))
        .with_leader_epoch(response.leader_epoch);
    let mut partition = fetch_snapshot_response::PartitionSnapshot::default()
        .with_index(parts::PARTITION)
        .with_error_code(parts::code(response.error))
        .with_current_leader(leader);
    if response.error.is_none() {
        partition.snapshot_id.end_offset = piece.snapshot.end_offset;
        partition.snapshot_id.epoch = piece.snapshot.epoch;
        partition.size = i64::try_from(piece.size_bytes).unwrap_or(i64::MAX);
        partition.position = i64::try_from(piece.position).unwrap_or(i64::MAX);
        partition.unaligned_records = piece.bytes.clone();
    }
    let topic = fetch_snapshot_response::TopicSnapshot::default()
        .with_name(parts::topic())
        .with_partitions(vec![partition]);
    let nodes = parts::leader_node(response, listener).map(|(id, host, port)| {
        fetch_snapshot_response::NodeEndpoint::default()
            .with_node_id(id)
            .with_host(host)
            .with_port(port)
    });
    FetchSnapshotResponse::default()
        .with_topics(vec![topic])
        .with_node_endpoints(nodes.into_iter().collect())
}

impl Answer for FetchSnapshotResponse {
    fn read(&self, own: &Identity) -> Result<Response, AnswerError> {
        if let Some(error) = ErrorCode::try_from_code(self.error_code) {
            return Ok(parts::failed(error, Body::FetchSnapshot(SnapshotPiece::default())));
        }
        let topic = parts::only(&self.topics).filter(|topic| parts::is_topic(&topic.name));
        let partition = topic.and_then(|topic| parts::only(&topic.partitions));
        let partition = partition.filter(|partition| partition.index == parts::PARTITION);
        let partition = partition.ok_or(AnswerError::OtherPartition)?;
        let leader = &partition.current_leader;
        // Where the field is left out it reads like this; nobody leads epoch 0.
        let is_told = (leader.leader_id.0, leader.leader_epoch) != (0, 0);
        if partition.error_code == 0 && (!is_told || leader.leader_id.0 < 0) {
            return Err(AnswerError::NoLeader);
        }
        let head = Head {
            error_code: partition.error_code,
            leader_id: if is_told { leader.leader_id } else { BrokerId(-1) },
            leader_epoch: if is_told { leader.leader_epoch } else { -1 },
            nodes: self
                .node_endpoints
                .iter()
                .map(|node| (node.node_id, &node.host, node.port.into())),
        };
        head.response(own, Body::FetchSnapshot(piece(partition)?))
    }
}

fn piece(partition: &fetch_snapshot_response::PartitionSnapshot) -> Result<SnapshotPiece, AnswerError> {
    let of_id = &partition.snapshot_id;
    let snapshot = SnapshotId {
        end_offset: of_id.end_offset,
        epoch: of_id.epoch,
    };
    let number = |name, value: i64| u64::try_from(value).map_err(|_| parts::field(name, value));
    number("snapshot's end offset", snapshot.end_offset)?;
    number("snapshot's epoch", snapshot.epoch.into())?;
    let piece = SnapshotPiece {
        snapshot,
        size_bytes: number("snapshot's size", partition.size)?,
        position: number("position in the snapshot", partition.position)?,
        bytes: partition.unaligned_records.clone(),
    };
    let end = piece.position.checked_add(piece.bytes.len() as u64);
    match end {
        Some(end) if end <= piece.size_bytes => Ok(piece),
        _ => Err(parts::field("position in the snapshot", partition.position)),
    }
}
