//! Requests of clients that the active controller answers.

use std::time::Duration;

use broker_core::call::Call;
use broker_core::controller::refuse;
use broker_core::reply::{Reply, ReplyPart};
use bytes::{BufMut as _, Bytes, BytesMut};
use protocol::api::messages::EnvelopeRequest;
use protocol::api::{ErrorCode, join_request};

use super::quorum::Mail;
use super::{Active, Purpose, Route, Running, Tag};
use crate::caller::{Answer, ask};
use crate::world::World;

const FORWARD_MAX: Duration = Duration::from_secs(30);
const PAUSE_FIRST: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(200);
const ANONYMOUS: &[u8] = b"\0\0\x05User\x0aANONYMOUS\0\0";

/// A request that is handed on.
#[derive(Debug)]
pub(super) struct Forwarded {
    call: Call,
    route: Route,
    until: Duration,
    /// When it is tried again; none while it is on its way.
    pub(super) again_at: Option<Duration>,
    wait: Duration,
    seen: Active,
}

impl Running {
    pub(super) fn forward(&mut self, world: &mut World, call: Call, route: Route) {
        if self.active.id == Some(self.id) {
            self.quorum.mail.push_back(Mail::Call(call, route));
            return;
        }
        let now = self.clock.now(world.now).mono;
        let forwarded = Forwarded {
            call,
            route,
            until: now + FORWARD_MAX,
            again_at: Some(now),
            wait: PAUSE_FIRST,
            seen: Active::default(),
        };
        self.forwarded.insert(world.number(), forwarded);
    }

    /// Tries those again that are due; whether there were any.
    pub(super) fn forward_again(&mut self, world: &mut World) -> bool {
        let (now, active) = (self.clock.now(world.now).mono, self.active);
        let is_due = |forwarded: &Forwarded| {
            let is_other = active.id.is_some() && forwarded.seen != active;
            forwarded.again_at.is_some_and(|at| at <= now || is_other)
        };
        let due = self.forwarded.iter().filter(|(_, forwarded)| is_due(forwarded));
        let due: Vec<u64> = due.map(|(number, _)| *number).collect();
        let is_news = !due.is_empty();
        for number in due {
            self.hand_on(world, number, now);
        }
        is_news
    }

    fn hand_on(&mut self, world: &mut World, number: u64, now: Duration) {
        let active = self.active;
        let Some(forwarded) = self.forwarded.get_mut(&number) else {
            return;
        };
        if forwarded.until <= now {
            let (route, refusal) = (forwarded.route, refuse(&forwarded.call));
            self.forwarded.remove(&number);
            return self.answer(world, route, refusal);
        }
        forwarded.again_at = None;
        forwarded.seen = active;
        let call = &forwarded.call;
        let request = EnvelopeRequest::default()
            .with_request_data(join_request(&call.header, &call.body))
            .with_request_principal(Some(Bytes::from_static(ANONYMOUS)))
            .with_client_host_address(Bytes::from_static(&[10, 0, 0, 1]));
        let (left, ask) = (forwarded.until - now, ask(request, None, 0));
        if !self.ask_active(world, Purpose::Forward, Tag::Forward(number), ask, left) {
            self.pause_forward(number, now);
        }
    }

    fn pause_forward(&mut self, number: u64, now: Duration) {
        if let Some(forwarded) = self.forwarded.get_mut(&number) {
            forwarded.again_at = Some((now + forwarded.wait).min(forwarded.until));
            forwarded.wait = (forwarded.wait * 2).min(PAUSE_MAX);
        }
    }

    pub(super) fn forward_answered(&mut self, world: &mut World, number: u64, answer: &Answer) {
        let now = self.clock.now(world.now).mono;
        let response = answer.read::<EnvelopeRequest>();
        let response = response.filter(|response| response.error_code != ErrorCode::NotController.code());
        let Some(response) = response else {
            return self.pause_forward(number, now);
        };
        let Some(forwarded) = self.forwarded.remove(&number) else {
            return;
        };
        let data = response.response_data.filter(|_| response.error_code == 0);
        let reply = data.map_or_else(
            || refuse(&forwarded.call),
            |data| {
                let mut length = BytesMut::new();
                length.put_u32(data.len() as u32);
                Reply::Frame(vec![ReplyPart::Bytes(length.freeze()), ReplyPart::Bytes(data)])
            },
        );
        self.answer(world, forwarded.route, reply);
    }
}
