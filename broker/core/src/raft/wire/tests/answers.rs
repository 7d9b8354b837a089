//! Answers that say nothing.

use protocol::api::TopicName;
use protocol::api::messages::{
    BeginQuorumEpochResponse, EndQuorumEpochResponse, FetchResponse, FetchSnapshotResponse, VoteResponse,
};
use protocol::files::SnapshotId;

use super::*;

fn fetched() -> FetchResponse {
    let response = Response {
        error: None,
        leader_id: Some(1),
        leader_epoch: 5,
        leader_endpoints: vec![(LISTENER.to_owned(), "localhost".to_owned(), 9093)],
        body: Body::Nothing,
    };
    fetch::response(&response, &Fetched::default(), LISTENER)
}

fn got_piece() -> FetchSnapshotResponse {
    let response = Response {
        error: None,
        leader_id: Some(1),
        leader_epoch: 5,
        leader_endpoints: Vec::new(),
        body: Body::Nothing,
    };
    let piece = SnapshotPiece {
        snapshot: SnapshotId {
            end_offset: 100,
            epoch: 4,
        },
        size_bytes: 10,
        position: 4,
        bytes: Bytes::from_static(b"123"),
    };
    fetch_snapshot::response(&response, &piece, LISTENER)
}

fn assert_field<T: Answer + std::fmt::Debug>(answer: &T, field: &str, value: i64) {
    let read = answer.read(&own());
    assert!(
        matches!(&read, Err(AnswerError::Field { field: f, value: v }) if *f == field && *v == value),
        "{answer:?} reads as {read:?}"
    );
}

#[test]
fn answers_with_values_that_cannot_be_are_none() {
    assert!(fetched().read(&own()).is_ok());
    let partition = |change: fn(&mut typed::fetch_response::PartitionData)| {
        changed(&fetched(), |m| change(&mut m.responses[0].partitions[0]))
    };
    assert_field(
        &partition(|p| p.current_leader.leader_epoch = i32::MAX),
        "leader epoch",
        i32::MAX.into(),
    );
    assert_field(&partition(|p| p.diverging_epoch.epoch = 3), "diverging end offset", -1);
    assert_field(&partition(|p| p.diverging_epoch.end_offset = 3), "diverging epoch", -1);
    assert_field(&partition(|p| p.snapshot_id.epoch = 3), "snapshot's end offset", -1);
    assert_field(&partition(|p| p.snapshot_id.end_offset = 3), "snapshot's epoch", -1);
    assert_field(
        &changed(&fetched(), |m| m.node_endpoints[0].port = 65536),
        "leader's port",
        65536,
    );
    assert_field(
        &changed(&fetched(), |m| m.node_endpoints[0].port = -1),
        "leader's port",
        -1,
    );
    let long = changed(&fetched(), |m| m.node_endpoints[0].host = "h".repeat(256).into());
    assert_field(&long, "length of the leader's host", 256);
    let nobody = partition(|p| p.current_leader = Default::default());
    assert_eq!(nobody.read(&own()), Err(AnswerError::NoLeader));

    assert!(got_piece().read(&own()).is_ok());
    let partition = |change: fn(&mut typed::fetch_snapshot_response::PartitionSnapshot)| {
        changed(&got_piece(), |m| change(&mut m.topics[0].partitions[0]))
    };
    assert_field(&partition(|p| p.size = -1), "snapshot's size", -1);
    assert_field(&partition(|p| p.size = 6), "position in the snapshot", 4);
    assert_field(&partition(|p| p.position = -1), "position in the snapshot", -1);
    assert_field(
        &partition(|p| p.position = i64::MAX),
        "position in the snapshot",
        i64::MAX,
    );
    assert_field(&partition(|p| p.snapshot_id.epoch = -1), "snapshot's epoch", -1);
    assert_field(
        &partition(|p| p.snapshot_id.end_offset = -1),
        "snapshot's end offset",
        -1,
    );
    // Left out, it reads as leader 0 of epoch 0.
    let nobody = partition(|p| p.current_leader = Default::default());
    assert_eq!(nobody.read(&own()), Err(AnswerError::NoLeader));
    let error = changed(&nobody, |m| {
        m.topics[0].partitions[0].error_code = ErrorCode::SnapshotNotFound.code();
    });
    let read = error.read(&own()).unwrap();
    assert_eq!((read.leader_id, read.leader_epoch), (None, -1));
}

#[test]
fn answers_about_other_partitions_are_none() {
    assert_eq!(VoteResponse::default().read(&own()), Err(AnswerError::OtherPartition));
    assert_eq!(
        BeginQuorumEpochResponse::default().read(&own()),
        Err(AnswerError::OtherPartition)
    );
    assert_eq!(
        EndQuorumEpochResponse::default().read(&own()),
        Err(AnswerError::OtherPartition)
    );
    let other = changed(&fetched(), |m| m.responses[0].topic_id = Uuid::TWO.into());
    assert_eq!(other.read(&own()), Err(AnswerError::OtherPartition));
    let other = changed(&fetched(), |m| m.responses[0].partitions[0].partition_index = 1);
    assert_eq!(other.read(&own()), Err(AnswerError::OtherPartition));
    let other = changed(&got_piece(), |m| m.topics[0].name = TopicName("other".into()));
    assert_eq!(other.read(&own()), Err(AnswerError::OtherPartition));
    let other = changed(&got_piece(), |m| m.topics.push(m.topics[0].clone()));
    assert_eq!(other.read(&own()), Err(AnswerError::OtherPartition));
}

/// A null, as other implementations write it.
#[test]
fn an_answer_without_records_has_none() {
    let null = changed(&fetched(), |m| m.responses[0].partitions[0].records = None);
    let read = null.read(&own()).unwrap();
    assert!(matches!(read.body, Body::Fetch(fetched) if fetched.records.is_empty()));
}
