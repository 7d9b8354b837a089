//! Envelope (58), version 0 (KIP-590): a broker hands on a client's request, which is answered inside the answer.

use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use protocol::api::messages::envelope_request::EnvelopeRequest;
use protocol::api::messages::envelope_response::EnvelopeResponse;
use protocol::api::{ApiKey, ErrorCode, split_request};

use super::{Controller, ControllerCx, ControllerError, api, not_controller};
use crate::call::{Call, Peer, Served};
use crate::cx::Ticket;
use crate::reply::{Refused, Reply, ReplyPart};

pub(super) const SERVED: Served = Served::new(ApiKey::Envelope, 0, 0);

/// Bytes of a frame's length.
const LENGTH_BYTES: usize = 4;

impl Controller {
    pub(super) fn on_envelope(
        &mut self,
        ticket: Ticket,
        call: &Call,
        cx: &mut ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        let Ok(request) = call.decode::<EnvelopeRequest>() else {
            cx.out.reply(ticket, Reply::Refused(Refused::Malformed));
            return Ok(());
        };
        let inner = if self.active {
            open(call, request)
        } else {
            Err(ErrorCode::NotController)
        };
        self.enveloped.insert(ticket, call.target());
        match inner {
            Ok(inner) => self.on_call(ticket, inner, cx),
            Err(code) => {
                self.answer_enveloped(ticket, &EnvelopeResponse::default().with_error_code(code.code()), cx);
                Ok(())
            }
        }
    }

    /// Answers a request, in an envelope if it came in one.
    pub(super) fn answer(&mut self, ticket: Ticket, reply: Reply, cx: &mut ControllerCx<'_>) {
        if !self.enveloped.contains_key(&ticket) {
            cx.out.reply(ticket, reply);
            return;
        }
        let response = match reply {
            Reply::Frame(parts) => EnvelopeResponse::default().with_response_data(Some(frame_of(parts))),
            Reply::Nothing | Reply::Refused(_) | Reply::Close => {
                EnvelopeResponse::default().with_error_code(ErrorCode::InvalidRequest.code())
            }
        };
        self.answer_enveloped(ticket, &response, cx);
    }

    /// Answers that this node is not the active controller, or was not for long enough. Of a request in an envelope the
    /// envelope says so: whoever handed it on looks there, and asks elsewhere.
    pub(super) fn refuse(&mut self, ticket: Ticket, call: &Call, cx: &mut ControllerCx<'_>) {
        if self.enveloped.contains_key(&ticket) {
            let code = ErrorCode::NotController.code();
            self.answer_enveloped(ticket, &EnvelopeResponse::default().with_error_code(code), cx);
        } else {
            cx.out.reply(ticket, not_controller::refuse(call));
        }
    }

    fn answer_enveloped(&mut self, ticket: Ticket, response: &EnvelopeResponse, cx: &mut ControllerCx<'_>) {
        if let Some(target) = self.enveloped.remove(&ticket) {
            cx.out.reply(ticket, target.encode(response).unwrap_or(Reply::Close));
        }
    }
}

/// The request inside, as its client sent it.
fn open(call: &Call, request: EnvelopeRequest) -> Result<Call, ErrorCode> {
    let (header, body) = split_request(request.request_data).map_err(|_| ErrorCode::InvalidRequest)?;
    let answers = |served: &Served| served.key as i16 == header.api_key && served.answers(header.api_version);
    if !api::served().iter().any(answers) {
        return Err(ErrorCode::UnsupportedVersion);
    }
    let peer = Peer {
        host: host_of(&request.client_host_address).unwrap_or_default(),
        ..call.peer.clone()
    };
    Ok(Call {
        header,
        body,
        peer,
        now: call.now,
    })
}

/// The client's address: four bytes or sixteen.
fn host_of(address: &Bytes) -> Option<String> {
    if let Ok(octets) = <[u8; 4]>::try_from(address.as_ref()) {
        return Some(Ipv4Addr::from(octets).to_string());
    }
    let octets = <[u8; 16]>::try_from(address.as_ref()).ok()?;
    Some(Ipv6Addr::from(octets).to_string())
}

/// Header and body of an answer: the frame without its length.
fn frame_of(parts: Vec<ReplyPart>) -> Bytes {
    let frame: Bytes = parts
        .into_iter()
        .filter_map(|part| match part {
            ReplyPart::Bytes(bytes) => Some(bytes),
            // Answers of a controller are in memory.
            ReplyPart::File { .. } => None,
        })
        .flatten()
        .collect();
    frame.slice(LENGTH_BYTES.min(frame.len())..)
}
