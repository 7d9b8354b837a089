//! Requests of clients that the active controller answers, handed on to it in an envelope (KIP-590).

use std::net::IpAddr;
use std::time::Duration;

use broker_core::call::Call;
use broker_core::controller::refuse;
use broker_core::reply::{Reply, ReplyPart};
use bytes::{BufMut as _, Bytes, BytesMut};
use protocol::api::messages::{EnvelopeRequest, EnvelopeResponse};
use protocol::api::{ErrorCode, join_request};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::backoff::Backoff;
use crate::controller_channel::ControllerChannel;
use crate::quorum_thread::QuorumHandle;

/// How long a request is tried again while there is no active controller: as long as Kafka's clients wait for an answer.
const FORWARD_MAX: Duration = Duration::from_secs(30);
const PAUSE_FIRST: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// `DefaultPrincipalData`, version 0: the user that clients are who have not said who they are.
const ANONYMOUS: &[u8] = b"\0\0\x05User\x0aANONYMOUS\0\0";

/// The way of clients' requests to the active controller.
#[derive(Debug, Clone)]
pub(crate) struct Forwarder {
    pub(crate) node_id: i32,
    pub(crate) runtime: Handle,
    pub(crate) quorum: QuorumHandle,
    pub(crate) channel: ControllerChannel,
}

impl Forwarder {
    /// Hands on a request.
    pub(crate) fn forward(&self, call: Call) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        if self.channel.active().id == Some(self.node_id) {
            // The active controller is in this process.
            return self.quorum.call(call);
        }
        let forwarder = self.clone();
        self.runtime.spawn(async move {
            let reply = forwarder.ask(&call).await.unwrap_or_else(|| refuse(&call));
            // The client may be gone by now.
            let _gone = sender.send(reply);
        });
        receiver
    }

    async fn ask(&self, call: &Call) -> Option<Reply> {
        let host = call.peer.host.parse().ok().map_or_else(Vec::new, |host| match host {
            IpAddr::V4(host) => host.octets().to_vec(),
            IpAddr::V6(host) => host.octets().to_vec(),
        });
        let request = EnvelopeRequest::default()
            .with_request_data(join_request(&call.header, &call.body))
            .with_request_principal(Some(Bytes::from_static(ANONYMOUS)))
            .with_client_host_address(host.into());
        tokio::time::timeout(FORWARD_MAX, self.ask_until_answered(&request))
            .await
            .ok()?
    }

    /// Asks whoever is active, until one answers that is.
    async fn ask_until_answered(&self, request: &EnvelopeRequest) -> Option<Reply> {
        let mut backoff = Backoff::new(PAUSE_FIRST, PAUSE_MAX);
        loop {
            let seen = self.channel.active();
            match self.channel.send(request, None).await {
                Ok(answer) if answer.error_code == ErrorCode::NotController.code() => {}
                Ok(answer) => return opened(answer),
                Err(error) => tracing::debug!(%error, "a request was not handed on"),
            }
            self.channel.pause(&seen, &mut backoff).await;
        }
    }
}

/// The client's answer, as a frame; none if the controller could not read what it was handed.
fn opened(answer: EnvelopeResponse) -> Option<Reply> {
    let data = answer.response_data.filter(|_| answer.error_code == 0)?;
    let mut length = BytesMut::new();
    length.put_u32(u32::try_from(data.len()).ok()?);
    Some(Reply::Frame(vec![
        ReplyPart::Bytes(length.freeze()),
        ReplyPart::Bytes(data),
    ]))
}
