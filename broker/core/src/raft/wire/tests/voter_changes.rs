//! Changes of the voters, as they are sent and answered.

use protocol::api::messages::ApiVersionsResponse;
use protocol::api::messages::api_versions_response::SupportedFeatureKey;
use protocol::api::{StrBytes, add_raft_voter};

use super::*;
use crate::raft::Voter;

fn voter() -> Voter {
    Voter {
        id: 3,
        directory_id: Uuid::from_u128(7),
        endpoints: vec![
            (LISTENER.to_owned(), "c3".to_owned(), 9093),
            ("OTHER".to_owned(), "::1".to_owned(), 9094),
        ],
    }
}

fn changes() -> [VoterChange; 3] {
    [
        VoterChange::Add {
            voter: voter(),
            waits_for_commit: true,
        },
        VoterChange::Remove(voter().key()),
        VoterChange::Update {
            epoch: 5,
            voter: voter(),
            kraft_versions: (0, 1),
        },
    ]
}

fn answer(error: Option<ErrorCode>, message: Option<&str>) -> Response {
    Response {
        error,
        leader_id: Some(1),
        leader_epoch: 5,
        leader_endpoints: vec![(LISTENER.to_owned(), "c1".to_owned(), 9093)],
        body: Body::Change {
            message: message.map(str::to_owned),
        },
    }
}

#[test]
fn a_change_is_heard_as_it_was_said_and_so_is_its_answer() {
    for change in changes() {
        let is_update = matches!(change, VoterChange::Update { .. });
        let request = Request::Change(change);
        let (read, reply_to) = carry(&request, false);
        assert_eq!(read, request);
        for (error, message) in [(None, None), (Some(ErrorCode::DuplicateVoter), Some("it is one"))] {
            let said = answer(error, message);
            let heard = carry_back(&said, &reply_to);
            if is_update {
                // It tells who leads, and has no room for a message.
                let expected = Response {
                    body: Body::Change { message: None },
                    ..said
                };
                assert_eq!(heard, expected);
            } else {
                assert_eq!((heard.error, &heard.body, heard.leader_id), (error, &said.body, None));
            }
        }
    }
}

/// Apache's tool asks in version 1, and reads the answer in it.
#[test]
fn version_1_of_add_raft_voter_is_answered_like_version_0() {
    let Message::AddRaftVoter(typed) = write_request(&Request::Change(changes()[0].clone()), &own()) else {
        panic!()
    };
    let mut asked = frame(&Message::AddRaftVoter(typed), 0).to_vec();
    asked[3] = 1;
    let tags = asked.pop().unwrap();
    asked.extend([0, tags]);
    let read = read_request(&call(asked.into()).unwrap(), &own()).unwrap();
    let Incoming::Request(
        Request::Change(VoterChange::Add {
            voter: read,
            waits_for_commit,
        }),
        reply_to,
    ) = read
    else {
        panic!("{read:?}")
    };
    assert_eq!((read, waits_for_commit), (voter(), false));
    let error = Some(ErrorCode::RequestTimedOut);
    let heard = carry_back(&answer(error, Some("later")), &reply_to);
    assert_eq!(heard.error, error);
    assert_eq!(reply_to.target.api_version, add_raft_voter::TYPED_MAX);
}

#[test]
fn another_cluster_and_an_endpoint_that_can_be_none_are_refused() {
    let other = Identity {
        cluster_id: "another".into(),
        ..own()
    };
    let nowhere = Voter {
        endpoints: vec![(LISTENER.to_owned(), String::new(), 1)],
        ..voter()
    };
    let with_nowhere = VoterChange::Add {
        voter: nowhere,
        waits_for_commit: true,
    };
    let cases = changes().map(|change| (change, other.clone(), ErrorCode::InconsistentClusterId));
    let cases = cases
        .into_iter()
        .chain([(with_nowhere, own(), ErrorCode::InvalidRequest)]);
    for (change, sender, expected) in cases {
        let request = Request::Change(change);
        let call = call(frame(&write_request(&request, &sender), 0)).unwrap();
        let Incoming::Answer(answer) = read_request(&call, &own()).unwrap() else {
            panic!("{request:?}")
        };
        let heard = read_answer(key_of(&request), 0, reply_frame(answer)).unwrap();
        assert_eq!(heard.error, Some(expected), "{request:?}");
    }
}

#[test]
fn the_levels_of_kraft_version_are_taken_from_api_versions() {
    let feature = |name| {
        SupportedFeatureKey::default()
            .with_name(StrBytes::from_static_str(name))
            .with_max_version(1)
    };
    let none = ApiVersionsResponse::default().with_supported_features(vec![feature("group.version")]);
    let read = |response: &ApiVersionsResponse| response.read(&own()).unwrap();
    assert_eq!(read(&none).body, Body::KRaftVersions(None));
    let known = none.with_supported_features(vec![feature("group.version"), feature("kraft.version")]);
    assert_eq!(read(&known).body, Body::KRaftVersions(Some((0, 1))));
    let failed = known.with_error_code(ErrorCode::InvalidRequest.code());
    assert_eq!(read(&failed).error, Some(ErrorCode::InvalidRequest));
}
