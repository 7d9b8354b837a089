//! What stands behind the listeners.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use broker_core::broker::{Broker, api};
use broker_core::call::{Call, Outcome, Peer};
use broker_core::controller::{Event, is_of_ours, note_software};
use broker_core::reply::{Refused, Reply};
use bytes::Bytes;
use protocol::api::split_request;

use crate::clock::Clock;
use crate::forward::Forwarder;
use crate::net::{Answer, Service};
use crate::quorum_thread::QuorumHandle;

/// A broker's listener.
#[derive(Debug)]
pub(crate) struct BrokerService {
    pub(crate) broker: Arc<Broker>,
    pub(crate) forwarder: Forwarder,
    pub(crate) clock: Clock,
}

impl Service for BrokerService {
    fn serve(&self, frame: Bytes, peer: &mut Peer) -> Answer {
        let Some(call) = read(frame, peer, self.clock) else {
            return Answer::Now(Reply::Refused(Refused::Malformed));
        };
        match api::handle(&self.broker, call, peer) {
            Outcome::Reply(reply) => Answer::Now(reply),
            Outcome::Wait(pending) => Answer::Wait(pending),
            Outcome::Forward(call) => Answer::Later(self.forwarder.forward(call)),
        }
    }
}

/// A controller's listener.
#[derive(Debug)]
pub(crate) struct ControllerService {
    pub(crate) quorum: QuorumHandle,
    pub(crate) clock: Clock,
    /// The number of the last connection.
    pub(crate) connections: AtomicU64,
}

impl Service for ControllerService {
    fn serve(&self, frame: Bytes, peer: &mut Peer) -> Answer {
        if peer.connection == 0 {
            peer.connection = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        }
        let Some(call) = read(frame, peer, self.clock) else {
            return Answer::Now(Reply::Refused(Refused::Malformed));
        };
        note_software(&call, peer);
        Answer::Later(self.quorum.call(call))
    }

    fn ended(&self, peer: &Peer) {
        if is_of_ours(peer) {
            let connection = peer.connection;
            self.quorum.send(Event::ConnectionEnded { connection });
        }
    }
}

fn read(frame: Bytes, peer: &Peer, clock: Clock) -> Option<Call> {
    match split_request(frame) {
        Ok((header, body)) => Some(Call {
            header,
            body,
            peer: peer.clone(),
            now: clock.now(),
        }),
        Err(error) => {
            tracing::warn!(host = peer.host, %error, "refused a request");
            None
        }
    }
}
