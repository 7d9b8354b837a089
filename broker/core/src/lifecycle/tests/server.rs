//! An active controller, on a disk that outlives it.

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_log::LogContext;
use broker_log::disk::SimDisk;
use bytes::{Buf as _, Bytes, BytesMut};
use protocol::api::{Decodable, HeaderVersion, Request, RequestHeader, encode_request, split_request};
use protocol::config::NodeConfig;

use super::*;
use crate::call::{Call, Peer};
use crate::controller::{Controller, ControllerCx, ControllerParts, ControllerTimer, Event, Probe};
use crate::cx::{Cx, Outbox, Ticket};
use crate::raft::{Raft, RaftConfig, Timeouts, Voter};
use crate::reply::{Reply, ReplyPart};

/// The controller's own id.
const NODE_ID: i32 = 9;

pub(super) struct Server {
    disk: SimDisk,
    controller: Controller,
    random: Chance,
    timers: BTreeMap<ControllerTimer, Duration>,
    tickets: u64,
}

impl Server {
    /// On what an earlier one left.
    pub(super) fn start(disk: SimDisk, now: Duration) -> Self {
        let keys = [
            ("process.roles", "controller"),
            ("node.id", "9"),
            ("controller.quorum.voters", "9@localhost:9093"),
            ("listeners", "CONTROLLER://:9093"),
            ("controller.listener.names", "CONTROLLER"),
        ];
        let config = NodeConfig::parse(keys).unwrap();
        let context = LogContext::new(Arc::new(disk.clone()), 8, 1 << 16);
        let raft = RaftConfig {
            node_id: NODE_ID,
            directory_id: Uuid::from_u128(7),
            metadata_dir: "/meta".into(),
            static_voters: vec![Voter {
                id: NODE_ID,
                directory_id: Uuid::ZERO,
                endpoints: vec![],
            }],
            bootstrap_servers: 0,
            clean: false,
            timeouts: Timeouts::default(),
        };
        let (raft, snapshot) = Raft::open(&context, raft).unwrap();
        let controller = Controller::new(ControllerParts {
            config: Arc::new(config),
            cluster_id: "cluster".into(),
            raft,
            snapshot,
            bootstrap: None,
        });
        let controller = controller.unwrap();
        let mut server = Self {
            disk,
            controller,
            random: Chance::new(5),
            timers: BTreeMap::new(),
            tickets: 0,
        };
        server.event(Event::Start, now);
        server
    }

    /// What is left of its disk: not what it had not synced.
    pub(super) fn crash(self) -> SimDisk {
        self.disk.crash(|_, _| 0)
    }

    pub(super) fn image(&self) -> &MetadataImage {
        self.controller.image()
    }

    /// Timers go off that are due.
    pub(super) fn tick(&mut self, now: Duration) {
        while let Some((timer, _)) = self.timers.iter().find(|(_, at)| **at <= now).map(|(t, at)| (*t, *at)) {
            self.timers.remove(&timer);
            self.event(Event::Timer(timer), now);
        }
    }

    /// When the next timer goes off.
    pub(super) fn next_timer(&self) -> Option<Duration> {
        self.timers.values().min().copied()
    }

    fn event(&mut self, event: Event, now: Duration) -> Vec<(Ticket, Reply)> {
        let mut replies = self.step(now, |controller, cx| controller.on(event, cx).unwrap());
        replies.extend(self.step(now, |controller, cx| drop(controller.commit(cx).unwrap())));
        replies
    }

    fn step(
        &mut self,
        now: Duration,
        step: impl FnOnce(&mut Controller, &mut ControllerCx<'_>),
    ) -> Vec<(Ticket, Reply)> {
        let mut out = Outbox::default();
        let mut cx = Cx {
            now: Now { wall_ms: 0, mono: now },
            random: &mut self.random,
            disk: &self.disk,
            out: &mut out,
        };
        step(&mut self.controller, &mut cx);
        for (timer, at) in out.timers {
            match at {
                Some(at) => self.timers.insert(timer, at),
                None => self.timers.remove(&timer),
            };
        }
        out.replies
    }

    /// A connection of a broker has ended.
    pub(super) fn connection_ended(&mut self, connection: u64, now: Duration) {
        self.event(Event::ConnectionEnded { connection }, now);
    }

    /// What it wants to have tried.
    pub(super) fn take_probes(&mut self) -> Vec<Probe> {
        self.controller.take_probes()
    }

    /// How a try ended.
    pub(super) fn probed(&mut self, id: u64, all_refused: bool, now: Duration) {
        self.event(Event::Probed { id, all_refused }, now);
    }

    fn request<R: Request>(&mut self, connection: u64, version: i16, request: &R) -> Event {
        let mut frame = encode_request(version, 5, "test", request).unwrap();
        frame.advance(4);
        let (header, body): (RequestHeader, Bytes) = split_request(frame).unwrap();
        self.tickets += 1;
        let call = Call {
            header,
            body,
            peer: Peer {
                connection,
                software_name: "kfleet".into(),
                ..Peer::default()
            },
            now: Now::default(),
        };
        Event::Call {
            ticket: Ticket(self.tickets),
            call,
        }
    }

    /// A request over a connection, committed at once.
    pub(super) fn call<R: Request>(&mut self, connection: u64, version: i16, request: &R, now: Duration) -> R::Response
    where
        R::Response: Decodable + HeaderVersion,
    {
        let event = self.request(connection, version, request);
        let replies = self.event(event, now);
        let [(_, Reply::Frame(parts))] = replies.as_slice() else {
            panic!("{replies:?}")
        };
        let mut bytes = BytesMut::new();
        for part in parts {
            let ReplyPart::Bytes(part) = part else {
                panic!("{part:?}")
            };
            bytes.extend_from_slice(part);
        }
        let flexible = <R::Response as HeaderVersion>::header_version(version) >= 1;
        let mut body = bytes.freeze().slice(if flexible { 9 } else { 8 }..);
        R::Response::decode(&mut body, version).unwrap()
    }

    /// A request that is taken and never committed.
    pub(super) fn swallow<R: Request>(&mut self, connection: u64, version: i16, request: &R, now: Duration) {
        let event = self.request(connection, version, request);
        self.step(now, |controller, cx| controller.on(event, cx).unwrap());
    }
}
