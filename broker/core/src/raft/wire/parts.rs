//! What the messages have in common.

use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};

use super::super::message::{Body, Endpoint, Response};
use super::{AnswerError, Identity};

/// The quorum's topic.
const TOPIC: &str = "__cluster_metadata";
/// Its only partition.
pub(super) const PARTITION: i32 = 0;
/// More endpoints, or candidates to succeed a leader, no quorum has.
pub(super) const LIST_MAX: usize = 1000;
/// Bytes of a host or of a listener's name; names in DNS have at most 253.
const NAME_MAX_BYTES: usize = 255;

/// How long a change of the voters may take; Kafka's leaders do not look at it.
pub(super) const CHANGE_TIMEOUT_MS: i32 = 2000;

/// The topic's name.
pub(super) fn topic() -> TopicName {
    TopicName(StrBytes::from_static_str(TOPIC))
}

/// The element of a list of one. A message of the quorum names its partition and no other; Kafka refuses all else too.
pub(super) fn only<T>(list: &[T]) -> Option<&T> {
    match list {
        [only] => Some(only),
        _ => None,
    }
}

/// Whether that is the quorum's topic.
pub(super) fn is_topic(name: &TopicName) -> bool {
    name.as_str() == TOPIC
}

/// Whether a request is for this cluster. One that names none is.
pub(super) fn check_cluster(cluster_id: Option<&StrBytes>, own: &Identity) -> Result<(), ErrorCode> {
    match cluster_id {
        Some(id) if id.as_str() != own.cluster_id => Err(ErrorCode::InconsistentClusterId),
        _ => Ok(()),
    }
}

/// The cluster's id, for a request.
pub(super) fn cluster_id(own: &Identity) -> Option<StrBytes> {
    Some(StrBytes::from_string(own.cluster_id.clone()))
}

/// INVALID_REQUEST unless that holds.
pub(super) fn require(holds: bool) -> Result<(), ErrorCode> {
    if holds { Ok(()) } else { Err(ErrorCode::InvalidRequest) }
}

/// Whether an epoch can be one of a quorum: there has to be one after it.
pub(super) fn is_epoch(epoch: i32) -> bool {
    (0..i32::MAX).contains(&epoch)
}

/// An endpoint, if its name and host can be those of one.
pub(super) fn endpoint(name: &str, host: &str, port: u16) -> Option<Endpoint> {
    let is_sound = |text: &str| !text.is_empty() && text.len() <= NAME_MAX_BYTES;
    (is_sound(name) && is_sound(host)).then(|| (name.to_owned(), host.to_owned(), port))
}

/// An error code as it stands in a message.
pub(super) fn code(error: Option<ErrorCode>) -> i16 {
    error.map_or(0, |error| error.code())
}

/// Who leads, as it stands in a message.
pub(super) fn leader_id(response: &Response) -> BrokerId {
    BrokerId(response.leader_id.unwrap_or(-1))
}

/// Id, host and port of the leader on a listener, if all are known. Kafka's listener names are the same in any case.
pub(super) fn leader_node(response: &Response, listener: &str) -> Option<(BrokerId, StrBytes, u16)> {
    let id = response.leader_id?;
    let mut endpoints = response.leader_endpoints.iter();
    let (_, host, port) = endpoints.find(|(name, ..)| name.eq_ignore_ascii_case(listener))?;
    Some((BrokerId(id), StrBytes::from_string(host.clone()), *port))
}

/// An answer that is nothing but an error.
pub(super) fn failed(error: ErrorCode, body: Body) -> Response {
    Response {
        error: Some(error),
        leader_id: None,
        leader_epoch: -1,
        leader_endpoints: Vec::new(),
        body,
    }
}

/// An answer that does not say who leads.
pub(super) fn without_leader(error_code: i16, body: Body) -> Response {
    Response {
        error: ErrorCode::try_from_code(error_code),
        leader_id: None,
        leader_epoch: -1,
        leader_endpoints: Vec::new(),
        body,
    }
}

/// What all answers say of a partition.
pub(super) struct Head<N> {
    pub(super) error_code: i16,
    pub(super) leader_id: BrokerId,
    pub(super) leader_epoch: i32,
    /// Id, host and port of each node in it.
    pub(super) nodes: N,
}

impl<'a, N: Iterator<Item = (BrokerId, &'a StrBytes, i64)>> Head<N> {
    /// The answer, with this content.
    pub(super) fn response(mut self, own: &Identity, body: Body) -> Result<Response, AnswerError> {
        if self.leader_epoch == i32::MAX {
            return Err(field("leader epoch", self.leader_epoch));
        }
        let leader_id = (self.leader_id.0 >= 0).then_some(self.leader_id.0);
        let node = self.nodes.find(|(id, ..)| Some(id.0) == leader_id);
        let leader_endpoint = node.map(|(_, host, port)| {
            let port = u16::try_from(port).map_err(|_| field("leader's port", port))?;
            endpoint(&own.listener, host, port).ok_or_else(|| field("length of the leader's host", host.len() as i64))
        });
        Ok(Response {
            error: ErrorCode::try_from_code(self.error_code),
            leader_id,
            leader_epoch: self.leader_epoch,
            leader_endpoints: leader_endpoint.transpose()?.into_iter().collect(),
            body,
        })
    }
}

/// A field that cannot have this value.
pub(super) fn field(field: &'static str, value: impl Into<i64>) -> AnswerError {
    AnswerError::Field {
        field,
        value: value.into(),
    }
}
