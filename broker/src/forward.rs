//! Requests of clients that the active controller answers, handed on to it in an envelope (KIP-590).

use std::net::IpAddr;
use std::time::Duration;

use broker_core::call::Call;
use broker_core::controller::refuse;
use broker_core::reply::{Reply, ReplyPart};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use protocol::api::messages::{EnvelopeRequest, EnvelopeResponse};
use protocol::api::{
    DECODE_BUDGET_BYTES, ErrorCode, HeaderVersion as _, decode_response, encode_request, join_request, split_request,
    split_response,
};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::backoff::Backoff;
use crate::controller_channel::ControllerChannel;
use crate::quorum_thread::QuorumHandle;

/// How long a request is tried again while there is no active controller: as long as Kafka's clients wait for an answer.
const FORWARD_MAX: Duration = Duration::from_secs(30);
const PAUSE_FIRST: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// The only one.
const ENVELOPE_VERSION: i16 = 0;
/// Bytes of a frame's length.
const LENGTH_BYTES: usize = 4;
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
        tokio::time::timeout(FORWARD_MAX, self.ask_until_answered(call, &request))
            .await
            .ok()?
    }

    /// Asks whoever is active, until one answers that is, and still was when the answer was due.
    async fn ask_until_answered(&self, call: &Call, request: &EnvelopeRequest) -> Option<Reply> {
        let mut backoff = Backoff::new(PAUSE_FIRST, PAUSE_MAX);
        loop {
            let seen = self.channel.active();
            let answer = if seen.id == Some(self.node_id) {
                self.ask_own(call, request).await?
            } else {
                match self.channel.send(request, None).await {
                    Ok(answer) => answer,
                    Err(error) => {
                        tracing::debug!(%error, "a request was not handed on");
                        EnvelopeResponse::default().with_error_code(ErrorCode::NotController.code())
                    }
                }
            };
            if answer.error_code != ErrorCode::NotController.code() {
                return opened(answer);
            }
            self.channel.pause(&seen, &mut backoff).await;
        }
    }

    /// Asks the controller in this process; none if that has ended.
    async fn ask_own(&self, call: &Call, request: &EnvelopeRequest) -> Option<EnvelopeResponse> {
        let mut frame = encode_request(ENVELOPE_VERSION, 0, "", request).ok()?;
        frame.advance(LENGTH_BYTES);
        let (header, body) = split_request(frame).ok()?;
        let envelope = Call {
            header,
            body,
            ..call.clone()
        };
        let Reply::Frame(parts) = self.quorum.call(envelope).await.ok()? else {
            return None;
        };
        let mut frame = BytesMut::new();
        for part in &parts {
            match part {
                ReplyPart::Bytes(bytes) => frame.extend_from_slice(bytes),
                // Answers of a controller are in memory.
                ReplyPart::File { .. } => return None,
            }
        }
        let frame = frame.freeze().slice(LENGTH_BYTES..);
        let (_, body) = split_response(frame, EnvelopeResponse::header_version(ENVELOPE_VERSION)).ok()?;
        decode_response::<EnvelopeRequest>(ENVELOPE_VERSION, body, DECODE_BUDGET_BYTES).ok()
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

#[cfg(test)]
mod tests {
    use broker_core::call::Peer;
    use broker_core::cx::Now;
    use protocol::api::messages::{CreateTopicsRequest, CreateTopicsResponse};
    use protocol::api::{ApiKey, encode_response};
    use tokio::sync::watch;

    use super::*;
    use crate::controller_channel::ActiveController;
    use crate::fake_node::FakeNode;
    use crate::peers::Peers;
    use crate::quorum_thread::mailbox;

    fn create_topics() -> Call {
        let mut frame = encode_request(7, 5, "test", &CreateTopicsRequest::default()).unwrap();
        frame.advance(LENGTH_BYTES);
        let (header, body) = split_request(frame).unwrap();
        Call {
            header,
            body,
            peer: Peer::default(),
            now: Now::default(),
        }
    }

    /// The answer of a controller, without its length.
    fn created() -> Bytes {
        let mut frame = encode_response(CREATE_TOPICS, 7, 5, &CreateTopicsResponse::default()).unwrap();
        frame.advance(LENGTH_BYTES);
        frame
    }

    const CREATE_TOPICS: i16 = ApiKey::CreateTopics as i16;

    #[tokio::test]
    async fn what_the_own_controller_was_not_active_for_long_enough_for_another_is_asked() {
        let mut other = FakeNode::start(&[(ApiKey::Envelope, 0, 0)], |asked| {
            asked.answer(&EnvelopeResponse::default().with_response_data(Some(created())))
        })
        .await;
        let own = ActiveController {
            id: Some(1),
            epoch: 3,
            address: None,
            is_gone: false,
        };
        let (active, watched) = watch::channel(own);
        let (quorum, thread) = mailbox();
        let forwarder = Forwarder {
            node_id: 1,
            runtime: Handle::current(),
            quorum,
            channel: ControllerChannel::new(watched, Peers::new(1)),
        };
        let answer = forwarder.forward(create_topics());
        let (asked, reply) = tokio::task::spawn_blocking(move || thread.next_call()).await.unwrap();
        assert_eq!(asked.header.api_key, ApiKey::Envelope as i16);
        let next = ActiveController {
            id: Some(2),
            epoch: 4,
            address: Some(other.address.clone()),
            is_gone: false,
        };
        active.send(next).unwrap();
        let refused = EnvelopeResponse::default().with_error_code(ErrorCode::NotController.code());
        let frame = encode_response(ApiKey::Envelope as i16, 0, asked.header.correlation_id, &refused).unwrap();
        reply.send(frame.into()).unwrap();
        let Reply::Frame(parts) = answer.await.unwrap() else {
            panic!("no frame")
        };
        let sizes: Vec<usize> = parts.iter().map(ReplyPart::size_bytes).collect();
        assert_eq!(sizes, [LENGTH_BYTES, created().len()]);
        let handed_on: EnvelopeRequest = other.next().await.decode();
        let sent = create_topics();
        assert_eq!(handed_on.request_data, join_request(&sent.header, &sent.body));
    }
}
