//! The quorum's requests and answers as typed messages of the wire, in each of their versions.
//!
//! What we receive becomes a [`Request`], and its [`Response`] is written in the version that was asked in ([`read_request`],
//! [`ReplyTo`]). What we send becomes a [`Message`], whose typed answer becomes a [`Response`] ([`write_request`],
//! [`Answer`]). Which rules a node keeps is decided by [`crate::raft::Raft`]; here only what none of them could read is refused.

/// The quorum's partition in a message that names it and no other. The types of the messages have no trait in common.
macro_rules! quorum_partition {
    ($message:expr) => {
        parts::only(&$message.topics)
            .filter(|topic| parts::is_topic(&topic.topic_name))
            .and_then(|topic| parts::only(&topic.partitions))
            .filter(|partition| partition.partition_index == parts::PARTITION)
    };
}

/// What an answer says of the quorum's partition.
macro_rules! head {
    ($answer:expr, $partition:expr) => {
        parts::Head {
            error_code: $partition.error_code,
            leader_id: $partition.leader_id,
            leader_epoch: $partition.leader_epoch,
            nodes: $answer
                .node_endpoints
                .iter()
                .map(|node| (node.node_id, &node.host, node.port.into())),
        }
    };
}

mod add_raft_voter;
mod api_versions;
mod begin_quorum_epoch;
mod end_quorum_epoch;
mod fetch;
mod fetch_snapshot;
mod parts;
mod remove_raft_voter;
#[cfg(test)]
pub(crate) mod tests;
mod update_raft_voter;
mod vote;

use protocol::api::messages as typed;
use protocol::api::{ApiKey, DECODE_BUDGET_BYTES, DecodeError, Encodable, ErrorCode, HeaderVersion};

use super::message::{Body, Request, Response, VoterChange};
use crate::call::{Call, ReplyTarget, Served};
use crate::reply::{Refused, Reply};

const SERVED: &[Served] = &[
    Served::new(ApiKey::Fetch, 17, 18),
    Served::new(ApiKey::Vote, 0, 2),
    Served::new(ApiKey::BeginQuorumEpoch, 0, 1),
    Served::new(ApiKey::EndQuorumEpoch, 0, 1),
    Served::new(ApiKey::FetchSnapshot, 0, 1),
];
const CHANGES: &[Served] = &[
    Served::new(ApiKey::AddRaftVoter, 0, protocol::api::add_raft_voter::VERSION_MAX),
    Served::new(ApiKey::RemoveRaftVoter, 0, 0),
    Served::new(ApiKey::UpdateRaftVoter, 0, 0),
];

/// The quorum's APIs, as a controller's listener serves them.
pub fn served() -> &'static [Served] {
    SERVED
}

/// The APIs that change the voters. Brokers hand on those that people use.
pub fn served_changes() -> &'static [Served] {
    CHANGES
}

/// Whether a request changes the voters.
pub fn is_change(call: &Call) -> bool {
    CHANGES.iter().any(|served| served.key as i16 == call.header.api_key)
}

/// What a node is to the others' requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Requests that name another cluster are refused; ours name this one.
    pub cluster_id: String,
    /// Name of the controllers' listener: under it stand the endpoints that answers tell.
    pub listener: String,
}

/// A request of another node.
#[derive(Debug)]
pub enum Incoming {
    /// One for the quorum.
    Request(Request, ReplyTo),
    /// One that is not for this cluster, or not one of its quorum's: this answers it.
    Answer(Reply),
}

/// Where an answer goes, and what of the request it depends on.
#[derive(Debug, Clone)]
pub struct ReplyTo {
    target: ReplyTarget,
    /// The listener the request came by; the leader's endpoint there is told.
    listener: String,
}

/// Reads a request for one of the APIs [`served`] or [`served_changes`].
pub fn read_request(call: &Call, own: &Identity) -> Result<Incoming, DecodeError> {
    let key = ApiKey::try_from(call.header.api_key).ok();
    let served = SERVED.iter().chain(CHANGES).find(|served| Some(served.key) == key);
    let served = served.filter(|served| served.answers(call.header.api_version));
    match served.map(|served| served.key) {
        Some(ApiKey::Vote) => incoming(call, vote::read(&call.decode()?, own)),
        Some(ApiKey::BeginQuorumEpoch) => incoming(call, begin_quorum_epoch::read(&call.decode()?, own)),
        Some(ApiKey::EndQuorumEpoch) => incoming(call, end_quorum_epoch::read(&call.decode()?, own)),
        Some(ApiKey::Fetch) => incoming(call, fetch::read(&call.decode()?, own)),
        Some(ApiKey::FetchSnapshot) => incoming(call, fetch_snapshot::read(&call.decode()?, own)),
        Some(ApiKey::AddRaftVoter) => {
            let (version, body) = (call.header.api_version, call.body.clone());
            let (asked, waits) = protocol::api::add_raft_voter::decode(version, body, DECODE_BUDGET_BYTES)?;
            incoming(call, add_raft_voter::read(&asked, waits, own))
        }
        Some(ApiKey::RemoveRaftVoter) => incoming(call, remove_raft_voter::read(&call.decode()?, own)),
        Some(ApiKey::UpdateRaftVoter) => incoming(call, update_raft_voter::read(&call.decode()?, own)),
        _ => Ok(Incoming::Answer(Reply::Refused(Refused::NotServed))),
    }
}

/// Where the answer to a call goes; to an AddRaftVoter it is the same in all versions, of which the types have the first.
fn target(call: &Call) -> ReplyTarget {
    let mut target = call.target();
    if target.api_key == ApiKey::AddRaftVoter as i16 {
        target.api_version = target.api_version.min(protocol::api::add_raft_voter::TYPED_MAX);
    }
    target
}

fn incoming<T>(call: &Call, read: Result<Request, T>) -> Result<Incoming, DecodeError>
where
    T: Encodable + HeaderVersion,
{
    Ok(match read {
        Ok(request) => {
            let reply_to = ReplyTo {
                target: target(call),
                listener: call.peer.listener.clone(),
            };
            Incoming::Request(request, reply_to)
        }
        Err(refusal) => Incoming::Answer(target(call).encode(&refusal)?),
    })
}

impl ReplyTo {
    /// Writes the answer in the version of the request, without what that has no room for. One to another kind of
    /// request closes the connection.
    pub fn write(&self, response: &Response) -> Result<Reply, DecodeError> {
        let (target, listener) = (&self.target, self.listener.as_str());
        match (ApiKey::try_from(target.api_key), &response.body) {
            (Ok(ApiKey::Vote), Body::Vote { granted }) => target.encode(&vote::response(response, *granted, listener)),
            (Ok(ApiKey::BeginQuorumEpoch), Body::Nothing) => {
                target.encode(&begin_quorum_epoch::response(response, listener))
            }
            (Ok(ApiKey::EndQuorumEpoch), Body::Nothing) => {
                target.encode(&end_quorum_epoch::response(response, listener))
            }
            (Ok(ApiKey::Fetch), Body::Fetch(fetched)) => target.encode(&fetch::response(response, fetched, listener)),
            (Ok(ApiKey::FetchSnapshot), Body::FetchSnapshot(piece)) => {
                target.encode(&fetch_snapshot::response(response, piece, listener))
            }
            (Ok(ApiKey::AddRaftVoter), Body::Change { message }) => {
                target.encode(&add_raft_voter::response(response, message.as_deref()))
            }
            (Ok(ApiKey::RemoveRaftVoter), Body::Change { message }) => {
                target.encode(&remove_raft_voter::response(response, message.as_deref()))
            }
            (Ok(ApiKey::UpdateRaftVoter), Body::Change { .. }) => {
                target.encode(&update_raft_voter::response(response, listener))
            }
            _ => Ok(Reply::Close),
        }
    }
}

/// A request as a typed message, which holds what any of its versions has.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Vote (52).
    Vote(typed::VoteRequest),
    /// BeginQuorumEpoch (53).
    BeginQuorumEpoch(typed::BeginQuorumEpochRequest),
    /// EndQuorumEpoch (54).
    EndQuorumEpoch(typed::EndQuorumEpochRequest),
    /// Fetch (1).
    Fetch(typed::FetchRequest),
    /// FetchSnapshot (59).
    FetchSnapshot(typed::FetchSnapshotRequest),
    /// AddRaftVoter (80).
    AddRaftVoter(typed::AddRaftVoterRequest),
    /// RemoveRaftVoter (81).
    RemoveRaftVoter(typed::RemoveRaftVoterRequest),
    /// UpdateRaftVoter (82).
    UpdateRaftVoter(typed::UpdateRaftVoterRequest),
    /// ApiVersions (18), which every connection begins with.
    ApiVersions,
}

/// A request as it is sent.
pub fn write_request(request: &Request, own: &Identity) -> Message {
    match request {
        Request::Vote(asked) => Message::Vote(vote::request(asked, own)),
        Request::BeginQuorumEpoch {
            voter,
            leader_id,
            leader_epoch,
            endpoints,
        } => {
            let message = begin_quorum_epoch::request(*voter, *leader_id, *leader_epoch, endpoints, own);
            Message::BeginQuorumEpoch(message)
        }
        Request::EndQuorumEpoch {
            leader_id,
            leader_epoch,
            preferred,
        } => Message::EndQuorumEpoch(end_quorum_epoch::request(*leader_id, *leader_epoch, preferred, own)),
        Request::Fetch(asked) => Message::Fetch(fetch::request(asked, own)),
        Request::FetchSnapshot(asked) => Message::FetchSnapshot(fetch_snapshot::request(asked, own)),
        Request::Change(VoterChange::Add { voter, .. }) => Message::AddRaftVoter(add_raft_voter::request(voter, own)),
        Request::Change(VoterChange::Remove(key)) => Message::RemoveRaftVoter(remove_raft_voter::request(*key, own)),
        Request::Change(VoterChange::Update {
            epoch,
            voter,
            kraft_versions,
        }) => Message::UpdateRaftVoter(update_raft_voter::request(*epoch, voter, *kraft_versions, own)),
        Request::KRaftVersions => Message::ApiVersions,
    }
}

impl Message {
    /// The lowest version that says what is meant. A pre-vote is none in a version without them: it would raise the
    /// epoch of whoever reads it (KIP-996). See [`unsupported`].
    pub fn version_min(&self) -> i16 {
        match self {
            Self::Vote(vote) => vote::version_min(vote),
            Self::Fetch(_) => fetch::VERSION_MIN,
            _ => 0,
        }
    }
}

/// The answer to a request for which the peer has no version, which Kafka makes up itself. After one to a pre-vote its
/// prospective nodes ask for votes at once.
pub fn unsupported(request: &Request) -> Response {
    parts::failed(ErrorCode::UnsupportedVersion, request.empty_body())
}

/// The typed answer to one of the quorum's requests.
pub trait Answer {
    /// What it says.
    fn read(&self, own: &Identity) -> Result<Response, AnswerError>;
}

/// Why an answer says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is not about the quorum's partition.
    #[error("the answer is not about partition 0 of __cluster_metadata")]
    OtherPartition,
    /// It comes with data, and not from a leader.
    #[error("the answer has no error, and does not say who leads")]
    NoLeader,
    /// A field has a value that it cannot have.
    #[error("the answer's {field} is {value}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What it has.
        value: i64,
    },
}
