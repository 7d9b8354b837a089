//! Whatever a node says, in whatever version, the other end reads.

use proptest::prelude::*;
use protocol::files::SnapshotId;

use super::*;

fn key() -> impl Strategy<Value = ReplicaKey> {
    let directory = prop_oneof![Just(0), any::<u128>()];
    (0..=i32::MAX, directory).prop_map(|(id, directory)| ReplicaKey {
        id,
        directory_id: Uuid::from_u128(directory),
    })
}

fn epoch() -> impl Strategy<Value = i32> {
    prop_oneof![1..50, 1..i32::MAX]
}

fn offset() -> impl Strategy<Value = i64> {
    prop_oneof![0..50_i64, 0..=i64::MAX]
}

fn endpoints() -> impl Strategy<Value = Vec<Endpoint>> {
    let names = proptest::sample::subsequence(vec![LISTENER, "OTHER", "THIRD"], 0..=3);
    (names, "[a-z0-9.-]{1,255}", any::<u16>()).prop_map(|(names, host, port)| {
        names
            .into_iter()
            .map(|name| (name.to_owned(), host.clone(), port))
            .collect()
    })
}

fn snapshot() -> impl Strategy<Value = SnapshotId> {
    (offset(), 0..=i32::MAX).prop_map(|(end_offset, epoch)| SnapshotId { end_offset, epoch })
}

fn vote() -> impl Strategy<Value = Request> {
    (key(), key(), epoch(), any::<i32>(), offset(), any::<bool>()).prop_map(
        |(voter, candidate, epoch, last, end_offset, pre_vote)| {
            Request::Vote(VoteRequest {
                voter,
                candidate,
                epoch,
                last_epoch: last.rem_euclid(if pre_vote { epoch + 1 } else { epoch }),
                end_offset,
                pre_vote,
            })
        },
    )
}

fn fetch() -> impl Strategy<Value = Request> {
    let replica = prop_oneof![
        key(),
        Just(ReplicaKey {
            id: -1,
            directory_id: Uuid::ZERO
        })
    ];
    let high_watermark = prop_oneof![Just(-1), offset()];
    (replica, epoch(), any::<i32>(), offset(), high_watermark, 0..=i32::MAX).prop_map(
        |(replica, epoch, last, fetch_offset, high_watermark, max_wait_ms)| {
            Request::Fetch(FetchRequest {
                replica,
                epoch,
                fetch_offset,
                last_fetched_epoch: last.rem_euclid(epoch + 1),
                high_watermark,
                max_wait_ms,
            })
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    let begin = (key(), 0..=i32::MAX, epoch(), endpoints()).prop_map(|(voter, leader_id, leader_epoch, endpoints)| {
        Request::BeginQuorumEpoch {
            voter,
            leader_id,
            leader_epoch,
            endpoints,
        }
    });
    let preferred = proptest::collection::vec(key(), 0..6);
    let end =
        (0..=i32::MAX, epoch(), preferred).prop_map(|(leader_id, leader_epoch, preferred)| Request::EndQuorumEpoch {
            leader_id,
            leader_epoch,
            preferred,
        });
    let piece = (key(), epoch(), snapshot(), offset(), 0..=i32::MAX).prop_map(
        |(replica, epoch, snapshot, position, max_bytes)| {
            Request::FetchSnapshot(FetchSnapshotRequest {
                replica,
                epoch,
                snapshot,
                position: position as u64,
                max_bytes: max_bytes as usize,
            })
        },
    );
    prop_oneof![vote(), begin, end, fetch(), piece]
}

fn bytes() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::from)
}

fn fetched() -> impl Strategy<Value = Fetched> {
    let diverging = proptest::option::of((0..=i32::MAX, offset()));
    let of_log = prop_oneof![Just(-1), offset()];
    (of_log, offset(), bytes(), diverging, proptest::option::of(snapshot())).prop_map(
        |(high_watermark, log_start_offset, records, diverging, snapshot)| Fetched {
            high_watermark,
            log_start_offset,
            records,
            diverging,
            snapshot,
        },
    )
}

fn piece() -> impl Strategy<Value = SnapshotPiece> {
    (snapshot(), bytes(), 0..=i64::MAX / 2, 0..=i64::MAX / 4).prop_map(|(snapshot, bytes, position, rest)| {
        SnapshotPiece {
            snapshot,
            size_bytes: position as u64 + bytes.len() as u64 + rest as u64,
            position: position as u64,
            bytes,
        }
    })
}

/// An answer's content, which has to fit the request.
#[derive(Debug, Clone)]
struct Content {
    granted: bool,
    fetched: Fetched,
    piece: SnapshotPiece,
}

fn content() -> impl Strategy<Value = Content> {
    (any::<bool>(), fetched(), piece()).prop_map(|(granted, fetched, piece)| Content {
        granted,
        fetched,
        piece,
    })
}

/// An error, who leads, its epoch and its endpoints.
fn head() -> impl Strategy<Value = (Option<ErrorCode>, Option<i32>, i32, Vec<Endpoint>)> {
    let error = proptest::option::of((1..120_i16).prop_filter_map("no error", ErrorCode::try_from_code));
    let leader = proptest::option::weighted(0.8, 0..=i32::MAX);
    (error, leader, epoch(), endpoints())
}

proptest! {
    #[test]
    fn what_is_said_is_what_is_heard(
        request in request(),
        (error, leader_id, leader_epoch, leader_endpoints) in head(),
        content in content(),
    ) {
        let response = Response {
            error,
            leader_id,
            leader_epoch,
            leader_endpoints,
            body: match &request {
                Request::Vote(_) => Body::Vote { granted: content.granted },
                Request::BeginQuorumEpoch { .. } | Request::EndQuorumEpoch { .. } => Body::Nothing,
                Request::Fetch(_) => Body::Fetch(content.fetched),
                Request::FetchSnapshot(_) => Body::FetchSnapshot(content.piece),
                Request::Change(_) | Request::KRaftVersions => request.empty_body(),
            },
        };
        for version in versions(&request) {
            let (read, reply_to) = carry_in(&request, version);
            prop_assert_eq!(&read, &seen(&request, version), "version {}", version);
            let is_data = matches!(response.body, Body::Fetch(_) | Body::FetchSnapshot(_)) && error.is_none();
            if is_data && leader_id.is_none() {
                let frame = reply_frame(reply_to.write(&response).unwrap());
                let read = read_answer(key_of(&request), version, frame);
                prop_assert!(matches!(read, Err(Unread::Answer(AnswerError::NoLeader))), "{:?}", read);
            } else {
                prop_assert_eq!(carry_back(&response, &reply_to), seen_back(&response, version), "version {}", version);
            }
        }
    }
}
