//! The way to a leader: where its broker is, and one request there and back.

use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::features::METADATA_VERSION;
use broker_core::replication::fetcher::{FetcherRequest, FetcherResponse, in_version};
use client::ClientError;
use client::conn::{Connection, deadline_in};
use protocol::api::messages::ListOffsetsRequest;
use protocol::api::messages::fetch_request::FetchRequest;
use protocol::api::{Decodable, HeaderVersion, Request};
use protocol::config::SecurityProtocol;

use crate::peers::{Peers, Purpose, address_of};

/// Why a leader gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum LinkError {
    /// The metadata has no address of it.
    #[error("broker {leader} has no endpoint for listener {listener}, or none that is PLAINTEXT")]
    NoEndpoint {
        /// The leader.
        leader: i32,
        /// The listener of brokers among themselves.
        listener: String,
    },
    /// It speaks no version of Fetch that names topics by id.
    #[error("broker {leader} serves Fetch up to version {version}, which does not name topics by id")]
    NoTopicIds {
        /// The leader.
        leader: i32,
        /// The newest version.
        version: i16,
    },
    /// It was not reached, or did not answer well or in time.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// First version of Fetch that names topics by id.
const TOPIC_IDS_FROM: i16 = 13;

/// The way to one leader for one of its fetchers.
#[derive(Debug)]
pub(super) struct LeaderLink {
    broker: Arc<Broker>,
    peers: Peers,
    leader: i32,
    fetcher: usize,
    listener: String,
    answer_max: Duration,
}

impl LeaderLink {
    pub(super) fn new(broker: &Arc<Broker>, peers: &Peers, (leader, fetcher): (i32, usize)) -> Self {
        let config = broker.config();
        let answer_ms = config.number("replica.socket.timeout.ms").max(1).unsigned_abs();
        Self {
            broker: Arc::clone(broker),
            peers: peers.clone(),
            leader,
            fetcher,
            listener: config.inter_broker_listener(),
            answer_max: Duration::from_millis(answer_ms),
        }
    }

    pub(super) fn leader(&self) -> i32 {
        self.leader
    }

    /// Where the leader is reached, by the latest image.
    pub(super) fn address(&self) -> Option<String> {
        let image = self.broker.image();
        let endpoint = image.brokers().get(self.leader)?.endpoint(&self.listener)?;
        let is_served = endpoint.security_protocol == SecurityProtocol::Plaintext.id();
        is_served.then(|| address_of(&endpoint.host, endpoint.port))
    }

    /// The level that decides in which versions brokers talk.
    pub(super) fn metadata_level(&self) -> i16 {
        self.broker.image().features().level(METADATA_VERSION)
    }

    /// Closes the connection to an address that is not used any more.
    pub(super) fn close(&self, address: &str) {
        self.peers.forget(Purpose::Fetch(self.fetcher), address);
    }

    /// One request there and back.
    pub(super) async fn exchange(
        &self,
        address: Option<&str>,
        request: FetcherRequest,
        version_max: i16,
    ) -> Result<FetcherResponse, LinkError> {
        let address = address.ok_or_else(|| LinkError::NoEndpoint {
            leader: self.leader,
            listener: self.listener.clone(),
        })?;
        let connection = self.peers.connection(Purpose::Fetch(self.fetcher), address).await?;
        match request {
            FetcherRequest::Fetch(request) => {
                let version = connection.version_up_to::<FetchRequest>(version_max)?;
                if version < TOPIC_IDS_FROM {
                    let leader = self.leader;
                    return Err(LinkError::NoTopicIds { leader, version });
                }
                let request = in_version(request, version);
                let answer = self.answer(&connection, version, &request).await?;
                Ok(FetcherResponse::Fetch(answer))
            }
            FetcherRequest::Offsets(request) => {
                let version = connection.version_up_to::<ListOffsetsRequest>(version_max)?;
                let answer = self.answer(&connection, version, &request).await?;
                Ok(FetcherResponse::Offsets(answer))
            }
        }
    }

    async fn answer<R: Request>(
        &self,
        connection: &Connection,
        version: i16,
        request: &R,
    ) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        connection
            .exchange(version, request, deadline_in(self.answer_max))
            .await
    }
}
