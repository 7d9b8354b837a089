//! The client's end of connections: one for each purpose and server, opened when it is needed, with one request on its
//! way at a time, as the shell has them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use protocol::api::messages::{ApiVersionsRequest, ApiVersionsResponse};
use protocol::api::{
    ApiKey, DECODE_BUDGET_BYTES, Decodable, HeaderVersion, Message as _, Request, StrBytes, decode_response,
    encode_request, split_response,
};

use crate::network::Port;
use crate::world::{ConnId, EndId, Packet, To, World};

/// How long a connection may take until the other side has told what it serves.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Bytes of a frame's length.
const LENGTH_BYTES: usize = 4;

/// What the other side serves, by API.
type Versions = BTreeMap<i16, (i16, i16)>;

/// Writes a request in the newest version that both know: the version and the frame. None if there is no such version.
type Encode = Box<dyn Fn(&Versions, i32) -> Option<(i16, Bytes)>>;

/// A request that is to be written once it is known what the other side serves.
pub(crate) struct Ask {
    key: i16,
    encode: Encode,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ask({})", self.key)
    }
}

/// A request in the newest version that both know, up to `version_max`.
pub(crate) fn ask<R: Request + 'static>(request: R, version_max: Option<i16>, version_min: i16) -> Ask {
    let encode = move |served: &Versions, correlation_id: i32| {
        let (min, max) = *served.get(&R::KEY)?;
        let newest = max.min(R::VERSIONS.max).min(version_max.unwrap_or(i16::MAX));
        if newest < min.max(version_min) || newest < R::VERSIONS.min {
            return None;
        }
        let frame = encode_request(newest, correlation_id, "sim", &request).ok()?;
        Some((newest, frame))
    };
    Ask {
        key: R::KEY,
        encode: Box::new(encode),
    }
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// An answer, in this version, without its length.
    Frame { version: i16, frame: Bytes },
    /// The other side has no version of it.
    Unsupported,
    /// None, because nobody listens there.
    Refused,
    /// None.
    Nothing,
}

impl Answer {
    /// The answer's body, typed; none if there is no answer that can be read.
    pub(crate) fn read<R: Request>(&self) -> Option<R::Response>
    where
        R::Response: Decodable + HeaderVersion,
    {
        let Self::Frame { version, frame } = self else {
            return None;
        };
        let (_, body) = split_response(frame.clone(), R::Response::header_version(*version)).ok()?;
        decode_response::<R>(*version, body, DECODE_BUDGET_BYTES).ok()
    }
}

#[derive(Debug)]
struct Waiting<T> {
    tag: T,
    ask: Ask,
    deadline: Duration,
}

#[derive(Debug)]
enum State {
    /// It waits for the other side to say what it serves.
    Opening {
        until: Duration,
    },
    Open(Versions),
}

#[derive(Debug)]
struct Line<T> {
    conn: ConnId,
    state: State,
    /// The request on its way and its version.
    sent: Option<(Waiting<T>, i16)>,
}

/// One end's connections to others; `P` names purposes, `T` requests.
#[derive(Debug)]
pub(crate) struct Caller<P, T> {
    end: EndId,
    life: u64,
    lines: BTreeMap<(P, EndId), Line<T>>,
    waiting: BTreeMap<(P, EndId), VecDeque<Waiting<T>>>,
    by_conn: BTreeMap<ConnId, (P, EndId)>,
    /// Answers that nobody has taken yet.
    done: VecDeque<(T, Answer)>,
    /// When something is overdue; none if that has to be found out.
    overdue_at: Option<Option<Duration>>,
}

impl<P: Ord + Copy, T> Caller<P, T> {
    pub(crate) fn new(end: EndId, life: u64) -> Self {
        Self {
            end,
            life,
            lines: BTreeMap::new(),
            waiting: BTreeMap::new(),
            by_conn: BTreeMap::new(),
            done: VecDeque::new(),
            overdue_at: None,
        }
    }

    /// Sends a request, in its turn.
    pub(crate) fn ask(
        &mut self,
        world: &mut World,
        (purpose, port, server): (P, Port, EndId),
        tag: T,
        ask: Ask,
        max: Duration,
    ) {
        let deadline = world.now + max;
        let key = (purpose, server);
        self.overdue_at = None;
        self.waiting
            .entry(key)
            .or_default()
            .push_back(Waiting { tag, ask, deadline });
        if !self.lines.contains_key(&key) {
            let conn = world.connect((self.end, self.life), server, port);
            self.by_conn.insert(conn, key);
            let state = State::Opening {
                until: world.now + CONNECT_MAX,
            };
            let line = Line {
                conn,
                state,
                sent: None,
            };
            self.lines.insert(key, line);
        }
        self.go_on(world, key);
    }

    /// Sends the next request that waits, if the connection is free.
    fn go_on(&mut self, world: &mut World, key: (P, EndId)) {
        self.overdue_at = None;
        let (Some(line), Some(waiting)) = (self.lines.get_mut(&key), self.waiting.get_mut(&key)) else {
            return;
        };
        let State::Open(versions) = &line.state else { return };
        while line.sent.is_none() {
            let Some(next) = waiting.pop_front() else { return };
            match (next.ask.encode)(versions, 1) {
                Some((version, frame)) => {
                    world.send(line.conn, To::Server, Packet::Frame(frame));
                    line.sent = Some((next, version));
                }
                None => self.done.push_back((next.tag, Answer::Unsupported)),
            }
        }
    }

    /// Whether a connection is one of these.
    pub(crate) fn has(&self, conn: ConnId) -> bool {
        self.by_conn.contains_key(&conn)
    }

    /// Something came over one of its connections.
    pub(crate) fn take(&mut self, world: &mut World, conn: ConnId, packet: Packet) {
        let Some(key) = self.by_conn.get(&conn).copied() else {
            return;
        };
        match packet {
            Packet::Open => {
                if let Ok(frame) = encode_request(ApiVersionsRequest::VERSIONS.max, 0, "sim", &api_versions()) {
                    world.send(conn, To::Server, Packet::Frame(frame));
                }
            }
            Packet::Frame(frame) => {
                let frame = frame.slice(LENGTH_BYTES.min(frame.len())..);
                self.take_frame(key, frame);
                self.go_on(world, key);
            }
            Packet::End => {
                world.network.conns.remove(&conn);
                self.lose(world, key);
            }
            Packet::Refused => {
                world.network.conns.remove(&conn);
                self.refused(key);
            }
        }
    }

    fn refused(&mut self, key: (P, EndId)) {
        self.overdue_at = None;
        if let Some(line) = self.lines.remove(&key) {
            self.by_conn.remove(&line.conn);
        }
        for waiting in self.waiting.remove(&key).into_iter().flatten() {
            self.done.push_back((waiting.tag, Answer::Refused));
        }
    }

    fn take_frame(&mut self, key: (P, EndId), frame: Bytes) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        match &line.state {
            State::Opening { .. } => {
                let version = ApiVersionsRequest::VERSIONS.max;
                let answer = Answer::Frame { version, frame };
                if let Some(response) = answer.read::<ApiVersionsRequest>() {
                    line.state = State::Open(served(&response));
                }
            }
            State::Open(_) => {
                if let Some((sent, version)) = line.sent.take() {
                    self.done.push_back((sent.tag, Answer::Frame { version, frame }));
                }
            }
        }
    }

    /// The connection is gone: the request on its way, and those that wait for it to open, get no answer.
    fn lose(&mut self, world: &mut World, key: (P, EndId)) {
        self.overdue_at = None;
        let Some(line) = self.lines.remove(&key) else { return };
        self.by_conn.remove(&line.conn);
        world.send(line.conn, To::Server, Packet::End);
        if let Some((sent, _)) = line.sent {
            self.done.push_back((sent.tag, Answer::Nothing));
        }
        for waiting in self.waiting.remove(&key).into_iter().flatten() {
            self.done.push_back((waiting.tag, Answer::Nothing));
        }
    }

    /// Gives up the requests for a purpose; they get no answer.
    pub(crate) fn give_up(&mut self, world: &mut World, purpose: P) {
        let keys: Vec<(P, EndId)> = self
            .lines
            .keys()
            .copied()
            .filter(|(known, _)| *known == purpose)
            .collect();
        for key in keys {
            let is_busy = self.lines.get(&key).is_some_and(|line| line.sent.is_some())
                || self.waiting.get(&key).is_some_and(|waiting| !waiting.is_empty());
            if is_busy {
                self.lose(world, key);
            }
        }
    }

    /// Gives up what is overdue.
    pub(crate) fn expire(&mut self, world: &mut World) {
        let now = world.now;
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        let is_overdue = |key: &(P, EndId), line: &Line<T>| {
            let opening = matches!(line.state, State::Opening { until } if until <= now);
            let sent = line.sent.as_ref().is_some_and(|(sent, _)| sent.deadline <= now);
            let waiting = || self.waiting.get(key).and_then(VecDeque::front);
            opening || sent || waiting().is_some_and(|waiting| waiting.deadline <= now)
        };
        let overdue: Vec<(P, EndId)> = self
            .lines
            .iter()
            .filter(|(key, line)| is_overdue(key, line))
            .map(|(key, _)| *key)
            .collect();
        for key in overdue {
            self.lose(world, key);
        }
    }

    /// When something is overdue.
    pub(crate) fn deadline(&mut self) -> Option<Duration> {
        if let Some(known) = self.overdue_at {
            return known;
        }
        let deadline = self.first_deadline();
        self.overdue_at = Some(deadline);
        deadline
    }

    fn first_deadline(&self) -> Option<Duration> {
        let lines = self.lines.iter().filter_map(|(key, line)| {
            let opening = match line.state {
                State::Opening { until } => Some(until),
                State::Open(_) => None,
            };
            let sent = line.sent.as_ref().map(|(sent, _)| sent.deadline);
            let waiting = self.waiting.get(key).and_then(VecDeque::front);
            let waiting = waiting.map(|waiting| waiting.deadline);
            let opening = opening.filter(|_| sent.is_some() || waiting.is_some());
            opening.into_iter().chain(sent).chain(waiting).min()
        });
        lines.min()
    }

    /// The next request that something came of.
    pub(crate) fn done(&mut self) -> Option<(T, Answer)> {
        self.done.pop_front()
    }
}

/// Asks what the other side serves, as one of ours.
pub(crate) fn api_versions() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("kfleet"))
        .with_client_software_version(StrBytes::from_static_str("0"))
}

fn served(response: &ApiVersionsResponse) -> Versions {
    let range = |key: &protocol::api::messages::api_versions_response::ApiVersion| {
        (key.api_key, (key.min_version, key.max_version))
    };
    response.api_keys.iter().map(range).collect()
}

/// An API's key as a number.
pub(crate) fn is(key: i16, api: ApiKey) -> bool {
    key == api as i16
}
