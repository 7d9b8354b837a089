use bytes::{Buf, Bytes};
use protocol::Uuid;
use protocol::api::{
    Message as _, Request as TypedRequest, decode_response, encode_request, split_request, split_response,
};

use super::super::message::{
    Endpoint, FetchRequest, FetchSnapshotRequest, Fetched, ReplicaKey, SnapshotPiece, VoteRequest,
};
use super::*;
use crate::call::Peer;
use crate::cx::Now;
use crate::reply::ReplyPart;

mod answers;
mod apache;
mod hostile;
mod properties;
mod refusals;
mod voter_changes;

const LISTENER: &str = "CONTROLLER";

fn own() -> Identity {
    Identity {
        cluster_id: "fMCL8kv1SWm87L_Md-I2hg".into(),
        listener: LISTENER.into(),
    }
}

/// A request's frame, without its length.
fn frame(message: &Message, version: i16) -> Bytes {
    fn of<R: TypedRequest>(request: &R, version: i16) -> Bytes {
        encode_request(version, 7, "raft-client-1", request).unwrap().slice(4..)
    }
    match message {
        Message::Vote(request) => of(request, version),
        Message::BeginQuorumEpoch(request) => of(request, version),
        Message::EndQuorumEpoch(request) => of(request, version),
        Message::Fetch(request) => of(request, version),
        Message::FetchSnapshot(request) => of(request, version),
        Message::AddRaftVoter(request) => of(request, version),
        Message::RemoveRaftVoter(request) => of(request, version),
        Message::UpdateRaftVoter(request) => of(request, version),
        Message::ApiVersions => panic!("every connection begins with it"),
    }
}

fn changed<T: Clone>(all: &T, change: impl FnOnce(&mut T)) -> T {
    let mut changed = all.clone();
    change(&mut changed);
    changed
}

fn call(frame: Bytes) -> Result<Call, DecodeError> {
    let (header, body) = split_request(frame)?;
    Ok(Call {
        header,
        body,
        peer: Peer {
            listener: LISTENER.into(),
            ..Peer::default()
        },
        now: Now::default(),
    })
}

/// A reply's frame, without its length.
fn reply_frame(reply: Reply) -> Bytes {
    let Reply::Frame(parts) = reply else {
        panic!("{reply:?} is no frame");
    };
    let [ReplyPart::Bytes(frame)] = parts.as_slice() else {
        panic!("{parts:?}");
    };
    assert_eq!(frame.clone().get_i32() as usize, frame.len() - 4);
    frame.slice(4..)
}

#[derive(Debug)]
#[expect(dead_code, reason = "what it holds is for a test that fails to tell")]
enum Unread {
    Bytes(DecodeError),
    Answer(AnswerError),
}

fn read_answer(key: ApiKey, version: i16, frame: Bytes) -> Result<Response, Unread> {
    fn of<R: TypedRequest>(version: i16, frame: Bytes) -> Result<Response, Unread>
    where
        R::Response: Answer + protocol::api::Decodable,
    {
        let (_, body) = split_response(frame, R::Response::header_version(version)).map_err(Unread::Bytes)?;
        let response = decode_response::<R>(version, body, 1 << 20).map_err(Unread::Bytes)?;
        response.read(&own()).map_err(Unread::Answer)
    }
    match key {
        ApiKey::Vote => of::<typed::VoteRequest>(version, frame),
        ApiKey::BeginQuorumEpoch => of::<typed::BeginQuorumEpochRequest>(version, frame),
        ApiKey::EndQuorumEpoch => of::<typed::EndQuorumEpochRequest>(version, frame),
        ApiKey::Fetch => of::<typed::FetchRequest>(version, frame),
        ApiKey::FetchSnapshot => of::<typed::FetchSnapshotRequest>(version, frame),
        ApiKey::AddRaftVoter => of::<typed::AddRaftVoterRequest>(version, frame),
        ApiKey::RemoveRaftVoter => of::<typed::RemoveRaftVoterRequest>(version, frame),
        ApiKey::UpdateRaftVoter => of::<typed::UpdateRaftVoterRequest>(version, frame),
        _ => panic!("{key:?} is none of the quorum's"),
    }
}

fn key_of(request: &Request) -> ApiKey {
    match request {
        Request::Vote(_) => ApiKey::Vote,
        Request::BeginQuorumEpoch { .. } => ApiKey::BeginQuorumEpoch,
        Request::EndQuorumEpoch { .. } => ApiKey::EndQuorumEpoch,
        Request::Fetch(_) => ApiKey::Fetch,
        Request::FetchSnapshot(_) => ApiKey::FetchSnapshot,
        Request::Change(VoterChange::Add { .. }) => ApiKey::AddRaftVoter,
        Request::Change(VoterChange::Remove(_)) => ApiKey::RemoveRaftVoter,
        Request::Change(VoterChange::Update { .. }) => ApiKey::UpdateRaftVoter,
        Request::KRaftVersions => ApiKey::ApiVersions,
    }
}

/// The versions in which a request can be sent.
fn versions(request: &Request) -> std::ops::RangeInclusive<i16> {
    let key = key_of(request);
    if matches!(request, Request::Change(_)) {
        return 0..=0;
    }
    let served = served().iter().find(|served| served.key == key).unwrap();
    served.min.max(write_request(request, &own()).version_min())..=served.max
}

/// A request in the newest version, as a call that arrives.
pub(crate) fn call_of(request: &Request) -> Call {
    call(frame(&write_request(request, &own()), *versions(request).end())).unwrap()
}

/// What a reply to it says.
pub(crate) fn answer_in(target: ReplyTarget, reply: Reply) -> Response {
    let key = ApiKey::try_from(target.api_key).unwrap();
    read_answer(key, target.api_version, reply_frame(reply)).unwrap()
}

/// The cluster of [`call_of`].
pub(crate) fn cluster_id() -> String {
    own().cluster_id
}

/// A request as it comes out at the other end, in the newest version both sides know or the oldest that will do.
pub(in crate::raft) fn carry(request: &Request, is_old: bool) -> (Request, ReplyTo) {
    let versions = versions(request);
    let version = if is_old { *versions.start() } else { *versions.end() };
    carry_in(request, version)
}

fn carry_in(request: &Request, version: i16) -> (Request, ReplyTo) {
    let frame = frame(&write_request(request, &own()), version);
    match read_request(&call(frame).unwrap(), &own()).unwrap() {
        Incoming::Request(read, reply_to) => (read, reply_to),
        Incoming::Answer(answer) => panic!("{request:?} was answered at once: {answer:?}"),
    }
}

/// An answer as it comes back to the one who asked.
pub(in crate::raft) fn carry_back(response: &Response, reply_to: &ReplyTo) -> Response {
    let frame = reply_frame(reply_to.write(response).unwrap());
    let key = ApiKey::try_from(reply_to.target.api_key).unwrap();
    read_answer(key, reply_to.target.api_version, frame).unwrap()
}

/// What of a request a version has room for.
fn seen(request: &Request, version: i16) -> Request {
    let without_directory = |key: ReplicaKey| ReplicaKey {
        directory_id: Uuid::ZERO,
        ..key
    };
    let nobody = ReplicaKey {
        id: -1,
        directory_id: Uuid::ZERO,
    };
    let mut seen = request.clone();
    match &mut seen {
        Request::Vote(vote) if version < 1 => {
            vote.voter = nobody;
            vote.candidate = without_directory(vote.candidate);
        }
        Request::BeginQuorumEpoch { voter, endpoints, .. } if version < 1 => {
            *voter = nobody;
            endpoints.clear();
        }
        Request::EndQuorumEpoch { preferred, .. } if version < 1 => {
            preferred.iter_mut().for_each(|key| *key = without_directory(*key));
        }
        Request::Fetch(fetch) if version < 18 => fetch.high_watermark = i64::MAX,
        Request::FetchSnapshot(fetch) if version < 1 => fetch.replica = without_directory(fetch.replica),
        _ => {}
    }
    seen
}

/// What of an answer a version has room for: of endpoints the leader's, where it was asked.
fn seen_back(response: &Response, version: i16) -> Response {
    let mut seen = response.clone();
    let is_told = version >= 1 && response.leader_id.is_some();
    seen.leader_endpoints.retain(|(name, ..)| is_told && name == LISTENER);
    if let (Some(_), Body::FetchSnapshot(piece)) = (seen.error, &mut seen.body) {
        *piece = SnapshotPiece::default();
    }
    seen
}

#[test]
fn the_versions_served_are_those_that_can_be_written_and_read() {
    for served in served() {
        let range = match served.key {
            ApiKey::Vote => typed::VoteRequest::VERSIONS,
            ApiKey::BeginQuorumEpoch => typed::BeginQuorumEpochRequest::VERSIONS,
            ApiKey::EndQuorumEpoch => typed::EndQuorumEpochRequest::VERSIONS,
            ApiKey::Fetch => typed::FetchRequest::VERSIONS,
            ApiKey::FetchSnapshot => typed::FetchSnapshotRequest::VERSIONS,
            other => panic!("{other:?} is none of the quorum's"),
        };
        assert!(range.min <= served.min && served.max == range.max, "{served:?}");
    }
}

/// KIP-996: to one that does not know pre-votes it would be a candidate's.
#[test]
fn a_pre_vote_is_sent_in_no_version_that_has_none() {
    let mut vote = VoteRequest {
        voter: ReplicaKey {
            id: 2,
            directory_id: Uuid::ZERO,
        },
        candidate: ReplicaKey {
            id: 1,
            directory_id: Uuid::ONE,
        },
        epoch: 4,
        last_epoch: 4,
        end_offset: 7,
        pre_vote: true,
    };
    let message = write_request(&Request::Vote(vote), &own());
    assert_eq!(message.version_min(), 2);
    let Message::Vote(typed) = &message else {
        panic!("{message:?}")
    };
    for version in 0..2 {
        assert!(
            encode_request(version, 7, "raft-client-1", typed).is_err(),
            "version {version}"
        );
    }
    vote.pre_vote = false;
    assert_eq!(write_request(&Request::Vote(vote), &own()).version_min(), 0);
    let made_up = unsupported(&Request::Vote(vote));
    assert_eq!(made_up.error, Some(ErrorCode::UnsupportedVersion));
    assert_eq!((made_up.leader_id, made_up.leader_epoch), (None, -1));
    assert_eq!(made_up.body, Body::Vote { granted: false });
}

/// Listener names are the same in any case; one without an endpoint there is not told where the leader is.
#[test]
fn the_leader_is_told_where_it_is_reached_on_the_listener_of_the_request() {
    let vote = VoteRequest {
        voter: ReplicaKey {
            id: 2,
            directory_id: Uuid::ZERO,
        },
        candidate: ReplicaKey {
            id: 1,
            directory_id: Uuid::ONE,
        },
        epoch: 4,
        last_epoch: 3,
        end_offset: 7,
        pre_vote: false,
    };
    let endpoint = |name: &str, port: u16| -> Endpoint { (name.to_owned(), "localhost".to_owned(), port) };
    let response = Response {
        error: None,
        leader_id: Some(3),
        leader_epoch: 4,
        leader_endpoints: vec![endpoint("OTHER", 1), endpoint("controller", 2)],
        body: Body::Vote { granted: false },
    };
    let (_, mut reply_to) = carry(&Request::Vote(vote), false);
    let told = carry_back(&response, &reply_to);
    assert_eq!(told.leader_endpoints, [endpoint(LISTENER, 2)]);
    reply_to.listener = "THIRD".into();
    assert_eq!(carry_back(&response, &reply_to).leader_endpoints, []);
}

#[test]
fn an_answer_to_another_kind_of_request_closes_the_connection() {
    let fetch = Request::Fetch(FetchRequest {
        replica: ReplicaKey {
            id: 1,
            directory_id: Uuid::ONE,
        },
        epoch: 4,
        fetch_offset: 0,
        last_fetched_epoch: 0,
        high_watermark: -1,
        max_wait_ms: 0,
    });
    let (_, reply_to) = carry(&fetch, false);
    let mut response = unsupported(&fetch);
    assert!(matches!(reply_to.write(&response).unwrap(), Reply::Frame(_)));
    response.body = Body::Nothing;
    assert!(matches!(reply_to.write(&response).unwrap(), Reply::Close));
}
