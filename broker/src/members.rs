//! Requests to the other members of the metadata quorum.

use std::sync::Arc;
use std::time::Duration;

use broker_core::controller::{Event, QuorumRequest};
use broker_core::raft::wire::{self, Answer, Identity, Message};
use broker_core::raft::{Peer, Raft, Request, Response};
use client::ClientError;
use client::conn::{Connection, deadline_in};
use protocol::api::{Decodable, HeaderVersion, Request as Typed};
use tokio::runtime::Handle;

use crate::peers::{Peers, Purpose, address_of};
use crate::probe::address_refuses;
use crate::quorum_thread::QuorumHandle;

/// Sends for the thread of the quorum, and hands it the answers.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) runtime: Handle,
    pub(crate) peers: Peers,
    pub(crate) quorum: QuorumHandle,
    pub(crate) own: Arc<Identity>,
    /// controller.quorum.bootstrap.servers, host:port.
    pub(crate) bootstrap_servers: Vec<String>,
    /// controller.quorum.request.timeout.ms.
    pub(crate) timeout: Duration,
}

impl Members {
    /// Sends a request; the answer, or that there is none, comes as an event.
    pub(crate) fn send(&self, asked: QuorumRequest, quorum: &Raft) {
        let QuorumRequest { id, to, request } = asked;
        let (address, purpose) = match to {
            Peer::Node(id) => (
                quorum.address_of(id).map(|(host, port)| address_of(host, port)),
                Purpose::Raft(id),
            ),
            Peer::Leader(id) => (
                quorum.address_of(id).map(|(host, port)| address_of(host, port)),
                Purpose::ChangeVoters,
            ),
            // Its id is not known; it is none that a node can have.
            Peer::Bootstrap(at) => (self.bootstrap_servers.get(at).cloned(), Purpose::Raft(-1 - at as i32)),
        };
        let (peers, own, timeout, sender) = (
            self.peers.clone(),
            Arc::clone(&self.own),
            self.timeout,
            self.quorum.clone(),
        );
        self.runtime.spawn(async move {
            let response = match &address {
                Some(address) => exchange(&peers, purpose, address, &request, &own, timeout).await,
                None => Ok(None),
            };
            sender.send(match response {
                Ok(response) => Event::QuorumResponse { id, response },
                Err(Refused) => Event::QuorumRefused { id },
            });
        });
    }
}

/// Every address refuses connections.
struct Refused;

async fn exchange(
    peers: &Peers,
    purpose: Purpose,
    address: &str,
    request: &Request,
    own: &Identity,
    timeout: Duration,
) -> Result<Option<Response>, Refused> {
    let asking = async {
        let reason = match peers.connection(purpose, address).await {
            Ok(connection) => match ask(&connection, request, own, timeout).await {
                Ok(response) => return Ok(Some(response)),
                Err(reason) => reason,
            },
            Err(ClientError::Unreachable { .. }) if address_refuses(address).await => return Err(Refused),
            Err(error) => error.to_string(),
        };
        tracing::debug!(address, reason, "a member of the quorum does not answer");
        Ok(None)
    };
    let answer = tokio::time::timeout(timeout, asking).await;
    answer.unwrap_or(Ok(None))
}

async fn ask(
    connection: &Connection,
    request: &Request,
    own: &Identity,
    timeout: Duration,
) -> Result<Response, String> {
    let message = wire::write_request(request, own);
    let min = message.version_min();
    let to = To {
        connection,
        own,
        timeout,
        min,
        request,
    };
    match &message {
        Message::Vote(typed) => to.exchange(typed).await,
        Message::BeginQuorumEpoch(typed) => to.exchange(typed).await,
        Message::EndQuorumEpoch(typed) => to.exchange(typed).await,
        Message::Fetch(typed) => to.exchange(typed).await,
        Message::FetchSnapshot(typed) => to.exchange(typed).await,
        Message::AddRaftVoter(typed) => to.exchange(typed).await,
        Message::RemoveRaftVoter(typed) => to.exchange(typed).await,
        Message::UpdateRaftVoter(typed) => to.exchange(typed).await,
        Message::ApiVersions => {
            let answer = connection.api_versions().read(own);
            answer.map_err(|error| error.to_string())
        }
    }
}

struct To<'a> {
    connection: &'a Connection,
    own: &'a Identity,
    timeout: Duration,
    min: i16,
    request: &'a Request,
}

impl To<'_> {
    async fn exchange<R: Typed>(&self, typed: &R) -> Result<Response, String>
    where
        R::Response: Decodable + HeaderVersion + Answer,
    {
        let version = match self.connection.version_of::<R>() {
            Ok(version) if version >= self.min => version,
            _ => return Ok(wire::unsupported(self.request)),
        };
        let answer = self
            .connection
            .exchange(version, typed, deadline_in(self.timeout))
            .await;
        let answer = answer.map_err(|error| error.to_string())?;
        answer.read(self.own).map_err(|error| error.to_string())
    }
}
