//! Requests that are refused, and with which error.

use protocol::api::messages::{BeginQuorumEpochRequest, EndQuorumEpochRequest};
use protocol::api::{BrokerId, StrBytes, TopicName};
use protocol::files::SnapshotId;

use super::*;

const KEY: ReplicaKey = ReplicaKey {
    id: 3,
    directory_id: Uuid::TWO,
};

fn vote() -> typed::VoteRequest {
    let vote = VoteRequest {
        voter: KEY,
        candidate: KEY,
        epoch: 5,
        last_epoch: 4,
        end_offset: 10,
        pre_vote: false,
    };
    vote::request(&vote, &own())
}

fn begin() -> BeginQuorumEpochRequest {
    let endpoint = (LISTENER.to_owned(), "localhost".to_owned(), 9093);
    begin_quorum_epoch::request(KEY, 1, 5, &[endpoint], &own())
}

fn end() -> EndQuorumEpochRequest {
    end_quorum_epoch::request(1, 5, &[KEY], &own())
}

fn fetch() -> typed::FetchRequest {
    let fetch = FetchRequest {
        replica: KEY,
        epoch: 5,
        fetch_offset: 10,
        last_fetched_epoch: 5,
        high_watermark: 9,
        max_wait_ms: 500,
    };
    fetch::request(&fetch, &own())
}

fn piece() -> typed::FetchSnapshotRequest {
    let fetch = FetchSnapshotRequest {
        replica: KEY,
        epoch: 5,
        snapshot: SnapshotId {
            end_offset: 100,
            epoch: 4,
        },
        position: 7,
        max_bytes: 1000,
    };
    fetch_snapshot::request(&fetch, &own())
}

fn received(message: &Message, version: i16) -> Incoming {
    read_request(&call(frame(message, version)).unwrap(), &own()).unwrap()
}

/// The error of a request that is answered at once; none if it is for the quorum.
fn error_of(message: &Message) -> Option<ErrorCode> {
    let newest = |key| served().iter().find(|served| served.key == key).unwrap().max;
    let key = match message {
        Message::Vote(_) => ApiKey::Vote,
        Message::BeginQuorumEpoch(_) => ApiKey::BeginQuorumEpoch,
        Message::EndQuorumEpoch(_) => ApiKey::EndQuorumEpoch,
        Message::Fetch(_) => ApiKey::Fetch,
        Message::FetchSnapshot(_) => ApiKey::FetchSnapshot,
        _ => panic!("{message:?} is none of those that are served in several versions"),
    };
    match received(message, newest(key)) {
        Incoming::Request(..) => None,
        Incoming::Answer(reply) => read_answer(key, newest(key), reply_frame(reply)).unwrap().error,
    }
}

fn assert_invalid(message: &Message) {
    assert_eq!(error_of(message), Some(ErrorCode::InvalidRequest), "{message:?}");
}

#[test]
fn requests_of_other_clusters_are_refused_and_those_that_name_none_are_not() {
    let all = |id: Option<StrBytes>| {
        [
            Message::Vote(vote().with_cluster_id(id.clone())),
            Message::BeginQuorumEpoch(begin().with_cluster_id(id.clone())),
            Message::EndQuorumEpoch(end().with_cluster_id(id.clone())),
            Message::Fetch(fetch().with_cluster_id(id.clone())),
            Message::FetchSnapshot(piece().with_cluster_id(id)),
        ]
    };
    for message in all(Some("other".into())) {
        assert_eq!(
            error_of(&message),
            Some(ErrorCode::InconsistentClusterId),
            "{message:?}"
        );
    }
    for message in all(None) {
        assert_eq!(error_of(&message), None, "{message:?}");
    }
}

#[test]
fn requests_about_anything_but_the_quorums_partition_are_invalid() {
    let other = || TopicName(StrBytes::from_static_str("other"));
    macro_rules! check {
        ($kind:ident, $message:expr, $name:ident, $other:expr, $index:ident) => {{
            let message = $message;
            assert_eq!(error_of(&Message::$kind(message.clone())), None);
            let twice = message.topics[0].partitions[0].clone();
            assert_invalid(&Message::$kind(changed(&message, |m| m.topics.clear())));
            assert_invalid(&Message::$kind(changed(&message, |m| {
                m.topics.push(m.topics[0].clone())
            })));
            assert_invalid(&Message::$kind(changed(&message, |m| m.topics[0].partitions.clear())));
            assert_invalid(&Message::$kind(changed(&message, |m| {
                m.topics[0].partitions.push(twice)
            })));
            let named = Message::$kind(changed(&message, |m| m.topics[0].$name = $other));
            let numbered = Message::$kind(changed(&message, |m| m.topics[0].partitions[0].$index = 1));
            (named, numbered)
        }};
    }
    let others = [
        check!(Vote, vote(), topic_name, other(), partition_index),
        check!(BeginQuorumEpoch, begin(), topic_name, other(), partition_index),
        check!(EndQuorumEpoch, end(), topic_name, other(), partition_index),
        check!(Fetch, fetch(), topic_id, Uuid::TWO.into(), partition),
    ];
    for (named, numbered) in others {
        assert_invalid(&named);
        assert_invalid(&numbered);
    }
    // What a snapshot is of is told back, so these answers are not about the quorum's partition.
    let (named, numbered) = check!(FetchSnapshot, piece(), name, other(), partition);
    for message in [named, numbered] {
        let Incoming::Answer(reply) = received(&message, 1) else {
            panic!("{message:?}");
        };
        let read = read_answer(ApiKey::FetchSnapshot, 1, reply_frame(reply));
        assert!(
            matches!(read, Err(Unread::Answer(AnswerError::OtherPartition))),
            "{read:?}"
        );
    }
}

#[test]
fn votes_of_candidates_that_cannot_be_are_invalid() {
    let invalid = |change: fn(&mut typed::vote_request::PartitionData)| {
        assert_invalid(&Message::Vote(changed(&vote(), |m| {
            change(&mut m.topics[0].partitions[0]);
        })));
    };
    invalid(|p| p.replica_id = BrokerId(-1));
    invalid(|p| p.replica_epoch = -1);
    // There would be no epoch after it.
    invalid(|p| p.replica_epoch = i32::MAX);
    invalid(|p| p.last_offset_epoch = -1);
    invalid(|p| p.last_offset = -1);
    invalid(|p| p.last_offset_epoch = 5);
    invalid(|p| (p.last_offset_epoch, p.pre_vote) = (6, true));
    let asks = changed(&vote(), |m| {
        let partition = &mut m.topics[0].partitions[0];
        (partition.last_offset_epoch, partition.pre_vote) = (5, true);
    });
    assert_eq!(error_of(&Message::Vote(asks)), None);
}

#[test]
fn leaders_that_cannot_be_are_invalid() {
    let invalid = |id: i32, epoch: i32| {
        let of_begin = changed(&begin(), |m| {
            let partition = &mut m.topics[0].partitions[0];
            (partition.leader_id, partition.leader_epoch) = (BrokerId(id), epoch);
        });
        assert_invalid(&Message::BeginQuorumEpoch(of_begin));
        let of_end = changed(&end(), |m| {
            let partition = &mut m.topics[0].partitions[0];
            (partition.leader_id, partition.leader_epoch) = (BrokerId(id), epoch);
        });
        assert_invalid(&Message::EndQuorumEpoch(of_end));
    };
    invalid(-1, 5);
    invalid(1, -1);
    invalid(1, i32::MAX);
}

#[test]
fn endpoints_and_candidates_have_bounds() {
    let invalid = |change: &dyn Fn(&mut BeginQuorumEpochRequest)| {
        assert_invalid(&Message::BeginQuorumEpoch(changed(&begin(), change)));
    };
    invalid(&|m| m.leader_endpoints[0].host = "".into());
    invalid(&|m| m.leader_endpoints[0].name = "".into());
    invalid(&|m| m.leader_endpoints[0].host = "h".repeat(256).into());
    invalid(&|m| m.leader_endpoints[0].name = "N".repeat(256).into());
    invalid(&|m| m.leader_endpoints = vec![m.leader_endpoints[0].clone(); parts::LIST_MAX + 1]);
    let invalid = |change: &dyn Fn(&mut typed::end_quorum_epoch_request::PartitionData)| {
        let message = changed(&end(), |m| change(&mut m.topics[0].partitions[0]));
        assert_invalid(&Message::EndQuorumEpoch(message));
    };
    invalid(&|p| p.preferred_candidates[0].candidate_id = BrokerId(-1));
    invalid(&|p| p.preferred_candidates = vec![p.preferred_candidates[0].clone(); parts::LIST_MAX + 1]);
}

#[test]
fn fetches_from_where_no_log_can_be_are_invalid() {
    let invalid = |change: fn(&mut typed::FetchRequest)| {
        assert_invalid(&Message::Fetch(changed(&fetch(), change)));
    };
    invalid(|m| m.max_wait_ms = -1);
    invalid(|m| m.topics[0].partitions[0].fetch_offset = -1);
    invalid(|m| m.topics[0].partitions[0].last_fetched_epoch = -1);
    invalid(|m| m.topics[0].partitions[0].last_fetched_epoch = 6);
    invalid(|m| m.topics[0].partitions[0].current_leader_epoch = -1);
    invalid(|m| m.topics[0].partitions[0].current_leader_epoch = i32::MAX);
}

/// As consumers and tools do.
#[test]
fn one_that_is_no_replica_may_fetch() {
    for id in [-1, -2, i32::MIN] {
        let message = fetch().with_replica_state(Default::default());
        let message = changed(&message, |m| m.replica_state.replica_id = BrokerId(id));
        let read = received(&Message::Fetch(message), 18);
        assert!(
            matches!(&read, Incoming::Request(Request::Fetch(fetch), _) if fetch.replica.id == -1),
            "{read:?}"
        );
    }
}

/// The leader says so, with its epoch, if it has the snapshot at all.
#[test]
fn a_position_before_the_snapshots_start_is_out_of_range_like_one_past_its_end() {
    let message = changed(&piece(), |m| m.topics[0].partitions[0].position = -1);
    let read = received(&Message::FetchSnapshot(message), 1);
    let Incoming::Request(Request::FetchSnapshot(fetch), _) = read else {
        panic!("{read:?}");
    };
    assert_eq!(fetch.position, u64::MAX);
    assert_invalid(&Message::FetchSnapshot(piece().with_max_bytes(-1)));
    let of_last = changed(&piece(), |m| m.topics[0].partitions[0].current_leader_epoch = i32::MAX);
    assert_invalid(&Message::FetchSnapshot(of_last));
}

#[test]
fn other_apis_and_versions_are_not_served() {
    let call_of = |api_key: i16, api_version: i16| {
        let mut call = call(frame(&Message::Fetch(fetch()), 17)).unwrap();
        (call.header.api_key, call.header.api_version) = (api_key, api_version);
        call
    };
    for (key, version) in [
        (1, 16),
        (1, 19),
        (52, -1),
        (52, 3),
        (53, 2),
        (54, 2),
        (59, 2),
        (0, 11),
        (3, 12),
        (999, 0),
    ] {
        let read = read_request(&call_of(key, version), &own()).unwrap();
        assert!(
            matches!(read, Incoming::Answer(Reply::Refused(Refused::NotServed))),
            "{key} v{version}: {read:?}"
        );
    }
}
