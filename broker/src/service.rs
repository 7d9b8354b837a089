//! What stands behind the listeners.

use std::sync::Arc;

use broker_core::broker::{Broker, api};
use broker_core::call::{Call, Outcome, Peer};
use broker_core::reply::{Refused, Reply};
use bytes::Bytes;
use protocol::api::split_request;

use crate::clock::Clock;
use crate::net::{Answer, Service};
use crate::quorum_thread::QuorumHandle;

/// A broker's listener.
#[derive(Debug)]
pub(crate) struct BrokerService {
    pub(crate) broker: Arc<Broker>,
    pub(crate) quorum: QuorumHandle,
    pub(crate) clock: Clock,
}

impl Service for BrokerService {
    fn serve(&self, frame: Bytes, peer: &mut Peer) -> Answer {
        let (header, body) = match split_request(frame) {
            Ok(parts) => parts,
            Err(error) => {
                tracing::warn!(host = peer.host, %error, "refused a request");
                return Answer::Now(Reply::Refused(Refused::Malformed));
            }
        };
        let call = Call {
            header,
            body,
            peer: peer.clone(),
            now: self.clock.now(),
        };
        match api::handle(&self.broker, call, peer) {
            Outcome::Reply(reply) => Answer::Now(reply),
            Outcome::Wait(pending) => Answer::Wait(pending),
            Outcome::Forward(call) => Answer::Later(self.quorum.call(call)),
        }
    }
}
